"""`/desk/numbers`: the board with the plan's five names, where tips come from, which villages are silent, what it costs, what is late."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from aiohttp import web
from markupsafe import Markup

from gateway.deployment import Deployment
from gateway.domain import period as periods
from gateway.domain.deadline import Step
from gateway.domain.figures import FIVE, NAMES, OUTCOMES, Figure
from gateway.domain.period import Kind, Period
from gateway.domain.permission import Action, Actor
from gateway.domain.print_cell import is_banner
from gateway.domain.vietnamese import grouped, tenths
from gateway.number_rules import NumberRules, load_number_rules
from gateway.services.numbers.board import Asked, Board, Measured, Row, board
from gateway.services.numbers.lateness import hanging_long, late_counts
from gateway.services.reporting.making import CHANNELS
from gateway.services.reporting.missing import STATE_WORDS, missing
from gateway.web.desk.casework.common import terms_of
from gateway.web.desk.charts import Bar, Spot, bar, columns, curve, points
from gateway.web.desk.kit import DESK, Desk, actor, desk, needs, page

RULES: Final = web.AppKey("number_rules", NumberRules)
_CHOICES: Final = ("week", "month", "quarter", "all")
LATE: Final[Mapping[Step, str]] = {
    Step.URGENT: "Tin gấp chưa ai nhận",
    Step.FIRST_READING: "Tin chưa đọc quá hạn",
    Step.FIELD_WORK: "Hồ sơ chưa có lịch thực địa",
    Step.FIELD_REPORT: "Thực địa chưa ghi kết quả",
    Step.OLD_WITNESS: "Người trên 80 tuổi, chưa gặp",
    Step.WITNESS: "Người biết chuyện, chưa gặp",
    Step.CUSTODY: "Bàn giao vật chứng chưa xác nhận",
    Step.COMMENDATION: "Đề nghị khen chưa quyết",
    Step.HAND_OVER: "Chuyển giao chưa có biên nhận",
    Step.COMPANION: "Đăng ký ADN chưa có người giúp",
    Step.APPOINTMENT: "Hẹn lấy mẫu đã qua",
}
_ARROWS: Final = {1: "nhiều hơn", 0: "bằng", -1: "ít hơn"}


def add_numbers(app: web.Application) -> None:
    """Put the board on `app`."""
    app[RULES] = load_number_rules(app[DESK].deployment.path)
    app.router.add_get("/desk/numbers", show)
    app.router.add_get("/desk/numbers/places", places)


@needs(Action.NUMBERS_READ)
async def show(request: web.Request) -> web.StreamResponse:
    """The board of a period."""
    here, who = desk(request), actor(request)
    rules, today = request.app[RULES], today_of(here)
    choice = request.query.get("period", "all")
    period = chosen_period(here.deployment, rules, choice, today)
    commune = _commune(here.deployment, who, request.query.get("commune", ""))
    seen = await board(here.database, here.deployment, who, Asked(period, rules, prices(here), commune))
    late = await missing(here.database, here.deployment, who, rules, today)
    steps = await late_counts(here.database, who, terms_of(here), here.deployment.campaign.timezone, here.clock())
    late_steps = [(LATE[step], n) for step, n in steps.items()]
    if long := await hanging_long(here.database, here.deployment, who, today):
        banners = await asyncio.to_thread(_banners, here.deployment)
        late_steps += [("Băng rôn quá 15 ngày", n) for n in [sum(n for piece, n in long.items() if piece in banners)] if n]
    drawn = {"channel_bars": _bars(seen.by_channel), "map": _map(here.deployment, seen, commune), "weeks": _weeks(seen)}
    return page(
        request, "numbers/board", board=seen, cards=[_card(each) for each in seen.measured if each.kpi in FIVE],
        outcomes=[each for each in seen.measured if each.kpi in OUTCOMES], names=NAMES, choice=choice,
        tabs=_tabs(here.deployment, rules, today), channels=CHANNELS, silent=[row for row in seen.by_village if row.key and not row.tips],
        commune=commune or "", due=periods.month_of(today, rules.reading, rules.day).due, today=today, late=late,
        late_states=STATE_WORDS, titles=_titles(here.deployment),
        weekend=periods.weekend_note, steps=late_steps, **drawn,
    )  # fmt: skip


@needs(Action.NUMBERS_READ)
async def places(request: web.Request) -> web.StreamResponse:
    """The funnel in full: every wave, village and placement."""
    here, who = desk(request), actor(request)
    rules, choice = request.app[RULES], request.query.get("period", "all")
    period = chosen_period(here.deployment, rules, choice, today_of(here))
    commune = _commune(here.deployment, who, request.query.get("commune", ""))
    seen = await board(here.database, here.deployment, who, Asked(period, rules, prices(here), commune))
    tabs = _tabs(here.deployment, rules, today_of(here))
    placements = [row for row in seen.by_placement if row.key and (row.scans or row.tips)][:500]
    return page(
        request,
        "numbers/places",
        board=seen,
        choice=choice,
        tabs=tabs,
        titles=_titles(here.deployment),
        placements=placements,
        commune=commune or "",
    )


def _banners(deployment: Deployment) -> frozenset[str]:
    """The names of the pieces that are banners."""
    from collateral.load import shop_of  # late: pieces are read only where something hangs too long

    return frozenset(name for name, piece in shop_of(deployment).pieces.items() if is_banner(piece.title))


# --- which days, whose ---


def today_of(here: Desk) -> date:
    """The local day."""
    return datetime.fromtimestamp(here.clock() / 1000, ZoneInfo(here.deployment.campaign.timezone)).date()


def prices(here: Desk) -> dict[str, int]:
    """VND a segment by route."""
    return {route.name: route.price_vnd for route in here.routes}


def chosen_period(deployment: Deployment, rules: NumberRules, choice: str, today: date) -> Period:
    """The period that a link or a form names; anything else is the whole campaign so far."""
    match choice:
        case "week":
            return periods.week_of(today)
        case "month":
            return periods.month_of(today, rules.reading, rules.day)
        case "quarter":
            return periods.quarter_of(today)
    first = deployment.campaign.day_one
    return Period(Kind.CLOSING, min(first, today), today, "từ đầu Chiến dịch")


def _tabs(deployment: Deployment, rules: NumberRules, today: date) -> list[tuple[str, str]]:
    found = [(choice, chosen_period(deployment, rules, choice, today)) for choice in _CHOICES]
    labels = {"week": "Tuần này", "all": "Từ đầu Chiến dịch"}
    return [(choice, labels.get(choice) or _label(each)) for choice, each in found]


def _label(period: Period) -> str:
    """ "Tháng 11 (26/10 – 25/11)"."""
    name = period.name.rpartition(" năm ")[0]
    return f"{name[:1].upper()}{name[1:]} ({period.first:%d/%m} – {period.last:%d/%m})"


def _commune(deployment: Deployment, who: Actor, asked: str) -> str | None:
    """The commune that somebody of the province looks into; everybody else has their own."""
    return asked if who.communes is None and asked in deployment.communes else None


def _titles(deployment: Deployment) -> dict[str, str]:
    """How villages and communes are called, by code."""
    villages = {code: each.title for code, each in deployment.villages.items()}
    return villages | {code: each.title for code, each in deployment.communes.items()}


# --- what is drawn ---


@dataclass(frozen=True, slots=True)
class _Card:
    """A figure as its card shows it. `values`: the way that counts, then the others."""

    measured: Measured
    name: str
    main: str
    unit: str
    fraction: str
    others: tuple[tuple[str, str, str], ...]
    change: str
    curve: Markup


def _card(measured: Measured) -> _Card:
    figure, name = measured.chosen, NAMES[measured.kpi]
    others = tuple((_main(each), _fraction(each), each.definition.rule) for each in measured.others)
    unit = figure.definition.unit if figure.of is None else ""
    return _Card(
        measured,
        name,
        _main(figure),
        unit,
        _fraction(figure),
        others,
        _change(figure, measured.before),
        curve(measured.curve, f"{name} qua thời gian"),
    )


def _main(figure: Figure) -> str:
    if figure.of is None:
        return grouped(figure.value)
    return "–" if figure.tenths is None else tenths(figure.tenths, figure.definition.percent)


def _fraction(figure: Figure) -> str:
    """ "402 người trả lời / 9.806 tin đã gửi"."""
    if figure.of is None:
        return f"{grouped(figure.value)} {figure.definition.unit}"
    above, _, below = figure.definition.unit.partition(" / ")
    return f"{grouped(figure.value)} {above} / {grouped(figure.of)} {below}"


def _change(now: Figure, before: Figure | None) -> str:
    """How it compares with the period before, in words."""
    if before is None:
        return ""
    if before.of == 0:
        return "Kỳ trước chưa có số để so"
    a, b = (now.value, before.value) if now.of is None else (now.tenths or 0, before.tenths or 0)
    return f"Kỳ trước {_main(before)}, kỳ này {_ARROWS[(a > b) - (a < b)]}"


def _bars(rows: Sequence[Row]) -> dict[str, Markup]:
    most = max((row.tips for row in rows), default=0)
    return {row.key: bar(row.tips, most) for row in rows}


def _weeks(seen: Board) -> Markup:
    bars = [Bar(f"{each.first:%d/%m}", each.tips, each.right) for each in seen.by_week]
    if not bars:
        return Markup("")
    best = max(seen.by_week, key=lambda each: each.tips)
    told = f"{len(bars)} tuần; nhiều nhất {grouped(best.tips)} tin, tuần từ {best.first:%d/%m/%Y}. Phần gạch chéo là tin đã xác minh đúng."
    return columns(bars, "Tin báo theo tuần", told)


def _map(deployment: Deployment, seen: Board, commune: str | None) -> Markup:
    tips = {row.key: row.tips for row in seen.by_village}
    spots = [
        Spot(each.title, each.lat, each.lon, tips[each.code])
        for each in deployment.villages.values()
        if each.lat is not None and each.lon is not None and each.code in tips and commune in (None, each.commune)
    ]
    silent = sum(1 for each in spots if not each.value)
    told = f"{len(spots)} thôn; vòng tròn càng lớn càng nhiều tin, {silent} ô vuông vàng là thôn chưa có tin."
    return points(spots, "Tin báo theo thôn", told)
