"""A backup as a file: members one after another, compressed, in pieces of AES-256-GCM that can't be cut, swapped or put together anew.

A clear head line, then pieces: length (4 bytes), ciphertext. The nonce of a piece is its number and whether it is the last (the STREAM
construction: Hoang, Reyhanitabar, Rogaway, Vizár 2015), the head is every piece's associated data, and each file has a key of its own by
its salt. Inside stand frames: kind (1 byte), length (4 bytes), body. The last frame is the manifest, so half a file has none.
"""

import errno
import hashlib
import json
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.storage.seal import Keyring, WrongKey

MAGIC: Final = "tinbao-backup/1"
PIECE: Final = 1 << 20  # plain bytes a piece
_TAG: Final = 16
_HEAD_MOST: Final = 4096
_BEGIN, _DATA, _END, _MANIFEST = b"B", b"D", b"E", b"M"
_CHECK: Final = b"tinbao backup check"


class BadArchive(Exception):
    """A backup that can't be used. The message says what is wrong with it and what to do."""


@dataclass(frozen=True, slots=True)
class Head:
    """What stands in the clear. `schema`: revision of the tables; `made_at`: epoch ms."""

    schema: str
    made_at: int
    salt: bytes = field(repr=False)
    check: bytes = field(repr=False)

    def line(self) -> bytes:
        """As it stands in the file."""
        said = {"format": MAGIC, "schema": self.schema, "made_at": self.made_at, "salt": self.salt.hex(), "check": self.check.hex()}
        return json.dumps(said).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class Member:
    """A table or a file. `about`: what a reader needs to know of it, JSON."""

    kind: str
    name: str
    about: Mapping[str, Any] = field(default_factory=dict)  # Any: JSON


# --- writing ---


class ArchiveWriter:
    """Frames into pieces. Its calls block for the disk."""

    def __init__(self, file: IO[bytes], keyring: Keyring, schema: str, made_at: int, random: Callable[[int], bytes] = os.urandom) -> None:
        salt = random(32)
        key = keyring.backup_key(salt)
        self._file, self._cipher = file, AESGCM(key)
        self.head = Head(schema, made_at, salt, check_of(key))
        line = self.head.line()
        self._bound = hashlib.sha256(line).digest()
        self._held, self._count = bytearray(), 0
        self._digest = hashlib.sha256()
        file.write(line)

    def begin(self, member: Member) -> None:
        """What `data` gives from now on belongs to `member`."""
        self._digest = hashlib.sha256()
        self._frame(_BEGIN, _json({"kind": member.kind, "name": member.name, **member.about}))

    def data(self, block: bytes) -> None:
        """A block of the member; a reader gets the same blocks."""
        self._digest.update(block)
        self._frame(_DATA, zlib.compress(block, 1))

    def end(self) -> str:
        """The member is whole: its SHA-256 in hex."""
        digest = self._digest.hexdigest()
        self._frame(_END, digest.encode())
        return digest

    def close(self, manifest: Mapping[str, Any]) -> None:  # Any: JSON
        """The manifest and the last piece."""
        self._frame(_MANIFEST, _json(manifest))
        self._piece(bytes(self._held), last=True)

    def _frame(self, kind: bytes, body: bytes) -> None:
        self._held += kind + len(body).to_bytes(4, "big") + body
        while len(self._held) > PIECE:  # never all of it: the last piece is told apart
            self._piece(bytes(self._held[:PIECE]), last=False)
            del self._held[:PIECE]

    def _piece(self, plain: bytes, *, last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._count, last=last), plain, self._bound)
        self._file.write(len(sealed).to_bytes(4, "big") + sealed)
        self._count += 1


@contextmanager
def new_file(path: Path, *, replace: bool = False) -> Iterator[IO[bytes]]:
    """A file that takes the name `path` when the block ends well, on disk for good; else nothing is left of it. Raises OSError."""
    half = path.with_name(f".{path.name}.half")
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and not replace:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    try:
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
        sync_folder(path.parent)
    except BaseException:
        half.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """The names in `folder` are on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# --- reading ---


def read_head(file: IO[bytes]) -> tuple[Head, bytes]:
    """The head and its line. Raises BadArchive."""
    line = file.readline(_HEAD_MOST)
    try:
        said = json.loads(line)
        if said["format"] != MAGIC or not line.endswith(b"\n"):
            raise ValueError
        head = Head(str(said["schema"]), int(said["made_at"]), bytes.fromhex(said["salt"]), bytes.fromhex(said["check"]))
    except (ValueError, KeyError, TypeError):
        raise BadArchive("This file is no backup of Tin Báo. Name a file that `tinbao backup` wrote") from None
    return head, line


def opens(head: Head, keyring: Keyring) -> bool:
    """Whether the backup was made with this installation's key."""
    return check_of(keyring.backup_key(head.salt)) == head.check


@dataclass(frozen=True, slots=True)
class Block:
    """A block of data, or with `digest` the end of its member."""

    member: Member
    data: bytes = field(repr=False)
    digest: str | None = None


class ArchiveReader:
    """Walk it once with `blocks`; `manifest` is there when that has ended."""

    def __init__(self, file: IO[bytes], keyring: Keyring) -> None:
        self._file = file
        self.head, line = read_head(file)
        if not opens(self.head, keyring):
            raise WrongKey("This backup was made with another key. Type the recovery key of that installation, from paper")
        self._cipher = AESGCM(keyring.backup_key(self.head.salt))
        self._bound = hashlib.sha256(line).digest()
        self.manifest: Mapping[str, Any] = {}  # Any: JSON

    def blocks(self) -> Iterator[Block]:
        """All blocks in order, each member's SHA-256 checked at its end. Raises BadArchive where anything was cut, swapped or changed."""
        member, digest = Member("", ""), hashlib.sha256()
        for kind, body in self._frames():
            if kind == _BEGIN:
                said = json.loads(body)
                member, digest = Member(said.pop("kind"), said.pop("name"), said), hashlib.sha256()
            elif kind == _DATA:
                plain = zlib.decompress(body)
                digest.update(plain)
                yield Block(member, plain)
            elif kind == _END:
                if digest.hexdigest() != body.decode():
                    raise BadArchive(f"{member.name} in this backup is not what was written. Take another backup")
                yield Block(member, b"", digest.hexdigest())
            elif kind == _MANIFEST:
                self.manifest = json.loads(body)
        if not self.manifest:
            raise BadArchive("This backup has no end. Take another one")

    def _frames(self) -> Iterator[tuple[bytes, bytes]]:
        held = bytearray()
        for plain in self._pieces():
            held += plain
            at = 0
            while len(held) - at >= 5 and len(held) - at - 5 >= (length := int.from_bytes(held[at + 1 : at + 5], "big")):
                yield bytes(held[at : at + 1]), bytes(held[at + 5 : at + 5 + length])
                at += 5 + length
            del held[:at]
        if held:
            raise BadArchive("This backup ends in the middle. Take another one")

    def _pieces(self) -> Iterator[bytes]:
        number, last = 0, False
        while not last:
            sealed = self._next(number)
            following = self._file.read(1)  # nothing behind it: it must say that it is the last
            last = not following
            if following:
                self._file.seek(-1, os.SEEK_CUR)
            try:
                yield self._cipher.decrypt(_nonce(number, last=last), sealed, self._bound)
            except InvalidTag:
                raise BadArchive(f"Piece {number + 1} of this backup is damaged, cut off or out of place. Take another backup") from None
            number += 1

    def _next(self, number: int) -> bytes:
        length = int.from_bytes(self._file.read(4), "big")
        if not _TAG <= length <= PIECE + _TAG or len(sealed := self._file.read(length)) != length:
            raise BadArchive(f"Piece {number + 1} of this backup is damaged, cut off or out of place. Take another backup")
        return sealed


def check_of(key: bytes) -> bytes:
    """What a head keeps of its key, to tell a wrong key from a damaged file; it tells nothing of the key."""
    return hashlib.sha256(_CHECK + key).digest()[:16]


def in_blocks(file: IO[bytes]) -> Iterable[bytes]:
    """A file in pieces."""
    return iter(lambda: file.read(PIECE), b"")


def _nonce(number: int, *, last: bool) -> bytes:
    return bytes(7) + number.to_bytes(4, "big") + bytes([last])


def _json(value: Mapping[str, Any]) -> bytes:  # Any: JSON
    return json.dumps(value, ensure_ascii=False).encode()
