"""`tinbao wave start|pause|resume|go-on|cancel|show|list|resolve`: the life of a wave after its plan."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway.cli.context import Door, fail, opened, run
from gateway.cli.faults import AsJson

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from rich.console import Console

    from gateway.cli.context import Opened
    from gateway.services.progress import Standing
    from gateway.services.resolve import Resolved
    from gateway.services.routes import Route
    from gateway.services.waves import Cancelled
    from gateway.storage.database import Database
    from gateway.storage.waves import Wave

    Deed = Callable[[Database, Sequence[Route], str, int], Awaitable[Wave]]

LOOK_S: Final = 1.0  # how often the view looks
LINE_S: Final = 5.0  # and how often a pipe gets a line
SELDOM_S: Final = 5.0  # a look that takes long is taken more seldom, but not more than this
Name = Annotated[str, typer.Argument(help="The wave.", show_default=False)]


def add_commands(wave: typer.Typer) -> None:
    """Add them to `wave`."""
    wave.command("start", help="Let a wave go; a running `tinbao serve` sends it. What needs an approval must have one.")(start)
    wave.command("pause", help="Stop a running wave within a second; what is on the wire is settled.")(pause)
    wave.command("resume", help="Let a paused wave go on.")(resume)
    wave.command("go-on", help="The word after a ramp: the rest of the wave may follow its first part.")(go_on)
    wave.command("cancel", help="End a wave for good: what is queued will not go.")(cancel)
    wave.command("show", help="Where a wave stands; --watch: a view that runs until it is done.")(show)
    wave.command("list", help="All waves, newest first.")(list_)
    wave.command("resolve", help="Settle messages whose answer never came: reports, then the carrier's word, then --as.")(resolve)


# --- moves ---


def start(ctx: typer.Context, name: Name, as_json: AsJson = False) -> None:
    from gateway.services import waves

    _move(ctx.obj, waves.start, name, as_json, "{audience:,} messages may go; watch them: tinbao wave show {name} --watch")


def pause(
    ctx: typer.Context,
    name: Name,
    why: Annotated[str, typer.Option(help="For those who look at it later.")] = "",
    as_json: AsJson = False,
) -> None:
    from gateway.services import waves

    def deed(database: Database, _routes: Sequence[Route], name: str, now: int) -> Awaitable[Wave]:
        return waves.pause(database, name, now, why)

    _move(ctx.obj, deed, name, as_json, "paused; to go on: tinbao wave resume {name}")


def resume(ctx: typer.Context, name: Name, as_json: AsJson = False) -> None:
    from gateway.services import waves

    _move(ctx.obj, waves.resume, name, as_json, "goes on; watch it: tinbao wave show {name} --watch")


def go_on(ctx: typer.Context, name: Name, as_json: AsJson = False) -> None:
    from gateway.services import waves

    _move(ctx.obj, waves.go_on, name, as_json, "the rest may go; watch it: tinbao wave show {name} --watch")


def _move(door: Door, deed: Deed, name: str, as_json: bool, said: str) -> None:
    from gateway.cli.wave_view import row_of

    wave = run(_moved(door, deed, name))
    if as_json or door.json:
        typer.echo(json.dumps(row_of(wave), ensure_ascii=False))
    else:
        typer.echo(f"{wave.name}: {said.format(name=wave.name, audience=wave.audience)}")


async def _moved(door: Door, deed: Deed, name: str) -> Wave:
    from gateway.sending import now_ms, routes_of

    async with opened(door) as it:
        return await deed(it.database, routes_of(it.settings), name, now_ms())


def cancel(ctx: typer.Context, name: Name, as_json: AsJson = False) -> None:
    from gateway.cli.wave_view import row_of

    door: Door = ctx.obj
    done = run(_cancel(door, name))
    if as_json or door.json:
        typer.echo(json.dumps({**row_of(done.wave), "cancelled": done.cancelled, "held": done.held, "messages": done.counts}))
        return
    left = sum(done.counts[state] for state in ("sent", "delivered", "failed", "uncertain"))
    held = f"; {done.held:,} are still with a dispatcher" if done.held else ""
    typer.echo(f"{name}: cancelled; {done.cancelled:,} messages will not go, {left:,} had left{held}")


async def _cancel(door: Door, name: str) -> Cancelled:
    from gateway.sending import now_ms
    from gateway.services import waves

    async with opened(door) as it:
        return await waves.cancel(it.database, name, now_ms())


# --- looking ---


def show(
    ctx: typer.Context,
    name: Name,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Stay and show it until it is done; Ctrl-C ends only the view.")] = False,
    as_json: AsJson = False,
) -> None:
    door: Door = ctx.obj
    plain = as_json or door.json
    with suppress(KeyboardInterrupt):
        run(_watch(door, name, plain) if watch else _show(door, name, plain))


async def _show(door: Door, name: str, as_json: bool) -> None:
    from gateway.cli.wave_view import block_of, json_of

    async with opened(door) as it:
        found = await _standing(it, name)
    if as_json:
        typer.echo(json.dumps(json_of(found), ensure_ascii=False))
    else:
        _console().print(block_of(found, it.settings.service.timezone))


async def _watch(door: Door, name: str, as_json: bool) -> None:
    from gateway.cli.wave_view import json_of, line_of

    console = _console()
    async with opened(door) as it:
        if console.is_terminal and not as_json:
            await _live(it, name, console)
            return
        async for found in _looks(it, name, LINE_S):
            said = json.dumps(json_of(found), ensure_ascii=False) if as_json else line_of(found, it.settings.service.timezone)
            print(said, flush=True)


async def _live(it: Opened, name: str, console: Console) -> None:
    from rich.live import Live

    from gateway.cli.wave_view import block_of

    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
        async for found in _looks(it, name, LOOK_S):
            live.update(block_of(found, it.settings.service.timezone), refresh=True)


async def _looks(it: Opened, name: str, every_s: float) -> AsyncIterator[Standing]:
    """How the wave stands, again and again, until it is over; a database that is away is waited for."""
    from gateway.storage.database import StorageDown

    clock = asyncio.get_running_loop().time
    over = False
    while not over:
        began = clock()
        took = 0.0
        with suppress(StorageDown):
            found = await _standing(it, name)
            took = clock() - began
            yield found
            over = found.over
        if not over:
            await asyncio.sleep(max(every_s, min(10 * took, SELDOM_S)))  # looking takes its share of the sending's time: a tenth at most


async def _standing(it: Opened, name: str) -> Standing:
    from gateway.sending import now_ms, routes_of
    from gateway.services.progress import standing

    return await standing(it.database, routes_of(it.settings), name, now_ms(), it.settings.service.timezone)


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False, emoji=False, markup=False)


def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    from gateway.cli.wave_view import row_of

    door: Door = ctx.obj
    for wave in run(_list(door)):
        if as_json or door.json:
            typer.echo(json.dumps(row_of(wave), ensure_ascii=False))
        else:
            why = f" ({wave.reason})" if wave.reason else ""
            typer.echo(f"{wave.name}: {wave.state.value}{why}, {wave.audience:,} messages by {wave.route}")


async def _list(door: Door) -> list[Wave]:
    from gateway.storage import waves

    async with opened(door) as it, it.database.read() as connection:
        return await waves.everything(connection)


# --- lost answers ---


def resolve(
    ctx: typer.Context,
    name: Name,
    as_: Annotated[str | None, typer.Option("--as", help="sent, failed or again: for those nobody else can tell of.")] = None,
    code: Annotated[str | None, typer.Option(help="Only those of this code, as `wave show` names it.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="To --as again: some people may get it twice.")] = False,
    as_json: AsJson = False,
) -> None:
    from gateway.services.resolve import Word

    door: Door = ctx.obj
    if as_ is not None and as_ not in list(Word):
        fail(f"--as {as_} is no word for it; write --as sent, --as failed or --as again", 2)
    if code is not None and as_ is None:
        fail("--code chooses for whom --as speaks; add --as sent, --as failed or --as again", 2)
    if as_ == Word.AGAIN and not yes:
        fail("--as again queues them once more, and who has the message already gets it twice; add --yes if that is meant", 2)
    done = run(_resolve(door, name, Word(as_) if as_ else None, code))
    if as_json or door.json:
        typer.echo(json.dumps(_resolved_row(done), ensure_ascii=False))
        return
    for line in _resolved_lines(done):
        typer.echo(line)


async def _resolve(door: Door, name: str, word: str | None, code: str | None) -> Resolved:
    from gateway.sending import now_ms, routes_of
    from gateway.services.resolve import ANY, Carriers, Word, resolve
    from gateway.transport import http_sender

    async with opened(door) as it, http_sender(timeout_s=it.settings.service.carrier_timeout_s) as send:
        chosen = Word(word) if word else None
        carriers = Carriers(routes_of(it.settings), send, it.settings.service.timezone)
        return await resolve(it.database, carriers, name, now_ms(), word=chosen, code=code or ANY)


def _resolved_row(done: Resolved) -> dict[str, object]:
    return {
        "wave": done.wave, "before": dict(done.before), "after": dict(done.after), "by_report": done.by_report,
        "by_carrier": done.by_carrier, "by_word": done.by_word, "silent": list(done.silent), "messages": dict(done.counts),
    }  # fmt: skip


def _resolved_lines(done: Resolved) -> list[str]:
    before, after = sum(done.before.values()), sum(done.after.values())
    ways = f"{done.by_report:,} by reports, {done.by_carrier:,} by the carrier, {done.by_word:,} by your word"
    lines = [f"{done.wave}: {before:,} were uncertain, {after:,} still are; settled {ways}"]
    lines += [f"route {route} did not answer when it was asked; try again later" for route in done.silent]
    if after and not done.by_word:
        lines.append(f"for the rest decide yourself: tinbao wave resolve {done.wave} --as sent, --as failed or --as again")
    return lines
