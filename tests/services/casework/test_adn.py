"""Registrations for sampling: a restricted book; a companion, an appointment, a reminder with consent, and outcome codes only."""

import asyncio

import pytest
from sqlalchemy import inspect

from gateway.domain.permission import Elsewhere, Forbidden, Role
from gateway.domain.segments import segments_of
from gateway.services.casework import adn
from gateway.services.refusal import Refusal
from gateway.storage import adn as rows
from gateway.storage import outbox
from gateway.storage.database import Database
from gateway.storage.inbox import person
from gateway.storage.schema import contact, dna_appointment, dna_care, dna_request, mt, tip
from tests.services.casework.people import HERE, THERE, ZONE, officer
from tests.services.people import ALICE, NOW, deployment, route
from tests.services.tip_rows import make_tip, next_code

WHEN = ("30/11/2026", "08:30")


async def registered(database: Database, commune: str = HERE, sender: str = ALICE) -> str:
    code, tip_id = next_code(), await make_tip(database, "ADN", sender)

    async def unit(connection) -> None:
        mo = (await connection.execute(tip.select().where(tip.c.id == tip_id))).one().mo
        values = {
            "code": code,
            "commune": commune,
            "mo": mo,
            "channel": "sms",
            "village": "TN07",
            "sender": sender,
            "text": "ADN TN07 Ba Vi Du",
        }
        await connection.execute(dna_request.insert().values(**values, received_at=NOW))

    await database.write(unit)
    return code


async def appointed(database: Database, actor, *, may_remind: bool = True) -> str:
    code = await registered(database)
    await adn.accompany(database, actor, code, 0, "Chị Thử, Hội LHPN", "em gái cùng mẹ", NOW)
    await adn.appoint(database, actor, code, 1, WHEN, "Trạm y tế xã", may_remind, ZONE, NOW)
    return code


async def custodian(database: Database, commune: str = HERE):
    return await officer(database, f"Mã Thị Định {commune}", Role.CUSTODIAN, commune=commune)


async def test_from_the_registration_to_the_answer(database: Database) -> None:
    actor = await custodian(database)
    code = await appointed(database, actor)
    await adn.keep_appointment(database, actor, code, 2, NOW)
    await adn.go_on(database, actor, code, 3, NOW)
    await adn.go_on(database, actor, code, 4, NOW)
    with pytest.raises(Refusal):
        await adn.go_on(database, actor, code, 5, NOW)
    shown = await adn.show_registration(database, actor, code, NOW)
    assert [each.kind for each in shown.history] == ["accompanied", "appointed", "sampled", "sent", "result"]
    assert shown.registration.state == "result"
    assert ALICE not in repr(shown) + shown.registration.sender
    async with database.read() as connection:
        assert await rows.counts(connection, None) == {"result": 1}


async def test_nothing_genetic_has_a_place(database: Database) -> None:
    """The tables have no column that could hold a result: the state is a code of a closed list."""
    names = {column.name for table in (dna_care, dna_appointment) for column in table.columns}
    assert names == {
        "request", "commune", "state", "companion", "relation", "version", "moved_at", "id", "at", "place", "may_remind", "reminded_at",
        "created_at",
    }  # fmt: skip
    assert inspect(dna_care).c.state.type.python_type is str


async def test_nobody_is_appointed_alone_or_in_the_past(database: Database) -> None:
    actor = await custodian(database)
    code = await registered(database)
    with pytest.raises(Refusal, match="đồng hành"):
        await adn.appoint(database, actor, code, 0, WHEN, "Trạm y tế", True, ZONE, NOW)
    await adn.accompany(database, actor, code, 0, "Chị Thử", "mẹ", NOW)
    for when in (("1/1/2026", "08:00"), ("30/11/2026", "25:00"), ("31/11/2026", "08:00"), ("", "")):
        with pytest.raises(Refusal):
            await adn.appoint(database, actor, code, 1, when, "Trạm y tế", True, ZONE, NOW)


async def test_an_appointment_is_moved_and_the_old_one_stays_written(database: Database) -> None:
    actor = await custodian(database)
    code = await appointed(database, actor)
    await adn.appoint(database, actor, code, 2, ("01/12/2026", "14:00"), "Tại nhà", False, ZONE, NOW)
    shown = await adn.show_registration(database, actor, code, NOW)
    assert [(each.state, each.place) for each in shown.appointments] == [("moved", "Trạm y tế xã"), ("planned", "Tại nhà")]


async def test_a_reminder_goes_once_to_who_agreed(database: Database) -> None:
    """On the priority lane, unaccented, in two segments at most; three presses at once send one."""
    actor = await custodian(database)
    code = await appointed(database, actor)
    presses = [adn.remind(database, actor, (route(),), deployment(), code, NOW) for _ in range(3)]
    answers = await asyncio.gather(*presses, return_exceptions=True)
    assert sum(isinstance(each, int) for each in answers) == 1
    async with database.read() as connection:
        (sent,) = (await connection.execute(mt.select())).all()
    assert (sent.msisdn, sent.lane) == (ALICE, outbox.PRIORITY)
    assert "08:30 ngay 30/11" in sent.body
    assert "Tram y te xa" in sent.body
    assert segments_of(sent.body) <= adn.REMINDER_SEGMENTS
    assert sent.body.isascii()


async def test_no_reminder_without_consent_or_after_a_stop(database: Database) -> None:
    actor = await custodian(database)
    silent = await appointed(database, actor, may_remind=False)
    with pytest.raises(Refusal, match="chưa đồng ý"):
        await adn.remind(database, actor, (route(),), deployment(), silent, NOW)
    code = await appointed(database, actor)
    with pytest.raises(Refusal, match="phía trước"):
        await adn.remind(database, actor, (route(),), deployment(), code, NOW + 60 * 24 * 3_600_000)

    async def stop(connection) -> None:
        values = {"bidx": person(database.keyring, ALICE), "msisdn": ALICE, "commune": HERE, "opted_out_at": NOW, "created_at": NOW}
        columns = {column.name for column in contact.columns}
        await connection.execute(contact.insert().values(**{name: value for name, value in values.items() if name in columns}))

    await database.write(stop)
    with pytest.raises(Refusal, match="từ chối"):
        await adn.remind(database, actor, (route(),), deployment(), code, NOW)
    async with database.read() as connection:
        assert (await connection.execute(mt.select())).all() == []


async def test_of_two_who_appoint_at_once_one_is_told(database: Database) -> None:
    actor = await custodian(database)
    code = await registered(database)
    await adn.accompany(database, actor, code, 0, "Chị Thử", "mẹ", NOW)
    tries = [adn.appoint(database, actor, code, 1, WHEN, f"Nơi {n}", True, ZONE, NOW) for n in range(6)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(each is None for each in answers) == 1
    assert all(each is None or isinstance(each, Refusal) for each in answers)
    first = [adn.accompany(database, actor, await registered(database), 0, f"Chị {n}", "mẹ", NOW) for n in range(2)]
    await asyncio.gather(*first)  # two registrations never touched before


async def test_the_book_is_restricted(database: Database) -> None:
    """Readers, verifiers and the province see nothing of it; another commune's custodian neither."""
    actor, stranger = await custodian(database), await custodian(database, THERE)
    code = await appointed(database, actor)
    assert await adn.list_registrations(database, stranger) == []
    for ask in (adn.show_registration(database, stranger, code, NOW), adn.reveal_number(database, stranger, code, "x", NOW),
                adn.decline(database, stranger, code, 2, "x", NOW), adn.show_registration(database, actor, "000000", NOW)):  # fmt: skip
        with pytest.raises(Elsewhere):
            await ask
    for role in set(Role) - {Role.CUSTODIAN}:
        other = await officer(database, f"Vai {role}", role)
        for ask in (adn.list_registrations(database, other), adn.show_registration(database, other, code, NOW),
                    adn.planned_appointments(database, other)):  # fmt: skip
            with pytest.raises(Forbidden):
                await ask
    assert await adn.reveal_number(database, actor, code, "Gọi báo lịch", NOW) == "0300 000 011"
