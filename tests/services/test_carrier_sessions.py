"""The session of carriers that log in, against a fake MobiFone that knows one session an account, and a fake FPT: one log-in for all."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs

import pytest
from aiohttp import web

from gateway.carriers import fpt, mobifone
from gateway.carriers.protocol import Accepted, Account, Outcome
from gateway.carriers.session import LogsIn
from gateway.carriers.wire import HttpRequest, HttpResponse, LostAnswer, NotSent
from gateway.domain.failure import Failure, Refused
from gateway.domain.secret import Secret
from gateway.services.carrier_sessions import AGAIN_MS, DENIED_MS, Sessions
from gateway.services.zalo_tokens import NoToken, TokenSender
from gateway.storage.carrier_tokens import token_row
from gateway.storage.database import now_us, open_database
from gateway.storage.schema import carrier_token
from gateway.transport import HttpSender, http_sender
from tests.carriers.carrier_cases import batch
from tests.harness import listening

START = 1_795_000_000_000


@dataclass
class Telco:
    """Both carriers at once. A log-in ends the session before it."""

    url: str = ""
    password: str = "p"
    sid: str = "none"
    logins: int = 0
    sent: list[str] = field(default_factory=list)

    def login(self, password: str) -> str:
        self.logins += 1
        self.sid = f"S{self.logins}" if password == self.password else self.sid
        return self.sid if password == self.password else ""

    async def mobifone(self, request: web.Request) -> web.Response:
        form = {name: values[0] for name, values in parse_qs(await request.text()).items()}
        if request.path.endswith("login.jsp"):
            sid = self.login(form["password"])
            return web.json_response({"status": "200" if sid else "401", "sid": f"{sid}\r\n"})
        if form["sid"] != self.sid:
            return web.Response(status=401, text="SessionExpired")
        self.sent.append(form["recipient"])
        return web.json_response({"status": "200"})

    async def fpt(self, request: web.Request) -> web.Response:
        call = await request.json()
        if request.path.endswith("/oauth2/token"):
            token = self.login(call["client_secret"])
            self.sid = f"{call['session_id']} {token}" if token else self.sid
            return web.json_response(
                {"access_token": token, "expires_in": 86_400} if token else {"error": 1, "error_description": "client"}
            )
        if f"{call['session_id']} {call['access_token']}" != self.sid:
            return web.json_response({"error": 1011, "error_description": "Access token invalid"}, status=401)
        self.sent.append(call["Phone"])
        return web.json_response({"MessageId": len(self.sent)})


@dataclass
class Ground:
    """A telco, a database, and as many gateways on it as a test wants."""

    telco: Telco
    carrier: LogsIn
    url: str
    keyring: object
    send: HttpSender
    now: list[int]

    @property
    def account(self) -> Account:
        return Account("r", f"{self.telco.url}/{self.carrier.NAME}", "u", Secret("p"), "UBNDXA")

    @asynccontextmanager
    async def gateway(self, account: Account | None = None, send: Callable | None = None) -> AsyncIterator[Sessions]:
        numbers = itertools.count()
        async with open_database(self.url, self.keyring, clock_us=lambda: self.now[0] * 1000) as database:
            yield Sessions(
                database, account or self.account, self.carrier, send or self.send, lambda: self.now[0], lambda: f"{next(numbers):032x}"
            )

    async def sent(self, sessions: Sessions) -> Outcome:
        one = batch()
        answer = await TokenSender(self.send, sessions)(self.carrier.build_send(self.account, one))
        return self.carrier.parse_send(answer, one)[0]


@pytest.fixture(params=[mobifone, fpt], ids=["mobifone", "fpt"])
async def ground(request, database_url, engine_name, keyring) -> AsyncIterator[Ground]:
    now = [START]
    if engine_name == "postgresql":
        async with open_database(database_url, keyring) as database:
            now[0] = await database.write(now_us) // 1000
    telco = Telco()
    routes = (web.post("/mobifone/{rest:.*}", telco.mobifone), web.post("/fpt/{rest:.*}", telco.fpt))
    async with listening(*routes) as telco.url, http_sender(5) as send:
        yield Ground(telco, request.param, database_url, keyring, send, now)


async def test_ten_sends_are_one_log_in(ground) -> None:
    async with ground.gateway() as sessions:
        found = await asyncio.gather(*(ground.sent(sessions) for _ in range(10)))
    assert all(isinstance(each, Accepted) for each in found)
    assert (ground.telco.logins, len(ground.telco.sent)) == (1, 10)


async def test_two_processes_share_one_session(ground) -> None:
    """Two connections of their own: were each to log in, each would end the other's."""
    async with ground.gateway() as one, ground.gateway() as two:
        found = await asyncio.gather(*(ground.sent(each) for each in (one, two) * 5))
    assert all(isinstance(each, Accepted) for each in found)
    assert ground.telco.logins == 1


async def test_a_session_that_ended_is_renewed_once(ground) -> None:
    """Mistake 12: 401, one log-in, 200; nobody gets it twice, and the other process goes along."""
    async with ground.gateway() as one, ground.gateway() as two:
        await asyncio.gather(ground.sent(one), ground.sent(two))
        ground.telco.sid, ground.telco.sent = "ended", []
        ground.now[0] += 1_000
        found = await asyncio.gather(*(ground.sent(each) for each in (one, two) * 5))
    assert all(isinstance(each, Accepted) for each in found)
    assert (ground.telco.logins, len(ground.telco.sent)) == (2, 10)


async def test_a_start_takes_the_session_that_is_there(ground) -> None:
    async with ground.gateway() as sessions:
        first = await sessions.access()
    async with ground.gateway() as sessions:
        assert await sessions.access() == first
    assert ground.telco.logins == 1


async def test_a_session_past_its_time_is_opened_anew(ground) -> None:
    async with ground.gateway() as sessions:
        first = await sessions.access()
        ground.now[0] = first.good_until
        async with open_database(ground.url, ground.keyring) as database:  # PostgreSQL's clock is its own
            await database.write(lambda connection: connection.execute(carrier_token.update().values(expires_at=0)))
        assert (await sessions.access()).token != first.token
    assert ground.telco.logins == 2


async def test_a_session_that_is_refused_again_holds_the_route(ground) -> None:
    async with ground.gateway() as sessions:
        await sessions.access()

        async def refusing(request: HttpRequest) -> HttpResponse:
            is_login = request.url.endswith(("login.jsp", "token"))
            refusal = b"SidNotPassed" if ground.carrier is mobifone else b'{"error":1013,"error_description":"token"}'
            return await ground.send(request) if is_login else HttpResponse(401, {}, refusal)

        one = batch()
        sender = TokenSender(replace_call(ground.send, refusing), sessions)
        (found,) = ground.carrier.parse_send(await sender(ground.carrier.build_send(ground.account, one)), one)
    assert found == Refused(Failure.MISCONFIGURED, "SidNotPassed" if ground.carrier is mobifone else "1013")


def replace_call(send: HttpSender, call: Callable) -> object:
    class Wire:
        async def __call__(self, request: HttpRequest) -> HttpResponse:
            return await call(request)

        def ticks_us(self) -> int:
            return send.ticks_us()

    return Wire()


async def test_a_wrong_password_is_tried_once_and_holds_the_route(ground) -> None:
    """An account may be locked by a password tried too often. The right one is tried at once."""
    wrong = replace(ground.account, password=Secret("wrong"))
    async with ground.gateway(wrong) as sessions:
        for _ in range(3):
            assert await ground.sent(sessions) == Refused(Failure.MISCONFIGURED, "http-401")
        assert ground.telco.logins == 1
        with pytest.raises(NoToken) as why:
            await sessions.access()
        assert (why.value.passing, "wrong" in str(why.value)) == (False, False)
    async with ground.gateway() as sessions:
        assert isinstance(await ground.sent(sessions), Accepted)
    assert ground.telco.logins == 2


async def test_a_wrong_password_is_tried_again_when_its_time_is_over(ground) -> None:
    async with ground.gateway(replace(ground.account, password=Secret("wrong"))) as sessions:
        await ground.sent(sessions)
        ground.now[0] += DENIED_MS + 1_000
        async with open_database(ground.url, ground.keyring) as database:
            await database.write(lambda connection: connection.execute(carrier_token.update().values(lease_until=0)))
        await ground.sent(sessions)
    assert ground.telco.logins == 2


@pytest.mark.parametrize("lost", [NotSent("no route"), LostAnswer("reset"), HttpResponse(503, {}, b"")], ids=["not sent", "lost", "503"])
async def test_a_log_in_without_an_answer_is_tried_again_and_nothing_was_sent(ground, lost) -> None:
    async def fails(_request: HttpRequest) -> HttpResponse:
        if isinstance(lost, HttpResponse):
            return lost
        raise lost

    async with ground.gateway(send=fails) as sessions:
        with pytest.raises(NotSent):
            await ground.sent(sessions)
    async with open_database(ground.url, ground.keyring) as database:
        async with database.read() as connection:
            row = await token_row(connection, "r")
        assert row.lease_until <= ground.now[0] + AGAIN_MS + 60_000
        await database.write(lambda connection: connection.execute(carrier_token.update().values(lease_until=0)))
    async with ground.gateway() as sessions:
        assert isinstance(await ground.sent(sessions), Accepted)


async def test_another_account_gets_a_session_of_its_own(ground) -> None:
    async with ground.gateway() as sessions:
        first = await sessions.access()
    async with ground.gateway(replace(ground.account, username="other")) as sessions:
        assert (await sessions.access()).token != first.token
    assert ground.telco.logins == 2


async def test_a_session_is_sealed_at_rest(ground) -> None:
    async with ground.gateway() as sessions:
        session = (await sessions.access()).token.reveal()
    async with open_database(ground.url, ground.keyring) as database, database.read() as connection:
        raw = (await connection.exec_driver_sql("SELECT access, refresh FROM carrier_token")).one()
    assert not any(session.encode() in bytes(each) for each in raw)
    assert json.loads((await _row(ground)).refresh)["refused"] == ""


async def _row(ground: Ground):
    async with open_database(ground.url, ground.keyring) as database, database.read() as connection:
        return await token_row(connection, "r")
