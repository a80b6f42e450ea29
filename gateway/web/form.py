"""The form, one question a page (design/web §5): the tip is stored at the first press, and every later page only adds to it.

After a press the answer is 303, so that "back" and "reload" repeat nothing. No cookie: a sealed ticket rides in the address, and no page
shows again what was told. What can't be stored now is kept in the page, or in the spool, and said so.
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from gateway.carriers.wire import clean
from gateway.domain.tip import Channel
from gateway.services.attachments import Attachments, OutOfOrder, Refused
from gateway.services.intake import Spooled, read_sender
from gateway.services.web_steps import COUNTS, Added, Caller, Position, WebSteps, missing
from gateway.storage.database import Database, StorageDown
from gateway.storage.inbox import DONE, NewMo
from gateway.storage.spool import SpoolDown
from gateway.web.health import DATABASE
from gateway.web.hooks import CLOCK, INTAKE, PROXIES, caller_of
from gateway.web.limits import Gate, Verdict
from gateway.web.pages import see_other
from gateway.web.places import Place
from gateway.web.public import PAGES, PLACES, mistyped, place_of, sms_values
from gateway.web.tickets import UPLOAD_LIFE_MS, FormKey, Ticket, new_key, read_key, read_ticket
from gateway.web.uploads import Form, Receiver, read_form, read_photos

STEPS: Final = web.AppKey("steps", WebSteps)
GATE: Final = web.AppKey("gate", Gate)
ATTACHMENTS: Final = web.AppKey("attachments", Attachments)
_ROUTE: Final = "web"
_STORY: Final = 20_000  # characters of a story; the rest of a longer one is kept beside it
_ANSWER: Final = 5_000
_SHORT: Final = 200
_MOST_ASKED: Final = 3  # follow-up questions in all, as on SMS
_PIECE: Final = 256 * 1024  # bytes of one piece of an upload
_FAR_M: Final = 100_000
_SAVED: Final = {"so": "saved_phone", "anh": "saved_photos", "cau": "saved_more"}


def add_form(app: web.Application) -> None:
    """Put the form's pages on `app`."""
    app.router.add_get("/{kind:[QqVv]}/{code}/ke", ask_story)
    for path in ("/{kind:[QqVv]}/{code}", "/{kind:[QqVv]}/{code}/ke"):
        app.router.add_post(path, tell)
    for step, (show, take) in _PAGES.items():
        app.router.add_get(f"/t/{{ticket}}/{step}", show)
        if take is not None:
            app.router.add_post(f"/t/{{ticket}}/{step}", take)
    app.router.add_post("/t/{ticket}/tep", begin_upload)
    app.router.add_get("/t/{ticket}/tep/{upload}", upload_offset)
    app.router.add_post("/t/{ticket}/tep/{upload}", upload_piece)


def network_of(request: web.Request) -> bytes:
    """By what the visitor's network is counted."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    return request.app[GATE].key(caller_of(request.remote or "", headers, request.app[PROXIES]))


# --- the story ---


async def ask_story(request: web.Request) -> web.Response:
    """Question 1."""
    place = place_of(request)
    return mistyped(request, request.match_info["code"]) if place is None else _story_page(request, place)


def _story_page(request: web.Request, place: Place, status: int = 200, **more: Any) -> web.Response:  # Any: what templates show
    suffix = request.app[PAGES].speech(request).suffix
    token = new_key(request.app[CLOCK]()).sealed(request.app[DATABASE].keyring)
    values = {"token": token, "error": "", "story": "", "action": f"{place.base}/ke{suffix}", "back": f"{place.base}{suffix}"}
    return request.app[PAGES].page(request, "story", status, village=place.village, path=f"{place.base}/ke", **(values | more))


async def tell(request: web.Request) -> web.Response:
    """A story becomes a tip in one transaction; its code stands on the next page."""
    place = place_of(request)
    if place is None:
        return mistyped(request, request.match_info["code"])
    form, now = await read_form(request), request.app[CLOCK]()
    key = read_key(request.app[DATABASE].keyring, form.fields.get("token", ""), now)
    arrival = arrival_of(place, form.fields, key.id, now, request.app[PAGES].words("vi")["spoken"])
    if arrival is None:
        return _story_page(request, place, 422, error="empty")
    verdict = request.app[GATE].tell(network_of(request), now - key.issued_at, now)
    if verdict is Verdict.WAIT:
        return _wait_page(request, place, form.fields, key, now)
    if verdict is Verdict.ASIDE:
        arrival = _aside(arrival, "too many stories from one network")
    try:
        taken = await request.app[INTAKE].mo(arrival)
    except SpoolDown:
        return _busy_page(request, place)
    code = None if isinstance(taken, Spooled) else taken.code
    return await _go_on(request, place, code, is_long=form.is_long)


def _wait_page(request: web.Request, place: Place, fields: Mapping[str, str], key: FormKey, now: int) -> web.Response:
    """The time trap: the same form with its words, and a key that is young again only where the old one was none of ours."""
    token = FormKey(key.id, min(key.issued_at, now)).sealed(request.app[DATABASE].keyring)
    again = [(name, fields[name]) for name in ("phone", "name", "voice") if fields.get(name)]
    values = {"action": f"{place.base}/ke{request.app[PAGES].speech(request).suffix}", "path": f"{place.base}/ke"}
    return request.app[PAGES].page(request, "wait", 429, token=token, again=again, story=fields.get("story", ""), **values)


def _busy_page(request: web.Request, place: Place) -> web.Response:
    write = f"{place.base}/ke{request.app[PAGES].speech(request).suffix}"
    return request.app[PAGES].page(request, "busy", 503, **sms_values(request, place.village), write=write, path=place.base)


async def _go_on(request: web.Request, place: Place, code: str | None, *, is_long: bool) -> web.Response:
    """To the next page; where no code could be given yet, the thanks at once."""
    told = None
    if code is not None:
        with suppress(StorageDown):  # it is stored all the same: the thanks name its code
            told = await request.app[STEPS].told(code)
    if told is None:
        return _thanks(request, place, code, 0, "")
    ticket = Ticket(told.id, told.code, place.source, told.urgent or "", told.received_at)
    return see_other(_href(request, ticket, "gap" if told.urgent else "them" if is_long else "2", dai="1" if is_long else ""))


def arrival_of(place: Place, fields: Mapping[str, str], carrier_id: str, now: int, spoken: str) -> NewMo | None:
    """The form's story as an MO of channel "web"; None if nothing was said. Its one-time key makes a second press the same arrival."""
    story, phone = fields.get("story", ""), clean(fields.get("phone", ""))[:_SHORT]
    story = story or (spoken if fields.get("voice") else "")
    if not story:
        return None
    msisdn = read_sender(phone)
    beside = {
        "contact_name": clean(fields.get("name", ""))[:_SHORT],
        "contact_phone_as_typed": "" if msisdn else phone,
        "rest": story[_STORY:],
    }
    arrival = NewMo(
        route=_ROUTE,
        channel=Channel.WEB,
        carrier_id=carrier_id,
        sender=msisdn.e164 if msisdn else "",
        receiver=place.source,
        text=story[:_STORY],
        received_at=now,
        placement=place.source,
        raw=json.dumps({name: value for name, value in beside.items() if value}, ensure_ascii=False),
    )
    # No person sees that field; what a program wrote there is kept for the desk, as no tip.
    return _aside(arrival, "a hidden field was filled in") if fields.get("website") else arrival


def _aside(arrival: NewMo, why: str) -> NewMo:
    return replace(arrival, state=DONE, action="abuse", alarm=why)


# --- what the later pages share ---


@dataclass(frozen=True, slots=True)
class _Step:
    """A page of one tip."""

    request: web.Request
    ticket: Ticket

    @property
    def now(self) -> int:
        return self.request.app[CLOCK]()

    def href(self, step: str, **query: str) -> str:
        return _href(self.request, self.ticket, step, **query)

    def words(self, name: str) -> str:
        pages = self.request.app[PAGES]
        return pages.words(pages.speech(self.request).language)[name]

    @property
    def saved(self) -> str:
        name = _SAVED.get(self.request.query.get("s", ""), "saved")
        return self.words(name).format(self.ticket.code)

    def page(self, name: str, status: int = 200, /, **values: Any) -> web.Response:  # Any: what templates show
        place = self.request.app[PLACES].anywhere(self.ticket.source)
        village = place.village if place else None
        return self.request.app[PAGES].page(self.request, name, status, code=self.ticket.code, village=village, saved=self.saved, **values)

    async def add(self, added: Added) -> bool:
        """Add to the tip; False: it could not be stored now."""
        if not self.request.app[GATE].may_add(self.ticket.tip, self.now):
            return False
        try:
            return await self.request.app[STEPS].add(self.ticket.code, added, self.now)
        except StorageDown:
            return False


def _href(request: web.Request, ticket: Ticket, step: str, **query: str) -> str:
    speech = request.app[PAGES].speech(request)
    given = {name: value for name, value in query.items() if value} | ({"l": speech.language} if speech.suffix else {})
    return f"/t/{ticket.sealed(request.app[DATABASE].keyring)}/{step}" + (f"?{urlencode(given)}" if given else "")


def _step(request: web.Request, life_ms: int | None = None) -> _Step | None:
    keyring, now = request.app[DATABASE].keyring, request.app[CLOCK]()
    text = request.match_info["ticket"]
    ticket = read_ticket(keyring, text, now) if life_ms is None else read_ticket(keyring, text, now, life_ms)
    return None if ticket is None else _Step(request, ticket)


def _expired(request: web.Request) -> web.Response:
    return request.app[PAGES].page(request, "expired", 410, path="/")


async def urgent(request: web.Request) -> web.Response:
    """Between 1 and 2, where the words speak of remains that lie open or of ordnance."""
    if (step := _step(request)) is None:
        return _expired(request)
    try:
        told = await request.app[STEPS].told(step.ticket.code)
    except StorageDown:
        told = None
    return step.page("urgent", skip=step.href("2"), is_passed_on=told is not None and told.is_passed_on)


# --- 2: who may be called ---


async def ask_phone(request: web.Request) -> web.Response:
    """Question 2: the button is the consent."""
    step = _step(request)
    return _expired(request) if step is None else _phone_page(step)


def _phone_page(step: _Step, status: int = 200, error: str = "", phone: str = "", name: str = "") -> web.Response:
    return step.page("phone", status, action=step.href("2"), skip=step.href("3"), error=error, phone=phone, name=name)


async def take_phone(request: web.Request) -> web.Response:
    """The number, with the evidence of its consent."""
    if (step := _step(request)) is None:
        return _expired(request)
    fields = (await read_form(request)).fields
    typed, name = clean(fields.get("phone", ""))[:40], clean(fields.get("name", ""))[:_SHORT]
    problem, count = phone_problem(typed)
    msisdn = read_sender(typed)
    if problem or msisdn is None:
        return _phone_page(step, 422, step.words(problem or "phone_letters").format(count), typed, name)
    pages = request.app[PAGES]
    caller = Caller(msisdn, name, step.words("phone_agree").replace("\u00a0", " "), pages.speech(request).language)
    try:
        if request.app[GATE].may_add(step.ticket.tip, step.now):
            await request.app[STEPS].may_call(step.ticket.code, caller, step.now)
    except StorageDown:
        return _phone_page(step, 503, step.words("busy_step"), typed, name)
    return see_other(step.href("3", s="so"))


def phone_problem(typed: str) -> tuple[str, int]:
    """The sentence that says what is wrong with a number as typed, and how many digits it has; ("", n): nothing is."""
    if not typed.strip():
        return "phone_empty", 0
    bare = re.sub(r"[\s.()+-]", "", typed)
    count = len(bare)
    if not (bare.isascii() and bare.isdigit()):
        return "phone_letters", count
    if bare.startswith("01") and count == 11:
        return "phone_old", count
    if bare.startswith("0") and not bare.startswith("00") and count != 10:  # "02x" lines of a house have 11
        return ("phone_short" if count < 10 else "" if bare.startswith("02") and count == 11 else "phone_long"), count
    return ("phone_short", count) if count < 9 or read_sender(typed) is None else ("", count)


# --- 3: where ---


async def ask_place(request: web.Request) -> web.Response:
    """Question 3."""
    if (step := _step(request)) is None:
        return _expired(request)
    return step.page("place", action=step.href("3"), skip=_after_place(step), back=step.href("2"))


def _after_place(step: _Step, **query: str) -> str:
    return step.href("4", **query) if ATTACHMENTS in step.request.app else step.href("5", **query)


async def take_place(request: web.Request) -> web.Response:
    """Words, and a position where the phone gave one."""
    if (step := _step(request)) is None:
        return _expired(request)
    fields = (await read_form(request)).fields
    position = position_of(fields)
    words = fields.get("place", "")[:_ANSWER]
    if words or position:
        added = Added(step.words("where"), words, position.as_fields() if position else {})
        if not await step.add(added):
            return _not_now(step, words, "place")
    return see_other(_after_place(step))


def position_of(fields: Mapping[str, str]) -> Position | None:
    """The phone's position, if it gave one that can be."""
    try:
        latitude, longitude, accuracy = (float(fields.get(name, "")) for name in ("lat", "lon", "acc"))
    except ValueError:
        return None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180 and 0 <= accuracy <= _FAR_M):
        return None
    return Position(round(latitude, 6), round(longitude, 6), max(1, round(accuracy)))


def _not_now(step: _Step, words: str, name: str) -> web.Response:
    """An answer that could not be stored: the page keeps its words and asks for twenty seconds."""
    pages = step.request.app[PAGES]
    values = {"token": "", "action": step.request.path + pages.speech(step.request).suffix, "again": [(name, words)]}
    return pages.page(step.request, "wait_step", 503, words=words, name=name, **values)


# --- 4: photos, and voices that wait ---


async def ask_photos(request: web.Request) -> web.Response:
    """Question 4; open for three days, for photos that wait in a phone."""
    step = _step(request, UPLOAD_LIFE_MS)
    return _expired(request) if step is None or ATTACHMENTS not in request.app else _photos_page(step)


def _photos_page(step: _Step, status: int = 200, error: str = "") -> web.Response:
    links = {"action": step.href("4"), "skip": step.href("5"), "back": step.href("3"), "pieces": step.href("tep").partition("?")[0]}
    return step.page("photos", status, error=error, **links)


async def take_photos(request: web.Request) -> web.Response:
    """Photos as a plain form sends them. What is no photo is told; what is one is kept."""
    step = _step(request, UPLOAD_LIFE_MS)
    if step is None or ATTACHMENTS not in request.app:
        return _expired(request)
    if not request.app[GATE].may_upload(network_of(request), request.content_length or 0, step.now):
        return _photos_page(step, 503, step.words("busy_step"))
    try:
        form: Form = await read_photos(request, Receiver(request.app[ATTACHMENTS], step.ticket.tip, step.now))
    except (StorageDown, OSError):
        return _photos_page(step, 503, step.words("busy_step"))
    if form.problems:
        sentence, count = form.problems[0]
        return _photos_page(step, 422, step.words(sentence).format(count))
    return see_other(step.href("5", s="anh" if form.kept else ""))


async def begin_upload(request: web.Request) -> web.Response:
    """A file that will come in pieces: 201 and its name. `cua`: its bytes; the type is the Content-Type."""
    step = _step(request, UPLOAD_LIFE_MS)
    if step is None or ATTACHMENTS not in request.app:
        return _say(410, why="expired")
    size = request.query.get("cua", "")
    announced = int(size) if size.isascii() and size.isdigit() and len(size) < 12 else 0
    if not request.app[GATE].may_upload(network_of(request), announced, step.now):
        return _say(429, why="too much")
    try:
        return _say(201, ten=await request.app[ATTACHMENTS].begin(step.ticket.tip, request.content_type, announced, step.now))
    except Refused as refused:
        return _say(422, why=refused.why)
    except StorageDown:
        return _say(503, why="busy")


async def upload_offset(request: web.Request) -> web.Response:
    """Where the next piece belongs: a phone that comes back asks."""
    if _step(request, UPLOAD_LIFE_MS) is None or ATTACHMENTS not in request.app:
        return _say(410, why="expired")
    try:
        return _say(200, tu=await request.app[ATTACHMENTS].offset(request.match_info["upload"][:100]))
    except Refused as refused:
        return _say(410, why=refused.why)
    except StorageDown:
        return _say(503, why="busy")


async def upload_piece(request: web.Request) -> web.Response:
    """A piece from `tu`; with `het`, the last one: the file is whole."""
    step = _step(request, UPLOAD_LIFE_MS)
    if step is None or ATTACHMENTS not in request.app:
        return _say(410, why="expired")
    start, upload = request.query.get("tu", ""), request.match_info["upload"][:100]
    if not (start.isascii() and start.isdigit() and len(start) < 12) or (request.content_length or 0) > _PIECE:
        return _say(400, why="piece")
    attachments = request.app[ATTACHMENTS]
    try:
        piece = (await request.read())[:_PIECE]
        there = await attachments.append(upload, int(start), piece, step.now) if piece else await attachments.offset(upload)
        if request.query.get("het"):
            await attachments.finish(upload, step.now)
        return _say(200, tu=there)
    except OutOfOrder as order:
        return _say(409, tu=order.offset)
    except Refused as refused:
        return _say(422, why=refused.why)
    except (StorageDown, OSError):
        return _say(503, why="busy")


def _say(status: int, **values: object) -> web.Response:
    return web.json_response(values, status=status, headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})


# --- 5: what is most missing ---


async def ask_question(request: web.Request) -> web.Response:
    """The most useful question that the tip does not answer yet; none left, or three asked: the thanks."""
    if (step := _step(request)) is None:
        return _expired(request)
    shown = _shown(request)
    try:
        told = await request.app[STEPS].told(step.ticket.code)
    except StorageDown:
        told = None
    question = missing(told.fields, shown) if told and len(shown) < _MOST_ASKED else None
    if question is None:
        return see_other(step.href("xong"))
    asked = ",".join((*shown, question))
    links = {"action": step.href("5", b=asked), "skip": step.href("xong", b=asked), "back": step.href("4")}
    return step.page("question", question=question, choices=_choices(step, question), **links)


def _shown(request: web.Request) -> tuple[str, ...]:
    """The questions shown so far, the one that is answered now among them."""
    return tuple(filter(None, request.query.get("b", "")[:100].split(",")))[:_MOST_ASKED]


def _choices(step: _Step, question: str) -> list[tuple[str, str]]:
    known = {"graves": tuple(COUNTS), "source": ("seen", "heard", "other")}
    return [(value, step.words(f"a_{question}_{value}")) for value in known.get(question, ())]


async def take_answer(request: web.Request) -> web.Response:
    """An answer joins the tip."""
    if (step := _step(request)) is None:
        return _expired(request)
    shown, fields = _shown(request), (await read_form(request)).fields
    question = shown[-1] if shown and f"q_{shown[-1]}" in request.app[PAGES].words("vi") else ""
    choice, words = fields.get("choice", "")[:20], fields.get("answer", "")[:_ANSWER]
    known = dict(_choices(step, question)) if question else {}
    if question and (choice in known or words):
        added = Added(step.words(f"q_{question}"), known.get(choice, words), _chosen(question, choice) if choice in known else {})
        if not await step.add(added):
            return _not_now(step, words, "answer")
    return see_other(step.href("xong", b=",".join(shown)))


def _chosen(question: str, choice: str) -> dict[str, Any]:  # Any: JSON
    if question == "graves":
        count = COUNTS[choice]
        return {"graves_chosen": choice} | ({"grave_count": count} if count else {})
    return {"source_chosen": choice}


# --- more, and the end ---


async def ask_more(request: web.Request) -> web.Response:
    """More words for a tip: after a story that was too long, or from its state."""
    if (step := _step(request)) is None:
        return _expired(request)
    return step.page("add", action=step.href("them"), skip=step.href("2"), was_long=bool(request.query.get("dai")))


async def take_more(request: web.Request) -> web.Response:
    """They join the tip."""
    if (step := _step(request)) is None:
        return _expired(request)
    words = (await read_form(request)).fields.get("answer", "")[:_STORY]
    if words and not await step.add(Added("", words)):
        return _not_now(step, words, "answer")
    return see_other(step.href("xong", b="graves,when,who"))


async def finished(request: web.Request) -> web.Response:
    """The thanks, with the code and what happens next."""
    if (step := _step(request)) is None:
        return _expired(request)
    shown = _shown(request)
    more = step.href("5", s="cau", b=",".join(shown)) if len(shown) < _MOST_ASKED else step.href("them")
    return _thanks(request, request.app[PLACES].anywhere(step.ticket.source), step.ticket.code, step.ticket.at, more)


def _thanks(request: web.Request, place: Place | None, code: str | None, at: int, more: str) -> web.Response:
    pages = request.app[PAGES]
    speech = pages.speech(request)
    local = pages.moment(at)
    when = pages.words(speech.language)["moment"].format(h=local.hour, m=f"{local.minute:02}", d=f"{local:%d/%m/%Y}") if at else ""
    another = f"{place.base}/ke{speech.suffix}" if place else f"/{speech.suffix}"
    return pages.page(request, "done", village=place.village if place else None, code=code, at=when, more=more, another=another)


_PAGES: Final = {
    "gap": (urgent, None),
    "2": (ask_phone, take_phone),
    "3": (ask_place, take_place),
    "4": (ask_photos, take_photos),
    "5": (ask_question, take_answer),
    "them": (ask_more, take_more),
    "xong": (finished, None),
}


def ticket_for(request: web.Request, database: Database, ticket: Ticket, step: str) -> str:
    """The address of a step for whoever has the tip's code."""
    return f"/t/{ticket.sealed(database.keyring)}/{step}{request.app[PAGES].speech(request).suffix}"
