"""A few sections of the sample book with their published addresses, and answers about them."""

from typing import Any, Final

from langchain_core.documents import Document

from tests.fakes import chunk

SITE: Final = "/physical-ai-book"
QUESTION: Final = "What is ROS 2 and why do humanoid robots use it?"
URDU_QUESTION: Final = "ROS 2 کیا ہے؟"
FIGURE: Final = "A point mass on a leg"
PENDULUM: Final = "What is the linear inverted pendulum model of a walking humanoid?"
UNKNOWN: Final = "Which humanoid robots won a football cup in Brazil?"

_FOUNDATIONS = (
    "ROS 2 (Robot Operating System 2) is an open-source set of libraries, tools and conventions "
    "for building robot software out of many small cooperating programs. Despite its name it is "
    "not an operating system: it runs on top of one, normally Ubuntu Linux."
)
_WHY = (
    "Humanoid robots use ROS 2 because they combine more sensors, more actuators and more "
    "independent software teams than almost any other machine, and ROS 2 lets these parts be "
    "developed, replaced and tested separately.\n\n"
    "| Need of a humanoid | What ROS 2 offers |\n|---|---|\n"
    "| Several computers in one body | Communication over DDS |"
)
_PENDULUM = (
    "The linear inverted pendulum model describes a walking humanoid by its centre of mass at a "
    "constant height $z_c$; its natural frequency is $\\omega = \\sqrt{g / z_c}$."
)


def section(text: str, heading: str, page: str, title: str, route: str) -> Document:
    """A chunk whose URL is a heading of the built sample book."""
    made = chunk(text, heading, path=page)
    made.metadata |= {
        "title": title,
        "breadcrumb": [title, heading],
        "url": f"{SITE}/docs/{route}",
        "scopes": [page, f"physical-ai-book/docs/{route.partition('#')[0]}"],
    }
    return made


def sections(base: str = "") -> list[Document]:
    """The sections; ``base`` is the origin of a published book, empty for paths alone."""
    page = "docs/module-1/01-ros2-foundations.md"
    walking = "docs/module-3/04-balance-and-walking.md"
    title, route = "ROS 2 Foundations", "module-1/ros2-foundations"
    found = [
        section(
            _WHY,
            "Why humanoid robots use ROS 2",
            page,
            title,
            f"{route}#why-humanoid-robots-use-ros-2",
        ),
        section(_FOUNDATIONS, "What ROS 2 is", page, title, f"{route}#what-ros-2-is"),
        section(
            _PENDULUM,
            "The linear inverted pendulum model",
            walking,
            "Balance and Walking",
            "module-3/balance-and-walking#the-linear-inverted-pendulum-model",
        ),
    ]
    found[2].metadata["figures"] = [{"url": f"{base}{SITE}/img/pendulum.svg", "alt": FIGURE}]
    for one in found:
        one.metadata["url"] = base + one.metadata["url"]
    return found


# One answer with everything in it. `(text, n)` cites the n-th passage that the model was given.
ANSWER: Final[list[Any]] = [
    ("ROS 2 is an open-source set of libraries, tools and conventions", 1),
    " for building robot software out of many small cooperating programs.",
    " It runs **on top of** Ubuntu Linux rather than replacing it.\n\n",
    ("Humanoid robots use it because they combine more sensors and more actuators", 0),
    " than almost any other machine. A node takes a few lines:\n\n",
    "```python\nimport rclpy\nfrom rclpy.node import Node\n\n\n",
    "class Balance(Node):\n    def __init__(self) -> None:\n",
    '        super().__init__("balance")  # 500 Hz\n',
    "        self.create_timer(0.002, self.step)\n```\n\n",
    "| Need of a humanoid | What ROS 2 offers |\n|:--|:--|\n",
    "| Several computers | Communication over DDS |\n",
    "| Fresh sensor data | Quality of Service |\n\n",
    "While it walks, the centre of mass sways with the frequency\n\n",
    "$$\\omega = \\sqrt{\\frac{g}{z_c}}$$\n\n",
    "where $z_c$ is the height of the centre of mass.",
]
URDU_ANSWER: Final[list[Any]] = [
    ("ROS 2 روبوٹ سافٹ ویئر بنانے کے لیے لائبریریوں اور اوزاروں کا مجموعہ ہے۔", 0),
    " یہ `Ubuntu Linux` کے اوپر چلتا ہے اور پروگراموں کو پیغامات کے ذریعے جوڑتا ہے۔\n\n",
    "- نوڈز ٹاپکس کے ذریعے بات کرتے ہیں\n- سروس ایک سوال کا ایک جواب دیتی ہے\n",
]
