"""Partner orders: a wave that the telecom sends to its own subscribers of an area (field.md §2.2). No number passes either way.

planned -> approved -> running (handed over, on paper or over HTTP) -> done (its counts are in and somebody closed it)
"""

import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.carriers.orders import AreaOrder, TakesOrders, takes_orders
from gateway.carriers.protocol import Accepted
from gateway.carriers.wire import HttpRequest, HttpResponse, LostAnswer, NotSent
from gateway.domain.campaign import Campaign
from gateway.domain.caps import WEEK_MS
from gateway.domain.cost import cost_vnd, vnd
from gateway.domain.document import Document
from gateway.domain.failure import Failure, Refused
from gateway.domain.fault import Fault
from gateway.domain.segments import segments_of
from gateway.domain.sms_text import examine
from gateway.domain.wave import WaveKind, WaveState
from gateway.domain.window import Window, local_day, moment_of
from gateway.services import approvals
from gateway.services.order_counts import Ordered, differences, read_counts
from gateway.services.refusal import Refusal
from gateway.services.routes import Route, route_named
from gateway.services.texts import BadText, fields_of, filled, rules_of
from gateway.storage import approvals as approval_rows
from gateway.storage import orders as rows
from gateway.storage import wave_mts, waves
from gateway.storage.database import Database
from gateway.storage.orders import Count, PartnerOrder
from gateway.storage.waves import NewWave, Wave

MOST_DAYS: Final = 31
Send = Callable[[HttpRequest], Awaitable[HttpResponse]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """An order to plan. `texts`: templates by variant, a language; `expected`: subscribers that we think are there. Money is VND."""

    name: str
    texts: Mapping[str, str] = field(repr=False)
    area: tuple[str, ...]
    first: date
    last: date
    window: Window
    expected: int | None = None
    max_segments: int = 1
    cost_ceiling: int | None = None
    document: Document | None = None
    planner: int | None = None
    again: bool = False
    commune: str | None = None  # whose order it is; None: the campaign's


@dataclass(frozen=True, slots=True)
class Order:
    """A partner order as it stands. `first`, `last`: its days; `wave.texts` are the words themselves, no templates."""

    wave: Wave
    placed: PartnerOrder
    first: date
    last: date
    expected: int | None

    @property
    def handed_over(self) -> bool:
        """Whether the partner has it: on paper, or because the carrier took it. After a lost answer it may have it, and this says no."""
        return self.placed.ordered_at is not None and self.wave.state in _HANDED_OVER

    @property
    def segments(self) -> Mapping[str, int]:
        """Of each text."""
        return {variant: segments_of(text) for variant, text in self.wave.texts.items()}

    def ordered(self, price_vnd: int) -> Ordered:
        """What its counts are held against, at that price a segment."""
        return Ordered(self.wave.texts, self.first, self.last, self.expected, price_vnd, self.wave.cost_ceiling)


def campaign_fields(campaign: Campaign, accented: bool) -> dict[str, str]:
    """What a text to everybody in an area may name: the campaign's own, nobody's village."""
    return {
        "dau_so": campaign.short_code,
        "gia": campaign.price_note(accented),
        "xa": campaign.commune_title,
        "duong_day_nong": campaign.hotline.national if campaign.hotline else "",
    }


# --- plan ---


async def plan(
    database: Database, route: Route, campaign: Campaign, communes: Collection[str], wanted: Wanted, now: int
) -> tuple[Order, bool]:
    """Store the order. (it, True), or (what is there, False) when an order of this name exists. Raises Refusal, BadText."""
    texts = {variant: _words(variant, template, campaign) for variant, template in wanted.texts.items()}
    _check(wanted, texts, route, communes)
    if wanted.last < (today := local_day(now, campaign.timezone)):
        raise Refusal(f"the day {wanted.last} has gone by, today is {today}; name days ahead with --from and --until")
    likeness = database.keyring.blind(json.dumps([texts, sorted(wanted.area)], ensure_ascii=False, sort_keys=True), "wave.likeness")
    longest = max(map(segments_of, texts.values()))
    frame = _frame(wanted, texts, route, campaign, likeness)

    async def unit(connection: AsyncConnection) -> tuple[Order, bool]:
        before = await waves.alike(connection, likeness, now - WEEK_MS)
        wave_id = await waves.create(connection, frame, now)
        if wave_id is None:
            return await _found(connection, wanted.name), False
        if before is not None and not wanted.again:
            raise Refusal(f"order {before} of the last seven days has the same texts for the same area; if it is meant, add --again")
        await rows.add(connection, wave_id, wanted.area)
        people = wanted.expected or 0
        await waves.planned(connection, wave_id, _TOKEN, people, people * longest)
        return await _found(connection, wanted.name), True

    return await database.write(unit)


_TOKEN: Final = "order"  # noqa: S105 # an order is planned in one transaction: nobody else can be at it


def _frame(wanted: Wanted, texts: Mapping[str, str], route: Route, campaign: Campaign, likeness: bytes) -> NewWave:
    rule: dict[str, Any] = {  # Any: JSON
        "area": list(wanted.area),
        "days": [wanted.first.isoformat(), wanted.last.isoformat()],
        "expected": wanted.expected,
    }
    return NewWave(
        wanted.name,
        wanted.commune or campaign.commune,
        route.name,
        texts,
        wanted.window,
        rule,
        max_segments=wanted.max_segments,
        kind=WaveKind.PARTNER,
        starts_at=moment_of(wanted.first, wanted.window.first, campaign.timezone),
        cost_ceiling=wanted.cost_ceiling,
        document=wanted.document.number if wanted.document else None,
        document_date=wanted.document.day.isoformat() if wanted.document else None,
        planner=wanted.planner,
        likeness=likeness,
        planning=_TOKEN,
    )


def _words(variant: str, template: str, campaign: Campaign) -> str:
    """The text with the campaign's numbers: from here on the words are fixed. Raises BadText."""
    known = campaign_fields(campaign, accented=not template.isascii())
    if strange := sorted(fields_of(template) - known.keys()):
        raise BadText(f"the text {variant} names {{{{ {strange[0]} }}}}, and everybody in an area gets the same; leave it out")
    text = filled(template, known)
    if "{{" in text or "{%" in text or "{#" in text:
        raise BadText(f"the text {variant} holds curly brackets that are no field; write round ones")
    return text


def _check(wanted: Wanted, texts: Mapping[str, str], route: Route, communes: Collection[str]) -> None:
    if not wanted.name or wanted.name != wanted.name.strip() or "/" in wanted.name or "\\" in wanted.name or wanted.name.startswith("."):
        raise Refusal(f"“{wanted.name}” is no name for a wave; it names files too: write letters, digits and dashes")
    if not wanted.area:
        raise Refusal("the order names no area; add --area with a commune's code of communes.csv")
    if strange := [code for code in wanted.area if code not in communes]:
        raise Refusal(f"{strange[0]} is no commune of communes.csv; add its row there, or write its five-digit code")
    if not wanted.first <= wanted.last or (wanted.last - wanted.first).days >= MOST_DAYS:
        raise Refusal(f"an order is for 1 to {MOST_DAYS} days, and {wanted.first} to {wanted.last} is not; change --from or --until")
    for variant, text in texts.items():
        report = examine(text, route.price_vnd, rules_of(route), wanted.max_segments)
        if binding := next((each for each in report.objections if each.binding), None):
            raise Refusal(f"text {variant}: {binding}")
    most = cost_vnd((wanted.expected or 0) * max(map(segments_of, texts.values())), route.price_vnd)
    if wanted.cost_ceiling is not None and most > wanted.cost_ceiling:
        raise Refusal(f"the order may cost {vnd(most)}, over its ceiling of {vnd(wanted.cost_ceiling)}; raise it or shorten the texts")


# --- as it stands ---


async def find(database: Database, name: str) -> Order:
    """The order of that name. Raises Refusal."""
    async with database.read() as connection:
        return await _found(connection, name)


async def _found(connection: AsyncConnection, name: str) -> Order:
    wave = await waves.find(connection, name)
    if wave is None:
        raise Refusal(f"there is no order {name}; plan it: tinbao wave order {name} --route …, or look: tinbao wave list")
    placed = await rows.find(connection, wave.id)
    if placed is None:
        raise Refusal(f"wave {name} is sent by ourselves and is no partner order; tinbao wave show {name}")
    first, last = map(date.fromisoformat, wave.audience_rule["days"])
    texts = dict(sorted(wave.texts.items(), key=lambda each: (each[0] != wave.language, each[0])))  # "Mẫu 1" is the same on every paper
    return Order(replace(wave, texts=texts), placed, first, last, wave.audience_rule.get("expected"))


async def _locked(connection: AsyncConnection, name: str) -> Order:
    await wave_mts.lock(connection, name)
    return await _found(connection, name)


# --- hand over ---

_HANDED_OVER: Final = (WaveState.RUNNING, WaveState.PAUSED, WaveState.DONE)


async def hand_over(database: Database, routes: Sequence[Route], name: str, now: int) -> Order:
    """planned or approved -> running: its document may be given to the partner. Handed over before: as it stands. Raises Refusal."""

    async def unit(connection: AsyncConnection) -> Order:
        order = await _locked(connection, name)
        if order.handed_over:
            return order
        await _may_go(connection, order, routes, now)
        await rows.hand_over(connection, order.wave.id, now)
        await waves.move(connection, order.wave.id, WaveState.RUNNING, now)  # no move where it runs already
        return await _found(connection, name)

    return await database.write(unit)


async def _may_go(connection: AsyncConnection, order: Order, routes: Sequence[Route], now: int) -> None:
    if order.wave.state not in (WaveState.PLANNED, WaveState.APPROVED, WaveState.RUNNING):
        why = f" ({order.wave.reason})" if order.wave.reason else ""
        raise Refusal(f"order {order.wave.name} is {order.wave.state.value}{why} and can't be handed over; plan a new one")
    await approvals.require(connection, order.wave, routes, now)


async def send(database: Database, routes: Sequence[Route], name: str, timezone: str, http: Send, now: int) -> tuple[Order, bool]:
    """Place the order over HTTP. (it, True), or (it, False) when the carrier has it already. Raises Refusal: a lost answer too.

    `ordered_at` is committed before the request is written; a refusal takes it back. After a lost answer the same request may go again:
    the carrier knows it by its ref (`carriers/orders.py`).
    """
    order = await find(database, name)
    route = route_named(routes, order.wave.route)
    carrier = route.carrier
    if not takes_orders(carrier):
        raise Refusal(f"route {route.name} takes no orders over HTTP; write the document instead: tinbao wave order {name} --out DIR")
    order = await database.write(lambda connection: _begin(connection, routes, name, now))
    if order.placed.carrier_ref is not None:
        return order, False
    outcome = await _ask(carrier, route, order, timezone, await _approval_of(database, order), http)
    if isinstance(outcome, Accepted):
        return await database.write(lambda connection: _ordered(connection, name, outcome.carrier_ref or name, now)), True
    if not outcome.maybe_sent:
        await database.write(lambda connection: _refused(connection, name))
        raise Refusal(f"the carrier of route {route.name} refused order {name} ({outcome.code}, {outcome.kind.value}); nothing was ordered")
    raise Refusal(
        f"the answer to order {name} was lost ({outcome.code}): it may have been placed; send it again, the carrier knows it by its name"
    )


async def _begin(connection: AsyncConnection, routes: Sequence[Route], name: str, now: int) -> Order:
    order = await _locked(connection, name)
    if not order.handed_over:
        await _may_go(connection, order, routes, now)
    if order.wave.state is WaveState.DONE:
        raise Refusal(f"order {name} is done already")
    await rows.hand_over(connection, order.wave.id, now)
    return order


async def _ask(carrier: TakesOrders, route: Route, order: Order, timezone: str, approval: str, http: Send) -> Accepted | Refused:
    """Write the request, once."""
    request = carrier.build_order(route.account, area_order(order, timezone, approval))
    try:
        return carrier.parse_order(await http(request))
    except NotSent:
        return Refused(Failure.RETRYABLE, "not-sent")
    except LostAnswer:
        return Refused(Failure.RETRYABLE, "lost", maybe_sent=True)


async def _approval_of(database: Database, order: Order) -> str:
    async with database.read() as connection:
        approval = await approval_rows.latest(connection, order.wave.id)
    return approval.hash.hex() if approval else ""


def area_order(order: Order, timezone: str, approval: str) -> AreaOrder:
    """What the carrier is told. `approval`: hex of the approved fingerprint, or ""."""
    wave = order.wave
    hours = str(wave.window).split("-")
    return AreaOrder(
        wave.name, wave.texts, order.placed.area, order.first.isoformat(), order.last.isoformat(), (hours[0], hours[1]), timezone,
        order.expected, wave.document or "", approval,
    )  # fmt: skip


async def _ordered(connection: AsyncConnection, name: str, carrier_ref: str, now: int) -> Order:
    order = await _locked(connection, name)
    await rows.set_carrier_ref(connection, order.wave.id, carrier_ref)
    if order.wave.state not in _HANDED_OVER:
        await waves.move(connection, order.wave.id, WaveState.RUNNING, now)
    return await _found(connection, name)


async def _refused(connection: AsyncConnection, name: str) -> None:
    order = await _locked(connection, name)
    if order.wave.state not in _HANDED_OVER:  # handed over on paper before: that stands
        await rows.take_back(connection, order.wave.id)


# --- what came of it ---


@dataclass(frozen=True, slots=True)
class Imported:
    """A partner's list taken in. `changed`: (before, after) where it says otherwise than an earlier one; `same`: rows known already."""

    new: tuple[Count, ...]
    changed: tuple[tuple[Count, Count], ...]
    same: int
    totals: int
    faults: tuple[Fault, ...]
    differences: tuple[str, ...]


async def import_counts(database: Database, routes: Sequence[Route], name: str, data: bytes, file: str, now: int) -> Imported:
    """Take in the partner's counts: good rows are stored, bad ones named; the same list twice changes nothing. Raises Refusal."""
    order = await find(database, name)
    if order.placed.ordered_at is None:
        raise Refusal(f"order {name} was not handed over, so there is nothing to count; tinbao wave order {name} --out DIR")
    found = read_counts(data, file, list(order.wave.texts))

    async def unit(connection: AsyncConnection) -> Imported:
        await wave_mts.lock(connection, name)
        before = {count.key: count for count in await rows.counts_of(connection, order.wave.id)}
        new = tuple(count for count in found.counts if count.key not in before)
        changed = tuple((before[count.key], count) for count in found.counts if before.get(count.key, count) != count)
        await rows.put_counts(connection, order.wave.id, [*new, *(after for _, after in changed)], now)
        all_counts = await rows.counts_of(connection, order.wave.id)
        same = len(found.counts) - len(new) - len(changed)
        return Imported(new, changed, same, found.totals, found.faults, differences(order.ordered(_price(routes, order)), all_counts))

    return await database.write(unit)


@dataclass(frozen=True, slots=True)
class Standing:
    """An order with what came of it. `answers`: MOs by what they were."""

    order: Order
    counts: tuple[Count, ...]
    differences: tuple[str, ...]
    answers: Mapping[str, int]


async def stands(database: Database, routes: Sequence[Route], name: str) -> Standing:
    """How an order stands. Raises Refusal."""
    async with database.read() as connection:
        order = await _found(connection, name)
        counts = await rows.counts_of(connection, order.wave.id)
        answers = await rows.answers(connection, order.wave.id)
    return Standing(order, tuple(counts), differences(order.ordered(_price(routes, order)), counts), answers)


def _price(routes: Sequence[Route], order: Order) -> int:
    """VND a segment; 0 where the route is no longer enabled."""
    return next((route.price_vnd for route in routes if route.name == order.wave.route), 0)


async def close(database: Database, name: str, now: int) -> Order:
    """running -> done: its counts are in. Raises Refusal."""

    async def unit(connection: AsyncConnection) -> Order:
        order = await _locked(connection, name)
        if not await rows.counts_of(connection, order.wave.id):
            raise Refusal(f"order {name} has no counts yet; import the partner's list first: tinbao wave order {name} --counts FILE")
        if not await waves.move(connection, order.wave.id, WaveState.DONE, now):
            raise Refusal(f"order {name} is {order.wave.state.value} and can't be closed")
        return await _found(connection, name)

    return await database.write(unit)
