"""Passphrases of users: which may be chosen, and what is kept of one: scrypt (RFC 7914), never the words. Pure; the salt is an argument."""

import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.domain.fold import fold, nfc

LEAST_CHARACTERS: Final = 12
LEAST_WORDS: Final = 4
_LEAST_DIFFERENT: Final = 6  # "aaaaaaaaaaaa", "121212121212"
_LEAST_OWN: Final = 4  # letters that are left once the common ones are taken out: "matkhau@2026!" has none
_SALT: Final = 16  # bytes
_HASH: Final = 32


@dataclass(frozen=True, slots=True)
class Cost:
    """Costs of scrypt: N = 2^`ln`, block size `r`, parallelism `p`; the memory is 128 * N * r bytes."""

    ln: int = 17
    r: int = 8
    p: int = 1

    @property
    def memory(self) -> int:
        """Bytes that one computing needs at most, for OpenSSL's own limit: what RFC 7914 §2 asks for, and room to spare."""
        return 128 * self.r * ((1 << self.ln) + self.p + 4) + (1 << 20)


COST: Final = Cost()  # OWASP Password Storage Cheat Sheet: N = 2^17, r = 8, p = 1; 128 MiB and a third of a second of a processor
_MOST: Final = Cost(ln=20, r=8, p=4)  # beyond it a stored text is damaged, or somebody wants our memory
_STORED: Final = re.compile(r"\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)")
_COMMON: Final = (
    "administrator", "passphrase", "thongnhat", "password", "matkhau", "quantri", "vietnam", "letmein", "welcome", "tinbao", "lietsi",
    "iloveyou", "anhyeuem", "emyeuanh", "xinchao", "admin",
)  # fmt: skip
_ROWS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz")  # of the keyboard, and the alphabet
_RUN: Final = 4


def cleaned(text: str) -> str:
    """`text` as it is counted and hashed: NFC, so that two keyboards write the same bytes; single spaces, none at the ends."""
    return " ".join(nfc(text).split())


def weakness(passphrase: str, name: str) -> str | None:
    """Why a cleaned `passphrase` is none for the user `name`, in one sentence with the remedy; None: it will do."""
    words = {word for word in fold(passphrase).split() if len(word) > 1}
    if len(passphrase) < LEAST_CHARACTERS and len(words) < LEAST_WORDS:
        return f"the passphrase is too short; take at least {LEAST_CHARACTERS} characters or {LEAST_WORDS} different words"
    called = _letters(name)
    if len(called) >= _LEAST_OWN and called in _letters(passphrase):
        return "the passphrase contains the name; take words that have nothing to do with it"
    if len(set(fold(passphrase))) < _LEAST_DIFFERENT:
        return "the passphrase repeats itself; take different words"
    if len(_of_their_own(passphrase, name)) < _LEAST_OWN:
        return "the passphrase is made of what everybody tries first (digits, rows of keys, common words); take four words of your own"
    return None


def _letters(text: str) -> str:
    return "".join(filter(str.isalpha, fold(text)))


def _of_their_own(passphrase: str, name: str) -> str:
    """The letters that nobody tries first: without words of the name, common words and rows of keys."""
    named = set(fold(name).split())
    letters = _letters(" ".join(word for word in fold(passphrase).split() if word not in named))
    for common in (*_COMMON, *_runs()):
        letters = letters.replace(common, "")
    return letters


def _runs() -> Iterator[str]:
    """Neighbours in a row, forwards and backwards, longest first."""
    for length in range(max(map(len, _ROWS)), _RUN - 1, -1):
        for row in (*_ROWS, *(row[::-1] for row in _ROWS)):
            yield from (row[at : at + length] for at in range(len(row) - length + 1))


def stored_form(secret: bytes, salt: bytes, cost: Cost = COST) -> str:
    """What is kept of `secret`: "$scrypt$ln=17,r=8,p=1$salt$hash" (PHC string format). `salt`: 16 random bytes."""
    if len(salt) != _SALT:
        raise ValueError(f"a salt has {_SALT} bytes")
    return f"$scrypt$ln={cost.ln},r={cost.r},p={cost.p}${_base64(salt)}${_base64(_scrypt(secret, salt, cost, _HASH))}"


def fits(secret: bytes, stored: str) -> bool:
    """Whether `stored` was made of `secret`, compared in constant time. ValueError: it is no stored form of ours."""
    found = _STORED.fullmatch(stored)
    if found is None:
        raise ValueError("a stored passphrase is damaged; set it anew: tinbao users passphrase NAME --forgotten")
    cost = Cost(*(int(number) for number in found.groups()[:3]))
    if not (1 <= cost.ln <= _MOST.ln and 1 <= cost.r <= _MOST.r and 1 <= cost.p <= _MOST.p):
        raise ValueError("a stored passphrase names costs beyond all reason; set it anew: tinbao users passphrase NAME --forgotten")
    salt, kept = (b64decode(part + "=" * (-len(part) % 4)) for part in found.groups()[3:])
    return hmac.compare_digest(_scrypt(secret, salt, cost, len(kept)), kept)


def _scrypt(secret: bytes, salt: bytes, cost: Cost, length: int) -> bytes:
    return hashlib.scrypt(secret, salt=salt, n=1 << cost.ln, r=cost.r, p=cost.p, maxmem=cost.memory, dklen=length)


def _base64(data: bytes) -> str:
    return b64encode(data).decode().rstrip("=")
