"""The life of a wave: each move is one legal move, in one transaction, and a refusal says where the wave stands and what to do."""

import asyncio
from dataclasses import replace
from itertools import product

import pytest
from sqlalchemy import update

from gateway.domain.ramp import Ramp
from gateway.domain.wave import MOVES, WaveState, may_move
from gateway.services import waves
from gateway.services.refusal import Refusal
from gateway.storage import outbox, wave_mts
from gateway.storage import waves as stored
from gateway.storage.database import Database
from gateway.storage.schema import mt
from tests.services.people import NOW, route
from tests.services.wave_rows import make_wave, the_wave

ROUTES = (route(),)
S = WaveState
DEEDS = {
    "start": lambda database: waves.start(database, ROUTES, "tri-an", NOW + 1),
    "pause": lambda database: waves.pause(database, "tri-an", NOW + 1),
    "resume": lambda database: waves.resume(database, ROUTES, "tri-an", NOW + 1),
    "go on": lambda database: waves.go_on(database, ROUTES, "tri-an", NOW + 1),
    "cancel": lambda database: waves.cancel(database, "tri-an", NOW + 1),
}
ALLOWED = {
    ("start", S.PLANNED): S.RUNNING,
    ("start", S.APPROVED): S.RUNNING,
    ("pause", S.RUNNING): S.PAUSED,
    ("resume", S.PAUSED): S.RUNNING,
    ("cancel", S.PLANNED): S.CANCELLED,
    ("cancel", S.APPROVED): S.CANCELLED,
    ("cancel", S.RUNNING): S.CANCELLED,
    ("cancel", S.PAUSED): S.CANCELLED,
    ("cancel", S.CANCELLED): S.CANCELLED,  # again: what was interrupted goes on
}


@pytest.mark.parametrize(("deed", "state"), [each for each in product(DEEDS, S) if each != ("cancel", S.PLANNING)])
async def test_only_legal_moves(database: Database, deed: str, state: WaveState) -> None:
    """Every deed in every state: the move of the table, or a refusal that leaves all as it was."""
    await make_wave(database, mts={"queued": 3}, state=state)
    after = ALLOWED.get((deed, state))
    if after is None:
        with pytest.raises(Refusal, match="wave tri-an "):
            await DEEDS[deed](database)
        assert (await the_wave(database)).state is state
        return
    await DEEDS[deed](database)
    assert (await the_wave(database)).state is after
    assert after is state or after in MOVES[state]


async def test_a_half_planned_wave_that_is_cancelled_leaves_nothing(database: Database) -> None:
    """Nothing of it ever left: its name may be used again."""
    await make_wave(database, mts={"queued": 3}, state=S.PLANNING)
    await waves.cancel(database, "tri-an", NOW + 1)
    async with database.read() as connection:
        assert await stored.find(connection, "tri-an") is None
        assert sum((await outbox.counts(connection)).values()) == 0


@pytest.mark.parametrize("deed", DEEDS)
async def test_an_unknown_wave(database: Database, deed: str) -> None:
    with pytest.raises(Refusal, match="there is no wave tri-an; tinbao wave list shows all"):
        await DEEDS[deed](database)


@pytest.mark.parametrize(
    ("deed", "state", "reason", "sentence"),
    [
        ("start", S.RUNNING, None, "wave tri-an is running already; tinbao wave show tri-an"),
        ("start", S.DONE, None, "wave tri-an is done and can't be started; plan a new one under another name"),
        ("start", S.PAUSED, "by hand", "wave tri-an is paused (by hand) and can't be started; tinbao wave resume tri-an"),
        ("start", S.PLANNING, None,
         "wave tri-an is not planned to its end; wait for `tinbao wave plan`, or run it again with the same --id"),
        ("pause", S.PAUSED, "ramp: 14 of 100 failed", "wave tri-an is paused already (ramp: 14 of 100 failed); tinbao wave resume tri-an"),
        ("pause", S.PLANNED, None, "wave tri-an is planned and can't be paused; tinbao wave approve tri-an, then tinbao wave start tri-an"),
        ("resume", S.RUNNING, None, "wave tri-an is running already; tinbao wave show tri-an"),
        ("resume", S.APPROVED, None, "wave tri-an is approved and can't be resumed; tinbao wave start tri-an"),
        ("go on", S.RUNNING, None, "wave tri-an asks for no word: it has no ramp; tinbao wave show tri-an"),
        ("cancel", S.DONE, None, "wave tri-an is done and can't be cancelled; plan a new one under another name"),
    ],
)  # fmt: skip
async def test_refusals_name_the_place_and_the_remedy(database: Database, deed: str, state: WaveState, reason: str, sentence: str) -> None:
    await make_wave(database, state=state, reason=reason)
    with pytest.raises(Refusal) as refused:
        await DEEDS[deed](database)
    assert str(refused.value) == sentence


@pytest.mark.parametrize("deed", ["start", "resume"])
async def test_its_route_must_be_enabled(database: Database, deed: str) -> None:
    await make_wave(database, state=S.PLANNED if deed == "start" else S.PAUSED, route="elsewhere")
    with pytest.raises(Refusal, match=r"goes by route elsewhere, which is not enabled; enable it in gateway.toml"):
        await DEEDS[deed](database)


@pytest.mark.parametrize(
    ("deed", "state", "cure"),
    [
        ("start", S.APPROVED, "hand the order over: tinbao wave order tri-an"),
        ("pause", S.RUNNING, "ask the partner to stop it"),
        ("resume", S.PAUSED, "ask the partner to go on"),
    ],
)
async def test_a_partners_wave_is_moved_by_the_partner(database: Database, deed: str, state: WaveState, cure: str) -> None:
    await make_wave(database, state=state, kind="partner")
    with pytest.raises(Refusal, match=f"wave tri-an is sent by the partner; {cure}"):
        await DEEDS[deed](database)


@pytest.mark.parametrize("state", [S.DONE, S.CANCELLED])
async def test_what_is_queued_of_a_wave_that_is_over(database: Database, state: WaveState) -> None:
    """Never left lying: of a cancelled wave it ends, a done one runs again if the table of moves lets it."""
    made = await make_wave(database, mts={"queued": 2, "sent": 1}, state=state, ended_at=NOW)
    await waves.tidy(database, NOW)
    async with database.read() as connection:
        counts = await wave_mts.by_state(connection, made.id)
    if state is S.CANCELLED:
        assert (counts["queued"], counts["cancelled"]) == (0, 2)
    else:
        assert (await the_wave(database)).state is (S.RUNNING if may_move(S.DONE, S.RUNNING) else S.DONE)


async def test_started_at_is_the_first_start(database: Database) -> None:
    await make_wave(database)
    await waves.start(database, ROUTES, "tri-an", NOW)
    paused = await waves.pause(database, "tri-an", NOW + 1, "the hamlet's market day")
    resumed = await waves.resume(database, ROUTES, "tri-an", NOW + 2)
    assert paused.reason == "by hand: the hamlet's market day"
    assert (resumed.started_at, resumed.reason) == (NOW, None)


async def test_a_wave_at_its_ceiling_does_not_resume(database: Database) -> None:
    """What was approved is spent: resuming would stop again at once."""
    await make_wave(database, state=S.PAUSED, cost_ceiling=1_000_000, spent=1_000_000)
    dear = (replace(route(), price_vnd=300),)
    with pytest.raises(Refusal, match=r"has spent 1.000.000 đ of the 1.000.000 đ that were approved; plan a wave for the rest"):
        await waves.resume(database, dear, "tri-an", NOW)


async def test_a_persons_word_after_the_ramp(database: Database) -> None:
    """Asking: `go-on` lets the rest follow. Paused by the ramp: `go-on` and `resume` are both that word."""
    ramp = Ramp(1, 10, 600)
    await make_wave(database, "a", state=S.RUNNING, ramp=ramp, ramp_state="asking", reason="ramp: no reports")
    on = await waves.go_on(database, ROUTES, "a", NOW)
    assert (on.state, on.ramp_state, on.reason) == (S.RUNNING, "passed", None)
    for name, deed in (("b", waves.go_on), ("c", waves.resume)):
        await make_wave(database, name, state=S.PAUSED, ramp=ramp, ramp_state="asking", reason="ramp: 14 of 100 failed")
        on = await deed(database, ROUTES, name, NOW)
        assert (on.state, on.ramp_state, on.reason) == (S.RUNNING, "passed", None)


async def test_resume_by_hand_keeps_the_ramp(database: Database) -> None:
    """A wave that a person paused during its trial, or while it asks, is still on trial, or asks, when it goes on."""
    for name, ramp_state in (("a", "trial"), ("b", "asking")):
        await make_wave(database, name, state=S.RUNNING, ramp=Ramp(1, 10, 600), ramp_state=ramp_state)
        await waves.pause(database, name, NOW)
        on = await waves.resume(database, ROUTES, name, NOW)
        assert (on.state, on.ramp_state) == (S.RUNNING, ramp_state)


async def test_go_on_is_refused_on_trial_and_by_hand_paused(database: Database) -> None:
    ramp = Ramp(1, 10, 600)
    await make_wave(database, "a", state=S.RUNNING, ramp=ramp, ramp_state="trial")
    with pytest.raises(Refusal, match="wave a asks for no word: its first part is not settled yet"):
        await waves.go_on(database, ROUTES, "a", NOW)
    await make_wave(database, "b", state=S.PAUSED, ramp=ramp, ramp_state="asking", reason="by hand")
    with pytest.raises(Refusal, match=r"wave b is paused \(by hand\) and can't be let go on; tinbao wave resume b"):
        await waves.go_on(database, ROUTES, "b", NOW)


async def test_cancel_ends_what_is_queued_and_counts_the_rest(database: Database) -> None:
    """Queued MTs of this wave alone are cancelled, in chunks; what has left stays what it is."""
    there = {"queued": wave_mts.CHUNK + 7, "sent": 5, "delivered": 2, "uncertain": 1, "sending": 3}
    await make_wave(database, mts=there, state=S.RUNNING)
    await make_wave(database, "other", mts={"queued": 4}, state=S.RUNNING)
    done = await waves.cancel(database, "tri-an", NOW + 5)
    assert (done.wave.state, done.wave.ended_at, done.wave.reason) == (S.CANCELLED, NOW + 5, "by hand")
    assert (done.cancelled, done.held) == (wave_mts.CHUNK + 7, 3)
    assert {state: n for state, n in done.counts.items() if n} == {
        "cancelled": wave_mts.CHUNK + 7, "sent": 5, "delivered": 2, "uncertain": 1, "sending": 3,
    }  # fmt: skip
    async with database.read() as connection:
        other = await wave_mts.by_state(connection, (await the_wave(database, "other")).id)
    assert other["queued"] == 4


async def test_cancel_waits_for_what_a_dispatcher_hands_back(database: Database) -> None:
    """Claimed MTs come back within a turn of their dispatcher, and end with the rest."""
    made = await make_wave(database, mts={"claimed": 4, "queued": 2}, state=S.RUNNING)

    async def dispatcher() -> None:
        async def unit(connection) -> None:
            mine = update(mt).where(mt.c.wave == made.id, mt.c.state == "claimed")
            await connection.execute(mine.values(state="queued", owner=None))

        while (await the_wave(database)).state is not S.CANCELLED:
            await asyncio.sleep(0.01)
        await database.write(unit)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(dispatcher())
        done = await waves.cancel(database, "tri-an", NOW)
    assert (done.cancelled, done.held) == (6, 0)


async def test_an_interrupted_cancel_is_finished(database: Database) -> None:
    """Killed between its transactions: the wave is cancelled, its MTs are not; upkeep ends them, and a running wave's stay."""
    made = await make_wave(database, mts={"queued": 9}, state=S.CANCELLED)
    going = await make_wave(database, "going", mts={"queued": 2}, state=S.RUNNING)
    await waves.tidy(database, NOW)
    async with database.read() as connection:
        assert (await wave_mts.by_state(connection, made.id))["cancelled"] == 9
        assert (await wave_mts.by_state(connection, going.id))["queued"] == 2


async def test_two_moves_at_once(database: Database) -> None:
    """Ten pauses at the same moment: one moves, nine are refused."""
    await make_wave(database, state=S.RUNNING)
    done = await asyncio.gather(*(waves.pause(database, "tri-an", NOW) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(each, Refusal) for each in done) == 9
