"""Content words meet across spellings; languages are told apart."""

import pytest

from text.words import content_words, language_of, stem, tokens


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ros2", "ROS 2"),
        ("sim2real", "sim 2 real"),
        ("walking robots", "robot walks"),
        ("the robot's arms", "robot arm"),
        ("humanoid’s", "humanoids"),
        ("rclpy.spin", "spin rclpy"),
        ("package.xml", "xml package"),
        ("10Hz", "10 Hz"),
        ("UTF8", "utf-8"),
        ("ＱｏＳ", "qos"),
    ],
)
def test_spellings_of_a_thing_share_their_words(one: str, other: str) -> None:
    assert sorted(content_words(one)) == sorted(content_words(other))


def test_versions_and_short_names_stay_whole() -> None:
    assert content_words("Python 3.12 in 3D on Ubuntu 24.04 H1") == [
        "python",
        "3.12",
        "3d",
        "ubuntu",
        "24.04",
        "h1",
    ]


def test_function_words_of_three_languages_do_not_count() -> None:
    assert content_words("What does it not do, and why doesn't it?") == []
    assert content_words("yeh kya hai aur kaise kaam") == ["kaam"]
    assert content_words("یہ کیا ہے اور روبوٹ") == ["روبوٹ"]


def test_tokens_keep_order_and_repeats() -> None:
    assert tokens("Spin, spin: ROS2!") == ["spin", "spin", "ros2"]


def test_words_of_other_scripts_are_not_stemmed() -> None:
    assert stem("روبوٹ") == "روبوٹ"
    assert stem("running") == "run"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What is a node?", "en"),
        ("نوڈ کیا ہے؟", "ur"),
        ("ROS 2 میں نوڈ کیا ہوتا ہے؟", "ur"),
        ("node kya hota hai", "roman-ur"),
        ("", "en"),
    ],
)
def test_the_reader_s_language_is_recognised(text: str, language: str) -> None:
    assert language_of(text) == language
