"""How often somebody may do something: counts by kind and keyed hash, in slices of time that vanish by themselves. No address is stored.

A window is eight slices and the one under way, so a bound holds for every window wherever it begins, and room comes back an eighth at a
time: never more than `most` in `window_ms`, always `most` again after nine eighths of it.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # its ON CONFLICT compiles and runs on SQLite too; pinned by tests/storage
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import tally
from gateway.storage.seal import Keyring

SLICES: Final = 8
KEPT_MS: Final = 2 * 24 * 3_600_000  # the longest window there may be, and its slice
_SUBSCRIBER: Final = 56  # bits of an IPv6 address that a provider gives one subscriber (RFC 6177 §2)

_mine = (tally.c.kind == bindparam("kind_")) & (tally.c.key == bindparam("key_"))
_SPENT: Final = select(func.coalesce(func.sum(tally.c.count), 0)).where(_mine, tally.c.since > bindparam("since_"))
_one = upsert(tally).values(kind=bindparam("kind_"), key=bindparam("key_"), since=bindparam("slice_"), count=1)
# The row is locked by the counting itself: of two that ask at once the second sees what the first has counted.
_COUNT: Final = _one.on_conflict_do_update(index_elements=["kind", "key", "since"], set_={"count": tally.c.count + 1})
_TAKE_BACK: Final = update(tally).where(_mine, tally.c.since == bindparam("slice_")).values(count=tally.c.count - 1)
_FORGET: Final = delete(tally).where(tally.c.since < bindparam("before_"))


def network_key(keyring: Keyring, address: str) -> bytes:
    """Keyed hash of the network that `address` belongs to: an IPv4 address, the /56 of an IPv6 one. What is no address is one network."""
    return keyring.blind(_network(address), "network")


def _network(address: str) -> str:
    try:
        ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(ip, IPv6Address):
        mapped = ip.ipv4_mapped
        return str(mapped) if mapped else str(ip_network((ip, _SUBSCRIBER), strict=False))
    return str(ip)


async def within(connection: AsyncConnection, kind: str, key: bytes, window_ms: int, most: int, now: int) -> bool:
    """Whether `key` may do `kind` once more at `now` (epoch ms): at most `most` times in any `window_ms`. Counts one if so."""
    mine = {"kind_": kind, "key_": key}
    this = {"slice_": _slice(window_ms, now)}
    await connection.execute(_COUNT, mine | this)
    if await spent(connection, kind, key, window_ms, now) <= most:
        return True
    await connection.execute(_TAKE_BACK, mine | this)  # who is refused and tries on is not kept out for longer
    return False


async def spent(connection: AsyncConnection, kind: str, key: bytes, window_ms: int, now: int) -> int:
    """How often `key` did `kind` in the last `window_ms`, and at most an eighth of it before."""
    since = _slice(window_ms, now - window_ms) - 1
    return int(await connection.scalar(_SPENT, {"kind_": kind, "key_": key, "since_": since}) or 0)


async def forget(connection: AsyncConnection, now: int) -> int:
    """Drop counts that no window reaches any more; returns how many rows."""
    return (await connection.execute(_FORGET, {"before_": now - KEPT_MS})).rowcount


def _slice(window_ms: int, at: int) -> int:
    """Where the slice that holds `at` begins (epoch ms)."""
    width = max(1, window_ms // SLICES)
    return at - at % width
