"""A long block of code is shown as a part that can be read: whole functions, and no loose end."""

import pytest

from extractive.chat import ExtractiveChat
from extractive.code_blocks import cut
from tests.providers.extractive_book import as_passage, ask

BODY = "\n".join(f"        self.step_{number}()" for number in range(12))
CLASS = f"""\
```python
import math

class Walker:
    def __init__(self):
        self.speed = 0.4

    def balance(self, push):
        \"\"\"Keep upright.\"\"\"
{BODY}

    def stride(self):
        return self.speed * 2
```"""
ROBOT = """\
```xml
<robot name="walker">

  <link name="foot">
    <visual/>
    <collision/>
  </link>

  <link name="shin">
    <visual/>
    <collision/>
  </link>

  <link name="thigh">
    <visual/>
  </link>
</robot>
```"""


def line_of(block: str, text: str) -> tuple[int, int]:
    at = next(i for i, line in enumerate(block.splitlines()) if text in line)
    return at, at + 1


def test_a_block_that_fits_comes_as_it_is() -> None:
    assert cut(CLASS, 40, line_of(CLASS, "stride")) == CLASS


def test_a_part_is_the_whole_function_around_what_answers() -> None:
    part = cut(CLASS, 15, line_of(CLASS, "Keep upright")).splitlines()
    assert part[:3] == ["```python", "# …", "def balance(self, push):"]
    assert part[-3:] == ["    self.step_11()", "# …", "```"]


def test_a_function_too_long_to_be_shown_ends_with_a_statement() -> None:
    part = cut(CLASS, 8, line_of(CLASS, "Keep upright")).splitlines()
    assert part[2] == "def balance(self, push):"
    assert part[-3].startswith("    self.step_")


def test_a_class_comes_with_its_name_where_that_fits() -> None:
    part = cut(CLASS, 20, line_of(CLASS, "Keep upright"))
    assert part.splitlines()[2:4] == ["class Walker:", "    def __init__(self):"]
    assert "stride" not in part


def test_who_asks_for_code_gets_what_it_imports() -> None:
    part = cut(CLASS, 20, line_of(CLASS, "speed = 0.4"), imports=True)
    assert part.startswith("```python\nimport math\n\nclass Walker:")


def test_what_a_class_is_its_first_lines_say() -> None:
    assert cut(CLASS, 10, (0, 0)).splitlines()[2] == "class Walker:"


def test_an_element_is_closed_in_the_part_that_is_shown() -> None:
    part = cut(ROBOT, 6, line_of(ROBOT, "shin")).splitlines()
    assert part == [
        "```xml",
        "<!-- … -->",
        '<link name="shin">',
        "  <visual/>",
        "  <collision/>",
        "</link>",
        "<!-- … -->",
        "```",
    ]


@pytest.mark.parametrize("block", [CLASS, ROBOT, "```\n\n\n\n```", "```python\nx = (\n\n\ny"])
@pytest.mark.parametrize("imports", [False, True])
def test_wherever_the_answer_lies_a_part_that_holds_lines_of_the_block_is_shown(
    block: str, imports: bool
) -> None:
    lines = {line.strip() for line in block.splitlines()} | {"# …", "<!-- … -->"}
    for most in range(1, len(block.splitlines())):
        for at in range(len(block.splitlines())):
            for end in (0, at + 1, at + 9):
                part = cut(block, most, (at, end), imports=imports).splitlines()
                assert part[0] == block.splitlines()[0]
                assert lines.issuperset(line.strip() for line in part)


def test_a_language_whose_comments_are_unknown_is_cut_without_a_mark() -> None:
    block = CLASS.replace("```python", "```")
    assert "…" not in cut(block, 15, line_of(block, "Keep upright"))


def test_how_something_is_done_is_shown_as_a_program_that_runs(chat: ExtractiveChat) -> None:
    program = "\n".join(
        [
            "```python",
            "import rclpy",
            "",
            "class Talker(Node):",
            "    def __init__(self):",
            *(f"        self.count_{number} = 0" for number in range(16)),
            "        self.publisher = self.create_publisher(String, 'talk', 10)",
            "",
            "def main():",
            "    rclpy.spin(Talker())",
            "```",
        ]
    )
    reply = ask(chat, "how do i write a publisher", as_passage(program, "Writing a publisher"))
    assert program in reply.text
