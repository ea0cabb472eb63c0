"""Each kind of question gets the sentences that answer it, from the book's own chapters."""

import pytest

from extractive.chat import ExtractiveChat
from tests.providers.extractive_book import (
    COMMUNICATION,
    FOUNDATIONS,
    LAUNCH,
    PACKAGES,
    as_passage,
    ask,
    passage,
)


def test_a_definition_comes_first(chat: ExtractiveChat) -> None:
    reply = ask(
        chat,
        "What is a domain ID?",
        passage(FOUNDATIONS, "DDS and discovery"),
        passage(FOUNDATIONS, "Domain IDs"),
    )
    assert reply.text.startswith("A domain ID is an integer that separates groups of nodes")


def test_a_term_that_is_short_for_a_name_is_defined_too(chat: ExtractiveChat) -> None:
    reply = ask(
        chat,
        "What does QoS mean?",
        passage(FOUNDATIONS, "Compatibility rules"),
        passage(FOUNDATIONS, "Quality of Service"),
    )
    assert reply.text.startswith("Quality of Service (QoS) is the set of delivery rules")


def test_both_halves_of_a_joint_question_are_answered(chat: ExtractiveChat) -> None:
    reply = ask(
        chat,
        "What is ROS 2 and why do humanoid robots use it?",
        passage(FOUNDATIONS, "What ROS 2 is"),
        passage(FOUNDATIONS, "Why humanoid robots use ROS 2"),
        passage(FOUNDATIONS, "The layers of the stack"),
    )
    assert reply.text.startswith("ROS 2 (Robot Operating System 2) is an open-source set of")
    assert "because they combine more sensors, more actuators" in reply.text
    assert len({note["extras"]["source_ids"][0] for note in reply.citations}) >= 2


def test_a_why_question_gets_the_reason(chat: ExtractiveChat) -> None:
    reply = ask(
        chat,
        "Why does a message sent in the constructor reach nobody?",
        passage(COMMUNICATION, "Pitfalls"),
        passage(COMMUNICATION, "Nodes"),
    )
    first = next(line for line in reply.text.splitlines() if line.startswith("- "))
    assert "because discovery has not finished" in first


def test_a_number_question_gets_the_row_with_the_right_unit(chat: ExtractiveChat) -> None:
    reply = ask(
        chat,
        "How fast does the motor current loop run?",
        passage(FOUNDATIONS, "Rates and real-time budgets"),
        passage(FOUNDATIONS, "Executors and callback groups"),
    )
    assert "| Layer | Typical rate |" in reply.text
    assert "| Motor current loop | 10–40 kHz |" in reply.text
    assert "Footstep planning" not in reply.text


def test_a_how_many_question_gets_a_short_answer_with_the_number(chat: ExtractiveChat) -> None:
    reply = ask(
        chat,
        "How many joints does a typical research humanoid have?",
        passage(FOUNDATIONS, "Why humanoid robots use ROS 2"),
        passage(FOUNDATIONS, "What ROS 2 is"),
    )
    assert "20 to 40 actuated joints" in reply.text.split("\n")[0]
    assert reply.prose_words < 150


def test_a_command_comes_as_a_whole_code_block(chat: ExtractiveChat) -> None:
    reply = ask(
        chat,
        "Which command creates a Python package?",
        passage(PACKAGES, "Creating a package"),
        passage(PACKAGES, "Workspaces and packages"),
    )
    assert reply.text.startswith("`ros2 pkg create` writes the skeleton of a package.")
    assert "--build-type ament_python \\\n  --license Apache-2.0" in reply.text
    assert reply.text.count("```") % 2 == 0


def test_a_how_to_question_keeps_code_with_the_sentence_that_announces_it(
    chat: ExtractiveChat,
) -> None:
    reply = ask(
        chat,
        "How do I record topics with rosbag2?",
        passage(LAUNCH, "Recording with rosbag2"),
        passage(LAUNCH, "Parameters"),
    )
    announced = reply.text.index("so name the topics you need:\n\n```bash\nros2 bag record")
    assert reply.text.index("ros2 bag play") > announced


def test_steps_come_as_the_whole_numbered_list(chat: ExtractiveChat) -> None:
    reply = ask(
        chat,
        "List the steps to install ROS 2 Jazzy on Ubuntu 24.04",
        passage(FOUNDATIONS, "Installing Jazzy on Ubuntu 24.04"),
        passage(FOUNDATIONS, "What ROS 2 is"),
    )
    steps = [line for line in reply.text.splitlines() if line[:2] in {f"{n}." for n in range(1, 7)}]
    assert [step[0] for step in steps] == ["1", "2", "3", "4", "5", "6"]
    assert "sudo apt install ros-jazzy-desktop ros-dev-tools" in reply.text


def test_a_list_that_a_sentence_announces_comes_whole(chat: ExtractiveChat) -> None:
    reply = ask(
        chat,
        "What are the four things that ROS 2 gives a robot?",
        passage(FOUNDATIONS, "What ROS 2 is"),
        passage(FOUNDATIONS, "Quality of Service"),
    )
    for item in ("1. **Communication.**", "2. **Client", "3. **Tools.**", "4. **An ecosystem"):
        assert item in reply.text


def test_a_table_that_is_asked_for_comes_whole(chat: ExtractiveChat) -> None:
    reply = ask(
        chat,
        "Show the table of QoS policies with their defaults",
        passage(FOUNDATIONS, "Quality of Service"),
        passage(FOUNDATIONS, "DDS and discovery"),
    )
    table = [line for line in reply.text.splitlines() if line.startswith("|")]
    assert len(table) == 6
    assert table[0].startswith("| Policy |")
    assert "qos_profile_sensor_data" not in reply.text


def test_a_comparison_covers_both_sides(chat: ExtractiveChat) -> None:
    reply = ask(
        chat,
        "What is the difference between an underlay and an overlay?",
        passage(PACKAGES, "Building with colcon"),
        passage(PACKAGES, "Workspaces and packages"),
    )
    assert "*underlay*" in reply.text
    assert "the overlay wins" in reply.text


def test_two_things_that_nothing_compares_are_told_one_after_the_other(
    chat: ExtractiveChat,
) -> None:
    reply = ask(
        chat,
        "parameter vs executor",
        as_passage("An executor is the part of a node that calls its callbacks.", "Executor"),
        as_passage("A parameter is a named value that a node reads at its start.", "Parameter"),
        as_passage("Executors and parameters are set up by the launch file.", "Launching"),
    )
    first, second = reply.text.split("\n\n")
    assert "A parameter is a named value" in first
    assert "An executor is the part" in second


def test_two_terms_of_one_list_are_told_without_the_others(chat: ExtractiveChat) -> None:
    terms = "- **Node**: A process.\n- **Topic**: A named bus.\n- **Service**: A call with a reply."
    reply = ask(chat, "topic vs service", as_passage(terms, "Glossary"))
    assert "A named bus" in reply.text
    assert "A call with a reply" in reply.text
    assert "A process" not in reply.text


def test_a_side_that_the_book_does_not_know_leaves_the_other_alone(chat: ExtractiveChat) -> None:
    reply = ask(
        chat,
        "parameter vs banana",
        as_passage("A parameter is a named value that a node reads at its start.", "Parameter"),
        as_passage("The launch file starts all nodes of the robot.", "Launching"),
    )
    assert reply.text.startswith("A parameter is a named value")


def test_a_table_whose_columns_are_the_sides_is_the_comparison(chat: ExtractiveChat) -> None:
    reply = ask(
        chat,
        "topic vs service vs action",
        passage(COMMUNICATION, "Choosing between topic, service and action"),
        passage(COMMUNICATION, "Services"),
    )
    assert "| Typical duration | continuous | under 1 s | 1 s to minutes |" in reply.text
    assert "| Can be cancelled | – | no | yes |" in reply.text


def test_a_yes_or_no_question_begins_with_the_deciding_sentence(chat: ExtractiveChat) -> None:
    reply = ask(
        chat,
        "Is ROS 2 an operating system?",
        passage(FOUNDATIONS, "What ROS 2 is"),
        passage(FOUNDATIONS, "The layers of the stack"),
    )
    assert "Despite its name it is not an operating system" in reply.text.split("\n")[0]


def test_a_rewritten_follow_up_is_answered_for_its_question_not_its_topic(
    chat: ExtractiveChat,
) -> None:
    reply = ask(
        chat,
        "What does the domain ID do: what is it by default?",
        passage(FOUNDATIONS, "Domain IDs"),
        passage(FOUNDATIONS, "DDS and discovery"),
    )
    assert "its default is 0" in reply.text


def test_a_question_in_roman_urdu_finds_the_definition(chat: ExtractiveChat) -> None:
    reply = ask(
        chat,
        "Domain ID kya hota hai?",
        passage(FOUNDATIONS, "DDS and discovery"),
        passage(FOUNDATIONS, "Domain IDs"),
    )
    assert reply.text.partition("\n\n")[2].startswith("A domain ID is an integer")


def test_a_question_in_urdu_is_answered_by_the_terms_that_it_shares(chat: ExtractiveChat) -> None:
    reply = ask(
        chat,
        "colcon کا --symlink-install کیا کرتا ہے؟",
        passage(PACKAGES, "Building with colcon"),
        passage(FOUNDATIONS, "DDS and discovery"),
    )
    assert "--symlink-install" in reply.text


@pytest.mark.parametrize(
    ("language", "there", "gone"),
    [("Python", "class Nodder(Node)", "#include"), ("C++", "#include", "import rclpy")],
)
def test_code_comes_in_the_language_that_is_asked_for(
    chat: ExtractiveChat, language: str, there: str, gone: str
) -> None:
    reply = ask(chat, f"Show code for a publisher in {language}", passage(COMMUNICATION, "Topics"))
    assert there in reply.text
    assert gone not in reply.text


def test_a_section_that_shares_a_word_by_chance_adds_nothing(chat: ExtractiveChat) -> None:
    reply = ask(
        chat,
        "Does this work on Windows?",
        passage("hardware-and-lab-guide.mdx", "Installing Ubuntu 24.04"),
        passage("module-4/01-voice-to-action.mdx", "Speech recognition with Whisper"),
    )
    assert "inside Windows 11" in reply.text
    assert "a 30 s window" not in reply.text


def test_a_whole_list_is_not_followed_by_another_section(chat: ExtractiveChat) -> None:
    controllers = passage(
        "module-2/04-bridging-and-ros2-control.md", "Which controller for which task"
    )
    sensors = passage("hardware-and-lab-guide.mdx", "Sensors")
    sensors.metadata["score"], controllers.metadata["score"] = 1.0, 0.9
    reply = ask(chat, "list the sensors of a humanoid", sensors, controllers)
    assert "| Microphone array |" in reply.text
    assert "publishes `/joint_states`" not in reply.text


def test_a_brief_definition_is_followed_by_what_a_chapter_says_of_it(chat: ExtractiveChat) -> None:
    glossary = passage("glossary.md", "Node")
    chapter = passage(COMMUNICATION, "Nodes")
    glossary.metadata["score"], chapter.metadata["score"] = 1.0, 0.95
    reply = ask(chat, "what is a node", glossary, chapter)
    first, second = reply.text.split("\n\n")
    assert first.startswith("A node is one participant")
    assert "one node per thing that can fail" in second


def test_who_asks_when_gets_the_row_with_the_date(chat: ExtractiveChat) -> None:
    demonstration = passage("weekly-plan.md", "Capstone demonstration")
    assessment = passage("weekly-plan.md", "Assessment")
    demonstration.metadata["score"], assessment.metadata["score"] = 0.65, 0.55
    reply = ask(chat, "when is the capstone due", demonstration, assessment)
    first = reply.text.split("\n\n")[0]
    assert "| Capstone | 40 % | Week 13 |" in first
