"""Turns as the chain hands them in."""

from typing import Any

from schema import Answer, Citation, Source, Turn, Usage


def source(heading: str, *, path: str = "module-1/ros.md") -> Source:
    return Source(
        id=f"{path}#{heading}",
        title="ROS 2",
        heading=heading,
        breadcrumb=["ROS 2", heading],
        path=path,
        url=f"/docs/{path}#{heading}",
        text=f"The passage on {heading}.",
        score=0.5,
    )


def turn(
    session_id: str,
    answer_id: str,
    said: str = "ROS 2 is middleware.",
    *,
    question: str = "What is ROS 2?",
    outcome: Any = "complete",
    status: Any = "answered",
    sources: tuple[Source, ...] = (),
    cited: int = 0,
    **asked_with: Any,
) -> Turn:
    """A turn whose answer cites its first ``cited`` sources; ``asked_with``: more of its fields."""
    citations = [
        Citation(start=0, end=3, text=said[:3], source_ids=[s.id]) for s in sources[:cited]
    ]
    answer = Answer(
        answer_id=answer_id,
        session_id=session_id,
        status=status,
        answer=said,
        citations=citations,
        sources=list(sources),
        standalone_question=question,
        book_version="v1",
        model="scripted",
        usage=Usage(input_tokens=11, output_tokens=7, provider_calls=2),
        timings_ms={"retrieve": 1.5},
    )
    return Turn(
        session_id=session_id, question=question, answer=answer, outcome=outcome, **asked_with
    )
