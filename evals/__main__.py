"""``python -m evals``: retrieval and answer quality on a question set."""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from bootstrap import open_book
from errors import BookChatError, RetryLater
from evals.askers import Asker, ChainAsker, ServerAsker
from evals.measures import Outcome, table
from evals.questions import FOLDER, EvalQuestion, load_questions
from evals.report import as_text, plot
from settings import load_settings


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 measured, 1 could not measure."""
    parser = argparse.ArgumentParser(prog="python -m evals", description=__doc__)
    parser.add_argument("--questions", type=Path, nargs="+", help="JSONL files")
    parser.add_argument("--split", choices=["dev", "test", "all"], default="all")
    parser.add_argument("--url", help="a running service; default: the chain in this process")
    parser.add_argument("--json", type=Path, help="write figures and every outcome here")
    parser.add_argument("--plot", type=Path, help="write a PNG here")
    options = parser.parse_args(argv)
    try:
        return asyncio.run(_run(options))
    except BookChatError as error:
        print(f"error: {error.detail}", file=sys.stderr)
        return 1


async def _run(options: argparse.Namespace) -> int:
    files = options.questions or sorted(FOLDER.glob("*.jsonl"))
    questions = load_questions(files, options.split)
    async with _asker(options.url) as asker:
        outcomes = [await ask(asker, question) for question in questions]
    rows = table(outcomes)
    print(as_text(rows))
    if options.json:
        report = {"figures": rows, "outcomes": [_record(o) for o in outcomes]}
        options.json.write_text(json.dumps(report, ensure_ascii=False, indent=1), "utf-8")
    if options.plot:
        plot(rows, options.plot)
    return 0


@asynccontextmanager
async def _asker(url: str | None) -> AsyncIterator[Asker]:
    if url:
        async with httpx.AsyncClient(base_url=url, timeout=60) as http:
            yield ServerAsker(http)
        return
    async with open_book(load_settings()) as book:
        yield ChainAsker(book.chain, book.retriever)


async def ask(asker: Asker, question: EvalQuestion) -> Outcome:
    """One question, asked again when the server limits questions."""
    while True:
        started = time.perf_counter()
        try:
            answer = await asker.answer(question.asked())
            seconds = time.perf_counter() - started
            ranked = list(answer.sources)
            if question.gold and not question.selected_text:
                ranked += await asker.search(answer.standalone_question)
            return Outcome(question, answer, ranked, seconds)
        except RetryLater as error:
            if error.code != "rate_limited":
                raise
            await asyncio.sleep(error.retry_after or 5)


def _record(outcome: Outcome) -> dict[str, object]:
    return {
        "id": outcome.question.id,
        "kind": outcome.question.kind,
        "split": outcome.question.split,
        "question": outcome.question.question,
        "holds_fact": outcome.holds_fact,
        "status": outcome.answer.status,
        "confidence": outcome.answer.confidence,
        "answer": outcome.answer.answer,
        "standalone_question": outcome.answer.standalone_question,
        "gold": [gold.key for gold in outcome.question.gold],
        "facts": outcome.question.facts,
        "ranked": [f"{s.path}#{s.heading}" for s in outcome.ranked],
        "seconds": outcome.seconds,
    }


if __name__ == "__main__":
    sys.exit(main())
