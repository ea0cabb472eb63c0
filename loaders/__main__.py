"""Indexes a book: ``python -m loaders [SOURCE ...]``."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from errors import BookChatError
from loaders.index.options import IndexOptions, IndexSummary
from loaders.index.sources import index_sources
from loaders.progress import ProgressDisplay, estimate
from settings import Settings, load_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 done, 1 a file had a problem under ``--strict``, 2 nothing was done."""
    options = _parser().parse_args(arguments)
    try:
        settings = load_settings()
        return asyncio.run(_run(options, settings))
    except BookChatError as error:
        print(f"error: {error.detail}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; the next run goes on from here", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m loaders", description="Index a book.")
    parser.add_argument(
        "source", nargs="*", help="book folder, file or site URL; default: BOOK_DIR"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="print what would change and be embedded"
    )
    parser.add_argument(
        "--rebuild", action="store_true", help="fill a new collection, then switch to it"
    )
    parser.add_argument(
        "--prune",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="remove chunks that the book no longer has",
    )
    parser.add_argument(
        "--rollback", action="store_true", help="serve the collection before the last switch again"
    )
    parser.add_argument("--strict", action="store_true", help="exit with 1 if a file had a problem")
    return parser


async def _run(options: argparse.Namespace, settings: Settings) -> int:
    # Loading vendor SDKs takes a second; --help should not.
    from providers.calibration import calibrator
    from providers.factory import open_stores
    from providers.models import build_models

    models = build_models(settings)
    try:
        async with open_stores(settings, models.embeddings) as (served, store):
            if options.rollback:
                print(f"serving {await store.rollback()} again")
                return 0
            how = IndexOptions(
                dry_run=options.dry_run,
                rebuild=options.rebuild,
                prune=options.prune,
                cache=settings.page_cache,
                calibrate=calibrator(served.nearest, models.embeddings),
            )
            with ProgressDisplay(models.embeddings.max_batch) as show:
                summary = await index_sources(
                    options.source or [settings.book_dir],
                    book_url=settings.book_url,
                    store=store,
                    embeddings=models.embeddings,
                    options=how,
                    progress=show,
                )
    finally:
        await models.aclose()
    print(describe(summary, models.embeddings.max_batch))
    return 1 if options.strict and summary.problems else 0


def describe(summary: IndexSummary, max_batch: int) -> str:
    """The summary for a terminal, one fact a line; problems by file first."""
    calls = f"{summary.embedding_calls}" + ("" if summary.billable else " (embedded model, free)")
    would = "would be " if summary.dry_run else ""
    lines = [f"problem: {problem}" for problem in summary.problems]
    lines += [
        f"documents: {summary.documents} ({summary.sections} sections)",
        f"chunks: {summary.chunks} ({would}added {summary.added}, {would}updated {summary.updated},"
        f" unchanged {summary.unchanged}, {would}removed {summary.removed})",
        f"embedding calls {'that would be made' if summary.dry_run else 'made'}: {calls}",
    ]
    if summary.dry_run:
        lines.append(
            "embedding would take: "
            + estimate(summary.to_embed, max_batch, billable=summary.billable)
        )
    else:
        lines.append(
            f"collection: {summary.collection}{' (now served)' if summary.switched else ''},"
            f" book version {summary.book_version}, {summary.seconds:.1f} s"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
