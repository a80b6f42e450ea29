"""`tinbao send`: one text to a few numbers, at once."""

from __future__ import annotations

import asyncio
import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.context import Door, fail, opened, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.cli.context import Opened
    from gateway.domain.msisdn import Msisdn
    from gateway.services.routes import Route
    from gateway.services.sends import Order, Taken


def add_commands(app: typer.Typer) -> None:
    """Add `send`."""
    app.command(help="Send a text to a few numbers; opt-outs are respected. Without --wait a running `tinbao serve` sends it.")(send)


def send(
    ctx: typer.Context,
    text: Annotated[str, typer.Option(help="The words.")],
    route: Annotated[str | None, typer.Option(help="A route of gateway.toml; left out, one is chosen for each number.")] = None,
    to: Annotated[list[str] | None, typer.Option(help="A number; may be repeated.")] = None,
    to_file: Annotated[Path | None, typer.Option(help="A file with a number a line.")] = None,
    id: Annotated[str | None, typer.Option(help="The same id to the same number is sent once.")] = None,  # noqa: A002 # the option's name
    wait: Annotated[
        bool, typer.Option("--wait", help="Stay until nothing is queued or sending; exit 1 if any failed or is uncertain.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Counts as JSON on stdout.")] = False,
) -> None:
    door: Door = ctx.obj
    numbers, bad = _numbers(to or [], to_file)
    if not numbers and not bad:
        fail("there is no number to send to; name it with --to or --to-file", 2)
    for complaint in bad:
        typer.echo(complaint, err=True)
    counts = run(_send(door, route, numbers, text, id or f"send-{secrets.token_hex(6)}", wait))
    if as_json or door.json:
        typer.echo(json.dumps(counts))
    else:
        typer.echo(", ".join(f"{name} {value}" for name, value in counts.items()))
    if bad or (wait and (counts["failed"] or counts["uncertain"])):
        raise typer.Exit(1)


def _numbers(to: list[str], to_file: Path | None) -> tuple[tuple[Msisdn, ...], list[str]]:
    """Numbers of the options and the file, and a sentence for each that is none; the good rest is sent."""
    from gateway.domain.msisdn import BadMsisdn, Msisdn

    named = [(f"--to {at}", text) for at, text in enumerate(to, 1)]
    if to_file is not None:
        try:
            lines = to_file.read_text("utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            fail(f"{to_file.name} can't be read ({getattr(error, 'strerror', None) or 'it is not UTF-8'}); save it as plain text", 2)
        named += [(f"{to_file.name}:{at}", line.strip()) for at, line in enumerate(lines, 1) if line.strip()]
    good: list[Msisdn] = []
    bad: list[str] = []
    for place, text in named:
        try:
            good.append(Msisdn.parse(text))
        except BadMsisdn as error:
            bad.append(f"{place}: {error}. Write it like 0300 000 101 or +84300000101")
    return tuple(good), bad


async def _send(door: Door, route: str | None, numbers: tuple[Msisdn, ...], text: str, id_: str, wait: bool) -> dict[str, float]:
    from gateway.sending import dispatching, stop_on_signals
    from gateway.services.sends import Order

    async with opened(door) as it:
        started = asyncio.get_running_loop().time()
        taken = await _enqueued(it, route, Order(id_, numbers, text))
        if wait:
            stop = stop_on_signals()
            async with dispatching(it.settings, it.database, stop, it.deployment.campaign.caps) as state:
                await state.wake_soon()
                await _until_settled(it, id_, stop)
        seconds = asyncio.get_running_loop().time() - started
        return await _counts(it, id_, taken.accepted, seconds)


async def _enqueued(it: Opened, name: str | None, order: Order) -> Taken:
    """Enqueue by the route `name`, or by those that are chosen, which stderr then names."""
    from gateway.sending import now_ms, routes_of
    from gateway.services.routes import route_named
    from gateway.services.sends import enqueue, enqueue_by_choice

    routes = routes_of(it.settings)
    if name is not None:
        return await enqueue(it.database, route_named(routes, name), order, now_ms())
    await ask_whose(it, routes, order.recipients)
    taken, parts = await enqueue_by_choice(it.database, routes, order, now_ms())
    for part in parts:
        count = len(part.numbers)
        typer.echo(
            f"route {part.route.name}: {count} number{'' if count == 1 else 's'}{f'; it is {part.waits}' if part.waits else ''}", err=True
        )
    return taken


async def ask_whose(it: Opened, routes: Sequence[Route], numbers: Sequence[Msisdn]) -> None:
    """Let a route that may be asked tell whose numbers they are, as far as nobody told lately; what it doesn't tell, stderr says."""
    from gateway.sending import now_ms
    from gateway.services.portability import AT_A_TIME, WITHIN_S, look_up
    from gateway.transport import http_sender

    if not any(route.look_up for route in routes):
        return
    async with http_sender(WITHIN_S, AT_A_TIME) as send:
        done = await look_up(it.database, routes, send, numbers, now_ms)
    if done.trouble:
        typer.echo(f"whose number it is: {'; '.join(done.trouble)}; the prefix is taken", err=True)


async def _until_settled(it: Opened, id_: str, stop: asyncio.Event) -> None:
    """Poll till nothing of `id_` is open; whoever sends it, we or a running serve."""
    from gateway.storage import outbox

    clock = asyncio.get_running_loop().time
    while not stop.is_set():
        began = clock()
        async with it.database.read() as connection:
            if not await outbox.is_open(connection, id_):
                return
        await asyncio.sleep(max(0.1, 10 * (clock() - began)))  # looking takes its share of the sending's time: a tenth at most


async def _counts(it: Opened, id_: str, accepted: int, seconds: float) -> dict[str, float]:
    from gateway.domain.message import OPEN
    from gateway.storage import outbox

    async with it.database.read() as connection:
        counts = await outbox.counts(connection, send_id=id_)
    ended = ("failed", "expired", "cancelled", "suppressed")
    return {
        "accepted": accepted,
        "sent": counts["sent"] + counts["delivered"],
        "delivered": counts["delivered"],
        "failed": sum(counts[name] for name in ended),
        "uncertain": counts["uncertain"],
        "queued": sum(counts[state.value] for state in OPEN),
        "segments": counts["segments"],
        "seconds": round(seconds, 3),
    }
