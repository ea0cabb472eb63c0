"""What a question may mean in its conversation: readings that can be understood alone.

A question that may lean on what was said before is read alone and with its topic; which of the
readings the book answers better is for the judge to say. What was refused is no topic.
"""

import re
from collections.abc import Sequence
from typing import Final, Protocol

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage

import metering
from chains.answer.leaks import prompts
from chains.answer.phrases import is_refusal
from chains.question.own_parts import asks_how_long, is_of_the_reader
from chains.question.places import subject_of
from chains.question.small_talk import small_talk, without_opening
from chains.question.understanding import without_wish
from errors import BookChatError
from schema import MAX_QUESTION, PastTurn, Question
from text.code import asks_for_any_code
from text.comparison import names_of_sides
from text.definitions import asks_what_is
from text.headings import is_of_any_thing
from text.words import content_words, language_of, tokens

_PRONOUNS: Final = frozenset(
    """it its they them their theirs this these those he she his her hers iska iski iske uska uski
    uske isko usko inka unka inhe unhe اس ان یہ وہ اسے انہیں""".split()
)
_OTHERS: Final = frozenset("they them their theirs these those he she his her hers".split())
_COMPARING: Final = frozenset(
    """that one ones there then same former latter above previous earlier again also else
    both two second third first last other others""".split()
)
_JOINING: Final = frozenset("and but aur lekin اور لیکن مگر".split())
_ASKING: Final = frozenset("how when where which who why whose example examples".split())
_OPENING: Final = frozenset("so or what how why".split())
_VERBS: Final = frozenset(
    "do does did is are was were can could should would will has have".split()
)
"""Second words of a question that says by itself what it is about: "how does SLAM work"."""
_NAMES_A_THING: Final = re.compile(
    r"\W*(what(['’]s| is| are| was| does)|who|define|explain|describe)\b"
    r"|.*\b(kya|kia) (hai|hain|hota|hoti|hote)\b|.*کیا (ہے|ہیں|ہوتا|ہوتی)",
    re.I,
)
_ABOUT_THE_ANSWER: Final = frozenset(
    content_words(
        "simple simply simpler easy easier easily detail details detailed further elaborate clarify"
        " rephrase understand understood confused confusing lost repeat continue else shorter brief"
        " briefly longer beginner kid child 5 five plain english idea clue sense huh tldr eli5 bit"
        " little word words say put phrase next picture image diagram figure photo samjhao asan"
        " mazeed"
    )
)
"""What is asked of an answer already given: that it be simpler, longer, said again."""
_IT: Final = re.compile(
    r"\b(?P<verb>do|does|did|is|will|would|can|should)\s(?:it|this|that)\b(?! (?:book|course))",
    re.I,
)
_OF_THE_BOOK: Final = frozenset(
    content_words("prerequisites requirements author authors wrote writer need know")
)
_LESS: Final = re.compile(
    r"\W*(?:(?:can|could|would|please|pls|you|give|me|make|say|tell|it|that|this|a|the|much|bit|too"
    r"|way|be|in|keep|just|answer|version|of|and|ok|now)\W+){0,8}"
    r"(?:shorter|short|briefly|brief|long|tl;?dr|summari[sz]e|shorten|summary|one sentence)"
    r"(?:\W+(?:it|this|that|please|pls|version|answer|way|one|me|for|again|of)){0,4}\W*",
    re.I,
)
_OTHER_SIDE: Final = re.compile(
    r"\W*(?:(?:and|so|but|ok)\s)?(?:what(?:['’]?s| is| are) the differences?"
    r"|how (?:does|is|do|are) (?:it|that|this|they) (?:differ|different|compared?)"
    r"|(?:is|are) (?:it|that|this|they) (?:better|different|faster)|compare (?:it|that|this|them))"
    r" (?:to|from|with|than) (?P<other>[^?.!]{2,60}?)[\s?.!]*",
    re.I,
)
"""The other side of a comparison with what was spoken of."""
_SIGNS: Final = re.compile(r"\b[cC](\+\+|#)|\b[B-HJLM-TVWXZ]\b(?!['’])")
"""Names that are no words: "C++", "what is R?"."""
_EARLY: Final = 2
"""A pronoun after so many content words has what it stands for in its own question."""
_SHORT: Final = 2
_BARE: Final = 3
"""Words of a question that only names something: "advantages?", "on a Jetson?"."""
_LEAN: Final = 4
_MAY_LEAN: Final = 4
"""Content words that a question has at most if it may go on with a topic without saying so."""
_ANSWER: Final = 600
"""Characters of an earlier answer that the model is shown."""


class Condenser(Protocol):
    """Reads a question with its history."""

    async def __call__(self, question: str, history: Sequence[PastTurn]) -> list[str]:
        """Questions that can be understood, and searched for, alone; the best guess first."""


def leans_on_history(question: str) -> bool:
    """True when the question probably cannot be understood alone."""
    words = tokens(question)
    content = len(content_words(question))
    if not content or words[0] in _JOINING or asks_of_the_answer(question):
        return True
    if asks_for_any_code(question) or asks_for_less(question) or asks_for_any_example(question):
        return True
    before = 0
    if words[-1] == "then" and _NAMES_A_THING.match(question):
        words = words[:-1]  # "what is SDF then" names something else
    if words[1:2] == ["there"]:
        # "Is there a PDF?" points at nothing.
        return not (_PRONOUNS | _COMPARING).isdisjoint(words[2:])
    for word in words:
        if word in _PRONOUNS and (before < _EARLY or content <= _SHORT):
            return True
        if word in _COMPARING and content <= _LEAN:
            return True
        before += bool(content_words(word))
    if content == 1 and _NAMES_A_THING.match(question):
        return False
    if content == 1 and len(words) <= _BARE:
        return True
    if content == _SHORT and words[2:3] and words[2] in _VERBS and content_words(words[-1]):
        return False  # "how accurate is Whisper" says what it is about
    opens = words[0] in _OPENING and words[1:2] and words[1] not in _VERBS
    return bool(opens) and content <= _SHORT and len(words) <= _LEAN


def names_another_thing(question: str) -> bool:
    """True for "and the capture point?" and "what about Nav2", false for "and an example?"."""
    words = tokens(question)
    joins = words[:1] and (words[0] in _JOINING or words[1:2] == ["about"])
    return bool(joins) and not any(word in _ASKING for word in words[2:])


def is_only_a_name(question: str) -> bool:
    """True for "ZMP" and "the costmap?", false for "advantages?" and "how?"."""
    words = [word for word in tokens(question) if word not in ("the", "a", "an")]
    return (
        0 < len(words) <= _BARE
        and len(content_words(question)) >= len(words)
        and not is_of_any_thing(question)
    )


def names_a_subject(question: str) -> bool:
    """False for a question about the book itself: "what are the prerequisites"."""
    return bool(subject_of(tokens(question)) - _OF_THE_BOOK)


def of_the_book(question: str) -> list[str]:
    """ "How long does it take" with nothing else that "it" could be, and as it is."""
    return list(dict.fromkeys([_IT.sub(r"\g<verb> the course", question), question]))


def asks_for_less(question: str) -> bool:
    """True for "shorter", "tl;dr", "summarize it": the answer again, in fewer words."""
    return bool(_LESS.fullmatch(question))


def asks_for_any_example(question: str) -> bool:
    """True for "a simple example, please", which does not say of what."""
    wanted = {"example", "examples"} & set(tokens(question))
    return bool(wanted) and _ABOUT_THE_ANSWER.issuperset(content_words(question))


def asks_of_the_answer(question: str) -> bool:
    """True when nothing is named: "explain it simply", "I don't get it", "why?"."""
    talk = small_talk(question)
    if talk and talk.kind == "lost":
        return True
    about = _ABOUT_THE_ANSWER.issuperset(content_words(question))
    return about and _ASKING.isdisjoint(tokens(question)) and not _SIGNS.search(question)


def names_nothing(question: str) -> bool:
    """True for "why?", "more" and "simpler, please", which ask nothing where nothing was answered.

    "Who is it for?" may then be about the book.
    """
    if content_words(question):
        return asks_of_the_answer(question)
    return not _SIGNS.search(question)


def names_others(question: str) -> bool:
    """ "How big are they?" is about what was asked before, and never about the book."""
    return leans_on_history(question) and not _OTHERS.isdisjoint(tokens(question))


def may_lean(question: str) -> bool:
    """True when a question is short enough to be about what was said before.

    "Topic vs service" names both of its sides itself.
    """
    short = len(content_words(question)) <= _MAY_LEAN and not names_of_sides(question)
    return leans_on_history(question) or short


def history_used(question: Question, history: Sequence[PastTurn]) -> Sequence[PastTurn]:
    """The turns that the question may be read with; none when it stands alone.

    An answer may be shared by readers who ask the same with the same turns.
    """
    if not history or question.selected_text or not may_lean(question.question):
        return ()
    return [turn for turn in history if was_answered(turn)]


def was_answered(turn: PastTurn) -> bool:
    """Neither refused nor small talk: what may be gone on with."""
    if turn.status is not None:
        return turn.status in ("answered", "degraded")
    return not is_refusal(turn.answer) and small_talk(turn.question) is None


class LexicalCondenser:
    """Reads the question alone, and with the topic of an earlier one in front; makes no call."""

    async def __call__(self, question: str, history: Sequence[PastTurn]) -> list[str]:
        """The newest topic that stood alone, the newest one at all, and the question alone."""
        asked_before = [without_wish(without_opening(t.question)) for t in reversed(history)]
        spoken = [
            asked
            for asked in asked_before
            if content_words(asked)
            and not asks_of_the_answer(asked)
            and not asks_for_any_code(asked)
        ]
        if compared := _compared(question, spoken):
            return [compared]
        alone = [a for a in spoken if not leans_on_history(a) or is_only_a_name(a)]
        leaning = leans_on_history(question)
        subject = any(names_a_subject(asked) for asked in spoken[:1])
        if not subject or (asks_how_long(question) and is_of_the_reader(spoken[0])):
            return of_the_book(question)
        # A question that says what it is about may go on with a topic, not with a half question.
        topics = dict.fromkeys([*spoken[:1], *alone[:1]] if leaning else alone[:1])
        if asks_of_the_answer(question) or asks_for_less(question):
            return list(topics) or [question]
        joined = [f"{_topic(topic)}: {question}"[:MAX_QUESTION] for topic in topics]
        nameless = not content_words(question) or asks_for_any_example(question)
        if nameless or asks_for_any_code(question):
            return joined or [question]
        return [*joined, question] if leaning else [question, *joined]


def _compared(question: str, spoken: Sequence[str]) -> str:
    """ "What's the difference to Unity", asked after what Gazebo is, with both sides."""
    other = _OTHER_SIDE.fullmatch(question)
    names = (asks_what_is(asked) or (asked if is_only_a_name(asked) else "") for asked in spoken)
    name = next(filter(None, names), "")
    return f"difference between {name} and {other['other']}" if other and name else ""


def _topic(question: str) -> str:
    """An earlier question as what another one is about."""
    said = question.strip().rstrip("?!.؟ ")
    first, _, rest = said.partition(" ")
    return rest if first.lower() in _JOINING and rest else said


class ModelCondenser:
    """Rewrite by a small chat model; falls back to the lexical one.

    It sees no turn that was refused, and what it makes up is not used.
    """

    def __init__(self, model: BaseChatModel, prompt: str, turns: int = 4) -> None:
        self._model = model
        self._prompt = prompt
        self._turns = turns
        self._fallback = LexicalCondenser()

    async def __call__(self, question: str, history: Sequence[PastTurn]) -> list[str]:
        """The model's rewrite, one line; a question that stands alone costs no call."""
        if not leans_on_history(question):
            return [question]
        lines: list[str] = []
        for turn in history[-self._turns :]:
            lines += [_line("Reader", turn.question), _line("Book", turn.answer[:_ANSWER])]
        lines.append(_line("Reader", question))
        try:
            reply = await self._model.ainvoke(
                [SystemMessage(self._prompt), HumanMessage("\n".join(lines))]
            )
        except BookChatError:
            metering.degrade(metering.Part.CONDENSE, visible=False)
            return (await self._fallback(question, history))[:1]
        rewritten = str(reply.text).strip().splitlines()
        if rewritten and prompts().in_text(str(reply.text)):
            # The reader is shown the rewritten question.
            metering.count(metering.Event.PROMPT_WITHHELD)
            return (await self._fallback(question, history))[:1]
        read = rewritten[0][:MAX_QUESTION] if rewritten else question
        said = " ".join([question, *(f"{turn.question} {turn.answer}" for turn in history)])
        if _made_up(read, said):
            metering.degrade(metering.Part.CONDENSE, visible=False)
            return (await self._fallback(question, history))[:1]
        return [read]


def _made_up(rewritten: str, said: str) -> bool:
    """Most of its words were said by nobody, so it is another question, not a translation."""
    words = set(content_words(rewritten))
    return (
        language_of(said) == language_of(rewritten)
        and len(words - set(content_words(said))) > len(words) / 2
    )


def _line(who: str, said: str) -> str:
    """One line of the transcript, whatever line breaks somebody put into what he said."""
    return f"{who}: {' '.join(said.split())}"
