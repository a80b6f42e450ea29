"""A report is made: counted from its sources, set in its template's words, stored as the next version of its period."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.deployment import Deployment, shipped
from gateway.domain.figures import BY_NAME, FIVE, NAMES, OUTCOMES, Count, Figure, Kpi
from gateway.domain.paper_text import BadMarkup, Grid, guarded
from gateway.domain.period import Kind, Period, Reading, weekend_note
from gateway.domain.permission import Action, Actor
from gateway.domain.vietnamese import grouped, shown
from gateway.domain.window import local_day
from gateway.number_rules import NumberRules
from gateway.services.numbers.board import Asked, Board, board
from gateway.services.refusal import Refusal
from gateway.services.reporting.content import Content, Words
from gateway.services.reporting.counting import BEFORE, NOW, OTHER, TOTAL, Column, column, columns_of, rows_of
from gateway.storage import audit, report_book
from gateway.storage.audit import Entry
from gateway.storage.database import Database
from gateway.storage.report_book import FigureRow, NewReport, ReportRow

TITLE: Final = "BÁO CÁO"
CHANNELS: Final[Mapping[str, str]] = {
    "sms": "Tin nhắn SMS", "web": "Trang mã QR", "zalo": "Zalo", "ussd": "USSD", "phone": "Điện thoại", "paper": "Phiếu giấy",
    "walk_in": "Đến trực tiếp", "": "Chưa rõ",
}  # fmt: skip
_COLUMNS: Final = {NOW: "Trong kỳ", BEFORE: "Kỳ trước", TOTAL: "Từ đầu Chiến dịch"}
KINDS: Final[Mapping[Kind, str]] = {
    Kind.WEEK: "tuần", Kind.MONTH: "tháng", Kind.QUARTER: "quý", Kind.AD_HOC: "đột xuất", Kind.MID_TERM: "sơ kết", Kind.CLOSING: "tổng kết",
}  # fmt: skip


_CHOSEN: Final = (Kind.AD_HOC, Kind.MID_TERM, Kind.CLOSING)  # their days are named by a person, and are their name


@dataclass(frozen=True, slots=True)
class Order:
    """A report that somebody wants. `commune`: whose; the actor's own by default. `prices`: VND a segment by route."""

    period: Period
    rules: NumberRules
    prices: Mapping[str, int] = field(default_factory=dict)
    words: Words = field(default_factory=Words)
    commune: str | None = None


async def make_report(database: Database, deployment: Deployment, actor: Actor, order: Order, now: int) -> ReportRow:
    """Make and freeze a report; one that is there already gets another version. Raises Forbidden, Refusal, StorageDown."""
    commune = order.commune or actor.commune
    actor.need(Action.REPORT_MAKE, commune)
    today = local_day(now, deployment.campaign.timezone)
    if order.period.first > today:
        raise Refusal(f"Kỳ {order.period.name} chưa bắt đầu; chọn kỳ đã bắt đầu.")
    periods = columns_of(deployment, order.period, order.rules.day)
    async with database.read() as connection:
        columns = {name: await column(connection, deployment, name, each, commune) for name, each in periods.items()}
        earlier = {name: await _reported(connection, commune, each) for name, each in periods.items() if name in (NOW, BEFORE)}
    seen = await board(database, deployment, actor, Asked(order.period, order.rules, order.prices, commune))
    chosen = frozenset(order.rules.chosen.values())
    figures = [row for name, each in columns.items() for row in rows_of(each, chosen, earlier.get(name, ()))]
    content = compose(deployment, order, columns, figures, seen, today)
    packed = await asyncio.to_thread(lambda: [report_book.packed(source) for each in columns.values() for source in each.sources])
    period = order.period
    new = NewReport(
        commune, period.kind.value, period.first.isoformat(), period.last.isoformat(), period.reading.value if period.reading else "",
        period.due.isoformat() if period.due else None, order.words.json(), content.json(), now, actor.user,
    )  # fmt: skip

    async def unit(connection: AsyncConnection) -> ReportRow:
        made = await report_book.add(connection, new, figures, packed)
        detail = {"kind": made.kind, "first": made.first, "last": made.last, "version": made.version}
        await audit.note(connection, Entry(actor, Action.REPORT_MAKE, f"report:{made.id}", detail, commune), now)
        return made

    return await database.write(unit)


async def _reported(connection: AsyncConnection, commune: str, period: Period) -> list[FigureRow]:
    """What the last report on `period` said of it."""
    found = await report_book.latest(connection, commune, period.kind.value, period.first.isoformat(), period.last.isoformat())
    if found is None:
        return []
    return [each for each in await report_book.figures(connection, found.id) if each.name.endswith(f":{NOW}")]


# --- words and tables ---


def compose(
    deployment: Deployment, order: Order, columns: Mapping[str, Column], figures: Sequence[FigureRow], seen: Board, today: date
) -> Content:
    """The report in its template's words. Raises Refusal where a deployment's own template can't be used."""
    rules, campaign, period = order.rules, deployment.campaign, order.period
    commune = deployment.communes.get(order.commune or campaign.commune)
    name, title = (commune.name, commune.title) if commune else (campaign.commune_name, campaign.commune_title)
    own = rules.issuer if title == campaign.commune_title else ""
    issuer = own or f"ỦY BAN NHÂN DÂN\n{title.upper()}"
    values = _values(deployment, order, columns, figures, seen) | {"area": title, "issuer": _spoken(title)}
    try:
        template = _templates(deployment).get_template(f"report/vi/{period.kind.value}.j2")
        marked = template.render(values)
        made = Content(
            rules.superior, issuer, name, today, rules.number_ending, TITLE, _subject(period, title), marked,
            {"figures": _figures_grid(columns, rules), "channels": _channels(seen), "waves": _waves(seen)}, rules.signer, rules.signer_name,
            rules.recipients,
        )  # fmt: skip
        _ = made.blocks
    except (TemplateError, BadMarkup) as why:
        raise Refusal(f"the template report/vi/{period.kind.value}.j2 can't be used ({why}); correct it, or take it away") from None
    return made


def _spoken(title: str) -> str:
    return f"Ủy ban nhân dân {title}"


def _subject(period: Period, title: str) -> str:
    what = "Kết quả tiếp nhận, xác minh tin báo về mộ liệt sĩ, hài cốt liệt sĩ"
    if period.kind in _CHOSEN:
        return f"{what} trên địa bàn {title}\n({KINDS[period.kind]}, {period.name})"
    return f"{what}\ntrên địa bàn {title}, {period.name}"


def _templates(deployment: Deployment) -> Environment:
    """Every value that a template shows is guarded: words stay words."""
    places = [deployment.path / "templates", shipped("templates")]
    environment = ImmutableSandboxedEnvironment(  # its values are guarded, not escaped: what comes out is no HTML
        loader=FileSystemLoader(places), undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True, finalize=guarded
    )
    environment.filters["number"] = grouped
    return environment


def _values(
    deployment: Deployment, order: Order, columns: Mapping[str, Column], figures: Sequence[FigureRow], seen: Board
) -> dict[str, Any]:  # Any: what templates show
    period, rules = order.period, order.rules
    with_tips = {row.key for row in seen.by_village if row.tips}
    villages = [each for each in deployment.villages.values() if each.commune == (order.commune or deployment.campaign.commune)]
    return {
        "campaign": deployment.campaign.name,
        "legal_basis": deployment.campaign.legal_basis,
        "period": period,
        "dated": None if period.kind in _CHOSEN else (f"{period.first:%d/%m/%Y}", f"{period.last:%d/%m/%Y}"),
        "day": rules.day,
        "counts": {count.value: columns[NOW].counts.get(count, 0) for count in Count},
        "corrected": _corrected(figures),
        "reading_note": _reading_note(period, columns.get(OTHER), rules),
        "silent": [each.title for each in villages if each.code not in with_tips],
        "villages": len(villages),
        "waves": len(seen.waves),
        "cost": seen.cost.messages,
        "per_tip": seen.cost.per_tip,
        "per_right": seen.cost.per_right,
        "highlights": order.words.highlights,
        "difficulties": order.words.difficulties,
        "proposals": order.words.proposals,
    }


def _reading_note(period: Period, other: Column | None, rules: NumberRules) -> str:
    """Which reading of "the 25th" counts, what the other one would say, and a deadline on a weekend."""
    if period.reading is None or other is None:
        return ""
    cut = f"từ ngày {rules.day + 1} tháng trước đến hết ngày {rules.day}"
    ways = {Reading.CUT: cut, Reading.CALENDAR: f"theo tháng dương lịch, gửi vào ngày {rules.day} tháng sau"}
    tips, shown_other = other.counts[Count.TIPS], other.period
    notes = [
        f"Kỳ báo cáo được tính {ways[period.reading]}.",
        f"Nếu tính {ways[shown_other.reading or Reading.CALENDAR]} ({shown_other.days}) thì số tin báo là {grouped(tips)}.",
        weekend_note(period.due) if period.due else "",
    ]
    return " ".join(filter(None, notes))


def _corrected(figures: Sequence[FigureRow]) -> list[str]:
    """Sentences on figures that an earlier report had otherwise: those that count here."""
    found = []
    for row in figures:
        if row.was is None or not row.chosen:
            continue
        name, _, at = row.name.partition(":")
        definition = BY_NAME[name]
        was, now = Figure(definition, row.was, row.was_of), Figure(definition, row.value, row.of)
        found.append(f"{NAMES[definition.kpi]}, {_COLUMNS[at].lower()}: đã báo cáo {shown(was)}, nay là {shown(now)}")
    return found


def _figures_grid(columns: Mapping[str, Column], rules: NumberRules) -> Grid:
    """Every name of the plan in every way, the one that counts first."""
    present = [name for name in (NOW, BEFORE, TOTAL) if name in columns]
    rows: list[tuple[str, ...]] = []
    for number, kpi in enumerate((*FIVE, *OUTCOMES), 1):
        for at, definition in enumerate(_ordered(kpi, rules)):
            figures = [columns[name].figures[definition.name] for name in present]
            rows.append((str(number) if at == 0 else "", NAMES[kpi] if at == 0 else "", definition.rule, *map(shown, figures)))
    header = ("TT", "Chỉ số", "Cách tính", *(_COLUMNS[name] for name in present))
    widths = (0.8, 2.5, 4.0, *(2.0 for _ in present))
    return Grid(header, tuple(rows), widths, frozenset(range(3, 3 + len(present))))


def _ordered(kpi: Kpi, rules: NumberRules) -> list[Any]:  # Any: Definition
    chosen = BY_NAME[rules.chosen[kpi]]
    return [chosen, *(each for each in BY_NAME.values() if each.kpi is kpi and each is not chosen)]


def _channels(seen: Board) -> Grid:
    rows = [(CHANNELS.get(row.key, row.key), *map(grouped, (row.tips, row.concluded, row.right))) for row in seen.by_channel]
    sums = ("Cộng", *(grouped(sum(getattr(row, name) for row in seen.by_channel)) for name in ("tips", "concluded", "right")))
    header = ("Cách báo", "Tin báo", "Đã kết luận", "Đúng hoặc đúng một phần")
    return Grid(header, (*rows, sums), (3, 1.5, 1.5, 2), frozenset((1, 2, 3)), strong=True)


def _waves(seen: Board) -> Grid:
    rows = []
    for each in seen.waves:
        cost = "" if each.cost is None else grouped(each.cost)
        rows.append((each.wave.name, *map(grouped, (each.sent, each.delivered, each.answers, each.tips)), cost))
    header = ("Đợt nhắn tin", "Đã gửi", "Đến máy", "Người trả lời", "Tin báo", "Kinh phí (đồng)")
    return Grid(header, tuple(rows), (3, 1.4, 1.4, 1.4, 1.3, 1.8), frozenset(range(1, 6)))
