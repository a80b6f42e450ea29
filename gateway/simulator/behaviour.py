"""How the fake telco treats requests, as data: no randomness, every n-th by counting, so that a test knows what will happen."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import Enum
from typing import Any, Literal, Self, get_args

DlrHabit = Literal["after", "early", "twice", "reversed", "never"]


class Fate(Enum):
    """What becomes of one request."""

    TAKE = "take"
    THROTTLE = "throttle"
    FAIL = "fail"
    DROP = "drop"  # read, not taken, the connection reset
    RESET = "reset"  # taken, the connection reset
    STALL = "stall"  # taken, never answered
    HALF = "half"  # taken, half an answer


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Every `…_every` counts requests (`refuse_every`: MTs); 0 means never. Codes are those of `carriers/simulator.py`."""

    known_account: bool = True
    refuse_every: int = 0
    refuse_code: str = "absent"
    throttle_every: int = 0
    retry_after_s: int = 1
    tps_limit: int = 0  # segments in any sliding second; what goes over is throttled
    fail_every: int = 0
    fail_code: str = "busy"
    drop_every: int = 0
    reset_after_read_every: int = 0
    stall_every: int = 0
    half_answer_every: int = 0
    delay_s: float = 0.0
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

    def fate(self, request: int) -> Fate:
        """Fate of the `request`-th request, counted from 1; a refusal goes before a lost answer."""
        habits = (
            (self.throttle_every, Fate.THROTTLE),
            (self.fail_every, Fate.FAIL),
            (self.drop_every, Fate.DROP),
            (self.reset_after_read_every, Fate.RESET),
            (self.stall_every, Fate.STALL),
            (self.half_answer_every, Fate.HALF),
        )
        return next((fate for every, fate in habits if every and request % every == 0), Fate.TAKE)

    def refuses(self, mt: int) -> bool:
        """Whether the `mt`-th MT, counted from 1, is refused."""
        return bool(self.refuse_every) and mt % self.refuse_every == 0
