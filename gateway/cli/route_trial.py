"""What follows on `tinbao routes add`: the addresses for the carrier, the question whether it takes our account, the first SMS."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import typer

from gateway.cli.context import Door, opened, run

if TYPE_CHECKING:
    from gateway.cli.context import Opened
    from gateway.domain.msisdn import Msisdn
    from gateway.route_file import Added
    from gateway.services.onboarding import Trial
    from gateway.trial import OnTrial

POLL_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class Tried:
    """How it went; `row`: for JSON."""

    good: bool
    row: dict[str, Any] = field(default_factory=dict)  # Any: JSON leaves here


def show_callbacks(added: Added, name: str, *, quiet: bool) -> list[dict[str, str]]:
    """The addresses that the carrier calls, on stdout: they hold the hook's secret and are for the carrier alone."""
    from gateway.sending import routes_of
    from gateway.services.onboarding import callbacks_of

    settings = replace(added.settings, route_faults=())
    each = next(route for route in settings.routes if route.name == name)
    (route,) = routes_of(replace(settings, routes=(each,)))
    found = callbacks_of(route, settings.service.base_url, each.hook_secret.get_secret_value(), ussd=each.ussd)
    if found and not quiet:
        typer.echo("Addresses that the carrier calls. They hold a secret: give them to nobody else.")
        for one in found:
            typer.echo(f"  {one.kind}: {one.url}  ({one.note})")
    return [{"kind": one.kind, "url": one.url, "note": one.note} for one in found]


@dataclass(frozen=True, slots=True)
class FirstMessage:
    """A message to try a route with. `text` None: ours; `wait_s`: for its report."""

    to: Msisdn
    text: str | None = field(repr=False)
    wait_s: int


def try_out(door: Door, added: Added, name: str, test: FirstMessage | None, *, probe: bool, quiet: bool) -> Tried:
    """Ask the carrier, then send the test, as far as either is wanted."""
    from gateway.cli.route_probe import probed, row_of

    good, row = True, dict[str, Any]()
    for each in probed(added.settings, [name]) if probe else []:
        good, row["online"] = each.stands is not False, row_of(each)
        typer.echo(each.words, err=quiet)
    if test is None or not good:
        if test is not None:
            typer.echo("no test SMS was sent: put this right first, then: tinbao send", err=True)
        return Tried(good, row)
    trial = run(_sent(door, added, name, test))
    row["test"] = {"state": trial.state, "over": trial.over}
    return Tried(_is_good(trial), row)


def _is_good(trial: Trial) -> bool:
    return trial.over and trial.state in ("sent", "delivered")


async def _sent(door: Door, added: Added, name: str, test: FirstMessage) -> Trial:
    from gateway.sending import now_ms
    from gateway.services.onboarding import send_test
    from gateway.trial import on_trial

    settings = replace(added.settings, route_faults=())
    each = next(route for route in settings.routes if route.name == name)
    id_ = f"trial-{secrets.token_hex(6)}"
    async with opened(door) as it, on_trial(settings, it.deployment, it.database, each) as on:
        await send_test(it.database, on.route, test.to, id_, now_ms(), test.text)
        on.wake()
        _say_what_is_waited_for(on, settings.service.listen, test.wait_s)
        trial = await _until_over(it, on, id_, test.wait_s)
    _say_how_it_ended(trial, on, settings.service.base_url, test.wait_s)
    return trial


def _say_what_is_waited_for(on: OnTrial, listen: str, wait_s: int) -> None:
    if not on.runs:
        said = f"A tinbao serve runs with the settings of before. Start it anew now; the test SMS waits for it, {wait_s} s at most"
    elif not on.route.carrier.CAPABILITIES.dlr:
        said = f"Waiting for the carrier's yes, {wait_s} s at most; it sends no reports"
    elif not on.listens:
        said = f"Another program listens on {listen}: no report can come in here. Waiting {wait_s} s"
    else:
        said = f"Waiting for the report of delivery on {listen}, {wait_s} s at most"
    typer.echo(said, err=True)


async def _until_over(it: Opened, on: OnTrial, id_: str, wait_s: int) -> Trial:
    """Look until it is over, the route is held, or the time is up."""
    from gateway.sending import now_ms
    from gateway.services.onboarding import Trial, standing

    clock = asyncio.get_running_loop().time
    until, shown = clock() + wait_s, ""
    while True:
        trial = await standing(it.database, id_, now_ms(), reports=on.route.carrier.CAPABILITIES.dlr)
        if trial.state != shown:
            typer.echo(f"  {trial.state}", err=True)
            shown = trial.state
        why = "" if trial.over else await _held(it, on)
        if why:
            return Trial(f"held: {why}", over=True)
        if trial.over or clock() >= until:
            return trial
        await asyncio.sleep(min(POLL_S, max(0.0, until - clock())))


async def _held(it: Opened, on: OnTrial) -> str:
    """The carrier's word for which the route is held; ""."""
    from gateway.sending import now_ms
    from gateway.services.route_standing import route_standings

    (found,) = await route_standings(it.database, [on.route], [], now_ms(), it.settings.service.timezone)
    return (found.why or "no reason was noted") if found.state == "held" else ""


def _say_how_it_ended(trial: Trial, on: OnTrial, base_url: str, wait_s: int) -> None:
    name = on.route.name
    if trial.state == "delivered":
        said = "Delivered, and the report came in: the route works both ways"
    elif trial.state == "sent" and trial.over:
        said = "The carrier took it. It tells nobody of delivery: look at the phone"
    elif trial.state == "sent":
        said = f"The carrier took it, and no report came within {wait_s} s. Look at the phone, and whether the carrier can open {base_url}"
    elif trial.state.startswith("held"):
        said = f"The carrier refuses, and the route is {trial.state}. Put it right in gateway.toml, then: tinbao routes release {name}"
    else:
        said = f"After {wait_s} s it is {trial.state}; see: tinbao routes list"
    typer.echo(said, err=True)
