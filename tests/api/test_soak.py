"""The short form of ``python -m benchmarks.soak``."""

from pathlib import Path

import pytest

from benchmarks.soak import soak


@pytest.mark.slow
async def test_restless_readers_visitors_of_every_door_a_failing_provider_and_two_restarts(
    tmp_path: Path,
) -> None:
    report = await soak(15, 12, tmp_path, visitors=24)
    assert report.problems == []
    assert report.outcomes["answered"] > 0
    assert report.outcomes["degraded"] > 0
    assert report.turns > 0
    assert report.provider_failures > 0
