"""The proof: one picture of each kind of file, the villages with their numbers, the job's hash, and boxes to sign in.

The pictures are the print files themselves, placed small; what the shop does to the cloth (rings, hems, pockets) lies over them on a layer
of its own, which exists in the proof alone.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pikepdf
from pikepdf import Array, Dictionary, Name, String

from collateral.display import Op, Page, Stroke
from collateral.draw_pdf import draw
from collateral.geometry import PT_PER_MM, Box, rectangle
from collateral.ink import BLACK
from collateral.load import PrintShop
from collateral.piece import Piece
from collateral.preview import page_pictures
from collateral.setting import Style
from collateral.shop.job import FileRow, Head, groups
from collateral.shop.paper import BODY, GREY, MARGIN, SETTER, SMALL, Column, Writer, paper_pdf, saved, written
from collateral.shop.placing import Matrix, form_of, place, trim_of
from collateral.shop.shops import Shop
from collateral.type import SEMIBOLD

_KINDS: Final = (
    Column("Loại", 48, strong=True),
    Column("Khổ thành phẩm", 40),
    Column("Mẫu, tiếng", 38),
    Column("Số tệp", 22),
    Column("Số bản", 26),
)
_VILLAGES: Final = (Column("Mã", 18, strong=True), Column("Thôn", 52), Column("Người nghe máy", 62), Column("Số điện thoại", 42))
_CAPTION_MM: Final = 20.0
CAPTION: Final = Style(SEMIBOLD, 10, BLACK)
_REMARKS: Final = {  # by the rule of the finding
    "copy.draft": "lời trong tệp là bản nháp, người biết tiếng đó phải đọc lại trước khi in",
    "place.permit": "từ 20 m² phải hỏi giấy phép xây dựng trước khi dựng (Luật Quảng cáo, Điều 31)",
    "place.days": "băng rôn chỉ treo tối đa 15 ngày (Luật Quảng cáo, Điều 27)",
}
_LAYER: Final = "Gia công"
Overlay = Callable[[Piece], Sequence[Op]]


@dataclass(frozen=True, slots=True)
class Kind:
    """Files that differ only by village. `specimen`: the first of them."""

    piece: str
    theme: str
    lang: str
    files: int
    copies: int
    specimen: str
    warnings: tuple[str, ...]


def kinds_of(rows: Iterable[FileRow]) -> tuple[Kind, ...]:
    """The kinds of a job, in the order in which they come."""
    found: dict[tuple[str, str, str], list[Any]] = {}
    for row in rows:
        known = found.setdefault((row.piece, row.theme, row.lang), [0, 0, row.file, row.warnings])
        known[0] += 1
        known[1] += row.copies
    return tuple(Kind(*key, files, copies, specimen, warnings) for key, (files, copies, specimen, warnings) in found.items())


def proof_pdf(
    printing: PrintShop, shop: Shop, head: Head, kinds: Sequence[Kind], villages: Sequence[str], files: Path, finishing: Overlay
) -> bytes:
    """The whole proof. `files`: where the print files lie. Same job, same bytes."""
    title = f"Bản in thử – {shop.title}"
    writer = Writer(f"{title} – {groups(head.hash)[:17]} …")
    pictures: list[_Picture] = []

    def write(writer: Writer) -> Iterator[None]:
        writer.title("Bản in thử để duyệt", printing.deployment.campaign.name)
        writer.facts(_facts(shop, head))
        yield from _kind_table(writer, printing, kinds)
        _remarks(writer, printing, kinds)
        writer.heading("Duyệt in")
        writer.words("Chỉ in đúng những tệp có mã xác nhận trên. Sửa bất kỳ tệp nào thì phải in thử và duyệt lại.", BODY)
        writer.signatures((("Người lập", "Ký, ghi rõ họ tên"), ("Người duyệt", "Ký, ghi rõ họ tên, ngày tháng")))
        yield
        writer.turn()
        for kind in kinds:
            piece = printing.pieces[kind.piece]
            theme = printing.themes[kind.theme].title
            yield from _specimen(writer, piece, theme, kind, files, pictures, finished=bool(finishing(piece)))
        writer.turn()
        yield from _village_table(writer, printing, villages)

    pages = paper_pdf(written(writer, write), title)
    return _with_pictures(pages, title, pictures, finishing)


def _facts(shop: Shop, head: Head) -> Iterator[tuple[str, str]]:
    yield "Cơ sở in", ", ".join(filter(None, (shop.title, shop.address)))
    yield "Điều kiện in", head.press
    yield "Hạn giao", f"{head.deadline:%d/%m/%Y}" if head.deadline else ""
    yield "Số lượng", f"{head.files} tệp, {head.copies} bản in"
    yield "Mã xác nhận", groups(head.hash)


def _kind_table(writer: Writer, printing: PrintShop, kinds: Sequence[Kind]) -> Iterator[None]:
    writer.heading("Các loại")
    rows = []
    for kind in kinds:
        piece = printing.pieces[kind.piece]
        rows.append(
            (piece.title, trim_words(piece), f"{printing.themes[kind.theme].title}, {kind.lang}", str(kind.files), str(kind.copies))
        )
    yield from writer.table(_KINDS, rows)


def _remarks(writer: Writer, printing: PrintShop, kinds: Sequence[Kind]) -> None:
    """What is to be looked at, and what the files warn of."""
    writer.heading("Cần xem kỹ")
    writer.words("Tên thôn, tên người và số điện thoại; nét và màu; quét thử mã bằng hai điện thoại từ đúng khoảng cách.")
    for warning in dict.fromkeys(_in_vietnamese(warning, printing.pieces[kind.piece]) for kind in kinds for warning in kind.warnings):
        writer.words(f"Lưu ý: {warning}")


def _in_vietnamese(warning: str, piece: Piece) -> str:
    """A finding that those who sign must understand, in their words; others as they are."""
    rule = warning.rpartition("[")[2].rstrip("]")
    return f"{piece.title}: {_REMARKS[rule]}" if rule in _REMARKS else warning


def _village_table(writer: Writer, printing: PrintShop, villages: Sequence[str]) -> Iterator[None]:
    writer.heading("Thôn, người nghe máy, số in trên ấn phẩm")
    campaign = printing.deployment.campaign
    rows = []
    for code in villages:
        village = printing.deployment.villages[code]
        number = village.contact or campaign.hotline
        rows.append((code, village.title, village.contact_name or campaign.desk_name, number.national if number else "không có số"))
    yield from writer.table(_VILLAGES, rows)


@dataclass(frozen=True, slots=True)
class _Picture:
    """Page `of` of `file` comes to stand in `box` on the proof's page `on`, both counted from 0."""

    on: int
    box: Box
    file: Path
    of: int
    piece: Piece


def _specimen(
    writer: Writer, piece: Piece, theme: str, kind: Kind, files: Path, pictures: list[_Picture], *, finished: bool
) -> Iterator[None]:
    """A picture of each side of a kind's first file, several on a page where they are small."""
    file = files / kind.specimen
    sides = _sides(file)
    for side in range(sides):
        box = fitted(piece.trim, Box(MARGIN, 0, writer.column, writer.full - _CAPTION_MM))
        writer.room(box.h + _CAPTION_MM)
        writer.words(f"{piece.title} – {theme}, {kind.lang}" + (f" – mặt {side + 1}" if sides > 1 else ""), CAPTION)
        writer.words(f"{kind.specimen} · {sizes(piece)} · {_shrunk(piece, box, finished=finished)}", SMALL, after=3)
        box = replace(box, x=MARGIN, y=writer.y)
        writer.draw(Stroke(rectangle(box), GREY, 0.15))
        writer.y = box.bottom + 8
        pictures.append(_Picture(writer.pages - 1, box, file, side, piece))
        yield


def _shrunk(piece: Piece, box: Box, *, finished: bool) -> str:
    share = 100 * box.w / piece.trim[0]
    said = f"ảnh nhỏ bằng {share:.3g} %" if share < 99.9 else "ảnh bằng cỡ thật"
    return said + ("; nét xanh: gia công" if finished else "")


def trim_words(piece: Piece) -> str:
    """ "297 × 420 mm", no part of it torn off at a line's end."""
    return f"{piece.trim[0]:g} × {piece.trim[1]:g} {'điểm ảnh' if piece.on_screen else 'mm'}".replace(" ", "\u00a0")


def sizes(piece: Piece) -> str:
    """Trim, bleed, and the scale of the file where it is not drawn at its own size."""
    bleed = "" if piece.on_screen else f", tràn\u00a0lề\u00a0{piece.bleed:g}\u00a0mm"
    return f"{trim_words(piece)}{bleed}" + (f", tệp 1:{piece.scale}" if piece.scale > 1 else "")


def fitted(size: tuple[float, float], within: Box) -> Box:
    """The largest box of those proportions, never above natural size, centred at the top of `within`."""
    factor = min(within.w / size[0], within.h / size[1], 1.0)
    width, height = size[0] * factor, size[1] * factor
    return Box(within.x + (within.w - width) / 2, within.y, width, height)


def _sides(file: Path) -> int:
    if file.suffix != ".pdf":
        return 1
    with pikepdf.open(file) as document:
        return len(document.pages)


def _with_pictures(pdf: bytes, title: str, pictures: Sequence[_Picture], finishing: Overlay) -> bytes:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        layer = document.make_indirect(Dictionary(Type=Name.OCG, Name=String(_LAYER)))
        drawn = [_show(document, number, picture, finishing, layer) for number, picture in enumerate(pictures)]
        if any(drawn):
            document.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=Dictionary(ON=Array([layer]), Order=Array([layer])))
        return saved(document, title)


def _show(document: pikepdf.Pdf, number: int, picture: _Picture, finishing: Overlay, layer: Any) -> bool:
    """Put the picture where it belongs, and what the shop does over it; whether it does anything."""
    page = document.pages[picture.on]
    with pikepdf.open(io.BytesIO(_print_file(picture))) as source:
        form = form_of(document, source.pages[picture.of])
        place(document, page, form, f"Piece{number}", _small(picture, source.pages[picture.of], page))
    if not (ops := finishing(picture.piece)):
        return False
    drawing = draw([Page(*picture.piece.trim, tuple(ops))], picture.piece, "", SETTER)
    with pikepdf.open(io.BytesIO(drawing)) as source:
        form = form_of(document, source.pages[0])
        form.OC = layer  # a form can name the layer that it belongs to (ISO 32000-1 §8.11.3.3)
        place(document, page, form, f"Finishing{number}", _small(picture, source.pages[0], page))
    return True


def _print_file(picture: _Picture) -> bytes:
    """The file, or for a screen its pixels on a page of their proportions."""
    if not picture.piece.on_screen:
        return picture.file.read_bytes()
    out = io.BytesIO()
    (seen,) = page_pictures(picture.file.read_bytes(), (1200, 1200))
    seen.save(out, "PDF", resolution=72, title="", creationDate=None, modDate=None, producer="")
    return out.getvalue()


def _small(picture: _Picture, source: pikepdf.Page, page: pikepdf.Page) -> Matrix:
    """From the file's trim to the box on the proof."""
    left, bottom, right, _ = trim_of(source)
    factor = picture.box.w * PT_PER_MM / (right - left)
    at = picture.box.x * PT_PER_MM, float(page.mediabox[3]) - picture.box.bottom * PT_PER_MM
    return factor, 0, 0, factor, at[0] - factor * left, at[1] - factor * bottom
