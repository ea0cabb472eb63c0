"""``GET /asyncapi.json``: AsyncAPI 3 of the WebSocket door, from the frames that it checks."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from fastapi import APIRouter
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.shapes import frames
from api.version import VERSION

_SCHEMAS: Final = "#/components/schemas/"
_CHANNEL: Final = "#/channels/chat"
_CONTENT: Final = "application/json"
router = APIRouter()


@router.get("/asyncapi.json", include_in_schema=False)
async def asyncapi() -> dict[str, object]:
    """The document."""
    return document()


@lru_cache(maxsize=1)
def document() -> dict[str, object]:
    """AsyncAPI 3.0: one channel, what clients send and what they receive."""
    _, schemas = models_json_schema(
        [
            *((model, "validation") for model in frames.CLIENT),
            *((model, "serialization") for model in frames.SERVER),
        ],
        ref_template=_SCHEMAS + "{model}",
    )
    names = [model.__name__ for model in (*frames.CLIENT, *frames.SERVER)]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Book Chat over WebSocket",
            "version": VERSION,
            "description": (
                f"Protocol {frames.PROTOCOL}: JSON text frames of at most "
                f"{frames.MAX_FRAME // 1024} KiB. A bad frame is answered with an error."
            ),
        },
        "defaultContentType": _CONTENT,
        "channels": {
            "chat": {
                "address": "/ws/chat",
                "bindings": {"ws": {"method": "GET", "bindingVersion": "0.1.0"}},
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
            }
        },
        "operations": {
            "fromClient": _operation("receive", frames.CLIENT),
            "fromServer": _operation("send", frames.SERVER),
        },
        "components": {
            "messages": {
                model.__name__: {
                    "name": model.model_fields["type"].annotation.__args__[0],  # type: ignore[union-attr]  # a Literal of one value
                    "summary": (model.__doc__ or "").strip(),
                    "contentType": _CONTENT,
                    "payload": {"$ref": _SCHEMAS + model.__name__},
                }
                for model in (*frames.CLIENT, *frames.SERVER)
            },
            "schemas": schemas["$defs"],
        },
    }


def _operation(action: str, models: Sequence[type[BaseModel]]) -> dict[str, object]:
    return {
        "action": action,
        "channel": {"$ref": _CHANNEL},
        "messages": [{"$ref": f"{_CHANNEL}/messages/{model.__name__}"} for model in models],
    }
