"""Parts of one long MO as carriers hand them over: in any order, twice, or never.

What belongs together has the same sender, receiver, reference and total (3GPP TS 23.040 §9.2.3.24.1 and §9.2.3.24.8: total 1-255,
number 1-255). The reference alone says little: a handset counts to 256 and begins again, and two handsets count alike.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final, Literal

MISSING: Final = "[…]"  # stands where a part has not come; no reader of numbers or names finds anything in it
WAIT_MS: Final = 10 * 60_000  # how long the rest is waited for; handsets send all parts within seconds, a bad network within minutes
APART_MS: Final = 24 * 3_600_000  # a part that comes later than this belongs to another text of the same reference

Whole = Literal["complete", "waiting", "partial"]
Key = tuple[object, str, str, int]


@dataclass(frozen=True, slots=True)
class Part:
    """One MO that a carrier calls a part. `id`: its row. `sender`: a number or its blind index. `at`: arrival, epoch ms."""

    id: int
    sender: object = field(repr=False)
    receiver: str
    reference: str
    number: int
    total: int
    text: str = field(repr=False)
    at: int

    @property
    def key(self) -> Key:
        """What it shares with the other parts of its text."""
        return (self.sender, self.receiver, self.reference, self.total)

    @property
    def is_possible(self) -> bool:
        """False for what no handset sends (number 3 of 2, number 0): its words stand alone."""
        return 1 <= self.number <= self.total <= 255


@dataclass(frozen=True, slots=True)
class Assembled:
    """One text from its parts. `complete`: all there; `waiting`: the rest may still come; `partial`: it was waited for long enough.

    `text`: the parts in order, MISSING for each run of those that lack. `ids`: of all rows that it is made of, repeats too, by number.
    `since`: arrival of the first, epoch ms.
    """

    state: Whole
    text: str = field(repr=False)
    ids: tuple[int, ...]
    missing: tuple[int, ...]
    since: int


def gathered(parts: Iterable[Part], apart_ms: int = APART_MS) -> tuple[tuple[Part, ...], ...]:
    """`parts` of any people, apart by text, in order of their first arrival.

    A part whose number has come with other words, or that comes a day later, begins a new text: the reference was used again. The same
    words are the carrier's repeat.
    """
    texts: list[list[Part]] = []
    latest: dict[Key, tuple[list[Part], dict[int, str]]] = {}
    for part in sorted(parts, key=lambda part: (part.at, part.id)):
        together, words = latest.get(part.key, ([], {}))
        fits = together and part.at - together[0].at <= apart_ms and words.get(part.number, part.text) == part.text
        if not fits or not part.is_possible:
            together, words = [], {}
            texts.append(together)
        if part.is_possible:
            latest[part.key] = (together, words)
        together.append(part)
        words[part.number] = part.text
    return tuple(map(tuple, texts))


def assembled(parts: Sequence[Part], now: int, wait_ms: int = WAIT_MS) -> Assembled:
    """What the parts of one text (see gathered()) are by `now` (epoch ms). In any order; repeats count once. Raises ValueError for none."""
    if not parts:
        raise ValueError("assembled() needs at least one part")
    words = {
        part.number: part.text for part in sorted(parts, key=lambda part: (part.at, part.id), reverse=True)
    }  # the first to come counts
    alone = not parts[0].is_possible
    missing = () if alone else tuple(number for number in range(1, parts[0].total + 1) if number not in words)
    since = min(part.at for part in parts)
    return Assembled(
        state="complete" if not missing else "waiting" if now - since < wait_ms else "partial",
        text=parts[0].text if alone else _in_order(words, parts[0].total),
        ids=tuple(part.id for part in sorted(parts, key=lambda part: (part.number, part.at, part.id))),
        missing=missing,
        since=since,
    )


def _in_order(words: dict[int, str], total: int) -> str:
    """The parts as sent: a carrier cuts within words, so nothing is put between two that follow each other."""
    runs = groupby(range(1, total + 1), key=lambda number: number in words)
    return " ".join("".join(words[number] for number in run) if there else MISSING for there, run in runs)
