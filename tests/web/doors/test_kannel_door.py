"""Kannel's dialect: every field of its user guide taken, or refused in one sentence; a 202 only for what is committed."""

import asyncio
import logging
from io import BytesIO
from urllib.parse import quote, urlencode

import pytest
from aiohttp import ClientError
from sqlalchemy import func, select
from yarl import URL

from gateway.domain.caps import DAY_MS
from gateway.services.door_parts import MISSING, give_up
from gateway.services.doors import BURST_MS, MOST_A_SECOND, PATIENCE_MS, TooFast
from gateway.storage.schema import contact, door_part, mt, mt_report
from tests.services.people import ALICE, BINH, NOW, rows
from tests.services.test_intake import locked
from tests.web.doors.conftest import HOST, TO, Plug

DOOR = "/cgi-bin/sendsms"
YES = (202, "0: Accepted for delivery")
NO = (403, "Authorization failed for sendsms")
REPORTS = f"http://{HOST}/dlr?id=7&st=%d"


async def bodies(plug: Plug) -> list[str]:
    return [row.body for row in await rows(plug.database, mt)]


async def test_a_text_is_taken(plug: Plug) -> None:
    """The words that a Kannel compares whole: no line end, nothing after them."""
    assert await plug.get(DOOR, to=TO, text="Hop thon 19h") == YES
    (row,) = await rows(plug.database, mt)
    assert (row.msisdn, row.body, row.route, row.state, row.due_at, row.wave, row.lane) == (
        ALICE,
        "Hop thon 19h",
        "that",
        "queued",
        0,
        0,
        0,
    )
    assert plug.doors.taken.is_set()


async def test_the_names_of_old_clients(plug: Plug) -> None:
    assert await plug.get(DOOR, username=None, password=None, user="crm", **{"pass": plug.secret}, to=TO, text="Hop") == YES


async def test_several_people_in_one_call(plug: Plug) -> None:
    """Parted by blanks; one who stands there twice gets it once."""
    assert await plug.get(DOOR, to=f"{TO} +84300000012 84300000011", text="Hop") == YES
    assert sorted(row.msisdn for row in await rows(plug.database, mt)) == [ALICE, BINH]


async def test_one_of_several_is_refused_by_its_place(plug: Plug) -> None:
    await opt_out(plug, BINH)
    status, words = await plug.get(DOOR, to=f"{TO} {BINH} 0300000013", text="Hop")
    assert (status, words.splitlines()[0]) == YES
    assert words.splitlines()[1:] == ["number 2 of 3 was refused: this person wants no messages; take them off the list"]
    assert "0300" not in words


async def opt_out(plug: Plug, number: str) -> None:
    async def unit(connection) -> None:
        bidx = plug.database.keyring.blind(number, "msisdn")
        await connection.execute(contact.insert().values(bidx=bidx, msisdn=number, commune="06316", created_at=NOW, opted_out_at=NOW))

    await plug.database.write(unit)


async def test_too_many_people_are_refused(plug: Plug) -> None:
    status, words = await plug.get(DOOR, to=" ".join(f"030000{at:04d}" for at in range(101)), text="Hop")
    assert (status, "a call takes 100" in words) == (400, True)
    assert await bodies(plug) == []


# --- who calls ---


@pytest.mark.parametrize("name", ["crm", "khong-co", "doc", "", "crm\0", "CRM", "a" * 5_000, "../x", "ộ"])
async def test_whoever_may_not_hears_the_same(plug: Plug, name: str) -> None:
    """A wrong secret, an unknown name, a client without the right to send: nobody can tell them apart."""
    password = plug.reader_secret if name == "doc" else "sai"
    assert await plug.get(DOOR, username=name, password=password, to=TO, text="Hop") == NO
    assert await bodies(plug) == []


async def test_without_name_or_password(plug: Plug) -> None:
    assert await plug.raw(DOOR) == NO
    assert await plug.get(DOOR, password=None, to=TO, text="Hop") == NO
    assert await plug.get(DOOR, username=None, to=TO, text="Hop") == NO


async def test_who_may_not_send_learns_nothing_of_what_is_wrong(plug: Plug) -> None:
    assert await plug.get(DOOR, password="sai", to="abc", text="", coding=9) == NO


# --- text, charset, coding ---


@pytest.mark.parametrize(
    ("fields", "raw", "words"),
    [
        ("", "H%E1%BB%8Dp+th%C3%B4n", "Họp thôn"),
        ("&coding=0", "H%E1%BB%8Dp", "Họp"),
        ("&coding=2&charset=UTF-8", "H%E1%BB%8Dp", "Họp"),
        ("&coding=2", "%00H%1E%CD%00p", "Họp"),
        ("&charset=UTF-16BE", "%00H%1E%CD%00p", "Họp"),
        ("&charset=ISO-8859-1", "%E9t%E9", "été"),
        ("&charset=WINDOWS-1252", "%80", "€"),
        ("&coding=2&charset=ucs-2", "%D8%3D%DE%00", "😀"),
        ("", "100%25+%26+a%3Db%0Ahai", "100% & a=b\nhai"),
    ],
)
async def test_words_arrive_letter_for_letter(plug: Plug, fields: str, raw: str, words: str) -> None:
    assert await plug.raw(f"{DOOR}?username=crm&password={plug.secret}&to={TO}{fields}&text={raw}") == YES
    assert await bodies(plug) == [words]


@pytest.mark.parametrize(
    ("fields", "raw", "why"),
    [
        ("", "%FF%FE", "charset"),
        ("&charset=UTF-7", "a", "charset"),
        ("&charset=rot13", "a", "charset"),
        ("&coding=2", "%00", "charset"),
        ("&coding=2", "%D8%3D", "charset"),
        ("", "a%00b", "NUL"),
        ("", "", "Empty text not allowed"),
        ("", "+++", "Empty text not allowed"),
        ("", "a" * 2_000, "segments"),
    ],
)
async def test_words_that_would_arrive_otherwise_are_refused(plug: Plug, fields: str, raw: str, why: str) -> None:
    status, words = await plug.raw(f"{DOOR}?username=crm&password={plug.secret}&to={TO}{fields}&text={raw}")
    assert (status, why in words, words.count("\n")) == (400, True, 0)
    assert await bodies(plug) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"coding": 1}, {"coding": 3}, {"coding": "x"}, {"coding": "1" * 5_000}, {"mclass": 0}, {"mclass": 4}, {"mwi": 0}, {"mwi": 3},
        {"compress": 1}, {"pid": 65}, {"priority": 4}, {"priority": "٣"}, {"rpi": 2}, {"alt-dcs": 5}, {"dlr-mask": 64}, {"dlr-mask": -1},
        {"validity": 10_081}, {"validity": "mai"}, {"deferred": 10_081}, {"deferred": 1.5}, {"udh": "\x05\x00\x03"},
        {"udh": "\x06\x05\x04\x0b\x84\x23\xf0"}, {"udh": "x"}, {"udh": "\x05\x00\x03\x01\x0b\x01"}, {"to": None}, {"to": ""}, {"to": "abc"},
        {"to": "1"}, {"to": "0300000011,0300000012"}, {"to": "\0"}, {"to": "zalo:12345"}, {"to": "8" * 4_000}, {"text": None},
        {"reference": "r" * 201},
    ],
)  # fmt: skip
async def test_what_no_route_carries_is_refused_in_one_sentence(plug: Plug, fields: dict[str, object]) -> None:
    status, words = await plug.get(DOOR, **({"to": TO, "text": "Hop"} | fields))
    assert (status, words.count("\n"), await bodies(plug)) == (400, 0, [])
    assert len(words) < 250
    assert TO not in words


async def test_fields_that_a_route_decides_are_taken(plug: Plug) -> None:
    """Kannel clients send them; from is the route's own."""
    more = {
        "from": "UBND Xa", "coding": 0, "account": "k1", "binfo": "b", "priority": 3, "pid": 0, "rpi": 1, "alt-dcs": 1, "mclass": 1,
        "compress": 0, "meta-data": "?smpp?a=b&c=d", "smsc": "khong-biet", "charset": "UTF-8",
    }  # fmt: skip
    assert await plug.get(DOOR, to=TO, text="Hop", **more) == YES
    assert [row.route for row in await rows(plug.database, mt)] == ["that"]


async def test_smsc_names_a_route(plug: Plug) -> None:
    assert await plug.get(DOOR, to="0399000011", text="Hop", smsc="hep") == YES
    assert [row.route for row in await rows(plug.database, mt)] == ["hep"]
    status, words = await plug.get(DOOR, to=TO, text="Hop", smsc="hep")
    assert (status, words.startswith("Not routable. Do not try again")) == (403, True)


async def test_a_number_that_no_route_reaches(plug: Plug) -> None:
    status, words = await plug.get(DOOR, to="+85620000000", text="Hop")
    assert (status, words.startswith("Not routable. Do not try again")) == (403, True)


async def test_who_said_stop_is_denied(plug: Plug) -> None:
    await opt_out(plug, ALICE)
    status, words = await plug.get(DOOR, to=TO, text="Hop")
    assert (status, words.startswith("Number(s) has/have been denied")) == (403, True)


async def test_the_door_obeys_max_unapproved(plug: Plug) -> None:
    assert await plug.get(DOOR, to="0399000011", text="Hop", smsc="hep") == YES
    status, words = await plug.get(DOOR, to="0399000012", text="Hop", smsc="hep")
    assert (status, "without an approved wave" in words) == (403, True)
    assert len(await bodies(plug)) == 1


async def test_deferred_and_validity_are_minutes(plug: Plug) -> None:
    assert await plug.get(DOOR, to=TO, text="1", deferred=30, validity=60) == YES
    assert await plug.get(DOOR, to=TO, text="2", deferred=0, validity=0) == YES  # what Kannel makes of 59 seconds
    assert await plug.get(DOOR, to=TO, text="3", deferred=-1, validity=-1) == YES  # and of none
    minute = 60_000
    assert [(row.due_at, row.expires_at) for row in await rows(plug.database, mt)] == [
        (NOW + 30 * minute, NOW + 90 * minute), (0, NOW + minute), (0, NOW + DAY_MS),
    ]  # fmt: skip


# --- what is to be told ---


async def test_reports_are_promised_in_the_same_transaction(plug: Plug) -> None:
    assert await plug.get(DOOR, to=TO, text="Hop", dlr_mask=31, dlr_url=REPORTS) == YES
    ((sent,), (report,)) = await rows(plug.database, mt), await rows(plug.database, mt_report)
    assert (report.mt, report.client, report.mask, report.url, report.method) == (sent.id, plug.client.id, 31, REPORTS, "GET")


async def test_the_other_spelling_of_the_fields(plug: Plug) -> None:
    assert await plug.get(DOOR, to=TO, text="Hop", dlrmask=3, dlrurl=REPORTS) == YES
    assert [row.mask for row in await rows(plug.database, mt_report)] == [3]


@pytest.mark.parametrize("fields", [{"dlr-mask": 31}, {"dlr-url": REPORTS}, {"dlr-mask": 0, "dlr-url": REPORTS}])
async def test_without_mask_or_address_nobody_is_told(plug: Plug, fields: dict[str, object]) -> None:
    assert await plug.get(DOOR, to=TO, text="Hop", **fields) == YES
    assert await rows(plug.database, mt_report) == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x", "http://10.0.0.1/", "http://[::1]/", "ftp://crm.example/", "file:///etc/passwd", "http://u:p@crm.example/",
        "//crm.example", "crm.example/x", "http:///x", "http://localhost/", "javascript:1", "http://crm.example/ộ", "jasmin:1:http://x.vn/",
    ],
)  # fmt: skip
async def test_an_address_that_may_not_be_called_is_refused(plug: Plug, url: str) -> None:
    """A private one only where the client's list names it."""
    status, words = await plug.get(DOOR, to=TO, text="Hop", dlr_mask=31, dlr_url=url)
    assert (status, "dlr-url" in words, await bodies(plug)) == (400, True, [])


async def test_kannels_own_message_id_makes_its_repeat_harmless(plug: Plug) -> None:
    """A Kannel that lost our answer calls again with the same dlr-mid; another of its messages has another."""
    for mid in ("6f2f1f2e-0000-4000-8000-000000000001", "6f2f1f2e-0000-4000-8000-000000000001", "6f2f1f2e-0000-4000-8000-000000000002"):
        url = f"http://{HOST}:15015/&dlr-url=&dlr-mask=%d&dlr-mid={mid}"
        assert await plug.get(DOOR, to=TO, text="Hop", dlr_mask=31, dlr_url=url) == YES
    assert len(await bodies(plug)) == 2


async def test_a_reference_of_the_callers_own(plug: Plug) -> None:
    assert [await plug.get(DOOR, to=TO, text="Hop", reference="m-1") for _ in range(3)] == [YES] * 3
    assert await bodies(plug) == ["Hop"]
    status, words = await plug.get(DOOR, to=TO, text="Khac", reference="m-1")
    assert (status, "reference was used" in words) == (400, True)


async def test_twenty_repeats_at_once_are_one_message(plug: Plug) -> None:
    assert set(await asyncio.gather(*(plug.get(DOOR, to=TO, text="Hop", reference="m-1") for _ in range(20)))) == {YES}
    assert await bodies(plug) == ["Hop"]


# --- the call itself ---


async def test_a_form(plug: Plug) -> None:
    assert await plug.post(DOOR, plug.login() | {"to": TO, "text": "Họp"}) == YES
    assert await bodies(plug) == ["Họp"]


async def test_a_post_with_headers(plug: Plug) -> None:
    headers = {
        "X-Kannel-Username": "crm", "X-Kannel-Password": plug.secret, "X-Kannel-From": "8088", "X-Kannel-To": f"{TO} {BINH}",
        "X-Kannel-Coding": "2", "X-Kannel-DLR-Mask": "3", "X-Kannel-DLR-Url": REPORTS, "X-Kannel-Deferred": "5",
        "Content-Type": "text/plain; charset=UTF-8",
    }  # fmt: skip
    assert await plug.post(DOOR, "Họp thôn".encode(), headers) == YES
    assert await bodies(plug) == ["Họp thôn"] * 2
    assert [row.due_at for row in await rows(plug.database, mt)] == [NOW + 300_000] * 2
    assert len(await rows(plug.database, mt_report)) == 2


async def test_a_post_in_utf16_and_one_with_parts(plug: Plug) -> None:
    headers = {"X-Kannel-Username": "crm", "X-Kannel-Password": plug.secret, "X-Kannel-To": TO, "X-Kannel-Coding": "2"}
    assert await plug.post(DOOR, "Họp".encode("utf-16-be"), headers | {"Content-Type": "text/plain"}) == YES
    for number, words in ((2, "hai"), (1, "một ")):
        more = {"Content-Type": "text/plain; charset=utf-8", "X-Kannel-UDH": f"05000307020{number}"}
        assert await plug.post(DOOR, words.encode(), headers | more) == YES
    assert await bodies(plug) == ["Họp", "một hai"]
    refused = (
        {"Content-Type": "application/octet-stream"},
        {"Content-Type": "text/xml"},
        {"X-Kannel-UDH": "xyz", "Content-Type": "text/plain"},
    )
    for more in refused:
        assert (await plug.post(DOOR, b"<a/>", headers | more))[0] == 400


@pytest.mark.parametrize("name", ["to", "text", "username", "dlr-url"])
async def test_a_field_that_stands_there_twice_is_refused(plug: Plug, name: str) -> None:
    """Which of two numbers would be left out?"""
    path = f"{DOOR}?username=crm&password={plug.secret}&to={TO}&text=Hop&dlr-url=&{name}=0300000099"
    status, words = await plug.raw(path)
    assert (status, f"{name} stands there twice" in words, "0300" in words) == (400, True, False)
    assert (await plug.raw(f"{DOOR}?user=crm&username=crm&password={plug.secret}&to={TO}&text=Hop"))[0] == 400
    assert await bodies(plug) == []


async def test_a_megabyte_is_refused(plug: Plug) -> None:
    for data in (plug.login() | {"to": TO, "text": "a" * 1_000_000}, BytesIO(b"x" * 10_000_000)):
        assert await plug.post(DOOR, data) == (413, "The call is too large.\n")
    assert (await plug.post(DOOR, plug.login() | {"to": TO, "text": "a" * 50_000}))[0] == 400


@pytest.mark.parametrize("query", ["%00=%00", "&&&=&=", "a" * 5_000, "&".join(f"f{at}=1" for at in range(300)), "%", "text=%ZZ", "\x7f"])
async def test_rubbish_is_no_error_of_ours(plug: Plug, query: str) -> None:
    assert (await plug.raw(f"{DOOR}?{quote(query, safe='%&=')}"))[0] in (400, 403)


async def test_other_methods_are_refused(plug: Plug) -> None:
    for method in ("PUT", "DELETE", "HEAD"):
        async with plug.session.request(method, plug.url + DOOR) as answer:
            assert answer.status == 405


async def test_nothing_of_a_call_is_logged(plug: Plug, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    with caplog.at_level(logging.DEBUG):
        await plug.get(DOOR, to=TO, text="loi nhan mat", dlr_mask=31, dlr_url=REPORTS)
        await plug.get(DOOR, to=TO, text="loi nhan mat", coding=1)
        await plug.get(DOOR, to=TO, text="loi nhan mat", password="mat-khau-sai")
    told = "".join(capfd.readouterr()) + caplog.text
    for secret in (plug.secret, "loi nhan", "loi+nhan", TO, ALICE, "mat-khau-sai", HOST):
        assert secret not in told


# --- storage, haste ---


async def test_no_yes_without_a_commit(plug: Plug, database_url: str, engine_name: str) -> None:
    """While another process holds the database there is no yes; afterwards the same call is taken."""
    if engine_name == "postgresql":
        pytest.skip("a table locked there is waited for")
    await plug.get(DOOR, to=TO, text="truoc")
    with locked(database_url):
        assert await plug.get(DOOR, to=TO, text="sau") == (503, "Temporal failure, try again later.")
    assert await bodies(plug) == ["truoc"]
    assert await plug.get(DOOR, to=TO, text="sau") == YES


async def test_a_kannel_gets_no_answer_where_it_would_throw_the_message_away(plug: Plug) -> None:
    """It takes a 503 for a refusal for ever, and a broken line for one that comes back."""
    plug.doors.wait_ms(plug.client, 100_000, NOW)
    path = f"{DOOR}?{urlencode(plug.login() | {'to': TO, 'text': 'Hop'})}"
    with pytest.raises(ClientError):
        await plug.session.get(URL(plug.url + path, encoded=True), headers={"User-Agent": "Kannel/1.4.5"})
    assert await bodies(plug) == []


async def test_at_every_yes_the_row_can_be_read_by_others(plug: Plug) -> None:
    for at in range(5):
        assert await plug.get(DOOR, to=f"030000002{at}", text="Hop") == YES
        async with plug.database.read() as connection:
            assert await connection.scalar(select(func.count()).select_from(mt)) == at + 1


async def test_calls_that_come_together_are_answered_each_for_itself(plug: Plug) -> None:
    """They share a commit: one that is refused, and one that is no call at all, take nothing from the others."""
    await opt_out(plug, "+84300000500")
    calls = [plug.get(DOOR, to=f"0300000{400 + at}", text=f"so {at}") for at in range(150)]
    bad = plug.get(DOOR, to="0300000001", text="a" * 2_000)
    *answers, misfit = await asyncio.gather(*calls, bad)
    assert [at for at, answer in enumerate(answers) if answer != YES] == [100]
    assert (answers[100][0], misfit[0]) == (403, 400)
    assert {(row.msisdn, row.body) for row in await rows(plug.database, mt)} == {
        (f"+84300000{400 + at}", f"so {at}") for at in range(150) if at != 100
    }
    assert len(await bodies(plug)) == 149


async def test_who_is_too_fast_waits_and_then_is_told(plug: Plug) -> None:
    """Kannel throws away what it is refused, so it is slowed down first."""
    doors, now = plug.doors, NOW
    burst = BURST_MS * MOST_A_SECOND // 1_000
    assert {doors.wait_ms(plug.client, 1, now) for _ in range(burst)} == {0}
    assert 0 <= doors.wait_ms(plug.client, 1, now) <= 5
    doors.wait_ms(plug.client, PATIENCE_MS * MOST_A_SECOND // 1_000 + 10, now)
    with pytest.raises(TooFast):
        doors.wait_ms(plug.client, 1, now)
    assert doors.wait_ms(plug.client, 1, now + 60_000) == 0


async def test_far_too_fast_is_told_to_come_again(plug: Plug) -> None:
    plug.doors.wait_ms(plug.client, 100_000, NOW)
    assert await plug.get(DOOR, to=TO, text="Hop") == (503, "Temporal failure, try again later.")
    assert await bodies(plug) == []


# --- parts ---


def part(number: int, total: int, ref: int = 7, *, long: bool = False) -> str:
    return quote(bytes([6, 8, 4, 1, ref, total, number] if long else [5, 0, 3, ref, total, number]))


async def send_part(plug: Plug, udh: str, text: bytes, more: str = "&coding=2", to: str = TO) -> tuple[int, str]:
    return await plug.raw(f"{DOOR}?username=crm&password={plug.secret}&from=8088&to={to}&udh={udh}&text={quote(text)}{more}")


@pytest.mark.parametrize("long", [False, True])
async def test_parts_become_one_message(plug: Plug, long: bool) -> None:
    """In any order; half of 😀 lies in one part and half in the next."""
    raw = "Họp thôn 😀 lúc 19h".encode("utf-16-be")
    pieces = [raw[:20], raw[20:26], raw[26:]]
    for number in (3, 1, 2):
        assert await bodies(plug) == []
        assert await send_part(plug, part(number, 3, long=long), pieces[number - 1]) == YES
    assert await bodies(plug) == ["Họp thôn 😀 lúc 19h"]
    assert await rows(plug.database, door_part) == []


async def test_parts_of_different_people_and_texts_are_kept_apart(plug: Plug) -> None:
    await send_part(plug, part(1, 2), b"a", "")
    await send_part(plug, part(2, 2), b"b", "", to="0300000012")
    await send_part(plug, part(2, 2, ref=8), b"c", "")
    await send_part(plug, part(2, 3), b"d", "")
    assert (await bodies(plug), len(await rows(plug.database, door_part))) == ([], 4)
    await send_part(plug, part(2, 2), b"e", "")
    assert await bodies(plug) == ["ae"]


async def test_a_part_that_comes_twice_is_one(plug: Plug) -> None:
    for number in (1, 1, 2):
        assert await send_part(plug, part(number, 2), b"ab"[number - 1 : number], "") == YES
    assert await bodies(plug) == ["ab"]


async def test_parts_that_come_at_once_are_one_message(plug: Plug) -> None:
    answers = await asyncio.gather(*(send_part(plug, part(number, 8), b"%d" % number, "") for number in range(1, 9)))
    assert (set(answers), await bodies(plug)) == ({YES}, ["12345678"])


async def test_what_is_to_be_told_of_a_part_is_told_of_the_whole(plug: Plug) -> None:
    more = f"&dlr-mask=3&dlr-url={quote(REPORTS, safe='')}"
    await send_part(plug, part(1, 2), b"a", "")
    await send_part(plug, part(2, 2), b"b", more)
    ((sent,), (report,)) = await rows(plug.database, mt), await rows(plug.database, mt_report)
    assert (report.mt, report.url) == (sent.id, REPORTS)


@pytest.mark.parametrize("text", [b"", b"a" * 601, b"\xff", b"a\0b"])
async def test_a_part_that_can_be_none_is_refused(plug: Plug, text: bytes) -> None:
    assert (await send_part(plug, part(1, 2), text, ""))[0] == 400
    assert await rows(plug.database, door_part) == []


async def test_a_part_for_whom_nobody_reaches_is_refused_at_once(plug: Plug) -> None:
    await opt_out(plug, ALICE)
    assert (await send_part(plug, part(1, 2), b"a", ""))[0] == 403
    assert (await send_part(plug, part(1, 2), b"a", "", to="%2B85620000000"))[0] == 403


async def test_a_whole_text_may_carry_the_header_of_one_part(plug: Plug) -> None:
    assert await send_part(plug, part(1, 1), b"a", "") == YES
    assert await bodies(plug) == ["a"]


async def test_a_text_that_stays_incomplete_is_shown_and_told(plug: Plug) -> None:
    """After ten minutes it is a message that was not sent, with the reason; its client hears of it as rejected."""
    await send_part(plug, part(2, 3), b"giua", f"&dlr-mask=31&dlr-url={quote(REPORTS, safe='')}")
    assert await give_up(plug.database, NOW + 599_000) == 0
    assert await give_up(plug.database, NOW + 600_000) == 1
    assert await give_up(plug.database, NOW + 600_000) == 0
    ((lost,), (report,)) = await rows(plug.database, mt), await rows(plug.database, mt_report)
    assert (lost.state, lost.code, lost.body, report.mt) == ("suppressed", MISSING, "giua", lost.id)
    assert await rows(plug.database, door_part) == []


async def test_parts_count_against_max_unapproved_as_one(plug: Plug) -> None:
    assert await send_part(plug, part(1, 2), b"a", "&smsc=hep", to="0399000011") == YES
    assert await send_part(plug, part(2, 2), b"b", "&smsc=hep", to="0399000011") == YES
    assert await send_part(plug, part(1, 2, ref=9), b"a", "&smsc=hep", to="0399000012") == YES
    status, words = await send_part(plug, part(2, 2, ref=9), b"b", "&smsc=hep", to="0399000012")
    assert (status, "without an approved wave" in words) == (403, True)
    assert [row.number for row in await rows(plug.database, door_part)] == [1]  # what waits, waits on
