"""Bring a database to this release's schema; Alembic, from code, wherever the program is started."""

from typing import Final

from sqlalchemy import Connection, NullPool, event, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

LOCK_ID: Final = 0x71BA0  # any constant of ours: two starting processes must not migrate at once
HEAD: Final = "0013"  # the newest of migrations/versions: finding nothing to do must not cost Alembic's half second


async def is_current(engine: AsyncEngine) -> bool:
    """Whether the database has this release's schema already."""
    try:
        async with engine.connect() as connection:
            return bool((await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar() == HEAD)
    except DBAPIError:
        return False  # no table, no file, no server: the migration says what is wrong


async def migrate_connection(url: URL) -> None:
    """Run every missing migration in one transaction, through an engine of its own.

    Foreign keys are off on it: Alembic's batch mode on a parent table would otherwise delete the children; they are checked at the end.
    """
    if url.get_backend_name() == "sqlite":
        engine = create_async_engine(
            f"sqlite+aiosqlite:///{url.database}",
            connect_args={"timeout": 30.0, "isolation_level": None},
            poolclass=NullPool,
            hide_parameters=True,
        )
        event.listen(engine.sync_engine, "connect", _wal)
        event.listen(engine.sync_engine, "begin", _immediate)
    else:
        engine = create_async_engine(url.set(drivername="postgresql+asyncpg"), poolclass=NullPool, hide_parameters=True)
    try:
        async with engine.begin() as connection:
            if url.get_backend_name() != "sqlite":
                await connection.execute(text("SELECT pg_advisory_xact_lock(:id)"), {"id": LOCK_ID})
            await connection.run_sync(upgrade)
    finally:
        await engine.dispose()


def _wal(connection, _record) -> None:  # type: ignore[no-untyped-def] # the driver's own connection
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA foreign_keys=OFF")


def _immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Alembic's upgrade to `revision` on an open transaction."""
    from alembic import command  # half a second to import: only where it runs
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "gateway.storage:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    if connection.dialect.name == "sqlite" and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()):
        raise RuntimeError(f"the migration would leave {len(broken)} rows without their parent")
