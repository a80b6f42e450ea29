"""Zalo's events over real HTTP: signed by the fake Zalo, stored before they are acknowledged, forged ones refused."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from io import BytesIO

import aiohttp
import pytest
from aiohttp import web

from gateway.carriers.zalo import STALE_MS, signature
from gateway.domain.secret import Secret
from gateway.services.intake import Intake, open_intake
from gateway.simulator.zalo import APP_ID, Zalo, zalo_server
from gateway.storage.database import Database
from gateway.storage.inbox import OTHER_WORDS, UNREADABLE
from gateway.storage.schema import dlr
from gateway.storage.spool import Spool
from gateway.web.app import quiet
from gateway.web.hooks import CALL_LIMIT, CLOCK, INTAKE
from gateway.web.zalo import DOUBTFUL_AN_HOUR, FORGED, HOUR_MS, STALE, ZaloHook, add_zalo
from tests.services.people import NOW, rows
from tests.services.test_intake import locked
from tests.web.conftest import serve

MAN = "2468135790"


@dataclass(slots=True)
class Gate:
    """A gateway's Zalo hook and the Zalo that calls it."""

    url: str
    zalo: Zalo
    database: Database
    intake: Intake
    spool: Spool
    session: aiohttp.ClientSession
    now: list[int]

    async def post(self, body: bytes | BytesIO, mac: str | None = None, route: str = "zalo") -> tuple[int, str]:
        """Bring `body`, signed truly unless `mac` says otherwise."""
        if mac is None and isinstance(body, bytes):
            mac = signature(APP_ID, body, json.loads(body)["timestamp"], self.zalo.key)
        async with self.session.post(f"{self.url}/hooks/{route}/zalo", data=body, headers={"X-ZEvent-Signature": mac}) as answer:
            return answer.status, await answer.text()


def text_event(words: str = "LS TN07 co 2 mo", at: int = NOW, ident: str = "m1", **more: object) -> bytes:
    event = {"app_id": APP_ID, "event_name": "user_send_text", "timestamp": str(at), "sender": {"id": MAN}, "recipient": {"id": "333"},
             "message": {"msg_id": ident, "text": words}, **more}  # fmt: skip
    return json.dumps(event, ensure_ascii=False).encode()


@pytest.fixture
async def gate(database: Database, tmp_path, keyring) -> AsyncIterator[Gate]:
    spool, now = Spool(tmp_path / "spool", keyring), [NOW]
    async with (
        open_intake(database, spool, patience_s=20) as intake,
        zalo_server(clock=lambda: now[0] / 1000, retry_s=0.01) as zalo,
        aiohttp.ClientSession() as session,
    ):
        app = web.Application(client_max_size=CALL_LIMIT, middlewares=[quiet])
        hooks = [ZaloHook("zalo", APP_ID, zalo.key), ZaloHook("khong-khoa", APP_ID, Secret(""))]
        app[INTAKE], app[CLOCK] = intake, lambda: now[0]
        add_zalo(app, hooks)
        runner, url = await serve(app)
        zalo.hook = f"{url}/hooks/zalo/zalo"
        yield Gate(url, zalo, database, intake, spool, session, now)
        await runner.cleanup()


async def test_a_text_is_stored_under_its_person_and_acknowledged(gate) -> None:
    gate.zalo.say(MAN, "LS TN07 có 2 mộ")
    await gate.zalo.quiet()
    (row,) = await rows(gate.database)
    assert (row.route, row.channel, row.carrier_id, row.sender, row.receiver, row.text, row.raw) == (
        "zalo", "zalo", "user_send_text:m1", f"zalo:{MAN}", "333", "LS TN07 có 2 mộ", None)  # fmt: skip
    assert (row.state, row.sent_at, row.received_at) == ("new", NOW, NOW)
    assert (gate.zalo.counts.events, gate.zalo.counts.lost) == (1, 0)


async def test_a_place_stands_in_the_words_and_beside_them(gate) -> None:
    gate.zalo.show_place(MAN, "16.46370", "107.5909", "Khe Tăng")
    await gate.zalo.quiet()
    (row,) = await rows(gate.database)
    assert row.text == "Khe Tăng\nVị trí: 16.463700, 107.590900"
    assert json.loads(row.raw) == {"latitude": 16.4637, "longitude": 107.5909, "position_by": "phone"}


async def test_a_photo_waits_beside_the_words(gate) -> None:
    gate.zalo.show_photo(MAN, b"\xff\xd8\xff", "mộ cụ An")
    await gate.zalo.quiet()
    (row,) = await rows(gate.database)
    assert row.text == "mộ cụ An"
    assert json.loads(row.raw)["media"] == [
        {"kind": "image", "url": f"{gate.zalo.url}/photo/1.jpg", "thumbnail": f"{gate.zalo.url}/photo/1.jpg"}
    ]


async def test_photos_without_a_word_are_counted_in_words(gate) -> None:
    photos = [{"type": kind, "payload": {"url": "https://f1.zdn.vn/a"}} for kind in ("image", "audio", "image")]
    gate.zalo.send("user_send_image", MAN, {"attachments": photos})
    await gate.zalo.quiet()
    assert [row.text for row in await rows(gate.database)] == ["[2 ảnh, 1 ghi âm]"]


async def test_a_receipt_is_a_report_under_zalos_name(gate) -> None:
    gate.zalo.send("user_received_message", MAN, {"msg_id": "oa7"})
    await gate.zalo.quiet()
    assert [(row.ref, row.ours, row.status, row.at) for row in await rows(gate.database, dlr)] == [("oa7", False, "delivered", NOW)]
    assert gate.intake.reported.is_set()


@pytest.mark.parametrize("name", ["follow", "unfollow", "oa_send_text", "user_seen_message", "user_send_sticker", "shop_has_order"])
async def test_what_says_nothing_is_acknowledged_and_left(gate, name) -> None:
    gate.zalo.send(name, MAN, {"text": "HUY"})
    await gate.zalo.quiet()
    assert gate.zalo.counts.events == 1
    assert await rows(gate.database) == []


async def test_a_replay_is_one_row(gate) -> None:
    assert {(await gate.post(text_event()))[0] for _ in range(5)} == {200}
    assert set(await asyncio.gather(*(gate.post(text_event()) for _ in range(20)))) == {(200, "")}
    assert [(row.repeats, row.alarm) for row in await rows(gate.database)] == [(24, None)]


async def test_the_same_words_twice_are_two_messages(gate) -> None:
    for ident in ("m1", "m2"):
        await gate.post(text_event(ident=ident))
    assert len(await rows(gate.database)) == 2


async def test_other_words_under_an_id_are_another_row(gate) -> None:
    for words in ("LS mot", "LS hai"):
        await gate.post(text_event(words))
    assert [row.alarm for row in await rows(gate.database)] == [None, OTHER_WORDS]


@pytest.mark.parametrize("age_ms", [STALE_MS + 1, -600_001, 400 * 86_400_000])
async def test_a_call_out_of_its_time_is_for_the_desk_and_answers_nobody(gate, age_ms) -> None:
    body = text_event("LS dau vet", at=NOW - age_ms)
    assert [await gate.post(body) for _ in range(2)] == [(200, "")] * 2
    (row,) = await rows(gate.database)
    assert (row.state, row.text, row.sender, row.action, row.alarm, row.repeats) == (UNREADABLE, "", "", f"zalo: {STALE}", UNREADABLE, 1)
    assert base64.b64decode(json.loads(row.raw)["body"]) == body


async def test_a_message_twelve_hours_late_is_still_heard(gate) -> None:
    """Zalo repeats what failed for about so long."""
    await gate.post(text_event(at=NOW - 12 * 3_600_000))
    assert [row.state for row in await rows(gate.database)] == ["new"]


@pytest.mark.parametrize("message", [{}, {"msg_id": "m1"}, [], "mộ", {"text": "\0"}])
async def test_a_voice_that_cannot_be_read_is_kept_raw(gate, message) -> None:
    assert (await gate.post(text_event(message=message)))[0] == 200
    (row,) = await rows(gate.database)
    assert (row.state, row.channel, row.action.startswith("zalo: message")) == (UNREADABLE, "zalo", True)


@pytest.mark.parametrize("mac", ["", "mac=", "mac=" + "0" * 64, "x" * 5_000])
async def test_a_forged_call_is_refused_in_one_sentence_and_makes_no_tip(gate, mac) -> None:
    status, words = await gate.post(text_event("LS dau vet"), mac)
    assert (status, words.count("\n"), "dau" in words) == (403, 1, False)
    assert [(row.state, row.text, row.action) for row in await rows(gate.database)] == [(UNREADABLE, "", f"zalo: {FORGED}")]


async def test_an_edited_call_is_refused(gate) -> None:
    body = text_event()
    mac = signature(APP_ID, body, str(NOW), gate.zalo.key)
    assert (await gate.post(body.replace(b"TN07", b"TN08"), mac))[0] == 403


async def test_forgers_cannot_fill_the_desk(gate) -> None:
    for number in range(DOUBTFUL_AN_HOUR + 10):
        await gate.post(text_event(ident=f"x{number}"), "mac=0")
    assert len(await rows(gate.database)) == DOUBTFUL_AN_HOUR
    gate.now[0] += HOUR_MS
    await gate.post(text_event(ident="later"), "mac=0")
    assert len(await rows(gate.database)) == DOUBTFUL_AN_HOUR + 1


async def test_what_is_nobodys_voice_and_unsigned_is_not_kept(gate) -> None:
    for body in (b"", b"{}", b"[" * 5_000, b"\xff\xfe", text_event(app_id="999"), text_event(event_name="follow"), text_event(timestamp=5)):
        assert (await gate.post(body, "mac=0"))[0] == 403
    assert await rows(gate.database) == []


async def test_a_changed_key_loses_nothing(gate) -> None:
    """Zalo repeats till we have the key it signs with; then the message is heard, once."""
    body = text_event("LS TN07 co 1 mo")
    new = signature(APP_ID, body, str(NOW), Secret("khoa-moi"))
    assert (await gate.post(body, new))[0] == 403
    assert (await gate.post(body))[0] == 200
    assert sorted((row.state, row.text) for row in await rows(gate.database)) == [("new", "LS TN07 co 1 mo"), (UNREADABLE, "")]


async def test_a_route_without_a_key_or_without_a_name_takes_nothing(gate) -> None:
    assert (await gate.post(text_event(), signature(APP_ID, text_event(), str(NOW), Secret("")), "khong-khoa"))[0] == 403
    assert (await gate.post(text_event(), route="khac"))[0] == 404


async def test_two_megabytes_are_refused(gate) -> None:
    assert await gate.post(BytesIO(b" " * (2 << 20)), "mac=0") == (413, "The call is too large.\n")


async def test_hostile_words_are_words(gate) -> None:
    words = "<script>‮ LS TN07\0 😀 \r\n" + "mộ " * 9_000
    assert (await gate.post(text_event(words)))[0] == 200
    (row,) = await rows(gate.database)
    assert row.text.startswith("<script>‮ LS TN07 😀")
    assert len(row.text) == 20_000
    assert (row.text + json.loads(row.raw)["rest"]).endswith("mộ mộ")


@pytest.mark.parametrize("engine_name", ["sqlite"])
async def test_with_the_database_locked_the_event_is_spooled_and_acknowledged(gate, database_url) -> None:
    with locked(database_url):
        assert (await gate.post(text_event()))[0] == 200
        assert not gate.spool.is_empty()
    assert (await gate.intake.drain()).stored == 1
    assert [row.sender for row in await rows(gate.database)] == [f"zalo:{MAN}"]
