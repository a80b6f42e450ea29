"""What is marked `sending` with its claim, and does not go after all, is claimed as any other; and only what goes has a request."""

from collections.abc import Sequence

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
from gateway.storage.schema import contact, mt, request
from tests.services.blasts import NO_CAPS, a_wave, direct, know, reply, route_to
from tests.storage.test_outbox import new

TIMEZONE = "Asia/Ho_Chi_Minh"


async def worked(
    database: Database, route: Route, places: int, replies: int, blasts: int, caps: Caps = NO_CAPS, soon_us: int = 0
) -> Worked:
    """One turn of owner "me"."""
    claims = Claims(route, [route], "me", TIMEZONE, caps)
    turns = Turns(route, [route], claims, Purse(route, TIMEZONE), "me", database.keyring, lambda: 1)
    job = Job([], [], [], [], replies, blasts, places, probing=False, forming=(), booked=Booked(), soon_us=soon_us)
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


async def test_what_waits_for_a_slot_is_claimed_first(database: Database) -> None:
    """A paced route holds what it claims: only what departs becomes `sending`."""
    route = route_to("kannel", "http://127.0.0.1:9", pace=Pace(10))
    await claimed_of(database, route, [1])
    assert (await stored(database))[0] == [("claimed", "me", None)]


async def claimed_of(database: Database, route: Route, people: Sequence[int]) -> None:
    """A claim of owner "me", without the rest of its turn."""
    claims = Claims(route, [route], "me", TIMEZONE, NO_CAPS)
    await direct(database, route, people)
    await database.write(lambda connection: claims.blasts(connection, 10**14, 500))


async def test_a_batch_is_named_with_its_claim(database: Database) -> None:
    """On SQLite, which looks before it stamps; PostgreSQL knows who shares a request when it has claimed."""
    route = route_to("simulator", "http://127.0.0.1:9")
    await claimed_of(database, route, range(1, 103))
    states = [(state, name) for state, _, name in (await stored(database))[0]]
    if database.dialect == "sqlite":
        assert states == [("sending", "D0-1B0")] * 100 + [("sending", "D0-101B0")] * 2
    else:
        assert states == [("claimed", None)] * 102


async def test_of_batches_only_what_departs_is_sending(database: Database) -> None:
    """A place for one request, two claimed, and three MTs that may yet have company: all but the first wait without a request."""
    route = route_to("simulator", "http://127.0.0.1:9")
    await direct(database, route, range(1, 204))
    turn = await worked(database, route, places=1, replies=0, blasts=203)
    held, requests = await stored(database)
    assert refs(turn) == ["D0-1B0"]
    assert (held, requests) == ([("sending", "me", "D0-1B0")] * 100 + [("claimed", "me", None)] * 103, {"D0-1B0"})


async def test_a_batch_that_loses_a_member_has_a_request_of_its_name(database: Database) -> None:
    """Who said stop is left out: the request is named after the first who goes, and so are its rows; one left alone has its own name."""
    route = route_to("simulator", "http://127.0.0.1:9")
    await direct(database, route, range(1, 203))
    await know(database, [1, 201])
    await database.write(lambda connection: connection.execute(contact.update().values(opted_out_at=1)))
    turn = await worked(database, route, places=5, replies=0, blasts=300)
    held, requests = await stored(database)
    assert set(refs(turn)) == requests == {"D0-2B0", "D0-101B0", "D0-202"}
    by_id = {mt.id: batch.ref for each, batch, _ in turn.departing for mt in each.members}
    assert [name for _, _, name in held] == [by_id[id_] for id_ in sorted(by_id)]
    assert {(state, owner) for state, owner, _ in held} == {("sending", "me")}


async def test_personal_texts_of_a_batching_carrier_leave_alone(database: Database) -> None:
    """Each in a request of its own name, marked with its claim."""
    route = route_to("simulator", "http://127.0.0.1:9")
    for at in range(3):
        await direct(database, route, [at], body=f"Hop luc {at} gio")
    turn = await worked(database, route, places=5, replies=0, blasts=4)
    held, requests = await stored(database)
    assert set(refs(turn)) == requests == {"D0-0", "D0-1", "D0-2"} == {name for _, _, name in held}


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

    async def claim(owner: str, size: int) -> int:
        due = {"route": "r", "lane": 0, "wave": 0, "now": 1, "limit": 1, "owner": owner}
        return (await database.write(lambda c: outbox.claim_leaving(c, size=size, **due))).mts[0].id

    mine, theirs, only_claimed = await claim("me", 1), await claim("them", 1), await claim("me", 0)
    assert (await stored(database))[0] == [("sending", "me", "R1"), ("sending", "them", "R2"), ("claimed", "me", None)]
    await database.write(lambda c: bulk.stay(c, [mine, theirs, only_claimed], "me"))
    assert (await stored(database))[0] == [("claimed", "me", None), ("sending", "them", "R2"), ("claimed", "me", None)]


async def test_no_slot_lies_nearer_than_a_turn_takes(database: Database) -> None:
    """The first slot of an idle route would have passed before its request could be marked: it, and all behind it, lie so much later."""
    route = route_to("kannel", "http://127.0.0.1:9", pace=Pace(10))
    await direct(database, route, [1, 2])
    turn = await worked(database, route, places=0, replies=0, blasts=2, soon_us=80_000)
    first, second = (each.depart_us for each in turn.claimed)
    assert first >= 80_001  # the turn's clock stands at 1
    assert second - first == Pace(10).cost_us(1)
