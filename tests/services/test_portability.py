"""Whose number it is: asked once, kept thirty days, never in clear, and never a reason for anything to stop."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.carriers.protocol import Account
from gateway.carriers.registry import CARRIERS
from gateway.carriers.wire import HttpRequest, HttpResponse, LostAnswer, NotSent
from gateway.domain.msisdn import Msisdn
from gateway.domain.secret import Secret
from gateway.services.dispatch import Send
from gateway.services.portability import AT_A_TIME, LookedUp, look_up, whose
from gateway.services.routes import Route
from gateway.storage import erasing
from gateway.storage import portability as rows
from gateway.storage.database import Database
from gateway.storage.schema import portability
from gateway.storage.seal import Keyring
from tests.services.networks import LAO, UNKNOWN, with_networks
from tests.services.people import NOW
from tests.services.people import route as plain_route

NUMBERS = tuple(Msisdn(f"+8430000010{at}") for at in range(6))
ACCOUNT = Account("vmg", "https://telco.example/api/SendSMS", "u", Secret("token"), "UBNDXA")


@pytest.fixture
async def database(database_url: str, keyring: Keyring) -> AsyncIterator[Database]:
    async with with_networks(database_url, keyring) as opened:
        yield opened


def asked_route(**changes: object) -> Route:
    values = {"carrier": CARRIERS["vmg"], "account": ACCOUNT, "look_up": True}
    return replace(plain_route("vmg"), **(values | changes))  # type: ignore[arg-type]


def answering(telco: str = "02") -> tuple[Send, list[HttpRequest]]:
    """A carrier that says the same of everybody, and what it was asked."""
    asked: list[HttpRequest] = []

    async def send(request: HttpRequest) -> HttpResponse:
        asked.append(request)
        return HttpResponse(200, {}, b'{"data": [{"currentTelco": "%s"}]}' % telco.encode())

    return send, asked


async def operators_of(database: Database, now: int = NOW) -> dict[str, tuple[str, str]]:
    async with database.read() as connection:
        found = await whose(connection, database.keyring, database.operators, NUMBERS, now)
    return {number.e164: (each.operator, each.by) for number, each in found.items()}


async def test_an_answer_is_kept_and_not_asked_for_again(database: Database):
    send, asked = answering()
    assert await look_up(database, [asked_route()], send, NUMBERS[:2], lambda: NOW) == LookedUp(2, 2)
    assert await look_up(database, [asked_route()], send, NUMBERS[:3], lambda: NOW + 1) == LookedUp(1, 1)
    assert len(asked) == 3
    known = await operators_of(database)
    assert known[NUMBERS[0].e164] == ("VinaPhone", "look-up")
    assert known[NUMBERS[5].e164] == ("Viettel", "prefix")
    assert (await operators_of(database, NOW + rows.FRESH_MS))[NUMBERS[0].e164] == ("Viettel", "prefix")
    assert (await look_up(database, [asked_route()], send, NUMBERS[:1], lambda: NOW + rows.FRESH_MS)).asked == 1


async def test_what_is_stored_names_nobody(database: Database):
    """A blind index, an operator, a time, who said so."""
    send, _ = answering("04")
    await look_up(database, [asked_route()], send, NUMBERS[:1], lambda: NOW)
    async with database.read() as connection:
        row = (await connection.execute(select(portability))).one()
    assert tuple(row) == (database.keyring.blind(NUMBERS[0].e164, "msisdn"), "Viettel", NOW, "vmg")
    assert NUMBERS[0].e164[3:].encode() not in bytes(row.bidx)


async def test_old_answers_are_taken_away(database: Database):
    send, _ = answering()
    await look_up(database, [asked_route()], send, NUMBERS[:2], lambda: NOW)
    await look_up(database, [asked_route()], send, NUMBERS[2:3], lambda: NOW + 1)
    assert await database.write(lambda connection: rows.forget_old(connection, NOW + rows.FRESH_MS)) == 2
    async with database.read() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM portability")) == 1


async def test_who_is_erased_is_erased_here_too(database: Database):
    send, _ = answering()
    await look_up(database, [asked_route()], send, NUMBERS[:2], lambda: NOW)
    person = database.keyring.blind(NUMBERS[0].e164, "msisdn")

    async def unit(connection: AsyncConnection) -> None:
        await erasing.cut_ties(connection, await erasing.belongings(connection, person), NOW)

    await database.write(unit)
    assert [by for _, by in (await operators_of(database)).values()][:2] == ["prefix", "look-up"]


async def test_a_network_of_nobody_is_an_answer_too(database: Database):
    """It isn't asked for again and again; the prefix is known to be wrong."""
    send, _ = answering("99")
    await look_up(database, [asked_route()], send, NUMBERS[:1], lambda: NOW)
    assert (await operators_of(database))[NUMBERS[0].e164] == ("", "look-up")


@pytest.mark.parametrize(
    ("route", "numbers"),
    [
        (asked_route(look_up=False), NUMBERS),
        (asked_route(carrier=CARRIERS["kannel"]), NUMBERS),
        (asked_route(), (LAO, Msisdn("zalo:7"), UNKNOWN)),
        (asked_route(), ()),
    ],
)
async def test_nobody_is_asked_what_need_not_be_known(database: Database, route: Route, numbers: tuple[Msisdn, ...]):
    """No leave, no look-up of the carrier's, foreign numbers and such as are given to nobody."""
    send, asked = answering()
    assert await look_up(database, [route], send, numbers, lambda: NOW) == LookedUp()
    assert asked == []


async def test_no_more_are_asked_than_are_allowed(database: Database):
    send, asked = answering()
    assert (await look_up(database, [asked_route()], send, NUMBERS, lambda: NOW, most=4)).asked == 4
    assert len(asked) == 4


@pytest.mark.parametrize(
    ("failure", "why"),
    [
        (NotSent("refused"), "it can't be reached"),
        (LostAnswer("reset"), "it can't be reached"),
        (HttpResponse(401, {}, b"{}"), "no currentTelco in the answer (http-401)"),
        (HttpResponse(200, {}, b'{"data": [{"currentTelco": 4}]}'), "no currentTelco in the answer (http-200)"),
    ],
)
async def test_a_carrier_that_fails_stops_nothing(database: Database, failure: Exception | HttpResponse, why: str):
    async def send(request: HttpRequest) -> HttpResponse:
        if isinstance(failure, Exception):
            raise failure
        return failure

    assert await look_up(database, [asked_route()], send, NUMBERS[:2], lambda: NOW) == LookedUp(2, 0, (why,))
    assert set((await operators_of(database)).values()) == {("Viettel", "prefix")}


async def test_what_came_in_time_is_kept(database: Database):
    """Two answer, then it falls silent: the others go by their prefix, and it is never asked more than a few at a time."""
    send, _ = answering()
    at_once = most = asked = 0

    async def slow(request: HttpRequest) -> HttpResponse:
        nonlocal at_once, most, asked
        asked += 1
        if asked <= 2:
            return await send(request)
        at_once += 1
        most = max(most, at_once)
        await asyncio.Event().wait()
        raise AssertionError

    done = await look_up(database, [asked_route()], slow, NUMBERS, lambda: NOW, within_s=0.05)
    assert (done.answered, done.trouble) == (2, ("it did not answer in time",))
    assert most <= AT_A_TIME
    assert sum(by == "look-up" for _, by in (await operators_of(database)).values()) == 2


def test_no_repr_of_a_look_up_names_the_number():
    """Twilio wants it in the path."""
    account = replace(ACCOUNT, options={})
    for name in ("vmg", "twilio", "vonage", "infobip"):
        assert NUMBERS[0].e164[1:] not in repr(CARRIERS[name].build_lookup(account, NUMBERS[0]))  # type: ignore[attr-defined]
