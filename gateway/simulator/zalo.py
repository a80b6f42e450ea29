"""Zalo's side, faked over real HTTP: it checks tokens as strictly as Zalo does, and sends signed events. For the demo, training and tests.

POST /v3.0/oa/message/cs        consultation messages; header access_token, appsecret_proof
POST /v4/oa/access_token        renewal; header secret_key; a refresh token works once
GET  /photo/{name}              photos, whole or by Range
POST /say {"user","text"}       a person writes
GET  /shown                     what people were shown: it is the network
"""

import asyncio
import hmac
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qs

from aiohttp import web

from gateway.carriers.wire import HttpRequest, HttpResponse
from gateway.carriers.zalo import OPEN_MS, signature
from gateway.domain.secret import Secret
from gateway.simulator.errands import WORKERS, Errand, Errands
from gateway.transport import http_sender

APP_ID: Final = "111"
OA_ID: Final = "333"


@dataclass(frozen=True, slots=True)
class ZaloHabits:
    """How it behaves. `token_life_s`: of access tokens; `refuse`: the error of every message, 0: none; codes as in carriers/zalo.py.

    `lose_pairs`: spends the refresh token, then resets the connection; `stall`: the same, and keeps it open; `page`: a proxy answers a
    renewal before Zalo sees it. `receipts`: it says what was delivered. `echoes`: it repeats the OA's own messages to the hook, too.
    """

    token_life_s: float = 90_000
    refuse: int = 0
    lose_pairs: bool = False
    stall: bool = False
    page: bool = False
    receipts: bool = True
    echoes: bool = True


@dataclass(frozen=True, slots=True)
class Shown:
    """A message at a person's phone."""

    user: str
    text: str = field(repr=False)
    msg_id: str


@dataclass(slots=True)
class ZaloCounts:
    """What came: messages `taken` and `refused` by error, `renewals` granted and `denied`, `events` taken by the hook and `lost`."""

    taken: int = 0
    refused: dict[int, int] = field(default_factory=dict)
    renewals: int = 0
    denied: int = 0
    events: int = 0
    lost: int = 0


class Zalo:
    """One OA with one app. `hook`: the gateway's address for events; `key` signs them."""

    def __init__(self, errands: Errands, habits: ZaloHabits, clock: Callable[[], float]) -> None:
        self.url, self.hook = "", ""
        self.habits = habits
        self.app_secret, self.key = Secret(secrets.token_hex(8)), Secret(secrets.token_hex(8))
        self.counts = ZaloCounts()
        self.shown: list[Shown] = []
        self.photos: dict[str, bytes] = {}
        self._errands, self._clock = errands, clock  # epoch seconds
        self._loop = asyncio.get_running_loop()
        self._good_until: dict[str, float] = {}
        self._unspent = {secrets.token_hex(12)}
        self._heard: dict[str, float] = {}
        self._number = 0

    # --- for tests and the demo ---

    @property
    def first(self) -> Secret:
        """A refresh token as an administrator copies it from Zalo's page."""
        token = secrets.token_hex(12)
        self._unspent.add(token)
        return Secret(token)

    def expire_tokens(self) -> None:
        """Every access token is too old from now on."""
        self._good_until.clear()

    def forget_refresh_tokens(self) -> None:
        """Nobody used them for three months."""
        self._unspent.clear()

    def hears(self, user: str) -> None:
        """A person did something just now, which the gateway knows already: for a week they may be written to."""
        self._heard[user] = self._clock()

    def say(self, user: str, text: str) -> str:
        """A person writes; the msg_id."""
        return self.send("user_send_text", user, {"text": text})

    def show_place(self, user: str, latitude: str, longitude: str, text: str = "") -> str:
        """A person shares a position."""
        place = {"type": "location", "payload": {"coordinates": {"latitude": latitude, "longitude": longitude}}}
        return self.send("user_send_location", user, {"text": text, "attachments": [place]})

    def show_photo(self, user: str, content: bytes, text: str = "") -> str:
        """A person sends a photo, which lies at this server."""
        name = f"{len(self.photos) + 1}.jpg"
        self.photos[name] = content
        photo = {"type": "image", "payload": {"url": f"{self.url}/photo/{name}", "thumbnail": f"{self.url}/photo/{name}"}}
        return self.send("user_send_image", user, {"text": text, "attachments": [photo]})

    def send(self, name: str, user: str, message: Mapping[str, Any], **more: Any) -> str:  # Any: JSON
        """An event about `user`, signed, repeated till the hook takes it; its msg_id."""
        self._number += 1
        msg_id = f"m{self._number}"
        if name.startswith("user_send_"):
            self.hears(user)
        own = name.startswith("oa_")
        event = {
            "app_id": APP_ID, "event_name": name, "timestamp": str(int(self._clock() * 1000)),
            "sender": {"id": OA_ID if own else user}, "recipient": {"id": user if own else OA_ID},
            "message": {"msg_id": msg_id, **message}, **more,
        }  # fmt: skip
        self.post(json.dumps(event, ensure_ascii=False).encode(), event["timestamp"])
        return msg_id

    def post(self, body: bytes, timestamp: str) -> None:
        """Bring these bytes to the hook, signed with `timestamp`."""
        headers = {"Content-Type": "application/json", "X-ZEvent-Signature": signature(APP_ID, body, timestamp, self.key)}
        self._errands.put(Errand((partial(HttpRequest, "POST", self.hook, headers, body),), self._loop.time(), self._posted))

    def _posted(self, answer: HttpResponse | None) -> None:
        self.counts.events += answer is not None
        self.counts.lost += answer is None

    async def quiet(self) -> None:
        """Wait till every event has been taken or given up."""
        await self._errands.quiet()

    # --- tokens ---

    async def renew(self, request: web.Request) -> web.Response:
        """The renewal; errors come under 200."""
        if self.habits.page:
            return web.Response(status=503, text="<h1>Service Unavailable</h1>")
        form = {name: values[0] for name, values in parse_qs((await request.read()).decode()).items()}
        known = hmac.compare_digest(request.headers.get("secret_key", ""), self.app_secret.reveal()) and form.get("app_id") == APP_ID
        token = form.get("refresh_token", "")
        if not known or form.get("grant_type") != "refresh_token" or token not in self._unspent:
            self.counts.denied += 1
            return web.json_response(
                {"error": -14014 if known else -14004, "error_name": "Invalid refresh token." if known else "Invalid app"}
            )
        self._unspent.remove(token)
        if self.habits.lose_pairs or self.habits.stall:
            return await self._lost(request)
        return web.json_response(self._pair())

    def _pair(self) -> dict[str, str]:
        self.counts.renewals += 1
        access, refresh = secrets.token_hex(12), secrets.token_hex(12)
        self._good_until[access] = self._clock() + self.habits.token_life_s
        self._unspent.add(refresh)
        return {"access_token": access, "refresh_token": refresh, "expires_in": str(int(self.habits.token_life_s))}

    async def _lost(self, request: web.Request) -> web.Response:
        self._pair()
        if self.habits.stall:
            await asyncio.Event().wait()  # till the caller or the server goes
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    # --- messages ---

    async def take(self, request: web.Request) -> web.Response:
        """One consultation message; always 200."""
        error = self._error(request)
        body = json.loads(await request.read())
        user = str(body["recipient"]["user_id"])
        error = error or self.habits.refuse or self._unwelcome(user)
        if error:
            self.counts.refused[error] = self.counts.refused.get(error, 0) + 1
            return web.json_response({"error": error, "message": "refused"})
        self.counts.taken += 1
        msg_id = f"oa{self.counts.taken}"
        text = str(body["message"]["text"])
        self.shown.append(Shown(user, text, msg_id))
        if self.habits.receipts:
            self.send("user_received_message", user, {"msg_id": msg_id, "delivery_time": str(int(self._clock() * 1000))})
        if self.habits.echoes:
            self.send("oa_send_text", user, {"text": text})
        return web.json_response({"data": {"message_id": msg_id, "user_id": user}, "error": 0, "message": "Success"})

    def _error(self, request: web.Request) -> int:
        access = request.headers.get("access_token", "")
        if self._good_until.get(access, 0.0) <= self._clock():
            return -216
        proof = hmac.digest(self.app_secret.reveal().encode(), access.encode(), "sha256").hex()
        return 0 if hmac.compare_digest(request.headers.get("appsecret_proof", proof), proof) else -1241

    def _unwelcome(self, user: str) -> int:
        if not user:
            return -207
        return 0 if self._clock() - self._heard.get(user, 0.0) < OPEN_MS / 1000 else -230

    # --- photos, and those who watch ---

    async def photo(self, request: web.Request) -> web.Response:
        """A photo, or the part of it that was asked for (RFC 9110 §14)."""
        content = self.photos.get(request.match_info["name"])
        if content is None:
            return web.Response(status=404)
        wanted = request.http_range
        if wanted.start is None:
            return web.Response(body=content, content_type="image/jpeg")
        if wanted.start >= len(content):
            return web.Response(status=416, headers={"Content-Range": f"bytes */{len(content)}"})
        part = content[wanted]
        span = f"bytes {wanted.start}-{wanted.start + len(part) - 1}/{len(content)}"
        return web.Response(status=206, body=part, content_type="image/jpeg", headers={"Content-Range": span})

    async def post_say(self, request: web.Request) -> web.Response:
        """Somebody writes from outside."""
        body = await request.json()
        return web.json_response({"msg_id": self.say(str(body["user"]), str(body["text"]))})

    async def get_shown(self, request: web.Request) -> web.Response:
        """What the phones show."""
        return web.json_response([{"user": each.user, "text": each.text} for each in self.shown])

    def app(self) -> web.Application:
        """The routes."""
        app = web.Application()
        app.router.add_post("/v3.0/oa/message/cs", self.take)
        app.router.add_post("/v4/oa/access_token", self.renew)
        app.router.add_get("/photo/{name}", self.photo)
        app.router.add_post("/say", self.post_say)
        app.router.add_get("/shown", self.get_shown)
        return app


@asynccontextmanager
async def zalo_server(
    port: int = 0, habits: ZaloHabits | None = None, *, retry_s: float = 0.2, clock: Callable[[], float] = time.time
) -> AsyncIterator[Zalo]:
    """The fake Zalo for the length of the block, on this machine only; port 0 takes a free one."""
    async with http_sender(timeout_s=10, connections=WORKERS) as send:
        errands = Errands(send, retry_s)
        it = Zalo(errands, habits or ZaloHabits(), clock)
        runner = web.AppRunner(it.app(), access_log=None, handle_signals=False, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            it.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            async with errands.working():
                yield it
        finally:
            await runner.cleanup()
