"""Who asks for code is led to the sections that hold it."""

from langchain_core.documents import Document

from chains.evidence.ranking import code_first
from text.vocabulary import Vocabulary

URDF = "Robots in URDF"


def hit(heading: str, text: str, score: float = 0.5, title: str = URDF) -> Document:
    return Document(text, metadata={"title": title, "heading": heading, "score": score})


def headings(question: str, *hits: Document) -> list[str]:
    vocabulary = Vocabulary()
    for one in hits:
        vocabulary.add(one.page_content)
    found = code_first(question, list(hits), vocabulary)
    return [one.metadata["heading"] for one in found]


def test_code_below_the_name_of_what_is_asked_for_comes_before_code_that_mentions_it() -> None:
    foot = hit("Links", '```xml\n<link name="foot"/>\n```')
    leg = hit("A leg in Xacro", '```xml\n<link name="leg"/> <!-- urdf -->\n```')
    assert headings("show me a URDF link", leg, foot)[0] == "Links"


def test_a_format_that_is_asked_for_comes_before_others() -> None:
    check = hit("Validation", "```bash\ncheck_urdf robot.urdf\n```", 0.6)
    robot = hit("A robot", "```xml\n<robot/> <!-- urdf -->\n```")
    assert headings("give me an example of a URDF", check, robot)[0] == "A robot"


def test_text_without_code_is_not_raised() -> None:
    told = hit("Links", "A link in URDF is a rigid body.", 0.55)
    shown = hit("A robot", '```xml\n<link name="urdf"/>\n```')
    assert headings("show me a URDF link", told, shown)[0] == "A robot"
