"""The script that makes a Space: its plan, and what it sends to the hub."""

import json
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from scripts import space
from standins.server import serve

KEY = "not-a-real-key"


class HubStandIn:
    """The requests of huggingface_hub that create a Space, set it up and upload small files."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []
        self.bodies: dict[str, list[Any]] = {}
        self.app = Starlette(routes=[Route("/{path:path}", self.answer, methods=["GET", "POST"])])

    async def answer(self, request: Request) -> Response:
        path, body = request.url.path, await request.body()
        self.seen.append((request.method, path))
        lines = [json.loads(line) for line in body.splitlines()] if body else []
        self.bodies.setdefault(path, []).extend(lines)
        if path == "/api/repos/create":
            return JSONResponse({"url": f"{request.base_url}spaces/owner/name"})
        if "/preupload/" in path:
            files = [
                {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False, "oid": None}
                for file in lines[0]["files"]
            ]
            return JSONResponse({"files": files})
        if "/tree/" in path:
            old = {"type": "file", "path": "gone.txt", "oid": "0" * 40, "size": 1}
            return JSONResponse([old])
        if "/commit/" in path:
            url = f"{request.base_url}spaces/owner/name/commit/{'1' * 40}"
            return JSONResponse({"commitOid": "1" * 40, "commitUrl": url, "success": True})
        if path.endswith("/variables"):
            return JSONResponse({})
        return JSONResponse({"sha": "2" * 40, "id": "owner/name"})


def test_a_dry_run_says_what_it_would_do_and_no_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COHERE_API_KEY", KEY)
    book = "BOOK_URL=https://book.example"
    told = ["owner/name", "--dry-run", "--secret", "COHERE_API_KEY", "--variable", book]
    assert space.main(told) == 0
    said = capsys.readouterr().out
    assert "secret COHERE_API_KEY" in said
    assert f"variable {book}" in said
    assert KEY not in said


@pytest.mark.parametrize(
    ("told", "complaint"),
    [
        (["owner/name", "--secret", "COHERE_KEY"], "COHERE_KEY is no setting"),
        (["owner/name", "--variable", "PORT=80"], "PORT is no setting"),
        (["owner/name", "--variable", "BOOK_URL"], "NAME=value"),
        (["owner/name", "--secret", "ADMIN_API_KEY"], "not set in the environment"),
        (["name"], "OWNER/NAME"),
    ],
)
def test_a_wrong_use_is_one_line(
    told: list[str],
    complaint: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("ADMIN_API_KEY", raising=False)
    assert space.main(told) == 1
    said = capsys.readouterr().err
    assert complaint in said
    assert said.count("\n") == 1


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_space_is_made_set_up_and_given_the_files_of_the_commit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    # A small commit in place of this repository's.
    monkeypatch.setattr(space, "_git", small_commit)
    wanted = space.Plan("owner/name", "abc", {"COHERE_API_KEY": KEY}, {"BOOK_URL": "/"}, False)
    hub = HubStandIn()
    with serve(hub.app) as url:
        assert space.carry_out(wanted, "hf_test", endpoint=url).endswith("/spaces/owner/name")
    created = hub.bodies["/api/repos/create"][0]
    assert (created["type"], created["sdk"]) == ("space", "docker")
    assert hub.bodies["/api/spaces/owner/name/secrets"][0]["value"] == KEY
    assert hub.bodies["/api/spaces/owner/name/variables"][0]["key"] == "BOOK_URL"
    (commit,) = [path for method, path in hub.seen if "/commit/" in path]
    sent = hub.bodies[commit]
    assert sent[0]["value"]["summary"] == "Book Chat at abc"
    files = {line["value"]["path"] for line in sent if line["key"] == "file"}
    assert files == {"README.md"}
    assert [line["value"]["path"] for line in sent if line["key"] == "deletedFile"] == ["gone.txt"]


def small_commit(*arguments: str) -> bytes:
    """What ``git archive`` would print."""
    import io
    import tarfile

    assert arguments == ("archive", "HEAD")
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        entry = tarfile.TarInfo("README.md")
        entry.size = 5
        tar.addfile(entry, io.BytesIO(b"hello"))
    return made.getvalue()
