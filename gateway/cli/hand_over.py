"""`tinbao tips hand-over`: packages of tips for other bodies; `tinbao keys receiver`: the key pair of a body that gets them sealed."""

from __future__ import annotations

import json
import os
import secrets
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from gateway.cli.context import Door, fail, opened, run
from gateway.cli.faults import AsJson
from gateway.cli.passphrase import ask
from gateway.domain.hand_over import Part, Way

if TYPE_CHECKING:
    from gateway.cli.context import Opened
    from gateway.domain.permission import Actor
    from gateway.storage.hand_overs import HandOver

_USUAL = [Part.WORDS, Part.FIELDS, Part.ATTACHMENTS]
As = Annotated[str, typer.Option("--as", help="Who does it; the passphrase is asked for.", show_default=False)]
Number = Annotated[
    str, typer.Argument(help="The package, e.g. CG-2026-0001, or CG-2026-0001/2 for its second version.", show_default=False)
]


def add_commands(tips: typer.Typer) -> None:
    """Add `hand-over` to `tips`."""
    group = typer.Typer(help="Packages of tips for other bodies: one person prepares, another decides.", no_args_is_help=True)
    group.command("prepare", help="Put tips together for a receiver of hand_over.toml; nothing leaves before another person decides.")(
        prepare
    )
    group.command("decide", help="Another person's yes: from then on the package may be taken out, and its receipt is due.")(decide)
    group.command("list", help="The packages, the newest first, and which receipts are overdue.")(list_)
    group.command("take", help="Write a decided package to a file: the same bytes each time.")(take)
    group.command("receipt", help="The slip is back: its code, the day, who signed.")(receipt)
    group.command("answers", help="Take in what the receiver says of the tips: CSV or XLSX with code, status, words.")(answers)
    group.command("open", help="For the receiver: open a sealed package with the key file. Needs no deployment and no database.")(open_)
    tips.add_typer(group, name="hand-over")


def add_receiver_keys(keys: typer.Typer) -> None:
    """Add `receiver` to `keys`."""
    group = typer.Typer(help="Key pairs of bodies that get packages sealed.", no_args_is_help=True)
    group.command("new", help="Write a new private key to FILE (mode 0600) and print the public key for hand_over.toml.")(new)
    keys.add_typer(group, name="receiver")


async def _actor(it: Opened, name: str) -> Actor:
    from gateway.sending import now_ms
    from gateway.services import users

    return (await users.check(it.database, name, ask(f"Passphrase of {name}"), now_ms())).actor


async def _named(it: Opened, who: Actor, number: str) -> HandOver:
    from gateway.services.hand_over import packages

    name, _, version = number.upper().partition("/")
    every = await packages.listed(it.database, who)  # the newest first
    found = next((row for row in every if row.number == name and version in ("", str(row.version))), None)
    return found or fail(f"{number} is no package of your commune; tinbao tips hand-over list shows them")


def prepare(
    ctx: typer.Context,
    tips: Annotated[list[str], typer.Argument(help="Codes of the tips.", show_default=False)],
    to: Annotated[str, typer.Option(help="The receiver, by its name in hand_over.toml.", show_default=False)],
    as_: As,
    part: Annotated[
        list[Part], typer.Option(help="What of each tip goes in; informant: the number of those alone who agreed to be called.")
    ] = _USUAL,
    way: Annotated[Way | None, typer.Option(help="sealed or paper; without it as hand_over.toml says.")] = None,
    note: Annotated[str, typer.Option(help="Words that go along. Nothing secret.")] = "",
) -> None:
    typer.echo(run(_prepare(ctx.obj, tuple(tips), to, as_, frozenset(part), way, note)))


async def _prepare(door: Door, codes: tuple[str, ...], to: str, name: str, parts: frozenset[Part], way: Way | None, note: str) -> str:
    from gateway.domain.code import tip_code
    from gateway.receivers import load_receivers
    from gateway.sending import now_ms
    from gateway.services.attachments import Attachments, folder_beside
    from gateway.services.hand_over import packages

    receivers = load_receivers(door.config_dir)
    if to not in receivers:
        fail(f"--to: there is no receiver {to}; hand_over.toml has: {', '.join(receivers)}", 2)
    receiver = receivers[to]
    choice = packages.Choice(receiver, way or receiver.way, receiver.format, codes, parts, note)
    async with opened(door) as it:
        who, files = await _actor(it, name), Attachments(it.database, folder_beside(it.settings.spool_dir))
        receipt = tip_code(secrets.SystemRandom())
        made = await packages.prepare(it.database, it.deployment, files, who, choice, receipt, now_ms())
        row = (await packages.show(it.database, who, made, now_ms())).row
    return f"{row.number}/{row.version} waits for another person: tinbao tips hand-over decide {row.number}"


def decide(ctx: typer.Context, number: Number, as_: As) -> None:
    typer.echo(f"{run(_decide(ctx.obj, number, as_))} may leave: tinbao tips hand-over take {number}")


async def _decide(door: Door, number: str, name: str) -> str:
    from gateway.papers.hand_over import renderer
    from gateway.receivers import load_receivers
    from gateway.sending import now_ms
    from gateway.services.hand_over import packages

    receivers = load_receivers(door.config_dir)
    async with opened(door) as it:
        who, campaign = await _actor(it, name), it.deployment.campaign
        row, content = await packages.content_to_decide(it.database, who, (await _named(it, who, number)).id)
        seen = await packages.show(it.database, who, row.id, now_ms())
        typer.echo(f"{row.number}/{row.version} to {seen.package.receiver}, {row.way}: {', '.join(row.parts)}", err=True)
        for each in seen.package.tips:
            typer.echo(f"  {each.code}  {each.village}  {each.kind}  {each.result}", err=True)
        key = receivers[row.receiver].public_key if row.receiver in receivers else ""
        render = renderer(campaign.issuer, campaign.commune_name)
        data = packages.leaving(content, row.way, row.format, key, render, secrets.token_bytes)
        await packages.release(it.database, who, row, row.content_sha256, data, now_ms())
    return row.number


def list_(ctx: typer.Context, as_: As, as_json: AsJson = False) -> None:
    for line in run(_list(ctx.obj, as_, as_json or ctx.obj.json)):
        typer.echo(line)


async def _list(door: Door, name: str, as_json: bool) -> list[str]:
    from gateway.sending import now_ms
    from gateway.services.hand_over import packages

    async with opened(door) as it:
        found = [packages.as_plain(row, now_ms()) for row in await packages.listed(it.database, await _actor(it, name))]
    if as_json:
        return [json.dumps(row, ensure_ascii=False) for row in found]
    lines = [f"{r['number']}/{r['version']}  {r['state']}{'  LATE' if r['late'] else ''}  {r['tips']} tips  {r['receiver']}" for r in found]
    return lines or ["no packages yet"]


def take(ctx: typer.Context, number: Number, as_: As, out: Annotated[Path, typer.Option(help="Folder to write it into.")] = Path()) -> None:
    name, data = run(_take(ctx.obj, number, as_))
    _write(out / name, data)
    typer.echo(out / name)


async def _take(door: Door, number: str, name: str) -> tuple[str, bytes]:
    from gateway.sending import now_ms
    from gateway.services.hand_over import packages

    async with opened(door) as it:
        who = await _actor(it, name)
        return await packages.take(it.database, who, (await _named(it, who, number)).id, now_ms())


def receipt(
    ctx: typer.Context,
    code: Annotated[str, typer.Argument(help="The code on the slip.", show_default=False)],
    on: Annotated[datetime, typer.Option(help="Day of the receipt.", formats=["%Y-%m-%d", "%d/%m/%Y"], show_default=False)],
    by: Annotated[str, typer.Option(help="Who signed it.", show_default=False)],
    as_: As,
) -> None:
    typer.echo(f"{run(_receipt(ctx.obj, code, on.date(), by, as_))} has its receipt")


async def _receipt(door: Door, code: str, on: date, by: str, name: str) -> str:
    from gateway.sending import now_ms
    from gateway.services.hand_over import packages

    async with opened(door) as it:
        today = datetime.now(ZoneInfo(it.deployment.campaign.timezone)).date()
        return (await packages.receive(it.database, await _actor(it, name), code, on, by, now_ms(), today)).number


def answers(
    ctx: typer.Context, number: Number, file: Annotated[Path, typer.Argument(help="The list that came back.", show_default=False)], as_: As
) -> None:
    try:
        data = file.read_bytes()
    except OSError as why:
        fail(f"{file} can't be read: {why.strerror}")
    typer.echo(f"{run(_answers(ctx.obj, number, data, file.name, as_))} tips answered")


async def _answers(door: Door, number: str, data: bytes, file: str, name: str) -> int:
    from gateway.sending import now_ms
    from gateway.services.hand_over import packages

    said = packages.read_answers(data, file)
    async with opened(door) as it:
        who = await _actor(it, name)
        return await packages.answer(it.database, who, (await _named(it, who, number)).id, said, now_ms())


def open_(
    package: Annotated[Path, typer.Argument(help="The package as it came.", show_default=False)],
    key: Annotated[Path, typer.Option(help="The receiver's key file.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Folder for what is inside; made if missing.")] = Path("hand-over"),
) -> None:
    from gateway.services.hand_over.container import open_package
    from gateway.services.hand_over.packages import files_of
    from gateway.services.refusal import Refusal

    try:
        content = open_package(package.read_bytes(), key.read_text(encoding="ascii", errors="replace"))
        inside = files_of(content)
    except OSError as why:
        fail(f"{why.filename} can't be read: {why.strerror}")
    except Refusal as why:
        fail(str(why))
    for name, data in sorted(inside.items()):
        _write(out / name, data)
        typer.echo(out / name)


def new(file: Annotated[Path, typer.Argument(help="Where the private key goes; never written over.", show_default=False)]) -> None:
    from gateway.services.hand_over.container import new_key

    private, public = new_key(secrets.token_bytes)
    _write(file, private.encode("ascii"), fresh=True)
    typer.echo(public)
    typer.echo(f'Keep {file} for yourself. The line above goes to the sender: public_key = "{public}" in hand_over.toml', err=True)


def _write(path: Path, data: bytes, *, fresh: bool = False) -> None:
    """Whole or not at all, for its owner alone; with `fresh` never over another file."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
        if fresh:
            os.link(part, path)  # refuses where there is one, which a check before could not promise
        else:
            part.replace(path)
    except FileExistsError:
        fail(f"{path} is there already; name another file: what is sealed to its key opens with nothing else")
    except OSError as why:
        fail(f"{path} can't be written: {why.strerror}. Look at the folder's permissions and the disk's room")
    finally:
        part.unlink(missing_ok=True)
