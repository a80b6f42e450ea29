"""`/desk/reports`: reports are made, read, taken as files, signed and sent; the province's table; whose report is missing."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from aiohttp import web

from gateway.domain import period as periods
from gateway.domain.paper_text import Grid, Heading, Item, Text
from gateway.domain.period import Kind, Period
from gateway.domain.permission import Action
from gateway.number_rules import NumberRules
from gateway.paper_values import report_paper
from gateway.papers.document_pdf import document_pdf
from gateway.papers.docx import docx_file
from gateway.papers.report import COUNTED, ReportPaper, document_of, report_xlsx, roll_up_xlsx, sources_csv
from gateway.papers.report import KINDS as SOURCE_KINDS
from gateway.services.refusal import Refusal
from gateway.services.reporting import book, exchange, roll_up
from gateway.services.reporting.content import Words
from gateway.services.reporting.making import KINDS, Order, make_report
from gateway.services.reporting.missing import STATE_WORDS, duty_text, missing
from gateway.storage.report_book import ReportRow
from gateway.web.desk.kit import Form, actor, desk, form, needs, page, see_other
from gateway.web.desk.numbers import RULES, prices, today_of

_DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILES: Final[Mapping[str, tuple[str, Callable[[ReportPaper], bytes]]]] = MappingProxyType(
    {
        "docx": (_DOCX, lambda paper: docx_file(document_of(paper))),
        "pdf": ("application/pdf", lambda paper: document_pdf(document_of(paper))),
        "xlsx": (_XLSX, report_xlsx),
        "csv": ("text/csv", sources_csv),
    }
)
STATES: Final = MappingProxyType({"draft": "Bản thảo", "signed": "Đã ký", "sent": "Đã gửi"})
SOURCES: Final = STATES | {"foreign": "Xã gửi tệp", "counted": "Đếm lúc này"}
_BLOCKS: Final = {Heading: "heading", Text: "text", Item: "item", Grid: "grid"}
_MOST_LINES: Final = 40  # that somebody may write into a part
_SHOWN_SOURCES: Final = 60  # on the page; the files have them all


def add_reports(app: web.Application) -> None:
    """Put the pages of reports on `app`."""
    app.router.add_get("/desk/reports", show)
    app.router.add_post("/desk/reports", make)
    app.router.add_get("/desk/reports/province", province)
    app.router.add_get("/desk/reports/province.xlsx", province_file)
    app.router.add_post("/desk/reports/figures", take)
    app.router.add_get(r"/desk/reports/{id:\d{1,15}}", read)
    app.router.add_get(r"/desk/reports/{id:\d{1,15}}/figures.json", figures)
    app.router.add_get(r"/desk/reports/{id:\d{1,15}}/{ending:docx|pdf|xlsx|csv}", take_file)
    app.router.add_post(r"/desk/reports/{id:\d{1,15}}/sign", sign)
    app.router.add_post(r"/desk/reports/{id:\d{1,15}}/send", send)


# --- the list, and a new one ---


@needs(Action.NUMBERS_READ)
async def show(request: web.Request) -> web.StreamResponse:
    """All reports, what is missing, and the form for a new one."""
    here, who, rules = desk(request), actor(request), request.app[RULES]
    today = today_of(here)
    rows = await book.list_reports(here.database, who)
    late = await missing(here.database, here.deployment, who, rules, today)
    titles = {each.code: each.title for each in here.deployment.communes.values()}
    return page(
        request, "reports/list", rows=[_listed(row) for row in rows], choices=choices(rules, today), late=late, states=STATES,
        late_states=STATE_WORDS, titles=titles, duty=duty_text(late, titles), today=today, first=here.deployment.campaign.day_one,
        due=periods.month_of(today, rules.reading, rules.day).due, weekend=periods.weekend_note,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Listed:
    row: ReportRow
    kind: str
    days: str


def _listed(row: ReportRow) -> _Listed:
    first, last = date.fromisoformat(row.first), date.fromisoformat(row.last)
    return _Listed(row, KINDS[Kind(row.kind)], f"{first:%d/%m/%Y} – {last:%d/%m/%Y}")


def choices(rules: NumberRules, today: date) -> list[tuple[str, list[tuple[str, str]]]]:
    """Groups of periods to report on: (group, [(value, name)]), the latest first."""
    months = _back(periods.month_of(today, rules.reading, rules.day), 6, rules)
    weeks, quarters = _back(periods.week_of(today), 6, rules), _back(periods.quarter_of(today), 4, rules)
    groups = (("Tháng", months), ("Tuần", weeks), ("Quý", quarters))
    named = [(title, [(f"{each.kind}:{each.last}", _named(each)) for each in group]) for title, group in groups]
    spans = [(f"{kind}:", KINDS[kind]) for kind in (Kind.AD_HOC, Kind.MID_TERM, Kind.CLOSING)]
    return [*named, ("Từ ngày đến ngày", spans)]


def _named(period: Period) -> str:
    return f"{period.name} ({period.first:%d/%m} – {period.last:%d/%m})"


def _back(period: Period, many: int, rules: NumberRules) -> list[Period]:
    found = [period]
    while len(found) < many and (earlier := periods.before(found[-1], rules.day)) is not None:
        found.append(earlier)
    return found


@needs(Action.REPORT_MAKE)
async def make(request: web.Request) -> web.StreamResponse:
    """A new report, or the next version of one."""
    here, who, sent, rules = desk(request), actor(request), await form(request), request.app[RULES]
    order = Order(_period(sent, rules), rules, prices(here), _words(sent))
    made = await make_report(here.database, here.deployment, who, order, here.clock())
    version = f", bản {made.version}" if made.version > 1 else ""
    return see_other(request, f"/desk/reports/{made.id}", say=f"Đã lập báo cáo{version}. Đọc lại trước khi trình ký.")


def _period(sent: Form, rules: NumberRules) -> Period:
    kind, _, day = sent.text("period").partition(":")
    try:
        match Kind(kind):
            case Kind.WEEK:
                return periods.week_of(date.fromisoformat(day))
            case Kind.MONTH:
                return periods.month_of(date.fromisoformat(day), rules.reading, rules.day)
            case Kind.QUARTER:
                return periods.quarter_of(date.fromisoformat(day))
            case chosen:
                return periods.span(chosen, date.fromisoformat(sent.text("first")), date.fromisoformat(sent.text("last")))
    except ValueError:
        raise Refusal("Chưa rõ kỳ báo cáo. Chọn kỳ; báo cáo đột xuất, sơ kết, tổng kết thì ghi thêm từ ngày, đến ngày.") from None


def _words(sent: Form) -> Words:
    return Words(_lines(sent.text("highlights")), _lines(sent.text("difficulties")), _lines(sent.text("proposals")))


def _lines(text: str) -> tuple[str, ...]:
    """A point a line."""
    return tuple(line.strip()[:2_000] for line in text.splitlines() if line.strip())[:_MOST_LINES]


# --- one report ---


@needs(Action.NUMBERS_READ)
async def read(request: web.Request) -> web.StreamResponse:
    """A report as it will stand on paper, with its figures and their sources."""
    here, who = desk(request), actor(request)
    made = await book.read_report(here.database, who, _id(request))
    blocks = [(_BLOCKS[type(block)], block) for block in made.content.blocks]
    behind = [each for each in made.sources if each.name.endswith(":now")]
    return page(
        request, "reports/read", made=made, blocks=blocks, states=STATES, kind=KINDS[Kind(made.row.kind)], behind=behind,
        most=_SHOWN_SOURCES, today=today_of(here), listed=_listed(made.row), counted=COUNTED, source_kinds=SOURCE_KINDS,
    )  # fmt: skip


def _id(request: web.Request) -> int:
    return int(request.match_info["id"])


@needs(Action.NUMBERS_READ)
async def take_file(request: web.Request) -> web.StreamResponse:
    """The report as a file; noted in the log before it is handed over."""
    here, who, ending = desk(request), actor(request), request.match_info["ending"]
    made = await book.read_report(here.database, who, _id(request))
    media, draw = FILES[ending]
    body = await asyncio.to_thread(draw, report_paper(made))
    await book.note_export(here.database, who, made.row, ending, here.clock())
    return _attachment(body, media, f"bao-cao-{made.row.kind}-{made.row.last}-ban-{made.row.version}.{ending}")


def _attachment(body: bytes, media: str, name: str) -> web.Response:
    return web.Response(body=body, content_type=media, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@needs(Action.REPORT_SIGN)
async def sign(request: web.Request) -> web.StreamResponse:
    """A draft was signed on paper: its number and day."""
    here, sent = desk(request), await form(request)
    row = await book.sign_report(here.database, actor(request), _id(request), sent.text("number"), sent.text("signed_on"), here.clock())
    return see_other(request, f"/desk/reports/{row.id}", say="Đã ghi số và ngày ký.")


@needs(Action.REPORT_MAKE)
async def send(request: web.Request) -> web.StreamResponse:
    """A signed report has gone up."""
    here = desk(request)
    row = await book.send_report(here.database, actor(request), _id(request), here.clock())
    return see_other(request, f"/desk/reports/{row.id}", say="Đã ghi là đã gửi.")


# --- the province ---


@needs(Action.NUMBERS_READ)
async def province(request: web.Request) -> web.StreamResponse:
    """A month of all communes in one table."""
    months, period = _asked_month(request)
    table = await _table(request, period)
    return page(request, "reports/province", table=table, months=months, period=period, sources=SOURCES, names=roll_up.COLUMNS)


@needs(Action.NUMBERS_READ)
async def province_file(request: web.Request) -> web.StreamResponse:
    """The same as a workbook; noted in the log before it is handed over."""
    here, who = desk(request), actor(request)
    _, period = _asked_month(request)
    table = await _table(request, period)
    rows = [(row.title, SOURCES[row.state], [row.figures.get(name) for name in table.chosen]) for row in table.rows]
    rows.append(("Cộng", "", [table.total[name] for name in table.chosen]))
    body = await asyncio.to_thread(roll_up_xlsx, f"Tổng hợp {period.name}", [name for _, name in roll_up.COLUMNS], rows)
    await book.note_table(here.database, who, period.last.isoformat(), here.clock())
    return _attachment(body, _XLSX, f"tong-hop-{period.last}.xlsx")


def _asked_month(request: web.Request) -> tuple[list[Period], Period]:
    """The months to choose from, and the one that the address names: the present one else."""
    rules = request.app[RULES]
    months = _back(periods.month_of(today_of(desk(request)), rules.reading, rules.day), 12, rules)
    asked = request.query.get("month", "")
    return months, next((each for each in months if each.last.isoformat() == asked), months[0])


async def _table(request: web.Request, period: Period) -> roll_up.RollUp:
    here = desk(request)
    return await roll_up.roll_up(here.database, here.deployment, actor(request), request.app[RULES], period)


@needs(Action.NUMBERS_READ)
async def figures(request: web.Request) -> web.StreamResponse:
    """The figures of a report, signed, for a province with an installation of its own."""
    here, who = desk(request), actor(request)
    made = await book.read_report(here.database, who, _id(request))
    body = exchange.exported(here.database.keyring, made)
    await book.note_export(here.database, who, made.row, "figures.json", here.clock())
    return _attachment(body, "application/json", f"so-lieu-{made.row.commune}-{made.row.last}.json")


@needs(Action.REPORT_MAKE)
async def take(request: web.Request) -> web.StreamResponse:
    """Figures that a commune's own installation signed."""
    here, sent = desk(request), await form(request)
    upload = sent.file("file")
    if upload is None:
        raise Refusal("Chưa chọn tệp số liệu.")
    taken = await exchange.imported(here.database, here.deployment, actor(request), request.app[RULES], upload.read(), here.clock())
    return see_other(request, "/desk/reports/province", say=f"Đã nhận số liệu của {taken}.")
