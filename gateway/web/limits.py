"""How much one network may do with the form before it must wait, and before it is set aside. In memory: a locked database changes nothing.

An information day with 300 people behind one address comes through unhindered: who writes a story takes longer than the time trap asks,
and the trap is set only after the first tries. Nothing is deleted: what comes beyond all measure is kept for the desk, as no tip.
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from gateway.storage.limits import network_key
from gateway.storage.seal import Keyring

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
FREE_TELLS: Final = 30  # stories of one network in ten minutes that nothing is asked of
TRAP_MS: Final = 20_000  # a form must have been open so long, once the free ones are used up
MOST_TELLS: Final = 1_200  # stories of one network in an hour; more are kept aside
MOST_ADDED: Final = 60  # additions to one tip in an hour
MOST_FAKES: Final = 20  # reports of fakes from one network in an hour
MOST_BYTES: Final = 2_000_000_000  # of photos and voices from one network in an hour
_MOST_KEYS: Final = 20_000


class Verdict(Enum):
    """What becomes of a story."""

    PASS = auto()
    WAIT = auto()  # the page asks for twenty seconds and keeps the words
    ASIDE = auto()  # kept for the desk, as no tip


@dataclass(slots=True)
class _Seen:
    """Amounts of one key by time, oldest first, and their sum."""

    amounts: deque[tuple[int, int]] = field(default_factory=deque)
    sum: int = 0


class Counts:
    """Sliding sums by key. The keys longest unused are forgotten, so that memory is bounded."""

    def __init__(self, window_ms: int, most_keys: int = _MOST_KEYS) -> None:
        self._window_ms, self._most_keys = window_ms, most_keys
        self._seen: OrderedDict[bytes, _Seen] = OrderedDict()

    def add(self, key: bytes, now: int, amount: int = 1) -> int:
        """Count `amount` at `now` (epoch ms); the sum of the window with it."""
        seen = self._seen.setdefault(key, _Seen())
        self._seen.move_to_end(key)
        if len(self._seen) > self._most_keys:
            self._seen.popitem(last=False)
        while seen.amounts and seen.amounts[0][0] <= now - self._window_ms:
            seen.sum -= seen.amounts.popleft()[1]
        slice_ = now - now % max(1, self._window_ms // 64)  # at most 65 entries a key
        if seen.amounts and seen.amounts[-1][0] == slice_:
            amount_before = seen.amounts.pop()[1]
            seen.amounts.append((slice_, amount_before + amount))
        else:
            seen.amounts.append((slice_, amount))
        seen.sum += amount
        return seen.sum


class Gate:
    """The limits of one process. Networks are known by a keyed hash; no address is kept."""

    def __init__(self, keyring: Keyring) -> None:
        self._key: Callable[[str], bytes] = lambda address: network_key(keyring, address)
        self._recent, self._hourly = Counts(10 * MINUTE_MS), Counts(HOUR_MS)
        self._added, self._fakes, self._bytes = Counts(HOUR_MS), Counts(HOUR_MS), Counts(HOUR_MS)

    def key(self, address: str) -> bytes:
        """By what the network of `address` is counted."""
        return self._key(address)

    def tell(self, network: bytes, open_ms: int, now: int) -> Verdict:
        """A story from a form that has been open for `open_ms`; 0 where nobody can tell."""
        recent = self._recent.add(network, now)
        if self._hourly.add(network, now) > MOST_TELLS:
            return Verdict.ASIDE
        return Verdict.WAIT if recent > FREE_TELLS and open_ms < TRAP_MS else Verdict.PASS

    def may_add(self, tip: int, now: int) -> bool:
        """Whether one more answer may join a tip."""
        return self._added.add(tip.to_bytes(8, "big"), now) <= MOST_ADDED

    def may_report(self, network: bytes, now: int) -> bool:
        """Whether the network may report one more fake."""
        return self._fakes.add(network, now) <= MOST_FAKES

    def may_upload(self, network: bytes, size: int, now: int) -> bool:
        """Whether the network may send `size` bytes more."""
        return self._bytes.add(network, now, size) <= MOST_BYTES
