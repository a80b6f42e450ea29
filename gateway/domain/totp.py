"""Codes that change every thirty seconds (TOTP, RFC 6238, over HOTP, RFC 4226): as every authenticator program knows them. Pure."""

import hmac
from base64 import b32decode, b32encode
from typing import Final
from urllib.parse import quote

STEP_S: Final = 30
DIGITS: Final = 6
SECRET_BYTES: Final = 20  # RFC 4226 §4 R6: 160 bits
DRIFT: Final = 1  # steps that a phone's clock may be off, each way (RFC 6238 §5.2)


def hotp(secret: bytes, counter: int, digits: int = DIGITS, digest: str = "sha1") -> str:
    """The code of a counter (RFC 4226 §5.3)."""
    mac = hmac.digest(secret, counter.to_bytes(8, "big"), digest)
    at = mac[-1] & 0x0F
    number = int.from_bytes(mac[at : at + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**digits:0{digits}}"


def step_of(now: int) -> int:
    """The step that `now` (epoch ms) lies in."""
    return now // (STEP_S * 1000)


def matching_step(secret: str, code: str, now: int, last: int) -> int | None:
    """The step whose code this is, later than `last` (a code counts once); None: it is none of them. `secret`: base32."""
    raw, here = b32decode(secret), step_of(now)
    found = None
    for step in range(max(0, here - DRIFT), here + DRIFT + 1):  # all are looked at: how long it takes says nothing
        if hmac.compare_digest(hotp(raw, step).encode(), code.encode()) and step > last:
            found = step
    return found


def written(secret: bytes) -> str:
    """A secret in base32, as programs take it by hand."""
    return b32encode(secret).decode()


def address(secret: str, account: str, issuer: str) -> str:
    """The otpauth:// address that a phone reads from a QR code (Key URI format of the authenticator programs)."""
    return f"otpauth://totp/{quote(issuer)}:{quote(account)}?secret={secret}&issuer={quote(issuer)}&digits={DIGITS}&period={STEP_S}"
