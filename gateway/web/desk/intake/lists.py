"""/desk/entry/list: a stack that somebody has typed into a spreadsheet, pasted or uploaded; the good rows are kept, the others mended."""

import csv
import io
from typing import Final

from aiohttp import web

from gateway.domain.permission import Action
from gateway.domain.tip_entry import COLUMNS, EntryList, Wrong, read_entries
from gateway.services.refusal import Refusal
from gateway.services.tips import neutral
from gateway.web.desk.intake.entry import ENTRIES, new_key
from gateway.web.desk.kit import Form, actor, desk, form, needs, page, see_other

_SHOWN: Final = 200  # rows of each kind on the page; all of the refused are in the file to mend
HEADINGS: Final = {column.name: (column.aliases or (column.name,))[0] for column in COLUMNS}


def add(app: web.Application) -> None:
    """Put the pages on `app`."""
    app.router.add_get("/desk/entry/list", show)
    app.router.add_post("/desk/entry/list", take)
    app.router.add_get("/desk/entry/list/{batch:[0-9]{1,15}}", result)
    app.router.add_get("/desk/entry/list/{batch:[0-9]{1,15}}/chua-nhan.csv", refused)


@needs(Action.TIP_ENTER)
async def show(request: web.Request) -> web.Response:
    """Where a list is pasted or chosen."""
    return _page(request)


def _page(request: web.Request, status: int = 200, faults: tuple[Wrong, ...] = (), pasted: str = "") -> web.Response:
    return page(request, "intake/list", status, key=new_key(), faults=faults, pasted=pasted, headings=HEADINGS)


@needs(Action.TIP_ENTER)
async def take(request: web.Request) -> web.Response:
    """Take the good rows; nothing of a list is taken whose header can't be read."""
    given, entries, who, now = await form(request), request.app[ENTRIES], actor(request), desk(request).clock()
    found = read_entries(_source(given), "danh sách", entries.frame(who, now))
    if not found.taken and not found.refused:
        return _page(request, 422, found.faults or (_NOTHING,), given.text("pasted")[:200_000])
    batch = await entries.enter_list(who, found, given.text("key"), now)
    return see_other(request, f"/desk/entry/list/{batch}", say=_said(found))


_NOTHING: Final = Wrong("row", "Chưa có dòng nào", "Dán danh sách vào ô, hoặc chọn tệp")


def _source(given: Form) -> io.BytesIO:
    upload = given.file("file")
    return io.BytesIO(upload.read() if upload else given.text("pasted").encode())


def _said(found: EntryList) -> str:
    left = f", {len(found.refused)} dòng cần sửa" if found.refused else ""
    more = f". {found.faults[0].text}." if found.faults else "."
    return f"Đã nhận {len(found.taken)} tin{left}{more}"


@needs(Action.TIP_ENTER)
async def result(request: web.Request) -> web.Response:
    """What became of a list, row by row."""
    listed = await request.app[ENTRIES].listed(actor(request), int(request.match_info["batch"]))
    waiting = sum(each.code is None for each in listed.entries)
    shown = {"entries": listed.entries[:_SHOWN], "refused": listed.refused[:_SHOWN]}
    return page(request, "intake/listed", listed=listed, waiting=waiting, headings=HEADINGS, **shown)


@needs(Action.TIP_ENTER)
async def refused(request: web.Request) -> web.Response:
    """The rows that were not taken, as a list to mend and send again; no cell of it runs as a formula."""
    now, batch = desk(request).clock(), int(request.match_info["batch"])
    listed = await request.app[ENTRIES].refused_rows(actor(request), batch, now)
    if not listed.refused:
        raise Refusal("Danh sách này không có dòng nào phải sửa.")
    names = [column.name for column in COLUMNS]
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["dòng", *(HEADINGS[name] for name in names), "vì sao chưa nhận"])
    for each in listed.refused:
        why = "; ".join(f"{one.text}. {one.remedy}" for one in each.wrong)
        writer.writerow([each.line, *(neutral(each.cells.get(name, "")) for name in names), why])
    body = text.getvalue().encode("utf-8-sig")  # without the mark Excel reads Vietnamese as another code page
    name = f'attachment; filename="chua-nhan-{batch}.csv"'
    return web.Response(body=body, content_type="text/csv", charset="utf-8", headers={"Content-Disposition": name})
