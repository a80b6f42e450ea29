"""The whole way over Zalo: an event comes in, becomes a tip, and its reply goes out by the outbox to a person who has no number."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from aiohttp import web
from sqlalchemy import select

from gateway.carriers.protocol import Account
from gateway.carriers.registry import CARRIERS
from gateway.carriers.zalo import FREE_MESSAGES, FREE_MS, OPEN_MS, Window
from gateway.domain.audience import AudienceRule
from gateway.domain.caps import Caps
from gateway.domain.code import read_tip_code
from gateway.domain.msisdn import Msisdn
from gateway.domain.pace import Pace
from gateway.domain.secret import Secret
from gateway.domain.window import Window as Hours
from gateway.sending import now_ms
from gateway.services.dispatch import Dispatcher
from gateway.services.doctor import Surroundings, examine
from gateway.services.inbound import Inbound
from gateway.services.intake import open_intake
from gateway.services.planning import Plan, plan
from gateway.services.refusal import Refusal
from gateway.services.replies import load_replies
from gateway.services.routes import Route
from gateway.services.tips import write_to_informant
from gateway.services.zalo_tokens import App, Tokens, TokenSender
from gateway.services.zalo_window import window_of
from gateway.simulator.zalo import APP_ID, Zalo, zalo_server
from gateway.storage import outbox
from gateway.storage.database import Database, now_us
from gateway.storage.inbox import person
from gateway.storage.outbox import NewMt
from gateway.storage.schema import contact, mt, tip
from gateway.storage.spool import Spool
from gateway.transport import http_sender
from gateway.web.hooks import CLOCK, INTAKE
from gateway.web.runner import web_runner
from gateway.web.zalo import ZaloHook, add_zalo
from tests.harness import eventually
from tests.services.people import deployment, inbound, route, rows

MAN = "2468135790"


@dataclass(slots=True)
class World:
    """A gateway with a Zalo route, and the Zalo that its people use."""

    zalo: Zalo
    database: Database
    inbound: Inbound
    now: list[int]

    async def handle(self) -> None:
        await self.zalo.quiet()
        while await self.inbound.process_once(self.now[0]):
            pass

    async def shown(self, count: int) -> list[str]:
        async def there() -> bool:
            return len(self.zalo.shown) >= count

        await eventually(there, pause=0.01)
        return [each.text for each in self.zalo.shown if each.user == MAN]

    async def states(self) -> list[tuple[str, str | None]]:
        async with self.database.read() as connection:
            return [tuple(row) for row in await connection.execute(select(mt.c.state, mt.c.code).order_by(mt.c.id))]


def route_of(url: str) -> Route:
    account = Account("zalo", f"{url}/v3.0/oa/message/cs", APP_ID, Secret("app-secret"), "")
    return Route("zalo", CARRIERS["zalo"], account, Pace(0), (), 8, "hold", 0, rehearsal=True)


@asynccontextmanager
async def dispatched(database: Database, where: Route, tokens: Tokens, send) -> AsyncIterator[None]:
    stop = asyncio.Event()
    dispatcher = Dispatcher(where, (where,), database, TokenSender(send, tokens), "me", "Asia/Ho_Chi_Minh", 5, Caps(0, 0))
    await database.write(lambda connection: outbox.beat(connection, "me"))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(dispatcher.run(stop))
        try:
            yield
        finally:
            stop.set()
    await tokens.close()


@pytest.fixture
async def world(database, tmp_path, keyring) -> AsyncIterator[World]:
    now = [await database.write(now_us) // 1000]
    async with (
        zalo_server(clock=lambda: now[0] / 1000, retry_s=0.01) as zalo,
        http_sender(5) as send,
        open_intake(database, Spool(tmp_path / "spool", keyring), patience_s=20) as intake,
    ):
        where = route_of(zalo.url)
        app = web.Application()
        app[INTAKE], app[CLOCK] = intake, lambda: now[0]
        add_zalo(app, [ZaloHook("zalo", APP_ID, zalo.key)])
        runner = web_runner(app, drain_s=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        zalo.hook = f"http://127.0.0.1:{runner.addresses[0][1]}/hooks/zalo/zalo"
        first = App("zalo", APP_ID, zalo.app_secret, zalo.first, f"{zalo.url}/v4/oa/access_token")
        tokens = Tokens(database, first, send, lambda: now[0], tmp_path / "rescue")
        async with dispatched(database, where, tokens, send):
            yield World(zalo, database, inbound(database, (route(), where), now[0]), now)
        await runner.cleanup()


async def test_a_tip_gets_its_code_over_zalo(world) -> None:
    world.zalo.say(MAN, "LS TN07 co 2 mo bo doi canh suoi")
    await world.handle()
    (words,) = await world.shown(1)
    (told,) = await rows(world.database, tip)
    assert (told.channel, told.sender, told.village) == ("zalo", f"zalo:{MAN}", "TN07")
    assert told.code in words
    assert read_tip_code(told.code)


async def test_zalos_receipt_delivers_it(world) -> None:
    world.zalo.say(MAN, "LS TN07 co 2 mo")
    await world.handle()
    await world.shown(1)
    await world.zalo.quiet()

    async def delivered() -> bool:
        await world.database.write(lambda connection: outbox.match_dlrs(connection, world.now[0]))
        return [state for state, _ in await world.states()] == ["delivered"]

    await eventually(delivered, pause=0.01)  # Zalo's receipt is often here before its answer is stored


async def test_the_oas_own_words_come_back_and_are_not_answered(world) -> None:
    """Zalo sends each message of the OA to the hook, too: an answer to it would be answered for ever."""
    world.zalo.say(MAN, "LS TN07 co 2 mo")
    await world.handle()
    await world.shown(1)
    await world.handle()
    assert len(await rows(world.database)) == 1
    assert len(world.zalo.shown) == 1


async def test_an_expired_token_costs_one_renewal_and_no_reply(world) -> None:
    world.zalo.say(MAN, "LS TN07 co 1 mo")
    await world.handle()
    await world.shown(1)
    world.zalo.expire_tokens()
    for number in range(4):
        world.zalo.say(f"13579{number}", f"LS TN0{number + 1} co {number + 1} mo")
    await world.handle()
    await world.shown(5)
    assert (world.zalo.counts.renewals, world.zalo.counts.taken) == (2, 5)
    assert world.zalo.counts.refused.keys() == {-216}


async def test_an_opt_out_over_zalo_is_remembered_and_confirmed(world) -> None:
    world.zalo.say(MAN, "HUY")
    await world.handle()
    (words,) = await world.shown(1)
    (known,) = await rows(world.database, contact)
    assert known.opted_out_at
    assert known.msisdn == f"zalo:{MAN}"
    assert words


async def test_after_a_week_of_silence_zalo_refuses_and_no_sms_goes_instead(world) -> None:
    """An answer that waited so long: finished, told to the desk by its state; no other route may reach a person without a number."""
    world.zalo.say(MAN, "LS TN07 co 2 mo")
    await world.zalo.quiet()
    world.zalo._heard[MAN] -= OPEN_MS / 1000
    await world.handle()

    async def settled() -> bool:
        return [state for state, _ in await world.states()] == ["failed"]

    await eventually(settled, pause=0.01)
    assert await world.states() == [("failed", "-230")]


async def test_a_photo_alone_is_a_tip_and_a_place_joins_it(world) -> None:
    world.zalo.show_photo(MAN, b"\xff\xd8\xff")
    await world.handle()
    world.zalo.show_place(MAN, "16.4637", "107.5909")
    await world.handle()
    (told,) = await rows(world.database, tip)
    assert told.text == "[1 ảnh]"
    assert "media" not in told.fields
    assert {row.tip for row in await rows(world.database)} == {told.id}


async def test_no_sms_route_reaches_a_person_at_zalo_and_zalo_no_number(world) -> None:
    sms, zalo = route(), route_of(world.zalo.url)
    somebody, number = Msisdn(f"zalo:{MAN}"), Msisdn("+84300000011")
    assert [each.reaches(somebody) for each in (sms, zalo)] == [False, True]
    assert [each.reaches(number) for each in (sms, zalo)] == [True, False]
    assert MAN not in f"{somebody} {somebody!r} {somebody.national}"


# --- what staff may write, and what waves may not ---


async def test_the_window_opens_with_what_a_person_writes(world) -> None:
    async def found(now: int) -> Window:
        async with world.database.read() as connection:
            return await window_of(connection, person(world.database.keyring, f"zalo:{MAN}"), now)

    now = world.now[0]
    assert await found(now) is Window.CLOSED
    world.zalo.say(MAN, "LS TN07 co 2 mo")
    await world.handle()
    await world.shown(1)
    assert [await found(now + age) for age in (0, FREE_MS, OPEN_MS - 1, OPEN_MS)] == [Window.FREE, Window.PAID, Window.PAID, Window.CLOSED]


async def test_eight_answers_since_the_last_word_are_free(world) -> None:
    sender = person(world.database.keyring, f"zalo:{MAN}")
    more = [NewMt(f"W{number}", Msisdn(f"zalo:{MAN}"), sender, "zalo", 1, 2**50, 2**51, body="x") for number in range(FREE_MESSAGES - 1)]
    world.zalo.say(MAN, "LS TN07 co 2 mo")
    await world.handle()
    async with world.database.read() as connection:
        assert await window_of(connection, sender, world.now[0]) is Window.FREE
    await world.database.write(lambda connection: outbox.enqueue(connection, more, world.now[0]))
    async with world.database.read() as connection:
        assert await window_of(connection, sender, world.now[0]) is Window.PAID


async def test_staff_write_to_an_informant_over_zalo_while_its_window_is_open(world) -> None:
    world.zalo.say(MAN, "LS TN07 co 2 mo bo doi")
    await world.handle()
    await world.shown(1)
    (told,) = await rows(world.database, tip)
    texts, routes = load_replies(deployment()), (route(), route_of(world.zalo.url))
    sent = await write_to_informant(world.database, texts, routes, told.code, "Xin ong cho biet gan cay gi", world.now[0])
    assert (sent.route, MAN in sent.to) == ("zalo", False)
    assert "gan cay gi" in (await world.shown(2))[1]
    with pytest.raises(Refusal, match="wrote over Zalo more than 7 days ago"):
        await write_to_informant(world.database, texts, routes, told.code, "Xin hoi them", world.now[0] + OPEN_MS)


async def test_who_said_yes_over_zalo_is_in_no_wave(world) -> None:
    """A wave is SMS: a person without a number is left out, and counted."""
    world.zalo.say(MAN, "DK")
    await world.handle()
    (known,) = await rows(world.database, contact)
    assert known.consent
    data = deployment()
    plan_ = Plan("tri-an", {"vi": "Tri an"}, AudienceRule(), Hours(0, 0))
    with pytest.raises(Refusal, match="1 have a number that the route does not reach"):
        await plan(world.database, route(), data.campaign, data.villages, plan_, world.now[0], [].append)


async def test_no_wave_goes_by_zalo(world) -> None:
    """Consultation messages answer; whoever is written to unasked is no consultation."""
    world.zalo.say(MAN, "DK")
    await world.handle()
    data = deployment()
    plan_ = Plan("tri-an", {"vi": "Tri an"}, AudienceRule(), Hours(0, 0))
    with pytest.raises(Refusal, match="does not reach"):
        await plan(world.database, route_of(world.zalo.url), data.campaign, data.villages, plan_, world.now[0], [].append)


async def test_the_doctor_says_what_is_wrong_with_a_token(database, tmp_path) -> None:
    where = route_of("http://127.0.0.1:9")
    around = Surroundings((where,), frozenset(), "UTC", {}, tmp_path)
    found = await examine(database, around, now_ms())
    assert [(cause.name, cause.route) for cause in found.causes] == [("token", "zalo")]
    assert "zalo.refresh_token" in found.causes[0].text
