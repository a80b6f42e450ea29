"""A deployment of a test's own with rows in its database, for commands that run in this process."""

import asyncio
from base64 import b64encode
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest

from gateway.settings import load_settings
from gateway.storage.database import Database, open_database
from gateway.storage.seal import Keyring
from gateway.storage.waves import Wave
from tests.conftest import TEST_KEY
from tests.harness import deployment, route
from tests.services.wave_rows import make_wave

T = TypeVar("T")
ROUTE = route("gia-lap", "kannel", "http://127.0.0.1:9/cgi-bin/sendsms", tps=100, price_vnd=300)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The deployment; the test's environment holds its key."""
    monkeypatch.setenv("TINBAO_KEY", b64encode(TEST_KEY).decode())
    return deployment(tmp_path / "d", routes=ROUTE).folder


def within(folder: Path, work: Callable[[Database], Coroutine[Any, Any, T]]) -> T:
    """Do `work` on the deployment's database."""

    async def main() -> T:
        url = load_settings(folder, {}).database
        async with open_database(url, Keyring.of(TEST_KEY), migrate=True) as database:
            return await work(database)

    return asyncio.run(main())


def made(folder: Path, name: str = "w", **changes) -> Wave:
    return within(folder, partial(make_wave, name=name, **changes))
