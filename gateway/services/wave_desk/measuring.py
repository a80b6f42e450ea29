"""What a text comes to while it is written: both ways, with and without accents, for the recipient with the longest one. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from gateway.domain.campaign import Campaign
from gateway.domain.cost import cost_vnd
from gateway.domain.eta import ends_at
from gateway.domain.pace import HEADROOM
from gateway.domain.segments import Alphabet
from gateway.domain.sms_text import Measure, measured
from gateway.domain.text_rules import INSTEAD_OF_REFUSED
from gateway.domain.text_signs import LOST, SignKind, signs
from gateway.domain.village import Village
from gateway.domain.window import Window
from gateway.services.routes import Route
from gateway.services.texts import BadText, filled, rules_of
from gateway.services.wave_desk.composition import Composition, plain
from gateway.services.wave_texts import fields_for

_BAR_MOST: Final = 8  # segments that a bar draws
_NAMED: Final = 6


@dataclass(frozen=True, slots=True)
class Card:
    """One way to send a text. `used` of `room` units in `segments`; `parts`: how full each is, per cent; `fits`: the limit allows it."""

    characters: int
    used: int
    room: int
    segments: int
    parts: tuple[int, ...]
    cost_vnd: int
    fits: bool


@dataclass(frozen=True, slots=True)
class Measured:
    """A language's text measured. `text`: as its longest recipient reads it; `notes`: sentences; `why` not "": it can't be read."""

    language: str
    people: int
    plain: Card
    accented: Card
    is_accented: bool
    text: str = field(repr=False)
    village: str
    notes: tuple[str, ...]
    why: str = ""

    @property
    def card(self) -> Card:
        """Of the way that was chosen."""
        return self.accented if self.is_accented else self.plain


@dataclass(frozen=True, slots=True)
class RouteCost:
    """What all recipients cost by one route. `ends_at`: epoch ms, None: no pace limits it, or there is no end within a year."""

    route: str
    people: int
    price_vnd: int
    plain_vnd: int
    accented_vnd: int
    rate: float | None
    ends_at: int | None
    seconds: int | None


@dataclass(frozen=True, slots=True)
class Figures:
    """All that the composer shows beside the words."""

    texts: tuple[Measured, ...]
    routes: tuple[RouteCost, ...]

    def as_json(self) -> dict[str, Any]:  # Any: JSON
        """For the page's script."""
        return {"texts": [asdict(each) for each in self.texts], "routes": [asdict(each) for each in self.routes]}


@dataclass(frozen=True, slots=True)
class Ground:
    """What a measure is held against. `people`: recipients by language; `own`: the longest cell of each further column of the list."""

    campaign: Campaign
    villages: Mapping[str, Village]
    routes: Sequence[Route]
    people: Mapping[str, int]
    own: Mapping[str, str]
    now: int


def measure(composed: Composition, ground: Ground) -> Figures:
    """Look at every text that has words, and at what every route would take for them."""
    chosen = next((each for each in ground.routes if each.name == composed.route), None)
    texts = tuple(_measured(composed, language, ground, chosen) for language in composed.sent)
    return Figures(texts, tuple(_route_cost(route, composed, texts, ground) for route in ground.routes))


def _measured(composed: Composition, language: str, ground: Ground, route: Route | None) -> Measured:
    template, is_accented = composed.texts[language], language in composed.accented
    price = route.price_vnd if route else 0
    people = ground.people.get(language, 0)
    try:
        accented, where = _longest(template, composed.villages, ground)
        unaccented, _ = _longest(plain(template), (where,) if where else (), ground)
    except BadText:
        nothing = _card(measured(""), 0, 0, composed.max_segments)
        return Measured(language, people, nothing, nothing, is_accented, template, "", (), "Lời nhắn chưa đọc được: xem lại các ô chèn.")
    both = [measured(unaccented), measured(accented)]
    cards = [_card(each, price, people, composed.max_segments) for each in both]
    text = accented if is_accented else unaccented
    notes = tuple(_notes(both[is_accented], where, route, composed.max_segments))
    return Measured(language, people, cards[0], cards[1], is_accented, text, where, notes)


def _longest(template: str, villages: Collection[str], ground: Ground) -> tuple[str, str]:
    """(the longest of all texts, of which village)."""
    places = [code for code in villages if code in ground.villages] or list(ground.villages) or [""]
    if not any(name in template for name in ("thon", "ma_thon")):
        places = places[:1]
    made = ((filled(template, {**ground.own} | fields_for(ground.campaign, ground.villages.get(code))), code) for code in places)
    return max(made, key=lambda each: (_size(measured(each[0])), len(each[0])))


def _size(measure: Measure) -> int:
    return measure.units


def _card(measure: Measure, price: int, people: int, most: int) -> Card:
    alphabet = measure.alphabet
    each = alphabet.single if measure.segments == 1 else alphabet.joined
    full = [100] * (measure.segments - 1) + [round(100 * (each - measure.room) / each)]
    cost = cost_vnd(measure.segments * people, price)
    return Card(
        measure.characters, measure.units, each * measure.segments, measure.segments, tuple(full[:_BAR_MOST]), cost,
        measure.segments <= most,
    )  # fmt: skip


# --- sentences ---


def _notes(chosen: Measure, where: str, route: Route | None, most: int) -> Iterator[str]:
    if chosen.alphabet is Alphabet.UCS2:
        yield "Chữ có dấu chỉ chứa 70 ký tự, hoặc 67 ký tự mỗi đoạn khi dài hơn."
    if chosen.segments > 1:
        fewer = chosen.segments - 1
        room = chosen.alphabet.single if fewer == 1 else chosen.alphabet.joined * fewer
        yield f"Bớt {max(1, chosen.units - room)} ký tự thì còn {fewer} đoạn."
    if chosen.segments > most:
        yield f"Đang dài {chosen.segments} đoạn, mức cho phép là {most} đoạn: phải bớt lời hoặc nâng mức."
    if where:
        yield f"Tính theo người nhận dài nhất ({where})."
    yield from _signs(chosen)
    yield from _route_notes(chosen, route)


def _signs(chosen: Measure) -> Iterator[str]:
    refused = signs(chosen.text, INSTEAD_OF_REFUSED)
    for sign in refused:
        instead = INSTEAD_OF_REFUSED[sign.character]
        yield f"Nhiều nhà mạng không nhận dấu “{sign.character}”" + (f"; thay bằng “{instead}”." if instead else "; xin bỏ đi.")
    if not refused:
        yield "Không có ký tự nhà mạng từ chối."
    strange = [each for each in signs(chosen.text, set(chosen.text) - _ordinary(chosen)) if each.kind is not SignKind.ACCENT]
    if strange:
        named = " ".join(each.shown for each in strange[:_NAMED])
        yield f"Có ký tự lạ làm tin dài gấp đôi: {named}. Thường do chép từ Word; xin gõ lại."
    if any(each.instead == LOST for each in strange):
        yield "Có ký tự không gửi được khi bỏ dấu, máy nhận sẽ thấy dấu “?”."


def _ordinary(chosen: Measure) -> set[str]:
    """Characters of a plain text: nothing to say about them."""
    return set(chosen.text) if chosen.alphabet is Alphabet.GSM7 else {each for each in chosen.text if each.isascii()}


def _route_notes(chosen: Measure, route: Route | None) -> Iterator[str]:
    if route is None:
        yield "Chưa chọn tuyến gửi."
        return
    rules = rules_of(route)
    needs_ucs2 = chosen.alphabet is Alphabet.UCS2
    if needs_ucs2 and not rules.unicode:
        yield f"Tuyến {route.name} không gửi được chữ có dấu."
    most = rules.most_ucs2 if needs_ucs2 else rules.most_gsm7
    if most and chosen.characters > most:
        yield f"Tuyến {route.name} chỉ nhận {most} ký tự, lời nhắn có {chosen.characters}."


# --- routes ---


def _route_cost(route: Route, composed: Composition, texts: Sequence[Measured], ground: Ground) -> RouteCost:
    people = sum(each.people for each in texts)
    sums = [sum(card.segments * each.people for each, card in zip(texts, cards, strict=True)) for cards in _both(texts)]
    units = sum(each.card.segments * each.people for each in texts) if route.pace.unit == "segments" else people
    rate = _rate(route, composed.pace)
    seconds = round(units / rate) if rate else None
    end = ends_at(ground.now, seconds * 1000, _window(composed), ground.campaign.timezone) if seconds is not None else None
    return RouteCost(
        route.name, people, route.price_vnd, cost_vnd(sums[0], route.price_vnd), cost_vnd(sums[1], route.price_vnd), rate, end, seconds
    )


def _both(texts: Sequence[Measured]) -> tuple[list[Card], list[Card]]:
    return [each.plain for each in texts], [each.accented for each in texts]


def _rate(route: Route, own: int | None) -> float | None:
    """Units a second: the contract's, or the wave's own below it."""
    limits = [limit for limit in (route.pace.limit / route.pace.per_s if route.pace.limit else 0, own or 0) if limit]
    return HEADROOM * min(limits) if limits else None


def _window(composed: Composition) -> Window:
    first, last = (each.split(":") for each in composed.window)
    return Window(int(first[0]) * 60 + int(first[1]), int(last[0]) * 60 + int(last[1]))
