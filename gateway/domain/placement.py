"""One piece at one spot in one village."""

from dataclasses import dataclass

from gateway.domain.code import placement_code


@dataclass(frozen=True, slots=True)
class Placement:
    """`number`: explicit in placements.csv and never reused, so that a printed code keeps its meaning for good (ADR 0011)."""

    village: str
    number: int
    piece: str
    spot: str

    @property
    def code(self) -> str:
        """What is printed and scanned, e.g. TN01056."""
        return placement_code(self.village, self.number)
