"""What is marked `sending` with its claim, and does not go after all, is claimed as any other; and only what goes has a request."""

from collections.abc import Sequence

import pytest
from sqlalchemy import select

from gateway.domain.caps import Caps
from gateway.domain.pace import Pace
from gateway.services.claims import Claims
from gateway.services.purse import Purse
from gateway.services.routes import Route
from gateway.services.turn import Booked, Job, Turns, Worked
from gateway.storage import bulk, outbox
from gateway.storage.database import Database
from gateway.storage.outbox import ensure_route
from gateway.storage.schema import mt, request
from tests.services.blasts import NO_CAPS, a_wave, direct, reply, route_to
from tests.storage.test_outbox import new

TIMEZONE = "Asia/Ho_Chi_Minh"


async def worked(database: Database, route: Route, places: int, replies: int, blasts: int, caps: Caps = NO_CAPS) -> Worked:
    """One turn of owner "me"."""
    claims = Claims(route, [route], "me", TIMEZONE, caps)
    turns = Turns(route, [route], claims, Purse(route, TIMEZONE), "me", database.keyring, lambda: 1)
    job = Job([], [], [], [], replies, blasts, places, probing=False, forming=(), booked=Booked())
    await database.write(lambda connection: ensure_route(connection, route.name))
    return await database.write(lambda connection: turns.work(connection, job))


async def stored(database: Database) -> tuple[list[tuple[str, str | None, str | None]], set[str]]:
    """(state, owner, request or None) of each MT that is held, oldest first, and the requests there are."""
    async with database.read() as connection:
        rows = await connection.execute(
            select(mt.c.state, mt.c.owner, mt.c.request).where(mt.c.state.in_(["claimed", "sending"])).order_by(mt.c.id)
        )
        return [tuple(row) for row in rows], set(await connection.scalars(select(request.c.our_ref)))


def refs(turn: Worked) -> Sequence[str]:
    return [batch.ref for _, batch, _ in turn.departing]


async def test_what_finds_no_place_stays_claimed(database: Database) -> None:
    """A reply and three of a blast for two places: two are `sending` in requests of theirs, two wait as if they had only been claimed."""
    route = route_to("kannel", "http://127.0.0.1:9")
    await direct(database, route, [1, 2, 3])
    await reply(database, route, 4)
    turn = await worked(database, route, places=2, replies=1, blasts=3)
    held, requests = await stored(database)
    assert len(turn.departing) == 2
    assert set(refs(turn)) == requests
    assert sorted(state for state, _, _ in held) == ["claimed", "claimed", "sending", "sending"]
    assert all((name is None) is (state == "claimed") for state, _, name in held)
    assert {owner for _, owner, _ in held} == {"me"}


async def test_without_a_place_nothing_is_sending(database: Database) -> None:
    """A reply may be claimed while the wire is full: it waits."""
    route = route_to("kannel", "http://127.0.0.1:9")
    await reply(database, route, 1)
    turn = await worked(database, route, places=0, replies=1, blasts=0)
    assert (turn.departing, await stored(database)) == ([], ([("claimed", "me", None)], set()))


@pytest.mark.parametrize("changes", [{"carrier": "simulator"}, {"carrier": "kannel", "pace": Pace(10)}])
async def test_what_may_wait_for_company_or_a_slot_is_claimed_first(database: Database, changes: dict[str, object]) -> None:
    """Batches and paced routes hold what they claim: only what departs becomes `sending`."""
    route = route_to(str(changes["carrier"]), "http://127.0.0.1:9", **{name: each for name, each in changes.items() if name != "carrier"})
    claims = Claims(route, [route], "me", TIMEZONE, NO_CAPS)
    await direct(database, route, [1])
    await database.write(lambda connection: claims.blasts(connection, 10**14, 5))
    assert (await stored(database))[0] == [("claimed", "me", None)]


async def test_a_wave_with_a_pace_of_its_own_waits_for_its_slots(database: Database) -> None:
    """On a route without one: its MTs are claimed and hold a time, others of the same turn leave."""
    route = route_to("kannel", "http://127.0.0.1:9")
    await direct(database, route, [9])
    await a_wave(database, route, range(3), "cham", pace_limit=1)
    turn = await worked(database, route, places=16, replies=0, blasts=16)
    held, requests = await stored(database)
    assert len(turn.departing) == len(requests) == 1
    assert {state for state, _, name in held if name is None} == {"claimed"}
    assert all(each.depart_us for each in turn.claimed)


async def test_staying_touches_only_what_this_owner_marked(database: Database) -> None:
    """`stay` of ids that another holds, or that wait, changes nothing."""
    await database.write(lambda c: outbox.enqueue(c, [new(at) for at in range(1, 4)], 1))

    async def claim(owner: str, leaving: bool) -> int:
        claimed = await database.write(lambda c: outbox.claim(c, route="r", lane=0, wave=0, now=1, limit=1, owner=owner, leaving=leaving))
        return claimed[0].id

    mine, theirs, only_claimed = await claim("me", True), await claim("them", True), await claim("me", False)
    assert (await stored(database))[0] == [("sending", "me", "R1"), ("sending", "them", "R2"), ("claimed", "me", None)]
    await database.write(lambda c: bulk.stay(c, [mine, theirs, only_claimed], "me"))
    assert (await stored(database))[0] == [("claimed", "me", None), ("sending", "them", "R2"), ("claimed", "me", None)]
