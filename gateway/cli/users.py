"""`tinbao users`: who plans waves and who approves them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.context import Door, fail, opened, run
from gateway.cli.faults import AsJson
from gateway.cli.passphrase import ask

if TYPE_CHECKING:
    from gateway.domain.msisdn import Msisdn
    from gateway.storage.users import User

Name = Annotated[str, typer.Argument(help="The user; capitals and accents don't matter.", show_default=False)]


def add_commands(app: typer.Typer) -> None:
    """Add `users`."""
    users = typer.Typer(help="Users: who plans waves and who approves them.", no_args_is_help=True)
    users.command("add", help="Add a person; the passphrase is asked for, or is a line on stdin.")(add)
    users.command("list", help="All users.")(list_)
    users.command("disable", help="From now on this user may nothing.")(disable)
    users.command("enable", help="Take a disable back.")(enable)
    users.command("passphrase", help="Change a passphrase: the old one is asked for, then the new one.")(passphrase)
    users.command("phone", help="Register a phone, by which an approver may answer DUYET, or take it back.")(phone)
    app.add_typer(users, name="users")


def add(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The person's name, as on paper.", show_default=False)],
    role: Annotated[str, typer.Option(help="planner: puts waves together; approver: says yes to another person's.")],
    phone: Annotated[str | None, typer.Option(help="The person's phone, for approvals by SMS.")] = None,
) -> None:
    from gateway.storage.users import Role

    if role not in list(Role):
        fail(f"“{role}” is no role; take one of: {', '.join(Role)}", 2)
    number = _number(phone)
    user = run(_add(ctx.obj, name, role, ask("Passphrase", new=True), number))
    typer.echo(f"{user.name} is {user.role.value}")


async def _add(door: Door, name: str, role: str, words: str, phone: Msisdn | None) -> User:
    from gateway.sending import now_ms
    from gateway.services import users
    from gateway.storage.users import Role

    async with opened(door) as it:
        return await users.add(it.database, name, Role(role), words, phone, it.deployment.campaign.commune, now_ms())


def _number(text: str | None) -> Msisdn | None:
    from gateway.domain.msisdn import BadMsisdn, Msisdn

    try:
        return Msisdn.parse(text) if text else None
    except BadMsisdn as error:
        fail(f"--phone: {error}. Write it like 0300 000 101 or +84300000101", 2)


def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    door: Door = ctx.obj
    for row in run(_list(door)):
        if as_json or door.json:
            typer.echo(json.dumps(row, ensure_ascii=False))
        else:
            remarks = [remark for remark in ("disabled", "locked") if row[remark]]
            typer.echo(", ".join((f"{row['name']}: {row['role']}", str(row["phone"] or "no phone"), *remarks)))


async def _list(door: Door) -> list[dict[str, str | bool | None]]:
    from gateway.sending import now_ms
    from gateway.services import users

    async with opened(door) as it:
        return [_row(user, now_ms()) for user in await users.everybody(it.database)]


def _row(user: User, now: int) -> dict[str, str | bool | None]:
    """Phones are masked."""
    return {
        "name": user.name,
        "role": user.role.value,
        "phone": str(user.phone) if user.phone else None,
        "disabled": not user.is_enabled,
        "locked": user.locked_until > now,
    }


def disable(ctx: typer.Context, name: Name) -> None:
    user = run(_switch(ctx.obj, name, off=True))
    typer.echo(f"{user.name} is disabled; waves and approvals keep the name")


def enable(ctx: typer.Context, name: Name) -> None:
    user = run(_switch(ctx.obj, name, off=False))
    typer.echo(f"{user.name} is {user.role.value} again")


async def _switch(door: Door, name: str, *, off: bool) -> User:
    from gateway.sending import now_ms
    from gateway.services import users

    async with opened(door) as it:
        return await (users.disable(it.database, name, now_ms()) if off else users.enable(it.database, name))


def passphrase(
    ctx: typer.Context,
    name: Name,
    forgotten: Annotated[bool, typer.Option("--forgotten", help="Without the old one; it also ends a lock.")] = False,
) -> None:
    old = None if forgotten else ask("Old passphrase")
    user = run(_passphrase(ctx.obj, name, old, ask("New passphrase", new=True)))
    typer.echo(f"{user.name} has a new passphrase")


async def _passphrase(door: Door, name: str, old: str | None, new: str) -> User:
    from gateway.sending import now_ms
    from gateway.services import users

    async with opened(door) as it:
        if old is not None:
            await users.check(it.database, name, old, now_ms())
        return await users.change_passphrase(it.database, name, new)


def phone(
    ctx: typer.Context,
    name: Name,
    phone: Annotated[str | None, typer.Option(help="The number; left out, the user has none any more.")] = None,
) -> None:
    user = run(_phone(ctx.obj, name, _number(phone)))
    typer.echo(f"{user.name} has {f'the phone {user.phone}' if user.phone else 'no phone'}")


async def _phone(door: Door, name: str, number: Msisdn | None) -> User:
    from gateway.services import users

    async with opened(door) as it:
        return await users.change_phone(it.database, name, number)
