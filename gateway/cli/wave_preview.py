"""`tinbao wave preview` and `tinbao wave test`: what a planned wave would do, and how it reads on a phone of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway.cli.context import Door, fail, opened, run
from gateway.cli.faults import AsJson

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gateway.cli.context import Opened
    from gateway.domain.msisdn import Msisdn
    from gateway.services.own_phones import Tested
    from gateway.services.preview import Preview

_LANGUAGES: Final[Mapping[str, str]] = {"vi": "Vietnamese", "en": "English", "lo": "Lao"}
_ALPHABETS: Final[Mapping[str, str]] = {"gsm7": "GSM-7 (160 a segment)", "ucs2": "UCS-2 (70 a segment)"}
_WIDTH: Final = 110  # columns: longer lines are hard to read
_ROWS: Final = 12  # villages that are listed; the rest is summed up


def add_commands(wave: typer.Typer) -> None:
    """Add `preview` and `test` to `wave`."""
    wave.command("preview", help="What goes to whom, in which words, at what cost, until when; nothing is sent.")(preview)
    wave.command("test", help="Send the wave's text, in each of its languages, to phones of our own.")(try_out)


def preview(
    ctx: typer.Context, name: Annotated[str, typer.Argument(help="The wave.", show_default=False)], as_json: AsJson = False
) -> None:
    door: Door = ctx.obj
    found, titles, timezone = run(_preview(door, name))
    if as_json or door.json:
        typer.echo(json.dumps(found.facts(), ensure_ascii=False))
        return
    from rich.console import Console

    console = Console(highlight=False)
    console.print(shown(found, titles, timezone), width=min(console.width, _WIDTH))


async def _preview(door: Door, name: str) -> tuple[Preview, dict[str, str], str]:
    from gateway.sending import now_ms, routes_of
    from gateway.services import preview as use_case

    async with opened(door) as it:
        data = it.deployment
        found = await use_case.preview(it.database, routes_of(it.settings), data.campaign, name, now_ms())
        titles = {code: each.title for code, each in data.villages.items()} | {code: each.title for code, each in data.communes.items()}
        return found, titles, data.campaign.timezone


# --- the page ---


def shown(found: Preview, titles: Mapping[str, str], timezone: str) -> RenderableType:
    """The preview as a page for a terminal."""
    from rich.console import Group

    parts = (_facts(found, titles, timezone), _counts(found, titles), *_texts(found, titles), *_next(found))
    return Group(*(part for each in parts for part in (each, "")))


def _facts(found: Preview, titles: Mapping[str, str], timezone: str) -> RenderableType:
    from rich.box import ROUNDED
    from rich.panel import Panel
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, value in _lines(found, titles, timezone):
        table.add_row(name, value)
    title = f"[bold]Wave {found.wave.name}[/] · {found.wave.state.value}"
    return Panel(table, title=title, title_align="left", box=ROUNDED, padding=(1, 2))


def _lines(found: Preview, titles: Mapping[str, str], timezone: str) -> Iterator[tuple[str, str]]:
    from gateway.domain.cost import vnd

    wave, tally = found.wave, found.tally
    yield "For", found.rule.in_words(titles)
    yield "Messages", f"{tally.audience:,} in {tally.segments:,} segments; the longest text has {tally.worst}, {wave.max_segments} allowed"
    if found.price_vnd:
        ceiling = f"; it stops at {vnd(wave.cost_ceiling)}" if wave.cost_ceiling is not None else ""
        yield "Cost", f"{vnd(found.cost_vnd)}, {vnd(found.price_vnd)} a segment{ceiling}"
    else:
        yield "Cost", "not known: the route names no price_vnd"
    pace = f", {wave.pace_limit} a second at most" if wave.pace_limit else ""
    yield "Route", f"{wave.route}{pace}"
    yield "Window", f"{wave.window} on any day; not before {_moment(found.begins_at, timezone)}"
    yield "Ends", _ends(found, timezone)
    if wave.ramp is not None:
        first = wave.ramp.trial(wave.audience)
        yield "Ramp", f"first {first:,}, then up to {wave.ramp.wait_s:g} s for reports; stops over {wave.ramp.abort_percent:g} % failures"
    left = tally.left_out_words()
    yield "Left out", "\n".join(left) if left else "nobody"
    yield "Caps", _caps(found)
    yield "Tested", ", ".join(_moment(at, timezone) for at in found.tested_at) or f"not yet: tinbao wave test {wave.name} --to 0300…"
    if wave.document is not None:
        day = f" of {date.fromisoformat(wave.document_date):%d/%m/%Y}" if wave.document_date else ""
        yield "Document", f"{wave.document}{day}"


def _caps(found: Preview) -> str:
    per = [f"{most} in {span}" for most, span in ((found.caps.per_day, "24 hours"), (found.caps.per_week, "7 days")) if most]
    return f"{' and '.join(per)} a person; who has to wait, waits until the wave expires" if per else "none"


def _ends(found: Preview, timezone: str) -> str:
    expires = _moment(found.expires_at, timezone)
    if found.ends_at is None:
        return f"as soon as the route has taken them: no pace limits it; what is left on {expires} expires"
    at = _moment(found.ends_at, timezone)
    if found.ends_at > found.expires_at:
        return f"[bold red]{at}, but its messages expire on {expires}[/]; make it faster, widen the window or split it"
    return f"{at} if it starts then; what is left on {expires} expires"


def _moment(at_ms: int, timezone: str) -> str:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    return f"{datetime.fromtimestamp(at_ms / 1000, ZoneInfo(timezone)):%H:%M %d/%m/%Y}"


def _counts(found: Preview, titles: Mapping[str, str]) -> RenderableType:
    """Villages on the left; languages, operators, segments and alphabets on the right."""
    from rich.table import Table

    tally = found.tally
    page = Table.grid(padding=(0, 6))
    villages = {f"{titles.get(code, '')} ({code})" if code else "no village": count for code, count in tally.villages.items()}
    right = Table.grid()
    right.add_row(_counted("Language", {_LANGUAGES.get(code, code): count for code, count in tally.languages.items()}))
    right.add_row(_counted("Operator, by prefix", {name or "not known": count for name, count in tally.operators.items()}))
    right.add_row(_counted("Segments", dict(sorted(tally.by_segments.items()))))
    right.add_row(_counted("Alphabet", {_ALPHABETS.get(label, label): count for label, count in tally.alphabets.items()}))
    page.add_row(_counted("Village", villages), right)
    return page


def _counted(head: str, counts: Mapping[str, int]) -> RenderableType:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    table.add_column(head)
    table.add_column("messages", justify="right")
    ordered = sorted(counts.items(), key=lambda pair: -pair[1])
    for name, count in ordered[:_ROWS]:
        table.add_row(name, f"{count:,}")
    if more := ordered[_ROWS:]:
        table.add_row(f"{len(more)} more", f"{sum(count for _, count in more):,}")
    return table


def _texts(found: Preview, titles: Mapping[str, str]) -> Iterator[RenderableType]:
    """Each language's texts as they would read, and what is to be said of them."""
    from rich.box import ROUNDED
    from rich.markup import escape
    from rich.panel import Panel

    for language, report in found.reports.items():
        samples = [each for each in found.samples if each.language == language]
        longest = found.longest if found.longest and found.longest.language == language else None
        body = []
        for each in samples:
            where = f"{titles.get(each.village, '')} ({each.village})" if each.village else "no village"
            body.append(f"[dim]{escape(where)}, {_segments(each.segments)}[/]\n{escape(each.text)}")
        if longest is not None and longest.text not in [each.text for each in samples]:
            body.append(f"[dim]the longest, {len(longest.text)} characters, {_segments(longest.segments)}[/]\n{escape(longest.text)}")
        body.append("\n".join(f"[{'red' if not report.sendable else 'cyan'}]›[/] {escape(line)}" for line in report.lines()))
        title = f"[bold]{_LANGUAGES.get(language, language)}[/], personal fields masked"
        yield Panel("\n\n".join(body), title=title, title_align="left", box=ROUNDED, padding=(1, 2))


def _segments(count: int) -> str:
    return f"{count} segment{'' if count == 1 else 's'}"


def _next(found: Preview) -> Iterator[RenderableType]:
    from gateway.domain.wave import WaveState

    if found.wave.state is WaveState.PLANNED:
        name = found.wave.name
        yield f"next: tinbao wave test {name} --to 0300…, then tinbao wave approve {name}, then tinbao wave start {name}"


# --- test ---


def try_out(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The wave.", show_default=False)],
    to: Annotated[list[str], typer.Option(help="A phone of ours, or the name of a user with one; may be repeated, at most 5.")],
    as_json: AsJson = False,
) -> None:
    door: Door = ctx.obj
    done = run(_test(door, name, to))
    if as_json or door.json:
        typer.echo(
            json.dumps(
                {"wave": name, "sent": done.sent, "opted_out": done.opted_out, "segments": done.segments, "languages": done.languages,
                 "send_ids": done.send_ids}
            )
        )  # fmt: skip
        return
    stopped = f"; {done.opted_out} to people who said stop are left out" if done.opted_out else ""
    typer.echo(f"{name}: {done.sent} test messages, {done.segments} segments, in {' and '.join(done.languages)}{stopped}")


async def _test(door: Door, name: str, to: list[str]) -> Tested:
    from gateway.sending import now_ms, routes_of
    from gateway.services.own_phones import send_tests

    async with opened(door) as it:
        phones = [await _phone(it, each) for each in to]
        return await send_tests(it.database, routes_of(it.settings), it.deployment.campaign, name, phones, now_ms())


async def _phone(it: Opened, written: str) -> Msisdn:
    """A number, or a user's."""
    from gateway.domain.msisdn import BadMsisdn, Msisdn
    from gateway.storage import users

    async with it.database.read() as connection:
        user = await users.named(connection, written)
    if user is not None and user.phone is not None:
        return user.phone
    try:
        return Msisdn.parse(written)
    except BadMsisdn:
        who = f"{user.name} has no phone in the list of users" if user else "--to names neither a number nor a user"
        fail(f"{who}; write it like --to 0300000101", 2)
