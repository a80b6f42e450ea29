"""`/desk/hand-overs`: packages of tips for other bodies. Handlers: read, call a use case, answer."""

import asyncio
import secrets
from collections.abc import Mapping
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from aiohttp import web

from gateway.deployment import BadDeployment
from gateway.domain.code import tip_code
from gateway.domain.hand_over import Part, Receiver, State, Status, Way
from gateway.domain.permission import Action, Actor
from gateway.papers.hand_over import renderer
from gateway.receivers import load_receivers
from gateway.services.hand_over import packages
from gateway.services.hand_over.packages import STATUSES, Choice
from gateway.services.refusal import Refusal
from gateway.web.desk.kit import Area, Desk, Form, actor, desk, form, needs, page, see_other

PLACE: Final = "/desk/hand-overs"
STATES: Final[Mapping[State, tuple[str, str]]] = {
    State.PREPARED: ("Chờ người thứ hai", "tag-wait"),
    State.REFUSED: ("Không chuyển", ""),
    State.RELEASED: ("Đã chuyển, chờ biên nhận", "tag-work"),
    State.RECEIVED: ("Đã có biên nhận", "tag-done"),
}
PARTS: Final[Mapping[Part, str]] = {
    Part.WORDS: "Lời gốc, số máy trong lời đã che",
    Part.FIELDS: "Các trường đã đọc ra hoặc đã sửa",
    Part.ATTACHMENTS: "Ảnh, tệp tiếng, đã bỏ thông tin ẩn",
    Part.INFORMANT: "Số máy người báo, chỉ của người đã đồng ý cho gọi",
}
WAYS: Final[Mapping[Way, str]] = {Way.SEALED: "tệp niêm phong", Way.PAPER: "trên giấy"}
EVENTS: Final[Mapping[str, str]] = {
    "prepared": "lập gói",
    "refused": "quyết không chuyển",
    "released": "quyết chuyển",
    "taken": "lấy gói ra",
    "sent_again": "lấy lại gói, đúng từng byte",
    "receipt": "ghi biên nhận",
    "answered": "ghi trả lời của nơi nhận",
}
_ANSWERS_LIMIT: Final = 2_000_000  # bytes of a list that comes back


async def receivers_of(here: Desk) -> Mapping[str, Receiver]:
    """The receivers by name. Raises Refusal where hand_over.toml is wrong."""
    try:
        return await asyncio.to_thread(load_receivers, here.deployment.path)
    except BadDeployment as why:
        raise Refusal(f"Tệp hand_over.toml chưa đúng, xin báo người quản trị: {why}") from None


def today(here: Desk) -> date:
    """The day on the wall."""
    return datetime.fromtimestamp(here.clock() / 1000, ZoneInfo(here.deployment.campaign.timezone)).date()


def _id(request: web.Request) -> int:
    return int(request.match_info["id"])


@needs(Action.HAND_OVER_READ)
async def show_all(request: web.Request) -> web.StreamResponse:
    """The packages, what waits, what is late."""
    here, who = desk(request), actor(request)
    found = await packages.listed(here.database, who)
    late = await packages.late(here.database, who, here.clock())
    return page(request, "hand_overs/list", packages=found, states=STATES, receivers=await receivers_of(here), late=late)


@needs(Action.HAND_OVER_PREPARE)
async def choose(request: web.Request) -> web.StreamResponse:
    """The form: which tips (also of a case, `?case=`, or `?tip=` more than once), what goes in, to whom."""
    here, who = desk(request), actor(request)
    codes = request.query.getall("tip", [])
    if request.query.get("case", "").isdigit():
        codes += await packages.codes_of_case(here.database, who, int(request.query["case"][:12]))
    return await _choose(request, " ".join(codes).upper())


async def _choose(request: web.Request, typed: str, corrects: int = 0) -> web.StreamResponse:
    here, who = desk(request), actor(request)
    chosen = await packages.candidates(here.database, who, typed.replace(",", " ").split()) if typed.strip() else []
    values = {"chosen": chosen, "named": sum(packages.may_name(each) for each in chosen), "villages": here.deployment.villages}
    shown = {"receivers": await receivers_of(here), "parts": PARTS, "ways": WAYS, "workflow": here.deployment.workflow}
    return page(request, "hand_overs/choose", typed=typed, corrects=corrects, **values, **shown)


@needs(Action.HAND_OVER_PREPARE)
async def correct(request: web.Request) -> web.StreamResponse:
    """The form again, for a version that replaces this one."""
    here, who = desk(request), actor(request)
    found = await packages.show(here.database, who, _id(request), here.clock())
    return await _choose(request, " ".join(each.code for each in found.items), found.row.id)


@needs(Action.HAND_OVER_PREPARE)
async def prepare(request: web.Request) -> web.StreamResponse:
    """Put the package together; or, with “Xem các tin này”, only look at the tips."""
    here, who, given = desk(request), actor(request), await form(request)
    typed = given.text("codes")[:8000]
    if "look" in given:
        return await _choose(request, typed, given.number("corrects") or 0)
    choice = _choice(given, await receivers_of(here), typed.replace(",", " ").split())
    receipt = tip_code(secrets.SystemRandom())
    made = await packages.prepare(here.database, here.deployment, here.attachments, who, choice, receipt, here.clock())
    return see_other(request, f"{PLACE}/{made}", say="Đã lập gói. Chờ người thứ hai quyết; chưa gì rời cơ quan.")


def _choice(given: Form, receivers: Mapping[str, Receiver], codes: list[str]) -> Choice:
    receiver = receivers[given.one_of("receiver", receivers)]
    way = Way(given.one_of("way", list(Way), receiver.way))
    parts = frozenset(Part(each) for each in given.all("part") if each in list(Part))
    return Choice(receiver, way, receiver.format, tuple(codes), parts, given.text("note")[:4000], given.number("corrects") or 0)


@needs(Action.HAND_OVER_READ)
async def show(request: web.Request) -> web.StreamResponse:
    """One package: what is in it, who decided, the receipt, the answers."""
    here, who = desk(request), actor(request)
    found = await packages.show(here.database, who, _id(request), here.clock())
    receivers = await receivers_of(here)
    receiver = receivers.get(found.row.receiver)
    values = {"row": found.row, "package": found.package, "items": found.items, "events": found.events, "receiver": receiver}
    words = {"states": STATES, "parts": PARTS, "ways": WAYS, "statuses": STATUSES, "done": EVENTS}
    return page(request, "hand_overs/package", **values, **words, is_late=found.row.is_late(here.clock()), today=today(here).isoformat())


@needs(Action.HAND_OVER_DECIDE, confirmed=True)
async def decide(request: web.Request) -> web.StreamResponse:
    """The second person's yes; from here the package may leave."""
    here, who, given = desk(request), actor(request), await form(request)
    row, content = await packages.content_to_decide(here.database, who, _id(request))
    receiver = (await receivers_of(here)).get(row.receiver)
    if receiver is None:
        raise Refusal("Nơi nhận này không còn trong hand_over.toml. Xin lập gói khác cho nơi nhận đang có.")
    campaign, key = here.deployment.campaign, receiver.public_key
    render = renderer(campaign.issuer, campaign.commune_name)
    data = await asyncio.to_thread(packages.leaving, content, row.way, row.format, key, render, secrets.token_bytes)
    await packages.release(here.database, who, row, given.text("hash"), data, here.clock())
    return see_other(request, f"{PLACE}/{row.id}", say="Đã quyết chuyển. Nay lấy được gói; đồng hồ biên nhận bắt đầu chạy.")


@needs(Action.HAND_OVER_DECIDE)
async def refuse(request: web.Request) -> web.StreamResponse:
    """The second person's no."""
    here, given = desk(request), await form(request)
    await packages.refuse(here.database, actor(request), _id(request), given.text("why")[:1000], here.clock())
    return see_other(request, f"{PLACE}/{_id(request)}", say="Đã ghi: không chuyển.")


@needs(Action.HAND_OVER_READ)
async def take(request: web.Request) -> web.StreamResponse:
    """The bytes that leave, the same each time. A POST: each time is written down."""
    here = desk(request)
    name, data = await packages.take(here.database, actor(request), _id(request), here.clock())
    media = "application/pdf" if name.endswith(".pdf") else "application/octet-stream"
    return web.Response(body=data, content_type=media, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@needs(Action.HAND_OVER_PREPARE)
async def receipt(request: web.Request) -> web.StreamResponse:
    """The slip is back."""
    here, given = desk(request), await form(request)
    try:
        on = date.fromisoformat(given.text("on"))
    except ValueError:
        raise Refusal("Ngày nhận chưa đúng. Xin chọn lại ngày.") from None
    row = await packages.receive(here.database, actor(request), given.text("code"), on, given.text("by")[:120], here.clock(), today(here))
    return see_other(request, f"{PLACE}/{row.id}", say=f"Đã ghi biên nhận gói {row.number}.")


@needs(Action.HAND_OVER_PREPARE)
async def answers(request: web.Request) -> web.StreamResponse:
    """What the receiver says: typed tip by tip, or as the list that came back."""
    here, given = desk(request), await form(request)
    upload = given.file("list")
    if upload is not None:
        data = upload.read()
        if len(data) > _ANSWERS_LIMIT:
            raise Refusal("Tệp nặng quá 2 MB. Xin gửi riêng bảng trả lời.")
        said = await asyncio.to_thread(packages.read_answers, data, upload.name)
    else:
        said = _typed(given)
    count = await packages.answer(here.database, actor(request), _id(request), said, here.clock())
    return see_other(request, f"{PLACE}/{_id(request)}", say=f"Đã ghi trả lời cho {count} tin, và vào lịch sử từng tin.")


def _typed(given: Form) -> dict[str, tuple[Status, str]]:
    """Of the fields status-CODE and words-CODE those in which something was chosen."""
    said = {}
    for name in given.words:
        code = name.removeprefix("status-")
        if code != name and given.text(name) in list(Status):
            said[code] = (Status(given.text(name)), given.text(f"words-{code}")[:1000])
    if not said:
        raise Refusal("Chưa chọn tình trạng cho tin nào. Xin chọn ít nhất một, hoặc gửi bảng trả lời.")
    return said


def add_hand_overs(app: web.Application) -> None:
    """Put hand-overs on `app`."""
    get, post, one = app.router.add_get, app.router.add_post, f"{PLACE}/{{id:[0-9]{{1,12}}}}"
    get(PLACE, show_all)
    get(f"{PLACE}/new", choose)
    post(f"{PLACE}/new", prepare)
    post(f"{PLACE}/receipt", receipt)
    get(one, show)
    get(f"{one}/correct", correct)
    for name, handler in (("decide", decide), ("refuse", refuse), ("take", take), ("answers", answers)):
        post(f"{one}/{name}", handler)


async def _badge(here: Desk, who: Actor) -> int:
    """What waits for this person, and receipts that are overdue."""
    return await packages.waiting(here.database, who) + await packages.late(here.database, who, here.clock())


AREA: Final = Area("hand-overs", "Chuyển giao", PLACE, Action.HAND_OVER_READ, add_hand_overs, _badge)
