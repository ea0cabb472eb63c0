"""Shared nouns: what goes into the chain, what comes out, and what a chunk carries.

The field names are the public contract (see ``docs/api.md``); outside clients rely on them.
"""

from typing import Annotated, Literal, NotRequired, TypedDict

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

MAX_QUESTION = 2000
MAX_SELECTION = 8000
MAX_HISTORY = 20
MAX_BATCH = 8
ANY_VERSION = "*"
"""In place of a version's name: no version of the book is left out of a search."""

Status = Literal["answered", "not_in_book", "degraded", "small_talk"]
Confidence = Literal["high", "low"]
_Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]


class PastTurn(BaseModel):
    """One earlier question with its answer, as a client hands it in."""

    model_config = ConfigDict(extra="ignore")

    question: Annotated[str, StringConstraints(max_length=MAX_QUESTION)]
    answer: Annotated[str, StringConstraints(max_length=20_000)]
    status: Status | None = Field(
        default=None, description="as it was answered; a refused turn is no topic to go on with"
    )
    answer_id: Annotated[str, StringConstraints(max_length=64)] | None = None


class Question(BaseModel):
    """Input of the chain."""

    model_config = ConfigDict(extra="ignore")

    question: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_QUESTION)
    ] = Field(description="1-2000 characters after trimming")
    session_id: Annotated[str, StringConstraints(max_length=200)] | None = None
    history: list[PastTurn] = Field(
        default_factory=list,
        max_length=MAX_HISTORY,
        description="newest last; ignored when the session has turns",
    )
    selected_text: Annotated[str, StringConstraints(max_length=MAX_SELECTION)] | None = None
    section: _Short | None = Field(
        default=None, description="path prefix that the search is limited to, such as module-1"
    )
    language: _Short | None = Field(
        default=None, description="answer language; default: the question's"
    )
    version: _Short | None = Field(
        default=None,
        description="version of the book that the reader reads, such as 1.0; it is searched "
        "first. Default, and for a version that the book does not have: the site's default one",
    )
    locale: _Short | None = Field(
        default=None,
        description="locale of the page that the reader is on, such as de; its pages are "
        "preferred where the language of the question cannot be told from its letters",
    )
    replaces: Annotated[str, StringConstraints(max_length=64)] | None = Field(
        default=None,
        description="`answer_id` of an earlier answer of the session that this one is to stand "
        "in place of (asked again, or edited); no cached answer is given",
    )


class Figure(BaseModel):
    """A picture of a section."""

    url: str = Field(description="on the published book's site; a path of it without a BOOK_URL")
    alt: str = Field(description="its description")


class Source(BaseModel):
    """A passage that was shown to the model, with the heading that it opens."""

    id: str
    title: str = Field(description="the page's title")
    heading: str = Field(description="the section's own heading text, no Markdown marks")
    breadcrumb: list[str]
    path: str = Field(description="the file's path inside the book, as on disk")
    url: str = Field(
        description="opens the exact heading in the published book; without a BOOK_URL, on the "
        "service's own page below /pages/"
    )
    text: str = Field(description="the passage as shown to the model")
    score: float
    version: str | None = Field(
        default=None, description="version of the book; null where the book has one version only"
    )
    locale: str | None = Field(default=None, description="the page's locale")
    figures: list[Figure] = Field(
        default_factory=list, description="pictures of the section that have a description"
    )


class Citation(BaseModel):
    """A span of the answer and the sources that support it; offsets count characters."""

    start: int = Field(ge=0)
    end: int = Field(ge=0)
    text: str
    source_ids: list[str]


class Usage(BaseModel):
    """What one answer cost."""

    input_tokens: int = 0
    output_tokens: int = 0
    provider_calls: int = 0


class Answer(BaseModel):
    """Output of the chain. Partial answers of a stream hold a subset of these fields."""

    answer_id: str
    session_id: str | None = None
    status: Status
    confidence: Confidence = Field(
        default="high",
        description="low: the book may not answer exactly this; the answer begins by saying so",
    )
    answer: str = Field(description="Markdown")
    citations: list[Citation]
    sources: list[Source] = Field(description="best first; every cited source_id is in it")
    standalone_question: str
    suggestions: list[str] = Field(
        default_factory=list, max_length=3, description="questions that the book answers"
    )
    book_version: str
    indexed: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="share of the book that was searched by meaning too; below 1 while the book "
        "is being indexed, and the answer begins by saying so",
    )
    model: str
    usage: Usage
    timings_ms: dict[str, float]


class Turn(BaseModel):
    """A question with what was answered; ``outcome`` tells whether the answer is whole."""

    session_id: str
    question: str
    selected_text: str | None = None
    section: str | None = None
    language: str | None = None
    replaces: str | None = None
    """The answer in whose place this one stands."""
    answer: Answer
    outcome: Literal["complete", "cancelled", "failed"]


class AnswerChunk(TypedDict, total=False):
    """A partial Answer as plain JSON types. Chunks of one stream add up to the Answer:
    strings and lists are appended, everything else comes once."""

    answer_id: str
    session_id: str | None
    status: Status
    confidence: Confidence
    answer: str
    citations: list[dict[str, object]]
    sources: list[dict[str, object]]
    standalone_question: str
    suggestions: list[str]
    book_version: str
    indexed: float
    model: str
    usage: dict[str, int]
    timings_ms: dict[str, float]


class ChunkMetadata(TypedDict):
    """What ``Document.metadata`` of every chunk in a collection holds.

    Paths are POSIX and relative to the book's folder. ``scopes`` lists every prefix that
    ``Question.section`` may name to reach this chunk, so a section filter is one exact match.
    """

    path: str
    title: str
    heading: str
    breadcrumb: list[str]
    url: str
    section_id: str
    index: int
    """0-based order of the chunk within its page."""
    locale: str
    kind: Literal["text", "echo"]
    """``echo``: repeats questions without answering them ("Knowledge check")."""
    scopes: list[str]
    version: NotRequired[str]
    """Of a book with several versions."""
    figures: NotRequired[list[dict[str, str]]]
    """Of its section, each a ``Figure``; on the section's first chunk only."""
    tokens: int
    """Length in tokens of the embedding model, heading path included."""
    embed_text: NotRequired[str]
    """What is embedded (heading path + text); left out of the stored payload."""
    sentence_vectors: NotRequired[str]
    """base64 of int8 unit vectors, one row per sentence (embedded models only)."""


class CollectionInfo(BaseModel):
    """What a collection knows about itself; stored inside it."""

    fingerprint: str
    """Embedding model, dimensions and splitter version."""
    book_version: str = ""
    """Digest of all chunks, whatever their order; empty while it is being filled."""
    complete: bool = False
    """All of the book can be found by its words."""
    chunks: int = 0
    pending: int = 0
    """Chunks whose vectors are still to come: they are found by their words alone."""
    documents: int = 0
    language: str = "en"
    languages: list[str] = Field(default_factory=list)
    """Of its pages, the most frequent first; empty: not counted, by an earlier version."""
    versions: list[str] = Field(default_factory=list)
    """Versions of the book, the one that readers get by default first; empty if it has one."""
    calibration: dict[str, float] = Field(default_factory=dict)
    """Abstention thresholds, see ``chains/evidence/abstention.py``."""
    outline: bool = False
    """The book's structure is stored beside the vocabulary; earlier versions kept none."""

    def version_for(self, wanted: str | None) -> str | None:
        """The version for a reader of ``wanted``; None if the book has no versions."""
        return wanted if wanted in self.versions else next(iter(self.versions), None)

    def versions_beside(self, wanted: str | None) -> list[str]:
        """The versions that a reader of ``wanted`` does not read."""
        own = self.version_for(wanted)
        return [name for name in self.versions if name != own and wanted != ANY_VERSION]

    @property
    def embedded(self) -> float:
        """Share of the chunks that are found by meaning too, 0 to 1."""
        return 1.0 - self.pending / max(self.chunks, self.pending, 1)
