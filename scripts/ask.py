"""One question, one answer: ``python -m scripts.ask QUESTION``. Needs no server."""

import asyncio
import sys

from bootstrap import open_book
from errors import BookChatError
from schema import Answer
from settings import load_settings


def ask(question: str) -> int:
    """Prints the answer with its sources; exit status 1 when there is none to print."""
    try:
        answer = asyncio.run(_answer(question))
    except BookChatError as error:
        sys.stderr.write(f"error: {error.detail}\n")
        return 1
    sources = [f"  {' > '.join(s.breadcrumb)}  {s.url}" for s in answer.sources[:3]]
    sys.stdout.write("\n".join([answer.answer, *(["", "Sources:"] if sources else []), *sources]))
    sys.stdout.write("\n")
    return 0


async def _answer(question: str) -> Answer:
    async with open_book(load_settings()) as book:
        return Answer.model_validate(await book.chain.ainvoke(question))


if __name__ == "__main__":
    sys.exit(ask(" ".join(sys.argv[1:])))
