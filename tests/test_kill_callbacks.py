"""Kills of a real `tinbao serve` while calls to an outside system are due, on both engines: each arrives at least once, none is lost."""

import os
from pathlib import Path

import pytest

from gateway.services.callbacks import MOST_A_TARGET
from tests.chaos.arena import new_database
from tests.chaos.callbacks import run_round

KILLS = 5  # each engine


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_kill_9_leaves_nothing_untold(tmp_path: Path, engine: str) -> None:
    """The system says no, or hangs up, at one call in ten; what it heard before a kill it may hear again."""
    database = None
    if engine == "postgresql":
        database = await new_database(os.environ["TINBAO_TEST_PG"], f"told_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}")
    found = await run_round(tmp_path / "d", database, KILLS, seed=30)
    assert found.told >= 2 * found.accepted >= 2 * KILLS
    assert found.again <= found.noes + KILLS * 2 * MOST_A_TARGET, "more came twice than was under way, or back and not noted, at the kills"
