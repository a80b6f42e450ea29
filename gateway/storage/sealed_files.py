"""Contents of attachments: sealed files that grow piece by piece and are read from any place, a piece of at most 1 MiB in memory.

A file is a row of records: length (4 bytes), sealed piece. Inside the seal each piece carries its file's name and its offset, so none can
be moved, dropped from the middle or brought in from another file; that the end is missing shows in the row's own count of bytes. A record
cut off by a power failure was never acknowledged and is written over. A whole file's name is the keyed hash of its content.
"""

import errno
import hashlib
import io
import os
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from gateway.storage.files import taken
from gateway.storage.seal import Keyring, Unsealable, key_of

PLACE: Final = "attachment.content"
PIECE: Final = 1 << 20  # bytes of content a record
_BOUND: Final = 24  # bytes before the content of each piece: the file's own id (16), the offset (8)
_SEALED: Final = 1 + 2 + 12 + 16  # bytes that sealing adds: version, key id, nonce, tag


class OutOfOrder(Exception):
    """A piece does not follow on what is there. `offset`: where the next one belongs."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"the next piece begins at {offset}")
        self.offset = offset


@dataclass(frozen=True, slots=True)
class _Record:
    """Where a piece lies in the file, and in the content."""

    at: int
    length: int
    offset: int


class SealedFiles:
    """All contents under `folder` (made with mode 0700). Its calls block for the disk: run them in a thread."""

    def __init__(self, folder: Path, keyring: Keyring) -> None:
        self._folder, self._keyring = folder, keyring

    # --- uploads under way ---

    def append(self, upload: bytes, offset: int, piece: bytes) -> int:
        """Add `piece` at `offset` and return where the next one belongs, on disk for good. The same piece again is no fault.

        Raises OutOfOrder, OSError.
        """
        if len(piece) > PIECE:
            raise ValueError("a piece has at most 1 MiB")
        path = self._part(upload)
        self._make(path.parent)
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            taken(file, wait=True)  # two requests for one upload, in any two processes
            records, end = _scan(file, path.stat().st_size)
            size = self._content_size(file, records, upload)
            if offset < size == offset + len(piece) or not piece:
                return size  # its answer was lost
            if offset != size:
                raise OutOfOrder(size)
            _write(file.fileno(), end, self._sealed(upload, offset, piece))
            if not offset:
                _sync(path.parent)
            return size + len(piece)

    def size(self, upload: bytes) -> int:
        """How much of an upload is there."""
        try:
            with self._part(upload).open("rb") as file:
                records, _ = _scan(file, os.fstat(file.fileno()).st_size)
                return self._content_size(file, records, upload)
        except FileNotFoundError:
            return 0

    def digest(self, upload: bytes) -> tuple[bytes, int]:
        """Keyed hash and length of an upload's content, read once through."""
        whole, size = hashlib.sha256(), 0
        with self.open(upload, partial=True) as content:
            while piece := content.read(PIECE):
                whole.update(piece)
                size += len(piece)
        return self._keyring.blind(whole.hexdigest(), PLACE), size

    def is_digest(self, whole: "hashlib._Hash", digest: bytes) -> bool:
        """Whether a content of this SHA-256 is the one that `digest` names."""
        return self._keyring.blind(whole.hexdigest(), PLACE) == digest

    def settle(self, upload: bytes, digest: bytes) -> None:
        """The upload is whole: name it by its content. Pieces are bound to the upload's name, which the file keeps inside."""
        path = self._whole(digest)
        self._make(path.parent)
        if path.exists():
            self._part(upload).unlink(missing_ok=True)  # the same photo, sent again
            return
        self._part(upload).rename(path)
        _sync(path.parent)

    def drop(self, upload: bytes) -> None:
        """Forget an upload."""
        self._part(upload).unlink(missing_ok=True)

    def changed_at(self, upload: bytes) -> float | None:
        """When an upload last grew (epoch seconds); None: nothing of it is here."""
        try:
            return self._part(upload).stat().st_mtime
        except FileNotFoundError:
            return None

    # --- when a data key is about to be destroyed (ADR 0029) ---

    def reseal(self, key_id: int) -> int:
        """Seal every piece of that key anew, whole file by whole file; how many files could not be opened."""
        bad = 0
        for path in sorted(self._folder.rglob("*.sealed")):  # an upload is forgotten before its key goes
            try:
                self._reseal_file(path, key_id)
            except Unsealable:
                bad += 1
        return bad

    def forget(self, digest: bytes) -> None:
        """Remove a whole content."""
        self._whole(digest).unlink(missing_ok=True)

    def _reseal_file(self, path: Path, key_id: int) -> None:
        with path.open("rb") as file:
            records, _ = _scan(file, path.stat().st_size)
            if not any(_key_of(file, record) == key_id for record in records):
                return
            half = path.with_name(f"{path.name}.half")
            with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as new:
                for record in records:
                    bound, content = _opened(self._keyring, file, record)
                    sealed = self._keyring.seal(bound + content, PLACE)
                    new.write(len(sealed).to_bytes(4, "big") + sealed)
                new.flush()
                os.fsync(new.fileno())
            half.replace(path)
        _sync(path.parent)

    # --- reading ---

    def open(self, name: bytes, *, partial: bool = False) -> "SealedReader":
        """The content to read and seek in; `name`: a digest, or an upload that is `partial`. Raises FileNotFoundError, Unsealable."""
        return SealedReader((self._part(name) if partial else self._whole(name)).open("rb"), self._keyring)

    def _make(self, folder: Path) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)

    def _part(self, upload: bytes) -> Path:
        return self._folder / "partial" / f"{upload.hex()}.part"

    def _whole(self, digest: bytes) -> Path:
        return self._folder / digest.hex()[:2] / f"{digest.hex()}.sealed"

    def _sealed(self, upload: bytes, offset: int, piece: bytes) -> bytes:
        return self._keyring.seal(upload[:16] + offset.to_bytes(8, "big") + piece, PLACE)

    def _content_size(self, file: IO[bytes], records: list[_Record], upload: bytes) -> int:
        if not records:
            return 0
        last = records[-1]
        bound, piece = _opened(self._keyring, file, last)
        if bound[:16] != upload[:16]:
            raise Unsealable("a piece of another file lies in this one: restore it from a backup")
        return last.offset + len(piece)


def _write(handle: int, at: int, sealed: bytes) -> None:
    """A record for good, or the file as it was."""
    record = len(sealed).to_bytes(4, "big") + sealed
    os.ftruncate(handle, at)
    try:
        if os.pwrite(handle, record, at) != len(record):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(handle)
    except OSError:
        os.ftruncate(handle, at)
        raise


def _scan(file: IO[bytes], size: int) -> tuple[list[_Record], int]:
    """The whole records of a file and where the last one ends; a torn one behind it is left out."""
    records: list[_Record] = []
    at = offset = 0
    while at + 4 <= size:
        file.seek(at)
        length = int.from_bytes(file.read(4), "big")
        if not _BOUND + _SEALED <= length <= PIECE + _BOUND + _SEALED or at + 4 + length > size:
            break
        records.append(_Record(at + 4, length, offset))
        offset += length - _BOUND - _SEALED
        at += 4 + length
    return records, at


def _key_of(file: IO[bytes], record: _Record) -> int:
    file.seek(record.at)
    return key_of(file.read(3))


def _opened(keyring: Keyring, file: IO[bytes], record: _Record) -> tuple[bytes, bytes]:
    """(bound, content) of a record; raises Unsealable."""
    file.seek(record.at)
    plain = keyring.open(file.read(record.length), PLACE)
    if int.from_bytes(plain[16:_BOUND], "big") != record.offset:
        raise Unsealable("a piece of this file was moved: restore it from a backup")
    return plain[:_BOUND], plain[_BOUND:]


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class SealedReader(io.RawIOBase):
    """Content as a file to read and seek in; one piece at a time is open."""

    def __init__(self, file: IO[bytes], keyring: Keyring) -> None:
        super().__init__()
        self._file, self._keyring = file, keyring
        self._records, _ = _scan(file, os.fstat(file.fileno()).st_size)
        self._starts = [record.offset for record in self._records]
        self._at = 0
        self._piece: tuple[int, bytes] = (-1, b"")
        self._id: bytes | None = None
        self.size = self._end()

    def _end(self) -> int:
        if not self._records:
            return 0
        return self._records[-1].offset + len(self._load(len(self._records) - 1))

    def _load(self, number: int) -> bytes:
        if self._piece[0] != number:
            bound, content = _opened(self._keyring, self._file, self._records[number])
            self._id = self._id or bound[:16]
            if bound[:16] != self._id:
                raise Unsealable("a piece of another file lies in this one: restore it from a backup")
            self._piece = (number, content)
        return self._piece[1]

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes from here; all that is left for a negative size, which only short files are asked for."""
        wanted = self.size - self._at if size < 0 else min(size, self.size - self._at)
        parts: list[bytes] = []
        while wanted > 0:
            number = bisect_right(self._starts, self._at) - 1
            start = self._at - self._starts[number]
            part = self._load(number)[start : start + wanted]
            parts.append(part)
            self._at += len(part)
            wanted -= len(part)
        return b"".join(parts)

    def read_at(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`."""
        self.seek(offset)
        return self.read(length)

    def pieces(self) -> Iterator[bytes]:
        """The content from its start, piece by piece."""
        self.seek(0)
        while piece := self.read(PIECE // 16):
            yield piece

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence]
        self._at = max(0, min(base + offset, self.size))
        return self._at

    def tell(self) -> int:
        return self._at

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()
        super().close()
