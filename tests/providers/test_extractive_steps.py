"""Procedures come whole, and what is asked of an answer before: less of it, or more."""

from langchain_core.documents import Document

from extractive.chat import ExtractiveChat
from extractive.question import Query
from tests.providers.extractive_book import as_passage, ask

HEADLESS = (
    "1. Switch the universe repository on:\n\n```bash\nsudo add-apt-repository universe\n```\n\n"
    "2. Add the signing key:\n\n```bash\nsudo apt-key add ros.key\n```\n\n"
    "3. Install Jazzy with its tools:\n\n```bash\nsudo apt install ros-jazzy-desktop\n```"
)
ZMP = (
    "The zero moment point is the point where the moment of gravity vanishes. "
    "It is measured by force sensors in the feet. It must stay inside the support polygon."
)


def test_a_procedure_comes_whole_with_the_code_between_its_steps(chat: ExtractiveChat) -> None:
    other = as_passage("The robot walks on two legs.", "Walking")
    reply = ask(chat, "How do I install Jazzy?", as_passage(HEADLESS, "Installing"), other)
    at = [reply.text.index(f"{n}. ") for n in (1, 2, 3)]
    assert at == sorted(at)
    assert reply.text.index("universe\n```") < at[1]
    assert "apt install ros-jazzy-desktop" in reply.text
    assert "two legs" not in reply.text


def test_steps_that_were_not_asked_for_stay_out(chat: ExtractiveChat) -> None:
    reply = ask(chat, "Which desktop does Jazzy have?", as_passage(HEADLESS, "Installing"))
    assert "universe" not in reply.text


def test_code_that_was_not_asked_for_does_not_stand_in_for_an_answer(chat: ExtractiveChat) -> None:
    text = (
        "```python\nclass KalmanFilter:\n    def predict(self):\n        pass\n```\n\n"
        "The Kalman filter is an estimator that weighs a prediction against a measurement."
    )
    reply = ask(chat, "whats a kalman filter", as_passage(text, "Filters"))
    assert reply.text.startswith("The Kalman filter is an estimator")


def test_what_is_done_with_a_thing_does_not_define_it(chat: ExtractiveChat) -> None:
    done = as_passage("The capstone is done in groups of three.", "Assessment")
    told = as_passage("The capstone is a task that joins all parts of the robot.", "Summary")
    reply = ask(chat, "What is the capstone project?", done, told)
    assert reply.text.index("is a task") < reply.text.find("groups of three") % 10_000


def test_a_number_of_things_is_found_beside_their_name(chat: ExtractiveChat) -> None:
    kinds = as_passage("The humanoid joints of this book use four of the types.", "Joints")
    count = as_passage("A research humanoid has 20 to 40 actuated joints in its body.", "Why")
    reply = ask(chat, "How many joints does a humanoid have?", kinds, count)
    assert reply.text.startswith("A research humanoid has 20 to 40")


def test_who_finds_it_too_long_gets_the_sentence_that_answers(chat: ExtractiveChat) -> None:
    passage = as_passage(ZMP, "ZMP")
    question = "What is the zero moment point?"
    whole = ask(chat, question, passage).text
    short = ask(chat, question, passage, said=[whole], brief=True).text
    assert short == "The zero moment point is the point where the moment of gravity vanishes."
    again = ask(chat, question, passage, said=[whole, short], brief=True).text
    assert again != short


def test_an_item_that_lost_its_marker_is_not_said_twice(chat: ExtractiveChat) -> None:
    text = "Terms:\n\n- **Publisher**: sends messages\n- **Bag**: " + "records topics " * 60
    passage = as_passage(text, "Terms")
    question = "Which term sends messages?"
    first = ask(chat, question, passage).text
    assert ask(chat, question, passage, said=[first]).text != first


def test_an_abbreviation_is_defined_by_either_of_its_forms() -> None:
    asked = Query("what about IMU (inertial measurement unit)")
    assert asked.defined_by("An inertial measurement unit is a sensor of angular velocity.")
    assert asked.defined_by("An IMU is a sensor of angular velocity.")
    assert not asked.defined_by("A camera is a sensor.")


def test_a_long_block_that_was_shown_in_part_is_not_shown_again(chat: ExtractiveChat) -> None:
    lines = [f"    total_{n} = measured_force_{n} * distance_{n}" for n in range(40)]
    code = "\n".join(["```python", "def moment_of_force():", *lines, "```"])
    text = f"The moment is computed so:\n\n{code}\n\nA moment that is zero leaves the foot flat."
    passage = as_passage(text, "Moment")
    first = ask(chat, "how do i calculate the moment of force", passage)
    assert "measured_force_" in first.text
    again = ask(chat, "how do i calculate the moment of force", passage, said=[first.text])
    assert "measured_force_" not in again.text


def test_of_several_ways_the_first_is_told_unless_another_is_asked_for_by_name(
    chat: ExtractiveChat,
) -> None:
    def way(heading: str, text: str, score: float) -> Document:
        found = as_passage(text, heading)
        found.metadata["score"] = score
        return found

    launcher, native = "Option 1: Launcher (easiest)", "Option 3: Native installation"
    ways = [
        way(native, "Install the simulator from its archive.", 0.9),
        way(launcher, "Install the simulator in the launcher.", 0.8),
    ]
    assert "in the launcher" in ask(chat, "how do i install the simulator", *ways).text[:90]
    docker = way("Option 2: Docker", "Install the simulator as a container.", 0.95)
    reply = ask(chat, "how do i install the simulator with docker", docker, *ways)
    assert "as a container" in reply.text[:90]
