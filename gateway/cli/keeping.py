"""`tinbao purge`, `tinbao erase`: what has outlived its term, and what belongs to one person."""

from __future__ import annotations

import secrets
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.context import Door, fail, opened, run
from gateway.cli.faults import AsJson, print_json

if TYPE_CHECKING:
    from gateway.cli.context import Opened
    from gateway.domain.retention import Terms
    from gateway.services.keeping.erase import Erased, Whom
    from gateway.services.keeping.purge import Due, Purged

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would go, and why.")]


def add_commands(app: typer.Typer) -> None:
    """Add `purge` and `erase`."""
    app.command(help="Take out what has outlived its term (retention.toml), and destroy the keys that only it needed.")(purge)
    app.command(help="Take one person or one tip out everywhere; counts stay, and nobody writes to that number again.")(erase)


# --- purge ---


def purge(ctx: typer.Context, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """By kind. Tips that belong to a case stay with it."""
    as_json = as_json or ctx.obj.json
    if dry_run:
        due = run(_look(ctx.obj))
        if as_json:
            print_json({"due": {each.kind.value: each.rows for each in due}})
            return
        for each in due:
            print(_due_line(each))
        return
    done = run(_purge(ctx.obj))
    if as_json:
        keys = done.keys
        print_json({"rows": {kind.value: rows for kind, rows in done.rows.items()}, "files": done.files, "resealed": keys.resealed,
                    "destroyed": keys.destroyed, "waiting": keys.waiting, "stuck": keys.stuck})  # fmt: skip
        return
    for line in _purged_lines(done):
        print(line)


def _due_line(due: Due) -> str:
    if due.before is None:
        return f"{due.kind.value}: nothing yet, its term begins with the campaign's closing"
    return f"{due.kind.value}: {due.rows:,} rows from before {datetime.fromtimestamp(due.before / 1000, UTC):%Y-%m-%d}"


def _purged_lines(done: Purged) -> list[str]:
    lines = [f"{kind.value}: {rows:,} rows emptied" for kind, rows in done.rows.items()] or ["nothing has outlived its term"]
    if done.files:
        lines.append(f"{done.files:,} attachments removed")
    keys = done.keys
    if keys.destroyed:
        lines.append(
            f"destroyed data keys {', '.join(map(str, keys.destroyed))} after sealing {keys.resealed:,} values anew: make a backup now"
        )
    if keys.waiting:
        lines.append(
            f"data keys {', '.join(map(str, keys.waiting))} will be destroyed by a later purge, three days after they were retired"
        )
    if keys.stuck:
        lines.append(f"data keys {', '.join(map(str, keys.stuck))} stay: a value sealed with them is damaged; restore it or empty its row")
    lines += [f"{folder} could not be reached: copy a newer tinbao-keys.sealed over the one there" for folder in keys.unreached]
    return lines


async def _look(door: Door) -> list[Due]:
    from gateway.sending import now_ms
    from gateway.services.keeping.purge import look

    async with opened(door) as it:
        return await look(it.database, _terms(it), now_ms())


async def _purge(door: Door) -> Purged:
    from gateway.sending import now_ms
    from gateway.services.attachments import folder_beside
    from gateway.services.keeping.purge import purge

    async with opened(door) as it:
        return await purge(it.database, folder_beside(it.settings.spool_dir), _terms(it), now_ms(), secrets.token_bytes)


def _terms(it: Opened) -> Terms:
    from gateway.deployment import BadDeployment
    from gateway.domain.fault import Fault
    from gateway.retention_terms import load_terms

    faults: list[Fault] = []
    terms = load_terms(it.settings.config_dir, it.deployment.campaign, faults)
    if faults:
        raise BadDeployment(faults)
    return terms


# --- erase ---


def erase(
    ctx: typer.Context,
    tip: Annotated[str | None, typer.Option(metavar="CODE", help="One tip by its code.")] = None,
    msisdn: Annotated[bool, typer.Option("--msisdn", help="A person; the number is asked for, or read from stdin.")] = False,
    request: Annotated[int | None, typer.Option(metavar="N", help="The person of that request at the desk.")] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Take out their numbers and words. A number is never an argument: it would stand in the shell's history."""
    if sum((tip is not None, msisdn, request is not None)) != 1:
        fail("Say whom: one of --tip CODE, --msisdn, --request N", 2)
    number = _number() if msisdn else None
    done = run(_erase(ctx.obj, tip, number, request, dry_run=dry_run))
    if as_json or ctx.obj.json:
        print_json({"values": dict(done.counts), "in_words": done.in_words, "tips": done.tips, "case_tips": done.case_tips,
                    "files": done.files, "doomed": list(done.doomed), "first_key": done.first_key, "dry_run": dry_run})  # fmt: skip
        return
    for line in _erased_lines(done, dry_run=dry_run):
        print(line)


def _number() -> str:
    return typer.prompt("Number", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline().strip()


def _erased_lines(done: Erased, *, dry_run: bool) -> list[str]:
    if done.is_nothing:
        return ["there is nothing of them"]
    verb = "would be taken out" if dry_run else "taken out"
    lines = [f"{name}: {count:,} {verb}" for name, count in done.counts.items()]
    if done.in_words:
        lines.append(f"found in words: {done.in_words:,} {verb}")
    if done.case_tips:
        lines.append(f"{done.case_tips:,} tips belong to a case: their words stay there, the number goes")
    if done.doomed:
        lines.append(f"data keys {', '.join(map(str, done.doomed))} will be destroyed by `tinbao purge`: with them it leaves the backups")
    if done.first_key:
        lines.append("Some was sealed with the first key, which can't be destroyed: backups from before today still open it, remove them")
    return lines


async def _erase(door: Door, tip: str | None, number: str | None, request: int | None, *, dry_run: bool) -> Erased:
    from gateway.sending import now_ms
    from gateway.services.attachments import folder_beside
    from gateway.services.keeping.erase import erase, look

    async with opened(door) as it:
        whom = await _whom(it, tip, number, request)
        if dry_run:
            return await look(it.database, whom)
        return await erase(it.database, folder_beside(it.settings.spool_dir), whom, now_ms(), secrets.token_bytes)


async def _whom(it: Opened, tip: str | None, number: str | None, request: int | None) -> Whom:
    from gateway.domain.code import read_tip_code
    from gateway.services.keeping.erase import Whom
    from gateway.services.refusal import Refusal
    from gateway.storage.person_requests import find

    if tip is not None:
        return Whom(tip=read_tip_code(tip) or tip, why="command")
    if request is not None:
        async with it.database.read() as connection:
            found = await find(connection, request)
        if found is None or found.msisdn is None:
            raise Refusal(f"Request {request} names no number; name it with --msisdn")
        return Whom(number=found.msisdn, why=f"request {request}")
    return Whom(number=number, why="command")
