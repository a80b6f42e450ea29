"""Rows in the order of their keys without holding them all: sorted by their first byte into one unnamed file, bucket by bucket from there.

A wave's list comes in the order of a spreadsheet. Written in the order of the blind index, a page of rows touches a hundred pages of each
index instead of thousands (a million rows: 0.6 GB of journal instead of 10). The file has no name: it vanishes with its process, however
that ends. Rows hold sealed values and what the database would hold in the open.
"""

import marshal
import tempfile
from collections.abc import Iterator
from types import TracebackType
from typing import IO, Any, Final, Self

Record = tuple[Any, ...]  # Any: bytes, str, int or None; the first is the key, bytes
BUCKETS: Final = 256
_BLOCK: Final = 64  # rows written at once


class SortedFile:
    """Add rows in any order, then walk through them by their keys, those of one key in the order in which they came. A context manager."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 # closed by __exit__
        self._waiting: list[list[Record]] = [[] for _ in range(BUCKETS)]
        self._blocks: list[list[tuple[int, int]]] = [[] for _ in range(BUCKETS)]
        self._end = 0
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()

    def add(self, record: Record) -> None:
        """`record[0]` is the key: bytes whose first is evenly spread, as of a keyed hash."""
        bucket = record[0][0]
        waiting = self._waiting[bucket]
        waiting.append(record)
        self.count += 1
        if len(waiting) == _BLOCK:
            self._write(bucket)

    def pages(self, size: int, after: bytes = b"") -> Iterator[list[Record]]:
        """At most `size` rows at a time, those of one key never parted; only keys above `after`."""
        page: list[Record] = []
        for bucket in range(after[0] if after else 0, BUCKETS):
            for record in self._sorted(bucket):
                if record[0] <= after:
                    continue
                if len(page) >= size and record[0] != page[-1][0]:
                    yield page
                    page = []
                page.append(record)
        if page:
            yield page

    def _write(self, bucket: int) -> None:
        block = marshal.dumps(self._waiting[bucket])
        self._file.write(block)
        self._blocks[bucket].append((self._end, len(block)))
        self._end += len(block)
        self._waiting[bucket] = []

    def _sorted(self, bucket: int) -> list[Record]:
        records = list[Record]()
        for at, length in self._blocks[bucket]:
            self._file.seek(at)
            records += marshal.loads(self._file.read(length))  # noqa: S302 # written by this process into a file without a name
        return sorted(records + self._waiting[bucket], key=lambda record: record[0])  # stable
