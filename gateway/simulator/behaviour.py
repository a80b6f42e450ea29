"""How the fake telco treats requests, as data: no randomness, every n-th by counting, so that a test knows what will happen."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import Enum
from typing import Any, Literal, Self, get_args

DlrHabit = Literal["after", "early", "twice", "reversed", "shuffled", "stray", "never"]


class Fate(Enum):
    """What becomes of one request."""

    TAKE = "take"
    THROTTLE = "throttle"
    FAIL = "fail"
    INSIDE = "inside"  # not taken, and said so under HTTP 200
    REDIRECT = "redirect"  # not taken, sent elsewhere
    DROP = "drop"  # read, not taken, the connection reset
    RESET = "reset"  # taken, the connection reset
    STALL = "stall"  # taken, never answered
    HALF = "half"  # taken, half an answer
    PAGE = "page"  # taken, answered by the HTML of something in between
    GATEWAY = "gateway"  # taken, answered by the 502 page of a proxy
    BROKEN = "broken"  # taken, a whole HTTP answer whose JSON ends in the middle
    HUGE = "huge"  # taken, answered by 50 MB
    LATE = "late"  # taken, answered `late_s` later


LOST = frozenset(
    {Fate.RESET, Fate.STALL, Fate.HALF, Fate.PAGE, Fate.GATEWAY, Fate.BROKEN, Fate.HUGE}
)  # taken, and the answer says no such thing


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Every `…_every` counts requests (`refuse_every`: MTs); 0 means never. Codes are those of `carriers/simulator.py`."""

    known_account: bool = True
    refuse_every: int = 0
    refuse_code: str = "absent"
    throttle_every: int = 0
    retry_after_s: int = 1  # 0: a 429 says nothing of when
    tps_limit: int = 0  # segments in any sliding second; what goes over is throttled
    window_limit: int = 0  # requests in any sliding `window_s`; what goes over is throttled
    window_s: float = 60.0
    fail_every: int = 0
    fail_code: str = "busy"
    inside_every: int = 0  # `fail_code` under HTTP 200
    redirect_every: int = 0
    redirect_to: str = "http://127.0.0.1:9/"
    drop_every: int = 0
    reset_after_read_every: int = 0
    stall_every: int = 0
    half_answer_every: int = 0
    page_every: int = 0
    bad_gateway_every: int = 0
    half_json_every: int = 0
    huge_every: int = 0
    late_every: int = 0
    late_s: float = 1.0
    delay_s: float = 0.0
    jitter_s: float = 0.0  # a request takes between 0 and this to arrive, each another time
    dlr: DlrHabit = "after"
    dlr_delivered: bool = True
    dlr_delay_s: float = 0.0

    def changed(self, wishes: Mapping[str, Any]) -> Self:
        """With the fields of `wishes` in place of its own. Raises ValueError naming the field that is wrong."""
        kinds = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        for name, value in wishes.items():
            kind = kinds.get(name)
            if kind is None:
                raise ValueError(f"{name}: no such field")
            if type(value) is not kind and not (kind is float and type(value) is int):
                raise ValueError(f"{name}: takes {kind.__name__}")
        if wishes.get("dlr", "after") not in get_args(DlrHabit):
            raise ValueError("dlr: one of " + ", ".join(get_args(DlrHabit)))
        return replace(self, **wishes)

    def habits(self) -> tuple[tuple[int, Fate], ...]:
        """What it does every n-th time, refusals before lost answers; of two that fall together the first counts."""
        every = (
            (self.throttle_every, Fate.THROTTLE),
            (self.fail_every, Fate.FAIL),
            (self.inside_every, Fate.INSIDE),
            (self.redirect_every, Fate.REDIRECT),
            (self.drop_every, Fate.DROP),
            (self.reset_after_read_every, Fate.RESET),
            (self.stall_every, Fate.STALL),
            (self.half_answer_every, Fate.HALF),
            (self.page_every, Fate.PAGE),
            (self.bad_gateway_every, Fate.GATEWAY),
            (self.half_json_every, Fate.BROKEN),
            (self.huge_every, Fate.HUGE),
            (self.late_every, Fate.LATE),
        )
        return tuple(habit for habit in every if habit[0])

    def fate(self, request: int) -> Fate:
        """Fate of the `request`-th request, counted from 1."""
        return next((fate for every, fate in self.habits() if request % every == 0), Fate.TAKE)

    def refuses(self, mt: int) -> bool:
        """Whether the `mt`-th MT, counted from 1, is refused."""
        return bool(self.refuse_every) and mt % self.refuse_every == 0

    def jitter(self, request: int) -> float:
        """How long the `request`-th request is on its way, s: spread over `jitter_s` and the same in each run."""
        return self.jitter_s * (request * 7919 % 1009) / 1009
