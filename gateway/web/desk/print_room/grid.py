"""The grid of villages × pieces as the page shows it. Values in, values out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from gateway.domain.placement import Placement
from gateway.domain.print_cell import CellState, Spot, cell_state, due_down, is_banner
from gateway.domain.village import Village
from gateway.services.print_room import Board
from gateway.storage.links import Override
from gateway.storage.print_room import Hung, PrintFile

if TYPE_CHECKING:
    from collateral.load import PrintShop
    from collateral.piece import Piece

STATES: Final[Mapping[CellState, tuple[str, str]]] = {  # what officers read, the tag's class
    CellState.MISSING: ("Chưa làm", ""),
    CellState.READY: ("Đạt, chờ in", "tag-done"),
    CellState.PRINTING: ("Đang in", "tag-work"),
    CellState.HUNG: ("Đã treo", "tag-done"),
    CellState.FAILED: ("Hỏng", "tag-wait"),
    CellState.OVERDUE: ("Quá 15 ngày", "tag-urgent"),
}
_HANDED_OUT: Final = ("tờ rơi", "tờ gấp", "thẻ")
_SHEETS: Final = ("tờ rơi", "tờ gấp")
_PICTURE: Final = (80, 115)  # room of a picture on the page; it is made twice as sharp
_WIDE: Final = (160, 40)


@dataclass(frozen=True, slots=True)
class SpotRow:
    """A placement in the panel: what is known of it, and where it stands."""

    placement: Placement
    spot: Spot
    file: PrintFile | None
    hung: Hung | None
    off: Override | None

    @property
    def overdue_words(self) -> str:
        """ "phải gỡ từ 21/11", or "gỡ 05/12" while there is time; "" for what may stay."""
        if not self.spot.is_banner or self.spot.hung_on is None or self.spot.down_on is not None:
            return ""
        return f"gỡ trước {due_down(self.spot.hung_on):%d/%m}"


@dataclass(frozen=True, slots=True)
class CellView:
    """A village's pieces of one kind. `file`: whose first page is shown; `width`, `height`: its picture's, pixels on the page."""

    village: Village
    piece: str
    title: str
    state: CellState
    label: str
    tag: str
    words: str
    rows: tuple[SpotRow, ...]
    file: PrintFile | None
    width: int
    height: int

    @property
    def key(self) -> str:
        return f"{self.village.code}:{self.piece}"

    @property
    def failed(self) -> PrintFile | None:
        """The newest file that did not pass."""
        return next((row.file for row in self.rows if row.spot.is_failed), None)


@dataclass(frozen=True, slots=True)
class Grid:
    """All cells of the chosen villages and pieces, the first row first; `counts`: cells by state, before the state filter."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Village, tuple[CellView | None, ...]], ...]
    counts: Mapping[CellState, int]
    total: int

    @property
    def cells(self) -> Iterator[CellView]:
        return (cell for _, cells in self.rows for cell in cells if cell is not None)


def usual_pieces(placements: Iterable[Placement], pieces: Mapping[str, Piece]) -> tuple[str, ...]:
    """The pieces that most villages have, in the order of pieces.toml; where there are none, all that are placed."""
    villages: dict[str, set[str]] = {}
    for each in placements:
        villages.setdefault(each.piece, set()).add(each.village)
    most = max(map(len, villages.values()), default=0)
    return tuple(name for name in pieces if len(villages.get(name, ())) * 2 > most) or tuple(name for name in pieces if name in villages)


def grid_of(
    printing: PrintShop, board: Board, villages: Sequence[Village], pieces: Sequence[str], state: CellState | None, today: date
) -> Grid:
    """The grid of these villages and pieces; with `state` only the villages that have a cell in it."""
    placed = _placed(printing.deployment.placements)
    files = {(each.village, each.piece, each.number): each for each in board.files}
    counts: Counter[CellState] = Counter()
    rows = []
    for village in villages:
        cells = tuple(_cell(printing, board, village, piece, placed.get((village.code, piece), ()), files, today) for piece in pieces)
        counts.update(cell.state for cell in cells if cell is not None)
        if any(cell is not None and state in (None, cell.state) for cell in cells):
            rows.append((village, cells))
    columns = tuple((piece, printing.pieces[piece].title) for piece in pieces)
    return Grid(columns, tuple(rows), counts, sum(counts.values()))


def _placed(placements: Iterable[Placement]) -> Mapping[tuple[str, str], list[Placement]]:
    found: dict[tuple[str, str], list[Placement]] = {}
    for each in placements:
        found.setdefault((each.village, each.piece), []).append(each)
    return found


def _cell(
    printing: PrintShop,
    board: Board,
    village: Village,
    piece: str,
    placements: Sequence[Placement],
    files: Mapping[tuple[str, str, int], PrintFile],
    today: date,
) -> CellView | None:
    if not placements:
        return None
    shape = printing.pieces[piece]
    rows = tuple(_spot(shape, each, files.get((village.code, piece, each.number)), board) for each in placements)
    state = cell_state([row.spot for row in rows], today)
    label, tag = STATES[state]
    if state is CellState.HUNG and shape.title.lower().startswith(_HANDED_OUT):
        label = "Đã phát"
    shown = next((row.file for row in rows if row.file is not None and row.file.file), None)
    return CellView(village, piece, shape.title, state, label, tag, _words(shape, village, rows, state, today), rows, shown, *_size(shape))


def _spot(piece: Piece, placement: Placement, file: PrintFile | None, board: Board) -> SpotRow:
    code, hung = placement.code, board.hung.get(placement.code)
    is_handed = file is not None and board.states.get(file.job, (None, False))[1]
    spot = Spot(
        is_made=file is not None and file.file is not None,
        is_failed=file is not None and file.file is None,
        is_handed=is_handed,
        hung_on=hung.hung_on if hung else None,
        down_on=hung.down_on if hung else None,
        is_banner=is_banner(piece.title),
    )
    return SpotRow(placement, spot, file, hung, board.off.get(code))


def _words(piece: Piece, village: Village, rows: Sequence[SpotRow], state: CellState, today: date) -> str:
    """ "3 tấm, 1 đã treo", "phải gỡ từ 21/11", "88 tờ"; of what failed the first rule."""
    if state is CellState.OVERDUE:
        since = min(filter(None, (row.spot.overdue_since(today) for row in rows)))
        return f"phải gỡ từ {since:%d/%m}"
    if state is CellState.FAILED:
        findings = next(row.file.findings for row in rows if row.spot.is_failed and row.file)
        return f"luật {findings[0].rule}" if findings else ""
    if piece.title.lower().startswith(_SHEETS):
        return f"{village.households} tờ" if village.households else f"{len(rows)} chỗ"
    hung = sum(row.spot.hung_on is not None for row in rows)
    due = next((row.overdue_words for row in rows if row.overdue_words), "")
    return ", ".join(filter(None, (f"{len(rows)} tấm", f"{hung} đã treo" if 0 < hung < len(rows) else "", due)))


def _size(piece: Piece) -> tuple[int, int]:
    """Width and height of the picture on the page."""
    width, height = piece.trim
    room = _WIDE if width > 2 * height else _PICTURE
    factor = min(room[0] / width, room[1] / height)
    return max(1, round(width * factor)), max(1, round(height * factor))
