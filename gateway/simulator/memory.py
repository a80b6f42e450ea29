"""What the fake telco remembers: counts, the handsets' messages, refs already taken. It is the network: texts live here and in no log."""

from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

KEPT: Final = 200_000  # messages and answers; a blast of a million must not fill the machine
WINDOW_S: Final = 600.0  # how long a ref is recognised
WATCHED: Final = 500  # handsets that somebody looks at


@dataclass(frozen=True, slots=True)
class Sms:
    """A message at a handset. `mine`: written there. `at_ms`: epoch."""

    number: str
    text: str = field(repr=False)
    mine: bool
    at_ms: int
    ref: str = ""


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


class Pace:
    """Segments in the last sliding second, half-open: one that came exactly a second ago is out."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._recent: deque[tuple[float, int]] = deque()
        self._sum = 0
        self.peak = 0

    def would_exceed(self, segments: int, limit: int) -> bool:
        """Whether `segments` more go over `limit`; 0 is no limit. What is larger than the limit may come alone in its second."""
        self._forget(self._clock())
        return 0 < limit < self._sum + segments and self._sum > 0

    def add(self, segments: int) -> None:
        """Count what was taken."""
        now = self._clock()
        self._forget(now)
        self._recent.append((now, segments))
        self._sum += segments
        self.peak = max(self.peak, self._sum)

    def _forget(self, now: float) -> None:
        while self._recent and self._recent[0][0] <= now - 1.0:
            self._sum -= self._recent.popleft()[1]


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
