"""Numbers, money and days as a Vietnamese paper writes them. Pure."""

from datetime import date
from typing import Final

_DIGITS: Final = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_GROUPS: Final = ("", " nghìn", " triệu")
_BILLION: Final = 1_000_000_000


def grouped(number: int) -> str:
    """ "12.345"."""
    return f"{number:,}".replace(",", ".")


def dong(amount: int) -> str:
    """ "12.345 đồng"."""
    return f"{grouped(amount)} đồng"


def in_words(number: int) -> str:
    """A whole number from 0 on in words: 1,234 is "một nghìn hai trăm ba mươi tư"."""
    if number < 0:
        raise ValueError("a count is not negative")
    if number >= _BILLION:
        high, low = divmod(number, _BILLION)
        return f"{in_words(high)} tỷ" + (f" {_below_billion(low, full=True)}" if low else "")
    return _below_billion(number, full=False) if number else _DIGITS[0]


def _below_billion(number: int, full: bool) -> str:
    """`full`: something stands before it, so that its hundreds are said even where they are zero."""
    said: list[str] = []
    for power in (2, 1, 0):
        group = number // 1000**power % 1000
        if group:
            said.append(_below_thousand(group, full or bool(said)) + _GROUPS[power])
    return " ".join(said)


def _below_thousand(number: int, full: bool) -> str:
    hundreds, rest = divmod(number, 100)
    said = [f"{_DIGITS[hundreds]} trăm"] if hundreds or full else []
    tens, ones = divmod(rest, 10)
    if tens == 0:
        if ones:
            said.append(f"lẻ {_DIGITS[ones]}" if said else _DIGITS[ones])
        return " ".join(said)
    said.append("mười" if tens == 1 else f"{_DIGITS[tens]} mươi")
    if ones:
        said.append(_ones(ones, tens))
    return " ".join(said)


def _ones(ones: int, tens: int) -> str:
    if ones == 5:
        return "lăm"
    if tens > 1:
        return {1: "mốt", 4: "tư"}.get(ones, _DIGITS[ones])
    return _DIGITS[ones]


def long_day(day: date) -> str:
    """ "ngày 05 tháng 02 năm 2027": days below 10 and the months 1 and 2 with a leading 0 (Nghị định 30/2020 Phụ lục I)."""
    month = f"{day.month:02}" if day.month < 3 else str(day.month)
    return f"ngày {day.day:02} tháng {month} năm {day.year}"


def short_day(day: date) -> str:
    """ "05/02/2027"."""
    return f"{day.day:02}/{day.month:02}/{day.year}"


def fingerprint_groups(digest: bytes) -> str:
    """A hash in hex, four digits a group, so that two people can compare it aloud."""
    digits = digest.hex().upper()
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))
