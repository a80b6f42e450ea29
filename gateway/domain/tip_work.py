"""What staff do with a tip: states and the legal moves between them, the eight kinds, results of a verification, flags. Pure.

The names that officers read are a deployment's (`desk.toml`); what is stored are the words of the enums below: a renamed state moves
no row.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

SURE: Final = 0.9  # from here a reading is "chắc" (design §11)
POSSIBLE: Final = 0.6


class State(StrEnum):
    """Where a tip stands, as `tip.state` has it. The order is the way through."""

    NEW = "new"  # tiếp nhận
    SORTED = "sorted"  # phân loại
    ANALYSED = "analysed"  # phân tích
    VERIFYING = "verifying"  # xử lý, xác minh
    CONCLUDED = "concluded"  # kết luận


# A step forward, or back to where it was taken too early; a concluded tip is opened again only for verification.
MOVES: Final[Mapping[State, frozenset[State]]] = {
    State.NEW: frozenset({State.SORTED, State.ANALYSED, State.VERIFYING, State.CONCLUDED}),
    State.SORTED: frozenset({State.NEW, State.ANALYSED, State.VERIFYING, State.CONCLUDED}),
    State.ANALYSED: frozenset({State.SORTED, State.VERIFYING, State.CONCLUDED}),
    State.VERIFYING: frozenset({State.ANALYSED, State.CONCLUDED}),
    State.CONCLUDED: frozenset({State.VERIFYING}),
}
NEEDS_VERIFIER: Final = frozenset({State.VERIFYING, State.CONCLUDED})  # who may only sort moves a tip no further than analysis


class Sort(StrEnum):
    """The eight kinds of a tip, by the digit that chooses them (design §11)."""

    GRAVE = "grave"
    REMAINS = "remains"
    ORDNANCE = "ordnance"
    WITNESS = "witness"
    PAPERS = "papers"
    KIN = "kin"
    QUESTION = "question"
    UNRELATED = "unrelated"


URGENT: Final[Mapping[Sort, str]] = {Sort.REMAINS: "remains", Sort.ORDNANCE: "uxo"}  # what `tip.urgent` says of them


class Result(StrEnum):
    """What a verification found."""

    TRUE = "true"
    PARTLY = "partly"
    OPEN = "open"
    FALSE = "false"


class Flag(StrEnum):
    """What whoever works on a tip must know first."""

    AGED = "aged"  # the teller is over 80: meet them first
    ORDNANCE = "ordnance"  # unexploded ordnance may lie there


class Done(StrEnum):
    """What was done to verify."""

    CALLED = "called"
    VISITED = "visited"
    ON_SITE = "on_site"
    RECORDS = "records"


@dataclass(frozen=True, slots=True)
class Workflow:
    """The names that officers read, by the stored words; a deployment may change any of them."""

    states: Mapping[State, str] = field(
        default_factory=lambda: {
            State.NEW: "Mới",
            State.SORTED: "Đã phân loại",
            State.ANALYSED: "Đã phân tích",
            State.VERIFYING: "Đang xác minh",
            State.CONCLUDED: "Đã kết luận",
        }
    )
    sorts: Mapping[Sort, str] = field(
        default_factory=lambda: {
            Sort.GRAVE: "Mộ, nơi chôn cất",
            Sort.REMAINS: "Hài cốt lộ ra",
            Sort.ORDNANCE: "Bom, mìn, đạn",
            Sort.WITNESS: "Người biết chuyện",
            Sort.PAPERS: "Giấy tờ, kỷ vật",
            Sort.KIN: "Thân nhân, mẫu ADN",
            Sort.QUESTION: "Câu hỏi",
            Sort.UNRELATED: "Không liên quan",
        }
    )
    results: Mapping[Result, str] = field(
        default_factory=lambda: {
            Result.TRUE: "Đúng",
            Result.PARTLY: "Đúng một phần",
            Result.OPEN: "Chưa kết luận được",
            Result.FALSE: "Không đúng",
        }
    )
    flags: Mapping[Flag, str] = field(
        default_factory=lambda: {Flag.AGED: "Người kể trên 80 tuổi: gặp trước", Flag.ORDNANCE: "Vùng có thể còn bom mìn"}
    )
    done: Mapping[Done, str] = field(
        default_factory=lambda: {
            Done.CALLED: "Gọi cho người báo",
            Done.VISITED: "Gặp tại nhà",
            Done.ON_SITE: "Đến tận nơi",
            Done.RECORDS: "Đối chiếu hồ sơ",
        }
    )

    def state(self, stored: str) -> str:
        """The name of `tip.state`; a state that another release stored stays as it is."""
        return self.states[State(stored)] if stored in list(State) else stored

    def sort(self, stored: str | None) -> str:
        """The name of a kind; "" where nobody has sorted the tip."""
        return self.sorts[Sort(stored)] if stored in list(Sort) else ""


def may_move(before: str, after: State) -> bool:
    """Whether a tip in the stored state `before` may go to `after`. From a state that we don't know every way leads on."""
    return after in MOVES[State(before)] if before in list(State) else after is not State.NEW


def sources_of(after: State) -> frozenset[State]:
    """The states from which a tip may go to `after`."""
    return frozenset(before for before, targets in MOVES.items() if after in targets)


def guess(fields: Collection[str], urgent: str | None) -> Sort:
    """The kind that a reading suggests. `fields`: names of what it drew out; `urgent`: remains, uxo or None."""
    for sort, word in URGENT.items():
        if urgent == word:
            return sort
    if _GRAVE & set(fields):
        return Sort.GRAVE
    if {"documents", "relics"} & set(fields):
        return Sort.PAPERS
    if "witness" in fields:
        return Sort.WITNESS
    return Sort.KIN if "relation" in fields else Sort.GRAVE


_GRAVE: Final = frozenset({"grave_count", "burial_place", "burial_date", "coords", "landmark"})


def certainty(confidence: float, *, is_open: bool = False) -> int:
    """3 sure, 2 possible, 1 unclear; `is_open`: several readings fit."""
    if is_open or confidence < POSSIBLE:
        return 1
    return 3 if confidence >= SURE else 2
