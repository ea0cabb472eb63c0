"""Qdrant, as a server or in this process.

qdrant-client builds its 350 models while it is imported, a tenth of a start of the service. Here
that is left to pydantic, which builds a model when it is first used.
"""

from typing import Any, Final

from pydantic import BaseModel

_METHOD: Final = "model_rebuild"
_built_in = BaseModel.__dict__[_METHOD]


def _later(cls: type[BaseModel], /, **_: Any) -> None:
    """Leaves a model as it is."""


setattr(BaseModel, _METHOD, classmethod(_later))
try:
    import qdrant_client  # noqa: F401 - imported here first, so that every other import finds it so
finally:
    setattr(BaseModel, _METHOD, _built_in)
