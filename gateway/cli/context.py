"""What every command shares: where the deployment is, how a failure is said, how the database is opened."""

import os
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

if TYPE_CHECKING:  # a command's imports cost up to half a second: `tinbao --help` needs none of them
    from gateway.deployment import Deployment
    from gateway.settings import Settings
    from gateway.storage.database import Database

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Door:
    """The global options."""

    config_dir: Path
    json: bool


def fail(text: str, code: int = 1) -> NoReturn:
    """One sentence on stderr, and the exit code."""
    print(text, file=sys.stderr)
    raise SystemExit(code)


@contextmanager
def complain() -> Iterator[None]:
    """Turn the failures that people can mend into a sentence; a bug keeps its traceback."""
    try:
        yield
    except Exception as error:
        cause = _cause(error)
        if (code := _exit_code(cause)) is None:
            raise
        fail(str(cause), code)


def _cause(error: Exception) -> Exception:
    """What went wrong inside the task groups it came through."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _exit_code(error: Exception) -> int | None:
    name = type(error).__name__
    if name in ("BadSettings", "BadDeployment", "BadReply", "MissingKey", "WrongKey"):
        return 78
    if name in ("StorageDown", "Refusal", "BadText", "PortInUse", "BadArchive"):
        return 1
    return None


def run(main: Coroutine[Any, Any, T]) -> T:  # Any: what a coroutine yields is its loop's affair
    """Run `main` on uvloop where there is one."""
    import asyncio

    from gateway.process import work_hard

    work_hard()

    try:
        import uvloop
    except ImportError:
        return asyncio.run(main)
    return uvloop.run(main)


@dataclass(frozen=True, slots=True)
class Opened:
    """A deployment with its database."""

    settings: "Settings"
    deployment: "Deployment"
    database: "Database"


@asynccontextmanager
async def opened(door: Door) -> AsyncIterator[Opened]:
    """The deployment's settings, data and migrated database. Raises BadSettings, BadDeployment, MissingKey, WrongKey, StorageDown."""
    from gateway.deployment import load_deployment, shipped_deployment
    from gateway.keys import create_key_file, find_key
    from gateway.settings import load_settings
    from gateway.storage.database import open_database

    settings = load_settings(door.config_dir, os.environ)
    deployment = load_deployment(door.config_dir)
    shipped = door.config_dir.resolve() == shipped_deployment().resolve()
    if shipped and not os.environ.get("TINBAO_KEY") and not settings.key_file.exists() and not _database_file(settings.database):
        create_key_file(settings.key_file)  # the shipped example is for trying out: it makes its own key on its first start
    keyring = find_key(settings, os.environ)
    async with open_database(settings.database, keyring, migrate=True, operators=settings.operators) as database:
        yield Opened(settings, deployment, database)


def chosen_commune(it: Opened, code: str | None) -> str:
    """The commune that --commune names; the campaign's own, if it was left out."""
    if code is not None and code not in it.deployment.communes:
        fail(f"--commune: {code} is no commune of communes.csv; add its row there, or write its five-digit code", 2)
    return code or it.deployment.campaign.commune


def _database_file(url: str) -> bool:
    return not url.startswith("sqlite:///") or Path(url.removeprefix("sqlite:///")).exists()
