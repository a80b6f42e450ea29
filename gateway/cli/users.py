"""`tinbao users`: who may do what, at the desk and here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.context import Door, chosen_commune, fail, opened, run
from gateway.cli.faults import AsJson
from gateway.cli.passphrase import ask

if TYPE_CHECKING:
    from gateway.domain.msisdn import Msisdn
    from gateway.domain.permission import Role
    from gateway.storage.users import User

_ROLES = "planner, approver, reader, verifier, custodian, print, reporter, province or administrator; repeat it for several."
Name = Annotated[str, typer.Argument(help="The user; capitals and accents don't matter.", show_default=False)]


def add_commands(app: typer.Typer) -> None:
    """Add `users`."""
    users = typer.Typer(help="Users: who may do what.", no_args_is_help=True)
    users.command("add", help="Add a person; the passphrase is asked for, or is a line on stdin.")(add)
    users.command("list", help="All users.")(list_)
    users.command("disable", help="From now on this user may nothing.")(disable)
    users.command("enable", help="Take a disable back.")(enable)
    users.command("roles", help="Appoint a user to other roles, in the place of all they had.")(roles)
    users.command("passphrase", help="Change a passphrase: the old one is asked for, then the new one.")(passphrase)
    users.command("lost-phone", help="Take back a second factor whose phone is lost; look at the person first.")(lost_phone)
    users.command("phone", help="Register a phone, by which an approver may answer DUYET, or take it back.")(phone)
    app.add_typer(users, name="users")


def add(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The person's name, as on paper.", show_default=False)],
    role: Annotated[list[str], typer.Option(help=_ROLES)],
    phone: Annotated[str | None, typer.Option(help="The person's phone, for approvals by SMS.")] = None,
    commune: Annotated[str | None, typer.Option(help="Code of the person's commune; the campaign's, if left out.")] = None,
) -> None:
    given, number = _roles(role), _number(phone)
    user = run(_add(ctx.obj, name, given, ask("Passphrase", new=True), number, commune))
    typer.echo(f"{user.name} is {_said(user)}")


async def _add(door: Door, name: str, given: frozenset[Role], words: str, phone: Msisdn | None, commune: str | None) -> User:
    from gateway.sending import now_ms
    from gateway.services import users
    from gateway.services.access.people import by_command

    async with opened(door) as it:
        user = await users.add(it.database, name, given, words, phone, chosen_commune(it, commune), now_ms())
        await by_command(it.database, "user.add", user, now_ms())
        return user


def _roles(words: list[str]) -> frozenset[Role]:
    from gateway.domain.permission import Role

    for word in words:
        if word not in list(Role):
            fail(f"“{word}” is no role; take of: {', '.join(Role)}", 2)
    return frozenset(map(Role, words))


def _said(user: User) -> str:
    return ", ".join(_names(user))


def _names(user: User) -> list[str]:
    from gateway.domain.permission import Role

    return [role.value for role in Role if role in user.roles]


def roles(ctx: typer.Context, name: Name, role: Annotated[list[str], typer.Option(help=_ROLES)]) -> None:
    user = run(_appoint(ctx.obj, name, _roles(role)))
    typer.echo(f"{user.name} is {_said(user)}")


async def _appoint(door: Door, name: str, given: frozenset[Role]) -> User:
    from gateway.sending import now_ms
    from gateway.services import users
    from gateway.services.access.people import by_command

    async with opened(door) as it:
        user = await users.change_roles(it.database, name, given)
        await by_command(it.database, "user.roles", user, now_ms())
        return user


def lost_phone(ctx: typer.Context, name: Name) -> None:
    user = run(_lost_phone(ctx.obj, name))
    typer.echo(f"{user.name} sets up a phone at the next sign-in; the old one and its codes on paper count no more")


async def _lost_phone(door: Door, name: str) -> User:
    from gateway.sending import now_ms
    from gateway.services import users
    from gateway.services.access import factors

    async with opened(door) as it:
        user = await users.find(it.database, name)
        await factors.take_away(it.database, None, user.id, now_ms())
        return user


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
            typer.echo(", ".join((f"{row['name']}: {', '.join(row['roles'])}", str(row["phone"] or "no phone"), *remarks)))


async def _list(door: Door) -> list[dict[str, Any]]:
    from gateway.sending import now_ms
    from gateway.services import users

    async with opened(door) as it:
        return [_row(user, now_ms()) for user in await users.everybody(it.database)]


def _row(user: User, now: int) -> dict[str, Any]:  # Any: JSON
    """Phones are masked."""
    return {
        "name": user.name,
        "roles": _names(user),
        "phone": str(user.phone) if user.phone else None,
        "disabled": not user.is_enabled,
        "locked": user.locked_until > now,
    }


def disable(ctx: typer.Context, name: Name) -> None:
    user = run(_switch(ctx.obj, name, off=True))
    typer.echo(f"{user.name} is disabled; waves and approvals keep the name")


def enable(ctx: typer.Context, name: Name) -> None:
    user = run(_switch(ctx.obj, name, off=False))
    typer.echo(f"{user.name} is {_said(user)} again")


async def _switch(door: Door, name: str, *, off: bool) -> User:
    from gateway.sending import now_ms
    from gateway.services import users
    from gateway.services.access.people import by_command

    async with opened(door) as it:
        user = await (users.disable(it.database, name, now_ms()) if off else users.enable(it.database, name))
        await by_command(it.database, "user.disable" if off else "user.enable", user, now_ms())
        return user


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
    from gateway.services.access.people import by_command

    async with opened(door) as it:
        if old is not None:
            await users.check(it.database, name, old, now_ms())
        user = await users.change_passphrase(it.database, name, new)
        await by_command(it.database, "user.passphrase", user, now_ms())
        return user


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
