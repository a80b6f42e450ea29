"""Every sealed column, and what becomes of it when a person is erased or its time is over. A test holds the list against the schema.

A column that isn't here would outlive its person; so a new one fails the test until somebody has decided.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

ERASED: Final = "đã xóa"  # what stands where a column must hold something


class By(StrEnum):
    """How the rows of a person are found."""

    PERSON = "person"  # by the row's own blind index
    TIP = "tip"  # by the tip that it belongs to
    MO = "mo"  # by the message it was made from
    DNA = "dna"  # by the request for sampling
    REQUEST = "request"  # by the person's own request, which stays as the proof of its answer until its own term is over
    WORDS = "words"  # no index: opened and searched for the number
    NOBODY = "nobody"  # of no informant, or of staff; `why` says what ends it


@dataclass(frozen=True, slots=True)
class Fate:
    """`clear`: set to NULL, else overwritten. `case`: stays where the tip belongs to a case. `why`: what ends it, for nobody's."""

    by: By
    clear: bool = False
    case: bool = False
    why: str = ""


_P, _T, _M = By.PERSON, By.TIP, By.MO
_STAFF: Final = Fate(By.NOBODY, why="of a member of staff; ends with the account")
_CASE: Final = Fate(By.NOBODY, why="part of a case: kept as long as the case; staff correct it there")
_OWN: Final = Fate(By.NOBODY, why="our own words, of no informant")

FATES: Final[Mapping[str, Fate]] = {
    # people and what was sent to them
    "contact.msisdn": Fate(_P),
    "mt.msisdn": Fate(_P),
    "mt.parameters": Fate(_P, clear=True),
    "mt.body": Fate(_P, clear=True),
    "callback.url": Fate(_P, clear=True),
    "callback.headers": Fate(_P, clear=True),
    "callback.body": Fate(_P, clear=True),
    "mt_report.url": Fate(_P, clear=True),
    "mt_report.reference": Fate(_P, clear=True),
    "dialogue.slots": Fate(_P, clear=True),
    "dialogue.last_input": Fate(_P, clear=True),
    "dialogue.last_screen": Fate(_P, clear=True),
    "person_request.msisdn": Fate(By.REQUEST, clear=True),
    "person_request.name": Fate(By.REQUEST, clear=True),
    "person_request.words": Fate(By.REQUEST, clear=True),
    "person_request.answer": Fate(By.REQUEST, clear=True),
    "person_request_event.note": Fate(By.REQUEST, clear=True),
    # what they wrote
    "mo.sender": Fate(_M),
    "mo.text": Fate(_M, case=True),
    "mo.raw": Fate(_M, clear=True),
    "question.sender": Fate(_M),
    "question.text": Fate(_M),
    "dna_request.sender": Fate(_M),
    "dna_request.text": Fate(_M),
    "dna_appointment.place": Fate(By.DNA),
    "dna_care.companion": Fate(By.DNA, clear=True),
    "dna_care.relation": Fate(By.DNA, clear=True),
    "fake_report.words": Fate(By.WORDS),
    "fake_report.contact": Fate(By.WORDS, clear=True),
    # tips and what staff made of them
    "tip.sender": Fate(_T),
    "tip.text": Fate(_T, case=True),
    "tip.fields": Fate(_T, clear=True, case=True),
    "tip_event.note": Fate(_T, clear=True, case=True),
    "tip_question.words": Fate(_T, case=True),
    "tip_work.corrected": Fate(_T, clear=True, case=True),
    "tip_change.was": Fate(_T, clear=True, case=True),
    "tip_change.words": Fate(_T, clear=True, case=True),
    "attachment.meta": Fate(_T, clear=True, case=True),
    "hand_over_item.words": Fate(_T, clear=True, case=True),
    "witness.contact": Fate(By.WORDS, clear=True),
    "entry_batch.refused": Fate(By.WORDS, clear=True),
    "wave_list.data": Fate(By.NOBODY, why="a list that staff uploaded; ends when its wave is planned, or after its term"),
    "wave_list.report": Fate(By.NOBODY, why="a list that staff uploaded; ends when its wave is planned, or after its term"),
    # cases, evidence, registers
    "witness.name": _CASE,
    "witness.knows": _CASE,
    "witness.visitor": _CASE,
    "battle.name": _CASE,
    "battle.place": _CASE,
    "battle.units": _CASE,
    "battle.sources": _CASE,
    "case_file.title": _CASE,
    "case_outcome.spot": _CASE,
    "case_outcome.note": _CASE,
    "commendation.person": _CASE,
    "commendation.merit": _CASE,
    "commendation.consent_note": _CASE,
    "evidence.title": _CASE,
    "evidence.details": _CASE,
    "custody.giver": _CASE,
    "custody.receiver": _CASE,
    "custody.place": _CASE,
    "custody.condition": _CASE,
    "field_work.people": _CASE,
    "field_work.safety_by": _CASE,
    "field_work.found": _CASE,
    "field_work.spot": _CASE,
    "work_event.note": _CASE,
    # staff and our own
    "user.phone": _STAFF,
    "user_factor.secret": _STAFF,
    "web_session.words": _STAFF,
    "reveal_reason.reason": _STAFF,
    "tip_view.name": _STAFF,
    "duty.msisdn": _STAFF,
    "audit.detail": Fate(By.NOBODY, why="the log of who saw and changed what: never changed"),
    "carrier_token.access": _OWN,
    "carrier_token.refresh": _OWN,
    "client.mo_url": Fate(By.NOBODY, why="of an outside system's operators, of no informant"),
    "client.webhook_url": Fate(By.NOBODY, why="of an outside system's operators, of no informant"),
    "client.webhook_secret": Fate(By.NOBODY, why="of an outside system's operators, of no informant"),
    "door_part.part": Fate(By.NOBODY, why="a part of an outside system's text; goes when the text is whole, or after ten minutes"),
    "client_call.answer": Fate(By.NOBODY, why="names of MTs and why some were refused, no number in it; ends after a day"),
    "wave_text.template": _OWN,
    "wave_draft.body": _OWN,
    "wave_draft.trouble": _OWN,
    "wave_event.words": _OWN,
    "wave_list.basis": _OWN,
    "hand_over.note": _OWN,
    "hand_over.received_by": _OWN,
    "hand_over_event.words": _OWN,
    "hand_over_bytes.content": Fate(By.NOBODY, why="what was handed over, as it left: kept with its receipt; the receiver has it too"),
    "hand_over_bytes.package": Fate(By.NOBODY, why="what was handed over, as it left: kept with its receipt; the receiver has it too"),
    "placement_hung.detail": _OWN,
    "report.words": _OWN,
    "report.content": _OWN,
    "breach.what": _OWN,
    "breach.measures": _OWN,
}

_UNDECIDED: Final = Fate(By.NOBODY, why="nobody has decided: the test of this list fails")


def fate_of(table: str, column: str) -> Fate:
    """What becomes of a column."""
    return FATES.get(f"{table}.{column}", _UNDECIDED)
