"""A yes has its words, its time and its message; silence is none; a later word replaces an earlier one and both can be shown."""

import pytest

from gateway.domain.msisdn import Msisdn
from gateway.services.consent import Evidence, Given, agree_to_messages, answer, evidence_of
from gateway.storage import contacts, tips
from gateway.storage.consents import May, may_of
from gateway.storage.schema import contact, tip_event
from tests.services.people import ALICE, NOW, rows
from tests.services.tip_rows import make_tip

ASKED = "Chung toi co the goi lai cho ong/ba khong?"


def _evidence(mo: int = 7, at: int = NOW, shown: str = ASKED) -> Evidence:
    return Evidence("sms", mo, shown, at)


async def test_a_yes_to_messages_keeps_what_was_shown(database) -> None:
    bidx, phone = database.keyring.blind(ALICE, "msisdn"), Msisdn(ALICE)
    await database.write(lambda connection: agree_to_messages(connection, bidx, phone, "06577", _evidence(shown="DK: nhan tin")))
    (row,) = await rows(database, contact)
    assert row.consent == {"source": "sms", "at": NOW, "mo": 7, "shown": "DK: nhan tin"}


async def test_a_no_that_came_later_stands(database) -> None:
    """Though the yes is handled after it."""
    bidx, phone = database.keyring.blind(ALICE, "msisdn"), Msisdn(ALICE)
    await database.write(lambda connection: contacts.opt_out(connection, bidx, phone, "06577", NOW + 10))
    await database.write(lambda connection: agree_to_messages(connection, bidx, phone, "06577", _evidence()))
    (row,) = await rows(database, contact)
    assert row.opted_out_at == NOW + 10


async def test_silence_is_no_yes(database) -> None:
    id_ = await make_tip(database)
    await database.write(lambda connection: answer(connection, id_, May(), _evidence()))
    async with database.read() as connection:
        assert (await may_of(connection, id_), await evidence_of(connection, id_)) == (May(), [])


@pytest.mark.parametrize("first", [True, False])
async def test_each_answer_stands_alone_and_the_last_one_counts(database, first) -> None:
    id_ = await make_tip(database)
    await database.write(lambda connection: answer(connection, id_, May(call=first), _evidence(7, NOW)))
    await database.write(lambda connection: answer(connection, id_, May(publish=False), _evidence(8, NOW + 1, "Cho dang tin?")))
    await database.write(lambda connection: answer(connection, id_, May(call=not first), _evidence(9, NOW + 2)))
    async with database.read() as connection:
        assert await may_of(connection, id_) == May(not first, False)
        assert await evidence_of(connection, id_) == [
            Given(May(call=first), ASKED, 7, "sms", NOW),
            Given(May(publish=False), "Cho dang tin?", 8, "sms", NOW + 1),
            Given(May(call=not first), ASKED, 9, "sms", NOW + 2),
        ]
    assert [row.kind for row in await rows(database, tip_event)] == ["received", "consent", "consent", "consent"]


async def test_a_note_that_says_less_is_still_evidence(database) -> None:
    id_ = await make_tip(database)
    await database.write(lambda connection: tips.add_event(connection, id_, tips.CONSENT, '{"shown": "?"}', NOW))
    async with database.read() as connection:
        assert await evidence_of(connection, id_) == [Given(May(), "?", None, "", NOW)]
