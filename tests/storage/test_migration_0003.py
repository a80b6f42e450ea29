"""What a database of the release before held is still there, and means the same, after the migration to receiving at full strength."""

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from gateway.storage.migrate import upgrade

LATE = 1_795_107_599_000  # 2026-11-19 23:59:59 in Viet Nam, still the 19th by UTC
ROWS = (
    (
        "INSERT INTO mo (id, route, channel, content_key, bidx, sender, receiver, text, received_at, state, action) "
        "VALUES (7, 'r', 'sms', :b, :b, :b, '8088', :b, 1, 'done', 'tip'), (8, 'r', 'sms', :b, :b, :b, '8088', :b, 1, 'done', 'unknown')"
    ),
    (
        "INSERT INTO tip (id, code, commune, mo, channel, bidx, sender, text, state, received_at) "
        "VALUES (3, '7K3M9P', '06577', 7, 'sms', :b, :b, :b, 'new', 1)"
    ),
    (
        "INSERT INTO scan (village, placement, at) VALUES ('TN07', 'TN0705X', :late), ('TN07', 'TN0705X', :late + 1000), "
        "('TN07', NULL, :late), ('TN07', NULL, :late - 60000)"
    ),
)


def _config(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", "gateway.storage:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


@pytest.fixture
async def engine(engine_name: str, tmp_path: Path, postgres_url: str):
    """An empty database, on PostgreSQL a schema of its own."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'old.db'}" if engine_name == "sqlite" else postgres_url.replace("//", "+asyncpg//", 1)
    made: AsyncEngine = create_async_engine(url.replace("postgresql:+asyncpg", "postgresql+asyncpg:"))
    yield made
    await made.dispose()


async def test_what_was_stored_before_is_kept(engine: AsyncEngine) -> None:
    """Visits are counted by their local day, a tip's MO names it, and old tips wait to be compared."""
    async with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            await connection.execute(text("CREATE SCHEMA old"))
            await connection.execute(text("SET search_path TO old"))
        await connection.run_sync(_config, "0002")
        for row in ROWS:
            known = {name: value for name, value in {"b": b"x", "late": LATE}.items() if f":{name}" in row}
            await connection.execute(text(row), known)
        await connection.run_sync(upgrade)
        counts = (await connection.execute(text("SELECT placement, day, count FROM scan_count ORDER BY placement, day"))).all()
        assert [tuple(row) for row in counts] == [("", 20261119, 2), ("TN0705X", 20261119, 1), ("TN0705X", 20261120, 1)]
        assert [tuple(row) for row in await connection.execute(text("SELECT id, tip FROM mo ORDER BY id"))] == [(7, 3), (8, None)]
        tip = (await connection.execute(text("SELECT language, may_call, linked_at FROM tip"))).one()
        assert tuple(tip) == ("vi", None, None)
        await connection.rollback()
