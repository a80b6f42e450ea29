"""Whom a wave is for, as it was asked, and what became of the people found: stored beside the wave, without anybody's number. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Self

FOUND: Final = "found"  # the key of the tally beside the rule's own keys
_NAMED: Final = 5  # villages that a sentence names


class LeftOut(StrEnum):
    """Why somebody whom the rule names gets no message; of several reasons the first in this order counts."""

    REPEATED = "repeated"
    BLOCKED = "blocked"
    OPTED_OUT = "opted_out"
    NO_BASIS = "no_basis"
    UNREACHABLE = "unreachable"
    CAPPED = "capped"


IN_WORDS: Final[Mapping[LeftOut, str]] = {
    LeftOut.REPEATED: "stand in the list more than once",
    LeftOut.BLOCKED: "are on the block list",
    LeftOut.OPTED_OUT: "said stop",
    LeftOut.NO_BASIS: "gave no consent, and no legal basis is named for them",
    LeftOut.UNREACHABLE: "have a number that the route does not reach",
    LeftOut.CAPPED: "got as many messages as the caps allow until this wave expires",
}


@dataclass(frozen=True, slots=True)
class ListFile:
    """A list by the name and the SHA-256 (hex) of its file: the same name with other rows is another audience."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class AudienceRule:
    """What a person of the audience must be; an empty part asks nothing. `phase`: when we came to know them.

    `not_answered`: of this wave they got a message and wrote nothing since. `list`: only people of this list.
    """

    villages: tuple[str, ...] = ()
    communes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    phase: int | None = None
    not_answered: str = ""
    list: ListFile | None = None

    def as_json(self) -> dict[str, Any]:  # Any: JSON
        """The parts that ask something."""
        many = ("villages", "communes", "tags", "languages")
        parts: dict[str, Any] = {name: list(getattr(self, name)) for name in many if getattr(self, name)}
        if self.phase is not None:
            parts["phase"] = self.phase
        if self.not_answered:
            parts["not_answered"] = self.not_answered
        if self.list is not None:
            parts["list"] = {"name": self.list.name, "sha256": self.list.sha256}
        return parts

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> Self:  # Any: JSON
        """From `as_json`; further keys are passed over."""
        many = {name: tuple(stored.get(name, ())) for name in ("villages", "communes", "tags", "languages")}
        listed = stored.get("list")
        return cls(
            **many,
            phase=stored.get("phase"),
            not_answered=stored.get("not_answered", ""),
            list=ListFile(listed["name"], listed["sha256"]) if listed else None,
        )

    def in_words(self, titles: Mapping[str, str]) -> str:
        """A sentence's end, e.g. "everybody of Thôn Nà Lải (TN01), tagged ho-dan". `titles`: of villages and communes by code."""
        return ", ".join(self._words(titles))

    def _words(self, titles: Mapping[str, str]) -> Iterator[str]:
        who = f"the people of the list {self.list.name}" if self.list else "everybody we may write to"
        places = [f"{titles.get(code, '')} ({code})".strip() for code in (*self.communes, *self.villages)]
        yield f"{who} of {_some(places)}" if places else who
        if self.tags:
            yield f"tagged {' or '.join(self.tags)}"
        if self.languages:
            yield f"who read {' or '.join(self.languages)}"
        if self.phase is not None:
            yield f"whom we came to know in phase {self.phase}"
        if self.not_answered:
            yield f"who got wave {self.not_answered} and wrote nothing since"


def _some(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:_NAMED])} and {more} more"


@dataclass(slots=True)
class Tally:
    """What planning found, counted as it goes on, so that a planner that comes after a dead one knows all. `last`: bidx it came to (hex).

    `longest`: reference of the MT with the longest text, `longest_rank` its length in some measure; `samples`: of a few MTs by language.
    """

    audience: int = 0
    segments: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    villages: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    operators: Counter[str] = field(default_factory=Counter)
    operator_segments: Counter[str] = field(default_factory=Counter)  # where the route's price depends on the operator
    by_segments: Counter[str] = field(default_factory=Counter)
    alphabets: Counter[str] = field(default_factory=Counter)
    forces_ucs2: str = ""
    worst: int = 0
    longest: str = ""
    longest_rank: int = 0
    samples: dict[str, list[str]] = field(default_factory=dict)
    last: str = ""

    _COUNTERS = ("left_out", "villages", "languages", "operators", "operator_segments", "by_segments", "alphabets")
    _PLAIN = ("audience", "segments", "forces_ucs2", "worst", "longest", "longest_rank", "samples", "last")

    def as_json(self) -> dict[str, Any]:  # Any: JSON
        """All of it; counters as objects."""
        counters = {name: dict(getattr(self, name)) for name in self._COUNTERS}
        return counters | {name: getattr(self, name) for name in self._PLAIN}

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> Self:  # Any: JSON
        """From `as_json`; {}: nothing was found yet."""
        tally = cls()
        for name in cls._COUNTERS:
            getattr(tally, name).update(stored.get(name, {}))
        for name in cls._PLAIN:
            setattr(tally, name, stored.get(name, getattr(tally, name)))
        return tally

    @property
    def left_out_why(self) -> dict[str, int]:
        """Every reason, also those nobody was left out for."""
        return {why.value: self.left_out[why.value] for why in LeftOut}

    def left_out_words(self) -> tuple[str, ...]:
        """A sentence a reason that somebody was left out for."""
        return tuple(f"{self.left_out[why]:,} {words}" for why, words in IN_WORDS.items() if self.left_out[why])


def matches_tags(tags: Iterable[str] | None, wanted: frozenset[str]) -> bool:
    """Whether somebody with `tags` has one of `wanted`; everybody has where none is wanted."""
    return not wanted or (tags is not None and not wanted.isdisjoint(tags))
