"""The fake Zalo is as strict as the real one: tests that pass against it say something."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from aiohttp import ClientSession, web

from gateway.carriers.wire import HttpRequest, LostAnswer
from gateway.carriers.zalo import OPEN_MS, HookCall, Opened, is_signed, open_call, with_token
from gateway.domain.secret import Secret
from gateway.simulator.zalo import APP_ID, Zalo, zalo_server
from gateway.transport import HttpSender, http_sender


@pytest.fixture
async def now() -> list[float]:
    return [1_795_000_000.0]


@pytest.fixture
async def zalo(now) -> AsyncIterator[Zalo]:
    async with zalo_server(clock=lambda: now[0], retry_s=0.01) as it:
        yield it


@pytest.fixture
async def send() -> AsyncIterator[HttpSender]:
    async with http_sender(5) as sender:
        yield sender


async def renewed(zalo: Zalo, send: HttpSender, token: str, **more: str) -> dict[str, object]:
    form = {"app_id": APP_ID, "grant_type": "refresh_token", "refresh_token": token} | more
    headers = {"secret_key": zalo.app_secret.reveal(), "Content-Type": "application/x-www-form-urlencoded"}
    answer = await send(HttpRequest("POST", f"{zalo.url}/v4/oa/access_token", headers, urlencode(form).encode()))
    return json.loads(answer.body)


async def error_of(zalo: Zalo, send: HttpSender, access: str, user: str = "1", secret: Secret | None = None) -> int:
    body = json.dumps({"recipient": {"user_id": user}, "message": {"text": "x"}}).encode()
    plain = HttpRequest("POST", f"{zalo.url}/v3.0/oa/message/cs", {"Content-Type": "application/json"}, body)
    return json.loads((await send(with_token(plain, Secret(access), secret or zalo.app_secret))).body)["error"]


async def test_a_refresh_token_works_once(zalo, send) -> None:
    first = zalo.first.reveal()
    pair = await renewed(zalo, send, first)
    assert pair["expires_in"] == "90000"  # a string, as Zalo's
    assert (await renewed(zalo, send, first))["error"] == -14014
    assert "access_token" in await renewed(zalo, send, str(pair["refresh_token"]))
    assert (zalo.counts.renewals, zalo.counts.denied) == (2, 1)


async def test_another_app_gets_nothing(zalo, send) -> None:
    first = zalo.first.reveal()
    assert (await renewed(zalo, send, first, app_id="9"))["error"] == -14004
    assert "access_token" in await renewed(zalo, send, first)  # and spent nothing


async def test_a_message_needs_a_token_that_lives_and_its_proof(zalo, send, now) -> None:
    access = str((await renewed(zalo, send, zalo.first.reveal()))["access_token"])
    zalo.hears("1")
    assert [await error_of(zalo, send, each) for each in ("", "x", access)] == [-216, -216, 0]
    assert await error_of(zalo, send, access, secret=Secret("khac")) == -1241
    now[0] += 90_000
    assert await error_of(zalo, send, access) == -216


async def test_who_was_silent_for_a_week_is_not_written_to(zalo, send, now) -> None:
    zalo.habits = replace(zalo.habits, token_life_s=10**7)
    access = str((await renewed(zalo, send, zalo.first.reveal()))["access_token"])
    zalo.hears("1")
    now[0] += OPEN_MS / 1000
    assert [await error_of(zalo, send, access, user) for user in ("1", "2", "")] == [-230, -230, -207]


async def test_a_pair_can_be_lost_on_the_way(zalo, send) -> None:
    zalo.habits = replace(zalo.habits, lose_pairs=True)
    first = zalo.first.reveal()
    with pytest.raises(LostAnswer):
        await renewed(zalo, send, first)
    zalo.habits = replace(zalo.habits, lose_pairs=False)
    assert (await renewed(zalo, send, first))["error"] == -14014


async def test_events_are_signed_and_repeated_till_they_are_taken(zalo) -> None:
    came: list[bool] = []

    async def take(request: web.Request) -> web.Response:
        call = HookCall("POST", "/", b"", {"x-zevent-signature": request.headers["X-ZEvent-Signature"]}, await request.read())
        opened = open_call(call)
        came.append(isinstance(opened, Opened) and is_signed(call, opened, APP_ID, zalo.key))
        return web.Response(status=200 if len(came) == 3 else 500)

    app = web.Application()
    app.router.add_post("/", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    zalo.hook = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    async with ClientSession() as session, session.post(f"{zalo.url}/say", json={"user": "1", "text": "LS"}) as answer:
        assert await answer.json() == {"msg_id": "m1"}
    await zalo.quiet()
    await runner.cleanup()
    assert came == [True] * 3
    assert (zalo.counts.events, zalo.counts.lost) == (1, 0)


async def test_photos_come_whole_or_in_parts(zalo, send) -> None:
    zalo.photos["a.jpg"] = bytes(range(100))
    answers = [
        await send(HttpRequest("GET", f"{zalo.url}/photo/{name}", headers))
        for name, headers in (("a.jpg", {}), ("a.jpg", {"Range": "bytes=90-199"}), ("a.jpg", {"Range": "bytes=100-"}), ("b.jpg", {}))
    ]
    assert [answer.status for answer in answers] == [200, 206, 416, 404]
    assert (answers[1].headers["content-range"], answers[1].body) == ("bytes 90-99/100", bytes(range(90, 100)))


async def test_a_stalled_renewal_ends_with_its_caller(zalo) -> None:
    zalo.habits = replace(zalo.habits, stall=True)
    async with http_sender(0.1) as impatient:
        with pytest.raises(LostAnswer):
            await renewed(zalo, impatient, zalo.first.reveal())
    await asyncio.sleep(0)
