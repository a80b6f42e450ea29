"""`tinbao duty`: whom an urgent tip wakes."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.context import Door, chosen_commune, fail, opened, run
from gateway.cli.faults import AsJson

if TYPE_CHECKING:
    from gateway.domain.msisdn import Msisdn
    from gateway.storage.duty import OnDuty

Name = Annotated[str, typer.Argument(help="The person's name; on removing, capitals and accents don't matter.", show_default=False)]


def add_commands(app: typer.Typer) -> None:
    """Add `duty`."""
    duty = typer.Typer(help="The duty list: who is texted when a tip is urgent.", no_args_is_help=True)
    duty.command("add", help="Put a person on the list; the number is asked for, or is a line on stdin.")(add)
    duty.command("list", help="The list, level by level; numbers are masked.")(list_)
    duty.command("remove", help="Take a person off the list.")(remove)
    app.add_typer(duty, name="duty")


def add(
    ctx: typer.Context,
    name: Name,
    level: Annotated[int, typer.Option(help="1 is texted at once, 2 ten minutes later, and so on until somebody answers NHAN.")] = 1,
    commune: Annotated[str | None, typer.Option(help="Whose urgent tips: a code of communes.csv; else the campaign's own.")] = None,
) -> None:
    person = run(_add(ctx.obj, name, _number(), level, commune))
    typer.echo(f"{person.name} is on the duty list, level {person.level}, {person.msisdn}")


def _number() -> Msisdn:
    """The number as typed, or a line of stdin: it stands in no shell's history."""
    from gateway.domain.msisdn import BadMsisdn, Msisdn

    typed: str = typer.prompt("Number", err=True) if sys.stdin.isatty() else sys.stdin.readline()
    try:
        return Msisdn.parse(typed.strip())
    except BadMsisdn as error:
        fail(f"the number: {error}. Write it like 0300 000 101 or +84300000101, typed or as a line on stdin", 2)


async def _add(door: Door, name: str, number: Msisdn, level: int, commune: str | None) -> OnDuty:
    from gateway.sending import now_ms
    from gateway.services import duty

    async with opened(door) as it:
        return await duty.add(it.database, name, number, level, chosen_commune(it, commune), now_ms())


def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    door: Door = ctx.obj
    people = run(_list(door))
    if as_json or door.json:
        for each in people:
            typer.echo(json.dumps({"name": each.name, "level": each.level, "phone": str(each.msisdn)}, ensure_ascii=False))
    elif people:
        for each in people:
            typer.echo(f"{each.level}  {each.name}, {each.msisdn}")
    else:
        typer.echo("nobody is on the duty list: urgent tips wake nobody. Add a person: tinbao duty add NAME")


async def _list(door: Door) -> list[OnDuty]:
    from gateway.services import duty

    async with opened(door) as it:
        return await duty.everybody(it.database)


def remove(ctx: typer.Context, name: Name) -> None:
    person = run(_remove(ctx.obj, name))
    typer.echo(f"{person.name} is off the duty list")


async def _remove(door: Door, name: str) -> OnDuty:
    from gateway.services import duty

    async with opened(door) as it:
        return await duty.remove(it.database, name)
