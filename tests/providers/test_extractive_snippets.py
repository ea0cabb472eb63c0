"""An answer begins with what answers, from the section that was found, and can be read alone."""

from langchain_core.documents import Document

from extractive.chat import ExtractiveChat
from tests.providers.extractive_book import as_passage, ask

TAKEAWAYS = (
    "- **Friction**: Models of contact forces matter for a stable grasp\n"
    "- **Force Closure**: The fundamental condition for holding an object securely\n"
    "- **Perception**: 3D vision is needed to plan a grasp"
)
BRIDGE = (
    "Install the TCP endpoint, then enter the address of the machine in Unity to connect it "
    "to ROS 2."
)
TROUBLE = "**Issue**: Unity cannot connect to ROS 2\n**Solutions**:\n- Check the firewall"


def scored(passage: Document, score: float) -> Document:
    passage.metadata["score"] = score
    return passage


def test_a_term_in_bold_letters_is_defined_by_its_own_item(chat: ExtractiveChat) -> None:
    reply = ask(chat, "What is force closure?", as_passage(TAKEAWAYS, "Key Takeaways"))
    assert (
        reply.text == "**Force Closure**: The fundamental condition for holding an object securely"
    )


def test_the_section_that_was_found_first_answers_before_a_chance_word(
    chat: ExtractiveChat,
) -> None:
    reply = ask(
        chat,
        "how do robots see depth",
        scored(as_passage("A stereo camera measures depth by triangulation.", "Stereo"), 0.9),
        scored(
            as_passage(
                "Show the costmap: the depth camera of the robot may see its knees.", "Costmaps"
            ),
            0.5,
        ),
    )
    assert reply.text.startswith("A stereo camera")


def test_who_has_no_trouble_is_told_how_it_is_done(chat: ExtractiveChat) -> None:
    passages = [as_passage(TROUBLE, "Connection Problems"), as_passage(BRIDGE, "The bridge")]
    assert ask(chat, "how do I connect Unity to ROS", *passages).text.startswith("Install the TCP")
    assert "firewall" in ask(chat, "Unity does not connect to ROS", *passages).text[:120]


def test_lines_that_begin_with_a_label_stay_lines(chat: ExtractiveChat) -> None:
    reply = ask(chat, "Unity cannot connect to ROS", as_passage(TROUBLE, "Connection Problems"))
    assert "ROS 2\n\n**Solutions**:\n\n" in reply.text


def test_a_list_that_nothing_introduces_is_told_apart_by_its_heading(chat: ExtractiveChat) -> None:
    listed = "- Joint friction and damping\n- Contact surfaces\n- Soft bodies"
    reply = ask(chat, "how do i set friction", as_passage(listed, "Advanced physics"))
    assert reply.text.startswith("**Advanced physics**\n\n- Joint friction")


def test_a_welcome_is_no_definition(chat: ExtractiveChat) -> None:
    text = "Welcome to this module! A digital twin is a model that follows a real machine."
    reply = ask(chat, "What is a digital twin?", as_passage(text, "The Digital Twin"))
    assert reply.text.startswith("A digital twin is")


def test_who_wants_to_be_shown_something_sees_it(chat: ExtractiveChat) -> None:
    text = (
        "A launch file is a program that starts several nodes.\n\n"
        "```python\ndef generate_launch_description():\n    return LaunchDescription([])\n```"
    )
    reply = ask(chat, "show me a launch file", as_passage(text, "Launch file"))
    assert "generate_launch_description" in reply.text
