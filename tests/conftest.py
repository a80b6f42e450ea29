"""One PostgreSQL a run, one database a worker; every storage test runs on both engines."""

import asyncio
import os
import shutil
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from subprocess import Popen

import pytest
from hypothesis import settings as hypothesis_settings
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from gateway.storage.database import Database, open_database
from gateway.storage.schema import metadata
from gateway.storage.seal import Keyring
from tests import postgres

# No deadline: a busy machine is no failure. The judge draws the same examples each time, a developer's run new ones.
hypothesis_settings.register_profile("tinbao", deadline=None, derandomize="CI" in os.environ)
hypothesis_settings.load_profile("tinbao")

TEST_KEY = bytes(range(32))
_server: Popen[bytes] | None = None


def pytest_configure(config: pytest.Config) -> None:
    global _server  # one server a run, owned by the controller
    if hasattr(config, "workerinput"):
        os.environ["TINBAO_TEST_PG"] = config.workerinput["pg_url"]
    elif not config.option.collectonly:
        os.environ["TINBAO_TEST_PG"], _server = postgres.start()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    node.workerinput["pg_url"] = os.environ["TINBAO_TEST_PG"]


def pytest_unconfigure(config: pytest.Config) -> None:
    if _server is not None:
        postgres.stop(_server)
    # An aiosqlite connection left open keeps its thread, and pytest would never exit: name it and go.
    left = [
        t.name
        for t in threading.enumerate()
        if t is not threading.main_thread() and not t.daemon and t.is_alive() and "aiosqlite" in repr(t)
    ]
    if left:
        print("threads left over:", left, file=sys.stderr)


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> dict[str, object]:
    """Everything runs on the loop of production."""
    if sys.platform == "win32":
        return {"asyncio": asyncio.new_event_loop}
    import uvloop  # not on Windows

    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session")
def keyring() -> Keyring:
    return Keyring.of(TEST_KEY)


@pytest.fixture(scope="session")
async def postgres_url() -> str:
    """A database of this worker's own on the run's server."""
    url = make_url(os.environ["TINBAO_TEST_PG"])
    name = f"tinbao_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    engine = create_async_engine(url.set(drivername="postgresql+asyncpg"), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        await connection.execute(text(f"CREATE DATABASE {name}"))
    await engine.dispose()
    return url.set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
async def sqlite_template(tmp_path_factory: pytest.TempPathFactory, keyring: Keyring) -> Path:
    """A migrated, empty SQLite file to copy: a test's own database in a few milliseconds."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    async with open_database(f"sqlite:///{path}", keyring, migrate=True):
        pass
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def engine_name(request: pytest.FixtureRequest) -> Iterator[str]:
    return request.param


@pytest.fixture
async def database_url(engine_name: str, sqlite_template: Path, postgres_url: str, tmp_path: Path, keyring: Keyring) -> str:
    """A fresh, migrated database on either engine."""
    if engine_name == "sqlite":
        path = tmp_path / "tinbao.db"
        shutil.copy(sqlite_template, path)
        return f"sqlite:///{path}"
    async with open_database(postgres_url, keyring, migrate=True) as opened:
        await opened.write(_empty)
    return postgres_url


async def _empty(connection) -> None:
    for table in reversed(metadata.sorted_tables):
        if table.name != "setting":
            await connection.execute(table.delete())
    await connection.execute(text("DELETE FROM setting WHERE name = 'audit_head'"))


@pytest.fixture
async def database(database_url: str, keyring: Keyring) -> AsyncIterator[Database]:
    async with open_database(database_url, keyring) as opened:
        yield opened


@pytest.fixture
def free_port() -> Iterator[int]:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with suppress(OSError):
        yield port
