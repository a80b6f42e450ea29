"""What sending costs: whole dong, by the segment. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Prices:
    """Of one segment, VND. `usual`: where the number's operator has no price of its own in `by_operator`, or isn't known."""

    usual: int = 0
    by_operator: Mapping[str, int] = field(default_factory=dict, hash=False)

    @property
    def worst(self) -> int:
        """The most that a segment may cost, whoever gets it."""
        return max([self.usual, *self.by_operator.values()])

    def of(self, carried_by: Sequence[str]) -> int:
        """For a number of the first of `carried_by`, else of the network that carries it; the worst where no usual price is named."""
        known = next((self.by_operator[name] for name in carried_by if name in self.by_operator), None)
        return known if known is not None else self.usual or self.worst


FREE: Final = Prices()


def cost_vnd(segments: int, price_vnd: int) -> int:
    """Cost of `segments` at `price_vnd` each; carriers of this country charge by the segment (carriers.md §6.1)."""
    return segments * price_vnd


def affordable(limit_vnd: int | None, spent_vnd: int, price_vnd: int) -> int | None:
    """How many segments more `limit_vnd` allows (a wave's approved ceiling, a route's daily budget). None: any number.

    None for a limit is none; a price of 0 uses nothing up. What is overspent allows no more, and no less than 0.
    """
    if limit_vnd is None or not price_vnd:
        return None
    return max(0, limit_vnd - spent_vnd) // price_vnd


def vnd(amount: int, accented: bool = True) -> str:
    """For people: "1.234.000 đ", unaccented "1.234.000 VND" (a text in GSM 7 has no đ)."""
    return f"{amount:,}".replace(",", ".") + (" đ" if accented else " VND")
