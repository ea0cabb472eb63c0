"""Question sets: one JSON object a line, split into ``dev`` and ``test`` by a fixed rule."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from errors import FixConfiguration
from schema import PastTurn

Kind = Literal["answerable", "follow_up", "selected_text", "not_in_book", "urdu", "roman_urdu"]
Split = Literal["dev", "test", "all"]
FOLDER: Final = Path(__file__).parent / "questions"


class Gold(BaseModel):
    """A section that answers the question: the file under ``docs/`` and the heading's text."""

    path: str
    heading: str

    @property
    def key(self) -> str:
        """What a source is compared by."""
        return section_key(self.path, self.heading)


class EvalQuestion(BaseModel):
    """A question with what a right answer rests on and holds."""

    model_config = ConfigDict(extra="forbid")

    id: str
    kind: Kind
    question: str
    gold: list[Gold] = []
    facts: list[str] = Field(default=[], description="any of them counts")
    history: list[PastTurn] = []
    selected_text: str | None = None
    category: str | None = None

    @property
    def split(self) -> Literal["dev", "test"]:
        """By the first hex digit of the id's SHA-256: below 8 is ``dev``."""
        digit = hashlib.sha256(self.id.encode()).hexdigest()[0]
        return "dev" if digit < "8" else "test"

    def asked(self) -> dict[str, object]:
        """The ``Question`` as JSON types."""
        asked: dict[str, object] = {"question": self.question}
        if self.history:
            asked["history"] = [turn.model_dump() for turn in self.history]
        if self.selected_text:
            asked["selected_text"] = self.selected_text
        return asked


def section_key(path: str, heading: str) -> str:
    """One name for a section, whatever the case and spacing of its heading."""
    return f"{path}#{' '.join(heading.casefold().split())}"


def load_questions(files: Iterable[Path], split: Split = "all") -> list[EvalQuestion]:
    """Questions of the files in order.

    Raises:
        FixConfiguration: a file or line that cannot be used, by name and number.
    """
    found = [q for file in files for q in _lines(file)]
    return [q for q in found if split in ("all", q.split)]


def _lines(file: Path) -> Iterator[EvalQuestion]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise FixConfiguration(f"the question file {file} cannot be read") from None
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield EvalQuestion.model_validate(json.loads(line))
            except (ValidationError, ValueError):
                raise FixConfiguration(f"{file}:{number} is not a question") from None
