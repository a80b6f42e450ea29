"""What becomes of an MO, and the one reply to it."""

import asyncio
import json

import pytest
from sqlalchemy import select, text

from gateway.domain.code import check_character, is_valid
from gateway.services.answers import FOR_THE_DESK
from gateway.services.inbound import HOUR_MS, SILENCED
from gateway.storage import tips as tip_rows
from gateway.storage.inbox import UNREADABLE, person
from gateway.storage.schema import contact, dna_request, mo, mt, question, tip, tip_event
from tests.services.people import ALICE, BINH, NOW, arrive, inbound, route, rows, said


async def _handle(database, *arrivals, routes=None, now=NOW):
    await arrive(database, *arrivals)
    handler = inbound(database, routes, now)
    while await handler.process_once(now):
        pass
    return await rows(database, mt)


async def test_a_tip_is_stored_with_its_place_and_answered_with_its_code(database) -> None:
    (reply,) = await _handle(database, said("LS TN07 sau truong cu co 2 nam mo bo doi nam 79"))
    (found,) = await rows(database, tip)
    assert (found.village, found.channel, found.commune, found.sender, found.state) == ("TN07", "sms", "06577", ALICE, "new")
    assert is_valid(found.code)
    assert f"ma {found.code}." in reply.body
    assert "dao boi" in reply.body
    assert (reply.lane, reply.wave, reply.state, reply.route, reply.segments) == (1, 0, "queued", "gia-lap", 1)
    assert (reply.due_at, reply.expires_at, reply.msisdn) == (0, NOW + 24 * HOUR_MS, ALICE)
    (stored,) = await rows(database)
    assert (reply.reply_to, stored.state, stored.action) == (stored.id, "done", "tip")
    assert [event.kind for event in await rows(database, tip_event)] == ["received"]


@pytest.mark.parametrize(("words", "action", "answer"), [
    ("ADN TN07 Vi Van Gia Dinh", "dna", "lay mau ADN"),
    ("HOI o dau lay mau adn", "question", "da nhan cau hoi"),
    ("TT 7K3M9P", "status", "chua thay ma nay"),
    ("TC", "optout", "da ngung gui tin"),
    ("DK", "optin", "da dang ky nhan tin"),
    ("LS", "empty", "Cu phap: LS ma thon"),
    ("test", "unknown", "Cu phap: LS ma thon"),
])  # fmt: skip
async def test_every_kind_has_exactly_one_reply(database, words, action, answer) -> None:
    (reply,) = await _handle(database, said(words))
    assert answer in reply.body
    assert [row.action for row in await rows(database)] == [action]


async def test_a_dna_registration_stands_in_a_table_of_its_own(database) -> None:
    await _handle(database, said("ADN TN07 Vi Van Gia Dinh"), said("HOI bao gio co ket qua lay mau"))
    assert (len(await rows(database, dna_request)), len(await rows(database, question)), await rows(database, tip)) == (1, 1, [])


@pytest.mark.parametrize(("words", "urgent", "answer"), [
    ("LS TN07 dang dao mong nha thay xuong nguoi va dep cao su", "remains", "KHAN ma"),
    ("LS TN07 thay qua bom o bo suoi", "uxo", "NGUY HIEM"),
])  # fmt: skip
async def test_urgent_words_get_the_urgent_answer_in_its_place(database, words, urgent, answer) -> None:
    (reply,) = await _handle(database, said(words))
    (found,) = await rows(database, tip)
    assert (found.urgent, answer in reply.body, "dao boi" in reply.body) == (urgent, True, True)
    assert (await rows(database))[0].alarm == f"urgent: {urgent}"


async def test_what_is_not_understood_stays_for_the_desk(database) -> None:
    await _handle(database, said("alo alo"))
    assert [(row.action, row.alarm) for row in await rows(database)] == [("unknown", FOR_THE_DESK)]


async def test_a_code_given_out_can_be_asked_for(database) -> None:
    await _handle(database, said("LS TN07 co 2 mo bo doi"))
    (found,) = await rows(database, tip)
    replies = await _handle(database, said(f"tt {found.code.lower()}"), said("ADN TN07 Vi Van Gia Dinh", BINH), now=NOW + 5)
    assert f"Ma {found.code}: da nhan" in replies[1].body
    (request,) = await rows(database, dna_request)
    assert "dang ky lay mau ADN" in (await _handle(database, said(f"TT {request.code}", BINH), now=NOW + 9))[-1].body


@pytest.mark.parametrize(
    "words",
    ["TT {}", "tt {}", "TT ma {} den dau roi", "TRA CUU {0[0]}{0[1]}{0[2]} {0[3]}{0[4]}{0[5]}", "TT {0[0]}{0[1]}-{0[2]}{0[3]}{0[4]}{0[5]}"],
)
@pytest.mark.parametrize("code", ["ZEPEEB", "5K3M9" + check_character("5K3M9")])
async def test_a_code_of_letters_alone_or_with_spaces_is_found(database, code, words) -> None:
    """One code in nine has no digit."""
    await _handle(database, said("LS TN07 co 2 mo bo doi"))
    await database.write(lambda connection: connection.execute(tip.update().values(code=code)))
    replies = await _handle(database, said(words.format(code), BINH))
    assert f"Ma {code}: da nhan" in replies[1].body


async def test_the_last_word_about_consent_counts_not_the_last_one_read(database) -> None:
    """A "DK" that waited in the spool is handled after the "TC" that came later."""
    await _handle(database, said("TC", at=NOW + 10), said("DK", at=NOW), said("DK", BINH, at=NOW + 10), said("TC", BINH, at=NOW))
    people = {row.msisdn: row for row in await rows(database, contact)}
    assert people[ALICE].opted_out_at == NOW + 10
    assert people[BINH].opted_out_at is None
    assert {key: people[BINH].consent[key] for key in ("source", "at")} == {"source": "sms", "at": NOW + 10}


async def test_stop_makes_a_stranger_known_but_no_audience_and_yes_brings_him_back(database) -> None:
    await _handle(database, said("TC"))
    (row,) = await rows(database, contact)
    assert (row.consent, row.legal_basis, row.opted_out_at, row.bidx) == (None, None, NOW, person(database.keyring, ALICE))
    await _handle(database, said("DK", at=NOW + 1), now=NOW + 1)
    (row,) = await rows(database, contact)
    assert (row.opted_out_at, row.consent["mo"]) == (None, (await rows(database))[1].id)
    assert row.consent["shown"] == (await rows(database, mt))[1].body


@pytest.mark.parametrize("sender", ["VIETTEL", "8088", "Ngan hang", ""])
async def test_names_and_short_codes_get_no_reply(database, sender) -> None:
    assert await _handle(database, said("LS TN07 co 2 mo bo doi", sender), said("TC", sender, carrier_id="I2")) == []
    assert len(await rows(database, tip)) == 1
    assert await rows(database, contact) == []


async def test_after_six_replies_an_hour_there_is_silence_and_a_flag(database) -> None:
    replies = await _handle(database, *(said(f"LS TN07 co {i} mo bo doi", carrier_id=f"I{i}") for i in range(4)))
    replies = await _handle(
        database, *(said(f"LS TN07 co {i} mo bo doi", carrier_id=f"J{i}") for i in range(4)), said("TC", BINH), now=NOW + 1
    )
    assert [row.msisdn for row in replies].count(ALICE) == 6
    assert [row.alarm for row in await rows(database)].count(SILENCED) == 2
    assert len(await rows(database, tip)) == 8
    assert len(await _handle(database, said("TT", carrier_id="K"), now=NOW + HOUR_MS)) == 8


async def test_a_reply_leaves_by_its_own_route_else_by_the_first_that_reaches(database) -> None:
    away = route("khac", ("+856",))
    (reply,) = await _handle(database, said("TC"), routes=(away, route("thu-hai"), route("thu-ba")))
    assert reply.route == "thu-hai"
    assert (await _handle(database, said("DK", at=NOW + 1), routes=(away, route())))[1].route == "gia-lap"
    assert len(await _handle(database, said("LS"), routes=())) == 2


async def test_one_mo_that_cannot_be_handled_keeps_no_other_from_its_answer(database) -> None:
    """The first one's sealed words are damaged on disk: it is marked for the desk, the other is answered."""
    await arrive(database, said("LS TN07 mot mo bo doi"), said("LS TN07 hai mo bo doi", BINH))
    first, second = await rows(database)
    damage = text("UPDATE mo SET text = :damaged WHERE id = :id").bindparams(damaged=b"x" * 40, id=first.id)
    await database.write(lambda connection: connection.execute(damage))
    assert await inbound(database).process_once(NOW) == 2
    async with database.read() as connection:
        found = (await connection.execute(select(mo.c.state, mo.c.action).order_by(mo.c.id))).all()
    assert [tuple(row) for row in found] == [(UNREADABLE, "handling failed"), ("done", "tip")]
    assert [row.reply_to for row in await rows(database, mt)] == [second.id]


async def test_codes_that_are_taken_are_drawn_again(database) -> None:
    await _handle(database, said("LS TN07 mot mo bo doi"))
    (found,) = await rows(database, tip)
    drawn = iter([found.code, found.code, "AAAAAA", found.code, "AAAAAA", "BBBBBB"])
    async with database.read() as connection:
        assert await tip_rows.free_codes(connection, lambda: next(drawn), 2) == ["AAAAAA", "BBBBBB"]


async def test_two_workers_share_the_inbox(database, database_url, keyring) -> None:
    """FOR UPDATE SKIP LOCKED, or SQLite's one writer: every MO is handled once."""
    await arrive(database, *(said(f"LS TN07 co {i} mo bo doi", f"+8430000{i:04}") for i in range(250)))
    workers = [inbound(database) for _ in range(2)]
    workers[1]._random.seed(8)

    async def work(worker) -> None:
        while await worker.process_once(NOW):
            pass

    await asyncio.gather(*map(work, workers))
    assert (len(await rows(database, tip)), len(await rows(database, mt))) == (250, 250)


async def test_the_loop_handles_what_waits_and_what_comes(database) -> None:
    await arrive(database, said("LS TN07 mot mo bo doi"))
    handler, stop, wake = inbound(database), asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(handler.run(stop, wake))
    async with asyncio.timeout(20):
        await handler.replied.wait()
        handler.replied.clear()
        await arrive(database, said("TC", BINH))
        wake.set()
        await handler.replied.wait()
        stop.set()
        await running
    assert {row.state for row in await rows(database)} == {"done"}


async def test_fields_of_a_tip_are_kept_as_json(database) -> None:
    await _handle(database, said("LS TN07 co 2 mo bo doi, goi 0300000077"))
    (found,) = await rows(database, tip)
    assert json.loads(found.fields)["contact_phone"] == "+84300000077"


async def test_an_urgent_registration_is_both(database) -> None:
    """Who registers and stands beside a shell gets the warning, and both books have a code of their own."""
    (reply,) = await _handle(database, said("ADN TN07 dang ky lay mau, vua thay qua bom o bo suoi"))
    (request,), (found,) = await rows(database, dna_request), await rows(database, tip)
    assert (found.urgent, request.code != found.code, "NGUY HIEM" in reply.body, found.code in reply.body) == ("uxo", True, True, True)


async def test_what_answers_a_wave_is_counted_for_it(database) -> None:
    """The MO and its tip; a stranger's are nobody's, and an opt-out is an answer too."""
    from gateway.domain.msisdn import Msisdn
    from tests.services.wave_rows import make_wave

    bidx = database.keyring.blind(ALICE, "msisdn")
    wave = await make_wave(database, mts={"delivered": 1}, mt={"bidx": bidx, "msisdn": Msisdn(ALICE).e164})
    later = NOW + HOUR_MS
    await _handle(
        database,
        said("LS TN07 co 2 mo bo doi", at=later),
        said("LS TN08 co 3 mo bo doi", BINH, at=later),
        said("TC", at=later + 1),
        now=later,
    )
    assert [row.wave for row in await rows(database)] == [wave.id, None, wave.id]
    assert [row.wave for row in await rows(database, tip)] == [wave.id, None]
