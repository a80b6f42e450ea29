"""Long texts in parts: whatever their order and whoever sends beside, one text is one tip and one reply, and nothing is dropped."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from random import Random

import pytest

from gateway.reading.parts import MISSING, WAIT_MS
from gateway.services.intake import Accepted, Intake, open_intake
from gateway.services.parts import HAND
from gateway.storage.database import Database
from gateway.storage.inbox import PART, NewMo
from gateway.storage.schema import mt, tip, tip_event
from gateway.storage.spool import Spool
from tests.services.people import ALICE, BINH, NOW, arrive, inbound, rows, said

WORDS = (
    "LS TN07 sau truong cu co 2 nam mo bo doi, c",
    "hon nam 79, gan suoi Pac Khuong, nguoi gia tro",
    "ng ban con nho, don vi ghi tren bia da mo",
)
MINUTE = 60_000


@pytest.fixture
async def intake(database, tmp_path, keyring) -> AsyncIterator[Intake]:
    async with open_intake(database, Spool(tmp_path / "spool", keyring), patience_s=60) as opened:
        yield opened


def part(number: int, words: str, sender: str = ALICE, *, ref: str = "2a", total: int = 3, **more) -> NewMo:
    return replace(said(words, sender, **more), state=PART, part_ref=ref, part_number=number, part_total=total)


def parts(sender: str = ALICE, ref: str = "2a", words: tuple[str, ...] = WORDS, **more) -> list[NewMo]:
    return [part(at, each, sender, ref=ref, total=len(words), **more) for at, each in enumerate(words, 1)]


async def _handle(database: Database, now: int = NOW) -> None:
    handler = inbound(database, now=now)
    await handler.show_overdue(now)
    while await handler.process_once(now):
        pass


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
async def test_parts_in_any_order_are_one_tip_with_one_reply(database, intake, order) -> None:
    for at in order:
        await intake.mo(parts()[at])
        await _handle(database)
    (found,) = await rows(database, tip)
    assert (found.text, found.village) == ("".join(WORDS), "TN07")
    (reply,) = await rows(database, mt)
    *three, whole = await rows(database)
    assert [(row.state, row.action, row.whole) for row in three] == [("done", "part", whole.id)] * 3
    assert (whole.action, whole.alarm, whole.tip, reply.reply_to, found.mo) == ("tip", None, found.id, whole.id, whole.id)
    assert found.code in reply.body


async def test_parts_that_come_at_once_are_one_text(database, intake) -> None:
    taken = await asyncio.gather(*map(intake.mo, parts()))
    assert sum(each.whole is not None for each in taken if isinstance(each, Accepted)) == 1  # whose call gets the reply, if any
    await _handle(database)
    assert (len(await rows(database, tip)), len(await rows(database, mt))) == (1, 1)


async def test_a_thousand_people_with_equal_references_are_not_mixed_up(database, intake) -> None:
    """Three parts each, all shuffled together; every person counts to the same reference. What is too much at once goes by the spool."""
    people = [f"+84300{at:06d}" for at in range(1_000)]
    sent = [
        each
        for at, person in enumerate(people)
        for each in parts(person, "07", tuple(f"{words} {at}." for words in ("LS TN07 co mo bo doi cua nguoi", "nam o khe", "chon nam")))
    ]
    Random(4).shuffle(sent)
    await asyncio.gather(*map(intake.mo, sent))
    await intake.drain()
    await _handle(database)
    found = {row.sender: row.text for row in await rows(database, tip)}
    wanted = {person: f"LS TN07 co mo bo doi cua nguoi {at}.nam o khe {at}.chon nam {at}." for at, person in enumerate(people)}
    assert found == wanted
    assert sorted(row.msisdn for row in await rows(database, mt)) == people


async def test_a_repeated_part_counts_once_and_equal_words_in_two_parts_count_twice(database, intake) -> None:
    three = parts(words=("LS TN07 mo bo doi ", "bo doi ", "bo doi "))
    for each in (three[0], replace(three[0], carrier_id=said("").carrier_id), three[1], three[2]):
        await intake.mo(each)
    await _handle(database)
    assert [row.text for row in await rows(database, tip)] == ["LS TN07 mo bo doi bo doi bo doi "]


async def test_a_reference_that_comes_round_again_begins_another_text(database, intake) -> None:
    """The middle of the first text never came: the second one's is not taken for it."""
    first, second = parts(), parts(words=("LS TN08 hai mo", " bo doi o chan", " nui da"))
    for each in (first[0], first[2], *second):
        await intake.mo(each)
    await _handle(database)
    assert [row.text for row in await rows(database, tip)] == ["LS TN08 hai mo bo doi o chan nui da"]
    await _handle(database, NOW + WAIT_MS)
    assert [row.text for row in await rows(database, tip)][1] == f"{WORDS[0]} {MISSING} {WORDS[2]}"


async def test_what_stays_incomplete_is_shown_as_it_is_after_ten_minutes(database, intake) -> None:
    await intake.mo(parts()[0])
    await intake.mo(parts()[2])
    await _handle(database, NOW + WAIT_MS - 1)
    assert (await rows(database, tip), await rows(database, mt)) == ([], [])
    await _handle(database, NOW + WAIT_MS)
    (found,), (reply,) = await rows(database, tip), await rows(database, mt)
    assert (found.text, found.village) == (f"{WORDS[0]} {MISSING} {WORDS[2]}", "TN07")
    assert "mot phan tin" in reply.body
    assert found.code in reply.body
    assert (await rows(database))[-1].alarm == "1 of 3 parts missing"


async def test_a_part_that_comes_too_late_joins_the_tip(database, intake) -> None:
    await intake.mo(parts()[0])
    await intake.mo(parts()[2])
    await _handle(database, NOW + WAIT_MS)
    await intake.mo(replace(parts()[1], received_at=NOW + 20 * MINUTE))
    await _handle(database, NOW + 31 * MINUTE)
    (found,) = await rows(database, tip)
    assert [event.kind for event in await rows(database, tip_event)] == ["received", "added"]
    assert (await rows(database))[-1].tip == found.id


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_parts_that_a_hand_numbered_are_one_tip(database, order) -> None:
    """Cut between words, each as an MO of its own with its carrier's id."""
    texts = ("(1/2) LS TN07 sau truong cu co 2 nam mo bo doi", "(2/2) chon nam 79 gan suoi")
    for at in order:
        await arrive(database, said(texts[at], carrier_id=f"H{at}", at=NOW + at))
        await _handle(database, NOW + at)
    (found,), (_,) = await rows(database, tip), await rows(database, mt)
    assert found.text == "LS TN07 sau truong cu co 2 nam mo bo doi chon nam 79 gan suoi"
    assert [row.part_ref for row in await rows(database)] == [HAND, HAND, "whole"]


async def test_another_persons_part_is_not_waited_with(database) -> None:
    await arrive(database, said("(1/2) LS TN07 co 2 mo bo doi"), said("(2/2) bo suoi can co 3 mo bo doi", BINH))
    await _handle(database)
    assert await rows(database, tip) == []
    await _handle(database, NOW + WAIT_MS)
    assert [row.text for row in await rows(database, tip)] == ["(1/2) LS TN07 co 2 mo bo doi", "(2/2) bo suoi can co 3 mo bo doi"]


@pytest.mark.parametrize("text", ["(1/2) LS TN07 dang dao mong nha thay xuong nguoi va dep cao su", "(1/3) LS TN07 thay qua bom o bo suoi"])
async def test_what_is_urgent_does_not_wait_for_its_other_parts(database, text) -> None:
    await arrive(database, said(text))
    await _handle(database)
    (found,) = await rows(database, tip)
    assert found.urgent is not None
    assert len(await rows(database, mt)) == 1


async def test_parts_that_waited_in_the_spool_are_joined(database, intake) -> None:
    await intake.mo(parts()[2])
    for each in parts()[:2]:
        await intake._to_spool(each)
    await intake.drain()
    await _handle(database)
    assert [row.text for row in await rows(database, tip)] == ["".join(WORDS)]
