"""A carrier's call: only from whom we know, kept whatever it holds, answered when it is safe."""

import asyncio
import json
from io import BytesIO
from ipaddress import ip_network
from time import process_time
from urllib.parse import quote

import pytest
from yarl import URL

from gateway.storage.inbox import IN_RESPONSE, OTHER_WORDS, UNREADABLE
from gateway.storage.schema import dlr, mt, tip
from gateway.web.hooks import caller_of
from tests.cpu import uncollected
from tests.harness import eventually
from tests.services.people import ALICE, NOW, rows, said
from tests.web.conftest import SECRET


def _mo(text: str = "LS TN07 co 2 mo", ident: str = "K1", sender: str = "0300000011", secret: str = SECRET) -> URL:
    return f"/hooks/kannel/mo?secret={secret}&from={sender}&to=8088&text={quote(text)}&id={ident}&ts=1795000000"


async def _call(door, path: str, **more) -> tuple[int, str]:
    async with door.session.get(URL(door.url + path, encoded=True), **more) as answer:
        return answer.status, await answer.text()


async def test_an_mo_is_stored_and_acknowledged_as_its_carrier_wants(door) -> None:
    assert await _call(door, _mo()) == (200, "")  # Kannel would send any body to the resident
    (row,) = await rows(door.database)
    assert (row.route, row.channel, row.carrier_id, row.sender, row.receiver, row.text) == (
        "kannel",
        "sms",
        "K1",
        ALICE,
        "8088",
        "LS TN07 co 2 mo",
    )
    assert (row.sent_at, row.state) == (1_795_000_000_000, "new")


async def test_a_replayed_id_is_one_row_and_other_words_are_another(door) -> None:
    assert [await _call(door, _mo()) for _ in range(3)] == [(200, "")] * 3
    assert await _call(door, _mo("LS khac")) == (200, "")
    assert [(row.repeats, row.alarm) for row in await rows(door.database)] == [(2, None), (0, OTHER_WORDS)]


async def test_replays_that_come_at_once_are_one_row(door) -> None:
    assert set(await asyncio.gather(*(_call(door, _mo()) for _ in range(20)))) == {(200, "")}
    assert [row.repeats for row in await rows(door.database)] == [19]


@pytest.mark.parametrize("secret", ["", "sai", SECRET[:-1], SECRET + "x", "%FF%00"])
async def test_a_wrong_secret_is_refused_in_one_sentence_without_an_echo(door, secret) -> None:
    status, text = await _call(door, _mo("LS dau vet", secret=secret))
    assert (status, text.count("\n"), "dau vet" in text, "0300" in text) == (403, 1, False, False)
    assert await rows(door.database) == []


async def test_the_secret_may_come_in_a_header(door) -> None:
    body = json.dumps({"id": "S1", "from": ALICE, "to": "8088", "text": "LS", "at": 1})
    assert await door.post("/hooks/gia-lap/mo", body, headers={"X-Hook-Secret": SECRET}) == (200, "{}")
    assert (await door.post("/hooks/gia-lap/mo", body, headers={"X-Hook-Secret": "khác".encode().decode("latin-1")}))[0] == 403


async def test_a_rehearsal_route_hears_this_machine_only(door) -> None:
    """Its secret is public: through a proxy it could be anybody."""
    headers = {"X-Hook-Secret": SECRET, "X-Forwarded-For": "203.0.113.9"}
    assert (await door.post("/hooks/gia-lap/mo", "{}", headers=headers))[0] == 403


@pytest.mark.parametrize(("remote", "header", "caller"), [
    ("127.0.0.1", "", "127.0.0.1"), ("127.0.0.1", "203.0.113.9", ""), ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
    ("10.0.0.1", "127.0.0.1, 203.0.113.9", "203.0.113.9"), ("10.0.0.1", "203.0.113.9, 10.0.0.1", "203.0.113.9"),
    ("203.0.113.1", "10.0.0.1", ""), ("10.0.0.1", "x", "x")])  # fmt: skip
def test_a_proxy_is_believed_only_where_it_is_ours(remote, header, caller) -> None:
    headers = {"x-forwarded-for": header} if header else {}
    assert caller_of(remote, headers, (ip_network("10.0.0.0/8"),)) == caller


async def test_a_route_may_know_its_carrier_by_address_alone(door) -> None:
    assert (await _call(door, _mo(secret="").replace("kannel", "dia-chi")))[0] == 200
    assert (await _call(door, _mo(secret="").replace("kannel", "noi-khac")))[0] == 403


async def test_a_route_without_a_secret_takes_nothing(door) -> None:
    assert (await door.get("/hooks/vo-chu/mo?secret="))[0] == 403


async def test_an_unknown_route_or_kind_is_404_without_an_echo(door) -> None:
    for path in (f"/hooks/<b>dau</b>/mo?secret={SECRET}", "/hooks/kannel/dau", "/dau-vet"):
        status, text = await door.get(path)
        assert (status, "dau" in text) == (404, False)


async def test_ten_megabytes_are_refused(door) -> None:
    async with door.session.post(
        f"{door.url}/hooks/gia-lap/mo", data=BytesIO(b"x" * 10_000_000), headers={"X-Hook-Secret": SECRET}
    ) as answer:
        assert (answer.status, await answer.text()) == (413, "The call is too large.\n")


@pytest.mark.parametrize(("text", "stored"), [
    ("%FF%FEmo", "\ufffd\ufffdmo"), ("a%00b", "ab"), ("m%C3%A2", "mâ"), ("%ED%A0%80", "\ufffd\ufffd\ufffd"),
    ("%F0%9F%98%80", "😀"), ("100%+%zz", "100% %zz")])  # fmt: skip
async def test_broken_bytes_are_kept_and_acknowledged(door, text, stored) -> None:
    path = f"/hooks/kannel/mo?secret={SECRET}&from=0300000011&to=8088&id=B1&text={text}"
    assert await _call(door, path) == (200, "")
    assert [row.text for row in await rows(door.database)] == [stored]


async def test_ucs2_in_a_query_is_read(door) -> None:
    words = "mộ liệt sĩ"
    raw = "".join(f"%{byte:02X}" for byte in words.encode("utf-16-be"))
    path = f"/hooks/kannel/mo?secret={SECRET}&from=0300000011&to=8088&id=U1&coding=2&text={raw}"
    assert await _call(door, path) == (200, "")
    assert [row.text for row in await rows(door.database)] == [words]


@pytest.mark.parametrize("body", [b"", b"\xff\x00{", b"[1]", b'{"from": 5}', b"[" * 5_000])
async def test_what_cannot_be_read_is_kept_raw_for_the_desk_without_the_secret(door, body) -> None:
    assert (await door.post(f"/hooks/gia-lap/mo?secret={SECRET}&x=%00", body))[0] == 200
    assert (await door.post(f"/hooks/gia-lap/dlr?secret={SECRET}", body))[0] == 200
    for row in await rows(door.database):
        assert (row.state, row.text, SECRET in row.raw) == (UNREADABLE, "", False)
        assert row.action.startswith(("mo: from", "dlr: ref"))


async def test_a_report_is_stored(door) -> None:
    path = f"/hooks/kannel/dlr?secret={SECRET}&id=REF1&st=1&ts=1795000000"
    assert [await _call(door, path) for _ in range(2)] == [(200, "")] * 2
    assert [(row.ref, row.ours, row.status, row.code) for row in await rows(door.database, dlr)] == [("REF1", True, "delivered", "1")]
    assert door.intake.reported.is_set()


async def test_a_long_text_fits_the_request_line(door) -> None:
    """1,530 Vietnamese letters are some 14 KB of a URL: past the server's own default."""
    assert (await _call(door, _mo("ộ" * 1_530)))[0] == 200
    assert len((await rows(door.database))[0].text) == 1_530


async def test_from_the_hook_to_the_reply(door) -> None:
    await _call(door, _mo())
    assert await door.inbound.process_once(1_795_000_000_500) == 1
    assert [row.action for row in await rows(door.database)] == ["tip"]


async def test_a_thousand_replays_at_once_are_one_row_and_one_reply(door) -> None:
    """Of all that arrive together one is new; none is refused."""
    answers = await asyncio.gather(*(_call(door, _mo()) for _ in range(1_000)))
    assert set(answers) == {(200, "")}
    while await door.inbound.process_once(1_795_000_000_500):
        pass
    (row,) = await rows(door.database)
    assert (row.repeats, row.action, len(await rows(door.database, mt)), len(await rows(door.database, tip))) == (999, "tip", 1, 1)


# --- parts, and replies in the response ---


def _part(number: int, text: str, route: str = "kannel") -> str:
    udh = "".join(f"%{byte:02X}" for byte in (5, 0, 3, 42, 3, number))
    words = "".join(f"%{byte:02X}" for byte in text.encode("utf-16-be"))
    return f"/hooks/{route}/mo?secret={SECRET}&from=0300000011&to=8088&text={words}&id=P{number}&ts=1795000000&coding=2&udh={udh}"


PARTS = ("LS TN07 có 2 ngôi mộ bộ đội ở ch", "ân đồi sau trường cũ, chôn nă", "m 1979")


async def test_parts_of_a_long_text_are_one_tip(door) -> None:
    for number in (3, 1, 2):
        assert await _call(door, _part(number, PARTS[number - 1])) == (200, "")
    assert await door.inbound.process_once(1_795_000_000_500) == 1
    (found,) = await rows(door.database, tip)
    assert (found.text, found.village) == ("".join(PARTS), "TN07")


async def test_a_reply_may_go_in_the_response(door) -> None:
    """By a route that says so: the text is in our answer, and no MT goes beside it."""
    status, text = await _call(door, _mo().replace("kannel", "tra-loi"))
    (found,), (reply,) = await rows(door.database, tip), await _sent(door)
    assert (status, found.code in text, text) == (200, True, reply.body)
    assert (reply.state, reply.code, reply.reply_to) == ("sent", IN_RESPONSE, found.mo)


async def test_the_call_that_completes_a_text_gets_its_reply(door) -> None:
    answers = [await _call(door, _part(number, PARTS[number - 1], "tra-loi")) for number in (2, 3, 1)]
    assert [text for _, text in answers[:2]] == ["", ""]
    (found,) = await rows(door.database, tip)
    assert found.code in answers[2][1]
    assert [row.state for row in await _sent(door)] == ["sent"]


async def test_of_parts_that_come_at_once_one_call_gets_the_reply(door) -> None:
    answers = await asyncio.gather(*(_call(door, _part(number, PARTS[number - 1], "tra-loi")) for number in (2, 3, 1)))
    assert sorted(bool(text) for _, text in answers) == [False, False, True]


async def test_replays_at_once_by_such_a_route_are_replied_to_once(door) -> None:
    answers = await asyncio.gather(*(_call(door, _mo().replace("kannel", "tra-loi")) for _ in range(100)))
    assert sorted(bool(text) for _, text in answers) == [False] * 99 + [True]
    assert len(await rows(door.database, mt)) == 1


async def test_who_hung_up_before_the_response_gets_an_mt(door) -> None:
    """The reply is queued for half a minute later until the response is written; here the handler is gone when it would be."""
    (taken,) = [await door.intake.mo(said("LS TN07 co 2 mo bo doi", route="tra-loi"))]
    assert taken.words
    (reply,) = await rows(door.database, mt)
    assert (reply.state, reply.body, reply.due_at > NOW) == ("queued", taken.words, True)


async def _sent(door):
    async def has_gone():
        found = await rows(door.database, mt)
        return found if all(row.state == "sent" for row in found) else None

    return await eventually(has_gone, seconds=10, pause=0.01)


# --- bad input ---

_HOSTILE = {
    "html": "<script>alert(1)</script><b>LS TN07</b>",
    "control": "LS\x01\x02\x1b[31m TN07\r\n\t co mo",
    "right to left": "\u202eLS TN07\u202c \u200f co mo \u2066x\u2069",
    "nul": "LS\0 TN07\0 co mo",
    "emoji": "😀" * 40,
    "nothing": "",
    "blanks": " \n\t\u00a0 ",
    "marks": "a" + "\u0301" * 3_000,
    "percent": "100%_{}[]%s%n${x}{{ 7*7 }}",
    "sql": "'; DROP TABLE mo; --",
}


@pytest.mark.parametrize("name", _HOSTILE)
async def test_hostile_words_are_kept_answered_and_handled(door, name) -> None:
    assert await _call(door, _mo(_HOSTILE[name])) == (200, "")
    assert await door.inbound.process_once(1_795_000_000_500) == 1
    (row,) = await rows(door.database)
    assert (row.text, row.state) == (_HOSTILE[name].replace("\0", ""), "done")
    (reply,) = await rows(door.database, mt)
    assert "<" not in reply.body
    assert reply.body.isascii()


@pytest.mark.parametrize("fields", [
    "", "from=", "from=%00", "from=%20&text=LS", "text=LS&to=8088",
])  # fmt: skip
async def test_without_a_sender_the_call_is_kept_for_the_desk(door, fields) -> None:
    assert await _call(door, f"/hooks/kannel/mo?secret={SECRET}&{fields}") == (200, "")
    assert [row.state for row in await rows(door.database)] == [UNREADABLE]


@pytest.mark.parametrize(("fields", "sender", "text"), [
    ("from=0300000011&from=0300000012&text=LS+mot&text=LS+hai&id=1", ALICE, "LS mot"),  # repeated: the first counts
    ("FROM=0300000012&from=0300000011&text=LS&id=1", ALICE, "LS"),
    ("from=0300000011&text=LS&id=1&ts=-5", ALICE, "LS"), ("from=0300000011&text=LS&id=1&ts=99999999999999999999", ALICE, "LS"),
    ("from=0300000011&text=LS&id=1&ts=0000000001", ALICE, "LS"),  # stale by half a century: the words are as good as ever
    ("from=0300000011&text=LS&id=1&coding=9&cs=rot13", ALICE, "LS"), ("from=0300000011&text=LS&id=1&udh=%FF%00%03", ALICE, "LS"),
    ("from=%3Cb%3E&text=LS&id=1", "<b>", "LS"), ("from=%E2%80%AE0300000011&text=LS&id=1", "\u202e0300000011", "LS"),
    ("from=0300000011&text=LS&id=" + "x" * 5_000, ALICE, "LS"), ("from=" + "9" * 5_000 + "&text=LS&id=1", "9" * 5_000, "LS"),
])  # fmt: skip
async def test_contradictory_fields_are_a_stored_mo_all_the_same(door, fields, sender, text) -> None:
    assert await _call(door, f"/hooks/kannel/mo?secret={SECRET}&to=8088&{fields}") == (200, "")
    assert [(row.sender, row.text, row.state) for row in await rows(door.database)] == [(sender, text, "new")]
    assert await door.inbound.process_once(1_795_000_000_500) == 1


async def test_a_megabyte_of_words_is_kept_whole_and_costs_little(door) -> None:
    """Just under the limit of a call; reading looks at its beginning only."""
    words = "LS TN07 co 2 mo bo doi " + "mo " * 330_000
    body = json.dumps({"id": "S1", "from": ALICE, "to": "8088", "text": words, "at": 1})
    assert (await door.post(f"/hooks/gia-lap/mo?secret={SECRET}", body))[0] == 200
    with uncollected():
        before = process_time()
        assert await door.inbound.process_once(1_795_000_000_500) == 1
        assert process_time() - before < 2
    ((row,), (found,)) = await rows(door.database), await rows(door.database, tip)
    assert (row.text, found.village) == (words.strip(), "TN07")


async def test_a_json_mo_with_fields_of_any_kind_never_fails(door) -> None:
    for at, text in enumerate((5, None, [], {}, True, ["LS"], {"a": 1}, 1e308, "LS")):
        body = json.dumps({"id": f"S{at}", "from": ALICE, "to": [], "text": text, "at": "hom qua"})
        assert await door.post(f"/hooks/gia-lap/mo?secret={SECRET}", body) == (200, "{}")
    while await door.inbound.process_once(1_795_000_000_500):
        pass
    assert {row.state for row in await rows(door.database)} == {"done"}
