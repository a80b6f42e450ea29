"""The one dialogue as a use case: what a text answers, what it adds to its tip; by SMS and Zalo. USSD's sessions are in `ussd.py`.

Works inside the caller's transaction. Time is an argument; the talk itself is `domain/dialogue.py`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.deployment import Deployment
from gateway.domain.dialogue import Act, Choice, Heard, How, Say, Script, State, Step, after_tip, is_unfinished, step
from gateway.domain.fold import unaccent
from gateway.domain.keyword import Kind
from gateway.domain.tip import Channel
from gateway.reading import Reading
from gateway.services import alerts
from gateway.services.replies import Replies, ReplyName
from gateway.storage import dialogues, follow_ups
from gateway.storage.dialogues import Consent, Dialogue
from gateway.storage.follow_ups import ADDED, Joining, Told
from gateway.storage.inbox import Mo

CODE_HOLE: Final = "0A0A0A"  # stands for a code while a reply's words are made; no tip code, for its check character is wrong
_KINDS: Final = 256  # of tips, by what they say already: as many beginnings are kept
BY_MESSAGE: Final = (Channel.SMS, Channel.ZALO)
ASKS_FOR_A_PERSON: Final = "asks for a person"
URGENT: Final = {"remains": ReplyName.URGENT_REMAINS, "uxo": ReplyName.URGENT_UXO}
# What is no answer, though a question waits: it keeps its own way.
_SOMETHING_ELSE: Final = frozenset({Kind.DNA, Kind.STATUS, Kind.OPTOUT, Kind.OPTIN, Kind.QUESTION, Kind.ABUSE})


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of an answer: the action noted on it, the words that go back, what the desk should look at, the tip it belongs to."""

    action: str
    words: str = field(repr=False)
    alarm: str | None
    tip: int
    urgent: str | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """A dialogue that begins with a tip: the receipt and the first question in one text, and what is stored once the tip has its row."""

    words: str = field(repr=False)
    state: State


def common_values(deployment: Deployment) -> dict[str, str]:
    """What every text may name."""
    campaign = deployment.campaign
    title = campaign.commune_title[:1].upper() + campaign.commune_title[1:]
    price = campaign.price_note(accented=False)
    return {
        "commune": unaccent(title),
        "commune_accented": title,
        "price": price,
        "number": f"{campaign.short_code} ({price})",
        "hotline": campaign.hotline.national if campaign.hotline else unaccent(campaign.desk_name),
        "dial": campaign.ussd,
    }


def slots_of(script: Script, reading: Reading) -> frozenset[str]:
    """Which questions a text answers by itself."""
    named = set(reading.fields) | {each.name for each in getattr(reading, "found", ())}
    return frozenset(each.slot for each in script.questions if each.known_by & named)


def state_json(state: State) -> dict[str, Any]:  # Any: JSON
    """`state` as JSON holds it."""
    values = {name: getattr(state, name) for name in _STATE}  # dataclasses.asdict copies deeply, and costs a third of a turn
    return values | {"known": sorted(state.known), "passed": sorted(state.passed)}


_JSON: Final = json.JSONEncoder(ensure_ascii=False).encode
_STATE: Final = tuple(each.name for each in fields(State))


def state_of(values: Mapping[str, Any]) -> State:  # Any: JSON
    """The state that `state_json` gave. Raises ValueError, TypeError or KeyError for anything else."""
    given = dict(values)
    for name in ("known", "passed"):
        given[name] = frozenset(given[name])
    for name in ("candidates", "asked"):
        given[name] = tuple(given[name])
    return State(
        **given | {"step": Step(given["step"]), "resume": Step(given["resume"]), "how": How(given["how"]) if given["how"] else None}
    )


def joined(told: Told, words: str, slot: str, reading: Reading | None, at: int) -> Joining:
    """`told` with the words of an answer: they fill in, and what was known stays. The answer stands under its question's name too."""
    before: dict[str, Any] = json.loads(told.fields)  # Any: JSON
    answers = dict(before.get("answers") or {})
    if slot:
        answers[slot] = words
    fields = {**(dict(reading.fields) if reading else {}), **before, **({"answers": answers} if answers else {})}
    village = told.village or (reading.village if reading else None)
    urgent = told.urgent or (reading.urgent if reading else None)
    return Joining(told.id, ADDED, words, at, village, json.dumps(fields, ensure_ascii=False), urgent)


def evidence(shown: str, said: str) -> str:
    """Consent's evidence: the words that were shown, and what was answered."""
    return json.dumps({"shown": shown, "said": said}, ensure_ascii=False)


class Dialogues:
    """Questions after a tip, by SMS and Zalo, in one deployment's words."""

    def __init__(self, deployment: Deployment, replies: Replies) -> None:
        self._script, self._replies = deployment.dialogue, replies
        self._values, self._commune_of = common_values(deployment), deployment.commune_of
        self._begun = lru_cache(maxsize=_KINDS)(self._begin)

    # --- opening ---

    def opening(self, channel: str, reading: Reading, code: str, now: int, language: str = "vi") -> Opening | None:
        """How the talk after a new tip begins; None where nothing is asked (urgent, a form, no words for it)."""
        if channel not in BY_MESSAGE or reading.urgent:
            return None
        state, words = self._begun(channel, language, slots_of(self._script, reading), now)
        return Opening(words.replace(CODE_HOLE, code), state) if words and not state.ended else None

    def _begin(self, channel: str, language: str, known: frozenset[str], now: int) -> tuple[State, str]:
        """What talks begin with whose tips say the same: made once a turn, it costs as much as the rest of an answer."""
        state, say = after_tip(self._script, channel, language, known, now)
        return state, self._words(state, say, CODE_HOLE)

    async def open_all(
        self, connection: AsyncConnection, openings: Sequence[tuple[Mo, str, Opening]], tips: Mapping[str, int], now: int
    ) -> None:
        """Store the dialogues that began with tips `(MO, code, opening)`; `tips`: their ids by code."""
        await dialogues.save(connection, [_row(mo, tips[code], code, each.state, now) for mo, code, each in openings])

    # --- answering ---

    async def answer(self, connection: AsyncConnection, mo: Mo, reading: Reading, now: int) -> Answered | None:
        """What `mo` answers of the dialogue that its sender has open; None: none waits, or it is something new."""
        if mo.channel not in BY_MESSAGE or reading.keyword is not None or reading.kind in _SOMETHING_ELSE:
            return None
        since = now - self._script.timing(mo.channel).answer_ms
        row = (await dialogues.of_people(connection, [mo.bidx], [mo.channel], since)).get(mo.bidx)
        talk = None if row is None or row.ended_at is not None else talk_of(row)
        if row is None or talk is None or row.tip is None:
            return None
        told = (await follow_ups.told(connection, [row.tip])).get(row.tip)
        return None if told is None else await self._step(connection, mo, reading, row, talk.state, told, now)

    async def _step(
        self, connection: AsyncConnection, mo: Mo, reading: Reading, row: Dialogue, state: State, told: Told, now: int
    ) -> Answered | None:
        heard = Heard(mo.text, reading.kind, slots_of(self._script, reading), reading.village, urgent=bool(reading.urgent))
        moved, say = step(self._script, state, heard, now)
        if moved.how is How.TIMED_OUT:
            await dialogues.save(connection, [_moved(row, moved, now, mo.id, told.code)])
            return None
        newly_urgent = reading.urgent if say.act is Act.ADD and told.urgent is None else None
        await self._keep(connection, mo, reading, state, say, told)
        if newly_urgent:
            await alerts.raise_alert(connection, told.id, newly_urgent, now)
        words = self._words(moved, say, told.code, newly_urgent)
        await dialogues.save(connection, [_moved(row, moved, now, mo.id, told.code)])
        alarm = ASKS_FOR_A_PERSON if say.act is Act.HUMAN else f"urgent: {newly_urgent}" if newly_urgent else None
        return Answered(ADDED if say.act is Act.ADD else say.act.value, words, alarm, told.id, newly_urgent)

    async def _keep(self, connection: AsyncConnection, mo: Mo, reading: Reading, state: State, say: Say, told: Told) -> None:
        if say.act is not Act.ADD:
            return
        await follow_ups.join(connection, [joined(told, mo.text, say.slot, reading, mo.received_at)], self._commune_of)
        if say.choice is not None:
            await dialogues.consent(
                connection, [given(say.choice, told.id, self._text(f"ask.{state.at}", state, told.code), mo.text, mo.received_at)]
            )

    # --- words ---

    def _words(self, state: State, say: Say, code: str, urgent: str | None = None) -> str:
        if "urgent" in say.names:
            return self._replies.text(URGENT.get(urgent or "", ReplyName.URGENT_REMAINS), code=code)
        return " ".join(filter(None, (self._text(name, state, code) for name in say.names)))

    def _text(self, name: str, state: State, code: str) -> str:
        return self._script.text(name, state.channel, state.language, self._values | {"code": code})


def given(choice: Choice, tip: int, shown: str, said: str, at: int) -> Consent:
    """The consent that a choice is."""
    return Consent(tip, choice.may_call, choice.may_publish, evidence(shown, said), at)


# -- what a row keeps --------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Talk:
    """What a dialogue's row holds, sealed. `number`: E.164. `pages`: screens not shown yet. `receipted`: the SMS with the code has gone."""

    state: State
    number: str = field(default="", repr=False)
    code: str = ""
    pages: tuple[str, ...] = field(default=(), repr=False)
    receipted: bool = False
    route: str = ""

    @property
    def can_go_on(self) -> bool:
        return is_unfinished(self.state)


def talk_json(talk: Talk) -> str:
    """`talk` as its row keeps it."""
    values = {"number": talk.number, "code": talk.code, "pages": talk.pages, "receipted": talk.receipted, "route": talk.route}
    return f'{{"state": {_state_text(talk.state)}, {_JSON(values)[1:]}'


@lru_cache(maxsize=_KINDS)
def _state_text(state: State) -> str:
    """Talks that begin in one turn begin alike."""
    return _JSON(state_json(state))


def talk_of(row: Dialogue) -> Talk | None:
    """The talk that `row` keeps; None where a release of other steps wrote it."""
    try:
        kept = json.loads(row.slots or "")
        return Talk(state_of(kept["state"]), kept["number"], kept["code"], tuple(kept["pages"]), kept["receipted"], kept["route"])
    except (ValueError, TypeError, KeyError):
        return None


def _row(mo: Mo, tip: int, code: str, state: State, now: int) -> Dialogue:
    talk = Talk(state, mo.sender, code, route=mo.route)
    return Dialogue(0, mo.channel, mo.bidx, None, state.language, state.step, talk_json(talk), tip, mo.id, None, None, now, now)


def _moved(row: Dialogue, state: State, now: int, mo: int, code: str) -> Dialogue:
    ended = (now, state.how.value) if state.ended and state.how else (None, None)
    slots = talk_json(Talk(state, code=code))
    return replace(row, step=state.step.value, slots=slots, mo=mo, touched_at=now, ended_at=ended[0], how=ended[1])
