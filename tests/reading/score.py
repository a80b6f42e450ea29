"""Scores the reading against labelled texts by the rules of README_sample_mo: `python -m tests.reading.score [FILE …]`.

A field counts as one: right, wrong (what was drawn out is not what the label holds, or the label says null), or missed. A wrong value is
both a false positive and a false negative. Fields that a label doesn't mention are not scored. A list is right only as a whole.
"""

import json
import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from gateway.domain.fold import fold, nfc
from gateway.reading import read
from tests.reading.deployment import ALIASES, NAMES, PLACES

HERE: Final = Path(__file__).parent
SAMPLE: Final = HERE / "sample_mo.jsonl"
OWN: Final = HERE / "own_mo.jsonl"
Row = Mapping[str, Any]
_PLACES: Final = frozenset({"hometown", "burial_place", "landmark", "death_place"})
_DATES: Final = frozenset({"death_date", "burial_date"})
_LISTS: Final = frozenset({"relics", "documents"})
_METRES_A_DEGREE: Final = 111_320.0


@dataclass(slots=True)
class Tally:
    """Counts of one field, or of all."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    @property
    def precision(self) -> float:
        return self.tp / (self.tp + self.fp) if self.tp + self.fp else 1.0

    @property
    def recall(self) -> float:
        return self.tp / (self.tp + self.fn) if self.tp + self.fn else 1.0

    @property
    def f1(self) -> float:
        return 2 * self.tp / (2 * self.tp + self.fp + self.fn) if self.tp + self.fp + self.fn else 1.0


@dataclass(slots=True)
class Score:
    """`right`: of keyword, kind, village. `wrong_villages`: a village that the label doesn't have. `misses`: for who tunes the rules."""

    texts: int = 0
    right: Counter[str] = field(default_factory=Counter)
    wrong_villages: list[str] = field(default_factory=list)
    fields: dict[str, Tally] = field(default_factory=dict)
    misses: list[str] = field(default_factory=list)

    def share(self, of: str) -> float:
        """Share of texts whose keyword, kind or village is right."""
        return self.right[of] / self.texts if self.texts else 1.0

    @property
    def micro(self) -> Tally:
        """All fields in one tally."""
        return Tally(*(sum(getattr(each, name) for each in self.fields.values()) for name in ("tp", "fp", "fn")))


def load(path: Path) -> list[Row]:
    """The labelled texts of one file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def score(rows: Iterable[Row]) -> Score:
    """Read every text and hold it against its label."""
    result = Score()
    for row in rows:
        found, expect = read(row["text"], row["channel"], PLACES, ALIASES, names=NAMES), row["expect"]
        result.texts += 1
        for name, got, want in (
            ("keyword", found.keyword, expect["keyword"]),
            ("kind", found.kind, expect["kind"]),
            ("village", found.village, expect["village_hint"]),
        ):
            result.right[name] += got == want
            if got != want:
                result.misses.append(f"{row['id']} {name}: {got!s} instead of {want!s}")
        if found.village not in (None, expect["village_hint"]):
            result.wrong_villages.append(row["id"])
        for name, want in expect["fields"].items():
            _count(result, row["id"], name, found.fields.get(name), want)
    return result


def _count(result: Score, row: str, name: str, got: Any, want: Any) -> None:
    tally = result.fields.setdefault(name, Tally())
    hit = want is not None and got is not None and matches(name, got, want)
    tally.tp += hit
    tally.fp += got is not None and not hit
    tally.fn += want is not None and not hit
    if not hit and (got is not None or want is not None):
        result.misses.append(f"{row} {name}: {got!r} instead of {want!r}")


def matches(name: str, got: Any, want: Any) -> bool:
    """True if what was drawn out is what the label holds, by README_sample_mo, "fields"."""
    if name in _PLACES:
        return _contains(_folded(got), _folded(want))
    if name in _DATES:
        return str(got).startswith(str(want))
    if name in _LISTS:
        return _same_list([_folded(each) for each in got], [_folded(each) for each in want])
    if name == "coords":
        return bool(got["system"] == want["system"]) and _apart_m(got, want) <= float(want["tol_m"])
    if isinstance(want, list):
        return list(got) == want
    return _folded(got) == _folded(want) if isinstance(want, str) else bool(got == want)


def _folded(text: Any) -> str:
    return fold(nfc(str(text)))


def _contains(got: str, want: str) -> bool:
    """Containment either way; the longer has at most twice the words of the shorter plus two."""
    short, long = sorted((got, want), key=len)
    return short in long and len(long.split()) <= 2 * len(short.split()) + 2


def _same_list(got: Sequence[str], want: Sequence[str]) -> bool:
    return len(got) == len(want) and all(any(_contains(each, label) for each in got) for label in want)


def _apart_m(got: Mapping[str, float], want: Mapping[str, float]) -> float:
    north = (got["lat"] - want["lat"]) * _METRES_A_DEGREE
    east = (got["lon"] - want["lon"]) * _METRES_A_DEGREE * math.cos(math.radians(want["lat"]))
    return math.hypot(north, east)


# --- the table ---


def table(result: Score) -> str:
    """The score as text: a line a field, then all of them, then keyword, kind and village."""
    head = f"{'field':20} {'tp':>4} {'fp':>4} {'fn':>4} {'precision':>10} {'recall':>7} {'F1':>6}"
    lines = [_line(name, result.fields[name]) for name in sorted(result.fields)]
    shares = " · ".join(f"{name} {result.share(name):.1%}" for name in ("keyword", "kind", "village"))
    wrong = f"wrong villages: {len(result.wrong_villages)}" + (f" ({', '.join(result.wrong_villages)})" if result.wrong_villages else "")
    return "\n".join([head, *lines, _line("all (micro)", result.micro), f"{result.texts} texts · {shares} · {wrong}"])


def _line(name: str, tally: Tally) -> str:
    return f"{name:20} {tally.tp:4} {tally.fp:4} {tally.fn:4} {tally.precision:10.1%} {tally.recall:7.1%} {tally.f1:6.3f}"


def tuned(rows: Iterable[Row]) -> list[Row]:
    """The texts that rules were written against."""
    return [row for row in rows if not row.get("held_out")]


def held_out(rows: Iterable[Row]) -> list[Row]:
    """The third that no rule was written against."""
    return [row for row in rows if row.get("held_out")]


def speed(rows: Sequence[Row], rounds: int = 5) -> float:
    """Texts read in a second of one core's own time, over `rows` again and again."""
    begun = time.process_time()
    for _ in range(rounds):
        for row in rows:
            read(row["text"], row["channel"], PLACES, ALIASES, names=NAMES)
    return rounds * len(rows) / (time.process_time() - begun)


def main(arguments: Sequence[str], show: Callable[[str], object] = print) -> None:
    """Print a table a file. "-v" lists the misses, "--tuned" and "--held-out" choose a part, "--speed" adds texts a second of CPU time."""
    choose = tuned if "--tuned" in arguments else held_out if "--held-out" in arguments else list
    for path in [Path(each) for each in arguments if not each.startswith("-")] or [SAMPLE, OWN]:
        result = score(choose(load(path)))
        show(f"{path.name}\n{table(result)}\n")
        if "--speed" in arguments:
            show(f"{speed(choose(load(path))):,.0f} texts a second of one core's time\n")
        if "-v" in arguments:
            show("\n".join(result.misses) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
