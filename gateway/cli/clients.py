"""`tinbao clients`: outside systems that may send through us, read tips, be told of them."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.context import Door, chosen_commune, fail, opened, run
from gateway.cli.faults import AsJson

if TYPE_CHECKING:
    from gateway.services.client_changes import Changed, Changes, Retried
    from gateway.services.clients import Added, Wanted
    from gateway.storage.clients import Client, KnownClient

Name = Annotated[str, typer.Argument(help="The system's name: a-z, 0-9 and -.", show_default=False)]


def add_commands(app: typer.Typer) -> None:
    """Add `clients`."""
    clients = typer.Typer(help="Outside systems that may plug in.", no_args_is_help=True)
    clients.command("add", help="Let a system plug in; its secret is shown once.")(add)
    clients.command("list", help="All systems.")(list_)
    clients.command("set", help="Reach a system elsewhere; its secrets stay.")(set_)
    clients.command("retry", help="Tell a system once more what was given up.")(retry)
    clients.command("revoke", help="From now on this system may nothing.")(revoke)
    app.add_typer(clients, name="clients")


def add(
    ctx: typer.Context,
    name: Name,
    scope: Annotated[list[str], typer.Option(help="send, read, tips or webhooks; repeat it for several.")],
    commune: Annotated[str | None, typer.Option(help="Code of its commune; the campaign's, if left out.")] = None,
    route: Annotated[str | None, typer.Option(help="All it sends goes by this route; left out, routing chooses.")] = None,
    mo_url: Annotated[str | None, typer.Option(help="Where messages are handed on to; - reads it from stdin.")] = None,
    mo_method: Annotated[str, typer.Option(help="GET or POST.")] = "GET",
    webhook: Annotated[str | None, typer.Option(help="Where it is told of events; - reads it from stdin.")] = None,
    event: Annotated[list[str] | None, typer.Option(help="tip.received or mt.settled; both, if left out.")] = None,
    callback_host: Annotated[list[str] | None, typer.Option(help="A private host it may be called at; service.callback_hosts too.")] = None,
) -> None:
    from gateway.services.clients import Wanted

    scopes, events, hosts = tuple(scope), tuple(event or ()), tuple(callback_host or ())
    wanted = Wanted(name, "", scopes, route, _url(mo_url), mo_method.upper(), _url(webhook), events, hosts)
    _show(ctx.obj, run(_add(ctx.obj, wanted, commune)))


def _url(given: str | None) -> str | None:
    """An address may hold a password, which must stand in no argument: it can be a line on stdin."""
    return sys.stdin.readline().strip() if given == "-" else given


async def _add(door: Door, wanted: Wanted, commune: str | None) -> Added:
    from dataclasses import replace

    from gateway.sending import now_ms
    from gateway.services import clients

    async with opened(door) as it:
        if wanted.route is not None and it.settings.route(wanted.route) is None:
            fail(f"--route: there is no route {wanted.route}; tinbao routes list shows all", 2)
        return await clients.add(it.database, replace(wanted, commune=chosen_commune(it, commune)), now_ms())


def _show(door: Door, added: Added) -> None:
    if door.json:
        webhook = added.webhook_secret.reveal() if added.webhook_secret else None
        typer.echo(json.dumps({"name": added.client.name, "secret": added.secret.reveal(), "webhook_secret": webhook}))
        return
    typer.echo(f"{added.client.name} may: {', '.join(added.client.scopes)}")
    typer.echo(f"Secret, shown this once: {added.secret.reveal()}")
    typer.echo(f"REST: Authorization: Bearer {added.token.reveal()}")
    typer.echo(f"Kannel, Jasmin: user {added.client.name}, the secret as password")
    if added.webhook_secret:
        typer.echo(f"What our calls are signed with, shown this once: {added.webhook_secret.reveal()}")


def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    door: Door = ctx.obj
    for row in run(_list(door)):
        if as_json or door.json:
            typer.echo(json.dumps(row, ensure_ascii=False))
        else:
            remarks = (f"by {row['route']}" if row["route"] else "", "revoked" if row["revoked"] else "")
            typer.echo(", ".join((f"{row['name']} ({row['commune']}): {', '.join(row['scopes'])}", *filter(None, remarks))))


async def _list(door: Door) -> list[dict[str, Any]]:
    from gateway.services import clients

    async with opened(door) as it:
        return [_row(each) for each in await clients.everybody(it.database)]


def _row(known: KnownClient) -> dict[str, Any]:  # Any: JSON
    """Addresses are told of by their host: they may hold a password."""
    from urllib.parse import urlsplit

    one = known.client
    return {
        "name": one.name,
        "commune": one.commune,
        "scopes": list(one.scopes),
        "route": one.route,
        "mo_host": urlsplit(one.mo_url).hostname if one.mo_url else None,
        "webhook_host": urlsplit(one.webhook_url).hostname if one.webhook_url else None,
        "events": list(one.events),
        "callback_hosts": list(one.callback_hosts),
        "created_at": known.created_at,
        "revoked": known.revoked_at is not None,
    }


def set_(
    ctx: typer.Context,
    name: Name,
    mo_url: Annotated[str | None, typer.Option(help="Where messages are handed on to; - reads it from stdin, '' is nowhere.")] = None,
    mo_method: Annotated[str | None, typer.Option(help="GET or POST.")] = None,
    webhook: Annotated[str | None, typer.Option(help="Where it is told of events; - reads it from stdin, '' is nowhere.")] = None,
    event: Annotated[list[str] | None, typer.Option(help="tip.received or mt.settled, in place of those of before.")] = None,
    callback_host: Annotated[list[str] | None, typer.Option(help="A private host, in place of those of before; '' is none.")] = None,
) -> None:
    from gateway.services.client_changes import Changes

    events, hosts = tuple(event) if event else None, tuple(callback_host) if callback_host else None
    done = run(_set(ctx.obj, name, Changes(_url(mo_url), mo_method.upper() if mo_method else None, _url(webhook), events, hosts)))
    _show_changed(ctx.obj, done)


async def _set(door: Door, name: str, changes: Changes) -> Changed:
    from gateway.sending import now_ms
    from gateway.services import client_changes

    async with opened(door) as it:
        return await client_changes.change(it.database, name, changes, now_ms())


def _show_changed(door: Door, done: Changed) -> None:
    secret = done.webhook_secret.reveal() if done.webhook_secret else None
    if door.json:
        typer.echo(json.dumps({"name": done.client.name, "webhook_secret": secret}))
        return
    typer.echo(f"{done.client.name} is reached as you say from now on; its secret is what it was")
    if secret:
        typer.echo(f"What our calls are signed with, shown this once: {secret}")


def retry(ctx: typer.Context, name: Name) -> None:
    door: Door = ctx.obj
    done = run(_retry(door, name))
    if door.json:
        typer.echo(json.dumps({"name": name, "again": done.again, "faulty": done.faulty, "gone": done.gone}))
        return
    typer.echo(
        f"{_calls(done.again)} to {name} will be tried again, for three days" if done.again else f"{name} has nothing to be told again"
    )
    if done.faulty:
        typer.echo(f"{_calls(done.faulty)} stay given up: their address can't be called; put it right: tinbao clients set {name}")
    if done.gone:
        typer.echo(f"{_calls(done.gone)} can't be made any more: what they held is gone")


def _calls(count: int) -> str:
    return f"{count:,} call{'' if count == 1 else 's'}"


async def _retry(door: Door, name: str) -> Retried:
    from gateway.sending import now_ms
    from gateway.services import client_changes

    async with opened(door) as it:
        return await client_changes.retry(it.database, name, now_ms())


def revoke(ctx: typer.Context, name: Name) -> None:
    client = run(_revoke(ctx.obj, name))
    typer.echo(f"{client.name} may nothing from now on; what it sent stays")


async def _revoke(door: Door, name: str) -> Client:
    from gateway.sending import now_ms
    from gateway.services import clients

    async with opened(door) as it:
        return await clients.revoke(it.database, name, now_ms())
