"""``/search`` for a search box: while a reader types, and in the shape that DocSearch draws."""

from typing import Any

import pytest

from errors import RetryLater
from tests.api.conftest import Served
from tests.fakes import chunk


def found(served: Served, query: str, **parameters: Any) -> Any:
    parameters = {"q": query, "mode": "typing", **parameters}
    response = served.http.get("/search", params=parameters)
    assert response.status_code == 200, response.text
    return response.json()


def hits(served: Served, query: str, **parameters: Any) -> list[dict[str, Any]]:
    answer = found(served, query, format="docsearch", **parameters)
    assert answer["nbHits"] == len(answer["hits"])
    assert answer["query"] == query
    return list(answer["hits"])


@pytest.mark.parametrize("query", ["midd", "middleware", "midleware ", "midlew", "the middlewa"])
def test_unfinished_and_misspelt_words_find_their_section(served: Served, query: str) -> None:
    assert found(served, query)["sources"][0]["heading"] == "What ROS 2 is"


def test_typing_embeds_nothing(served: Served) -> None:
    served.store.fails["embedding"] = RetryLater("Away.")
    assert found(served, "balan")["sources"][0]["heading"] == "Balance"
    assert "degraded" not in served.http.get("/metrics").text


def test_a_heading_that_says_it_goes_before_a_text_that_mentions_it(served: Served) -> None:
    long = "The gait of the humanoid keeps the balance of its trunk. " * 3
    served.store.chunks.insert(0, chunk(long, "Gait", path="module-1/gait.md"))
    served.store.version = "v2"
    assert found(served, "balanc")["sources"][0]["heading"] == "Balance"


def test_hits_have_what_docsearch_draws(served: Served) -> None:
    (hit,) = hits(served, "middleware rob")[:1]
    assert hit["url"] == f"{served.url}/pages/docs/module-1/ros#what-ros-2-is"
    assert hit["url_without_anchor"] == f"{served.url}/pages/docs/module-1/ros"
    assert hit["anchor"] == "what-ros-2-is"
    assert hit["type"] == "content"
    assert hit["hierarchy"]["lvl1"] == "ROS 2"
    assert hit["hierarchy"]["lvl2"] == "What ROS 2 is"
    assert hit["hierarchy"]["lvl6"] is None
    snippet = hit["_snippetResult"]["content"]["value"]
    assert "<mark>middleware</mark>" in snippet
    assert "<mark>robot</mark>" in snippet
    assert served.http.get(hit["url"]).status_code == 200


def test_a_hit_whose_heading_was_typed_is_that_heading(served: Served) -> None:
    (hit,) = hits(served, "balance")[:1]
    assert hit["type"] == "lvl2"
    assert hit["content"] is None
    assert hit["_highlightResult"]["hierarchy"]["lvl2"]["value"] == "<mark>Balance</mark>"


def test_nothing_of_the_book_or_of_the_query_becomes_html(served: Served) -> None:
    bad = '<img src=x onerror="alert(1)"> & <script>evil</script> widgets'
    served.store.chunks.insert(0, chunk(bad, "<b>Widgets</b>", path="module-1/w.md"))
    served.store.version = "v2"
    for hit in hits(served, "widgets <img>"):
        shown = hit["_snippetResult"]
        values = [shown["content"]["value"], *(v["value"] for v in shown["hierarchy"].values())]
        for value in values:
            assert "<" not in value.replace("<mark>", "").replace("</mark>", "")


def test_a_reader_who_pauses_gets_vectors_in_the_same_shape(served: Served) -> None:
    (hit,) = hits(served, "programs of a robot", mode="full", k=1)
    assert hit["hierarchy"]["lvl2"] == "What ROS 2 is"


@pytest.mark.parametrize("query", ["%%%", "؟", "a", "x" * 2000, "ros " * 400])
def test_any_typing_is_answered(served: Served, query: str) -> None:
    assert isinstance(hits(served, query), list)


def test_unknown_modes_and_formats_are_refused(served: Served) -> None:
    for extra in ({"mode": "psychic"}, {"format": "xml"}):
        assert served.http.get("/search", params={"q": "robot", **extra}).status_code == 422


class TestWithLimits:
    @pytest.fixture
    def overrides(self) -> dict[str, Any]:
        return {"rate_limit": "2/minute"}

    def test_typing_has_a_wider_limit_of_its_own(self, served: Served) -> None:
        status = [
            served.http.get("/search", params={"q": "robot", "mode": "typing"}).status_code
            for _ in range(45)
        ]
        assert status == [200] * 40 + [429] * 5
        assert served.http.get("/search", params={"q": "robot"}).status_code == 200
