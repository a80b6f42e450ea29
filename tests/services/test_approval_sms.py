"""Approval by SMS: a code to a registered phone, a DUYET back from it, and nothing told to anybody else."""

import asyncio
from dataclasses import replace
from itertools import count
from random import Random

import pytest
from sqlalchemy import insert, update

from gateway.domain.segments import Alphabet, alphabet_of, segments_of
from gateway.domain.wave import WaveState
from gateway.services import approval_sms, approvals, users, waves
from gateway.services.answers import APPROVAL, WRONG_CODE
from gateway.services.approval_sms import CODE_LIFE_MS, CODES_A_DAY, Asked
from gateway.services.inbound import HOUR_MS, Inbound
from gateway.services.refusal import Refusal
from gateway.services.replies import load_replies
from gateway.storage.database import Database
from gateway.storage.schema import approval, approval_code, contact, mo, mt, tip, wave
from gateway.storage.users import Role
from tests.services.people import ALICE, NOW, arrive, deployment, said
from tests.services.people import rows as rows_of
from tests.services.staff import HUNG, HUNGS_PHONE, LAN, LANS_PHONE, bound_route, make_user, two_persons, waiting_wave
from tests.services.wave_rows import the_wave

ROUTES = (bound_route(limit=20),)
CODE = "042917"
_SEEDS = count(1)
REPLIES = load_replies(deployment())


async def _ask(database: Database, name: str = "dot-1", now: int = NOW, approver: str = HUNG, code: str = CODE, routes=ROUTES) -> Asked:
    return await approval_sms.ask_by_sms(database, routes, REPLIES, name, approver, now, digits=lambda: code)


async def _waiting(database: Database, name: str = "dot-1", **changes):
    planner, approver = await two_persons(database)
    await waiting_wave(database, planner, name, people=25, **changes)
    return planner, approver


async def _text(database: Database, *texts: str, sender: str = HUNGS_PHONE.e164, at: int = NOW + 1, routes=ROUTES) -> list[str]:
    """The replies to `texts`."""
    before = {row.id for row in await rows_of(database, mt) if row.reply_to}
    await arrive(database, *(said(text, sender, at=at) for text in texts))
    handler = Inbound(database, deployment(), REPLIES, routes, lambda: at, Random(next(_SEEDS)))
    while await handler.process_once(at):
        pass
    return [row.body for row in await rows_of(database, mt) if row.reply_to and row.id not in before]


# --- asking ---


async def test_the_text_that_asks(database: Database) -> None:
    """Wave, counts, cost, hours, document, fingerprint, and what to answer with its price; at most two segments of GSM-7, once."""
    await _waiting(database, window_from=420, window_to=1260)
    asked = await _ask(database)
    assert (asked.phone, asked.route, asked.expires_at) == (HUNGS_PHONE, "gia-lap", NOW + CODE_LIFE_MS)
    (sent,) = [row for row in await rows_of(database, mt) if row.wave == 0]
    mark = approvals.mark_of(approvals.fingerprint(asked.wave, ROUTES))
    assert sent.body == (
        "Duyet dot dot-1: 25 tin, 25 doan, 8.750 VND, gio gui 07:00-21:00. Van ban 238/KH-UBND 15/6/2026. "
        f"Dau van {mark}. Dong y, soan: DUYET dot-1 {CODE} gui 8088 (1000d/tin). Ma dung trong 24 gio, khong dua cho ai."
    )
    assert (alphabet_of(sent.body), segments_of(sent.body), sent.segments) == (Alphabet.GSM7, 2, 2)
    assert (sent.msisdn, sent.route, sent.state, sent.due_at) == (HUNGS_PHONE.e164, "gia-lap", "queued", 0)


async def test_the_code_is_kept_as_a_keyed_hash(database: Database) -> None:
    """Bound to wave, approver and fingerprint: the same digits for another wave are another value."""
    planner, _ = await _waiting(database)
    await waiting_wave(database, planner, "dot-2")
    await _ask(database)
    await _ask(database, "dot-2")
    first, second = await rows_of(database, approval_code)
    assert CODE.encode() not in first.code
    assert first.code != second.code
    assert len(first.code) == 32


def test_codes_have_six_digits() -> None:
    drawn = {approval_sms.six_digits() for _ in range(200)}
    assert {len(code) for code in drawn} == {6}
    assert all(code.isdigit() for code in drawn)
    assert len(drawn) > 150


async def test_who_can_not_be_asked(database: Database) -> None:
    await _waiting(database)
    await make_user(database, "Vi Văn Ba", Role.APPROVER)
    for name, why in (
        ("Ai Đó", "there is no user Ai Đó"),
        ("Vi Văn Ba", "Vi Văn Ba has no phone registered; add it: tinbao users phone"),
        (LAN, f"{LAN} is no approver"),
    ):
        with pytest.raises(Refusal, match=why):
            await _ask(database, approver=name)
    await users.disable(database, HUNG, NOW)
    with pytest.raises(Refusal, match=f"{HUNG} is no approver"):
        await _ask(database)
    assert await rows_of(database, approval_code) == []
    assert [row for row in await rows_of(database, mt) if row.wave == 0] == []


async def test_a_phone_that_said_stop_is_not_asked(database: Database) -> None:
    await _waiting(database)
    await _text(database, "TC")
    with pytest.raises(Refusal, match="said stop or is blocked"):
        await _ask(database)
    assert await rows_of(database, approval_code) == []
    await _text(database, "DK", at=NOW + 2)
    await _ask(database, now=NOW + 3)


async def test_asking_takes_room_like_every_door(database: Database) -> None:
    await _waiting(database)
    tight = (bound_route(limit=1),)
    row = {
        "ref": "R", "bidx": b"x", "msisdn": ALICE, "send_id": "s", "lane": 0, "route": "gia-lap", "state": "sent", "due_at": 0,
        "expires_at": NOW, "segments": 1, "created_at": NOW,
    }  # fmt: skip
    await database.write(lambda connection: connection.execute(insert(mt).values(**row)))
    with pytest.raises(Refusal, match="takes at most 1 recipients in 24 hours"):
        await _ask(database, routes=tight)


async def test_three_codes_a_day_and_the_last_one_counts(database: Database) -> None:
    """A text may get lost; but who asks without end gives tries without end to whoever can forge a sender."""
    await _waiting(database)
    for at in range(CODES_A_DAY):
        await _ask(database, now=NOW + at, code=f"00000{at}")
    with pytest.raises(Refusal, match=f"{HUNG} got 3 codes for wave dot-1 in 24 hours"):
        await _ask(database, now=NOW + HOUR_MS)
    assert "da co ma moi" in (await _text(database, "DUYET dot-1 000001", at=NOW + HOUR_MS))[0]
    assert (await the_wave(database, "dot-1")).state is WaveState.PLANNED
    assert {row.tries for row in await rows_of(database, approval_code)} == {0}
    (reply,) = await _text(database, "DUYET dot-1 000002", at=NOW + HOUR_MS + 1)
    assert reply.startswith("Da duyet dot dot-1: 25 tin.")
    assert (await the_wave(database, "dot-1")).state is WaveState.APPROVED


async def test_a_route_that_does_not_reach_the_phone_is_gone_round(database: Database) -> None:
    await _waiting(database)
    routes = (bound_route(prefixes=("+856",)), bound_route("khac", 20))
    assert (await _ask(database, routes=routes)).route == "khac"


# --- answering ---


@pytest.mark.parametrize(
    "text",
    ["DUYET dot-1 042917", "duyet DOT1 042917", "Duyệt đợt 1 042917.", "DUYET Dot-1 042 917", "  DUYETdot-1042917", "DUYET: dot_1, 042917"],
)
async def test_duyet_approves(database: Database, text: str) -> None:
    """As thumbs type it. The approval says that it came by SMS; the wave may start."""
    planner, approver = await _waiting(database)
    await _ask(database)
    assert await _text(database, text) == [
        "Da duyet dot dot-1: 25 tin. Nguoi lap dot da co the cho gui. Neu khong phai ong/ba duyet, xin bao ngay 0300 000 100."
    ]
    (stored,) = await rows_of(database, approval)
    assert (stored.planner, stored.approver, stored.way, stored.at) == (planner.id, approver.id, "sms", NOW + 1)
    assert [row.action for row in await rows_of(database, mo)] == [APPROVAL]
    assert (await waves.start(database, ROUTES, "dot-1", NOW + 2)).state is WaveState.RUNNING


async def test_the_same_text_again_changes_nothing(database: Database) -> None:
    """Twice in one group, and once more later."""
    await _waiting(database)
    await _ask(database)
    first, second = await _text(database, f"DUYET dot-1 {CODE}", f"DUYET dot-1  {CODE}")
    (third,) = await _text(database, f"DUYET dot-1 {CODE}", at=NOW + HOUR_MS)
    assert first.startswith("Da duyet dot dot-1")
    assert second == third == "Dot dot-1 khong cho duyet: da duyet roi."
    assert len(await rows_of(database, approval)) == 1


async def test_two_workers_approve_once(database: Database) -> None:
    await _waiting(database)
    await _ask(database)
    await arrive(database, *(said(f"DUYET dot-1{' ' * at}{CODE}", HUNGS_PHONE.e164) for at in range(1, 7)))
    workers = [Inbound(database, deployment(), REPLIES, ROUTES, lambda: NOW + 1, Random(seed)) for seed in (1, 2)]

    async def work(worker: Inbound) -> None:
        while await worker.process_once(NOW + 1):
            pass

    await asyncio.gather(*map(work, workers))
    assert len(await rows_of(database, approval)) == 1
    assert {row.action for row in await rows_of(database, mo)} == {APPROVAL}


async def test_many_wrong_codes_at_once_are_three_tries(database: Database) -> None:
    """Eight texts, each in a transaction of its own at the same time: three are looked at."""
    await _waiting(database)
    await _ask(database)
    arrived = await arrive(database, *(said(f"DUYET dot-1 90000{at}", HUNGS_PHONE.e164) for at in range(8)))
    worker = Inbound(database, deployment(), REPLIES, ROUTES, lambda: NOW + 1, Random(1))
    await asyncio.gather(*(worker._handle(NOW + 1, [each.id]) for each in arrived))
    assert [row.tries for row in await rows_of(database, approval_code)] == [3]


async def test_three_wrong_codes_end_it(database: Database) -> None:
    """Each reply says how many are left; then the right one is too late. The desk sees the alarm."""
    await _waiting(database)
    await _ask(database)
    first, second, third = [(await _text(database, f"DUYET dot-1 00000{at}", at=NOW + at))[0] for at in (1, 2, 3)]
    assert "khong dung, chua duyet. Con 2 lan." in first
    assert "khong dung, chua duyet. Con 1 lan." in second
    assert "khong con dung duoc" in third
    assert "khong con dung duoc" in (await _text(database, f"DUYET dot-1 {CODE}", at=NOW + 4))[0]
    assert await rows_of(database, approval) == []
    assert [row.alarm for row in await rows_of(database, mo)] == [WRONG_CODE, WRONG_CODE, None, None]


async def test_a_code_lives_a_day(database: Database) -> None:
    await _waiting(database)
    await _ask(database)
    assert "khong con dung duoc" in (await _text(database, f"DUYET dot-1 {CODE}", at=NOW + CODE_LIFE_MS))[0]
    assert (await the_wave(database, "dot-1")).state is WaveState.PLANNED


async def test_a_wave_that_changed_is_not_approved(database: Database) -> None:
    """Nor one whose fallback changed in gateway.toml."""
    await _waiting(database)
    await _ask(database)
    changed = (replace(ROUTES[0], fallback=("du-phong",)),)
    assert "da thay doi sau khi gui ma, chua duyet" in (await _text(database, f"DUYET dot-1 {CODE}", routes=changed))[0]
    await database.write(lambda connection: connection.execute(update(wave).values(cost_ceiling=1)))
    assert "da thay doi sau khi gui ma, chua duyet" in (await _text(database, f"Duyet dot-1 {CODE}", at=NOW + 2))[0]
    assert await rows_of(database, approval) == []


@pytest.mark.parametrize(
    ("state", "words"), [("cancelled", "da huy"), ("running", "da duyet, dang gui"), ("done", "da gui xong"), ("paused", "dang tam dung")]
)
async def test_a_wave_that_does_not_wait_any_more(database: Database, state: str, words: str) -> None:
    await _waiting(database)
    await _ask(database)
    await database.write(lambda connection: connection.execute(update(wave).values(state=state)))
    assert await _text(database, f"DUYET dot-1 {CODE}") == [f"Dot dot-1 khong cho duyet: {words}."]
    assert await rows_of(database, approval) == []


async def test_another_ways_approval_ends_the_code(database: Database) -> None:
    _, approver = await _waiting(database)
    await _ask(database)
    await approvals.approve(database, ROUTES, "dot-1", approver, NOW)
    assert await _text(database, f"DUYET dot-1 {CODE}") == ["Dot dot-1 khong cho duyet: da duyet roi."]
    assert len(await rows_of(database, approval)) == 1


async def test_a_name_that_nobody_asked_about(database: Database) -> None:
    """It costs no try."""
    await _waiting(database)
    await _ask(database)
    for text in (f"DUYET dot-2 {CODE}", "DUYET dot-1 12345", "DUYET", "duyet dot-1"):
        (reply,) = await _text(database, text, at=NOW + len(text))
        assert reply.startswith("Khong co dot nao cho ong/ba duyet voi ten nay. Soan: DUYET ten dot, ma 6 so gui 8088 (1000d/tin)")
    assert [row.tries for row in await rows_of(database, approval_code)] == [0]


# --- everybody else ---


@pytest.mark.parametrize("sender", [ALICE, LANS_PHONE.e164])
async def test_from_another_phone_it_is_a_text_like_any(database: Database, sender: str) -> None:
    """A resident who knows name and code, and the planner: nothing is said of waves, and nothing approved."""
    await _waiting(database)
    await _ask(database)
    (reply,) = await _text(database, f"DUYET dot-1 {CODE}", sender=sender)
    assert "dot-1" not in reply
    assert reply.startswith("Cu phap: LS ma thon")
    assert await rows_of(database, approval) == []
    assert [row.tries for row in await rows_of(database, approval_code)] == [0]


async def test_from_the_web_it_is_a_story(database: Database) -> None:
    """A form may name any phone."""
    await _waiting(database)
    await _ask(database)
    await arrive(database, said(f"DUYET dot-1 {CODE}", HUNGS_PHONE.e164, channel="web"))
    await Inbound(database, deployment(), REPLIES, ROUTES, lambda: NOW, Random(1)).process_once(NOW)
    assert (await rows_of(database, approval), len(await rows_of(database, tip))) == ([], 1)


async def test_an_approver_who_is_disabled_is_anybody(database: Database) -> None:
    await _waiting(database)
    await _ask(database)
    await users.disable(database, HUNG, NOW)
    assert (await _text(database, f"DUYET dot-1 {CODE}"))[0].startswith("Cu phap")
    assert await rows_of(database, approval) == []


async def test_an_approver_may_tell_of_graves_like_anybody(database: Database) -> None:
    """With nobody waiting for an answer, a text that begins with a man's name is a text."""
    await _waiting(database)
    await _text(database, "Duyet o TN07 biet cho co 2 mo liet si sau truong cu")
    assert [row.action for row in await rows_of(database, mo)] != [APPROVAL]


async def test_opting_out_stays_possible_while_one_is_asked(database: Database) -> None:
    await _waiting(database)
    await _ask(database)
    assert "da ngung gui tin" in (await _text(database, "TC"))[0]
    (row,) = await rows_of(database, contact)
    assert row.opted_out_at is not None
