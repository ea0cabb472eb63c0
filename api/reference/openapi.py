"""What FastAPI cannot see for itself: bodies that a route reads, and problem documents."""

from typing import Any, Final

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.problems import MEDIA_TYPE, Problem

_REFERENCE: Final = "#/components/schemas/{model}"

PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    "default": {
        "description": "A problem document",
        "content": {MEDIA_TYPE: {"schema": {"$ref": _REFERENCE.format(model="Problem")}}},
    }
}
"""What every operation may answer instead."""


def body(model: type[BaseModel]) -> dict[str, Any]:
    """``openapi_extra`` of a route that reads ``model`` itself."""
    schema = {"$ref": _REFERENCE.format(model=model.__name__)}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def answers(media_type: str) -> dict[int | str, dict[str, Any]]:
    """``responses`` of a route that answers with this type, besides what else it has."""
    return {200: {"content": {media_type: {}}}}


def errors(description: str) -> dict[int | str, dict[str, Any]]:
    """``responses`` of a protocol whose errors are JSON objects of its own shape."""
    shared = PROBLEMS["default"]["content"]
    return {"default": {"description": description, "content": {**shared, "application/json": {}}}}


def install(app: FastAPI, *models: type[BaseModel]) -> None:
    """Adds the schemas of ``models`` and all that they refer to."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            known = made()["components"]["schemas"]
            pairs = [(model, "validation") for model in (*models, Problem)]
            _, found = models_json_schema(pairs, ref_template=_REFERENCE)  # type: ignore[arg-type]  # its pairs are invariant
            known.update({k: v for k, v in found["$defs"].items() if k not in known})
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to replace it
