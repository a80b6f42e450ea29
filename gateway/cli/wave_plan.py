"""`tinbao wave plan`: from a text and a rule to a wave whose messages wait."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from gateway.cli.context import Door, fail, opened, run
from gateway.cli.faults import AsJson
from gateway.cli.list_report import ListReport
from gateway.cli.passphrase import ask
from gateway.cli.stated import Day, Number, stated_document, stated_window

if TYPE_CHECKING:
    from gateway.cli.context import Opened
    from gateway.domain.audience import AudienceRule
    from gateway.domain.ramp import Ramp
    from gateway.domain.window import Window
    from gateway.services.planning import Plan, Planned

FIRST: Final = "vi"


def add_commands(wave: typer.Typer) -> None:
    """Add `plan` to `wave`."""
    wave.command(
        "plan", help="Make a wave and its messages; nothing is sent yet. The same --id again goes on where a dead planner stopped."
    )(plan)


@dataclass(frozen=True, slots=True)
class Asked:
    """The options as they were typed."""

    name: str
    route: str
    texts: Mapping[str, str]
    files: tuple[str, ...]
    template: str | None
    villages: tuple[str, ...]
    communes: tuple[str, ...]
    tags: tuple[str, ...]
    languages: tuple[str, ...]
    phase: int | None
    not_answered: str | None
    contacts: Path | None
    fields: tuple[str, ...]
    max_segments: int
    window: str | None
    start_at: str | None
    preset: str | None
    pace: int | None
    ramp: tuple[float, float, float] | None
    cost_ceiling: int | None
    document: tuple[str | None, str | None]
    planner: str | None
    again: bool


def plan(
    ctx: typer.Context,
    id: Annotated[str, typer.Option(help="The wave's name; planned once.")],  # noqa: A002 # the option's name
    route: Annotated[str, typer.Option(help="A route of gateway.toml.")],
    text: Annotated[str | None, typer.Option(help="The words, with fields: {{ thon }}, {{ ma_thon }}, {{ dau_so }}, {{ gia }} …")] = None,
    text_en: Annotated[str | None, typer.Option(help="The words for people who read English.")] = None,
    text_lo: Annotated[str | None, typer.Option(help="The words for people who read Lao.")] = None,
    text_file: Annotated[list[str] | None, typer.Option(help="LANG=FILE, the words from a file, e.g. vi=loi.txt; may be repeated.")] = None,
    template: Annotated[str | None, typer.Option(help="A ready text of templates/sms/waves, in all its languages.")] = None,
    village: Annotated[list[str] | None, typer.Option(help="A village code, may be repeated; default: all.")] = None,
    commune: Annotated[list[str] | None, typer.Option(help="An official commune code, may be repeated; default: all.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="Only who has one of these tags; may be repeated.")] = None,
    language: Annotated[list[str] | None, typer.Option(help="Only who reads one of these languages; may be repeated.")] = None,
    phase: Annotated[int | None, typer.Option(help="Only whom we came to know in this phase of the campaign.")] = None,
    not_answered: Annotated[str | None, typer.Option(help="Only who got this earlier wave and has written nothing since.")] = None,
    contacts: Annotated[
        Path | None, typer.Option(help="A list (CSV, XLSX) to import and address; else everybody known whom the other options name.")
    ] = None,
    field: Annotated[
        list[str] | None, typer.Option(help="Kind of a column of the list: ngay:date, so_tien:money, nam:int; with ? it may be empty.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write every repaired or left-out row of the list to this CSV.")] = None,
    max_segments: Annotated[int, typer.Option(help="Longest text allowed.", min=1)] = 1,
    window: Annotated[str | None, typer.Option(help="Local hours, e.g. 07:00-21:00; default: the campaign's.")] = None,
    start_at: Annotated[str | None, typer.Option(help='Local day and time before which nothing leaves, e.g. "2026-12-22 07:00".')] = None,
    preset: Annotated[str | None, typer.Option(help="Day and window from the campaign's calendar, e.g. 22/12 or 22/12-3.")] = None,
    pace: Annotated[int | None, typer.Option(help="Slower than the route's contract: its units a second.", min=1)] = None,
    ramp: Annotated[float | None, typer.Option(help="First this many per cent, then wait for the reports.")] = None,
    ramp_abort: Annotated[float, typer.Option(help="Stop when over this many per cent of the first part fail.")] = 10,
    ramp_wait: Annotated[float, typer.Option(help="How many seconds to wait for reports on the first part.")] = 600,
    cost_ceiling: Annotated[int | None, typer.Option(help="Stop at this cost, VND; default: what the plan costs.", min=0)] = None,
    document: Number = None,
    document_date: Day = None,
    as_: Annotated[
        str | None, typer.Option("--as", help="Who plans it; the passphrase is asked for. Without it nobody can approve.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="The same text to the same audience within 7 days is meant.")] = False,
    as_json: AsJson = False,
) -> None:
    door: Door = ctx.obj
    typed = {language: words for language, words in ((FIRST, text), ("en", text_en), ("lo", text_lo)) if words is not None}
    asked = Asked(
        id, route, typed, tuple(text_file or ()), template, tuple(code.upper() for code in village or ()), tuple(commune or ()),
        tuple(tag or ()), tuple(language or ()), phase, not_answered, contacts, tuple(field or ()), max_segments, window, start_at, preset,
        pace, (ramp, ramp_abort, ramp_wait) if ramp is not None else None, cost_ceiling,
        (document, document_date), as_, again,
    )  # fmt: skip
    passphrase = ask(f"Passphrase of {as_}") if as_ is not None else ""
    with ListReport(report) as listed, _progress() as progress:
        made, warnings = run(_plan(door, asked, passphrase, listed, progress))
    _tell(asked, made, warnings, as_json or door.json)


async def _plan(
    door: Door, asked: Asked, passphrase: str, report: ListReport, progress: Callable[[int, int], None]
) -> tuple[Planned, tuple[str, ...]]:
    """What was planned, and what can be said against it."""
    from gateway.sending import now_ms, routes_of
    from gateway.services import planning
    from gateway.services.routes import route_named

    async with opened(door) as it:
        chosen = route_named(routes_of(it.settings), asked.route)
        planner = None
        if asked.planner is not None:
            from gateway.services import users
            from gateway.storage.users import Role

            planner = (await users.check(it.database, asked.planner, passphrase, now_ms(), Role.PLANNER)).id
        with ExitStack() as stack:
            source = stack.enter_context(_open(asked.contacts)) if asked.contacts is not None else None
            wanted = replace(_wanted(it, asked, source, now_ms()), planner=planner)
            made = await planning.plan(
                it.database, chosen, it.deployment.campaign, it.deployment.villages, wanted, now_ms(), report.tell, progress
            )
        return made, tuple(_warnings(asked, made, chosen.max_unapproved))


def _warnings(asked: Asked, made: Planned, max_unapproved: int) -> Iterator[str]:
    if made.tally.forces_ucs2:
        yield f"these characters make the text up to three times as dear: {made.tally.forces_ucs2}"
    yield from made.warnings
    if asked.planner is None and made.audience > max_unapproved > 0:
        yield "nobody can approve this wave, because nobody said who planned it; cancel it and plan it with --as NAME"


def _tell(asked: Asked, made: Planned, warnings: tuple[str, ...], as_json: bool) -> None:
    from gateway.domain.cost import vnd

    for warning in warnings:
        typer.echo(warning, err=True)
    if as_json:
        typer.echo(json.dumps(_facts(asked, made), ensure_ascii=False))
        return
    again = "" if made.new else " (planned before, left as it is)"
    cost = f", {vnd(made.cost_vnd)}" if made.cost_vnd else ""
    typer.echo(
        f"{asked.name}{again}: {made.audience} messages, {made.tally.segments} segments, longest {made.tally.worst}{cost}; "
        f"{made.left_out} left out"
    )
    for words in made.tally.left_out_words():
        typer.echo(f"  {words}")
    typer.echo(f"next: tinbao wave preview {asked.name}")


def _facts(asked: Asked, made: Planned) -> dict[str, Any]:  # Any: JSON
    return {
        "wave": asked.name, "new": made.new, "audience": made.audience, "segments": made.tally.segments, "left_out": made.left_out,
        "left_out_why": made.tally.left_out_why, "worst": made.tally.worst, "forces_ucs2": made.tally.forces_ucs2,
        "cost_vnd": made.cost_vnd, "cost_ceiling": made.cost_ceiling, "resumed": made.resumed,
    }  # fmt: skip


# --- from what was typed to what is meant ---


def _wanted(it: Opened, asked: Asked, source: BufferedReader | None, now: int) -> Plan:
    """Raises Refusal, BadText; ends the command where an option is no such thing."""
    from gateway.domain.text_field import BadField, parse_field
    from gateway.services.planning import Plan

    window, starts_at = _when(it, asked, now)
    document = stated_document(*asked.document, it.deployment.campaign.timezone)
    try:
        fields = tuple(map(parse_field, asked.fields))
    except BadField as why:
        fail(str(why), 2)
    return Plan(
        asked.name, _texts(it, asked), _rule(it, asked, source), window, source, fields, asked.max_segments, starts_at, asked.pace,
        _ramp(asked), asked.cost_ceiling, document.number if document else None, document.day.isoformat() if document else None,
        again=asked.again,
    )  # fmt: skip


def _texts(it: Opened, asked: Asked) -> dict[str, str]:
    """Templates by language, the campaign's first language first. Raises BadText."""
    from gateway.services.ready_texts import ready_text

    found: dict[str, str] = {}
    if asked.template is not None:
        for language, ready in ready_text(it.deployment, asked.template).items():
            if ready.note:
                typer.echo(f"{asked.template} ({language}): {ready.note}", err=True)
            if not ready.note or language in asked.languages:  # what somebody must read first goes only where it was asked for by name
                found[language] = ready.template
    found |= dict(map(_from_file, asked.files)) | dict(asked.texts)
    if not found:
        fail("there is no text; write it after --text, or name a ready one with --template", 2)
    order = [*it.deployment.campaign.languages, *found]
    return dict(sorted(found.items(), key=lambda each: order.index(each[0])))


def _from_file(option: str) -> tuple[str, str]:
    language, _, name = option.partition("=")
    if not (name and language.isalpha() and language.islower()):
        fail(f"“{option}” names no text; write it like vi=loi.txt", 2)
    try:
        return language, Path(name).read_text("utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{name} can't be read ({getattr(error, 'strerror', None) or 'it is not UTF-8'}); save it as plain text", 2)


def _rule(it: Opened, asked: Asked, source: BufferedReader | None) -> AudienceRule:
    """Raises Refusal for a place that there is not."""
    from gateway.domain.audience import AudienceRule, ListFile
    from gateway.services.refusal import Refusal

    for kind, codes, known in (
        ("village", asked.villages, it.deployment.villages),
        ("commune", asked.communes, it.deployment.communes),
    ):
        if strange := [code for code in codes if code not in known]:
            raise Refusal(f"{strange[0]} is no {kind} of {kind}s.csv; tinbao villages check shows them")
    listed = None
    if source is not None and asked.contacts is not None:
        if asked.phase is not None:
            raise Refusal("a list's people are known from today on, so --phase says nothing of them; leave it out")
        listed = ListFile(asked.contacts.name, hashlib.file_digest(source, "sha256").hexdigest())
    return AudienceRule(asked.villages, asked.communes, asked.tags, asked.languages, asked.phase, asked.not_answered or "", listed)


def _when(it: Opened, asked: Asked, now: int) -> tuple[Window, int]:
    """The window, and the moment before which nothing leaves. Raises Refusal."""
    from gateway.domain import calendar
    from gateway.domain.window import Window, local_day
    from gateway.services.refusal import Refusal

    campaign = it.deployment.campaign
    window = stated_window(asked.window) if asked.window else Window.between(*campaign.window)
    if asked.preset is None:
        return window, _moment(asked.start_at, campaign.timezone, now) if asked.start_at else 0
    if asked.start_at is not None:
        fail("--preset names the day already; leave --start-at out", 2)
    known = calendar.presets(campaign, local_day(now, campaign.timezone))
    chosen = next((each for each in known if asked.preset in (each.key, each.name)), None)
    if chosen is None:
        names = ", ".join(f"{each.key} ({each.day:%d/%m/%Y})" for each in known)
        raise Refusal(f"the calendar has no “{asked.preset}” ahead; it has {names or 'no peak day any more'}")
    return window if asked.window else chosen.window, chosen.starts_at_ms


def _moment(text: str, timezone: str, now: int) -> int:
    """Raises Refusal for a time gone by."""
    from datetime import datetime

    from gateway.domain.window import moment_of
    from gateway.services.refusal import Refusal

    try:
        at = datetime.strptime(" ".join(text.replace("T", " ").split()), "%Y-%m-%d %H:%M")  # noqa: DTZ007 # local, by the campaign's zone
    except ValueError:
        fail(f"“{text}” is no time; write it like 2026-12-22 07:00", 2)
    moment = moment_of(at.date(), at.hour * 60 + at.minute, timezone)
    if moment < now:
        raise Refusal(f"{text} has gone by; name a time ahead, or leave --start-at out to begin with `tinbao wave start`")
    return moment


def _ramp(asked: Asked) -> Ramp | None:
    from gateway.domain.ramp import Ramp

    try:
        return Ramp(*asked.ramp) if asked.ramp is not None else None
    except ValueError as why:
        fail(f"{why}; write it like --ramp 1 --ramp-abort 10 --ramp-wait 600", 2)


def _open(path: Path) -> BufferedReader:
    try:
        return path.open("rb")
    except OSError as error:
        fail(f"{path.name} can't be read: {error.strerror}; check its name and permissions")


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal's stderr; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("planning"), BarColumn(), MofNCompleteColumn(), TextColumn("people"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("planning", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
