"""Which message is a later word on an earlier tip, and what the tip says with it. Pure.

A message without keyword within a day joins the person's last tip, one that begins with LS is a new one; SUA corrects, by the tip's code or
the last tip. Thanks, trials, questions, look-ups, registrations, stop and yes keep their own way.
"""

import json
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.domain.code import read_tip_code
from gateway.domain.fold import fold
from gateway.domain.keyword import Kind
from gateway.domain.tip import Channel
from gateway.reading import Reading
from gateway.storage.follow_ups import ADDED, CORRECTED, Joining, Told
from gateway.storage.inbox import Mo

FOLLOW_MS: Final = 24 * 3_600_000
CORRECT_MS: Final = 30 * FOLLOW_MS
KNOWN_AS_NOTHING: Final = 0.7  # a reading at least so sure that a text is "unknown" has recognised it: thanks, a trial
_S: Final = frozenset("sS")
_BY_MESSAGE: Final = frozenset({Channel.SMS, Channel.ZALO})  # a form and a session are whole in themselves


@dataclass(frozen=True, slots=True)
class Correction:
    """What a SUA says: `code` of the tip it names, if it does; `words`: the rest."""

    code: str | None
    words: str = field(repr=False)


def correction_in(text: str) -> Correction | None:
    """The correction that `text` begins as: "SUA 7K3M9P o chan doi", "sửa: 2 mộ". None: it is none, or says nothing."""
    if text.lstrip()[:1] not in _S:
        return None
    first, _, rest = text.lstrip().partition(" ")
    if fold(first.rstrip(":.,;-")) != "sua" or not rest.strip():
        return None
    second, _, behind = rest.strip().partition(" ")
    code = read_tip_code(second) if len(second) == 6 else None
    words = behind if code else rest
    return Correction(code, words.strip()) if words.strip() else None


def language_of(reading: Reading) -> str | None:
    """The language of a text that is not Vietnamese: "lo" or "en"."""
    found = reading.fields.get("lang")
    return found if isinstance(found, str) else None


def drawn_out(reading: Reading) -> dict[str, Any]:  # Any: JSON
    """What a tip keeps of its reading: the values by name, and under "read" each one's [confidence, start, end]."""
    places = {each.name: [round(each.confidence, 2), *each.span] for each in reversed(reading.found)}
    return {**reading.fields, "confidence": reading.confidence, "read": places}


def may_be_later_word(mo: Mo, reading: Reading) -> bool:
    """Whether what `mo` becomes depends on what its sender told before: a correction, an answer, an addition."""
    return (mo.channel in _BY_MESSAGE and reading.keyword is None) or correction_in(mo.text) is not None


def joins_last_tip(mo: Mo, reading: Reading) -> bool:
    """Whether `mo`, where its sender has told a tip in the last day, is a later word on it."""
    if mo.channel not in _BY_MESSAGE or reading.keyword is not None or not mo.text.strip():
        return False
    match reading.kind:
        case Kind.TIP:
            return True
        case Kind.UNKNOWN:
            return reading.confidence < KNOWN_AS_NOTHING
        case Kind.EMPTY:
            return reading.village is not None
        case Kind.QUESTION:
            return reading.urgent is not None
        case _:
            return False


def with_words(told: Told, mo: Mo, words: str, reading: Reading, *, corrects: bool) -> Joining:
    """`told` with `words`: a correction wins over what was read before, an addition only fills in. What was once urgent stays urgent."""
    before: dict[str, Any] = json.loads(told.fields)  # Any: JSON
    now: dict[str, Any] = dict(reading.fields)  # their places in the words are of no text that is kept as one
    fields = before | now if corrects else now | before
    village = (reading.village or told.village) if corrects else (told.village or reading.village)
    if village is not None:
        fields.pop("village_candidates", None)
    return Joining(
        tip=told.id,
        kind=CORRECTED if corrects else ADDED,
        note=words,
        at=mo.received_at,
        village=village,
        fields=json.dumps(fields, ensure_ascii=False),
        urgent=told.urgent or reading.urgent,
    )
