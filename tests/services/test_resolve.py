"""Lost answers, settled in bulk: reports first, then the carrier's word, then a person's; each settled one has a row of `attempt`."""

from dataclasses import replace

import pytest
from sqlalchemy import insert, select, update

from gateway.carriers.protocol import Account, Batch, Mt
from gateway.carriers.registry import CARRIERS
from gateway.carriers.wire import HttpRequest, HttpResponse
from gateway.domain.message import MtState
from gateway.domain.msisdn import Msisdn
from gateway.domain.secret import Secret
from gateway.domain.wave import WaveState, may_move
from gateway.services.refusal import Refusal
from gateway.services.resolve import NOT_FOUND_PROVES_AFTER_MS, Carriers, Word, resolve
from gateway.services.routes import Route
from gateway.simulator.behaviour import Behaviour
from gateway.simulator.telco import telco
from gateway.storage.database import Database
from gateway.storage.schema import attempt, dlr, mt, request
from gateway.transport import http_sender
from tests.services.people import NOW, route
from tests.services.wave_rows import make_wave, the_wave

ZONE = "Asia/Ho_Chi_Minh"
OLD = NOW + NOT_FOUND_PROVES_AFTER_MS


async def nobody(_request: HttpRequest) -> HttpResponse:
    raise AssertionError("nobody is asked")


SILENT = Carriers((replace(route(), carrier=CARRIERS["kannel"]),), nobody, ZONE)  # can't be asked


def route_of(url: str) -> Route:
    account = Account("gia-lap", f"{url}/sms", "demo", Secret("demo"), "8088")
    return replace(route(), account=account)


async def doubtful(database: Database, count: int, **changes) -> list[str]:
    """A wave whose `count` MTs are uncertain, each in a request of its own. Their references."""
    values = {"state": WaveState.DONE, "mt": {"code": "no answer", "attempts": 1}} | changes
    made = await make_wave(database, mts={"uncertain": count}, **values)

    async def unit(connection) -> list[str]:
        await connection.execute(update(mt).where(mt.c.wave == made.id).values(request=mt.c.ref))
        refs = list((await connection.scalars(select(mt.c.ref).where(mt.c.wave == made.id).order_by(mt.c.id))).all())
        lost = {"route": "gia-lap", "body_hash": b"", "state": "lost", "sent_at": NOW, "resolve_at": NOW}
        await connection.execute(insert(request), [{"our_ref": ref, **lost} for ref in refs])
        return refs

    return await database.write(unit)


async def states(database: Database) -> dict[str, int]:
    async with database.read() as connection:
        found = (await connection.scalars(select(mt.c.state))).all()
    return {state: found.count(state) for state in set(found)}


async def attempts(database: Database) -> list[tuple[str, str, int]]:
    async with database.read() as connection:
        rows = await connection.execute(select(attempt.c.outcome, attempt.c.code, attempt.c.number).order_by(attempt.c.id))
    return [tuple(row) for row in rows]


async def test_a_report_settles_first(database: Database) -> None:
    """A DLR that had not been matched; nobody is asked, the rest stays."""
    refs = await doubtful(database, 3)
    report = {"route": "gia-lap", "ref": refs[0], "ours": True, "recipient": 0, "status": "delivered", "code": "ok", "received_at": NOW}
    await database.write(lambda connection: connection.execute(insert(dlr), [report]))
    done = await resolve(database, SILENT, "tri-an", NOW)
    assert (done.before, done.after, done.by_report, done.by_carrier, done.by_word) == ({"no answer": 3}, {"no answer": 2}, 1, 0, 0)
    assert await states(database) == {"delivered": 1, "uncertain": 2}


async def test_the_carrier_is_believed(database: Database) -> None:
    """What the telco took is sent; what it doesn't know proves nothing for ten minutes."""
    refs = await doubtful(database, 4)
    async with telco(behaviour=Behaviour(dlr="never")) as there, http_sender(timeout_s=5) as send:
        by = route_of(there.url)
        taken = tuple(Mt(at, ref, Msisdn(f"+8430000000{at}"), "Tri an", 1) for at, ref in enumerate(refs[:3]))
        await send(by.carrier.build_send(by.account, Batch("B", taken)))
        done = await resolve(database, Carriers((by,), send, ZONE), "tri-an", NOW)
    assert (done.by_carrier, dict(done.after), done.silent) == (3, {"no answer": 1}, ())
    assert await states(database) == {"sent": 3, "uncertain": 1}
    assert there.counted()["twice"] == 0


async def test_not_known_for_ten_minutes_never_arrived(database: Database) -> None:
    """Then it goes again, and its money is booked anew when it does."""
    await doubtful(database, 2, state=WaveState.RUNNING, spent=900)
    async with telco(behaviour=Behaviour(dlr="never")) as there, http_sender(timeout_s=5) as send:
        done = await resolve(database, Carriers((replace(route_of(there.url), price_vnd=300),), send, ZONE), "tri-an", OLD)
    assert (done.by_carrier, done.counts["queued"]) == (2, 2)
    wave = await the_wave(database)
    assert (wave.state, wave.spent) == (WaveState.RUNNING, 300)  # what never arrived costs nothing


async def test_what_somebody_else_settled_is_left(database: Database) -> None:
    """Between the question and the answer upkeep settled it: no second settlement, no second refund."""
    refs = await doubtful(database, 1, state=WaveState.RUNNING, spent=900)
    async with telco(behaviour=Behaviour(dlr="never")) as there, http_sender(timeout_s=5) as send:

        async def slow(request: HttpRequest) -> HttpResponse:
            answer = await send(request)
            await database.write(lambda connection: connection.execute(update(mt).where(mt.c.ref == refs[0]).values(state="delivered")))
            return answer

        await resolve(database, Carriers((replace(route_of(there.url), price_vnd=300),), slow, ZONE), "tri-an", OLD)
    assert await states(database) == {"delivered": 1}
    assert (await the_wave(database)).spent == 900
    assert await attempts(database) == []


async def test_a_carrier_that_does_not_answer(database: Database) -> None:
    """It is named, and asked only so often; nothing changes."""
    await doubtful(database, 10)
    asked: list[str] = []
    async with http_sender(timeout_s=1) as send:

        async def counted(request: HttpRequest) -> HttpResponse:
            asked.append(request.url)
            return await send(request)

        done = await resolve(database, Carriers((route_of("http://127.0.0.1:9"),), counted, ZONE), "tri-an", NOW)
    assert (done.silent, len(asked), await states(database)) == (("gia-lap",), 3, {"uncertain": 10})


@pytest.mark.parametrize(("word", "state"), [(Word.SENT, "sent"), (Word.FAILED, "failed"), (Word.AGAIN, "queued")])
async def test_a_persons_word(database: Database, word: Word, state: str) -> None:
    """Every one of them, with a row of `attempt`; nobody looks after the requests any more."""
    await doubtful(database, 5, state=WaveState.RUNNING)
    done = await resolve(database, SILENT, "tri-an", NOW, word=word)
    assert (done.by_word, dict(done.after), done.counts[state]) == (5, {}, 5)
    assert await attempts(database) == [(state, "by word", 1)] * 5
    async with database.read() as connection:
        rows = (await connection.execute(select(request.c.state, request.c.resolve_at))).all()
    assert set(rows) == {("settled", None)}


async def test_only_those_of_a_code(database: Database) -> None:
    await doubtful(database, 3)
    await database.write(lambda connection: connection.execute(update(mt).where(mt.c.id == _first()).values(code="process died")))
    done = await resolve(database, SILENT, "tri-an", NOW, word=Word.SENT, code="process died")
    assert (done.before, done.after) == ({"no answer": 2, "process died": 1}, {"no answer": 2})


def _first():
    return select(mt.c.id).order_by(mt.c.id).limit(1).scalar_subquery()


async def test_again_has_a_day_for_it(database: Database) -> None:
    """What had expired would end at once."""
    await doubtful(database, 1, state=WaveState.RUNNING, mt={"code": "no answer", "expires_at": NOW - 1, "due_at": NOW + 5})
    await resolve(database, SILENT, "tri-an", NOW, word=Word.AGAIN)
    async with database.read() as connection:
        row = (await connection.execute(select(mt.c.expires_at, mt.c.due_at, mt.c.owner))).one()
    assert tuple(row) == (NOW + 86_400_000, 0, None)


async def test_other_waves_are_left_alone(database: Database) -> None:
    await doubtful(database, 2)
    await make_wave(database, "other", mts={"uncertain": 3}, state=WaveState.DONE)
    await resolve(database, SILENT, "tri-an", NOW, word=Word.SENT)
    assert await states(database) == {"sent": 2, "uncertain": 3}


@pytest.mark.parametrize("state", WaveState)
async def test_again_needs_a_wave_that_can_go(database: Database, state: WaveState) -> None:
    """Where the table of moves lets nothing run again, nothing is queued that could never go."""
    await doubtful(database, 1, state=state)
    if state in (WaveState.RUNNING, WaveState.PAUSED) or may_move(state, WaveState.RUNNING):
        assert (await resolve(database, SILENT, "tri-an", NOW, word=Word.AGAIN)).by_word == 1
        return
    with pytest.raises(Refusal, match=f"wave tri-an is {state.value}, nothing of it goes again; settle it with --as sent or --as failed"):
        await resolve(database, SILENT, "tri-an", NOW, word=Word.AGAIN)
    assert await states(database) == {MtState.UNCERTAIN.value: 1}


async def test_an_unknown_wave(database: Database) -> None:
    with pytest.raises(Refusal, match="there is no wave tri-an"):
        await resolve(database, SILENT, "tri-an", NOW)
