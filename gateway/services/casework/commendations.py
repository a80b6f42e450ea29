"""Proposals to commend whoever told us: with the person's consent, proposed by one office and signed by another person of the other."""

from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.case_file import Office, Outcome, offices_of
from gateway.domain.permission import Action, Actor
from gateway.services.casework.common import STALE, Act, done, local_day, none_such, told_of, words, words_if_any
from gateway.services.casework.first_informant import Told, in_order
from gateway.services.refusal import Refusal
from gateway.storage import audit, cases, commendations, work_events
from gateway.storage.commendations import Commendation, NewCommendation
from gateway.storage.database import Database
from gateway.storage.work_events import Done, What

REGISTER: Final = "KT"
# Who may propose (verifiers) belongs to Ban CHQS: its office stands first, the culture office signs second (TN VIII.1d).
MAY_PUBLISH: Final = "may_publish"  # the informant said so when telling
EXPLICIT: Final = "explicit"  # asked for this, and how and when is written down
PROPOSED: Final = "proposed"
SIGNED: Final = "signed"
REFUSED: Final = "refused"


@dataclass(frozen=True, slots=True)
class Proposal:
    """Whom to commend, for what. `code`: the tip; `consent`: may_publish or explicit; `consent_note`: how and when the person agreed."""

    code: str
    person: str = field(repr=False)
    merit: str = field(repr=False)
    consent: str
    consent_note: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class CommendationFile:
    """A proposal, who told in which order, what the case came to (kind, count), and what was done."""

    proposal: Commendation
    told: tuple[Told, ...]
    results: tuple[tuple[Outcome, int], ...]
    history: tuple[Done, ...]


async def list_commendations(database: Database, actor: Actor) -> list[Commendation]:
    """Proposals, the newest first: to who proposes and to who signs. Raises Forbidden."""
    _need_sight(actor)
    async with database.read() as connection:
        return await commendations.listed(connection, actor.communes)


async def show_commendation(database: Database, actor: Actor, id_: int) -> CommendationFile:
    """One proposal. Raises Forbidden."""
    _need_sight(actor)
    async with database.read() as connection:
        found = await _seen(connection, actor, id_)
        told = in_order([replace(each, text="") for each in await cases.tips_of(connection, found.case)])  # who signs reads no tips
        came = [(each.kind, each.count) for each in await cases.outcomes_of(connection, found.case) if each.withdrawn_at is None]
        return CommendationFile(found, told, tuple(came), await told_of(connection, What.COMMENDATION, id_))


async def print_proposal(database: Database, actor: Actor, id_: int, now: int) -> CommendationFile:
    """What the paper says; that it was printed is written into the audit log. Raises Forbidden."""
    found = await show_commendation(database, actor, id_)
    entry = audit.Entry(actor, "commend.print", f"commendation:{found.proposal.number}", commune=found.proposal.commune)
    await database.write(lambda connection: audit.note(connection, entry, now))
    return found


async def propose(database: Database, actor: Actor, case: int, new: Proposal, timezone: str, now: int) -> int:
    """Propose to commend who told a tip of `case`; returns the proposal's id. Raises Forbidden, Refusal."""
    actor.need(Action.COMMEND_PROPOSE)
    person, merit = words(new.person, "họ tên người được đề nghị", most=200), words(new.merit, "thành tích")
    consent_note = words_if_any(new.consent_note, "đồng ý khi nào, bằng cách nào")

    async def unit(connection: AsyncConnection) -> int:
        found = await cases.find(connection, case)
        if found is None:
            raise none_such()
        actor.need(Action.COMMEND_PROPOSE, found.commune)
        tip = next((each for each in await cases.tips_of(connection, case) if each.code == new.code), None)
        if tip is None:
            raise Refusal("Tin này không ở trong hồ sơ. Xin chọn tin của hồ sơ.")
        _must_agree(new.consent, consent_note, tip.may_publish)
        live = [each for each in await cases.outcomes_of(connection, case) if each.withdrawn_at is None]
        if not any(each.kind is not Outcome.NOTHING for each in live):
            raise Refusal("Hồ sơ chưa có kết quả xác minh, nên chưa đề nghị khen thưởng được.")
        number = await work_events.next_number(connection, found.commune, REGISTER, local_day(now, timezone).year)
        proposal = NewCommendation(
            found.commune, number, case, tip.id, person, merit, new.consent, consent_note, actor.user, Office.MILITARY.value
        )
        made = await commendations.propose(connection, proposal, now)
        if made is None:
            raise Refusal(f"Tin {tip.code} đã có đề nghị khen thưởng trong hồ sơ này rồi.")
        await done(connection, Act(actor, Action.COMMEND_PROPOSE, What.COMMENDATION, made, found.commune, "proposed", number), now)
        return made

    return await database.write(unit)


async def sign(database: Database, actor: Actor, id_: int, version: int, now: int) -> None:
    """The other office agrees. Raises Forbidden, Refusal."""
    await _decide(database, actor, id_, version, SIGNED, "", now)


async def turn_down(database: Database, actor: Actor, id_: int, version: int, why: str, now: int) -> None:
    """The other office does not agree. Raises Forbidden, Refusal."""
    await _decide(database, actor, id_, version, REFUSED, words(why, "lý do"), now)


async def _decide(database: Database, actor: Actor, id_: int, version: int, state: str, why: str, now: int) -> None:
    actor.need(Action.COMMEND_SIGN)

    async def unit(connection: AsyncConnection) -> None:
        found = await _seen(connection, actor, id_)
        actor.need(Action.COMMEND_SIGN, found.commune)
        office = _other_office(actor, found)
        if not await commendations.decide(connection, id_, version, state, actor.user, office.value, now):
            raise Refusal(STALE)
        act = Act(actor, Action.COMMEND_SIGN, What.COMMENDATION, id_, found.commune, state, found.number, why or None)
        await done(connection, act, now)

    await database.write(unit)


def _other_office(actor: Actor, found: Commendation) -> Office:
    """The office that `actor` signs for: another than the proposer's, by another person. Raises Refusal."""
    if actor.user == found.proposed_by:
        raise Refusal("Người đề nghị không tự ký duyệt. Xin nhờ người của cơ quan kia.")
    mine = offices_of(actor.roles)
    if found.proposed_office in mine or not mine:
        raise Refusal("Chữ ký thứ hai phải của cơ quan khác với cơ quan đề nghị (Phòng Văn hóa - Xã hội).")
    return min(mine)


def _must_agree(consent: str, note: str | None, may_publish: bool | None) -> None:
    if consent == MAY_PUBLISH and may_publish is not True:
        raise Refusal("Người báo chưa đồng ý nêu tên khi báo tin. Xin hỏi, rồi ghi rõ đồng ý khi nào, bằng cách nào.")
    if consent == EXPLICIT and note is None:
        raise Refusal("Xin ghi rõ người được đề nghị đồng ý khi nào, bằng cách nào.")
    if consent not in (MAY_PUBLISH, EXPLICIT):
        raise Refusal("Không có sự đồng ý của người báo thì không đề nghị được.")


def _need_sight(actor: Actor) -> None:
    if not actor.may(Action.COMMEND_SIGN):
        actor.need(Action.COMMEND_PROPOSE)


async def _seen(connection: AsyncConnection, actor: Actor, id_: int) -> Commendation:
    found = await commendations.find(connection, id_)
    if found is None or not actor.sees(found.commune):
        raise none_such()
    return found
