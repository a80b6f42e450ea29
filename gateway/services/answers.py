"""What one MO becomes, and the words of its answer. Stop comes first, then what only some senders may say, then what it reads as.

Works on what its turn has asked of the database beforehand; only consent, approvals and look-ups, which are few, ask for themselves.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.deployment import Deployment
from gateway.domain.code import read_placement_code, read_tip_code
from gateway.domain.fold import fold
from gateway.domain.keyword import Kind
from gateway.domain.tip import BY_STAFF, Channel
from gateway.reading import Reading
from gateway.services import alerts, approval_sms, consent, parts, status
from gateway.services.approval_sms import Verdict
from gateway.services.consent import Evidence
from gateway.services.dialogue import CODE_HOLE, Dialogues, Opening
from gateway.services.follow_ups import (
    CORRECT_MS,
    FOLLOW_MS,
    KNOWN_AS_NOTHING,
    correction_in,
    drawn_out,
    joins_last_tip,
    language_of,
    with_words,
)
from gateway.services.intake import address_of
from gateway.services.replies import Replies, ReplyName
from gateway.services.routes import Route
from gateway.services.routing import Around
from gateway.services.status import Limited, Standing
from gateway.storage import contacts
from gateway.storage.consents import May
from gateway.storage.follow_ups import Joining, Told
from gateway.storage.inbox import Handled, Mo
from gateway.storage.outbox import NewMt
from gateway.storage.seal import Keyring
from gateway.storage.tips import NewDnaRequest, NewQuestion, NewTip
from gateway.storage.users import User

FOR_THE_DESK: Final = "not understood"
APPROVAL: Final = "approval"  # the action of a DUYET
TAKEN: Final = "alert taken"  # the action of a NHAN
WRONG_CODE: Final = "a wrong approval code"
_URGENT: Final = {"remains": ReplyName.URGENT_REMAINS, "uxo": ReplyName.URGENT_UXO}
_THANKS: Final = re.compile(r"\b(?:cam on|thanks?|tks)\b")
_D: Final = frozenset("dDđĐ")
_TAKING: Final = 40  # characters: "NHAN 7K3M9P" and a few signs
_JSON: Final = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class Answer:
    """What a message became: the action noted on it, the words of its reply, what the desk should look at, the tip it joined."""

    action: str
    words: str = field(repr=False)
    alarm: str | None = None
    tip: int | None = None


@dataclass(slots=True)
class Turn:
    """What one transaction knows of the senders of its MOs, by MO id or by person (blind index), and what it stores.

    `waves`: which wave an MO answers. `latest`: the last tip of its sender. `said`: replies in the last hour. `helped`: who got a reply to
    something not understood in the last day. `talking`: who has a dialogue open. `seen`: for the choice of a reply's route.
    """

    now: int
    codes: list[str]
    waves: Mapping[int, int | None]
    latest: Mapping[int, Told]
    by_code: Mapping[str, Told]
    approvers: Mapping[bytes, User]
    said: dict[bytes, int]
    helped: set[bytes]
    refs: list[str]
    on_duty: Collection[bytes]
    talking: Collection[bytes]
    tips: list[NewTip] = field(default_factory=list)
    joining: list[Joining] = field(default_factory=list)
    openings: list[tuple[Mo, str, Opening]] = field(default_factory=list)
    dna: list[NewDnaRequest] = field(default_factory=list)
    questions: list[NewQuestion] = field(default_factory=list)
    replies: list[NewMt] = field(default_factory=list)
    handled: list[Handled] = field(default_factory=list)
    urgent: dict[str, str] = field(default_factory=dict)  # codes of tips that are urgent now, and why
    agreed: dict[str, tuple[May, Evidence]] = field(default_factory=dict)  # what staff were told on call and publishing, by code
    seen: Around = field(default_factory=Around)


class Answers:
    """The answers of one deployment."""

    def __init__(self, deployment: Deployment, replies: Replies, routes: Sequence[Route], keyring: Keyring) -> None:
        self._deployment, self._replies, self._routes, self._keyring = deployment, replies, routes, keyring
        self.dialogues = Dialogues(deployment, replies)
        self._with_hole: dict[ReplyName, str] = {}

    async def answer(self, connection: AsyncConnection, turn: Turn, mo: Mo, reading: Reading) -> Answer:
        """Decide about one MO; what it stores is put into `turn`."""
        if mo.channel == Channel.WEB or mo.channel in BY_STAFF:  # a form has no keywords: what was written there was meant to be told
            return self._tip(turn, mo, reading)
        if reading.kind in (Kind.OPTOUT, Kind.OPTIN):
            return await self._consent(connection, mo, reading.kind)
        return (
            await self._approval(connection, turn, mo)
            or await self._taking(connection, turn, mo)
            or self._correction(turn, mo, reading)
            or await self._dialogue(connection, turn, mo, reading)
            or self._addition(turn, mo, reading)
            or await self._something_new(connection, turn, mo, reading)
        )

    async def _something_new(self, connection: AsyncConnection, turn: Turn, mo: Mo, reading: Reading) -> Answer:
        match reading.kind:
            case Kind.DNA:
                return self._dna(turn, mo, reading)
            case Kind.QUESTION if not reading.urgent:
                turn.questions.append(NewQuestion(self._commune, mo.id, mo.channel, mo.sender, mo.text, mo.received_at))
                return Answer(reading.kind, self._words(ReplyName.QUESTION))
            case Kind.STATUS:
                return await self._status(connection, turn, mo, reading)
            case Kind.EMPTY | Kind.UNKNOWN if mo.channel == Channel.ZALO and mo.raw:  # a photo or a position says what it is for
                return self._tip(turn, mo, reading)
            case Kind.EMPTY:
                return Answer(reading.kind, self._words(ReplyName.HELP))
            case Kind.UNKNOWN | Kind.ABUSE:
                return self._not_understood(turn, mo, reading)
            case _:  # a tip; who asks what to do with a shell stands beside it
                return self._tip(turn, mo, reading)

    @property
    def _commune(self) -> str:
        return self._deployment.campaign.commune

    def _words(self, name: ReplyName, code: str = "") -> str:
        """A reply's text. Rendering costs more than reading: once with a hole for the code, then never again."""
        if (words := self._with_hole.get(name)) is None:
            words = self._with_hole[name] = self._replies.text(name, code=CODE_HOLE)
        return words.replace(CODE_HOLE, code)

    # --- stop and yes, approvals ---

    async def _consent(self, connection: AsyncConnection, mo: Mo, kind: Kind) -> Answer:
        msisdn = address_of(mo.sender, mo.channel)
        if msisdn is None:  # nobody to remember
            return Answer(kind, "", FOR_THE_DESK)
        if kind is Kind.OPTOUT:
            await contacts.opt_out(connection, mo.bidx, msisdn, self._commune, mo.received_at)
            return Answer(kind, self._words(ReplyName.OPTOUT))
        words = self._words(ReplyName.OPTIN)  # a text's yes answers no screen of ours: what it is confirmed by, and how to take it back
        await consent.agree_to_messages(
            connection, mo.bidx, msisdn, self._commune, Evidence(mo.channel, mo.id, shown=words, at=mo.received_at)
        )
        return Answer(kind, words)

    async def _approval(self, connection: AsyncConnection, turn: Turn, mo: Mo) -> Answer | None:
        """The DUYET of an approver (ADR 0017); None: it is none, and read like every text."""
        approver = turn.approvers.get(mo.bidx)
        if approver is None or not may_be_approval(mo):
            return None
        found = await approval_sms.approve_by_sms(connection, self._keyring, self._routes, approver, mo.text, turn.now)
        if found is None:
            return None
        return Answer(APPROVAL, found.words(self._replies), WRONG_CODE if found.verdict is Verdict.WRONG else None)

    async def _taking(self, connection: AsyncConnection, turn: Turn, mo: Mo) -> Answer | None:
        """The NHAN of somebody on duty; None: it is none."""
        if mo.bidx not in turn.on_duty:
            return None
        found = await alerts.acknowledge(connection, mo.bidx, mo.text, turn.now)
        return Answer(TAKEN, found.words(self._replies)) if found is not None else None

    # --- later words ---

    def _correction(self, turn: Turn, mo: Mo, reading: Reading) -> Answer | None:
        """A SUA that means a tip of this person."""
        corrected = correction_in(mo.text)
        if corrected is None or (told := _corrected_tip(turn, mo, corrected.code)) is None:
            return None
        return self._join(turn, mo, told, with_words(told, mo, corrected.words, reading, corrects=True), reading)

    async def _dialogue(self, connection: AsyncConnection, turn: Turn, mo: Mo, reading: Reading) -> Answer | None:
        """The answer to a question of ours; thanks are none."""
        if mo.bidx not in turn.talking or _is_thanks(reading):
            return None
        found = await self.dialogues.answer(connection, mo, reading, turn.now)
        return Answer(found.action, found.words, found.alarm, found.tip) if found is not None else None

    def _addition(self, turn: Turn, mo: Mo, reading: Reading) -> Answer | None:
        """Words that join the last tip; None: they are something new."""
        last = turn.latest.get(mo.id)
        if last is None or mo.received_at - last.spoken_at > FOLLOW_MS or not joins_last_tip(mo, reading):
            return None
        return self._join(turn, mo, last, with_words(last, mo, mo.text, reading, corrects=False), reading)

    def _join(self, turn: Turn, mo: Mo, told: Told, joining: Joining, reading: Reading) -> Answer:
        turn.joining.append(joining)
        newly_urgent = reading.urgent if told.urgent is None else None
        if newly_urgent:
            turn.urgent[told.code] = newly_urgent
        name = _URGENT.get(newly_urgent or "") or (ReplyName.CORRECTED if joining.kind == "corrected" else ReplyName.ADDED)
        return Answer(joining.kind, self._words(name, told.code), f"urgent: {newly_urgent}" if newly_urgent else None, told.id)

    # --- something new ---

    def _tip(self, turn: Turn, mo: Mo, reading: Reading) -> Answer:
        code = turn.codes.pop()
        extra = json.loads(mo.raw) if mo.raw else {}  # what a form asked beside the story, or where a phone was
        extra.pop("media", None)  # addresses of photos, which become attachments
        village = self._village_at_desk(mo) or reading.village or self._village_of(mo.placement)
        commune, may = self._said_to_staff(turn, mo, code, extra, self._deployment.commune_of(village))
        fields = _JSON(extra | drawn_out(reading))
        turn.tips.append(
            NewTip(
                code=code,
                commune=commune,
                mo=mo.id,
                channel=mo.channel,
                village=village,
                placement=mo.placement,
                bidx=mo.bidx,
                sender=mo.sender,
                text=mo.text,
                fields=fields,
                urgent=reading.urgent,
                received_at=mo.received_at,
                wave=turn.waves[mo.id],
                language=language_of(reading) or "vi",
                may_call=may.call,
                may_publish=may.publish,
            )
        )
        if reading.urgent:
            turn.urgent[code] = reading.urgent
            return Answer(Kind.TIP, self._words(_URGENT[reading.urgent], code), f"urgent: {reading.urgent}")
        return Answer(Kind.TIP, self._received(turn, mo, reading, code))

    def _said_to_staff(self, turn: Turn, mo: Mo, code: str, extra: dict[str, Any], named: str) -> tuple[str, May]:  # Any: JSON
        """Commune and consents of a tip that staff typed in; both are taken out of `extra`. Nobody else's form can set them."""
        if mo.channel not in BY_STAFF:
            return named, May()
        may = May(extra.pop("may_call", None), extra.pop("may_publish", None))
        if may != May():
            turn.agreed[code] = (may, Evidence(mo.channel, mo.id, extra.pop("asked", ""), mo.received_at))
        return extra.pop("commune", named), may

    def _village_at_desk(self, mo: Mo) -> str | None:
        """Staff asked which village is meant: their choice stands above what is read out of the words."""
        return self._village_of(mo.placement) if mo.channel in BY_STAFF else None

    def _received(self, turn: Turn, mo: Mo, reading: Reading, code: str) -> str:
        """The words for a tip: its code, and the question that helps most, or what did not arrive."""
        if parts.is_incomplete(mo):
            return self._words(ReplyName.INCOMPLETE, code)
        opening = self.dialogues.opening(mo.channel, reading, code, turn.now, language_of(reading) or "vi")
        if opening is None:
            return self._words(ReplyName.RECEIVED, code)
        turn.openings.append((mo, code, opening))
        return opening.words

    def _dna(self, turn: Turn, mo: Mo, reading: Reading) -> Answer:
        code, commune = turn.codes.pop(), self._deployment.commune_of(reading.village)
        turn.dna.append(NewDnaRequest(code, commune, mo.id, mo.channel, reading.village, mo.sender, mo.text, mo.received_at))
        if reading.urgent:
            return self._tip(turn, mo, reading)
        return Answer(Kind.DNA, self._words(ReplyName.DNA, code))

    def _village_of(self, placement: str | None) -> str | None:
        """The village of the printed code, or page, that a person came by."""
        if placement is None:
            return None
        found = read_placement_code(placement)
        code = found[0] if found else placement
        return code if code in self._deployment.villages else None

    async def _status(self, connection: AsyncConnection, turn: Turn, mo: Mo, reading: Reading) -> Answer:
        match await status.look_up(connection, codes_in(reading), mo.bidx, turn.now):
            case Standing(code=code, state=state, received_at=at):
                return Answer(Kind.STATUS, self._replies.status(code, state, at))
            case Limited():
                return Answer(Kind.STATUS, self._words(ReplyName.STATUS_LIMITED))
            case _:
                return Answer(Kind.STATUS, self._words(ReplyName.STATUS_UNKNOWN))

    def _not_understood(self, turn: Turn, mo: Mo, reading: Reading) -> Answer:
        """Thanks are thanked for and the rest is helped, once a day: two machines that thank each other would never end."""
        alarm = None if _is_thanks(reading) else FOR_THE_DESK
        if mo.bidx in turn.helped:
            return Answer(reading.kind, "", alarm)
        turn.helped.add(mo.bidx)
        return Answer(reading.kind, self._words(ReplyName.THANKS if _is_thanks(reading) else ReplyName.HELP), alarm)


def _corrected_tip(turn: Turn, mo: Mo, code: str | None) -> Told | None:
    """The tip that a SUA means: this person's own by its code, else this person's last."""
    last = turn.latest.get(mo.id)
    named = turn.by_code.get(code) if code else last
    return named if named is not None and named.bidx == mo.bidx and mo.received_at - named.spoken_at <= CORRECT_MS else None


def _is_thanks(reading: Reading) -> bool:
    return reading.kind is Kind.UNKNOWN and reading.confidence >= KNOWN_AS_NOTHING and _THANKS.search(fold(reading.rest)) is not None


def may_be_approval(mo: Mo) -> bool:
    """Whether `mo` may be a DUYET; only then its sender is looked up."""
    return mo.channel == Channel.SMS and mo.text.lstrip()[:1] in _D and approval_sms.begins_like_an_approval(mo.text)


def may_be_taking(mo: Mo) -> bool:
    """Whether `mo` may be a NHAN, or the code alone; only then its sender is looked up."""
    return mo.channel == Channel.SMS and len(mo.text) <= _TAKING


def codes_needed(reading: Reading) -> int:
    """Two where a registration is an urgent tip as well; one is drawn for every other, needed or not: forms make tips of anything."""
    return 2 if reading.kind is Kind.DNA and reading.urgent else 1


def codes_in(reading: Reading) -> list[str]:
    """What may be a tip code in a look-up, likeliest first: people leave "TT" out, or put spaces and dashes into the code."""
    named = reading.fields.get("case_code")
    words = ["".join(filter(str.isalnum, word)) for word in reading.rest.split()]
    typed = [named if isinstance(named, str) else "", *words, "".join(words), *map("".join, pairwise(words))]
    return list(dict.fromkeys(code for each in typed if (code := read_tip_code(each)) is not None))


def corrected_codes(mos: Collection[Mo]) -> set[str]:
    """Codes of tips that SUAs among `mos` name."""
    return {found.code for mo in mos if (found := correction_in(mo.text)) is not None and found.code is not None}
