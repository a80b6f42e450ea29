"""What waits for a route goes by another, when a person says so: only what was never written, and only what was approved."""

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from gateway.domain.failure import Failure
from gateway.domain.message import MtState
from gateway.domain.wave import WaveState
from gateway.sending import now_ms
from gateway.services import approvals
from gateway.services.refusal import Refusal
from gateway.services.route_moves import Moved, move
from gateway.simulator.behaviour import Behaviour
from gateway.simulator.telco import telco
from gateway.storage import bulk, moving, outbox
from gateway.storage.database import Database
from gateway.storage.outbox import AT_ONCE, Settlement
from gateway.storage.schema import audit, mt, route_state
from tests.services.blasts import a_wave, direct, reply, route_to, rows, running, until, wave_row
from tests.services.staff import bound_route, two_persons, waiting_wave

HELD = route_to("simulator", "http://127.0.0.1:9", name="held", fallback=("other",))
OTHER = route_to("simulator", "http://127.0.0.1:9", name="other")
THIRD = route_to("simulator", "http://127.0.0.1:9", name="third")
ROUTES = (HELD, OTHER, THIRD)
SEEN = "a carrier has seen them before: they go by held alone"


async def by_route(database: Database) -> dict[str, int]:
    found = await rows(database, mt.c.route)
    return {name: sum(route == name for (route,) in found) for name in sorted({route for (route,) in found})}


async def set_mts(database: Database, ids: list[int], **values: object) -> None:
    await database.write(lambda connection: connection.execute(update(mt).where(mt.c.id.in_(ids)).values(**values)))


async def hold(database: Database, name: str) -> None:
    await database.write(lambda connection: connection.execute(route_state.insert().values(route=name, hold_code="http-401")))


async def test_what_was_never_written_moves(database: Database) -> None:
    """Replies, direct sends and a wave; they remember where they came from, and it is noted. A second time there is nothing to do."""
    await reply(database, HELD, 1)
    await direct(database, HELD, [2, 3])
    await a_wave(database, HELD, [4, 5, 6])
    assert await move(database, ROUTES, "held", "other", now_ms()) == Moved(6, {}, 0)
    assert set(await rows(database, mt.c.route, mt.c.origin, mt.c.state)) == {("other", "held", "queued")}
    async with database.read() as connection:
        noted = (await connection.execute(select(audit.c.action, audit.c.object, audit.c.detail))).one()
    assert tuple(noted) == ("route.move", "route:held", '{"to": "other", "waiting": 6}')
    assert await move(database, ROUTES, "held", "other", now_ms()) == Moved(0, {}, 0)


@pytest.mark.parametrize(
    "seen",
    [
        {"state": "queued", "request": "R"},  # refused before it was taken, and not counted
        {"state": "queued", "failure": "misconfigured", "code": "http-401"},  # so too, and since then claimed and put back
        {"state": "queued", "attempts": 1},
        {"state": "claimed", "owner": "d"},
        {"state": "sending", "owner": "d", "request": "R"},
        {"state": "sent", "request": "R"},
        {"state": "uncertain", "request": "R"},
    ],
    ids=lambda seen: "-".join(map(str, seen.values())),
)
async def test_what_a_carrier_may_have_seen_stays(database: Database, seen: dict[str, object]) -> None:
    """And is told of where it waits."""
    await direct(database, HELD, [1, 2])
    ((first,), _) = await rows(database, mt.c.id)
    await set_mts(database, [first], **seen)
    done = await move(database, ROUTES, "held", "other", now_ms())
    waits, uncertain = int(seen["state"] == "queued"), int(seen["state"] == "uncertain")
    assert done == Moved(1, {SEEN: 1} if waits else {}, uncertain)
    assert await by_route(database) == {"held": 1, "other": 1}


async def test_what_was_refused_and_then_claimed_in_vain_stays(database: Database) -> None:
    """A refusal that counts as no attempt, then a claim that marks at once and lets it wait after all: the carrier saw it all the same."""
    route = route_to("kannel", "http://127.0.0.1:9", name="held")
    await direct(database, route, [1, 2])
    ids = [id_ for (id_,) in await rows(database, mt.c.id)]
    sending = {"state": "sending", "owner": "me", "request": "R"}
    await set_mts(database, ids[:1], **sending)
    refused = Settlement(ids[0], "R", MtState.QUEUED, "held", AT_ONCE, failure=Failure.MISCONFIGURED, code="http-401", counted=False)
    await database.write(lambda connection: outbox.settle(connection, [refused], now_ms()))
    await set_mts(database, ids, **sending)
    await database.write(lambda connection: bulk.stay(connection, ids, "me"))
    await database.write(lambda connection: outbox.hand_back(connection, ids, "me"))
    assert set(await rows(database, mt.c.request, mt.c.attempts, mt.c.state)) == {(None, 0, "queued")}
    assert await move(database, (route, OTHER), "held", "other", now_ms()) == Moved(1, {SEEN: 1}, 0)


async def test_many_move_in_pieces(database: Database) -> None:
    """Those that stay are passed by, piece after piece, wherever they stand."""
    await direct(database, HELD, range(1, 101))
    near = replace(OTHER, prefixes=("+843000001", "+8430000005"))
    done = await move(database, (HELD, near), "held", "other", now_ms(), piece=7)
    assert done == Moved(11, {"other can't carry them: its prefixes are +843000001, +8430000005": 89}, 0)


async def test_accents_and_length_are_looked_at_text_by_text(database: Database) -> None:
    """A route that takes no accents is given what has none."""
    await direct(database, HELD, [1], body="Mời bà con dự họp")
    await direct(database, HELD, [2, 3])
    wave_id = await a_wave(database, HELD, [4], texts={"vi": "Họp ở {{ thon }}"})
    plain = replace(OTHER, unicode=False)
    done = await move(database, (HELD, plain), "held", "other", now_ms())
    assert done == Moved(2, {"other can't carry them: it takes no accents": 2}, 0)
    assert {route for route, of in await rows(database, mt.c.route, mt.c.wave) if of == wave_id} == {"held"}


async def test_moved_mts_leave_by_the_other_route(database: Database) -> None:
    """Of the wave too; each arrives once."""
    async with telco(behaviour=Behaviour(dlr="never")) as there:
        other = route_to("simulator", there.url, name="other")
        await a_wave(database, HELD, range(1, 31))
        await direct(database, HELD, range(31, 41))
        assert (await move(database, (HELD, other), "held", "other", now_ms())).moved == 40
        async with running(database, HELD, other):
            await until(database, sent=40)
        assert there.counted()["distinct"] == 40
        assert there.counted()["twice"] == 0


# --- refusals ---


@pytest.mark.parametrize(
    ("origin", "to", "words"),
    [
        ("held", "none", "there is no enabled route none"),
        ("other", "other", "name another"),
        ("held", "third", "route third is held .http-401. itself"),
        ("real", "other", "leads to no subscriber"),
        ("nowhere", "other", "leads to no subscriber"),
    ],
)
async def test_a_move_that_makes_no_sense_is_refused(database: Database, origin: str, to: str, words: str) -> None:
    """In one sentence, and nothing is noted."""
    await hold(database, "third")
    real = replace(HELD, name="real", rehearsal=False)
    with pytest.raises(Refusal, match=words):
        await move(database, (*ROUTES, real), origin, to, now_ms())
    assert not await rows(database, mt.c.id)


async def test_a_route_that_is_switched_off_can_be_emptied(database: Database) -> None:
    """Direct sends and replies; its waves were approved for a route that is not there."""
    await direct(database, HELD, [1])
    await a_wave(database, HELD, [2])
    real = replace(OTHER, rehearsal=False)
    done = await move(database, (real,), "held", "other", now_ms())
    assert done == Moved(1, {"there is no enabled route held; enabled are: other": 1}, 0)


async def test_direct_sends_obey_the_limit_of_the_other_route(database: Database) -> None:
    """`max_unapproved` binds every door; a reply passes it."""
    await direct(database, OTHER, [1], body="before")
    await direct(database, HELD, [2, 3, 4])
    await set_mts(database, [id_ for (id_,) in await rows(database, mt.c.id)], created_at=now_ms())
    await reply(database, HELD, 5)
    few = replace(OTHER, max_unapproved=3)
    done = await move(database, (HELD, few), "held", "other", now_ms())
    assert (done.moved, list(done.stay.values())) == (3, [1])
    assert "route other takes at most 3 recipients in 24 hours" in next(iter(done.stay))


async def test_a_wave_moves_where_it_was_planned_to(database: Database) -> None:
    """Its route's fallback, no other; within its cost; a small one within the limit of the other route."""
    wave_id = await a_wave(database, HELD, [1, 2, 3], cost_ceiling=1_000)
    done = await move(database, ROUTES, "held", "third", now_ms())
    assert done == Moved(0, {"wave dot-1 was planned for held and other, and route third is none of them": 3}, 0)
    dear = replace(OTHER, price_vnd=400)
    done = await move(database, (HELD, dear), "held", "other", now_ms())
    assert done == Moved(0, {"wave dot-1 would cost 1.200 đ with route other, and 1.000 đ are approved": 3}, 0)
    few = replace(OTHER, max_unapproved=2)
    (why,) = (await move(database, (HELD, few), "held", "other", now_ms())).stay
    assert why.startswith("wave dot-1 is not approved: route other takes at most 2")
    right = replace(OTHER, price_vnd=333, max_unapproved=3)
    assert await move(database, (HELD, right), "held", "other", now_ms()) == Moved(3, {}, 0)
    assert (await wave_row(database, wave_id)).state == WaveState.RUNNING.value


async def test_an_approved_wave_moves_while_its_approval_holds(database: Database) -> None:
    """A fallback that was added after the approval needs a new one."""
    lan, hung = await two_persons(database)
    first, second = bound_route(fallback=("du-phong",)), bound_route("du-phong", 0)
    await waiting_wave(database, lan)
    await approvals.approve(database, (first, second), "dot-1", hung, now_ms())
    waiting = len(await rows(database, mt.c.id))
    third = bound_route("them", 0)
    changed = bound_route(fallback=("du-phong", "them"))
    (why,) = (await move(database, (changed, second, third), first.name, "them", now_ms())).stay
    assert "its route changed since then; a second person must approve it again" in why
    assert await move(database, (first, second), first.name, "du-phong", now_ms()) == Moved(waiting, {}, 0)


async def test_a_piece_is_found_by_the_queues_own_index(database: Database) -> None:
    """However many are queued elsewhere, or stay behind."""
    await direct(database, HELD, [1])
    values = {"route_": "held", "lane_": 0, "wave_": 0, "due_": -1, "id_": -1, "limit_": 5}
    if database.dialect != "sqlite":
        pytest.skip("SQLite's plan; PostgreSQL takes the same partial index")

    async def unit(connection) -> str:
        compiled = moving.SOME.compile(dialect=connection.dialect)
        ordered = tuple(values.get(name, -1) for name in compiled.positiontup or ())
        found = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", ordered)
        return "\n".join(row[3] for row in found)

    plan = await database.write(unit)
    assert "mt_due (route=? AND lane=? AND wave=? AND due_at>?)" in plan
    assert "TEMP B-TREE" not in plan


def test_what_waits_shows_no_words() -> None:
    """In no repr."""
    waiting = moving.Waiting(7, 0, outbox.Msisdn("+84300000101"), "Tri an", '{"thon": "Na"}', "vi")
    assert repr(waiting) == "Waiting(7)"
