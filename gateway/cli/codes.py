"""`tinbao codes`: where printed codes lead today."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.context import Door, fail, opened, run
from gateway.cli.faults import AsJson

if TYPE_CHECKING:
    from gateway.deployment import Deployment
    from gateway.storage.links import Override

Code = Annotated[str, typer.Argument(help="As it is printed below the QR code; capitals don't matter.", show_default=False)]
Why = Annotated[str, typer.Option(help="For those who look at it later: a fake seen there, a poster taken down …", show_default=False)]


def add_commands(app: typer.Typer) -> None:
    """Add `codes`."""
    codes = typer.Typer(
        help="Printed codes that no longer mean what was printed; every change holds within five seconds.", no_args_is_help=True
    )
    codes.command("off", help="Switch a code off: its page says so, and how to report all the same.")(off)
    codes.command("point", help="Let a code lead to where another one leads.")(point)
    codes.command("restore", help="Let a code mean again what was printed.")(restore)
    codes.command("list", help="The codes that were changed.")(list_)
    app.add_typer(codes, name="codes")


def off(ctx: typer.Context, code: Code, why: Why) -> None:
    exact = run(_change(ctx.obj, code, None, why))
    typer.echo(f"{exact} is switched off")


def point(
    ctx: typer.Context, code: Code, to: Annotated[str, typer.Option(help="The code it leads to from now on.", show_default=False)], why: Why
) -> None:
    exact = run(_change(ctx.obj, code, to, why))
    typer.echo(f"{exact} leads to where {to.upper()} leads")


async def _change(door: Door, code: str, to: str | None, why: str) -> str:
    from gateway.sending import now_ms
    from gateway.services import links

    async with opened(door) as it:
        exact = _exact(it.deployment, code)
        if to is None:
            await links.disable(it.database, exact, why, now_ms())
        elif (target := _exact(it.deployment, to)) == exact:
            fail(f"{exact} leads there already; name another code with --to", 2)
        else:
            await links.repoint(it.database, exact, target, why, now_ms())
    return exact


def _exact(deployment: Deployment, typed: str) -> str:
    """The placement code that `typed` spells, of a village of ours."""
    from gateway.domain.code import placement_code, read_placement_code

    found = read_placement_code(typed)
    if found is None or found[0] not in deployment.villages:
        fail(f"{typed[:20]} is no code of this deployment: type it as it is printed below the QR code, like {placement_code('TN01', 5)}", 2)
    return placement_code(*found)


def restore(ctx: typer.Context, code: Code) -> None:
    exact, changed = run(_restore(ctx.obj, code))
    typer.echo(f"{exact} means again what was printed" if changed else f"{exact} was not changed")


async def _restore(door: Door, code: str) -> tuple[str, bool]:
    from gateway.services import links

    async with opened(door) as it:
        exact = _exact(it.deployment, code)
        return exact, await links.restore(it.database, exact)


def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    door: Door = ctx.obj
    changed = run(_list(door))
    for each in changed:
        if door.json or as_json:
            row = {"code": each.code, "target": each.target, "disabled": each.disabled_at is not None, "why": each.why}
            typer.echo(json.dumps(row, ensure_ascii=False))
        else:
            typer.echo(f"{each.code}  {f'-> {each.target}' if each.target else 'off'}  {each.why}")
    if not changed and not (door.json or as_json):
        typer.echo("Every code means what was printed.")


async def _list(door: Door) -> list[Override]:
    from gateway.storage import links as rows

    async with opened(door) as it, it.database.read() as connection:
        return [each for _, each in sorted((await rows.overrides(connection)).items())]
