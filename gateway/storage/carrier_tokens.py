"""Tokens of carriers whose account is a pair that must be renewed, and the lease that lets one process at a time spend a refresh token.

`renewed_at` is the version: who writes says which one it goes on from, so that a process that slept through its lease overwrites nothing.
All times are the database's clock, UTC epoch ms.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Update, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import carrier_token
from gateway.storage.seal import Keyring, Unsealable, WrongKey

RESCUE: Final = "carrier_token.rescue"


@dataclass(frozen=True, slots=True)
class TokenRow:
    """What is known of a route's tokens. `access` may be "": none yet; `lease_until`: nobody else may spend `refresh` before."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: int
    renewed_at: int
    lease_until: int = 0


_ROW: Final = select(
    carrier_token.c.access, carrier_token.c.refresh, carrier_token.c.expires_at, carrier_token.c.renewed_at, carrier_token.c.lease_until
).where(carrier_token.c.route == bindparam("route_"))
_FIRST: Final = upsert(carrier_token).on_conflict_do_nothing(index_elements=["route"])


def _onward() -> Update:
    """From the version that was seen, and no other."""
    return update(carrier_token).where(carrier_token.c.route == bindparam("route_"), carrier_token.c.renewed_at == bindparam("seen_"))


_LEASE: Final = (
    _onward().where(carrier_token.c.lease_until <= bindparam("now_")).values(refresh=bindparam("refresh_"), lease_until=bindparam("until_"))
)
_NOTE: Final = _onward().values(refresh=bindparam("refresh_"), lease_until=bindparam("until_"))
_RENEW: Final = _onward().values(
    access=bindparam("access_"),
    refresh=bindparam("refresh_"),
    expires_at=bindparam("expires_"),
    renewed_at=bindparam("at_"),
    lease_until=0,
)


async def token_row(connection: AsyncConnection, route: str) -> TokenRow | None:
    """The row of `route`; None: no token was ever given."""
    row = (await connection.execute(_ROW, {"route_": route})).one_or_none()
    return None if row is None else TokenRow(*row)


async def first(connection: AsyncConnection, route: str, refresh: str) -> None:
    """The first refresh token of a route; nothing, where there is one."""
    await connection.execute(_FIRST, {"route": route, "access": "", "refresh": refresh, "expires_at": 0, "renewed_at": 0})


async def lease(connection: AsyncConnection, route: str, seen: int, refresh: str, now: int, until: int) -> bool:
    """Be the one who spends the refresh token of version `seen`, till `until`. False: another process is, or the version is old."""
    values = {"route_": route, "seen_": seen, "refresh_": refresh, "now_": now, "until_": until}
    return (await connection.execute(_LEASE, values)).rowcount > 0


async def note(connection: AsyncConnection, route: str, seen: int, refresh: str, until: int) -> bool:
    """What came of spending it, when that was no pair; nobody tries before `until`. False: the version is old."""
    return (await connection.execute(_NOTE, {"route_": route, "seen_": seen, "refresh_": refresh, "until_": until})).rowcount > 0


async def renew(connection: AsyncConnection, route: str, seen: int, new: TokenRow) -> bool:
    """Put the new pair in the place of version `seen`; whose lease it was doesn't matter. False: the version is old."""
    values = {"route_": route, "seen_": seen, "access_": new.access, "refresh_": new.refresh, "expires_": new.expires_at}
    return (await connection.execute(_RENEW, {**values, "at_": new.renewed_at})).rowcount > 0


class Rescue:
    """A file for a pair that Zalo has given out and the database can't take now: sealed, fsynced, one a route. Its calls block."""

    def __init__(self, folder: Path, keyring: Keyring) -> None:
        self._folder, self._keyring = folder, keyring

    def put(self, route: str, seen: int, new: TokenRow) -> None:
        """Keep `new`, which goes on from version `seen`. Raises OSError."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        values = {"seen": seen, "access": new.access, "refresh": new.refresh, "expires_at": new.expires_at, "renewed_at": new.renewed_at}
        half = self._path(route).with_suffix(".half")
        handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(self._keyring.seal(json.dumps(values).encode(), RESCUE))
            file.flush()
            os.fsync(file.fileno())
        half.replace(self._path(route))
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def get(self, route: str) -> tuple[int, TokenRow] | None:
        """(seen, pair) that waits here, or None; what can't be opened stays for a person."""
        try:
            values: Mapping[str, Any] = json.loads(self._keyring.open(self._path(route).read_bytes(), RESCUE))  # Any: JSON
            return values["seen"], TokenRow(values["access"], values["refresh"], values["expires_at"], values["renewed_at"])
        except (OSError, Unsealable, WrongKey, ValueError, KeyError, TypeError):
            return None

    def drop(self, route: str) -> None:
        """The database has it."""
        self._path(route).unlink(missing_ok=True)

    def _path(self, route: str) -> Path:
        return self._folder / f"token-{route}.sealed"
