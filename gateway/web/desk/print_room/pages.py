"""`/desk/print`: the grid with its panel, jobs, files, placements. Handlers: read, call a use case, answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web

from gateway.domain.code import read_placement_code
from gateway.domain.hanging import COLUMNS, Hanging, read_hangings
from gateway.domain.permission import Action, Actor, Elsewhere
from gateway.domain.placement import Placement
from gateway.domain.print_cell import CellState
from gateway.domain.table import read_table
from gateway.domain.village import Village
from gateway.services import print_room
from gateway.services.refusal import Refusal
from gateway.storage.database import StorageDown
from gateway.storage.print_room import Hung, JobState, PrintFile
from gateway.web.desk.kit import DESK, Area, Desk, Form, actor, desk, form, needs, page, see_other
from gateway.web.desk.print_room.grid import STATES, CellView, Grid, grid_of, usual_pieces
from gateway.web.desk.print_room.runner import Runner

if TYPE_CHECKING:
    from collateral.load import PrintShop
    from collateral.shop.shops import Shop

PLACE: Final = "/desk/print"
ROWS: Final = 60  # villages a page: a commune's on one, a province's on several
_KEEP: Final = "private, max-age=31536000, immutable"  # a picture lies under a number that always means the same bytes
_MOST_IMPORTED: Final = 4_000_000  # bytes of a register that comes back
TROUBLES: Final[Mapping[str, str]] = {
    print_room.RESTARTED: "Máy chủ đã khởi động lại giữa chừng. Những bản đã xong vẫn còn. Bấm “Làm tiếp” để làm nốt.",
    print_room.DISK: "Đĩa của máy chủ có thể đã đầy, không ghi được tệp. Xin báo người quản trị, rồi bấm “Làm tiếp”.",
    print_room.BY_HAND: "Đã có người dừng. Những bản đã xong vẫn còn. Bấm “Làm tiếp” để làm nốt.",
    print_room.BROKEN: "Chương trình vẽ dừng giữa chừng. Bấm “Làm tiếp”; nếu vẫn dừng, báo người quản trị.",
}
JOB_STATES: Final[Mapping[JobState, tuple[str, str]]] = {
    JobState.MAKING: ("Đang làm", "tag-work"),
    JobState.MADE: ("Chờ duyệt", "tag-wait"),
    JobState.FAILED: ("Có bản hỏng", "tag-urgent"),
    JobState.STOPPED: ("Đã dừng", ""),
    JobState.APPROVED: ("Đã duyệt", "tag-done"),
}


class Press:
    """What the desk knows of printing: pieces and shops, read once when they are first asked for."""

    def __init__(self, here: Desk) -> None:
        self.runner = Runner(here.database, here.deployment.path, here.folder / "print", here.clock)
        self._here, self._lock = here, asyncio.Lock()
        self._known: tuple[PrintShop, Mapping[str, Shop]] | None = None

    async def known(self) -> tuple[PrintShop, Mapping[str, Shop]]:
        """Pieces and shops. Raises Refusal where the deployment's files are wrong."""
        async with self._lock:
            if self._known is None:
                self._known = await asyncio.to_thread(self._read)
            return self._known

    async def board(self, who: Actor) -> print_room.Board:
        """The board, with what `tinbao placements import` brought where the desk knows nothing newer."""
        printing, _ = await self.known()
        found = await print_room.board(self._here.database, who)
        brought = await asyncio.to_thread(_brought, printing)
        villages = villages_of(self._here, who)
        hung = {each.code: _hung(each, villages[each.village].commune) for each in brought if each.village in villages}
        return replace(found, hung={**hung, **found.hung})

    def _read(self) -> tuple[PrintShop, Mapping[str, Shop]]:
        from collateral.load import shop_of
        from collateral.shop.shops import load_shops
        from gateway.deployment import BadDeployment

        try:
            printing = shop_of(self._here.deployment)
            return printing, load_shops(printing)
        except BadDeployment as why:
            raise Refusal(f"Tệp cấu hình in chưa đúng, xin báo người quản trị: {why}") from None


def _brought(printing: PrintShop) -> list[Hanging]:
    from collateral.shop.register import load_hangings

    return load_hangings(printing)


PRESS: Final = web.AppKey("press", Press)


async def _life(app: web.Application) -> AsyncIterator[None]:
    """For the life of the desk: what stopped with the last process is found, what runs ends with this one."""
    with suppress(StorageDown):  # whoever looks at a job looks again
        await app[PRESS].runner.find_stopped()
    yield
    await app[PRESS].runner.close()


# --- what is seen ---


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filters of the grid, as the address has them. `pieces`: "" for the usual ones, "all", or one; `at`: the chosen cell."""

    village: str = ""
    piece: str = ""
    state: CellState | None = None
    at: str = ""
    page: int = 0

    @classmethod
    def of(cls, request: web.Request) -> Wanted:
        asked = request.query
        state = asked.get("state", "")
        known = CellState(state) if state in list(CellState) else None
        page = asked.get("page", "")
        number = int(page) if page.isascii() and page.isdigit() and len(page) < 5 else 0
        return cls(asked.get("village", ""), asked.get("piece", ""), known, asked.get("at", ""), number)

    def href(self, **changes: str) -> str:
        """The grid's address with some filters changed."""
        state = self.state.value if self.state else ""
        now = {"village": self.village, "piece": self.piece, "state": state, "at": self.at, "page": str(self.page or "")}
        values = now | changes
        kept = {name: value for name, value in values.items() if value}
        return f"{PLACE}?{urlencode(kept)}" if kept else PLACE


def today(here: Desk) -> date:
    """The day on the wall."""
    return datetime.fromtimestamp(here.clock() / 1000, ZoneInfo(here.deployment.campaign.timezone)).date()


def villages_of(here: Desk, who: Actor) -> dict[str, Village]:
    """The villages that `who` sees, by code."""
    return {code: each for code, each in here.deployment.villages.items() if who.sees(each.commune)}


@needs(Action.PRINT_READ)
async def show(request: web.Request) -> web.StreamResponse:
    """The grid, and beside it the chosen cell."""
    here, who, wanted = desk(request), actor(request), Wanted.of(request)
    printing, _ = await request.app[PRESS].known()
    board = await request.app[PRESS].board(who)
    villages = villages_of(here, who)
    placements = [each for each in printing.deployment.placements if each.village in villages]
    placed = {each.piece for each in placements}
    pieces = _pieces(wanted.piece, usual_pieces(placements, printing.pieces), [name for name in printing.pieces if name in placed])
    rows = [villages[wanted.village]] if wanted.village in villages else list(villages.values())
    grid = grid_of(printing, board, rows, pieces, wanted.state, today(here))
    at = wanted.page * ROWS if wanted.page * ROWS < len(grid.rows) else 0
    shown = grid.rows[at : at + ROWS]
    cells = [each for _, row in shown for each in row if each is not None]
    cell = next((each for each in cells if each.key == wanted.at), None) or next(iter(cells), None)
    titles = [(name, printing.pieces[name].title) for name in printing.pieces if name in placed]
    values = {
        "wanted": wanted,
        "grid": grid,
        "villages": villages,
        "pieces": titles,
        "states": STATES,
        "cell": cell,
        "rows": shown,
        "first": at + 1,
    }
    waiting = await print_room.waiting(here.database, who)
    missing = grid.counts.get(CellState.MISSING, 0)
    return page(request, "print/grid", **values, **await _panel(here, who, cell), missing=missing, waiting=waiting)


def _pieces(asked: str, usual: Sequence[str], placed: Sequence[str]) -> Sequence[str]:
    if asked == "all":
        return placed
    return [asked] if asked in placed else usual


async def _panel(here: Desk, who: Actor, cell: CellView | None) -> dict[str, object]:
    """What stands beside the grid about the chosen cell."""
    if cell is None:
        return {"brought": {}, "checked": (), "today": today(here).isoformat()}
    brought = await print_room.yields(here.database, who, [row.placement for row in cell.rows])
    return {"brought": brought, "checked": _checked(cell), "today": today(here).isoformat()}


def _checked(cell: CellView) -> list[str]:
    """What a file that passed has been held against, in words."""
    if cell.file is None:
        return []
    codes = len(cell.file.codes)
    told = [f"{codes} mã vuông, máy đọc lại đúng cả {codes}" if codes > 1 else "Mã vuông, máy đọc lại đúng"] if codes else []
    told += ["Chữ đủ dấu, phông nhúng hết", "Không chữ nào ra ngoài vùng an toàn", "Tràn lề và lượng mực trong mức của máy in"]
    return [*told, f"PDF/X, {cell.file.pages} trang" if str(cell.file.file).endswith(".pdf") else "Ảnh đúng điểm ảnh của màn hình"]


# --- files ---


@needs(Action.PRINT_READ)
async def picture(request: web.Request) -> web.StreamResponse:
    """Page 1 of a file as a PNG."""
    here, size = desk(request), request.match_info["size"]
    file = await print_room.file_of(here.database, actor(request), int(request.match_info["file"]))
    found = await request.app[PRESS].runner.picture(file, size)
    if found is None:
        raise web.HTTPNotFound
    return web.FileResponse(found, headers={"Cache-Control": _KEEP, "Content-Type": "image/png"})


@needs(Action.PRINT_READ)
async def file(request: web.Request) -> web.StreamResponse:
    """The print file itself, to look at."""
    here, who = desk(request), actor(request)
    found = await print_room.file_of(here.database, who, int(request.match_info["file"]))
    where = request.app[PRESS].runner.file(found)
    if not where.is_file():
        raise web.HTTPNotFound
    await print_room.note_taken(
        here.database, who, await print_room.job_of(here.database, who, found.job), f"file {found.id}", here.clock()
    )
    return _download(where, where.name)


def _download(where: Path, name: str) -> web.FileResponse:
    """A file of ours, streamed; `name` is made of codes and has no quote in it."""
    return web.FileResponse(where, headers={"Content-Disposition": f'attachment; filename="{name}"'})


# --- jobs ---


@needs(Action.PRINT_MAKE)
async def choose(request: web.Request) -> web.StreamResponse:
    """The form for a new job."""
    here, who = desk(request), actor(request)
    printing, shops = await request.app[PRESS].known()
    villages, board = villages_of(here, who), await request.app[PRESS].board(who)
    everything = grid_of(printing, board, list(villages.values()), list(printing.pieces), None, today(here))
    missing = {name: _missing(everything, shop) for name, shop in shops.items()}
    return page(request, "print/choose", shops=shops, titles={name: each.title for name, each in printing.pieces.items()},
                villages=villages, langs=list(printing.copies), missing=missing, only_missing="missing" in request.query)  # fmt: skip


def _missing(grid: Grid, shop: Shop) -> int:
    return sum(cell.state is CellState.MISSING and cell.piece in shop.pieces for cell in grid.cells)


@needs(Action.PRINT_MAKE)
async def begin(request: web.Request) -> web.StreamResponse:
    """A new job, made in the background."""
    here, who, given, press = desk(request), actor(request), await form(request), request.app[PRESS]
    printing, shops = await press.known()
    shop = shops[given.one_of("shop", shops)]
    lang = given.one_of("lang", list(printing.copies), "vi")
    cells = _cells(given, villages_of(here, who), shop, printing, await press.board(who), today(here))
    before = next((job for job in await print_room.jobs(here.database, who) if job.shop == shop.name and job.lang == lang), None)
    job = await print_room.begin(here.database, who, shop.name, lang, cells, here.deployment.villages, here.clock())
    await press.runner.start(await print_room.job_of(here.database, who, job), before)
    return see_other(request, f"{PLACE}/jobs/{job}", say="Đang làm. Có thể đóng trang, máy vẫn làm tiếp.")


def _cells(
    given: Form, villages: Mapping[str, Village], shop: Shop, printing: PrintShop, board: print_room.Board, now: date
) -> list[tuple[str, str]]:
    """What a form chose: villages × pieces of the shop; of those only what is missing, where that is ticked."""
    chosen = given.all("village") or (list(villages) if "every_village" in given else [])
    if any(code not in villages for code in chosen):
        raise Elsewhere("there is no such village in your commune")
    pieces = [name for name in (given.all("piece") or list(shop.pieces)) if name in shop.pieces]
    grid = grid_of(printing, board, [villages[code] for code in dict.fromkeys(chosen)], pieces, None, now)
    wanted = (CellState.MISSING, CellState.FAILED) if "missing" in given else tuple(CellState)
    return [(cell.village.code, cell.piece) for cell in grid.cells if cell.state in wanted]


@needs(Action.PRINT_READ)
async def jobs(request: web.Request) -> web.StreamResponse:
    """The newest jobs."""
    here, press = desk(request), request.app[PRESS]
    await press.runner.find_stopped()
    _, shops = await press.known()
    found = await print_room.jobs(here.database, actor(request))
    return page(request, "print/jobs", jobs=found, shops=shops, states=JOB_STATES)


def _number(request: web.Request) -> int:
    return int(request.match_info["job"])


@needs(Action.PRINT_READ)
async def job(request: web.Request) -> web.StreamResponse:
    """One job: how far it is, what failed, the proof, the decision, the package."""
    here, who, press = desk(request), actor(request), request.app[PRESS]
    await press.runner.find_stopped()
    found = await print_room.job_of(here.database, who, _number(request))
    printing, shops = await press.known()
    files = await print_room.files_of(here.database, who, found.id)
    made = [each for each in files if each.file]
    values = {
        "job": found,
        "shop": shops.get(found.shop),
        "state": JOB_STATES[found.state],
        "trouble": TROUBLES.get(found.trouble or "", ""),
        "failed": [each for each in files if each.file is None],
        "shown": _specimens(made),
        "warnings": sorted({each.text for file in made for each in file.findings}),
    }
    titles = {name: each.title for name, each in printing.pieces.items()}
    package = press.runner.package(found)
    seen = {"titles": titles, "villages": here.deployment.villages, "package": package, "hash_words": _groups(found.hash or "")}
    return page(request, "print/job", **values, **seen)


def _specimens(files: Sequence[PrintFile]) -> list[PrintFile]:
    """The first file of each kind: what the second person looks at first; the proof has them larger."""
    kinds: dict[tuple[str, str, str], PrintFile] = {}
    for each in files:
        kinds.setdefault((each.piece, each.theme, each.lang), each)
    return list(kinds.values())


def _groups(hash_: str) -> str:
    return " ".join(hash_[at : at + 8] for at in range(0, len(hash_), 8))


@needs(Action.PRINT_READ)
async def progress(request: web.Request) -> web.StreamResponse:
    """How far a job is, for the script that keeps the page fresh."""
    here = desk(request)
    found = await print_room.job_of(here.database, actor(request), _number(request))
    said = {"state": found.state, "made": found.made, "failed": found.failed, "total": found.total}
    return web.json_response(said)


@needs(Action.PRINT_MAKE)
async def stop(request: web.Request) -> web.StreamResponse:
    """Stop a job."""
    here = desk(request)
    await print_room.stop(here.database, actor(request), _number(request), here.clock())
    return see_other(request, f"{PLACE}/jobs/{_number(request)}", say="Đã dừng. Những bản đã xong vẫn còn.")


@needs(Action.PRINT_MAKE)
async def resume(request: web.Request) -> web.StreamResponse:
    """Go on with a job."""
    here, who, press = desk(request), actor(request), request.app[PRESS]
    if press.runner.runs(_number(request)):
        await press.runner.settled(_number(request))  # it was stopped a moment ago and is about to end
    found = await print_room.resume(here.database, who, _number(request), here.clock())
    await press.runner.start(found)
    return see_other(request, f"{PLACE}/jobs/{found.id}", say="Đang làm tiếp.")


@needs(Action.PRINT_READ)
async def proof(request: web.Request) -> web.StreamResponse:
    """The proof as PDF, to be looked at and signed."""
    found = await print_room.job_of(desk(request).database, actor(request), _number(request))
    where = request.app[PRESS].runner.home(found.id) / "proof.pdf"
    if found.state not in (JobState.MADE, JobState.APPROVED) or not where.is_file():
        raise Refusal("Chưa có bản mẫu: chỉ khi mọi bản đều đạt mới có. Xin xem bản nào hỏng.")
    return _download(where, f"ban-mau-{found.id}.pdf")


@needs(Action.PRINT_APPROVE, confirmed=True)
async def approve(request: web.Request) -> web.StreamResponse:
    """The second person's yes, to the files as they lie there now."""
    here, who, press, given = desk(request), actor(request), request.app[PRESS], await form(request)
    found = await print_room.job_of(here.database, who, _number(request))
    if len(given.all("seen")) < 2:
        raise Refusal("Xin đánh dấu cả hai câu: đã xem bản mẫu, và chữ, tên thôn, số máy trên đó là đúng.")
    await asyncio.to_thread(_verify, press.runner.home(found.id), given.text("hash"))
    await print_room.approve(here.database, who, found.id, given.text("hash"), here.clock())
    return see_other(request, f"{PLACE}/jobs/{found.id}", say="Đã duyệt. Nay làm được gói cho nhà in.")


def _verify(folder: Path, hash_: str) -> None:
    """Refusal where the files are not those of the hash that was seen."""
    from collateral.refusal import Refused
    from collateral.shop.job import read_manifest, verify

    try:
        head, _ = read_manifest(folder)
        verify(folder, head)
    except Refused:
        raise Refusal("Tệp in trên máy chủ không còn đúng như lúc làm. Xin làm lại bản in, rồi duyệt bản mới.") from None
    if head.hash != hash_:
        raise Refusal("Bản in đã đổi từ lúc mở trang. Xin tải lại trang rồi xem lại bản mẫu.")


@needs(Action.PRINT_MAKE)
async def pack(request: web.Request) -> web.StreamResponse:
    """Make the archive that the shop is given, from the approved files alone."""
    here, who, press = desk(request), actor(request), request.app[PRESS]
    who.need(Action.PRINT_MAKE)
    found = await print_room.job_of(here.database, who, _number(request))
    if found.state is not JobState.APPROVED or found.approved_at is None:
        raise Refusal("Bản này chưa được duyệt nên chưa có gói cho nhà in. Xin chờ người thứ hai duyệt bản mẫu.")
    hung = await _hangings(press, who)
    on = datetime.fromtimestamp(found.approved_at / 1000, ZoneInfo(here.deployment.campaign.timezone)).date().isoformat()
    sha256 = await press.runner.pack(found, on, hung)
    await print_room.packed(here.database, who, found.id, sha256, here.clock())
    return see_other(request, f"{PLACE}/jobs/{found.id}", say="Gói đã xong, có thể tải về.")


@needs(Action.PRINT_MAKE)
async def package(request: web.Request) -> web.StreamResponse:
    """The archive for the shop, streamed; only the one that was made from the approved files."""
    here, who, press = desk(request), actor(request), request.app[PRESS]
    found = await print_room.job_of(here.database, who, _number(request))
    where = press.runner.package(found)
    if found.state is not JobState.APPROVED or where is None or await asyncio.to_thread(_digest, where) != found.package:
        raise Refusal("Chưa có gói của bản đã duyệt. Xin bấm “Làm gói” trước.")
    await print_room.note_taken(here.database, who, found, "package", here.clock())
    return _download(where, where.name)


def _digest(path: Path) -> str:
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@needs(Action.PRINT_MAKE)
async def hand(request: web.Request) -> web.StreamResponse:
    """The shop has the package."""
    here, given = desk(request), await form(request)
    await print_room.hand(here.database, actor(request), _number(request), is_handed="back" not in given, now=here.clock())
    return see_other(request, f"{PLACE}/jobs/{_number(request)}", say="Đã ghi.")


# --- placements ---


def _placement(request: web.Request) -> tuple[Placement, Village]:
    """The placement of the address. Raises Elsewhere."""
    here, at = desk(request), read_placement_code(request.match_info["code"])
    found = next((each for each in here.deployment.placements if (each.village, each.number) == at), None)
    village = villages_of(here, actor(request)).get(found.village) if found else None
    if found is None or village is None:
        raise Elsewhere("there is no such placement in your commune")
    return found, village


def _cell_href(placement: Placement) -> str:
    return Wanted(piece=placement.piece, at=f"{placement.village}:{placement.piece}").href()


@needs(Action.PRINT_MAKE)
async def switch(request: web.Request) -> web.StreamResponse:
    """Switch a code off, or on again."""
    here, given = desk(request), await form(request)
    placement, village = _placement(request)
    is_off = given.one_of("do", ("off", "on")) == "off"
    await print_room.switch(
        here.database, actor(request), village.commune, placement.code, given.text("why")[:300], here.clock(), is_off=is_off
    )
    said = f"Đã ngừng mã {placement.code}." if is_off else f"Mã {placement.code} lại mở được."
    return see_other(request, _cell_href(placement), say=said)


@needs(Action.PRINT_MAKE)
async def hang(request: web.Request) -> web.StreamResponse:
    """Write down that a placement hangs, or that it was taken down."""
    here, who, given = desk(request), actor(request), await form(request)
    placement, village = _placement(request)
    if "down_on" in given:
        hung = (await request.app[PRESS].board(who)).hung.get(placement.code)
        if hung is None:
            raise Refusal("Chưa ghi ngày treo nên chưa ghi được ngày gỡ. Xin ghi ngày treo trước.")
        await print_room.take_down(here.database, who, hung, _day(given.text("down_on"), today(here)), here.clock())
        return see_other(request, _cell_href(placement), say=f"Đã ghi gỡ {placement.code}.")
    sheet = {
        "code": placement.code,
        "hung_on": given.text("hung_on"),
        "gps": given.text("gps"),
        "photo": given.text("photo"),
        "by": given.text("by"),
    }
    (found,) = await asyncio.to_thread(_read_register, here, _as_csv(sheet), "biểu mẫu")
    await print_room.hang(here.database, who, [_hung(found, village.commune)], here.clock())
    return see_other(request, _cell_href(placement), say=f"Đã ghi ngày treo của {placement.code}.")


def _day(written: str, now: date) -> date:
    try:
        day = date.fromisoformat(written)
    except ValueError:
        raise Refusal("Ngày chưa đúng. Xin chọn lại ngày, ví dụ 21/11/2026.") from None
    if day > now:
        raise Refusal(f"Ngày {day:%d/%m/%Y} chưa tới. Xin ghi ngày đã làm.")
    return day


def _as_csv(sheet: Mapping[str, str]) -> bytes:
    import csv
    import io

    out = io.StringIO()
    csv.writer(out).writerows([list(sheet), list(sheet.values())])
    return out.getvalue().encode()


def _hung(hanging: Hanging, commune: str) -> Hung:
    return Hung(hanging.code, commune, hanging.hung_on, hanging.lat, hanging.lon, hanging.photo, hanging.by, hanging.note)


def _read_register(here: Desk, data: bytes, name: str) -> list[Hanging]:
    """The rows of a register that can be used. Raises Refusal where one can't, or where there is none."""
    table = read_table(data, file=name, columns=COLUMNS)
    found, faults = read_hangings(table, here.deployment.placements, here.deployment.villages, today(here))
    if faults:
        raise Refusal(f"Chưa ghi dòng nào vì còn {len(faults)} chỗ chưa đúng. {'; '.join(str(each) for each in faults[:5])}")
    if not found:
        raise Refusal("Không có dòng nào đã ghi ngày treo. Xin ghi ngày treo vào cột “Ngày treo” rồi gửi lại.")
    return found


# --- the register ---


async def _hangings(press: Press, who: Actor) -> list[Hanging]:
    """What hangs now, as the register has it, of the villages that `who` sees."""
    hung = [each for each in (await press.board(who)).hung.values() if each.down_on is None]
    places = [(each, read_placement_code(each.code)) for each in hung]
    return [
        Hanging(*at, each.code, each.hung_on, each.lat, each.lon, each.photo, each.by, each.note) for each, at in places if at is not None
    ]


@needs(Action.PRINT_READ)
async def register(request: web.Request) -> web.StreamResponse:
    """The placement register on paper or as a workbook that the import takes back."""
    here, who, press = desk(request), actor(request), request.app[PRESS]
    villages = villages_of(here, who)
    asked = request.query.get("village", "")
    chosen = [asked] if asked in villages else list(villages)
    to = press.runner.pictures.parent / "registers" / f"so-treo-{who.user}.{request.match_info['kind']}"
    await press.runner.register(chosen, await _hangings(press, who), to)
    return _download(to, f"so-treo.{request.match_info['kind']}")


@needs(Action.PRINT_MAKE)
async def take_register(request: web.Request) -> web.StreamResponse:
    """The register as it comes back from the villages: all rows or none."""
    here, who, given = desk(request), actor(request), await form(request)
    upload = given.file("register")
    if upload is None:
        raise Refusal("Chưa chọn tệp. Xin chọn bảng tính sổ treo đã ghi (XLSX hoặc CSV).")
    data = upload.read()
    if len(data) > _MOST_IMPORTED:
        raise Refusal("Tệp nặng quá 4 MB. Xin gửi riêng từng phần sổ, không kèm ảnh.")
    found = await asyncio.to_thread(_read_register, here, data, upload.name)
    villages = villages_of(here, who)
    if any(each.village not in villages for each in found):
        raise Refusal("Sổ có mã của xã khác. Xin chỉ gửi sổ của xã mình. Chưa ghi dòng nào.")
    await print_room.hang(here.database, who, [_hung(each, villages[each.village].commune) for each in found], here.clock())
    return see_other(request, PLACE, say=f"Đã ghi {len(found)} chỗ treo, phát.")


def add_print(app: web.Application) -> None:
    """Put the print room on `app`."""
    app[PRESS] = Press(app[DESK])
    app.cleanup_ctx.append(_life)
    get, post = app.router.add_get, app.router.add_post
    get(PLACE, show)
    get(f"{PLACE}/new", choose)
    get(f"{PLACE}/jobs", jobs)
    post(f"{PLACE}/jobs", begin)
    get(f"{PLACE}/jobs/{{job:[0-9]{{1,12}}}}", job)
    get(f"{PLACE}/jobs/{{job:[0-9]{{1,12}}}}/progress", progress)
    get(f"{PLACE}/jobs/{{job:[0-9]{{1,12}}}}/proof.pdf", proof)
    get(f"{PLACE}/jobs/{{job:[0-9]{{1,12}}}}/package.zip", package)
    for name, handler in (("stop", stop), ("resume", resume), ("approve", approve), ("package", pack), ("handed", hand)):
        post(f"{PLACE}/jobs/{{job:[0-9]{{1,12}}}}/{name}", handler)
    get(f"{PLACE}/files/{{file:[0-9]{{1,12}}}}", file)
    get(f"{PLACE}/files/{{file:[0-9]{{1,12}}}}/{{size:small|large}}.png", picture)
    post(f"{PLACE}/placements/{{code:[0-9A-Za-z]{{4,12}}}}/switch", switch)
    post(f"{PLACE}/placements/{{code:[0-9A-Za-z]{{4,12}}}}/hung", hang)
    get(f"{PLACE}/register.{{kind:pdf|xlsx}}", register)
    post(f"{PLACE}/register", take_register)


async def _waiting(here: Desk, who: Actor) -> int:
    return await print_room.waiting(here.database, who)


AREA: Final = Area("print", "In ấn", PLACE, Action.PRINT_READ, add_print, _waiting)
