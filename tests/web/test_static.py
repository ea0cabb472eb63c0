"""How the page's files are served, and how much there is of them."""

import gzip
import re
from pathlib import Path

import httpx
import pytest

from tests.web.conftest import Site

WEB = Path(__file__).resolve().parent.parent.parent / "web"


def loaded(name: str) -> set[str]:
    """The module and all that it imports at once; what it imports on demand is left out."""
    found, new = set(), {name}
    while new:
        found |= new
        texts = [(WEB / one).read_text(encoding="utf-8") for one in new]
        new = {m for text in texts for m in re.findall(r'^import .*"\./(.+)";', text, re.M)} - found
    return found


def test_the_chats_scripts_weigh_less_than_60_kb_compressed() -> None:
    files = loaded("book-chat.js") | {"widget.js"}
    assert "markdown.js" in files
    assert sum(len(gzip.compress((WEB / one).read_bytes(), mtime=0)) for one in files) < 60_000


def test_no_file_makes_html_from_text_or_asks_another_server() -> None:
    for path in [*WEB.glob("*.js"), *WEB.glob("*.html"), *WEB.glob("*.css")]:
        code = re.sub(r"^\s*//.*$", "", path.read_text(encoding="utf-8"), flags=re.M)
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", code)
        addresses = set(re.findall(r"https?://[\w.-]+", code)) - {
            "http://www.w3.org",
            "https://your-server",
        }
        assert not addresses, path.name


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/widget.js", "text/javascript"),
        ("/web/book-chat.js", "text/javascript"),
        ("/web/book-chat.css", "text/css"),
        ("/web/icon.svg", "image/svg+xml"),
    ],
)
def test_files_have_their_types_and_are_revalidated(site: Site, path: str, kind: str) -> None:
    answer = httpx.get(site.url + path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-content-type-options"] == "nosniff"
    again = httpx.get(site.url + path, headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
    assert httpx.head(site.url + path).status_code == 200


def test_scripts_come_compressed_and_may_be_fetched_from_a_books_origin(site: Site) -> None:
    headers = {"origin": "https://book.example", "accept-encoding": "gzip"}
    answer = httpx.get(f"{site.url}/web/book-chat.js", headers=headers)
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize(
    "path",
    ["/web/../api/app.py", "/web/%2e%2e/settings.py", "/web/..%2fsettings.py", "/web/", "/web/no"],
)
def test_nothing_outside_the_folder_is_served(site: Site, path: str) -> None:
    with httpx.Client() as client:
        url = httpx.URL(site.url).copy_with(raw_path=path.encode())
        answer = client.get(url)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_page_may_run_its_own_files_only(site: Site) -> None:
    policy = httpx.get(site.url).headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy
    for path in ("/chat/playground/", "/docs"):
        assert "content-security-policy" in httpx.get(site.url + path).headers


class TestWithAllowedOrigins:
    @pytest.fixture
    def overrides(self) -> dict[str, list[str]]:
        return {"allowed_origins": ["https://book.example"]}

    def test_only_they_may_frame_the_page(self, site: Site) -> None:
        policy = httpx.get(site.url).headers["content-security-policy"]
        assert "frame-ancestors 'self' https://book.example;" in policy


def test_every_language_says_the_same_things() -> None:
    text = (WEB / "words.js").read_text(encoding="utf-8")
    english, urdu = (
        re.findall(r"^\s+(\w+):", text[text.index(start) : text.index(end)], flags=re.M)
        for start, end in (("const en", "const ur"), ("const ur", "const LANGUAGES"))
    )
    assert english == urdu
