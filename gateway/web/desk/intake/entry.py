"""/desk/entry: one tip as it is told, by telephone, on paper or in person; a stack of forms by the keyboard alone; the slip to hand out."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from random import SystemRandom
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from gateway.domain.code import read_tip_code
from gateway.domain.permission import Action
from gateway.domain.tip import Channel
from gateway.domain.tip_entry import COLUMNS, Typed, Wrong, read_entry
from gateway.services.attachments import Refused
from gateway.services.entries import Entries, Taken
from gateway.services.inbound import Inbound
from gateway.services.refusal import Refusal
from gateway.services.replies import load_replies
from gateway.storage import tip_sides
from gateway.web.desk.kit import DESK, Form, Upload, actor, desk, form, needs, page, see_other

ENTRIES: Final = web.AppKey("entries", Entries)
CHANNELS: Final = ((Channel.PHONE, "Gọi điện"), (Channel.PAPER, "Phiếu giấy"), (Channel.WALK_IN, "Kể trực tiếp"))
MOST_PHOTOS: Final = 5
_STACK: Final = "tap"  # the query's word for a stack of forms


def add(app: web.Application) -> None:
    """Put the pages on `app`."""
    app.cleanup_ctx.append(_entries)
    app.router.add_get("/desk/entry", show)
    app.router.add_post("/desk/entry", take)
    app.router.add_post("/desk/entry/similar", similar)
    app.router.add_get("/desk/entry/{code:[0-9A-Za-z]{6}}", slip)


async def _entries(app: web.Application) -> AsyncIterator[None]:
    """The use cases, and what reads long lists while they wait."""
    here = app[DESK]
    inbound = Inbound(here.database, here.deployment, load_replies(here.deployment), here.routes, here.clock, SystemRandom())
    app[ENTRIES] = Entries(here.database, here.deployment, inbound)
    stop = asyncio.Event()
    reading = asyncio.create_task(app[ENTRIES].run(stop, here.clock), name="typed lists")
    yield
    stop.set()
    await reading


def new_key() -> str:
    """A one-time key for a form: what is sent with it twice is one entry."""
    return secrets.token_urlsafe(18)


@needs(Action.TIP_ENTER)
async def show(request: web.Request) -> web.Response:
    """The form, empty; in a stack with the village kept and the next sheet's number."""
    kept = {"channel": request.query.get("kenh", Channel.PHONE), "village": request.query.get("thon", "")[:20]}
    return await _page(request, kept | {"sheet": request.query.get("to", "")[:20]}, is_stack=_STACK in request.query)


async def _page(
    request: web.Request,
    values: Mapping[str, str],
    status: int = 200,
    *,
    is_stack: bool = False,
    wrong: tuple[Wrong, ...] = (),
    key: str = "",
    **more: Any,  # Any: what templates show
) -> web.Response:
    entries, who = request.app[ENTRIES], actor(request)
    shown = {column.name: values.get(column.name, "") for column in COLUMNS}
    if shown["channel"] not in {name for name, _ in CHANNELS}:
        shown["channel"] = Channel.PHONE
    usual = {
        "values": shown,
        "key": key or new_key(),
        "wrong": {each.field: each for each in reversed(wrong)},
        "channels": CHANNELS,
        "villages": entries.villages(who),
        "latest": await entries.latest(who),
        "is_stack": is_stack,
        "alike": None,
    }
    return page(request, "intake/entry", status, **(usual | more))


@needs(Action.TIP_ENTER)
async def take(request: web.Request) -> web.Response:
    """An entry becomes a tip; or, with the button that asks for it, its likes are looked for first."""
    given, entries, who = await form(request), request.app[ENTRIES], actor(request)
    values = {column.name: given.text(column.name) for column in COLUMNS}
    is_stack, key = bool(given.text("stack")), given.text("key")
    if given.text("look"):
        return await _page(request, values, is_stack=is_stack, key=key, alike=await entries.similar(who, values["words"]))
    typed = read_entry(values, entries.frame(who, desk(request).clock()))
    if not isinstance(typed, Typed):
        return await _page(request, values, 422, is_stack=is_stack, key=key, wrong=typed)
    taken = await entries.enter(who, typed, key, desk(request).clock())
    problem = await keep_photos(request, taken, given)
    return _onward(request, taken, typed, is_stack=is_stack, problem=problem)


def _onward(request: web.Request, taken: Taken, typed: Typed, *, is_stack: bool, problem: str) -> web.Response:
    """To the slip; in a stack to the next sheet."""
    code = taken.entered.code or ""
    if not is_stack:
        return see_other(request, f"/desk/entry/{code}" if code else "/desk/entry", say=problem)
    number = typed.sheet
    after = str(int(number) + 1) if number.isdecimal() and number.isascii() else ""
    said = f"Đã ghi{' tờ ' + number if number else ''}, mã {code}." if taken.is_new else f"Tờ này đã ghi trước rồi, mã {code}."
    query = urlencode({_STACK: "1", "kenh": typed.channel, "thon": typed.village or "", "to": after})
    return see_other(request, f"/desk/entry?{query}", say=f"{said} {problem}".strip())


async def keep_photos(request: web.Request, taken: Taken, given: Form) -> str:
    """Keep what pictures came with an entry; the words for what could not be kept, "" where all was. The same picture again is one."""
    tip, files = taken.entered.tip, given.files("photo")[:MOST_PHOTOS]
    if tip is None:
        return "Ảnh chưa ghi được; xin gửi lại sau ít phút." if files else ""
    return "; ".join([why for file in files if (why := await _keep(request, tip, file))])


async def _keep(request: web.Request, tip: int, file: Upload) -> str:
    here = desk(request)
    try:
        await here.attachments.keep(tip, file.read(), file.media, here.clock())
    except Refused:
        return "Một tệp không phải ảnh, hoặc quá nặng, nên không giữ"
    except OSError:
        return "Ổ đĩa không ghi được ảnh; lời tin đã ghi"
    return ""


@needs(Action.TIP_ENTER)
async def similar(request: web.Request) -> web.Response:
    """The likes of what is being typed, as a piece of the page."""
    given = await form(request)
    return page(request, "intake/_alike", alike=await request.app[ENTRIES].similar(actor(request), given.text("words")))


@needs(Action.TIP_ENTER)
async def slip(request: web.Request) -> web.Response:
    """What the informant takes home, or is read: the code, and what happens next."""
    here, code = desk(request), read_tip_code(request.match_info["code"])
    async with here.database.read() as connection:
        found = await tip_sides.of_code(connection, code) if code else None
    if code is None or found is None:
        raise Refusal("Không có tin nào mang mã này.")
    entered = await request.app[ENTRIES].receipt(actor(request), found[0])
    village = here.deployment.villages.get(entered.village or "")
    return page(request, "intake/slip", code=code, spelled=" ".join(code), entered=entered, village=village)
