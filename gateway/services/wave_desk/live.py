"""A wave while it goes, as the desk shows it: five states that add up, pace, money, routes in plain words, what needs a person."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from gateway.domain.keyword import Kind
from gateway.domain.message import MtState
from gateway.domain.permission import Action, Actor
from gateway.domain.wave import WaveState
from gateway.services.progress import Standing, standing
from gateway.services.route_standing import RouteStanding, route_standings
from gateway.services.routes import Route
from gateway.services.wave_desk.deciding import wave_named
from gateway.services.wave_desk.words import spoken
from gateway.storage import orders as order_rows
from gateway.storage import wave_desk as rows
from gateway.storage.database import Database
from gateway.storage.wave_mts import NO_CODE
from gateway.storage.waves import ASKING, TRIAL

SMALL: Final = 50_000  # recipients up to which the routes are counted: that reads every row of the wave
SHARES: Final[Mapping[str, tuple[str, ...]]] = {  # the five states, and what is in them
    "delivered": (MtState.DELIVERED,),
    "sent": (MtState.SENT,),
    "uncertain": (MtState.UNCERTAIN,),
    "failed": (MtState.FAILED, MtState.EXPIRED, MtState.SUPPRESSED, MtState.CANCELLED),
    "waiting": (MtState.QUEUED, MtState.CLAIMED, MtState.SENDING),
}
LABELS: Final[Mapping[str, str]] = {
    "delivered": "Đã tới máy",
    "sent": "Đã gửi, chờ báo phát",
    "uncertain": "Không rõ",
    "failed": "Không tới",
    "waiting": "Chờ gửi",
}
WHY_NOT: Final[Mapping[str, str]] = {
    "expired": "Hết hạn gửi",
    "suppressed": "Từ chối hoặc đủ tin, không gửi nữa",
    "cancelled": "Đã hủy trước khi gửi",
}


_CODES: Final[Mapping[str, str]] = {  # of the carriers, where they say something to an officer
    "absent": "Số không còn dùng",
    "no-receiver": "Số không còn dùng",
    "barred": "Người nhận chặn tin",
    "denied": "Người nhận chặn tin",
    "foreign": "Số của mạng khác",
    "not-routable": "Số của mạng khác",
    "misformed": "Số không đúng dạng",
    NO_CODE: "Nhà mạng không nói lý do",
}


@dataclass(frozen=True, slots=True)
class Share:
    """One of the five. `per_mille`: of the bar."""

    key: str
    label: str
    count: int
    per_mille: int


@dataclass(frozen=True, slots=True)
class RouteLine:
    """A route of the wave in plain words. `tone`: work, wait or done."""

    route: str
    state: str
    tone: str
    people: int
    sent: int
    failed: int
    delivered: int


@dataclass(frozen=True, slots=True)
class Glance:
    """A wave at the moment `at` (epoch ms). Money is VND; `balance`: the sentence that says whether the book agrees."""

    at: int
    id: int
    state: str
    reason: str
    asks: bool
    on_trial: bool
    audience: int
    shares: tuple[Share, ...]
    balanced: bool
    balance: str
    pace: float
    pace_set: int | None
    pace_contract: float | None
    unit: str
    spent: int
    ceiling: int | None
    counts_money: bool
    left: int
    eta: int | None
    opens_at: int | None
    routes: tuple[RouteLine, ...]
    why_failed: tuple[tuple[str, int], ...]
    uncertain: tuple[tuple[str, int], ...] = field(default=())
    tips: int = 0
    stops: int = 0
    over: bool = False

    def as_json(self) -> dict[str, Any]:  # Any: JSON
        """For the page's script."""
        return asdict(self)


async def glance(database: Database, actor: Actor, routes: Sequence[Route], id_: int, now: int, timezone: str) -> Glance:
    """How wave `id_` stands. Raises Refusal, Forbidden."""
    actor.need(Action.WAVE_READ)
    name = await wave_named(database, actor, id_)
    return await look(database, routes, id_, name, now, timezone)


async def look(database: Database, routes: Sequence[Route], id_: int, name: str, now: int, timezone: str) -> Glance:
    """The same for who was let in already: one look serves all who watch a wave."""
    with spoken():
        found = await standing(database, routes, name, now, timezone)
    async with database.read() as connection:
        answers = await order_rows.answers(connection, id_)
        by_route = await rows.by_route(connection, id_) if found.wave.audience <= SMALL else {}
    conditions = {each.route: each for each in await route_standings(database, routes, (), now, timezone)}
    return _glance(found, answers, by_route, conditions, routes)


def _glance(
    found: Standing, answers: Mapping[str, int], by_route: Mapping[str, Mapping[str, int]], conditions: Mapping[str, RouteStanding],
    routes: Sequence[Route],
) -> Glance:  # fmt: skip
    wave, counts = found.wave, found.counts
    shares = _shares(counts)
    whole = sum(share.count for share in shares)
    route = next((each for each in routes if each.name == wave.route), None)
    contract = route.pace.limit / route.pace.per_s if route and route.pace.limit else None
    why = [(WHY_NOT[state], counts[state]) for state in WHY_NOT if counts[state]]
    return Glance(
        found.at, wave.id, wave.state.value, reason(wave.reason), wave.ramp_state == ASKING,
        wave.ramp_state == TRIAL and wave.state is WaveState.RUNNING, wave.audience, shares, whole == wave.audience,
        _balance(shares, whole, wave.audience), round(found.pace_used, 1), wave.pace_limit, contract, found.unit, wave.spent,
        wave.cost_ceiling, found.counts_money, found.left, found.eta, found.opens_at,
        tuple(_line(name, states, conditions.get(name), found.at) for name, states in by_route.items()),
        (*((_why(code), many) for code, many in found.failed.items()), *why), tuple(found.uncertain.items()),
        answers.get(Kind.TIP, 0), answers.get(Kind.OPTOUT, 0),
        found.over,
    )  # fmt: skip


def _why(code: str) -> str:
    return _CODES.get(code, f"Mã nhà mạng: {code[:24]}")


def _shares(counts: Mapping[str, int]) -> tuple[Share, ...]:
    sums = {key: sum(counts[state] for state in states) for key, states in SHARES.items()}
    whole = sum(sums.values()) or 1
    return tuple(Share(key, LABELS[key], many, round(1000 * many / whole)) for key, many in sums.items())


def _balance(shares: Sequence[Share], whole: int, audience: int) -> str:
    added = " + ".join(_grouped(share.count) for share in shares)
    if whole == audience:
        return f"{added} = {_grouped(whole)}. Sổ khớp."
    return (
        f"{added} = {_grouped(whole)}, mà đợt có {_grouped(audience)} người. Sổ lệch {_grouped(abs(whole - audience))}: báo người quản trị."
    )


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", ".")


def reason(said: str | None) -> str:
    """Why a wave is paused or ended, in plain words: what a person wrote stays theirs."""
    if not said:
        return ""
    if said.startswith("by hand"):
        why = said.partition(": ")[2]
        return f"Có người bấm: {why}" if why else "Có người bấm"
    if said == "sent back":
        return "Đã trả lại người soạn"
    if said.startswith("ramp: ") and " failed" in said:
        return f"Phần gửi trước hỏng quá nhiều ({said.partition(': ')[2].split(' failed')[0].replace(' of ', ' trên ')} tin)"
    if said.startswith("ramp: "):
        return "Phần gửi trước đã đi, chưa có báo phát: cần người quyết"
    return f"Máy tự dừng ({said})"


def _line(name: str, states: Mapping[str, int], condition: RouteStanding | None, now: int) -> RouteLine:
    sums = {key: sum(states[state] for state in inner) for key, inner in SHARES.items()}
    people = sum(sums.values())
    said, tone = _said(condition, sums["waiting"], now)
    return RouteLine(name, said, tone, people, people - sums["waiting"], sums["failed"], sums["delivered"])


def _said(condition: RouteStanding | None, waiting: int, now: int) -> tuple[str, str]:
    if not waiting:
        return "Đã gửi hết", "done"
    if condition is None:
        return "Tuyến đang tắt: báo người quản trị", "wait"
    if condition.state == "held":
        return "Nhà mạng không cho gửi: báo người quản trị", "wait"
    if condition.state == "paused":
        seconds = max(1, -(-((condition.until or now) - now) // 1000))
        return f"Nghỉ {seconds} giây, mạng báo quá tải", "wait"
    return "Đang gửi", "work"
