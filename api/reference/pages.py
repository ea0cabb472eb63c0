"""``/docs``: Swagger UI from an installed package, so that it needs no other host."""

import base64
import hashlib
import re
from pathlib import Path
from typing import Final

import fastapi_offline
from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

_FILES: Final = Path(fastapi_offline.__file__).parent / "static"
_INLINE: Final = re.compile(r"<script>([^<]*+(?:<(?!/?script>)[^<]*+)*+)</script>")


def install(app: FastAPI) -> None:
    """Adds the page and its files to ``app``, whose own ``docs_url`` must be off."""
    files = StaticFiles(directory=_FILES)

    @app.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> Response:
        root = request.scope.get("root_path", "")
        page = get_swagger_ui_html(
            openapi_url=f"{root}{app.openapi_url}",
            title=f"{app.title}: API",
            swagger_js_url=f"{root}/docs/files/swagger-ui-bundle.js",
            swagger_css_url=f"{root}/docs/files/swagger-ui.css",
            swagger_favicon_url=f"{root}/web/icon.svg",
        )
        page.headers["Content-Security-Policy"] = _policy(bytes(page.body).decode())
        return page

    app.mount("/docs/files", files)


def _policy(page: str) -> str:
    """Its one inline script runs by its hash; Swagger UI sets styles of its own."""
    hashes = (hashlib.sha256(script.encode()).digest() for script in _INLINE.findall(page))
    scripts = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in hashes)
    return (
        f"default-src 'none'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
