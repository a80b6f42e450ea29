"""The file of data keys that belongs to all backups of an installation, and lies beside them, never in one (ADR 0029).

It is written anew, whole, whenever a backup is made or a key destroyed: a backup opens only with one of these files at hand, and the
newest lacks what was destroyed. Sealed like a backup, by a key that comes from the master key.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from gateway.services.refusal import Refusal
from gateway.storage.archive import ArchiveReader, ArchiveWriter, BadArchive, Member, new_file
from gateway.storage.data_keys import DataKey
from gateway.storage.seal import Keyring

NAME: Final = "tinbao-keys.sealed"
_MEMBER: Final = Member("keys", "data_key")


def write_key_file(folder: Path, keyring: Keyring, keys: Sequence[DataKey], schema: str, now: int) -> Path:
    """Write the file of `keys` into `folder`, over the one that is there. Raises OSError."""
    path = folder / NAME
    rows = [{name: _text(getattr(each, name)) for name in DataKey.__slots__} for each in keys]
    with new_file(path, replace=True) as file:
        writer = ArchiveWriter(file, keyring, schema, now)
        writer.begin(_MEMBER)
        writer.data(json.dumps(rows).encode())
        writer.end()
        writer.close({"keys": len(rows)})
    return path


def read_key_file(path: Path, keyring: Keyring) -> list[DataKey]:
    """The keys of a file. Raises Refusal, BadArchive, WrongKey."""
    try:
        with path.open("rb") as file:
            blocks = [block.data for block in ArchiveReader(file, keyring).blocks() if block.member.kind == "keys" and block.data]
        rows = json.loads(b"".join(blocks))
    except OSError as why:
        remedy = f"It lies beside the backups as {NAME}; name it with --keys"
        raise Refusal(f"The file of data keys {path} can't be read: {why.strerror}. {remedy}") from None
    except ValueError:
        raise BadArchive(f"{path} holds no data keys. Take the {NAME} that the last backup wrote") from None
    return [replace(DataKey(**row), wrapped=bytes.fromhex(row["wrapped"]) if row["wrapped"] else None) for row in rows]


def _text(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value


def keys_beside(backup: Path, named: Path | None) -> Path:
    """Where the data keys of `backup` are looked for: where somebody said, else beside it."""
    if named is None:
        return backup.parent / NAME
    return named / NAME if os.path.isdir(named) else named
