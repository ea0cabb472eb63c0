"""What the MCP tools take and give: models whose schemas are the tools' own."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from schema import MAX_QUESTION

_Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_QUESTION)
]


class SearchArguments(BaseModel):
    """Of ``search``."""

    model_config = ConfigDict(extra="ignore")

    query: _Text = Field(description="a question or some words of it")


class FetchArguments(BaseModel):
    """Of ``fetch``."""

    model_config = ConfigDict(extra="ignore")

    id: Annotated[str, StringConstraints(min_length=1, max_length=1000)] = Field(
        description="a result's id, or a page's path"
    )


class AskArguments(BaseModel):
    """Of ``ask``."""

    model_config = ConfigDict(extra="ignore")

    question: _Text
    section: Annotated[str, StringConstraints(max_length=200)] | None = Field(
        None, description="path prefix that the search is limited to, such as module-1"
    )
    language: Annotated[str, StringConstraints(max_length=200)] | None = Field(
        None, description="answer language; default: the question's"
    )
    version: Annotated[str, StringConstraints(max_length=200)] | None = Field(
        None, description="version of the book that is searched first, where it has several"
    )


class SearchHit(BaseModel):
    """A section of the book."""

    id: str = Field(description="for fetch")
    title: str
    url: str


class SearchHits(BaseModel):
    """What ``search`` found, best first."""

    results: list[SearchHit]


class PageMetadata(BaseModel):
    """Where a text stands."""

    path: str
    breadcrumb: list[str]
    book_version: str


class Fetched(BaseModel):
    """A section or a whole page."""

    id: str
    title: str
    text: str = Field(description="Markdown")
    url: str
    metadata: PageMetadata
