"""Cursors: where a page ended, signed, so that nobody reads anything from them or makes one up. One client's is nothing to another."""

import base64
import binascii
import hmac
from typing import Final

from gateway.storage.seal import Keyring
from gateway.web.api.problems import Fault, Problem

_SIGNED: Final = 16  # bytes of the keyed hash
_PLACE: Final = 8  # bytes


def write_cursor(keyring: Keyring, place: int, *bound: object) -> str:
    """The cursor behind row `place`; it opens only with the same `bound`: client, list, filter."""
    raw = place.to_bytes(_PLACE, "big")
    return base64.urlsafe_b64encode(raw + _signature(keyring, place, bound)).rstrip(b"=").decode()


def read_cursor(keyring: Keyring, cursor: str | None, *bound: object) -> int:
    """The row that `cursor` stands behind; 0 without one. Raises Problem 400."""
    if cursor is None:
        return 0
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    place = int.from_bytes(raw[:_PLACE], "big")
    if len(raw) != _PLACE + _SIGNED or not hmac.compare_digest(raw[_PLACE:], _signature(keyring, place, bound)):
        text = "The cursor is none of this list. Take it unchanged from “next” of the page before, with the same filter"
        raise Problem(400, "bad-cursor", f"{text}.", (Fault(detail=text, parameter="cursor"),))
    return place


def _signature(keyring: Keyring, place: int, bound: tuple[object, ...]) -> bytes:
    return keyring.blind(repr((place, *bound)), "api.cursor")[:_SIGNED]
