"""What a partner reports of an order: its list read, and held against what was ordered. Pure; nothing is stored here."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from gateway.domain.cost import cost_vnd, vnd
from gateway.domain.fault import Fault
from gateway.domain.fold import fold
from gateway.domain.language import LANGUAGES
from gateway.domain.segments import segments_of
from gateway.domain.table import Column, Row, read_table
from gateway.operator_file import shipped_operators
from gateway.storage.orders import Count

COLUMNS: Final = (
    Column("variant", ("mẫu", "mẫu tin", "mã mẫu", "nội dung", "biến thể", "template"), required=False),
    Column("operator", ("nhà mạng", "mạng", "telco", "network"), required=False),
    Column("day", ("ngày", "ngày gửi", "ngày nhắn", "date")),
    Column("sent", ("đã gửi", "gửi", "số tin gửi", "số lượng gửi", "tổng gửi", "số thuê bao", "submitted")),
    Column("delivered", ("đến máy", "thành công", "gửi thành công", "đã nhận", "success")),
    Column("failed", ("lỗi", "thất bại", "không thành công", "không đến", "error"), required=False),
    Column(
        "charged_segments",
        (
            "số bản tin tính cước",
            "bản tin tính cước",
            "số bản tin",
            "tính cước",
            "số tin tính cước",
            "số mt tính cước",
            "segments",
            "charged",
        ),
    ),
)
_NUMBERS: Final = ("sent", "delivered", "failed", "charged_segments")
_TOTALS: Final = ("tong", "cong", "total", "sum")
_WRITTEN: Final = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})")
_GROUPED: Final = re.compile(r"\d{1,3}(?:[.,\s\u00a0]\d{3})+|\d+(?:[.,]0+)?")
_SPREADSHEET: Final = (date(1899, 12, 30), 36_526, 73_050)  # day 0 of Excel; 2000 to 2099
MOST: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class CountList:
    """A partner's list as read: good rows, and a fault for each that can't be used. `totals`: rows of sums, left out."""

    counts: tuple[Count, ...]
    faults: tuple[Fault, ...]
    totals: int


@dataclass(frozen=True, slots=True)
class Ordered:
    """What the counts are held against. `texts` by variant, as sent. `expected` None: unknown. Money is VND; `cost_ceiling` None: none."""

    texts: Mapping[str, str]
    first: date
    last: date
    expected: int | None
    price_vnd: int = 0
    cost_ceiling: int | None = None


class _BadCell(ValueError):
    """A cell that can't be used: field, text and remedy of its Fault, in this order."""


# --- reading ---


def read_counts(data: bytes, file: str, variants: Sequence[str]) -> CountList:
    """The list in `data` (CSV, XLSX) of an order with these variants. Never raises for what is in it."""
    table = read_table(data, file=file, columns=COLUMNS)
    counts: dict[tuple[str, str, str], Count] = {}
    lines: dict[tuple[str, str, str], int] = {}
    faults, totals = list(table.faults), 0
    for row in table.rows:
        if _is_total(row):
            totals += 1
            continue
        if not any(row[name] for name in _NUMBERS):  # a row of the form that nobody filled in
            continue
        try:
            count = _count(row, variants)
            if count.key in counts:
                raise _BadCell("row", f"The text, network and day of line {lines[count.key]} come again", "Put both into one row")
        except _BadCell as why:
            faults.append(Fault(file, row.line, *why.args))
            continue
        counts[count.key], lines[count.key] = count, row.line
    return CountList(tuple(counts.values()), tuple(faults), totals)


def _is_total(row: Row) -> bool:
    """Sums stand under the rows, and say so in one of the first columns."""
    return any(fold(row[name]).startswith(_TOTALS) for name in ("variant", "operator", "day"))


def _count(row: Row, variants: Sequence[str]) -> Count:
    written = " ".join(row["operator"].split())
    return Count(
        _variant(row["variant"], variants),
        shipped_operators().read(written) or written,
        _day(row["day"]).isoformat(),
        *(_number(row, name) for name in _NUMBERS),
    )


def _variant(written: str, variants: Sequence[str]) -> str:
    """Our name of the text: "vi", "tiếng Việt", "Mẫu 1" and "1" are one. What we don't know stays as written."""
    if not written and len(variants) == 1:
        return variants[0]
    if not written:
        raise _BadCell("variant", "The row names no text, and the order has several", f"Write one of {', '.join(variants)}")
    said = fold(written).removeprefix("mau").strip(" .:-")
    names = {str(at): variant for at, variant in enumerate(variants, 1)}
    names |= {fold(LANGUAGES[variant]): variant for variant in variants if variant in LANGUAGES}
    names |= {fold(variant): variant for variant in variants}
    return names.get(said, " ".join(written.split()))


def _day(written: str) -> date:
    """2026-12-22, 22/12/2026, or what a workbook holds. Raises _BadCell."""
    text = written.strip()
    try:
        if found := _WRITTEN.match(text):
            day, month, year = map(int, found.groups())
            return date(year + 2000 if year < 100 else year, month, day)
        if text.isascii() and text.isdigit() and _SPREADSHEET[1] <= int(text) < _SPREADSHEET[2]:
            return _SPREADSHEET[0] + timedelta(days=int(text))
        return date.fromisoformat(text[:10])
    except ValueError:
        raise _BadCell("day", f"“{text[:20]}” is no day", "Write it like 22/12/2026") from None


def _number(row: Row, name: str) -> int:
    cell = row[name].strip()
    if not cell and name == "failed":
        return 0
    if not _GROUPED.fullmatch(cell):
        raise _BadCell(name, f"“{cell[:20]}” is no whole number" if cell else "The cell is empty", "Write digits only, 0 for none")
    digits = re.sub(r"[.,]0+$", "", cell) if re.fullmatch(r"\d+[.,]0{1,2}", cell) else cell
    number = int(re.sub(r"\D", "", digits))
    if number > MOST:
        raise _BadCell(name, f"“{cell[:20]}” is more than there are people", "Look at it once more")
    return number


# --- held against the order ---


def differences(ordered: Ordered, counts: Sequence[Count]) -> tuple[str, ...]:
    """Where the partner's counts are not what was ordered, a sentence each; none: all agrees."""
    return tuple(_differences(ordered, counts))


def _differences(ordered: Ordered, counts: Sequence[Count]) -> Iterator[str]:
    for count in counts:
        yield from _of_one(ordered, count)
    silent = [variant for variant in ordered.texts if counts and variant not in {count.variant for count in counts}]
    for variant in silent:
        yield f"nothing is reported of the text {variant}, which was ordered"
    sent = sum(count.sent for count in counts)
    if ordered.expected is not None and sent > ordered.expected:
        yield f"{sent:,} messages were sent to {ordered.expected:,} expected subscribers, {sent - ordered.expected:,} too many"
    cost = cost_vnd(sum(count.charged_segments for count in counts), ordered.price_vnd)
    if ordered.cost_ceiling is not None and cost > ordered.cost_ceiling:
        yield f"the charged segments cost {vnd(cost)}, over the ceiling of {vnd(ordered.cost_ceiling)}"


def _of_one(ordered: Ordered, count: Count) -> Iterator[str]:
    place = ", ".join(filter(None, (count.variant, count.operator, count.day)))
    if count.variant not in ordered.texts:
        yield f"{place}: no text of this order is called “{count.variant}” (there are {', '.join(ordered.texts)}); {count.sent:,} messages"
    if not ordered.first <= date.fromisoformat(count.day) <= ordered.last:
        yield f"{place}: outside the ordered days {ordered.first} to {ordered.last}; {count.sent:,} messages"
    if count.delivered + count.failed > count.sent:
        yield f"{place}: {count.delivered + count.failed:,} results of {count.sent:,} messages"
    if count.variant in ordered.texts:
        yield from _charge(place, count, segments_of(ordered.texts[count.variant]))


def _charge(place: str, count: Count, segments: int) -> Iterator[str]:
    """Some contracts charge what was sent, some what arrived: either is right, anything else is asked about."""
    if count.charged_segments in (count.sent * segments, count.delivered * segments):
        return
    more = count.charged_segments - count.sent * segments
    each = f" ({count.charged_segments / count.sent:.2f} a message)" if count.sent else ""
    yield (
        f"{place}: {count.charged_segments:,} segments are charged for {count.sent:,} messages of {segments} each{each}: "
        f"{abs(more):,} too {'many' if more > 0 else 'few'}"
    )
