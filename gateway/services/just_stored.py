"""MOs that this process has just stored, for whoever makes something of them: opening their rows again costs more than storing them.

The inbox says which MOs are new, and in which order; here is only what those say whose rows need not be read. What is missing here is read.
"""

from collections.abc import Collection, Iterable
from typing import Final

from gateway.storage.inbox import Mo

MOST: Final = 2_000  # texts in memory: what a second brings


class JustStored:
    """At most MOST of them, the newest; each is given out once."""

    def __init__(self) -> None:
        self._mos: dict[int, Mo] = {}

    def keep(self, mos: Iterable[Mo]) -> None:
        """Committed just now."""
        self._mos.update((mo.id, mo) for mo in mos)
        for id_ in list(self._mos)[: max(0, len(self._mos) - MOST)]:
            del self._mos[id_]

    def take(self, ids: Collection[int]) -> list[Mo]:
        """Those of `ids` that are here, which are forgotten."""
        return [mo for id_ in ids if (mo := self._mos.pop(id_, None)) is not None]
