"""From what the use cases know to what a paper says: letterheads, texts, days and money as the papers take them.

The command line and the desk both write papers; so this stands below either, and above the papers, which know no use case.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from gateway.domain import breach as breaches
from gateway.domain.audience import LeftOut
from gateway.domain.cost import cost_vnd
from gateway.domain.sms_text import measured
from gateway.domain.window import local_day
from gateway.papers.order import Area, OrderPaper
from gateway.papers.page import Letterhead
from gateway.papers.person_request import BreachPaper
from gateway.papers.report import FigureLine, ReportPaper, SourceLine
from gateway.papers.route_report import AccountRow, AccountsPaper, PartnerRow, RouteAccount
from gateway.papers.wave_sheet import Approved, Sheet, SheetText
from gateway.papers.words import grouped
from gateway.services import approvals
from gateway.services.orders import campaign_fields
from gateway.services.preview import preview
from gateway.services.routes import route_named
from gateway.services.texts import fields_of
from gateway.storage import approvals as approval_rows
from gateway.storage import users

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gateway.deployment import Deployment
    from gateway.domain.audience import AudienceRule
    from gateway.domain.campaign import Campaign
    from gateway.domain.ramp import Ramp
    from gateway.services.orders import Order
    from gateway.services.preview import Preview
    from gateway.services.reporting.book import Made
    from gateway.services.reports import Line, RouteReport
    from gateway.services.routes import Route
    from gateway.storage.approvals import Approval
    from gateway.storage.breaches import Breach
    from gateway.storage.database import Database
    from gateway.storage.orders import Count
    from gateway.storage.waves import Wave

_WAYS: Final = {"passphrase": "duyệt bằng mật khẩu", "sms": "duyệt bằng tin nhắn DUYET"}
_LEFT_OUT: Final = {
    LeftOut.REPEATED: "Có tên nhiều lần trong danh sách",
    LeftOut.BLOCKED: "Trong danh sách chặn",
    LeftOut.OPTED_OUT: "Đã nhắn từ chối (TC)",
    LeftOut.NO_BASIS: "Chưa đồng ý, không có căn cứ pháp lý",
    LeftOut.UNREACHABLE: "Số thuê bao ngoài tuyến gửi",
    LeftOut.CAPPED: "Đã nhận đủ số tin cho phép trong ngày, trong tuần",
}
_UNITS: Final = {"segments": "bản tin", "messages": "tin", "requests": "lượt gửi"}
_NAMED: Final = 12  # villages that a paper names before it counts


def bodies(campaign: Campaign) -> tuple[str, str]:
    """(superior body, issuing body) of "UBND xã Thống Nhất - Ban Chỉ đạo xã"; a single name is the issuing body's."""
    superior, dash, issuer = campaign.issuer.partition(" - ")
    spelt = superior.replace("UBND", "Ủy ban nhân dân").strip()
    return (spelt, issuer.strip()) if dash else ("", spelt)


def moment(at_ms: int, timezone: str) -> str:
    """ "08:15 ngày 22/12/2026", local."""
    return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(timezone)).strftime("%H:%M ngày %d/%m/%Y")


def approved_of(approval: Approval | None, approver: str, timezone: str) -> Approved | None:
    """An approval in words."""
    return Approved(approver, moment(approval.at, timezone), _WAYS.get(approval.way, approval.way)) if approval else None


async def persons_of(database: Database, wave: Wave, fingerprint: bytes, timezone: str) -> tuple[str, Approved | None]:
    """(the planner's name or "", the approval if it holds for what stands there now)."""
    async with database.read() as connection:
        planner = await users.by_id(connection, wave.planner) if wave.planner is not None else None
        approval = await approval_rows.latest(connection, wave.id)
        approver = await users.by_id(connection, approval.approver) if approval is not None else None
    holds = approval if approval is not None and approval.hash == fingerprint else None
    return planner.name if planner else "", approved_of(holds, approver.name if approver else "", timezone)


def sheet_text(language: str, text: str, price_vnd: int, fields: tuple[str, ...] = (), recipients: int | None = None) -> SheetText:
    """A text with its measures. `fields`: what differs by person. `recipients`: how many get it."""
    measure = measured(text)
    return SheetText(language, text, measure.alphabet.label, measure.characters, measure.segments, price_vnd, fields, recipients)


def document_day(wave: Wave) -> date | None:
    """The day of the directing document."""
    return date.fromisoformat(wave.document_date) if wave.document_date else None


# --- a wave's sheet ---


async def sheet_now(database: Database, routes: Sequence[Route], deployment: Deployment, name: str, now: int) -> Sheet:
    """The paper for signature of wave `name` as it stands. Raises Refusal."""
    campaign = deployment.campaign
    seen = await preview(database, routes, campaign, name, now)
    fingerprint = approvals.fingerprint(seen.wave, routes)
    planner, approved = await persons_of(database, seen.wave, fingerprint, campaign.timezone)
    day = local_day(now, campaign.timezone)
    return sheet_of(seen, route_named(routes, seen.wave.route), deployment, planner, fingerprint, approved, day)


def sheet_of(
    preview: Preview, route: Route, deployment: Deployment, planner: str, fingerprint: bytes, approved: Approved | None, day: date
) -> Sheet:
    """The paper for signature of a planned wave of ours."""
    wave, campaign = preview.wave, deployment.campaign
    superior, issuer = bodies(campaign)
    return Sheet(
        superior, issuer, campaign.commune_name, day, campaign.name, campaign.legal_basis, wave.document or "", document_day(wave),
        wave.name, _ways(route), route.carrier.NAME, route.account.sender_id, wave.audience,
        tuple(_rule_words(preview.rule, deployment)),
        tuple((_LEFT_OUT[why], preview.tally.left_out[why]) for why in LeftOut if preview.tally.left_out[why]),
        tuple(_texts(preview, campaign)), wave.segments, route.price_vnd, wave.cost_ceiling, f"{str(wave.window).replace('-', ' - ')}",
        moment(wave.starts_at, campaign.timezone) if wave.starts_at else "khi có lệnh chạy sau phê duyệt", _pace(wave, route),
        _ramp(wave.ramp, wave.audience), planner, tuple(moment(at, campaign.timezone) for at in preview.tested_at), fingerprint, approved,
    )  # fmt: skip


def _ways(route: Route) -> str:
    return f"{route.name}, dự phòng: {', '.join(route.fallback)}" if route.fallback else route.name


def _texts(preview: Preview, campaign: Campaign) -> Iterator[SheetText]:
    """Each language's text as one person reads it, the longest of all where it is of that language."""
    for language, template in sorted(preview.wave.texts.items(), key=lambda each: (each[0] != preview.wave.language, each[0])):
        shown = next((each.text for each in preview.samples if each.language == language), template)
        if preview.longest is not None and preview.longest.language == language:
            shown = preview.longest.text
        own = tuple(sorted(fields_of(template) - campaign_fields(campaign, accented=False).keys()))
        yield sheet_text(language, shown, preview.price_vnd, own, preview.tally.languages[language])


def _rule_words(rule: AudienceRule, deployment: Deployment) -> Iterator[str]:
    yield (
        f"Người có tên trong danh sách {rule.list.name} (SHA-256 {rule.list.sha256[:8].upper()}…)"
        if rule.list
        else "Người đã đồng ý, hoặc có căn cứ pháp lý để gửi"
    )
    if rule.communes:
        yield f"Xã: {', '.join(deployment.communes[code].title for code in rule.communes if code in deployment.communes)}"
    if rule.villages:
        yield f"Thôn: {_some([_village(code, deployment) for code in rule.villages])}"
    if rule.tags:
        yield f"Nhóm: {', '.join(rule.tags)}"
    if rule.languages:
        yield f"Ngôn ngữ: {', '.join(rule.languages)}"
    if rule.phase is not None:
        yield f"Có liên hệ từ giai đoạn {rule.phase}"
    if rule.not_answered:
        yield f"Đã nhận đợt “{rule.not_answered}” mà chưa trả lời"


def _village(code: str, deployment: Deployment) -> str:
    village = deployment.villages.get(code)
    return f"{village.title} ({code})" if village else code


def _some(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:_NAMED])} và {more} thôn khác"


def _pace(wave: Wave, route: Route) -> str:
    unit = _UNITS[route.pace.unit]
    per = "một giây" if route.pace.per_s == 1 else f"{route.pace.per_s:g} giây"
    contract = f"theo hợp đồng, tối đa {grouped(route.pace.limit)} {unit} trong {per}" if route.pace.limit else "hợp đồng không giới hạn"
    return f"không quá {grouped(wave.pace_limit)} {unit} một giây ({contract})" if wave.pace_limit else contract


def _ramp(ramp: Ramp | None, audience: int) -> str:
    if ramp is None:
        return ""
    first, wait = f"{_per_cent(ramp.percent)} ({grouped(ramp.trial(audience))} người)", f"{grouped(round(ramp.wait_s / 60))} phút"
    return f"gửi trước {first}, chờ báo phát {wait}; quá {_per_cent(ramp.abort_percent)} không đến thì tự dừng, còn lại gửi tiếp"


def _per_cent(value: float) -> str:
    return f"{value:g} %".replace(".", ",")


# --- a partner order ---


async def order_now(database: Database, routes: Sequence[Route], deployment: Deployment, order: Order, now: int) -> OrderPaper:
    """The paper of an order as it stands. Raises Refusal."""
    fingerprint = approvals.fingerprint(order.wave, routes)
    planner, approved = await persons_of(database, order.wave, fingerprint, deployment.campaign.timezone)
    day = local_day(order.placed.ordered_at or now, deployment.campaign.timezone)
    return order_paper(order, route_named(routes, order.wave.route), deployment, planner, fingerprint, approved, day)


def order_paper(
    order: Order, route: Route, deployment: Deployment, planner: str, fingerprint: bytes, approved: Approved | None, day: date
) -> OrderPaper:
    """The order as the partner gets it."""
    wave, campaign = order.wave, deployment.campaign
    superior, issuer = bodies(campaign)
    first, last = str(wave.window).split("-")
    return OrderPaper(
        superior, issuer, campaign.commune_name, day, campaign.name, campaign.legal_basis, wave.document or "", document_day(wave),
        wave.name, route.name, route.carrier.NAME, route.account.sender_id,
        tuple(sheet_text(variant, text, route.price_vnd) for variant, text in wave.texts.items()),
        tuple(_area(code, deployment) for code in order.placed.area), order.first, order.last, (first, last), campaign.timezone,
        order.expected, route.price_vnd, wave.cost_ceiling, planner, fingerprint,
        needs_approval=order.placed.ordered_at is None, approved=approved,
    )  # fmt: skip


def _area(code: str, deployment: Deployment) -> Area:
    commune = deployment.communes.get(code)
    return Area(code, commune.title, commune.province) if commune else Area(code, "không còn trong communes.csv", "")


# --- the monthly accounts ---


def accounts_paper(report: RouteReport, deployment: Deployment, now: int) -> AccountsPaper:
    """The month for all routes that had something in it."""
    campaign = deployment.campaign
    superior, issuer = bodies(campaign)
    totals = {line.route: line for line in report.totals}
    names = sorted({*totals, *(each.route for each in report.partners)})
    return AccountsPaper(
        superior, issuer, campaign.commune_name, local_day(now, campaign.timezone), date.fromisoformat(f"{report.month}-01"),
        campaign.timezone, tuple(_account(name, report, totals) for name in names),
    )  # fmt: skip


def _account(name: str, report: RouteReport, totals: Mapping[str, Line]) -> RouteAccount:
    lines = [line for line in report.lines if line.route == name]
    price, total = report.prices.get(name), totals.get(name)
    partners = tuple(_partner_row(each.wave, each.count, price) for each in report.partners if each.route == name)
    return RouteAccount(name, price, tuple(map(_row, lines)), _row(total) if total else None, partners)


def _partner_row(wave: str, count: Count, price: int | None) -> PartnerRow:
    cost = None if price is None else cost_vnd(count.charged_segments, price)
    return PartnerRow(
        wave, count.variant, count.operator, date.fromisoformat(count.day), count.sent, count.delivered, count.failed,
        count.charged_segments, cost,
    )  # fmt: skip


def _row(line: Line) -> AccountRow:
    sums = line.sums
    known = sums.counted > 0
    return AccountRow(
        line.day, line.operator, sums.mts, sums.segments, sums.charged if known else None, line.difference if known else None,
        sums.delivered, sums.failed, sums.open, sums.uncertain, sums.refused, line.cost_ours, line.cost_carrier,
    )  # fmt: skip


# --- a report ---


def report_paper(made: Made) -> ReportPaper:
    """A frozen report as its files show it."""
    content = made.content
    figures = [FigureLine(each.name, each.value, each.of, each.chosen, each.was, each.was_of) for each in made.figures]
    sources = [SourceLine(each.name, each.kind, name, n) for each in made.sources for name, n in each.lines]
    return ReportPaper(
        content.superior, content.issuer, content.place, made.day, made.number, content.title, content.subject, content.blocks,
        content.signer, content.signer_name, content.recipients, made.is_draft, figures, sources,
    )  # fmt: skip


# --- a breach of personal data ---


def breach_paper(found: Breach, deployment: Deployment, now: int) -> BreachPaper:
    """The notice of a breach, for the commune's office to sign."""
    campaign = deployment.campaign
    commune = deployment.communes.get(found.commune)
    name, title = (commune.name, commune.title) if commune else (campaign.commune_name, campaign.commune_title)
    contact = f"{campaign.desk_name}, {campaign.hotline.national}" if campaign.hotline else campaign.desk_name
    return BreachPaper(
        Letterhead("", f"ỦY BAN NHÂN DÂN\n{title}", name, local_day(now, campaign.timezone)),
        found.id,
        moment(found.found_at, campaign.timezone),
        moment(found.began_at, campaign.timezone) if found.began_at else "chưa xác định",
        tuple(breaches.IN_WORDS[kind] for kind in found.kinds.split(",")),
        found.people,
        found.what,
        found.measures,
        contact,
        (found.told_agency_at or now) > found.found_at + breaches.NOTICE_MS,
    )
