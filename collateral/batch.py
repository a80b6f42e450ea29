"""One file a village and piece: laid out, drawn, made PDF/X, checked, read back; only then does it get its name."""

from __future__ import annotations

import hashlib
import os
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from itertools import accumulate, islice
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Final, overload

from collateral.display import Page
from collateral.finding import Finding, acceptable
from collateral.layout import LAYOUTS
from collateral.layout.marked import Additions, marked
from collateral.layout.order import Order
from collateral.layout.rules import judged
from collateral.load import PrintShop, load_shop
from collateral.marks import Marks, outdoor
from collateral.note import CodeNote, SheetNote
from collateral.pdfx import Titles, condition_named
from collateral.piece import Piece, Slots
from collateral.press import OFFICE, Press
from collateral.refusal import Refused, refused
from collateral.setting import Setter
from collateral.wording import HOME, words_for
from gateway.domain.fold import nfc
from gateway.domain.placement import Placement
from gateway.process import follow_parent, seldom_garbage, work_hard

if TYPE_CHECKING:
    from collateral.readback import Read


@dataclass(frozen=True, slots=True)
class Ticket:
    """What to print; names only, so that it can cross to another process. `placement`: its number, 0 for the village's lowest."""

    village: str
    piece: str
    theme: str
    lang: str
    placement: int = 0


_AHEAD: Final = 4  # tickets a process that are handed out before the oldest is back: more would only lie in memory


@dataclass(frozen=True, slots=True)
class Made:
    """A file that passed. `qr`: payloads read back from it; `codes`: where they stand; `warnings`: what a person must know."""

    ticket: Ticket
    file: str
    pages: int
    qr: tuple[str, ...]
    sha256: str
    codes: tuple[CodeNote, ...] = ()
    warnings: tuple[Finding, ...] = ()
    read_by: tuple[str, ...] = ("zxing-cpp",)  # the decoders that read every code


@dataclass(frozen=True, slots=True)
class Failed:
    """Why there is no file; `findings` where one was drawn and did not pass."""

    ticket: Ticket
    error: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Drawn:
    """A finished PDF in memory, with what it says of itself."""

    pdf: bytes
    note: SheetNote
    name: str


def placement_for(shop: PrintShop, village: str, piece: str, number: int = 0) -> Placement:
    """That piece's placement of that number in that village, its lowest for 0. Refused where there is none: its code would lead nowhere."""
    found = _placed(shop).get(village, {}).get(piece, {})
    if (placement := found.get(number or min(found, default=0))) is None:
        text = f"there is no placement {number} of {piece} in {village}" if number else f"there is no placement of {piece} in {village}"
        raise refused("placements.csv", "piece", text, "Add a row, or let the plan do it: tinbao placements plan")
    return placement


_Placed = dict[str, dict[str, dict[int, Placement]]]
_PLACED: dict[int, tuple[tuple[Placement, ...], _Placed]] = {}  # the last deployment's, by the identity of its placements


def _placed(shop: PrintShop) -> _Placed:
    """By village, piece and number: to search among a province's placements would cost more than a poster."""
    placements = shop.deployment.placements
    known = _PLACED.get(id(placements))
    if known is None or known[0] is not placements:
        found: _Placed = {}
        for each in placements:
            found.setdefault(each.village, {}).setdefault(each.piece, {})[each.number] = each
        _PLACED.clear()
        known = _PLACED[id(placements)] = (placements, found)
    return known[1]


def lay_out(shop: PrintShop, ticket: Ticket, press: Press = OFFICE) -> tuple[Order, tuple[Page, ...]]:
    """The ticket's pages as display lists. Raises Refused."""
    piece, deployment = shop.pieces[ticket.piece], shop.deployment
    press = press.for_condition(piece.condition)
    if (village := deployment.villages.get(ticket.village)) is None:
        raise refused("villages.csv", "code", f"there is no village {ticket.village}", "Correct the code, or look at: tinbao check")
    village = replace(village, name=nfc(village.name), kind=nfc(village.kind))  # decomposed marks would print in the wrong place
    placement = placement_for(shop, ticket.village, ticket.piece, ticket.placement)
    copy, campaign = shop.copies[ticket.lang], deployment.campaign
    palette = press.inks(shop.themes[ticket.theme].palette(piece.stock, press.paper), piece.ink_limit)
    setter = Setter(shop.faces, f"{ticket.village} {ticket.piece}")
    words, house = words_for(village, campaign, copy.shared, copy.lang), shop.themes[ticket.theme].house
    order = Order(piece, palette, village, campaign, placement.code, copy, words, setter, house, paper=press.paper)
    if piece.bilingual:
        order = _both(shop, order)
    pages = LAYOUTS[piece.layouts[ticket.theme]].lay_out(order)
    return order, judged(order, marked(order, pages, ticket.theme, _additions(shop.marks, piece.slots.get(ticket.theme))))


def _additions(marks: Marks, slots: Slots | None) -> Additions:
    """The marks of a piece that has room for any, read from their files. Raises Refused: a piece without them is not what was ordered."""
    if slots is None:
        return Additions()
    from collateral.emblem import mark_at

    emblem = mark_at(marks.emblem) if marks.emblem and slots.emblem else None
    sponsor = mark_at(marks.sponsor.file) if marks.sponsor and slots.sponsor else None
    return Additions(emblem, sponsor, marks.imprint.line)


def _both(shop: PrintShop, order: Order) -> Order:
    """A bilingual piece: Vietnamese first, beside it the language asked for; asked for in Vietnamese, the campaign's next one."""
    other = order.copy.lang if not order.is_home else next((lang for lang in order.campaign.languages if lang != HOME), HOME)
    first, second = (
        replace(order, copy=deck, words=words_for(order.village, order.campaign, deck.shared, deck.lang))
        for deck in (shop.copies[HOME], shop.copies[other])
    )
    return replace(first, beside=second)


def draw_ticket(shop: PrintShop, ticket: Ticket, press: Press = OFFICE) -> Drawn:
    """The ticket as PDF/X at the press's level, not yet checked. Raises Refused. The same input gives the same bytes."""
    from collateral.draw_pdf import drawn
    from collateral.pdfx import finished
    from collateral.screen import paint

    press = press.for_condition(shop.pieces[ticket.piece].condition)
    order, pages = lay_out(shop, ticket, press)
    piece = order.piece
    note = _note(ticket, order, pages, press)
    if piece.on_screen:
        return Drawn(paint(pages[0], piece, order.palette, order.setter.faces, note), note, _name(ticket, piece))
    subject = _subject(order, ticket)
    titles = Titles(f"{piece.title} – {order.village.title}", subject, order.campaign.issuer, _dated(order))
    file = drawn(pages, piece, f"{subject} · {condition_named(press)}", order.setter, outlines=press.outlines)
    return Drawn(finished(file, titles, note, press), note, _name(ticket, piece))


def _name(ticket: Ticket, piece: Piece) -> str:
    """The lowest placement's file says nothing of it, the others' the number: so a village's first file keeps its name."""
    spot = f"_{ticket.placement}" if ticket.placement else ""
    ending = "png" if piece.on_screen else "pdf"
    return f"{ticket.village}_{ticket.piece}{spot}_{ticket.theme}_{ticket.lang}_{piece.size_text}.{ending}"


def _dated(order: Order) -> date:
    """The campaign's first day stands for the file's date: paper made again from the same data must be the same file."""
    return order.campaign.day_one


def _subject(order: Order, ticket: Ticket) -> str:
    """What a person at the press needs to know of the file."""
    piece = order.piece
    scale = f"tỉ lệ 1:{piece.scale}"
    size = f"khổ thành phẩm {piece.trim[0]:g} × {piece.trim[1]:g} mm, tràn lề {piece.bleed:g} mm"
    return f"{order.village.title} ({order.village.code}) · {order.piece_code} · {size} · {scale} · {ticket.theme}/{ticket.lang}"


def _note(ticket: Ticket, order: Order, pages: Sequence[Page], press: Press) -> SheetNote:
    piece = order.piece
    codes = tuple(note for number, page in enumerate(pages, 1) for note in _code_notes(page, number, piece))
    return SheetNote(
        piece=piece.name,
        code=order.placement_code,
        village=ticket.village,
        theme=ticket.theme,
        lang=ticket.lang,
        scale=piece.scale,
        trim_mm=piece.trim,
        safe_mm=piece.safe,
        distance_m=piece.distance_m,
        least_module_mm=piece.least_module_mm,
        ink_limit=press.ink_limit(piece.ink_limit),
        bleed_mm=piece.bleed,
        pages=len(pages),
        codes=codes,
    )


def _code_notes(page: Page, number: int, piece: Piece) -> Iterator[CodeNote]:
    from collateral.geometry import PT_PER_MM

    factor, media = PT_PER_MM / piece.scale, piece.media_box
    for code in page.codes:
        box = code.box
        at = ((box.x - media.x) * factor, (media.bottom - box.bottom) * factor, box.w * factor, box.h * factor)
        x, y, w, h = (round(value, 3) for value in at)
        least = piece.least_module_of(code.role)
        yield CodeNote(number, code.role, code.symbol.payload, code.symbol.modules, round(code.module_mm, 4), (x, y, w, h), least)


def make(shop: PrintShop, ticket: Ticket, out: Path, press: Press = OFFICE) -> Made | Failed:
    """Print one ticket into the folder `out`. The file stands under its name only when every check passed and every code read back."""
    try:
        drawn = draw_ticket(shop, ticket, press)
    except Refused as why:
        return Failed(ticket, str(why))
    read = _examined(drawn)
    findings = read.findings
    wanted = sorted(code.payload for code in drawn.note.codes)
    if not acceptable(findings) or sorted(read.payloads) != wanted:
        return Failed(ticket, "; ".join(map(str, findings)) or "the codes read back are not those printed", findings)
    path = out / drawn.name
    try:
        _write(path, drawn.pdf)
    except OSError as why:
        return Failed(ticket, f"{path}: {why.strerror}. Look at the folder's permissions and the disk's room")
    digest = hashlib.sha256(drawn.pdf).hexdigest()
    drafts = (Finding("copy.draft", 0, text, "warning") for text in shop.copies[ticket.lang].warnings)
    warnings = tuple(dict.fromkeys((*findings, *outdoor(shop.pieces[ticket.piece]), *drafts)))
    return Made(ticket, str(path), drawn.note.pages, read.payloads, digest, drawn.note.codes, warnings)


def _examined(drawn: Drawn) -> Read:
    """The finished file held against its rules, a press's or a screen's, and its codes read back."""
    from collateral.preflight import preflight
    from collateral.readback import Read, read_back
    from collateral.screen import PNG, read_screen

    if drawn.pdf.startswith(PNG):
        return read_screen(drawn.pdf)
    read = read_back(drawn.pdf, drawn.note)
    return Read(read.payloads, preflight(drawn.pdf).findings + read.findings)


def _write(path: Path, data: bytes) -> None:
    """All or nothing: a reader of the folder never meets half a file."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def make_all(
    shop: PrintShop, tickets: Iterable[Ticket | Made | Failed], out: Path, jobs: int = 1, press: Press = OFFICE
) -> Iterator[Made | Failed]:
    """Print all tickets, in their order, a few ahead of the one that is handed over: memory does not grow with their number.

    What is a result already passes through in its place. `jobs` > 1: as many processes, spawned, for PDFium must not run in threads nor
    after a fork. A process that dies costs the one ticket that killed it.
    """
    out.mkdir(parents=True, exist_ok=True)
    if jobs <= 1:
        with seldom_garbage():
            yield from (make(shop, each, out, press) if isinstance(each, Ticket) else each for each in tickets)
        return
    path, left = str(shop.deployment.path), iter(tickets)
    waiting: deque[Ticket | Made | Failed] = deque()
    while waiting or (waiting := deque(islice(left, jobs * _AHEAD))):
        yield from _until_one_dies(waiting, left, jobs, lambda ticket: (path, ticket, str(out), press))
        if waiting:  # which of those in flight killed its process can't be told: the first goes again, in a process of its own
            first = waiting.popleft()
            yield _alone((path, first, str(out), press)) if isinstance(first, Ticket) else first


_Work = tuple[str, Ticket, str, Press]


def _until_one_dies(
    waiting: deque[Ticket | Made | Failed], left: Iterator[Ticket | Made | Failed], jobs: int, work: Callable[[Ticket], _Work]
) -> Iterator[Made | Failed]:
    """Results of `waiting` and then of `left`. Ends where a process has died; `waiting` then holds what has no result yet."""
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_begin) as pool, suppress(BrokenProcessPool):

        def begun(each: Ticket | Made | Failed) -> Future[Made | Failed] | Made | Failed:
            return pool.submit(_make_elsewhere, work(each)) if isinstance(each, Ticket) else each

        flying = deque(map(begun, waiting))
        while flying:
            first = flying.popleft()
            result = first.result() if isinstance(first, Future) else first
            waiting.popleft()
            yield result
            for each in islice(left, 1):
                waiting.append(each)
                flying.append(begun(each))


def _alone(work: _Work) -> Made | Failed:
    try:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_begin) as pool:
            return pool.submit(_make_elsewhere, work).result()
    except BrokenProcessPool:
        return Failed(work[1], "the process that made it died twice. Look at the machine's memory, and at this village's row")


def _begin() -> None:
    """What a process that prints does first."""
    follow_parent()
    work_hard()


def _make_elsewhere(work: _Work) -> Made | Failed:
    path, ticket, out, press = work
    return make(_shop_at(path), ticket, Path(out), press)


@cache
def _shop_at(path: str) -> PrintShop:
    """Read once a process."""
    return load_shop(Path(path))


class NoSuchChoice(ValueError):
    """A name that the shop does not know; the text lists what there is."""


Kind = tuple[str, str, str] | tuple[str, str, str, int]  # piece, theme, language, and a placement's number where it is not the lowest


@dataclass(frozen=True, slots=True)
class Tickets(Sequence[Ticket | Failed]):
    """Village by village, each with its own kinds; made as they are asked for, for there may be very many.

    `starts`: how many tickets come before each village's, and at its end how many there are.
    """

    shop: PrintShop
    villages: tuple[str, ...]
    kinds: tuple[tuple[Kind, ...], ...]
    starts: tuple[int, ...]

    @classmethod
    def of(cls, shop: PrintShop, villages: Sequence[str], kinds: Sequence[tuple[Kind, ...]]) -> Tickets:
        """`kinds`: one tuple a village."""
        return cls(shop, tuple(villages), tuple(kinds), tuple(accumulate(map(len, kinds), initial=0)))

    def only(self, wanted: Container[tuple[str, str]]) -> Tickets:
        """Those of some pieces in some themes."""
        return Tickets.of(self.shop, self.villages, [tuple(kind for kind in kinds if kind[:2] in wanted) for kinds in self.kinds])

    def __len__(self) -> int:
        return self.starts[-1]

    @overload
    def __getitem__(self, at: int) -> Ticket | Failed: ...
    @overload
    def __getitem__(self, at: slice) -> list[Ticket | Failed]: ...
    def __getitem__(self, at: int | slice) -> Ticket | Failed | list[Ticket | Failed]:
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        at = range(len(self))[at]
        village = bisect_right(self.starts, at) - 1
        return _ticket(self.shop, Ticket(self.villages[village], *self.kinds[village][at - self.starts[village]]))


def tickets_for(shop: PrintShop, village: str, piece: str, theme: str, lang: str, *, every_spot: bool = False) -> Tickets:
    """One ticket a village, piece and language, village by village; "all" pieces are those placed in the village.

    Without a `theme` each piece takes its first, with "all" each it has. Raises NoSuchChoice for names that exist nowhere; a piece that
    lacks the theme becomes a Failed. `every_spot`: a file for each of a village's placements of a piece, not only for the lowest.
    """
    villages = _chosen("village", village.upper() if village != "all" else village, shop.deployment.villages)
    pieces = _chosen("piece", piece, shop.pieces)
    themes = sorted({name for p in pieces for name in shop.pieces[p].layouts})
    if theme not in ("", "all", *themes):
        raise NoSuchChoice(f"there is no theme “{theme}” for {piece}; there is: {', '.join(themes)}")
    langs = _chosen("language", lang, shop.copies)
    kinds = {p: tuple((p, each, spoken) for each in _themes(shop, p, theme) for spoken in langs) for p in pieces}
    placed = _placed(shop)
    made = [_kinds(kinds, placed.get(each, {}), every_piece=piece == "all", every_spot=every_spot) for each in villages]
    return Tickets.of(shop, villages, made)


def _kinds(
    kinds: Mapping[str, tuple[Kind, ...]], placed: Mapping[str, Iterable[int]], *, every_piece: bool, every_spot: bool
) -> tuple[Kind, ...]:
    """Of all pieces those that are placed; where none is, all: each then says that it has no placement."""
    there = [piece for piece in kinds if piece in placed] if every_piece else []
    made: list[Kind] = []
    for piece in there or kinds:
        _, *others = sorted(placed.get(piece, ())) if every_spot and piece in placed else (0,)
        made += kinds[piece]
        made += [(kind[0], kind[1], kind[2], number) for number in others for kind in kinds[piece]]
    return tuple(made)


def _themes(shop: PrintShop, piece: str, theme: str) -> tuple[str, ...]:
    there = tuple(shop.pieces[piece].layouts)
    return {"": there[:1], "all": there}.get(theme, (theme,))


def _ticket(shop: PrintShop, ticket: Ticket) -> Ticket | Failed:
    there = shop.pieces[ticket.piece].layouts
    return (
        ticket if ticket.theme in there else Failed(ticket, f"{ticket.piece} has no theme “{ticket.theme}”; there is: {', '.join(there)}")
    )


def _chosen(what: str, name: str, there: Iterable[str]) -> list[str]:
    names = list(there)
    if name == "all":
        return names
    if name not in names:
        listed = ", ".join(names[:40]) + (", …" if len(names) > 40 else "")
        raise NoSuchChoice(f"there is no {what} “{name}”; there is: {listed or 'none'}")
    return [name]
