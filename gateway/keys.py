"""Finding and making the key of an installation: TINBAO_KEY, else the key file, else a clear refusal; and the recovery key for paper."""

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Protocol

from gateway.storage.seal import KEY_BYTES, Keyring, WrongKey

VARIABLE: Final = "TINBAO_KEY"
_CHECK_CHARACTERS: Final = 4  # 20 bits: one slip in a million goes unseen
_GROUP: Final = 4


class MissingKey(Exception):
    """No usable key was found. The message says where it was looked for and what to do."""


class KeyPlace(Protocol):
    """What `find_key` needs of the settings."""

    @property
    def key_file(self) -> Path: ...


def find_key(settings: KeyPlace, environ: Mapping[str, str]) -> Keyring:
    """The keyring: TINBAO_KEY (base64 of 32 bytes) wins over `key_file`. Raises MissingKey, WrongKey (it is no key)."""
    if text := environ.get(VARIABLE, "").strip():
        return Keyring.of(decode_key(text, VARIABLE))
    return Keyring.of(read_key_file(settings.key_file))


def read_key_file(path: Path) -> bytes:
    """The 32 bytes in the key file. Raises MissingKey where it is missing or others may read it, WrongKey where it holds no key."""
    try:
        mode, text = path.stat().st_mode, path.read_text("ascii").strip()
    except FileNotFoundError:
        remedy = f"Make a deployment with its own key by `tinbao init DIR`, or set {VARIABLE}"
        raise MissingKey(f"There is no key: {VARIABLE} is not set and {path} does not exist. {remedy}") from None
    except UnicodeDecodeError:
        raise WrongKey(f"{path} holds no key. Put back the file that `tinbao init` wrote, or the key from paper") from None
    except OSError as why:
        raise MissingKey(f"The key file {path} can't be read: {why.strerror}. Give it to the user that runs tinbao") from None
    if os.name == "posix" and mode & 0o077:
        raise MissingKey(f"Others on this machine may read the key file {path}. Close it with: chmod 600 {path}")
    return decode_key(text, str(path))


def create_key_file(path: Path, random: Callable[[int], bytes] = secrets.token_bytes) -> bytes:
    """Write a fresh key to `path`, mode 0600. Never over an old one (FileExistsError), or what is sealed could not be opened again."""
    key = random(KEY_BYTES)
    write_key_file(path, key)
    return key


def write_key_file(path: Path, key: bytes) -> None:
    """Write `key` to a new file of mode 0600, on disk when this returns. Raises FileExistsError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(key) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def recovery_key(key: bytes) -> str:
    """`key` for paper: base32 (RFC 4648: no 0, 1, 8, 9) in groups of four, the last group is a check."""
    text = base64.b32encode(key).decode().rstrip("=") + _check(key)
    return "-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))


def read_recovery_key(text: str) -> bytes:
    """The key that was copied from paper; case, spaces and dashes don't matter, 0 and 1 are read as O and I. Raises WrongKey."""
    letters = "".join(text.upper().replace("0", "O").replace("1", "I").replace("-", " ").split())
    body, check = letters[:-_CHECK_CHARACTERS], letters[-_CHECK_CHARACTERS:]
    try:
        key = base64.b32decode(body + "=" * (-len(body) % 8))
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES or not hmac.compare_digest(_check(key).encode(), check.encode()):
        raise WrongKey("This is no recovery key of ours. Compare it with the paper letter by letter: 14 groups of four")
    return key


def _check(key: bytes) -> str:
    return base64.b32encode(hashlib.sha256(b"tinbao recovery key" + key).digest()).decode()[:_CHECK_CHARACTERS]


def decode_key(text: str, place: str) -> bytes:
    """The 32 bytes of a key in base64; `place` is where it was found. Raises WrongKey."""
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:  # also what binascii raises
        key = b""
    if len(key) != KEY_BYTES:
        raise WrongKey(f"{place} holds no key: it must be the base64 of {KEY_BYTES} bytes. Copy it anew, whole and without quotation marks")
    return key
