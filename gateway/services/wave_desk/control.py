"""Start, pause, resume, cancel, settle: `services/waves` and `services/resolve` for a person at the desk, each act in the log."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.permission import Action, Actor
from gateway.services import waves
from gateway.services.resolve import ANY, Carriers, Resolved, Word, resolve
from gateway.services.routes import Route
from gateway.services.wave_desk.deciding import wave_named
from gateway.services.wave_desk.words import spoken
from gateway.services.waves import Cancelled
from gateway.storage import audit
from gateway.storage import wave_desk as rows
from gateway.storage.audit import Entry
from gateway.storage.database import Database
from gateway.storage.waves import Wave


async def start(database: Database, actor: Actor, routes: Sequence[Route], id_: int, now: int) -> Wave:
    """Let an approved wave go, at once or when its day comes. Raises Refusal, Forbidden."""
    name = await _mine(database, actor, id_)
    with spoken():
        wave = await waves.start(database, routes, name, now)
    await _note(database, actor, wave, "start", now)
    return wave


async def pause(database: Database, actor: Actor, id_: int, why: str, now: int) -> Wave:
    """Stop it within a second. Raises Refusal, Forbidden."""
    name = await _mine(database, actor, id_)
    with spoken():
        wave = await waves.pause(database, name, now, " ".join(why.split())[:200])
    await _note(database, actor, wave, "pause", now, why)
    return wave


async def resume(database: Database, actor: Actor, routes: Sequence[Route], id_: int, now: int) -> Wave:
    """Let it go on; after a ramp this is the word for the rest. Raises Refusal, Forbidden."""
    name = await _mine(database, actor, id_)
    with spoken():
        wave = await waves.resume(database, routes, name, now)
    await _note(database, actor, wave, "resume", now)
    return wave


async def go_on(database: Database, actor: Actor, routes: Sequence[Route], id_: int, now: int) -> Wave:
    """The word after the first part: the rest may follow. Raises Refusal, Forbidden."""
    name = await _mine(database, actor, id_)
    with spoken():
        wave = await waves.go_on(database, routes, name, now)
    await _note(database, actor, wave, "go_on", now)
    return wave


async def cancel(database: Database, actor: Actor, id_: int, why: str, now: int) -> Cancelled:
    """End it for good: what has left can't be taken back. Raises Refusal, Forbidden."""
    name = await _mine(database, actor, id_)
    with spoken():
        done = await waves.cancel(database, name, now)
    await _note(database, actor, done.wave, "cancel", now, why)
    return done


async def settle(
    database: Database, actor: Actor, carriers: Carriers, id_: int, now: int, word: Word | None = None, code: str = ANY
) -> Resolved:
    """Ask reports and carriers after uncertain messages; `word`: what a person says of those nobody knows of. Raises Refusal, Forbidden."""
    name = await _mine(database, actor, id_)
    with spoken():
        done = await resolve(database, carriers, name, now, word=word, code=code)
    async with database.read() as connection:
        found = await rows.name_of(connection, id_)
    commune = found[1] if found else actor.commune
    counts = {"by_report": done.by_report, "by_carrier": done.by_carrier, "by_word": done.by_word, "word": word.value if word else ""}

    async def unit(connection: AsyncConnection) -> None:
        await rows.note(connection, commune, actor.user, f"settle_{word.value}" if word else "settle", now, wave_id=id_)
        await audit.note(connection, Entry(actor, "wave.settle", f"wave:{id_}", counts, commune), now)

    await database.write(unit)
    return done


async def _mine(database: Database, actor: Actor, id_: int) -> str:
    """The name of a wave that this person may steer. Raises Forbidden."""
    actor.need(Action.WAVE_CONTROL)
    return await wave_named(database, actor, id_)


async def _note(database: Database, actor: Actor, wave: Wave, what: str, now: int, words: str = "") -> None:
    """The line in the log, right after the move: the move's own transaction is shared with the command line, which has no actor."""

    async def unit(connection: AsyncConnection) -> None:
        await rows.note(connection, wave.commune, actor.user, what, now, wave_id=wave.id, words=words.strip())
        detail = {"what": what, "why": words.strip()[:500]}
        await audit.note(connection, Entry(actor, Action.WAVE_CONTROL, f"wave:{wave.id}", detail, wave.commune), now)

    await database.write(unit)
