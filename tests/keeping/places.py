"""An installation with rows of every kind, a spool, attachments and a deployment's files: what tests of keeping begin with."""

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import func, select, text

from gateway.domain.wave import WaveState
from gateway.services.keeping.backup import Places
from gateway.storage.database import Database
from gateway.storage.schema import metadata
from gateway.storage.sealed_files import SealedFiles
from gateway.storage.spool import Spool
from tests.services.tip_rows import make_tip
from tests.services.wave_rows import make_wave

MTS = {"queued": 5, "claimed": 3, "sending": 2, "sent": 7, "delivered": 11, "failed": 1, "uncertain": 2}


def places(root: Path, url: str) -> Places:
    """A deployment in `root`, its data beside its files."""
    config = root / "deployment"
    (config / "templates").mkdir(parents=True, exist_ok=True)
    (config / "gateway.toml").write_text("[service]\n")
    (config / "templates" / "a.j2").write_text("Kính gửi")
    (config / "tinbao.key").write_text("never")
    (config / "var").mkdir(exist_ok=True)
    (config / "var" / "tinbao.key").write_text("never")
    var = config / "var"
    return Places(config, url, var / "spool", var / "attachments", var / "tinbao.key")


async def fill(database: Database, where: Places) -> None:
    """A running wave in every state, an approved one, tips, an attachment, a spooled call."""
    await make_wave(database, "tri-an", mts=MTS, state=WaveState.RUNNING)
    await make_wave(database, "mai", mts={"queued": 4}, state=WaveState.APPROVED)
    for at in range(3):
        await make_tip(database, f"mo bo doi {at}")
    Spool(where.spool, database.keyring).append("mo", {"text": "cho"})
    files = SealedFiles(where.attachments, database.keyring)
    files.append(b"u" * 18, 0, b"anh" * 1000)
    digest, _ = files.digest(b"u" * 18)
    files.settle(b"u" * 18, digest)


async def rows_of(database: Database) -> Mapping[str, int]:
    """Rows a table."""
    found = {}
    async with database.read() as connection:
        for table in metadata.sorted_tables:
            found[table.name] = await connection.scalar(select(func.count()).select_from(table))
    return found


async def states(database: Database) -> Mapping[str, int]:
    """MTs by state."""
    async with database.read() as connection:
        return {row[0]: row[1] for row in await connection.execute(text("SELECT state, count(*) FROM mt GROUP BY state"))}
