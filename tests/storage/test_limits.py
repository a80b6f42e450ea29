"""Never more than was allowed in any window, and room again soon after it; nothing of who it was."""

from collections import deque

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from gateway.storage.limits import forget, network_key, spent, within
from gateway.storage.schema import tally
from tests.services.people import NOW, rows

HOUR = 3_600_000
steps = st.lists(st.tuples(st.integers(0, 90_000), st.sampled_from([b"a", b"b"])), max_size=60)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(steps=steps, most=st.integers(1, 5), window=st.sampled_from([60_000, 60_001, 7, 240_000]))
async def test_never_more_in_any_window_and_never_less_for_long(database, steps, most, window) -> None:
    """Against the exact account of every admitted call."""

    async def unit(connection) -> None:
        await connection.execute(tally.delete())
        admitted: dict[bytes, deque[int]] = {b"a": deque(), b"b": deque()}
        now = NOW
        for wait, key in steps:
            now += wait
            may = await within(connection, "try", key, window, most, now)
            mine = admitted[key]
            recent = sum(at > now - window for at in mine)
            lately = sum(at > now - window - window // 8 - 8 for at in mine)
            assert not may or recent < most
            assert may or lately >= most
            if may:
                mine.append(now)

    await database.write(unit)


async def test_kinds_and_keys_count_apart_and_a_refusal_costs_nothing(database) -> None:
    async def unit(connection) -> list[bool | int]:
        first = [await within(connection, "ask", b"a", HOUR, 2, NOW + n) for n in range(4)]
        others = [await within(connection, "ask", b"b", HOUR, 1, NOW), await within(connection, "tell", b"a", HOUR, 1, NOW)]
        return [*first, *others, await spent(connection, "ask", b"a", HOUR, NOW + 4), await spent(connection, "ask", b"c", HOUR, NOW)]

    assert await database.write(unit) == [True, True, False, False, True, True, 2, 0]


@pytest.mark.parametrize("first", [0, 1, 5_000, 9_999])
async def test_a_window_is_whole_wherever_it_begins(database, first) -> None:
    """Not one that begins with a slice."""
    window, begin = 80_000, NOW - NOW % 10_000 + first

    async def unit(connection) -> list[bool]:
        return [
            await within(connection, "ask", b"a", window, 1, begin + wait) for wait in (0, window - first - 1, window - 1, window + 10_000)
        ]

    assert await database.write(unit) == [True, False, False, True]


async def test_two_at_once_don_t_get_the_last_place(database) -> None:
    """Each in a transaction of its own."""
    import asyncio

    def one(connection):
        return within(connection, "ask", b"a", HOUR, 5, NOW)

    assert sum(await asyncio.gather(*(database.write(one) for _ in range(12)))) == 5


async def test_old_counts_are_forgotten(database) -> None:
    async def unit(connection) -> int:
        await within(connection, "ask", b"a", HOUR, 2, NOW - 3 * 24 * HOUR)
        await within(connection, "ask", b"a", HOUR, 2, NOW)
        return await forget(connection, NOW)

    assert await database.write(unit) == 1
    assert len(await rows(database, tally)) == 1


@pytest.mark.parametrize(("one", "other", "same"), [
    ("203.0.113.7", "203.0.113.7", True), ("203.0.113.7", "203.0.113.8", False), ("::ffff:203.0.113.7", "203.0.113.7", True),
    ("2001:db8:1:2ff::1", "2001:db8:1:200::9", True), ("2001:db8:1:2ff::1", "2001:db8:1:300::1", False),
    ("fe80::1%eth0", "fe80::2", True), ("", "no address", True),
])  # fmt: skip
def test_a_network_is_one_subscriber(keyring, one, other, same) -> None:
    assert (network_key(keyring, one) == network_key(keyring, other)) is same


async def test_no_address_is_stored(database) -> None:
    key = network_key(database.keyring, "203.0.113.7")
    await database.write(lambda connection: within(connection, "ask", key, HOUR, 2, NOW))
    async with database.read() as connection:
        (row,) = (await connection.execute(select(tally))).all()
    assert b"203" not in bytes(row.key)
    assert len(row.key) == 32
