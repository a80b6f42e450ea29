"""One file a village and piece: laid out, drawn, made PDF/X, checked, read back; only then does it get its name."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from collateral.display import Page
from collateral.finding import Finding, acceptable
from collateral.layout import LAYOUTS
from collateral.layout.order import Order
from collateral.load import PrintShop, load_shop
from collateral.note import CodeNote, SheetNote
from collateral.pdfx import FOGRA39, Titles
from collateral.piece import Piece
from collateral.refusal import Refused, refused
from collateral.setting import Setter
from collateral.type import face
from collateral.wording import words_for
from gateway.domain.fold import nfc
from gateway.domain.placement import Placement


@dataclass(frozen=True, slots=True)
class Ticket:
    """What to print; names only, so that it can cross to another process."""

    village: str
    piece: str
    theme: str
    lang: str


@dataclass(frozen=True, slots=True)
class Made:
    """A file that passed. `qr`: the payloads that were read back from it."""

    ticket: Ticket
    file: str
    pages: int
    qr: tuple[str, ...]
    sha256: str


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


def placement_for(shop: PrintShop, village: str, piece: str) -> Placement:
    """The lowest-numbered placement of that piece in that village. Refused where there is none: its code would lead nowhere."""
    found = [p for p in shop.deployment.placements_of(village) if p.piece == piece]
    if not found:
        text = f"there is no placement of {piece} in {village}"
        raise refused("placements.csv", "piece", text, "Add a row, or let the plan do it: tinbao placements plan")
    return min(found, key=lambda placement: placement.number)


def lay_out(shop: PrintShop, ticket: Ticket) -> tuple[Order, tuple[Page, ...]]:
    """The ticket's pages as display lists. Raises Refused."""
    piece, deployment = shop.pieces[ticket.piece], shop.deployment
    if (village := deployment.villages.get(ticket.village)) is None:
        raise refused("villages.csv", "code", f"there is no village {ticket.village}", "Correct the code, or look at: tinbao check")
    village = replace(village, name=nfc(village.name), kind=nfc(village.kind))  # decomposed marks would print in the wrong place
    placement = placement_for(shop, ticket.village, ticket.piece)
    copy, campaign = shop.copies[ticket.lang], deployment.campaign
    palette = shop.themes[ticket.theme].palette(piece.stock)
    setter = Setter(face, f"{ticket.village} {ticket.piece}")
    order = Order(piece, palette, village, campaign, placement.code, copy, words_for(village, campaign, copy.shared), setter)
    return order, LAYOUTS[piece.layouts[ticket.theme]](order)


def draw_ticket(shop: PrintShop, ticket: Ticket) -> Drawn:
    """The ticket as PDF/X-1a, not yet checked. Raises Refused. The same input gives the same bytes."""
    from collateral.draw_pdf import draw
    from collateral.pdfx import to_x1a

    order, pages = lay_out(shop, ticket)
    piece = order.piece
    note = _note(ticket, order, pages)
    subject = _subject(order, ticket)
    titles = Titles(f"{piece.title} – {order.village.title}", subject, order.campaign.issuer, _dated(order))
    plain = draw(pages, piece, f"{subject} · {FOGRA39.identifier}", order.setter)
    name = f"{ticket.village}_{ticket.piece}_{ticket.theme}_{ticket.lang}_{piece.size_text}.pdf"
    return Drawn(to_x1a(plain, titles, note), note, name)


def _dated(order: Order) -> date:
    """The campaign's first day stands for the file's date: paper made again from the same data must be the same file."""
    return order.campaign.day_one


def _subject(order: Order, ticket: Ticket) -> str:
    """What a person at the press needs to know of the file."""
    piece = order.piece
    scale = f"tỉ lệ 1:{piece.scale}"
    size = f"khổ thành phẩm {piece.trim[0]:g} × {piece.trim[1]:g} mm, tràn lề {piece.bleed:g} mm"
    return f"{order.village.title} ({order.village.code}) · {order.piece_code} · {size} · {scale} · {ticket.theme}/{ticket.lang}"


def _note(ticket: Ticket, order: Order, pages: Sequence[Page]) -> SheetNote:
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
        ink_limit=piece.ink_limit,
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
        yield CodeNote(number, code.role, code.symbol.payload, code.symbol.modules, round(code.module_mm, 4), (x, y, w, h))


def make(shop: PrintShop, ticket: Ticket, out: Path) -> Made | Failed:
    """Print one ticket into the folder `out`. The file stands under its name only when every check passed and every code read back."""
    from collateral.preflight import preflight
    from collateral.readback import read_back

    try:
        drawn = draw_ticket(shop, ticket)
    except Refused as why:
        return Failed(ticket, str(why))
    checked = preflight(drawn.pdf)
    read = read_back(drawn.pdf, drawn.note)
    findings = checked.findings + read.findings
    wanted = sorted(code.payload for code in drawn.note.codes)
    if not acceptable(findings) or sorted(read.payloads) != wanted:
        return Failed(ticket, "; ".join(map(str, findings)) or "the codes read back are not those printed", findings)
    path = out / drawn.name
    try:
        _write(path, drawn.pdf)
    except OSError as why:
        return Failed(ticket, f"{path}: {why.strerror}. Look at the folder's permissions and the disk's room")
    return Made(ticket, str(path), drawn.note.pages, read.payloads, hashlib.sha256(drawn.pdf).hexdigest())


def _write(path: Path, data: bytes) -> None:
    """All or nothing: a reader of the folder never meets half a file."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def make_all(shop: PrintShop, tickets: Sequence[Ticket], out: Path, jobs: int = 1) -> Iterator[Made | Failed]:
    """Print all tickets, in their order. `jobs` > 1: as many processes, spawned, for PDFium must not run in threads nor after a fork."""
    out.mkdir(parents=True, exist_ok=True)
    if jobs <= 1 or len(tickets) <= 1:
        yield from (make(shop, ticket, out) for ticket in tickets)
        return
    with ProcessPoolExecutor(min(jobs, len(tickets)), mp_context=get_context("spawn")) as pool:
        work = [(str(shop.deployment.path), ticket, str(out)) for ticket in tickets]
        yield from pool.map(_make_elsewhere, work, chunksize=2)


def _make_elsewhere(work: tuple[str, Ticket, str]) -> Made | Failed:
    path, ticket, out = work
    return make(_shop_at(path), ticket, Path(out))


@cache
def _shop_at(path: str) -> PrintShop:
    """Read once a process."""
    return load_shop(Path(path))


class NoSuchChoice(ValueError):
    """A name that the shop does not know; the text lists what there is."""


def tickets_for(shop: PrintShop, village: str, piece: str, theme: str, lang: str) -> list[Ticket | Failed]:
    """One ticket a village, piece and language, village by village; "all" takes them all; without a `theme` each piece takes its first.

    Raises NoSuchChoice for names that exist nowhere; a piece that lacks the theme becomes a Failed.
    """
    villages = _chosen("village", village.upper() if village != "all" else village, shop.deployment.villages)
    pieces = _chosen("piece", piece, shop.pieces)
    themes = sorted({name for p in pieces for name in shop.pieces[p].layouts})
    if theme and theme not in themes:
        raise NoSuchChoice(f"there is no theme “{theme}” for {piece}; there is: {', '.join(themes)}")
    langs = _chosen("language", lang, shop.copies)
    return [
        _ticket(shop, Ticket(v, p, theme or next(iter(shop.pieces[p].layouts)), each)) for v in villages for p in pieces for each in langs
    ]


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
