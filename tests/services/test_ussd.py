"""USSD at the door: each convention walked by its own handset, and what must not go wrong whatever comes."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from random import Random

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import select, update
from yarl import URL

from gateway.carriers.registry import CARRIERS
from gateway.carriers.ussd_registry import USSD
from gateway.carriers.wire import HookCall, HttpResponse
from gateway.domain.screen import room, units
from gateway.domain.secret import Secret
from gateway.domain.segments import alphabet_of
from gateway.services.inbound import Inbound
from gateway.services.intake import open_intake
from gateway.services.replies import load_replies
from gateway.services.ussd import JUMPED, UssdSessions, open_ussd
from gateway.storage.database import Database
from gateway.storage.schema import alert, contact, dialogue, dna_request, mo, mt, tip, tip_event
from gateway.storage.spool import Spool
from gateway.web.hooks import CALL_LIMIT, CLOCK, INTAKE, PROXIES, Hook
from gateway.web.runner import web_runner
from gateway.web.ussd import UssdHook, add_ussd
from tests.carriers.ussd_cases import PHONES, Phone, form
from tests.services.people import ALICE, NOW, deployment, inbound, route, rows

SECRET = "mat-khau-tap"
MENU = "1 Bao tin mo liet si\n2 Dang ky lay mau ADN\n3 Tra cuu ma tin\n4 Tu choi nhan tin\n0 Thoat"
STORY = "Noi dung: o dau, may mo, ten/don vi neu nho:"
SECOND = 1_000


@dataclass
class Network:
    """A running listener, its database and the clock that a test turns."""

    url: str
    database: Database
    sessions: UssdSessions
    inbound: Inbound
    http: aiohttp.ClientSession
    clock: list[int] = field(default_factory=lambda: [NOW])

    def later(self, ms: int = 5 * SECOND) -> None:
        self.clock[0] += ms

    async def send(self, convention: str, call: HookCall) -> HttpResponse:
        """One call as a carrier makes it."""
        path = call.path.replace("/r/", f"/{convention}/")
        url = URL(f"{self.url}{path}?secret={SECRET}&{call.query.decode()}", encoded=True)
        headers = {name: value for name, value in call.headers.items() if name != "host"}
        async with self.http.request(call.method, url, data=BytesIO(call.body) if call.body else None, headers=headers) as answer:
            return HttpResponse(
                answer.status, dict(answer.headers) | {n.lower(): v for n, v in answer.headers.items()}, await answer.read()
            )

    async def at(self, phone: Phone, convention: str, call: HookCall) -> tuple[str, bool]:
        """The screen that a call brings; 5 s pass, as people read."""
        answer = await self.send(convention, call)
        assert answer.status == 200
        self.later()
        return phone.read(answer)

    async def walk(self, phone: Phone, *texts: str, convention: str = "africastalking") -> list[tuple[str, bool]]:
        screens = [await self.at(phone, convention, phone.dial())]
        return screens + [await self.at(phone, convention, phone.type(text)) for text in texts]


@pytest.fixture
async def net(database: Database, tmp_path: Path, keyring) -> AsyncIterator[Network]:
    clock, handler, data = [NOW], inbound(database), deployment()
    hooks = {name: Hook(name, CARRIERS["simulator"], Secret(SECRET)) for name in USSD}
    async with (
        open_intake(database, Spool(tmp_path / "spool", keyring), at_once=handler.at_once, patience_s=20) as intake,
        open_ussd(database, data, load_replies(data), (route(),), lambda: clock[0], Random(3), patience_s=20) as sessions,
        aiohttp.ClientSession() as http,
    ):
        app = web.Application(client_max_size=CALL_LIMIT)
        app[INTAKE], app[CLOCK], app[PROXIES] = intake, lambda: clock[0], ()
        add_ussd(app, sessions, [UssdHook(hooks[name], USSD[name], 160) for name in USSD])
        runner = web_runner(app, drain_s=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield Network(f"http://127.0.0.1:{runner.addresses[0][1]}", database, sessions, handler, http, clock)
        await runner.cleanup()


@pytest.fixture(params=sorted(USSD))
def convention(request: pytest.FixtureRequest) -> str:
    return request.param


async def texts_out(database: Database) -> list[str]:
    async with database.read() as connection:
        return list(await connection.scalars(select(mt.c.body).order_by(mt.c.id)))


# --- every convention ---


async def test_a_tip_from_the_first_screen_to_the_code(net: Network, convention: str):
    """Menu, village by its number on the leaflet, free text, code back, one question."""
    phone = PHONES[convention]()
    screens = await net.walk(phone, "1", "7", "canh mieu, 2 mo, ong toi ke chon nam 79", convention=convention)
    assert screens[:3] == [(MENU, True), ("Chon thon (so cua thon tren to roi):", True), (STORY, True)]
    (found,) = await rows(net.database, tip)
    words, goes_on = screens[3]
    assert goes_on
    assert words.startswith(f"Da nhan, ma {found.code}. Xin cam on. Khong tu y dao boi.\n")
    assert (found.channel, found.village, found.sender, found.text) == ("ussd", "TN07", ALICE, "canh mieu, 2 mo, ong toi ke chon nam 79")
    (row,) = await rows(net.database)
    assert (row.id, row.state, row.action, row.route) == (found.mo, "done", "tip", convention)


async def test_a_repeat_brings_the_same_screen_and_acts_once(net: Network, convention: str):
    phone = PHONES[convention]()
    await net.walk(phone, "1", "7", convention=convention)
    call = phone.type("canh mieu, 2 mo, ong toi ke")
    answers = [await net.send(convention, call) for _ in range(3)]
    assert len({answer.body for answer in answers}) == 1
    assert [len(await rows(net.database, table)) for table in (tip, mo, dialogue)] == [1, 1, 1]


async def test_repeats_that_come_at_once_act_once(net: Network, convention: str):
    phone = PHONES[convention]()
    await net.walk(phone, "1", "7", convention=convention)
    call = phone.type("canh mieu, 2 mo, ong toi ke")
    answers = await asyncio.gather(*(net.send(convention, call) for _ in range(8)))
    assert len({answer.body for answer in answers}) == 1
    assert len(await rows(net.database, tip)) == 1


async def test_a_cut_session_is_partial_and_gets_its_receipt(net: Network, convention: str):
    """By the carrier's own end event, or by its silence."""
    phone = PHONES[convention]()
    await net.walk(phone, "1", "7", "canh mieu, 2 mo, ong toi ke", convention=convention)
    assert await texts_out(net.database) == []
    if (call := phone.hang_up()) is not None:
        assert (await net.send(convention, call)).status == 200
    else:
        net.later(181 * SECOND)
        assert await net.sessions.close_silent(net.clock[0]) == 1
    (row,) = await rows(net.database, dialogue)
    assert (row.how, row.ended_at) == ("cut", net.clock[0])
    (found,) = await rows(net.database, tip)
    (receipt,) = await texts_out(net.database)
    assert f"ma {found.code}, du cuoc goi bi ngat" in receipt
    assert net.sessions.replied.is_set()


async def test_a_call_that_cannot_be_read_gets_a_short_screen_and_is_kept(net: Network, convention: str):
    answer = await net.send(convention, HookCall("POST", "/hooks/r/ussd", b"x=1", {"content-type": "text/plain"}, b"\x00\xff mo canh suoi"))
    assert answer.status == 200
    (row,) = await rows(net.database)
    assert (row.state, "ussd: " in row.action) == ("unreadable", True)
    assert b"suoi" not in answer.body


async def test_a_megabyte_gets_a_short_screen(net: Network, convention: str):
    answer = await net.send(convention, HookCall("POST", "/hooks/r/ussd", b"", {"content-type": "text/plain"}, b"x" * (1 << 20) + b"y"))
    assert answer.status == 200
    assert 0 < len(answer.body) < 600
    assert await rows(net.database) == []


async def test_without_the_secret_nothing_is_taken(net: Network, convention: str):
    async with net.http.post(f"{net.url}/hooks/{convention}/ussd?secret=x", data=b"") as answer:
        assert (answer.status, (await answer.text()).count("\n")) == (403, 1)


# --- the dialogue ---


async def test_questions_follow_one_at_a_time_and_their_answers_join_the_tip(net: Network):
    phone = PHONES["nalo"]()
    screens = await net.walk(phone, "1", "7", "co mo bo doi", "canh cau treo, loi ben trai", "3", "2", convention="nalo")
    assert [words.splitlines()[-2:] for words, _ in screens[3:5]] == [
        ["Mo o gan cho gi, di loi nao?", "8 Bo qua 9 Gap can bo"], ["May mo, con nguyen khong?", "88 Bo qua 99 Gap can bo"]]  # fmt: skip
    assert not screens[-1][1]
    (found,) = await rows(net.database, tip)
    assert (found.may_call, found.may_publish) == (True, False)
    assert json.loads(found.fields)["answers"] == {"place": "canh cau treo, loi ben trai", "graves": "3", "may": "2"}
    events = await rows(net.database, tip_event)
    assert [each.kind for each in events] == ["received", "added", "added", "added", "consent"]
    assert json.loads(events[-1].note)["said"] == "2"
    assert "1 Goi, neu ten" in json.loads(events[-1].note)["shown"]
    (receipt,) = await texts_out(net.database)
    assert f"da nhan tin, ma {found.code}" in receipt


async def test_an_urgent_tip_gets_what_to_do_and_wakes_the_duty_list(net: Network):
    screens = await net.walk(PHONES["hubtel"](), "1", "7", "thay qua bom canh suoi", convention="hubtel")
    assert screens[-1][0].startswith("NGUY HIEM: khong cham vao")
    assert not screens[-1][1]
    assert [each.why for each in await rows(net.database, alert)] == ["uxo"]


async def test_registering_for_a_sample(net: Network):
    screens = await net.walk(PHONES["dmark"](), "2", "Nong Thi Vi Du, em gai liet si, thon TN07", convention="dmark")
    (found,) = await rows(net.database, dna_request)
    assert found.code in screens[-1][0]
    assert (found.village, found.sender, screens[-1][1]) == ("TN07", ALICE, False)
    assert await rows(net.database, tip) == []
    (receipt,) = await texts_out(net.database)
    assert f"dang ky lay mau ADN, ma {found.code}" in receipt


async def test_looking_up_a_code_shows_the_state_alone(net: Network):
    await net.walk(PHONES["nalo"]("S-0"), "1", "7", "canh mieu, 2 mo, ong toi ke", convention="nalo")
    (found,) = await rows(net.database, tip)
    words, _ = (await net.walk(PHONES["nalo"]("S-2", "84300000012"), "3", found.code.lower(), convention="nalo"))[-1]
    assert (f"Ma {found.code}:" in words, "mieu" in words) == (True, False)
    assert "chua thay ma nay" in (await net.walk(PHONES["hubtel"]("S-3", "84300000012"), "3", "000000", convention="hubtel"))[-1][0]


async def test_stop_is_stop_by_key_and_by_word(net: Network):
    for session, texts in (("S-1", ["4"]), ("S-2", ["1", "TC"])):
        words, goes_on = (await net.walk(PHONES["hubtel"](session), *texts, convention="hubtel"))[-1]
        assert (words.startswith("Da ngung gui tin"), goes_on) == (True, False)
        (person,) = await rows(net.database, contact)
        assert person.opted_out_at is not None


async def test_a_person_is_within_reach_and_the_desk_is_told(net: Network):
    words, goes_on = (await net.walk(PHONES["hubtel"](), "1", "99", convention="hubtel"))[-1]
    assert ("0300 000 100" in words, goes_on) == (True, False)
    assert [row.alarm for row in await rows(net.database)] == ["asks for a person"]


async def test_whoever_tells_at_once_is_heard(net: Network):
    words, _ = (await net.walk(PHONES["hubtel"](), "LS TN07 co 2 mo bo doi canh suoi", convention="hubtel"))[-1]
    (found,) = await rows(net.database, tip)
    assert (found.code in words, found.village) == (True, "TN07")


async def test_a_broken_session_is_taken_up_again(net: Network):
    """Within ten minutes, under a new session of the carrier's: go on with the story, or begin anew."""
    await net.walk(PHONES["nalo"]("S-1"), "1", "7", convention="nalo")
    net.later(200 * SECOND)
    phone = PHONES["nalo"]("S-2")
    screens = await net.walk(phone, "1", "canh mieu, 2 mo, ong toi ke", convention="nalo")
    assert [words for words, _ in screens[:2]] == ["Tin dang do.\n1 Viet tiep\n2 Lam lai\n0 Thoat", STORY]
    assert [found.village for found in await rows(net.database, tip)] == ["TN07"]


async def test_questions_are_taken_up_after_a_cut_and_one_receipt_goes(net: Network):
    first = PHONES["africastalking"]("S-1")
    await net.walk(first, "1", "7", "co mo bo doi")
    await net.send("africastalking", first.hang_up())
    second = PHONES["africastalking"]("S-2")
    screens = await net.walk(second, "1", "canh cau treo", "2 mo", "1")
    assert screens[1][0].startswith("Mo o gan cho gi")
    assert not screens[-1][1]
    (found,) = await rows(net.database, tip)
    assert json.loads(found.fields)["answers"]["place"] == "canh cau treo"
    assert len(await texts_out(net.database)) == 1


async def test_who_dials_again_while_the_old_session_hangs_gets_both_right(net: Network):
    await net.walk(PHONES["nalo"]("S-1"), "1", "7", "co mo bo doi", convention="nalo")
    screens = await net.walk(PHONES["nalo"]("S-2"), "2", "1", "9", "canh ao, 3 mo bo doi", convention="nalo")
    assert screens[1][0] == MENU
    assert [found.village for found in await rows(net.database, tip)] == ["TN07", "TN09"]
    assert [each.how for each in await rows(net.database, dialogue)] == ["cut", None]
    assert len(await texts_out(net.database)) == 1  # the first one's; the second talk goes on


async def test_after_ten_minutes_nothing_is_taken_up(net: Network):
    await net.walk(PHONES["nalo"]("S-1"), "1", "7", convention="nalo")
    net.later(800 * SECOND)
    assert (await net.walk(PHONES["nalo"]("S-2"), convention="nalo"))[0][0] == MENU


# --- traps ---


async def test_a_star_that_a_person_types_is_a_star(net: Network):
    await net.walk(PHONES["africastalking"](), "1", "7", "mo canh suoi * 2 nam*3 mo")
    (found,) = await rows(net.database, tip)
    assert found.text == "mo canh suoi * 2 nam*3 mo"


async def test_an_old_repeat_of_a_growing_input_brings_the_last_screen(net: Network):
    phone = PHONES["africastalking"]()
    screens = await net.walk(phone, "1", "7")
    old = form({"sessionId": "S-1", "phoneNumber": ALICE, "text": "1"})
    assert phone.read(await net.send("africastalking", old)) == screens[-1]
    assert (await net.at(phone, "africastalking", phone.type("canh mieu, 2 mo, ong toi ke")))[0].startswith("Da nhan")


async def test_what_was_dialled_behind_the_code_is_walked_through(net: Network):
    call = form({"sessionId": "S-1", "phoneNumber": ALICE, "text": "1*7*mo canh suoi*2 nam"})
    words, _ = PHONES["africastalking"]().read(await net.send("africastalking", call))
    (found,) = await rows(net.database, tip)
    assert (found.text, found.village, found.code in words) == ("mo canh suoi*2 nam", "TN07", True)


@pytest.mark.parametrize("convention", ["nalo", "hubtel", "africastalking", "infobip"])
async def test_a_session_that_jumps_to_another_person_is_refused_and_recorded(net: Network, convention: str):
    phone = PHONES[convention]()
    await net.walk(phone, "1", "7", convention=convention)
    thief = replace(phone, number="84300000012", typed=list(phone.typed))
    words, goes_on = await net.at(thief, convention, thief.type("mo o suoi"))
    assert (words, goes_on) == ("Phien nay khong dung duoc. Xin bam lai so *8088#.", False)
    assert [(row.sender, row.alarm) for row in await rows(net.database)] == [("+84300000012", JUMPED)]
    assert await rows(net.database, tip) == []
    words, _ = await net.at(phone, convention, phone.type("canh mieu, 2 mo, ong toi ke"))
    assert words.startswith("Da nhan")


async def test_two_sessions_of_two_people_never_mix(net: Network):
    """Interleaved, with the same words and equal session ids on two routes."""
    phones = [PHONES["nalo"](f"S-{n}", f"843000001{n:02}") for n in range(20)]
    await asyncio.gather(*(net.send("nalo", phone.dial()) for phone in phones))
    for text in ("1", "7", "canh mieu, 2 mo, ong toi ke"):
        net.later()
        await asyncio.gather(*(net.send("nalo", phone.type(text)) for phone in phones))
    found = await rows(net.database, tip)
    assert sorted(each.sender for each in found) == sorted(f"+{phone.number}" for phone in phones)
    assert len({each.code for each in found}) == 20


async def test_the_same_key_twice_is_two_answers_when_a_person_presses_it(net: Network):
    screens = await net.walk(PHONES["nalo"](), "1", "1", convention="nalo")
    assert screens[-1][0] == STORY


async def test_a_retry_after_the_carriers_own_time_out_is_no_answer_to_the_next_question(net: Network):
    phone = PHONES["nalo"]()
    screens = await net.walk(phone, "1", "7", "co mo bo doi o suoi", convention="nalo")
    phone.typed.pop()
    net.later(25 * SECOND)
    assert await net.at(phone, "nalo", phone.type("co mo bo doi o suoi")) == screens[-1]
    assert [each.kind for each in await rows(net.database, tip_event)] == ["received"]


async def test_while_the_database_is_locked_the_screen_says_so_and_the_session_goes_on_after(net: Network, database_url: str):
    if not database_url.startswith("sqlite"):
        return  # PostgreSQL has no lock on the whole
    phone = PHONES["africastalking"]()
    await net.walk(phone, "1", "7")
    call = phone.type("canh mieu, 2 mo, ong toi ke")
    holder = sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    words, goes_on = phone.read(await net.send("africastalking", call))
    holder.execute("ROLLBACK")
    holder.close()
    assert (words.startswith("He thong dang ban"), goes_on) == (True, False)
    assert (await net.at(phone, "africastalking", call))[0].startswith("Da nhan, ma ")


async def test_a_long_screen_is_paged_and_its_end_is_reached(net: Network):
    data = deployment()
    codes = list(data.villages)
    assert len(codes) > 9
    words, goes_on = (await net.walk(PHONES["nalo"](), "1", "7", "thay hai cot lo ra canh suoi", convention="nalo"))[-1]
    assert words.endswith("\n98 Tiep")
    assert (len(words) <= 120, goes_on) == (True, True)
    phone = PHONES["nalo"]()
    phone.dial(), phone.type("1"), phone.type("7"), phone.type("x")
    rest, goes_on = await net.at(phone, "nalo", phone.type("98"))
    assert (goes_on, "98 Tiep" in rest) == (False, False)
    assert [row.how for row in await rows(net.database, dialogue)] == ["urgent"]


async def test_hostile_input_is_a_wrong_choice(net: Network):
    for text in ("\x07\x1b[31m", "😀😀", "<script>alert(1)</script>", "\u202e4", "9" * 900, "'; DROP TABLE tip;--"):
        phone = PHONES["hubtel"](text.encode().hex()[:20])
        words, _ = (await net.walk(phone, text, convention="hubtel"))[-1]
        assert words.split("\n")[0] in (
            "Khong hieu lua chon. Moi chon lai 0-4.",
            "Da ngung gui tin chien dich toi so nay. Xin loi da lam phien. Nhan lai: DK gui 8088 (1000d/tin)",
        )
        assert "<" not in words


async def test_a_village_by_code_by_name_and_by_none(net: Network):
    for number, (typed, village) in enumerate([("TN07", "TN07"), ("tn 7", "TN07"), ("07", "TN07"), ("88", None)]):
        await net.walk(PHONES["nalo"](f"S-{number}", f"8430000010{number}"), "1", typed, "canh mieu, 2 mo, ong toi ke", convention="nalo")
        assert (await rows(net.database, tip))[-1].village == village, typed


async def test_infobip_is_told_whether_a_session_is_open(net: Network):
    phone = PHONES["infobip"]()
    for expected in (False, True):
        answer = await net.send("infobip", HookCall("GET", "/hooks/r/ussd/session/S-1/status"))
        assert json.loads(answer.body)["sessionActive"] is expected
        await net.send("infobip", phone.dial())


async def test_an_unknown_route_and_an_unknown_end_are_no_errors(net: Network):
    async with net.http.get(f"{net.url}/hooks/nobody/ussd?secret={SECRET}") as answer:
        assert answer.status == 404
    assert (await net.send("africastalking", PHONES["africastalking"]().hang_up())).status == 200
    assert await rows(net.database, dialogue) == []


async def test_no_words_and_no_number_lie_open_in_the_rows(net: Network):
    await net.walk(PHONES["africastalking"]("S-84300000011"), "1", "7", "dau vet rieng canh suoi")
    async with net.database.read() as connection:
        (raw,) = (await connection.exec_driver_sql("SELECT * FROM dialogue")).all()
    shown = b"".join(bytes(each) if isinstance(each, (bytes, memoryview)) else str(each).encode() for each in raw)
    assert b"dau vet" not in shown
    assert b"84300000011" not in shown


async def test_a_row_of_another_release_stops_nobody(net: Network):
    """Its session is refused, then begun anew by the next dial; silent, it is ended like any other."""

    async def spoil(connection) -> None:
        await connection.execute(update(dialogue).values(slots="{}"))

    phone = PHONES["nalo"]()
    await net.walk(phone, "1", convention="nalo")
    await net.database.write(spoil)
    assert (await net.at(phone, "nalo", phone.type("7")))[0].startswith("Phien nay khong dung duoc")
    assert (await net.walk(phone, convention="nalo"))[0][0] == MENU
    await net.database.write(spoil)
    net.later(300 * SECOND)
    assert await net.sessions.close_silent(net.clock[0]) == 0
    assert [each.how for each in await rows(net.database, dialogue)] == ["timed out", "timed out"]


async def test_no_walk_goes_wrong(net: Network):
    """Whatever 60 people type, dial, repeat and cut: a screen that fits, never "busy", and one receipt for each tip."""
    random = Random(20261118)
    typed = ["1", "1", "2", "3", "4", "0", "7", "9", "88", "98", "00", "", "*", "TC", "bo qua", "na lai", "canh mieu, 2 mo", "thay qua bom"]
    typed += ["LS TN07 co mo bo doi", "LS TN09 co 2 mo", "1", "7", "canh mieu, 2 mo bo doi"]
    names = ["africastalking", "nalo", "hubtel", "imimobile", "infobip"]
    for person in range(60):
        convention = names[person % len(names)]
        phone = PHONES[convention](f"S-{person}", f"843000002{person:02}")
        call = phone.dial()
        for _ in range(random.randint(3, 14)):
            words, _ = phone.read(await net.send(convention, call))
            assert words, convention
            assert not words.startswith("He thong dang ban"), (person, phone.typed)
            assert units(words, alphabet_of(words)) <= room(words, 160)
            net.later(random.choice([100, 5 * SECOND, 5 * SECOND, 200 * SECOND]))
            what = random.random()
            call = phone.dial() if what < 0.1 else call if what < 0.2 else phone.type(random.choice(typed))
            if what > 0.93 and (cut := phone.hang_up()) is not None:
                assert (await net.send(convention, cut)).status == 200
    net.later(300 * SECOND)
    await net.sessions.close_silent(net.clock[0])
    told = await rows(net.database, tip)
    assert len(told) > 20
    receipts = await texts_out(net.database)
    assert all(sum(each.code in receipt for receipt in receipts) == 1 for each in told)
    assert all(each.ended_at is not None for each in await rows(net.database, dialogue))
