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


def test_a_class_whose_bracket_stands_on_the_next_line_is_not_cut_before_it() -> None:
    body = "\n".join(f"    int joint{number};" for number in range(20))
    block = f"```csharp\npublic class Robot : Machine\n{{\n{body}\n}}\n```"
    part = cut(block, 8, line_of(block, "class Robot")).splitlines()
    assert part[1:4] == ["public class Robot : Machine", "{", "    int joint0;"]


FRAGMENT = """\
```python
        self.steps += 1
        return self.steps

    def cancel(self, goal):
        \"\"\"Accept a cancellation.\"\"\"
        return True

    def execute(self, goal):
        self.start(goal)
```"""


def test_a_fragment_of_a_class_is_shown_as_the_function_that_answers() -> None:
    part = cut(FRAGMENT, 40, line_of(FRAGMENT, "Accept a cancellation")).splitlines()
    assert part == [
        "```python",
        "# …",
        "def cancel(self, goal):",
        '    """Accept a cancellation."""',
        "    return True",
        "# …",
        "```",
    ]


def test_lines_outside_of_what_was_begun_are_not_shown_with_it() -> None:
    part = cut(FRAGMENT, 40, (1, 9)).splitlines()
    assert part[1:4] == ["# …", "self.steps += 1", "return self.steps"]
    assert "def cancel(self, goal):" not in part


def test_one_answer_does_not_string_fragments_together(chat: ExtractiveChat) -> None:
    passage = as_passage(FRAGMENT, "An action server")
    (chunk,) = passage.metadata["chunks"]
    other = FRAGMENT.replace("Accept a cancellation", "Cancel the goal again")
    metadata = {**chunk.metadata, "index": 3}
    later = chunk.model_copy(update={"page_content": other, "metadata": metadata})
    passage.metadata["chunks"].append(later)
    assert ask(chat, "how do i cancel a goal", passage).text.count("```") == 2


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


def test_who_wants_code_gets_the_class_of_that_name_not_what_calls_it(
    chat: ExtractiveChat,
) -> None:
    steps = "\n".join(f"        self.step_{number}()" for number in range(50))
    program = (
        f"```python\nclass SumActionClient(Node):\n    def __init__(self):\n{steps}\n\n"
        f"def main():\n    action_client = SumActionClient()\n    action_client.send()\n```"
    )
    reply = ask(chat, "show me an action client", as_passage(program, "Basic implementation"))
    assert "class SumActionClient" in reply.text


def test_the_paragraph_before_the_code_comes_whole_or_not_at_all(chat: ExtractiveChat) -> None:
    told = "A parameter file gives values. The pattern `/**` matches every node."
    code = "```yaml\n/**:\n  ros__parameters:\n    rate: 5\n```"
    passage = as_passage(f"{told}\n\n{code}", "Parameter files")
    assert ask(chat, "show me a parameter file", passage).text == f"{told}\n\n{code}"
    long = " ".join(f"Sentence {number} tells of a parameter." for number in range(30))
    passage = as_passage(f"{long}\n\n{code}", "Parameter files")
    assert "Sentence 29" not in ask(chat, "show me a parameter file", passage).text


def test_who_speaks_of_his_code_does_not_ask_for_some(chat: ExtractiveChat) -> None:
    told = as_passage("Code of a robot is tested in simulation first.", "Testing")
    block = as_passage("```python\nbarriers = {'test': ['robot', 'code']}\n```", "Barriers")
    reply = ask(chat, "how do i test my robot code", block, told)
    assert reply.text.startswith("Code of a robot")


def test_an_error_code_is_no_code(chat: ExtractiveChat) -> None:
    text = "```python\nclient.send(error=5)\n```\n\nError code 5 says that the goal was missed."
    reply = ask(chat, "what does error code 5 mean", as_passage(text, "Moving"))
    assert reply.text.startswith("Error code 5 says")


def test_commands_answer_last_who_wants_a_program(chat: ExtractiveChat) -> None:
    commands = as_passage("```bash\nros2 action send goal # client\n```", "Action package")
    program = as_passage("```python\nclass ActionClient(Node): ...\n```", "Action client")
    reply = ask(chat, "show me an action client", commands, program)
    assert reply.text.index("class ActionClient") < reply.text.find("ros2 action") % 10_000
