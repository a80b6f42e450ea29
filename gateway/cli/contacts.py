"""`tinbao contacts`: the people we may write to, imported and counted; the block list."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.context import Door, fail, opened, run
from gateway.cli.faults import AsJson
from gateway.cli.list_report import ListReport

if TYPE_CHECKING:
    from gateway.domain.msisdn import Msisdn
    from gateway.services.contact_lists import Imported
    from gateway.storage.contacts import VillageCounts

Number = Annotated[str, typer.Argument(help="A number, e.g. 0300000101.", show_default=False)]


def add_commands(app: typer.Typer) -> None:
    """Add the group `contacts`."""
    group = typer.Typer(help="The people whom waves may be sent to, and those who are never written to.", no_args_is_help=True)
    group.command("import", help="Take in a list of people; every row that is mended or left out is named.")(import_)
    group.command("block", help="Never write to a number again, whatever a list says.")(block)
    group.command("unblock", help="Take a number off the block list.")(unblock)
    group.command("show", help="Count who is known, by village and by what they may be written to on; never a number.")(show)
    app.add_typer(group, name="contacts")


def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or XLSX with columns for number and village.", show_default=False)],
    legal_basis: Annotated[str, typer.Option(help="For rows that name neither consent nor a basis, e.g. KH 238/KH-UBND.")] = "",
    report: Annotated[Path | None, typer.Option(help="Write every repaired or left-out row to this CSV.")] = None,
    as_json: AsJson = False,
) -> None:
    door: Door = ctx.obj
    with ListReport(report) as listed:
        done = run(_import(door, file, legal_basis, listed))
    if as_json or door.json:
        typer.echo(json.dumps({"file": file.name, **asdict(done)}))
        return
    typer.echo(f"{file.name}: {done.stored:,} people, {done.new:,} of them new")
    if done.no_basis:
        typer.echo(f"{done.no_basis:,} name neither consent nor a legal basis and were not taken; see --legal-basis", err=True)


async def _import(door: Door, path: Path, basis: str, report: ListReport) -> Imported:
    from gateway.sending import now_ms
    from gateway.services.contact_lists import import_list

    try:
        source = path.open("rb")
    except OSError as error:
        fail(f"{path.name} can't be read: {error.strerror}; check its name and permissions")
    with source:
        async with opened(door) as it:
            return await import_list(it.database, source, path.name, it.deployment.villages, now_ms(), report.tell, basis)


def block(
    ctx: typer.Context,
    number: Number,
    why: Annotated[str, typer.Option(help="Why, for whoever looks at it later.")],
) -> None:
    msisdn = _number(number)
    run(_block(ctx.obj, msisdn, why))
    typer.echo(f"{msisdn} is written to no more; what is in the queue for it will not go")


async def _block(door: Door, msisdn: Msisdn, why: str) -> None:
    from gateway.sending import now_ms
    from gateway.storage import contacts

    async with opened(door) as it:
        person, commune = it.database.keyring.blind(msisdn.e164, "msisdn"), it.deployment.campaign.commune
        await it.database.write(lambda connection: contacts.block(connection, person, msisdn, commune, now_ms(), why))


def unblock(ctx: typer.Context, number: Number) -> None:
    msisdn = _number(number)
    if not run(_unblock(ctx.obj, msisdn)):
        fail(f"{msisdn} is not on the block list; check the number")
    typer.echo(f"{msisdn} may be written to again, if there is consent or a legal basis")


async def _unblock(door: Door, msisdn: Msisdn) -> bool:
    from gateway.storage import contacts

    async with opened(door) as it:
        person = it.database.keyring.blind(msisdn.e164, "msisdn")
        return await it.database.write(lambda connection: contacts.unblock(connection, person))


def show(ctx: typer.Context, as_json: AsJson = False) -> None:
    door: Door = ctx.obj
    counts, titles = run(_show(door))
    if as_json or door.json:
        for each in counts:
            typer.echo(json.dumps(asdict(each)))
        return
    from rich.console import Console

    Console(highlight=False).print(_table(counts, titles))


async def _show(door: Door) -> tuple[list[VillageCounts], dict[str, str]]:
    from gateway.storage import contacts

    async with opened(door) as it:
        titles = {code: village.title for code, village in it.deployment.villages.items()}
        async with it.database.read() as connection:
            return await contacts.by_village(connection), titles


def _table(counts: list[VillageCounts], titles: dict[str, str]) -> Any:  # Any: rich's table
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_footer=True)
    table.add_column("village", "all")
    numbers = [[each.known, each.consent, each.legal_basis, each.opted_out, each.blocked] for each in counts]
    for at, head in enumerate(("known", "consent", "legal basis", "said stop", "blocked")):
        table.add_column(head, f"{sum(row[at] for row in numbers):,}", justify="right")
    for each, row in zip(counts, numbers, strict=True):
        name = f"{titles.get(each.village, '')} ({each.village})" if each.village else "not known"
        table.add_row(name, *(f"{number:,}" for number in row))
    return table


def _number(written: str) -> Msisdn:
    from gateway.domain.msisdn import BadMsisdn, Msisdn

    try:
        return Msisdn.parse(written)
    except BadMsisdn as why:
        fail(f"{why}; write it like 0300 000 101 or +84300000101", 2)
