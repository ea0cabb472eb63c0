"""Sessions, their turns, and what readers think of an answer."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from api.services import Services

router = APIRouter(tags=["sessions"])
SessionId = Annotated[str, Path(min_length=1, max_length=200)]


class Session(BaseModel):
    """Anyone with the id may read and delete the session's turns."""

    session_id: str


class Share(BaseModel):
    """Opens the conversation for reading, at ``/?shared=ID`` and ``/shared/ID``."""

    share_id: str


class Feedback(BaseModel):
    """A reader's rating of an answer."""

    rating: Literal["up", "down"]
    comment: str | None = Field(None, max_length=2000)
    session_id: str = Field(min_length=1, max_length=200)


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


@router.post("/sessions", status_code=201, response_model=Session)
async def create(request: Request) -> Any:
    """A new session id."""
    return {"session_id": _services(request).conversations.new_session()}


@router.get("/sessions/{session_id}/turns")
async def turns(request: Request, session_id: SessionId) -> dict[str, Any]:
    """The session's turns, oldest first."""
    found = await _services(request).conversations.turns(session_id)
    return {"session_id": session_id, "turns": list(found)}


@router.delete("/sessions/{session_id}", status_code=204)
async def forget(request: Request, session_id: SessionId) -> Response:
    """Deletes the session with all its turns and feedback."""
    await _services(request).conversations.forget(session_id)
    return Response(status_code=204)


@router.post("/sessions/{session_id}/share", status_code=201, response_model=Share)
async def share(request: Request, session_id: SessionId) -> Any:
    """Makes a read-only link to the turns so far; a link made before ends."""
    return {"share_id": await _services(request).conversations.share(session_id)}


@router.delete("/sessions/{session_id}/share", status_code=204)
async def unshare(request: Request, session_id: SessionId) -> Response:
    """Ends the session's link."""
    await _services(request).conversations.unshare(session_id)
    return Response(status_code=204)


@router.get("/shared/{share_id}")
async def shared(
    request: Request, share_id: Annotated[str, Path(min_length=1, max_length=100)]
) -> dict[str, Any]:
    """The turns that a link opens, oldest first, without session and ratings."""
    return {"turns": list(await _services(request).conversations.shared(share_id))}


@router.post("/answers/{answer_id}/feedback", status_code=204)
async def feedback(
    request: Request, answer_id: Annotated[str, Path(max_length=64)], body: Feedback
) -> Response:
    """Stores a rating; a later one of the same reader replaces it."""
    await _services(request).conversations.rate(
        answer_id, body.session_id, body.rating, body.comment
    )
    return Response(status_code=204)
