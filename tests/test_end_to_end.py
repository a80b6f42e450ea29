"""The story on both engines and in both carriers' dialects, through the fake telco."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from gateway.simulator.telco import Hook, telco
from tests.harness import deployment, route
from tests.story import ROUTE, TelcoHandsets, story


@pytest.fixture
async def own_postgres(tmp_path: Path) -> AsyncIterator[str]:
    """A new database on the run's server: `tinbao` is another process, and shares with nobody."""
    url = make_url(os.environ["TINBAO_TEST_PG"])
    name = f"story_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    engine = create_async_engine(url.set(drivername="postgresql+asyncpg"), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
        yield url.set(database=name).render_as_string(hide_password=False)
        await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    await engine.dispose()


async def _told(folder: Path, carrier: str, path: str, database: str | None = None) -> None:
    async with telco() as there:
        gateway = deployment(folder, routes=route(ROUTE, carrier, there.url + path), database=database)
        there.hook = Hook(f"{gateway.url}/hooks/{ROUTE}/mo?secret=s3cret", "kannel" if carrier == "kannel" else "simulator")
        await story(gateway, TelcoHandsets(there))
        await there.quiet()
        assert there.counted()["twice"] == 0


async def test_the_story_on_sqlite(tmp_path: Path) -> None:
    """The embedded default, Kannel's dialect."""
    await _told(tmp_path / "d", "kannel", "/cgi-bin/sendsms")


async def test_the_story_on_postgresql(tmp_path: Path, own_postgres: str) -> None:
    """The province's engine, the simulator's dialect with batches."""
    await _told(tmp_path / "d", "simulator", "/sms", own_postgres)
