"""What the fake telco remembers: counts, the handsets' messages, refs already taken. It is the network: texts live here and in no log."""

from array import array
from bisect import bisect_right
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice, repeat
from typing import Any, Final, NamedTuple

KEPT: Final = 200_000  # messages and answers; a blast of a million must not fill the machine
WINDOW_S: Final = 600.0  # how long a ref is recognised
WATCHED: Final = 500  # handsets that somebody looks at
ARRIVALS: Final = 4_000_000


class Sms(NamedTuple):
    """A message at a handset. `mine`: written there. `at_ms`: epoch. A light tuple: a blast makes a million of them."""

    number: str
    text: str
    mine: bool
    at_ms: int
    ref: str = ""

    def __repr__(self) -> str:
        return f"Sms(ref={self.ref})"


class Handsets:
    """Messages by arrival and, for handsets that somebody looks at, by number."""

    def __init__(self) -> None:
        self._kept: deque[Sms] = deque(maxlen=KEPT)
        self._arrived = 0
        self._watched: OrderedDict[str, deque[Sms]] = OrderedDict()

    def put(self, sms: Sms) -> None:
        """Add a message."""
        self._kept.append(sms)
        self._arrived += 1
        if (shown := self._watched.get(sms.number)) is not None:
            shown.append(sms)

    def since(self, start: int) -> tuple[int, list[Sms]]:
        """How many ever arrived, and those from the `start`-th on that are still kept, at most 10,000."""
        first = self._arrived - len(self._kept)
        skip = max(start - first, 0)
        found = [self._kept[index] for index in range(skip, min(skip + 10_000, len(self._kept)))]
        return first + skip + len(found), found

    def of(self, number: str) -> list[Sms]:
        """The last 100 messages of one handset, oldest first. The first look searches, later ones don't."""
        if number not in self._watched:
            self._watched[number] = deque((sms for sms in self._kept if sms.number == number), maxlen=100)
            if len(self._watched) > WATCHED:
                self._watched.popitem(last=False)
        self._watched.move_to_end(number)
        return list(self._watched[number])


class Answers:
    """What was answered to each ref, for as long as a repeat is recognised."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock  # seconds, monotonic
        self._known: OrderedDict[str, tuple[float, Any]] = OrderedDict()

    def put(self, ref: str, answer: object) -> None:
        """Remember `answer`, and forget what is too old or too much."""
        now = self._clock()
        self._known[ref] = (now, answer)
        while self._known and (len(self._known) > KEPT or next(iter(self._known.values()))[0] < now - WINDOW_S):
            self._known.popitem(last=False)

    def get(self, ref: str) -> Any | None:
        """The answer given to `ref` within the window."""
        at, answer = self._known.get(ref, (0.0, None))
        return answer if answer is not None and at >= self._clock() - WINDOW_S else None


@dataclass(slots=True)
class _Walk:
    """How far one window has been counted: the next arrival to take in, the first still inside, what lies between, the most so far."""

    next: int = 0
    first: int = 0
    held: int = 0
    most: int = 0


class Arrivals:
    """When what one account had taken arrived: seconds, monotonic, and segments of each, kept so that any window can be counted afterwards.

    Windows are half-open: what came exactly a window ago is out.
    """

    def __init__(self) -> None:
        self._at, self._segments = array("d"), array("H")
        self._walks: dict[tuple[float, bool], _Walk] = {}

    def add(self, at: float, segments: int) -> None:
        """Something was taken; a million of them take 10 MB, and of four million the older half is forgotten."""
        self._at.append(at if not self._at or at > self._at[-1] else self._at[-1])  # in the order of taking
        self._segments.append(segments)
        if len(self._at) >= ARRIVALS:
            self._walks.clear()
            del self._at[: ARRIVALS // 2], self._segments[: ARRIVALS // 2]

    def within(self, now: float, window_s: float, *, requests: bool = False) -> int:
        """Segments, or requests, that came in the window that ends now."""
        start = bisect_right(self._at, now - window_s)
        return len(self._at) - start if requests else sum(self._segments[start:])

    def peak(self, window_s: float = 1.0, *, requests: bool = False) -> int:
        """The most segments, or requests, in any window of that length. Asked again it counts only what is new."""
        walk = self._walks.setdefault((window_s, requests), _Walk())
        at, weights = self._at, repeat(1) if requests else islice(self._segments, walk.next, None)
        for now, weight in zip(islice(at, walk.next, None), weights, strict=False):
            walk.held += weight
            while at[walk.first] <= now - window_s:
                walk.held -= 1 if requests else self._segments[walk.first]
                walk.first += 1
            walk.most = max(walk.most, walk.held)
        walk.next = len(at)
        return walk.most

    def span(self) -> tuple[int, int, float]:
        """Requests, segments, and seconds from the first to the last."""
        return len(self._at), sum(self._segments), self._at[-1] - self._at[0] if self._at else 0.0


@dataclass(slots=True)
class Counts:
    """What the telco received and gave. `distinct`: refs of MTs taken; `twice`: MTs taken whose ref had been taken before."""

    requests: int = 0
    mts: int = 0
    taken: int = 0
    refused: int = 0
    twice: int = 0
    duplicates: int = 0  # requests recognised by their ref and answered as before
    lost: int = 0  # requests taken whose answer was withheld on purpose
    dropped: int = 0  # requests neither taken nor answered
    segments: int = 0
    reports: int = 0
    reports_failed: int = 0
    mos: int = 0
    mos_failed: int = 0
    by_status: Counter[str] = field(default_factory=Counter)
    refs: set[str] = field(default_factory=set, repr=False)

    def take(self, ref: str, segments: int) -> None:
        """An MT was taken."""
        self.taken += 1
        self.segments += segments
        self.twice += ref in self.refs
        self.refs.add(ref)

    def shown(self) -> dict[str, Any]:
        """As JSON; neither refs nor texts."""
        return dict(self._plain()) | {"distinct": len(self.refs), "by_status": dict(self.by_status)}

    def _plain(self) -> Iterator[tuple[str, int]]:
        return ((name, getattr(self, name)) for name in self.__slots__ if name not in ("by_status", "refs"))
