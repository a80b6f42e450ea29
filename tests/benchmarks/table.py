"""What a run found: rows of ours beside a yardstick, printed as a table and kept as CSV."""

import csv
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

RESULTS = Path(__file__).parent / "results.csv"
_HEADS = ("job", "ours", "yardstick", "ratio", "bar", "")
_FIELDS = (
    "date",
    "machine",
    "python",
    "load_before",
    "load_after",
    "job",
    "unit",
    "ours",
    "yardstick",
    "theirs",
    "ratio",
    "bar",
    "reached",
)


@dataclass(frozen=True)
class Row:
    """One figure. `least`, `most`: of the ratio, or of `ours` itself where `absolute`. `missing`: why there is no yardstick."""

    job: str
    unit: str
    ours: float
    yardstick: str = ""
    theirs: float | None = None
    ratio: float | None = None
    least: float | None = None
    absolute: bool = False
    missing: str = ""
    most: float | None = None

    @property
    def reached(self) -> str:
        """Whether the bar was reached; "" where there is none, or nothing to hold it against."""
        value = self.ours if self.absolute else self.ratio
        if value is None or (self.least is None and self.most is None):
            return ""
        return "yes" if (self.least is None or value >= self.least) and (self.most is None or value <= self.most) else "NO"

    @property
    def bar(self) -> str:
        sign, value = (">=", self.least) if self.least is not None else ("<=", self.most)
        return "" if value is None else f"{sign} {value:,.4g} {self.unit}" if self.absolute else f"{sign} {value:g} x"


def beside(job: str, unit: str, ours: Sequence[float], yardstick: str, theirs: Sequence[float] | None, least: float | None = None) -> Row:
    """A row of rounds: the medians, and the median of the rounds' ratios, for two figures of one round saw the same machine."""
    if not theirs:
        return Row(job, unit, median(ours), yardstick, least=least, missing="not installed")
    ratio = median(one / other for one, other in zip(ours, theirs, strict=True))
    return Row(job, unit, median(ours), yardstick, median(theirs), ratio, least)


def alone(job: str, unit: str, ours: Sequence[float], *, least: float | None = None, most: float | None = None) -> Row:
    """A row of rounds without a yardstick, held to a figure."""
    return Row(job, unit, median(ours), least=least, absolute=True, most=most)


def shown(rows: Iterable[Row]) -> str:
    """The table as text."""
    lines = [_HEADS, *(_cells(row) for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(_HEADS))]
    lines.insert(1, tuple("-" * width for width in widths))
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)


def _cells(row: Row) -> tuple[str, ...]:
    theirs = row.missing or ("" if row.theirs is None else f"{row.theirs:,.4g}" if row.theirs < 1000 else f"{row.theirs:,.0f}")
    ours = f"{row.ours:,.4g}" if row.ours < 1000 else f"{row.ours:,.0f}"
    yardstick = f"{row.yardstick}: {theirs}" if row.yardstick else ""
    return (row.job, f"{ours} {row.unit}", yardstick, "" if row.ratio is None else f"{row.ratio:.2f}", row.bar, row.reached)


def record(rows: Iterable[Row], load_before: float, load_after: float) -> None:
    """Append the figures to results.csv, with machine and date."""
    new = not RESULTS.exists()
    with RESULTS.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        if new:
            writer.writerow(_FIELDS)
        at = (
            datetime.now(UTC).isoformat(timespec="minutes"),
            _machine(),
            platform.python_version(),
            f"{load_before:.2f}",
            f"{load_after:.2f}",
        )
        for row in rows:
            numbers = ("" if value is None else f"{value:.4g}" for value in (row.ours, row.theirs, row.ratio))
            ours, theirs, ratio = numbers
            writer.writerow((*at, row.job, row.unit, ours, row.yardstick, theirs, ratio, row.bar, row.reached))


def _machine() -> str:
    """Processor and number of cores; no name of a machine."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text("utf-8").splitlines() if cpuinfo.exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
    return f"{model} x {os.cpu_count()}, {platform.system()}"
