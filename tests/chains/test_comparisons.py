"""Questions that compare two things, each of which has a page of its own."""

from chains.evidence.retriever import BookRetriever
from tests.fakes import MemoryStore, chunk

BOTH = chunk("A node and a robot: difference after difference between them.", "Odds and ends")
NODE = chunk("A node is a program of the graph.", "Node")
ROBOT = chunk("A robot is a machine that acts.", "Robot")
OTHERS = [
    chunk(f"The difference between tick {n} and tick {n} of a node.", f"Tick {n}") for n in range(9)
]


async def headings(question: str) -> tuple[list[str], list[str]]:
    store = MemoryStore([BOTH, *OTHERS, NODE, ROBOT])
    found = await BookRetriever(store=store).ainvoke(question)
    return [p.metadata["heading"] for p in found], store.searches


async def test_each_side_of_a_comparison_is_found_by_its_name() -> None:
    found, searches = await headings("difference between a node and a robot")
    assert found[:3] == ["Odds and ends", "Node", "Robot"]
    assert len(searches) == 3


async def test_a_side_that_the_book_does_not_name_adds_nothing() -> None:
    found, _ = await headings("difference between a node and a banana")
    assert found[1] == "Node"
    assert "Robot" not in found


async def test_a_page_on_both_needs_no_second_search() -> None:
    store = MemoryStore([chunk("Both are useful.", "Node or robot"), NODE, ROBOT])
    found = await BookRetriever(store=store).ainvoke("node vs robot")
    assert found[0].metadata["heading"] == "Node or robot"
    assert store.searches == ["node vs robot"]
