"""Doubt stops the press: why a piece is not made."""

from gateway.domain.fault import Fault


class Refused(Exception):
    """A piece that must not be printed as it is. `fault` names the place and the remedy."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault

    def __reduce__(self) -> tuple[type["Refused"], tuple[Fault]]:  # it crosses process borders
        return (Refused, (self.fault,))


def refused(place: str, field: str, text: str, remedy: str) -> Refused:
    """A Refused about `field` of `place` (a village, a file)."""
    return Refused(Fault(place, None, field, text[:1].upper() + text[1:], remedy))
