"""Whom a draft would reach, nothing written: the audience as a subtraction, a few recipients, who gets the longest text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from gateway.deployment import Deployment
from gateway.domain.audience import LeftOut
from gateway.domain.msisdn import Msisdn
from gateway.domain.permission import Action, Actor
from gateway.services import planning
from gateway.services.planning import Recipient
from gateway.services.refusal import Refusal
from gateway.services.routes import Route, route_named
from gateway.services.wave_desk import drafts
from gateway.services.wave_desk.drafts import Opened
from gateway.services.wave_desk.words import spoken
from gateway.storage import wave_desk as rows
from gateway.storage.database import Database

MOST: Final = 10_000  # people that a page counts one by one; more are counted when the wave is planned
MOST_LISTED: Final = 3_000  # rows of a list, which is read anew each time
_ANY: Final = 99  # segments: a text that is too long is counted too
SAID: Final[Mapping[str, str]] = {
    LeftOut.REPEATED: "Có tên nhiều lần trong danh sách",
    LeftOut.BLOCKED: "Trong danh sách chặn",
    LeftOut.OPTED_OUT: "Đã từ chối",
    LeftOut.NO_BASIS: "Chưa đồng ý, không có căn cứ",
    LeftOut.UNREACHABLE: "Số tuyến này không gửi tới",
    LeftOut.CAPPED: "Đã nhận đủ tin trong ngày, trong tuần",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """One real recipient as the planner may see them: the number masked."""

    number: str
    place: str
    characters: int
    segments: int


@dataclass(frozen=True, slots=True)
class Heads:
    """The subtraction. `left_out`: (why, how many) of those that are not 0; `receive` None: too many to count here; `why`: it can't be."""

    known: int = 0
    left_out: tuple[tuple[str, int], ...] = ()
    receive: int | None = None
    languages: Mapping[str, int] = field(default_factory=dict)
    operators: tuple[tuple[str, int], ...] = ()
    people: tuple[Seen, ...] = ()
    longest: Seen | None = None
    why: str = ""


async def count(
    database: Database, actor: Actor, deployment: Deployment, routes: Sequence[Route], opened: Opened, now: int, most: int = MOST
) -> Heads:
    """Count whom the draft would reach. Never raises for what its planner typed: `why` says it."""
    actor.need(Action.WAVE_READ, opened.draft.commune)
    if not opened.composed.sent:
        opened = replace(opened, composed=replace(opened.composed, texts={"vi": "x"}))  # whom, before the words are there
    try:
        with spoken():
            return await _count(database, actor, deployment, routes, opened, now, most)
    except Refusal as why:
        return Heads(why=str(why))


async def _count(
    database: Database, actor: Actor, deployment: Deployment, routes: Sequence[Route], opened: Opened, now: int, most: int
) -> Heads:
    route = route_named(routes, opened.composed.route) if opened.composed.route else routes[0]
    data = b""
    if opened.listed and opened.listed.report["rows"] > MOST_LISTED:
        return Heads(opened.listed.report["rows"])
    if opened.listed:
        async with database.read() as connection:
            data = await rows.file_of(connection, opened.draft.id)
    lenient = replace(opened.composed, day="", document="", document_date="", ramp=(), max_segments=_ANY)
    plan = drafts.plan_of(replace(opened, composed=lenient), actor, deployment, drafts.name_of(opened.draft), data, now)
    found = await planning.rehearse(database, route, deployment.campaign, deployment.villages, plan, now, most=most)
    if found.tally is None:
        return Heads(found.named)
    tally = found.tally
    out = tuple((SAID[why], tally.left_out[why]) for why in LeftOut if tally.left_out[why])
    operators = tuple((name or "Mạng khác", many) for name, many in tally.operators.most_common())
    people = tuple(_seen(each, deployment) for each in found.recipients[:3])
    longest = _seen(found.longest, deployment) if found.longest else None
    return Heads(tally.audience + tally.left_out.total(), out, tally.audience, dict(tally.languages), operators, people, longest)


def _seen(person: Recipient, deployment: Deployment) -> Seen:
    village = deployment.villages.get(person.village)
    place = f"{village.name}, {village.code}" if village else "chưa rõ thôn"
    return Seen(hidden(person.number), place, len(person.text), person.segments)


def hidden(number: Msisdn) -> str:
    """ "0300 ··· ·02": enough to know one's own, too little for anybody else."""
    written = number.national
    return f"{written[:4]} ··· ·{written[-2:]}"
