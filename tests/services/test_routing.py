"""The choice with what the database knows: answers to look-ups, how the routes stand; and the sends that go by it."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from gateway.carriers.registry import CARRIERS
from gateway.domain.cost import Prices
from gateway.domain.failure import Failure, Refused
from gateway.domain.msisdn import Msisdn
from gateway.domain.routing import LONG_PAUSE_MS
from gateway.services.refusal import Refusal
from gateway.services.routes import Route
from gateway.services.routing import Around, Needs, choose, choose_now, way_back
from gateway.services.sends import Order, enqueue_by_choice
from gateway.services.settlement import settlement
from gateway.storage import outbox, portability
from gateway.storage.database import Database
from gateway.storage.outbox import ClaimedMt, RouteCondition
from gateway.storage.portability import Answer
from gateway.storage.schema import mt, route_state
from gateway.storage.seal import Keyring
from tests.services.networks import LAO, TABLE, UNKNOWN, VIETTEL, VINA, with_networks
from tests.services.people import NOW, arrive, inbound
from tests.services.people import route as rehearsal_route
from tests.services.people import said as mo_of

SEEN = Around(TABLE)


def route(name: str, **changes: object) -> Route:
    return replace(rehearsal_route(name), **({"rehearsal": False, "carrier": CARRIERS["kannel"]} | changes))  # type: ignore[arg-type]


@pytest.fixture
async def database(database_url: str, keyring: Keyring) -> AsyncIterator[Database]:
    async with with_networks(database_url, keyring) as opened:
        yield opened


DEAR = route("dear", price_vnd=400)
CHEAP = route("cheap", price_vnd=400, prices=Prices(400, {"Viettel": 250}))


async def stands(database: Database, name: str, **values: object) -> None:
    await database.write(lambda connection: outbox.ensure_route(connection, name))
    await database.write(lambda connection: connection.execute(update(route_state).where(route_state.c.route == name).values(**values)))


async def said(database: Database, number: Msisdn, operator: str, at: int = NOW) -> None:
    person = database.keyring.blind(number.e164, "msisdn")
    await database.write(lambda connection: portability.remember(connection, {person: Answer(operator, at, "vmg")}))


def test_it_needs_no_database():
    """Who has only routes and a number gets an answer by prefix."""
    choice = choose([DEAR, CHEAP], VIETTEL, "Chào bà con", seen=SEEN)
    assert choice.route is CHEAP
    assert (choice.operator.operator, choice.operator.by) == ("Viettel", "prefix")
    assert (choice.segments, choice.price_vnd, choice.cost_vnd) == (1, 250, 250)
    assert choice.tried == (("dear", "a segment costs 400 đ, not 250 đ"),)
    assert choose([DEAR, CHEAP], VIETTEL, "Chao", operator="MobiFone").tried == (("cheap", "dear stands before it in the file"),)
    assert choose([], VIETTEL, "Chao").route is None


def test_a_price_that_was_not_split_up_counts_for_all():
    assert choose([DEAR], UNKNOWN, "a" * 200).cost_vnd == 800


async def test_an_answer_counts_more_than_the_prefix(database: Database):
    """For thirty days; then the prefix again."""
    await said(database, VINA, "Viettel")
    choice = await choose_now(database, [DEAR, CHEAP], VINA, "Chao", NOW + 1)
    assert (choice.route, choice.operator.by, choice.operator.source) == (CHEAP, "look-up", "vmg")
    later = await choose_now(database, [DEAR, CHEAP], VINA, "Chao", NOW + portability.FRESH_MS)
    assert (later.route, later.operator.operator) == (DEAR, "VinaPhone")


async def test_a_ported_number_leaves_by_its_new_operators_route(database: Database):
    ways = [route("vt", operators=("Viettel",)), route("vn", operators=("VinaPhone",))]
    await said(database, VIETTEL, "iTel")  # on VinaPhone's network
    assert (await choose_now(database, ways, VIETTEL, "Chao", NOW)).route is ways[1]
    await said(database, VIETTEL, "")  # a network that the table doesn't have
    assert (await choose_now(database, ways, VIETTEL, "Chao", NOW)).route is None


async def test_a_held_route_and_one_that_is_paused_for_long_come_last(database: Database):
    await stands(database, "cheap", hold_code="http-401", held_at=NOW)
    choice = await choose_now(database, [DEAR, CHEAP], VIETTEL, "Chao", NOW)
    assert (choice.route, choice.tried) == (DEAR, (("cheap", "it is held (http-401)"),))
    await stands(database, "dear", paused_until=NOW + LONG_PAUSE_MS + 1, pause_why="the daily budget of 1 đ is spent")
    choice = await choose_now(database, [DEAR, CHEAP], VIETTEL, "Chao", NOW)
    assert (choice.route, choice.waits) == (DEAR, "paused (the daily budget of 1 đ is spent)")
    assert (await choose_now(database, [CHEAP], VIETTEL, "Chao", NOW)).waits == "held (http-401)"
    soon = await choose_now(database, [CHEAP, DEAR], VIETTEL, "Chao", NOW + 1)
    assert (soon.route, soon.waits) == (DEAR, "")


async def test_a_send_says_that_its_route_waits(database: Database):
    """It is stored all the same: a held route goes on one day."""
    await stands(database, "cheap", hold_code="http-401", held_at=NOW)
    taken, (part,) = await enqueue_by_choice(database, [CHEAP], Order("o", (VIETTEL,), "Chao"), NOW)
    assert (taken.accepted, part.waits) == (1, "held (http-401)")


def test_what_the_text_needs_is_asked_of_carrier_and_contract():
    plain = route("plain", unicode=False, long=False)
    deaf = route("deaf", carrier=CARRIERS["vmg"], priority=1)
    assert choose([plain, DEAR], VIETTEL, "Cả xã").route is DEAR
    assert choose([plain, DEAR], VIETTEL, "a" * 161).tried == (("plain", "it takes one segment, the text has 2"),)
    assert choose([deaf, plain], VIETTEL, "Chao", needs=Needs(mo=True)).route is plain
    assert choose([plain], VIETTEL, "Chao", needs=Needs(name=True)).tried == (("plain", "it shows a number, not a name"),)
    assert choose([route("zalo", carrier=CARRIERS["zalo"])], VIETTEL, "Chao").route is None


async def test_a_send_without_a_route_goes_by_what_is_chosen(database: Database):
    """One transaction, and each MT bears the operator that a look-up named."""
    await said(database, UNKNOWN, "Wintel")
    ways = (route("vt", operators=("Viettel",)), route("rest"), route("lao", prefixes=("+856",), priority=1))
    numbers = (VIETTEL, VINA, LAO, UNKNOWN, VIETTEL)
    taken, parts = await enqueue_by_choice(database, ways, Order("o", numbers, "Chào"), NOW)
    assert taken.accepted == 4
    assert [(part.route.name, part.numbers) for part in parts] == [("vt", (VIETTEL,)), ("rest", (VINA, UNKNOWN)), ("lao", (LAO,))]
    async with database.read() as connection:
        rows = (await connection.execute(select(mt.c.msisdn, mt.c.route, mt.c.operator))).all()
    assert {(row.msisdn, row.route, row.operator) for row in rows} == {
        (VIETTEL.e164, "vt", "Viettel"), (VINA.e164, "rest", "VinaPhone"), (LAO.e164, "lao", None), (UNKNOWN.e164, "rest", "Wintel"),
    }  # fmt: skip
    again, _ = await enqueue_by_choice(database, ways, Order("o", numbers, "Chào"), NOW)
    assert (again.accepted, again.again) == (0, 4)


@pytest.mark.parametrize("limit", [0, 2])
async def test_where_one_number_has_no_way_nothing_is_stored(database: Database, limit: int):
    """Be it that no route reaches it, or that its route takes no more today: another route is no way round the limit."""
    ways = (route("vt", operators=("Viettel",), max_unapproved=limit), route("vn", operators=("VinaPhone",)))
    stranger = LAO if not limit else VIETTEL
    many = tuple(Msisdn(f"+8430000020{at}") for at in range(limit + 1)) if limit else ()
    with pytest.raises(Refusal) as refused:
        await enqueue_by_choice(database, ways, Order("o", (VINA, *many, stranger), "Chao"), NOW)
    assert ("takes at most 2 recipients" in str(refused.value)) if limit else str(refused.value).startswith("no enabled route takes this")
    assert stranger.e164 not in str(refused.value)
    async with database.read() as connection:
        assert (await connection.execute(select(mt.c.id))).all() == []


def test_what_the_chosen_route_can_not_reach_goes_on_along_its_fallback():
    """Choice and fallback combine: the number is refused by the network, and the list is the chosen route's own."""
    ways = (route("vt", operators=("Viettel",), fallback=("lao", "rest")), route("lao", prefixes=("+856",)), route("rest", priority=200))
    chosen = choose(ways, VIETTEL, "Chao", seen=SEEN).route
    assert chosen is ways[0]
    claimed = ClaimedMt(1, "R", 0, 0, False, VIETTEL, "Chao", None, None, 1, 0, NOW + 1)
    settled = settlement(claimed, Refused(Failure.UNROUTABLE, "alias"), chosen, ways, NOW)
    assert (settled.route, settled.state.value) == ("rest", "queued")


# --- the way back ---


@pytest.mark.parametrize(
    ("held", "way"),
    [((), "own"), (("cheap",), "own"), (("own",), "cheap"), (("own", "cheap"), "dear"), (("own", "cheap", "dear"), "own")],
    ids=lambda each: "-".join(each) if isinstance(each, tuple) else each,
)
def test_a_reply_takes_its_own_route_while_that_sends(held: tuple[str, ...], way: str) -> None:
    """Then the best of those that send; where none does, it waits for its own, whose number was written to."""
    own = route("own", priority=900)
    seen = replace(SEEN, conditions={name: RouteCondition(hold_code="http-401") for name in held})
    assert way_back((DEAR, CHEAP, own), "own", VIETTEL, "Da nhan", seen) == {"own": own, "cheap": CHEAP, "dear": DEAR}[way]


def test_a_reply_by_a_route_that_is_switched_off() -> None:
    """The best; none where none reaches the person, or can carry the words."""
    assert way_back((DEAR, CHEAP), "gone", VIETTEL, "Da nhan", SEEN) is CHEAP
    assert way_back((replace(DEAR, prefixes=("+856",)),), "gone", VIETTEL, "Da nhan", SEEN) is None
    assert way_back((), "gone", VIETTEL, "Da nhan", SEEN) is None


def test_nobody_real_answers_for_a_rehearsal_and_no_rehearsal_for_a_contract() -> None:
    """An invented number might be somebody's; a real person must not get an answer that only we see."""
    rehearsed = rehearsal_route("own")
    held = replace(SEEN, conditions={"own": RouteCondition(hold_code="http-401")})
    assert way_back((rehearsed, DEAR), "own", VIETTEL, "Da nhan", held) is rehearsed
    real, other = route("own"), rehearsal_route("other")
    assert way_back((real, other), "own", VIETTEL, "Da nhan", held) is real


def test_a_zalo_user_is_answered_by_the_account_that_knows_him() -> None:
    """His number there means nothing to another Official Account."""
    mine, other = (route(name, carrier=CARRIERS["zalo"]) for name in ("own", "other"))
    held = replace(SEEN, conditions={"own": RouteCondition(hold_code="token")})
    assert way_back((other, mine), "own", Msisdn("zalo:222"), "Da nhan", held) is mine


def test_a_pause_of_minutes_is_waited_for() -> None:
    """A longer one is not."""
    own = route("own")
    for paused_until, way in ((NOW + LONG_PAUSE_MS, own), (NOW + LONG_PAUSE_MS + 1, CHEAP)):
        seen = replace(SEEN, now=NOW, conditions={"own": RouteCondition(paused_until=paused_until)})
        assert way_back((own, CHEAP), "own", VIETTEL, "Da nhan", seen) is way


async def test_a_reply_of_an_mo_goes_round_a_held_route(database: Database) -> None:
    """Through the whole handling of an MO, whose reply would wait for days otherwise."""
    own, other = route("gia-lap", prefixes=()), route("other")
    await stands(database, "gia-lap", hold_code="http-401")
    await arrive(database, mo_of("LS TN07 co mo o suoi"))
    await inbound(database, (own, other)).process_once(NOW)
    async with database.read() as connection:
        assert list(await connection.scalars(select(mt.c.route))) == ["other"]
