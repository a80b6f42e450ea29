"""MTs on their way to the wire: one text, one request, one slot; and the lists in which they wait. Values and small containers, no I/O."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Final, NamedTuple

from gateway.carriers.protocol import Batch, Mt
from gateway.domain.pace import Pace
from gateway.storage.outbox import PRIORITY, ClaimedMt, request_name

FORMING_MS: Final = 20  # a batch that is not full waits this long for more of its text


class Outgoing(NamedTuple):
    """One request's worth of claimed MTs with one text.

    `depart_us`: not before, by the loop's clock (0: any time); `booked`: it has a slot of the route, which a late departure gives up.
    """

    members: tuple[ClaimedMt, ...]
    text: str
    cost_us: int
    segments: int
    depart_us: int = 0
    booked: bool = True

    @property
    def lane(self) -> int:
        return self.members[0].lane

    @property
    def ids(self) -> list[int]:
        return [mt.id for mt in self.members]

    def units(self, pace: Pace) -> int:
        """How many units of `pace` it uses."""
        match pace.unit:
            case "segments":
                return self.segments
            case "messages":
                return len(self.members)
            case "requests":
                return 1

    def batch(self) -> Batch:
        """For the carrier."""
        mts = tuple([Mt(mt.id, mt.ref, mt.msisdn, self.text, mt.segments) for mt in self.members])
        return Batch(request_name(self.members[0], len(mts)), mts)


def outgoing(members: Sequence[ClaimedMt], text: str, pace: Pace) -> Outgoing:
    """A request for `members`, with what it costs of the route's pace."""
    plain = Outgoing(tuple(members), text, 0, sum([mt.segments for mt in members]))
    return plain._replace(cost_us=pace.cost_us(plain.units(pace))) if pace.limit else plain


class Waiting:
    """Claimed requests in the order of their departure; of those that may go now, replies first."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, int, Outgoing]] = []
        self._numbers = count()
        self.mts = 0

    def __iter__(self) -> Iterator[Outgoing]:
        return (entry[3] for entry in self._heap)

    def add(self, some: Iterable[Outgoing]) -> None:
        for each in some:
            heappush(self._heap, (each.depart_us, -each.lane, next(self._numbers), each))
            self.mts += len(each.members)

    def next_at(self) -> int | None:
        """When the first may depart, µs of the loop's clock."""
        return self._heap[0][0] if self._heap else None

    def pop_due(self, horizon_us: int, most: int) -> list[Outgoing]:
        """Up to `most` that may depart before `horizon_us`."""
        due: list[Outgoing] = []
        while self._heap and len(due) < most and self._heap[0][0] <= horizon_us:
            due.append(heappop(self._heap)[3])
            self.mts -= len(due[-1].members)
        return due

    def clear(self) -> list[Outgoing]:
        """All of them, out of here."""
        everything = list(self)
        self._heap.clear()
        self.mts = 0
        return everything

    def let_through(self, replies: Sequence[Outgoing]) -> None:
        """Put `replies` into slots of waiting blasts that cost the same, and these into theirs: the route's time stays booked alike."""
        for reply in replies:
            earlier = [entry for entry in self._heap if entry[3].booked and entry[3].lane < PRIORITY and entry[0] < reply.depart_us]
            same = [entry for entry in earlier if entry[3].cost_us == reply.cost_us]
            if same:
                first = min(same)
                self._heap.remove(first)
                heapify(self._heap)
                self.mts -= len(first[3].members)
                self.add([first[3]._replace(depart_us=reply.depart_us), reply._replace(depart_us=first[0])])
            else:
                self.add([reply])


@dataclass(frozen=True, slots=True)
class Forming:
    """Members of one wave and one text that may yet become a full batch; `since`: ms."""

    wave: int
    text: str
    since: int
    members: tuple[ClaimedMt, ...]


def batches(
    forming: Sequence[Forming], claimed: Iterable[tuple[str, ClaimedMt]], size: int, now: int, *, more: bool
) -> tuple[list[tuple[str, tuple[ClaimedMt, ...]]], tuple[Forming, ...]]:
    """(text, members) of requests with up to `size` members, and what may wait for company: only if `more` is coming, and not for long.

    Members share one text, so personal texts go alone; replies never wait.
    """
    groups: dict[tuple[int, int, str], list[ClaimedMt]] = {}
    since: dict[tuple[int, int, str], int] = {}
    for old in forming:
        key = (old.members[0].lane, old.wave, old.text)
        groups.setdefault(key, []).extend(old.members)
        since[key] = old.since
    for text, mt in claimed:
        groups.setdefault((mt.lane, mt.wave, text), []).append(mt)
    full: list[tuple[str, tuple[ClaimedMt, ...]]] = []
    waiting: list[Forming] = []
    for key, members in groups.items():
        lane, wave, text = key
        members.sort(key=lambda mt: mt.id)
        whole = len(members) - len(members) % size
        full += [(text, tuple(members[at : at + size])) for at in range(0, whole, size)]
        if rest := tuple(members[whole:]):
            begun = since.get(key, now) if not whole else now
            if more and lane < PRIORITY and size > 1 and now - begun < FORMING_MS:
                waiting.append(Forming(wave, text, begun, rest))
            else:
                full.append((text, rest))
    return full, tuple(waiting)
