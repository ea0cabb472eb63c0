"""How much is read of the section that answers, and what never goes missing."""

from langchain_core.documents import Document

from extractive.chat import ExtractiveChat
from tests.providers.extractive_book import as_passage, ask


def scored(passage: Document, score: float) -> Document:
    passage.metadata["score"] = score
    return passage


LIMITS = (
    "A value outside of the interval is refused before it reaches your code.\n\n"
    "```python\nrange = FloatingPointRange(0, 5)\n```"
)
OTHER = "The learning rate is a parameter of the training."
QUESTION = "How are values of a parameter outside of an interval refused?"


def test_a_section_found_far_ahead_is_read_around_its_best_sentence(chat: ExtractiveChat) -> None:
    passages = scored(as_passage(LIMITS, "Limits"), 0.8), scored(as_passage(OTHER, "Rates"), 0.4)
    reply = ask(chat, QUESTION, *passages)
    assert "FloatingPointRange(0, 5)" in reply.text
    assert "refused before it reaches your code" in reply.text
    assert OTHER not in reply.text


def test_a_section_found_level_with_others_is_not_read_whole(chat: ExtractiveChat) -> None:
    long = f"{LIMITS} " + " ".join(f"Note {n} tells of gripper {n}." for n in range(40))
    reply = ask(chat, QUESTION, as_passage(long, "Limits"), as_passage(OTHER, "Rates"))
    assert reply.text.count("Note") < 20
    assert len(reply.text.split()) < 160


def test_the_sentence_before_the_best_one_of_a_short_paragraph_is_said_first(
    chat: ExtractiveChat,
) -> None:
    text = (
        "Eight of ten grasps went well, so the Wilson interval begins at a half. "
        "With 40 successes in 50 trials the success rate is the same 80 %, but surer."
    )
    passages = scored(as_passage(text, "Rates"), 0.6), scored(as_passage(OTHER, "Training"), 0.6)
    reply = ask(chat, "How sure is a success rate of 80 % in 50 trials?", *passages)
    assert reply.text.startswith("Eight of ten grasps went well")


def test_the_best_sentence_is_said_even_when_what_it_points_to_is_missing(
    chat: ExtractiveChat,
) -> None:
    text = (
        "There are two packages.\n\n```python\nimport whisper\n```\n\n"
        "The second one is four times faster on a CPU because it computes with integers.\n\n"
        "Microphones differ in their noise.\n\nA laptop has a CPU."
    )
    other = as_passage("A CPU runs one program after the other.", "Computers")
    reply = ask(chat, "Why is it faster on a CPU?", as_passage(text, "Packages worth it"), other)
    assert "four times faster on a CPU" in reply.text


def test_a_list_that_is_asked_for_comes_from_the_section_that_holds_it(
    chat: ExtractiveChat,
) -> None:
    about = as_passage("The Nav2 nodes are brought up by one manager.", "Managing the Nav2 nodes")
    rows = ["| Server | Task |", "| --- | --- |", "| `bt_navigator` | runs behaviour trees |"]
    rows += ["| `planner_server` | plans paths |", "| `map_server` | one Nav2 map for all nodes |"]
    reply = ask(chat, "List the Nav2 nodes", about, as_passage("\n".join(rows), "Servers"))
    assert "\n".join(rows) in reply.text


def test_what_is_announced_but_not_said_is_not_announced(chat: ExtractiveChat) -> None:
    code = "\n".join(f"step_{n} = {n}" for n in range(60))
    text = (
        "The launch file starts the gripper node and its controller.\n\n"
        f"Create the launch file of the gripper like this:\n\n```python\n{code}\n```"
    )
    reply = ask(chat, "What does the launch file of the gripper start?", as_passage(text, "Start"))
    assert reply.text == "The launch file starts the gripper node and its controller."


def test_a_heading_that_holds_what_was_asked_is_said_with_its_text(chat: ExtractiveChat) -> None:
    text = "Prints messages in real time:\n\n```\ndata: 1\n```"
    passages = (
        as_passage(text, "Command: ros2 topic echo /scan"),
        as_passage("A camera publishes images.", "Cameras"),
    )
    reply = ask(chat, "Which command prints the messages of a topic?", *passages)
    assert reply.text.startswith("**Command: ros2 topic echo /scan:** Prints messages")
    assert reply.citations[0]["cited_text"].startswith("**Command: ros2 topic echo /scan:**")


def test_a_lesson_that_only_says_what_you_will_learn_does_not_answer(chat: ExtractiveChat) -> None:
    lesson = as_passage("You'll learn how to connect Unity to ROS 2.", "Connecting Unity and ROS 2")
    bridge = as_passage("A TCP connector carries messages from ROS 2 to Unity.", "Bridges")
    reply = ask(chat, "How can Unity and ROS 2 be connected?", lesson, bridge)
    assert "A TCP connector carries messages" in reply.text
    assert "You'll learn" not in reply.text


def test_an_answer_that_points_back_begins_with_what_it_points_to(chat: ExtractiveChat) -> None:
    text = (
        "The search path is the variable `GZ_SIM_RESOURCE_PATH`.\n\n"
        "If a robot is invisible in Gazebo but visible in RViz, this variable is the first suspect."
    )
    passages = scored(as_passage(text, "Resource paths"), 0.8), scored(as_passage(OTHER, "X"), 0.4)
    reply = ask(chat, "Why is my robot invisible in Gazebo but visible in RViz?", *passages)
    assert reply.text.startswith("The search path is the variable `GZ_SIM_RESOURCE_PATH`.")


def test_a_line_in_bold_letters_alone_heads_nothing(chat: ExtractiveChat) -> None:
    code = "\n".join(f"step_{n} = {n}" for n in range(60))
    text = (
        "The clip parameter limits how much a policy changes in one update.\n\n"
        f"**What the clip parameter does**\n\n```python\n{code}\n```"
    )
    reply = ask(chat, "What does the clip parameter limit?", as_passage(text, "Training"))
    assert reply.text == "The clip parameter limits how much a policy changes in one update."


def test_a_list_whose_last_item_ends_without_a_point_before_code_stays_whole(
    chat: ExtractiveChat,
) -> None:
    text = (
        "Topics are named channels.\n\n- A node publishes to a topic\n"
        "- Other nodes subscribe to that topic\n\n```\nA --> B\n```"
    )
    reply = ask(chat, "What is a topic?", as_passage(text, "Topics"))
    assert "publishes to a topic\n- Other nodes subscribe to that topic" in reply.text


def below(passage: Document, *headings: str) -> Document:
    passage.metadata["breadcrumb"] = list(headings)
    return passage


def test_a_section_that_only_announces_leaves_the_answer_to_the_first_below_it(
    chat: ExtractiveChat,
) -> None:
    opening = as_passage("Let's write a simple node in Python.", "Your first node")
    example = as_passage("The class inherits from Node and has a timer.", "Example 1")
    other = as_passage("Shows all active nodes in a list.", "Listing nodes")
    reply = ask(
        chat,
        "how do i write my first node",
        below(scored(opening, 0.8), "Your first node"),
        below(scored(other, 0.6), "Listing nodes"),
        below(scored(example, 0.5), "Your first node", "Example 1"),
    )
    assert reply.text.startswith("The class inherits")


def test_what_only_announces_does_not_lead_where_something_tells(chat: ExtractiveChat) -> None:
    text = "This short tutorial covers how to simulate a lidar.\n\nA lidar is simulated by rays."
    reply = ask(chat, "how do i simulate a lidar", as_passage(text, "Lidar simulation"))
    assert reply.text.startswith("A lidar is simulated")
    fragment = "Methods for validating that the lidar simulation is realistic."
    passages = [as_passage(fragment, "Validation"), as_passage(text, "Lidar simulation")]
    assert not ask(chat, "how do i simulate a lidar", *passages).text.startswith("Methods")


def test_the_second_half_of_a_question_does_not_say_the_first_half_again(
    chat: ExtractiveChat,
) -> None:
    said = "The zero moment point is the point where moments vanish."
    code = "```python\nclass ZeroMomentPoint:\n    matters = True\n```"
    passage = as_passage(f"{said}\n\n{code}", "The zero moment point")
    reply = ask(chat, "what is the zero moment point and how does it compute", passage)
    assert reply.text.count(said) == 1
    assert "matters = True" in reply.text
    reply = ask(chat, "what is the zero moment point and why does it matter", passage)
    assert reply.text == said


def test_the_name_of_a_tool_alone_is_no_answer(chat: ExtractiveChat) -> None:
    tools = as_passage("- Python\n- Docker\n- Git", "Extensions")
    text = as_passage("Images of Docker make every machine alike.", "Containers")
    reply = ask(chat, "why use Docker for robots", scored(tools, 0.7), scored(text, 0.65))
    assert reply.text.startswith("Images of Docker")


def test_one_of_several_steps_is_called_by_its_heading(chat: ExtractiveChat) -> None:
    passage = as_passage("Create a file named `robot.urdf`.", "Step 1: Create a robot")
    reply = ask(chat, "how do i create a robot file", passage)
    assert reply.text.startswith("**Step 1: Create a robot:** Create a file")
