"""The book for agents: llms.txt, pages as Markdown and as HTML, and citations that open."""

import re
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from api.book_pages.html import page_html
from api.book_pages.markdown import markdown_of
from api.book_pages.pages import BookPages
from tests.api.conftest import QUESTION, Served
from tests.fakes import MemoryStore, chunk

PAGE = "/pages/module-1/ros"


def test_llms_txt_links_every_page_as_markdown_that_answers(served: Served) -> None:
    text = served.http.get("/llms.txt").text
    assert text.startswith("# ROS 2\n\n> 1 pages. ")
    links = re.findall(r"\]\((\S+)\)", text)
    assert links == [f"{served.url}{PAGE}.md"]
    response = served.http.get(links[0])
    assert response.headers["content-type"] == "text/markdown; charset=utf-8"
    assert response.text == (
        "# ROS 2\n\n## What ROS 2 is\n\nROS 2 is middleware that connects the programs of a robot."
        "\n\n## Balance\n\nThe balance controller of the humanoid runs at 1000 Hz.\n"
    )
    assert served.http.get("/llms-full.txt").text == response.text + "\n"


def test_links_begin_with_https_behind_a_proxy_that_speaks_it(served: Served) -> None:
    headers = {"Host": "book.example", "X-Forwarded-Proto": "https"}
    assert "(https://book.example/pages/" in served.http.get("/llms.txt", headers=headers).text


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/markdown", "text/markdown"),
        ("text/markdown, text/html;q=0.5", "text/markdown"),
        ("text/plain", "text/markdown"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("*/*", "text/html"),
        ("", "text/html"),
    ],
)
def test_a_page_comes_as_its_reader_wants_it(served: Served, accept: str, kind: str) -> None:
    response = served.http.get(PAGE, headers={"Accept": accept})
    assert response.headers["content-type"] == f"{kind}; charset=utf-8"
    assert "Accept" in response.headers["vary"]


@pytest.mark.parametrize("path", ["module-1/ros.md", "docs/module-1/ros.md", "module-1/ros/"])
def test_a_page_goes_by_its_file_or_by_its_published_path(served: Served, path: str) -> None:
    assert served.http.get(f"/pages/{path}").status_code == 200


def test_a_page_that_the_book_does_not_have_is_not_found(served: Served) -> None:
    for path in ("nowhere", "../settings.py", "%2e%2e%2fsettings.py", "module-1", "a" * 3000):
        response = served.http.get(f"/pages/{path}")
        assert response.status_code == 404, path
        assert response.json()["code"] == "not_found"


def test_every_source_of_an_answer_opens_its_heading_here_without_a_book_url(
    served: Served,
) -> None:
    answer = served.http.post("/chat/invoke", json={"input": {"question": QUESTION}}).json()
    for source in answer["output"]["sources"]:
        assert source["url"].startswith("/pages/")
        page = served.http.get(source["url"])
        assert page.status_code == 200
        assert f'id="{unquote(urlsplit(source["url"]).fragment)}"' in page.text


def test_a_source_that_is_published_keeps_its_address(served: Served) -> None:
    for one in served.store.chunks:
        one.metadata["url"] = "https://book.example" + one.metadata["url"]
    sources = served.http.get("/search", params={"q": QUESTION}).json()["sources"]
    assert sources[0]["url"].startswith("https://book.example/docs/")


def test_a_version_that_a_client_has_is_not_sent_again(served: Served) -> None:
    for path in ("/llms.txt", "/llms-full.txt", PAGE, f"{PAGE}.md"):
        tag = served.http.get(path).headers["etag"]
        assert served.http.get(path, headers={"If-None-Match": tag}).status_code == 304
        served.store.version = "v2"
        assert served.http.get(path, headers={"If-None-Match": tag}).status_code == 200
        served.store.version = "v1"


def test_a_new_version_of_the_book_is_shown_at_once(served: Served) -> None:
    assert "1000 Hz" in served.http.get(f"{PAGE}.md").text
    served.store.chunks[1] = chunk("It runs at 2000 Hz.", "Balance")
    served.store.version = "v2"
    assert "2000 Hz" in served.http.get(f"{PAGE}.md").text


def test_a_book_that_is_not_indexed_says_so(served: Served) -> None:
    served.store.version = None
    for path in ("/llms.txt", "/llms-full.txt", PAGE, "/pages/"):
        assert served.http.get(path).json()["code"] == "retrieval_unavailable"


def test_what_a_page_loads_is_there(served: Served) -> None:
    page = served.http.get(PAGE)
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    for address in re.findall(r'(?:src|href)="(\.\./[^"]*)"', page.text):
        assert served.http.get(f"{PAGE}/../{address}").status_code == 200, address
    listed = served.http.get("/pages/")
    assert 'href="../pages/module-1/ros"' in listed.text


HOSTILE = """<script>alert(1)</script> <img src=x onerror=alert(1)>

[click](javascript:alert(1)) [fine](https://ros.org "title") ![](https://tracker.example/a.png)

Speed is $v < c</code><script>alert(2)</script>$ and costs $5 or $10.

| a | b |
|:-:|---|
| 1 | `x < y` |
"""


async def html_of(chunks: list[Any]) -> str:
    pages = BookPages(MemoryStore(chunks))
    contents = await pages.contents()
    return page_html(contents.pages[0], await pages.chunks(contents.pages[0]), contents, "../../")


async def test_nothing_in_a_book_becomes_code_of_the_page() -> None:
    page = await html_of([chunk(HOSTILE, 'A "quoted" <b>heading</b>')])
    body = page.partition("<body>")[2]
    assert "<script" not in body
    assert "<img" not in body
    assert "<b>" not in body
    assert 'href="javascript' not in page
    assert '<a href="https://ros.org" rel="noopener noreferrer">fine</a>' in page
    assert '<td style="text-align:center">1</td>' in page
    assert page.count('class="math inline"') == 1
    assert "costs $5 or $10." in page


async def test_headings_without_text_are_shown_above_those_below_them() -> None:
    first, second = chunk("One.", "Deep"), chunk("Two.", "Other", index=1)
    first.metadata["breadcrumb"] = ["Part", "ROS 2", "Tools", "Deep"]
    second.metadata["breadcrumb"] = ["Part", "ROS 2", "Tools", "Other"]
    assert markdown_of("ROS 2", [first, second]) == (
        "# ROS 2\n\n## Tools\n\n### Deep\n\nOne.\n\n### Other\n\nTwo.\n"
    )


async def test_what_the_splitter_cut_is_whole_again() -> None:
    def pieces(*texts: str) -> list[Any]:
        return [chunk(text, "H", index=i) for i, text in enumerate(texts)]

    code = pieces("Run:\n\n```bash\none\n```", "```bash\ntwo\n```", "Then stop.")
    assert markdown_of("ROS 2", code) == (
        "# ROS 2\n\n## H\n\nRun:\n\n```bash\none\n\ntwo\n```\n\nThen stop.\n"
    )
    table = pieces("| a |\n|---|\n| 1 |", "| a |\n|---|\n| 2 |")
    assert markdown_of("ROS 2", table) == "# ROS 2\n\n## H\n\n| a |\n|---|\n| 1 |\n| 2 |\n"
