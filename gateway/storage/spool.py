"""Where a hook's call waits while the database can't take it: a file beside it, sealed line by line and fsynced (ADR 0008).

`calls.spool` takes what comes; a drain renames it to `calls-N.draining` and deletes that only when all its lines are committed. A line cut
off by a power failure was never acknowledged. Any number of processes may share the folder: a lock file makes them take turns.
"""

import base64
import binascii
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from gateway.storage.files import taken
from gateway.storage.seal import Keyring, Unsealable, WrongKey

PLACE: Final = "spool.call"
_OPEN: Final = "calls.spool"
_DRAINING: Final = ".draining"
_ASIDE: Final = "calls.unreadable"


class SpoolDown(Exception):
    """The spool can't take a call either. The message names the cause; it never holds the call."""


@dataclass(frozen=True, slots=True)
class Spooled:
    """One call as it waits: `kind` "mo" or "dlr", `values` a JSON object. `line`: as it stands in the file."""

    kind: str
    values: Mapping[str, Any] = field(repr=False)  # Any: JSON
    line: bytes = field(repr=False)


class Spool:
    """The spool in `folder`, which is made with mode 0700. Its calls block for one fsync: run them in a thread."""

    def __init__(self, folder: Path, keyring: Keyring) -> None:
        self._folder, self._keyring = folder, keyring

    def append(self, kind: str, values: Mapping[str, Any]) -> None:  # Any: JSON
        """Keep one call for good. Raises SpoolDown."""
        sealed = self._keyring.seal(json.dumps([kind, values], ensure_ascii=True).encode(), PLACE)
        try:
            with self._turn():
                self._write(_OPEN, base64.b64encode(sealed) + b"\n")
        except OSError as why:
            raise SpoolDown(f"the spool can't be written ({why.strerror})") from None

    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not self._folder.is_dir() or not any(name == _OPEN or name.endswith(_DRAINING) for name in os.listdir(self._folder))

    @contextmanager
    def draining(self) -> Iterator[Sequence[Path]]:
        """The files to drain, oldest first; new calls go to a new file meanwhile. One process at a time: the others find nothing."""
        if self.is_empty():
            yield ()
            return
        with (self._folder / "drain.lock").open("wb") as lock:
            yield self._take() if taken(lock) else ()

    @contextmanager
    def undrained(self) -> Iterator[None]:
        """Nothing is drained in the block: what lies here lies here, or was stored before it began."""
        if not self._folder.is_dir():
            yield
            return
        with (self._folder / "drain.lock").open("wb") as lock:
            taken(lock, wait=True)
            yield

    def copies(self) -> dict[str, bytes]:
        """Every file that holds something, by name, each line whole."""
        if not self._folder.is_dir():
            return {}
        with self._turn():
            return {path.name: path.read_bytes() for path in sorted(self._folder.iterdir()) if path.is_file() and path.suffix != ".lock"}

    def read(self, path: Path) -> list[Spooled]:
        """The calls of one file in order. What can't be opened is set aside in `calls.unreadable`, never dropped."""
        calls = []
        for line in path.read_bytes().splitlines():
            try:
                kind, values = json.loads(self._keyring.open(base64.b64decode(line, validate=True), PLACE))
                calls.append(Spooled(kind, values, line))
            except (binascii.Error, Unsealable, WrongKey, ValueError):
                self.set_aside(line)
        return calls

    def set_aside(self, line: bytes) -> None:
        """Keep a line that no drain can store, still sealed, for a person."""
        if line:
            self._write(_ASIDE, line + b"\n")

    def done(self, path: Path) -> None:
        """Forget a drained file."""
        path.unlink()
        self._sync_folder()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._folder / "append.lock").open("wb") as lock:
            taken(lock, wait=True)
            yield

    def _take(self) -> list[Path]:
        with self._turn():
            left = sorted(self._folder.glob(f"calls-*{_DRAINING}"))
            if (fresh := self._folder / _OPEN).exists():
                number = int(left[-1].stem.partition("-")[2]) + 1 if left else 1
                left.append(fresh.rename(self._folder / f"calls-{number:08}{_DRAINING}"))
                self._sync_folder()
        return left

    def _write(self, name: str, line: bytes) -> None:
        """Append a whole line and fsync, or leave the file as it was."""
        path = self._folder / name
        is_new = not path.exists()
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            size = os.fstat(handle).st_size
            torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"  # the power failed in the middle of a line
            _append(handle, b"\n" + line if torn else line, size)
        finally:
            os.close(handle)
        if is_new:
            self._sync_folder()

    def _sync_folder(self) -> None:
        handle = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _append(handle: int, line: bytes, size: int) -> None:
    try:
        if os.write(handle, line) != len(line):
            raise OSError(28, "No space left on device")
        os.fsync(handle)
    except OSError:
        os.ftruncate(handle, size)
        raise
