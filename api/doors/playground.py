"""LangServe's playground, in a page of our own.

Its form library draws no field that may be null, so the page gets a simpler schema than the one
that is validated. It wants a run log, and gets one that says no more than the answer.
"""

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any, Final

import orjson
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from langserve import APIHandler

from api.doors.langserve import PREFIX, begin, read_body, streamed
from api.runs.run import Run, RunEvent
from api.shapes.langserve import InvokeRequest, sse
from chains.answer.builder import AnswerBuilder
from schema import Answer, Question

_PAGE: Final = Path(__file__).with_suffix(".html")
_FIELDS: Final = ("question", "section", "language", "selected_text")
router = APIRouter(prefix=PREFIX, tags=["chat"])


@router.get("/playground/", include_in_schema=False)
async def page() -> HTMLResponse:
    """The page around LangServe's script."""
    return HTMLResponse(_page())


@router.get("/playground/{file_path:path}", include_in_schema=False)
async def asset(file_path: str, request: Request) -> Response:
    """LangServe's script, styles and icon."""
    state = request.app.state
    if not hasattr(state, "langserve"):
        state.langserve = APIHandler(state.services.chain, path=PREFIX, config_keys=[])
    try:
        response: Response = await state.langserve.playground(file_path, request)
    except (OSError, ValueError):  # what cannot be the name of a file
        raise HTTPException(404) from None
    if response.status_code == 404:
        raise HTTPException(404)
    return response


@router.post("/playground/stream_log", include_in_schema=False)
async def log(request: Request) -> Response:
    """The answer as a run log (JSON Patch)."""
    body: InvokeRequest = await read_body(request, InvokeRequest)
    run = await begin(request, body.input)
    return await streamed(request, run, _log)


async def _log(run: Run, batches: AsyncGenerator[list[RunEvent]]) -> AsyncGenerator[bytes]:
    state: Any = {"id": run.answer_id, "streamed_output": [], "final_output": None, "logs": {}}
    yield sse("data", {"ops": [{"op": "replace", "path": "", "value": state}]})
    answer = AnswerBuilder()
    async with aclosing(batches):
        async for batch in batches:
            for event in batch:
                part = event.part
                answer.add(part)
                added = {"op": "add", "path": "/streamed_output/-", "value": part}
                yield sse("data", {"ops": [added]})
    done = {"op": "replace", "path": "/final_output", "value": answer.sum()}
    yield sse("data", {"ops": [done]})
    yield b"event: end\r\n\r\n"


@lru_cache(maxsize=1)
def _page() -> str:
    assets = files("langserve") / "playground" / "dist" / "assets"
    names = [asset.name for asset in assets.iterdir()]
    return Template(_PAGE.read_text(encoding="utf-8")).substitute(
        script=next(f"assets/{name}" for name in names if name.endswith(".js")),
        styles=next(f"assets/{name}" for name in names if name.endswith(".css")),
        input=_in_script(form_schema()),
        output=_in_script(Answer.model_json_schema()),
    )


def form_schema() -> dict[str, Any]:
    """The schema of a question as the form can draw it: the texts, none of which may be null."""
    full = Question.model_json_schema()
    fields = {name: _not_null(full["properties"][name]) for name in _FIELDS}
    return {
        "type": "object",
        "title": full["title"],
        "required": ["question"],
        "properties": fields,
    }


def _not_null(field: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in field.items() if key not in ("anyOf", "default")}
    for choice in field.get("anyOf", ()):
        if choice["type"] != "null":
            kept.update(choice)
    return kept


def _in_script(value: object) -> str:
    return re.sub("<", r"\\u003c", orjson.dumps(value).decode())
