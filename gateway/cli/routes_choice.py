"""`tinbao routes test`: by which route a number would be reached, and why by none of the others. Nothing is sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.context import Door, fail, opened, run
from gateway.cli.faults import AsJson
from gateway.cli.send import ask_whose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.domain.msisdn import Msisdn
    from gateway.domain.operator import Operators
    from gateway.services.routing import Choice

_USUAL = "Xã Thống Nhất thử đường nhắn tin"  # with accents, as most of our texts


def add_commands(app: typer.Typer) -> None:
    """Add `test` to `routes`."""
    app.command("test", help="Which route a number would go by, and why none of the others. Nothing is sent.")(try_number)


def try_number(
    ctx: typer.Context,
    number: Annotated[str, typer.Argument(help="A number, e.g. 0300 000 101.")],
    text: Annotated[str, typer.Option(help="The words to be sent: length and accents decide too.")] = _USUAL,
    name: Annotated[bool, typer.Option("--name", help="The text must show a name as its origin, not a number.")] = False,
    answers: Annotated[bool, typer.Option("--answers", help="Answers to it must reach us.")] = False,
    ask: Annotated[bool, typer.Option("--ask", help="Ask a route with look_up whose number it is; that may cost.")] = False,
    as_json: AsJson = False,
) -> None:
    from gateway.domain.msisdn import BadMsisdn, Msisdn

    door: Door = ctx.obj
    try:
        msisdn = Msisdn.parse(number)
    except BadMsisdn as error:
        fail(f"{error}. Write it like 0300 000 101 or +84300000101", 2)
    choice, operators = run(_choice(door, msisdn, text, name, answers, ask))
    if as_json or door.json:
        typer.echo(json.dumps(_row(msisdn, choice, operators), ensure_ascii=False))
    else:
        for line in _lines(msisdn, choice, operators):
            typer.echo(line)
    if choice.route is None:
        raise typer.Exit(1)


async def _choice(door: Door, msisdn: Msisdn, text: str, name: bool, answers: bool, ask: bool) -> tuple[Choice, Operators]:
    from gateway.sending import now_ms, routes_of
    from gateway.services.routing import Needs, choose_now

    async with opened(door) as it:
        routes = routes_of(it.settings)
        if ask:
            await ask_whose(it, routes, [msisdn])
        return await choose_now(it.database, routes, msisdn, text, now_ms(), Needs(name, answers)), it.database.operators


def _lines(msisdn: Msisdn, choice: Choice, operators: Operators) -> Iterator[str]:
    from gateway.domain.cost import cost_vnd, vnd

    yield f"{msisdn}: {_whose(choice, operators)}; {choice.segments} segment{'' if choice.segments == 1 else 's'}"
    for at, each in enumerate(choice.ways, 1):
        price = f", {vnd(cost_vnd(choice.segments, each.price_vnd))}" if each.possible else ""
        taken = choice.route is not None and each.name == choice.route.name
        why = f"yes{f', but it is {choice.waits}' if choice.waits else ''}" if taken else f"no: {each.why}"
        yield f"{at}. {each.name}: {why}{price}"
    if choice.route is not None and choice.route.fallback:
        yield f"If {choice.route.name} can't reach the number: {', then '.join(choice.route.fallback)}"
    if choice.route is None:
        yield "No enabled route takes it"


def _whose(choice: Choice, operators: Operators) -> str:
    """ "Viettel (as vmg said)"."""
    whose = choice.operator
    host = operators.hosts.get(whose.operator, "")
    carried = f" on {host}" if host else ""
    if whose.by == "look-up":
        return f"{whose.operator or 'an operator that is none of ours'}{carried} (as {whose.source} said)"
    return f"{whose.operator}{carried} (by its prefix)" if whose.operator else "operator unknown"


def _row(msisdn: Msisdn, choice: Choice, operators: Operators) -> dict[str, object]:
    from gateway.domain.cost import cost_vnd

    whose = choice.operator
    return {
        "number": str(msisdn),
        "operator": whose.operator or None,
        "host": operators.hosts.get(whose.operator),
        "by": whose.by,
        "source": whose.source or None,
        "asked_at": whose.asked_at,
        "segments": choice.segments,
        "route": choice.route.name if choice.route else None,
        "waits": choice.waits or None,
        "price_vnd": choice.price_vnd,
        "cost_vnd": choice.cost_vnd,
        "routes": [
            {
                "route": each.name,
                "possible": each.possible,
                "why_not": each.why or None,
                "price_vnd": each.price_vnd,
                "cost_vnd": cost_vnd(choice.segments, each.price_vnd),
            }
            for each in choice.ways
        ],
        "fallback": list(choice.route.fallback) if choice.route else [],
    }
