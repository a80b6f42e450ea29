"""The life of an MT as a table of legal moves; every statement that changes a state is checked against it by tests.

    queued -> claimed -> sending -> sent -> delivered | failed       (where nothing waits, the claim marks `sending` at once)
                  \\          \\-> uncertain -> sent | delivered | failed | queued
                   \\-> queued (a drain, a dead process)

`claimed` is leased and in memory: it cannot have left. `sending` is committed just before its request is written, so it alone can be
uncertain when a process dies (ADR 0003).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class MtState(StrEnum):
    """States of an MT, as stored."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    SUPPRESSED = "suppressed"


_S = MtState
MOVES: Final[Mapping[MtState, frozenset[MtState]]] = {
    # Delivered after all: an earlier attempt was thought refused. Sending it again would be a second SMS.
    _S.QUEUED: frozenset({_S.CLAIMED, _S.SENDING, _S.EXPIRED, _S.CANCELLED, _S.SUPPRESSED, _S.DELIVERED}),
    _S.CLAIMED: frozenset({_S.SENDING, _S.QUEUED, _S.EXPIRED, _S.CANCELLED, _S.SUPPRESSED}),
    # An early DLR settles before the answer does.
    _S.SENDING: frozenset({_S.SENT, _S.QUEUED, _S.FAILED, _S.UNCERTAIN, _S.DELIVERED}),
    _S.SENT: frozenset({_S.DELIVERED, _S.FAILED}),
    # A DLR or a look-up settles it; resending within the carrier's dedupe window or a person's word puts it back.
    _S.UNCERTAIN: frozenset({_S.SENT, _S.DELIVERED, _S.FAILED, _S.QUEUED, _S.SENDING}),
    # Some carriers report a failed part, then the delivery of the whole: the handset's word stands.
    _S.FAILED: frozenset({_S.DELIVERED}),
    _S.DELIVERED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.SUPPRESSED: frozenset(),
}
OPEN: Final = frozenset({_S.QUEUED, _S.CLAIMED, _S.SENDING})


class DlrStatus(StrEnum):
    """What a carrier may report of an MT it took."""

    BUFFERED = "buffered"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    FAILED = "failed"
    REJECTED = "rejected"


_AFTER: Final[Mapping[DlrStatus, MtState]] = {
    DlrStatus.BUFFERED: _S.SENT,
    DlrStatus.ACCEPTED: _S.SENT,
    DlrStatus.DELIVERED: _S.DELIVERED,
    DlrStatus.FAILED: _S.FAILED,
    DlrStatus.REJECTED: _S.FAILED,
}


def may_move(old: MtState, new: MtState) -> bool:
    """Whether the table allows it. Staying is no move."""
    return new in MOVES[old]


def after_dlr(state: MtState, status: DlrStatus) -> MtState:
    """The state after a report; reports come early, twice and out of order, so what the table forbids changes nothing.

    DELIVERED is the top of a small lattice (sent < failed < delivered): any order of the same reports ends alike.
    """
    new = _AFTER[status]
    return new if may_move(state, new) else state
