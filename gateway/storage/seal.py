"""Sealing at rest (DESIGN §3.14): AES-256-GCM for what is kept, HMAC for what must be found again.

A sealed value is: version (1 byte), key id (2), nonce (12), ciphertext and tag. Its place ("mo.text") chooses the subkey and is the
associated data, so a value moved to another column opens nowhere. Subkeys come by HKDF-SHA256 (RFC 5869) from a data key or from the
index root; data keys change with time, the index root never does, or no number could be found again.

Data key 1 comes from the master key itself. The others (ADR 0029) are random, kept wrapped by the master key in the database, and one that
is destroyed there takes with it all it ever sealed, in every copy.
"""

import hmac
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from sqlalchemy import LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

KEY_BYTES: Final = 32
_VERSION: Final = 1
_NONCE: Final = 12  # bytes, random: good for 2^32 values a subkey (NIST SP 800-38D §8.3)
_HEAD: Final = 1 + 2 + _NONCE
FIRST: Final = 1  # the data key that comes from the master key: it is there as long as that is
GONE: Final = "đã hủy"  # what is read where a value's key was destroyed
# Places whose text somebody parses: nothing is read there instead.
PARSED: Final = frozenset({"mt.parameters", "tip.fields", "attachment.meta", "dialogue.slots", "audit.detail"})


class WrongKey(Exception):
    """A key that does not fit what it should open. The message says what to do."""


class Unsealable(Exception):
    """One value can't be opened: damaged, or moved here from another place."""


class Destroyed(Unsealable):
    """The key of a value was destroyed, on purpose: nobody can open it any more."""


def _subkey(root: bytes, purpose: str) -> bytes:
    return HKDFExpand(algorithm=SHA256(), length=KEY_BYTES, info=b"tinbao/" + purpose.encode()).derive(root)


class Keyring:
    """All keys of one installation. `data_keys`: 32 bytes by key id (1..65535), `current` seals what is new; `index_root`: 32 bytes."""

    def __init__(
        self,
        data_keys: Mapping[int, bytes],
        index_root: bytes,
        current: int | None = None,
        nonce: Callable[[int], bytes] = os.urandom,
        vault: bytes = b"",
    ) -> None:
        if any(len(key) != KEY_BYTES for key in (*data_keys.values(), index_root)):
            raise ValueError("a key has 32 bytes")
        self._data_keys, self._index_root, self._nonce = dict(data_keys), index_root, nonce
        self._vault = vault  # 32 bytes: of what wraps other data keys and seals backups; b"": this keyring does neither
        self._destroyed: frozenset[int] = frozenset()
        self._sealers: dict[str, tuple[bytes, AESGCM, bytes]] = {}
        self._use(max(data_keys) if current is None else current)
        self._ciphers: dict[tuple[int, str], AESGCM] = {}  # built once each: making one costs as much as a value
        self._index_keys: dict[str, bytes] = {}

    @classmethod
    def of(cls, master: bytes) -> "Keyring":
        """The keyring of a single 32-byte key: what TINBAO_KEY or the key file holds."""
        return cls({FIRST: _subkey(master, "data/1")}, _subkey(master, "index"), vault=_subkey(master, "vault"))

    def __repr__(self) -> str:
        return f"Keyring(current={self.current})"

    @property
    def current(self) -> int:
        """The id of the data key that seals what is new."""
        return self._current

    def _use(self, key_id: int) -> None:
        self._current, self._sealers = key_id, {}

    def seal(self, value: bytes, place: str) -> bytes:
        """`value` sealed for `place`, e.g. "mo.text"."""
        nonce = self._nonce(_NONCE)
        head, cipher, bound = self._sealers.get(place) or self._sealer(place)
        return head + nonce + cipher.encrypt(nonce, value, bound)

    def seal_texts(self, values: Sequence[str | None], place: str) -> list[bytes | None]:
        """Texts of many rows, each sealed as `seal` does; their nonces are drawn at once. None stays None."""
        nonces = self._nonce(_NONCE * len(values))
        head, cipher, bound = self._sealers.get(place) or self._sealer(place)
        encrypt, ends = cipher.encrypt, range(_NONCE, len(nonces) + 1, _NONCE)
        each = ((nonces[end - _NONCE : end], value) for end, value in zip(ends, values, strict=True))
        return [None if value is None else head + nonce + encrypt(nonce, value.encode(), bound) for nonce, value in each]

    def _sealer(self, place: str) -> tuple[bytes, AESGCM, bytes]:
        """Built once a place and key: what begins a value of `place`, what seals it, what it is bound to."""
        sealers, key_id = self._sealers, self._current
        made = bytes([_VERSION]) + key_id.to_bytes(2, "big"), self._cipher(key_id, place), place.encode()
        sealers[place] = made
        return made

    def open(self, sealed: bytes, place: str) -> bytes:
        """What `seal` was given. Raises WrongKey for an unknown key id, Destroyed, Unsealable for a damaged or moved value."""
        if len(sealed) < _HEAD + 16 or sealed[0] != _VERSION:
            raise Unsealable(f"a value of {place} is no sealed value: restore it from a backup")
        key_id = int.from_bytes(sealed[1:3], "big")
        try:
            return self._cipher(key_id, place).decrypt(sealed[3:_HEAD], sealed[_HEAD:], place.encode())
        except InvalidTag:
            raise Unsealable(f"a value of {place} can't be opened: damaged, moved, or sealed with another key") from None

    def open_each(self, sealed: Sequence[bytes], place: str) -> list[bytes]:
        """What `open` gives for each of many, in half the time. Raises what it raises for the first that can't be opened."""
        return self._opened_alike(sealed, place) or [self.open(value, place) for value in sealed]

    def open_all(self, sealed: Sequence[bytes], place: str) -> list[bytes]:
        """The same; b"" for one that can't be opened any more."""
        return self._opened_alike(sealed, place) or [self._open_or_nothing(value, place) for value in sealed]

    def _opened_alike(self, sealed: Sequence[bytes], place: str) -> list[bytes] | None:
        """The values of many that one key sealed; None where one of them needs a look by itself."""
        heads = {value[: _HEAD - _NONCE] for value in sealed}
        bound = place.encode()
        try:
            if len(heads) == 1 and (head := heads.pop())[0] == _VERSION:
                decrypt = self._cipher(int.from_bytes(head[1:], "big"), place).decrypt
                return [decrypt(value[3:_HEAD], value[_HEAD:], bound) for value in sealed]
        except (InvalidTag, ValueError, IndexError, WrongKey, Unsealable):  # one of them: each by itself
            pass
        return None

    def _open_or_nothing(self, sealed: bytes, place: str) -> bytes:
        try:
            return self.open(sealed, place)
        except (Unsealable, WrongKey):
            return b""

    # --- other data keys, and backups (ADR 0029) ---

    def adopt(self, keys: Mapping[int, bytes], destroyed: Collection[int], current: int) -> None:
        """These are all data keys beside the first; `current` seals from now on. Keys that are not among them are forgotten."""
        self._data_keys = {FIRST: self._data_keys[FIRST], **keys} if FIRST in self._data_keys else dict(keys)
        self._destroyed = frozenset(destroyed)
        self._ciphers = {name: cipher for name, cipher in self._ciphers.copy().items() if name[0] in self._data_keys}
        self._use(current)  # last: threads seal meanwhile

    @property
    def knows_others(self) -> bool:
        """Whether there are, or were, data keys beside the first."""
        return bool(self._destroyed) or self._data_keys.keys() != {FIRST}

    def wrap(self, key_id: int, key: bytes) -> bytes:
        """Data key `key`, sealed by the master key; it opens under its own id only."""
        nonce = self._nonce(_NONCE)
        return nonce + AESGCM(_subkey(self._vault, "wrap")).encrypt(nonce, key, f"data key {key_id}".encode())

    def unwrap(self, key_id: int, wrapped: bytes) -> bytes:
        """What `wrap` was given. Raises WrongKey."""
        try:
            return AESGCM(_subkey(self._vault, "wrap")).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], f"data key {key_id}".encode())
        except InvalidTag:
            raise WrongKey(f"Data key {key_id} can't be opened with this key. Restore the database from a backup") from None

    def backup_key(self, salt: bytes) -> bytes:
        """The key of one backup, 32 bytes; `salt` is the backup's own."""
        return _subkey(self._vault, f"backup/{salt.hex()}")

    def blind(self, text: str, purpose: str) -> bytes:
        """Keyed hash by which `text` is found again (HMAC-SHA256, 32 bytes); each `purpose`, e.g. "msisdn", has its own key."""
        key = self._index_keys.get(purpose)
        if key is None:
            key = self._index_keys[purpose] = _subkey(self._index_root, f"index/{purpose}")
        return hmac.digest(key, text.encode(), "sha256")

    def check_value(self) -> bytes:
        """What a database keeps to recognise its key by; it tells nothing of the key."""
        return self.blind("tinbao", "key check")

    def verify(self, check_value: bytes) -> None:
        """Raises WrongKey unless `check_value` was made with this keyring's index root."""
        if not hmac.compare_digest(check_value, self.check_value()):
            raise WrongKey(
                "This key is not the one that the database was sealed with. "
                "Set TINBAO_KEY or key_file to the key of its first start, or type its recovery key from paper"
            )

    def _cipher(self, key_id: int, place: str) -> AESGCM:
        if (cipher := self._ciphers.get((key_id, place))) is None:
            if (root := self._data_keys.get(key_id)) is None:
                if key_id in self._destroyed:
                    raise Destroyed(f"a value of {place} was sealed with key {key_id}, which was destroyed")
                raise WrongKey(f"A value was sealed with key {key_id}, which the keyring lacks. Add that key to the key file")
            cipher = self._ciphers[key_id, place] = AESGCM(_subkey(root, f"seal/{place}"))
        return cipher


def key_of(sealed: bytes) -> int:
    """The id of the data key that a sealed value was sealed with."""
    return int.from_bytes(sealed[1:3], "big")


class Sealed(TypeDecorator[str]):
    """Text sealed on its way into the database with its dialect's keyring: `engine.dialect.keyring = Keyring(…)`; none is global."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else _keyring(dialect).seal(value.encode(), self.place)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        try:
            return _keyring(dialect).open(bytes(value), self.place).decode()
        except Destroyed:
            return None if self.place in PARSED else GONE

    class comparator_factory(TypeDecorator.Comparator[str]):
        """Refuses every comparison but with NULL: two seals of one text differ."""

        def operate(self, op: Any, *other: Any, **kwargs: Any) -> Any:  # Any: SQLAlchemy's own signature
            if getattr(op, "__name__", "") in ("is_", "is_not") and other == (None,):
                return super().operate(op, *other, **kwargs)
            raise TypeError("a sealed column can't be compared: use its blind index")


def _keyring(dialect: Dialect) -> Keyring:
    keyring: Keyring = dialect.keyring  # type: ignore[attr-defined] # set where the engine is made
    return keyring
