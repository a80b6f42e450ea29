"""Texts that need not be read from their rows: given once, never more than fit, and what is missing is read."""

import pytest

from gateway.services.just_stored import MOST, JustStored
from gateway.storage import inbox
from gateway.storage.inbox import Mo
from gateway.storage.schema import mo, tip
from tests.services.people import ALICE, BINH, NOW, arrive, inbound, rows, said


def a_mo(at: int) -> Mo:
    return Mo(at, "r", "sms", b"", "+84300000001", "8088", f"LS TN07 {at}", None, None, 1, None, None)


def test_each_is_given_once_in_the_order_asked_for():
    kept = JustStored()
    kept.keep(map(a_mo, range(1, 5)))
    assert [each.id for each in kept.take([3, 9, 1])] == [3, 1]
    assert kept.take([3, 1]) == []
    assert [each.id for each in kept.take([2, 4])] == [2, 4]


def test_the_newest_are_kept():
    kept = JustStored()
    kept.keep(map(a_mo, range(MOST)))
    kept.keep([a_mo(MOST)])
    assert kept.take([0]) == []
    assert len(kept.take(range(1, MOST + 1))) == MOST


async def _kept(database, *arrivals) -> list[Mo]:
    """Arrivals stored, and what their rows say."""
    await arrive(database, *arrivals)
    async with database.read() as connection:
        return await inbox.these_mos(connection, database.keyring, [row.id for row in await rows(database, mo)])


async def test_some_from_memory_and_some_from_their_rows(database) -> None:
    """The order is the inbox's, and each becomes one tip."""
    first, second, third = await _kept(
        database, said("LS TN07 co 2 mo bo doi"), said("LS TN08 co 1 mo bo doi", BINH), said("TC", "+84300000177")
    )
    handler = inbound(database, None, NOW)
    handler.just_stored.keep([third, first])
    while await handler.process_once(NOW):
        pass
    assert [(row.sender, row.village) for row in await rows(database, tip)] == [(ALICE, "TN07"), (BINH, "TN08")]
    assert [row.state for row in await rows(database)] == ["done"] * 3
    assert second.sender == BINH


async def test_what_another_process_has_handled_is_not_handled_again(database) -> None:
    """Memory is no word on what is new: only the inbox is."""
    (mine,) = await _kept(database, said("LS TN07 co 2 mo bo doi"))
    first, second = inbound(database, None, NOW), inbound(database, None, NOW)
    second.just_stored.keep([mine])
    for handler in (first, second):
        while await handler.process_once(NOW):
            pass
    assert len(await rows(database, tip)) == 1


@pytest.mark.parametrize("new", [
    said("LS TN07 co 2 mo bo doi"),
    said("LS TN07 co 2 mo bo doi", alarm="forged signature", placement="TN07-A-K7"),
    said("HOI bao gio", "GOOGLE", channel="zalo", part_ref="7-2"),
])  # fmt: skip
async def test_what_is_handed_on_is_what_its_row_says(database, new) -> None:
    """Field by field, sealed and opened again."""
    (at,) = await arrive(database, new)
    async with database.read() as connection:
        assert await inbox.these_mos(connection, database.keyring, [at.id]) == [inbox.as_stored(database.keyring, new, at)]


async def test_the_alarm_of_other_words_under_the_same_id_travels_along(database) -> None:
    await arrive(database, said("LS TN07 co 2 mo bo doi", carrier_id="c1"))
    other = said("LS TN08 co 1 mo", carrier_id="c1", at=NOW + 1)
    (at,) = await arrive(database, other)
    async with database.read() as connection:
        assert await inbox.these_mos(connection, database.keyring, [at.id]) == [inbox.as_stored(database.keyring, other, at)]
    assert at.alarm or at.repeat
