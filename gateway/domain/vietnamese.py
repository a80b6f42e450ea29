"""Numbers and rates as officers read them: 1.234.567 and 4,1 %. Pure."""

from typing import Final

from gateway.domain.figures import Figure

_PERCENT: Final = "\u00a0%"


def grouped(number: int) -> str:
    """ "1.234.567"."""
    return f"{number:,}".replace(",", ".")


def tenths(value: int, percent: bool = True) -> str:
    """ "4,1 %" of 41; "1,3" where it is no share."""
    whole, rest = divmod(value, 10)
    return f"{grouped(whole)},{rest}{_PERCENT if percent else ''}"


def shown(figure: Figure) -> str:
    """ "318", "4,1 % (402 / 9.806)", "– (0 / 0)" for a rate over nothing."""
    if figure.of is None:
        return grouped(figure.value)
    parts = f"({grouped(figure.value)}\u00a0/\u00a0{grouped(figure.of)})"
    return f"{'–' if figure.tenths is None else tenths(figure.tenths, figure.definition.percent)} {parts}"
