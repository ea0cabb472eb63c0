"""Passages cut from the sample book's own chapters, as the retriever hands them over."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from langchain_core.documents import Document
from langchain_core.messages import AIMessage, HumanMessage

from extractive.chat import ExtractiveChat
from extractive.encoder import pack_vectors
from providers.embedded.minilm import MiniLMEmbeddings
from text.sentences import split_sentences

DOCS = Path(__file__).resolve().parent.parent.parent / "book" / "docs"
FOUNDATIONS = "module-1/01-ros2-foundations.md"
COMMUNICATION = "module-1/02-nodes-topics-services-actions.mdx"
PACKAGES = "module-1/03-packages-and-rclpy.mdx"
LAUNCH = "module-1/04-launch-parameters-lifecycle.md"


def section(path: str, heading: str) -> str:
    """The text below a heading up to the next one, as it stands in the chapter."""
    text, inside, fenced = [], False, False
    for line in (DOCS / path).read_text(encoding="utf-8").splitlines():
        fenced ^= line.lstrip().startswith("```")
        if not fenced and re.match(r"#{1,4} ", line):
            inside = re.sub(r"[#`]|\{.*\}", "", line).strip() == heading
        elif inside:
            text.append(line)
    found = "\n".join(text).strip()
    assert found, f"{path} has no section {heading}"
    return found


def passage(path: str, heading: str, *, similarity: float | None = 0.5) -> Document:
    """One section as one passage of one chunk, without stored sentence vectors."""
    return as_passage(section(path, heading), heading, path, similarity=similarity)


def as_passage(
    text: str, heading: str, path: str = "notes.md", *, similarity: float | None = 0.5
) -> Document:
    """Any text as a passage."""
    ident = f"{path}#{heading}"
    shared = {"title": "A chapter", "heading": heading, "breadcrumb": [heading], "path": path}
    chunk = Document(id=f"{ident}#0", page_content=text, metadata={**shared, "index": 0})
    return Document(
        id=ident,
        page_content=text,
        metadata={**shared, "id": ident, "similarity": similarity, "chunks": [chunk]},
    )


def with_vectors(document: Document, embeddings: MiniLMEmbeddings) -> Document:
    """The same passage with the sentence vectors that indexing stores."""
    for chunk in document.metadata["chunks"]:
        packed = pack_vectors(embeddings.encode(split_sentences(chunk.page_content)))
        chunk.metadata["sentence_vectors"] = packed
    return document


@dataclass
class Reply:
    """What a reader gets: the text and its citations, checked for true offsets."""

    message: AIMessage
    text: str = field(init=False)
    citations: list[dict[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        self.text = str(self.message.text)
        blocks = [b for b in self.message.content if isinstance(b, dict)]
        self.citations = [note for block in blocks for note in block["annotations"]]
        for note in self.citations:
            assert self.text[note["start_index"] : note["end_index"]] == note["cited_text"]

    @property
    def prose_words(self) -> int:
        """Words outside of code blocks."""
        return len(re.sub(r"```.*?```", "", self.text, flags=re.DOTALL).split())


def ask(
    chat: ExtractiveChat,
    question: str,
    *documents: Document,
    selection: str | None = None,
    language: str | None = None,
    said: Sequence[str] = (),
    brief: bool = False,
) -> Reply:
    """The answer to a question over these passages."""
    told = {
        "question": question,
        "selection": selection,
        "language": language,
        "already_said": list(said),
        "brief": brief,
    }
    message = HumanMessage("the prompt", additional_kwargs=told)
    return Reply(chat.invoke([message], documents=list(documents)))
