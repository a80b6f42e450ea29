"""An installation with a keyring of its own: the suite's shared one must not learn this database's data keys."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.services.keeping.backup import Places
from gateway.storage.database import Database, open_database
from gateway.storage.seal import Keyring
from tests.conftest import TEST_KEY
from tests.keeping.places import places


@pytest.fixture
def own_keyring() -> Keyring:
    return Keyring.of(TEST_KEY)


@pytest.fixture
async def own(database_url: str, own_keyring: Keyring) -> AsyncIterator[Database]:
    async with open_database(database_url, own_keyring) as opened:
        yield opened


@pytest.fixture
def where(tmp_path: Path, database_url: str) -> Places:
    return places(tmp_path, database_url)
