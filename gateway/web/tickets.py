"""What the form's pages carry instead of a cookie: a key for one press, and a sealed ticket to add to one tip for a time."""

import base64
import hmac
import json
import re
from dataclasses import dataclass
from typing import Final

from gateway.services.intake import own_id
from gateway.storage.seal import Keyring, Unsealable, WrongKey

LIFE_MS: Final = 2 * 3_600_000  # how long pages go on with a tip
UPLOAD_LIFE_MS: Final = 3 * 24 * 3_600_000  # how long photos that wait in a phone may follow
_PLACE: Final = "web.ticket"
_KEY: Final = re.compile(r"(?P<id>~[0-9a-f]{24})\.(?P<at>[0-9a-f]{1,12})\.(?P<mark>[0-9a-f]{24})")
_LONGEST: Final = 400


@dataclass(frozen=True, slots=True)
class FormKey:
    """The one-time key of a form: two presses with one are one tip. `issued_at`: epoch ms."""

    id: str
    issued_at: int

    def sealed(self, keyring: Keyring) -> str:
        """As it stands in the form."""
        text = f"{self.id}.{self.issued_at:x}"
        return f"{text}.{_mark(keyring, text)}"


def new_key(now: int) -> FormKey:
    """A key for a form that is shown now."""
    return FormKey(own_id(), now)


def read_key(keyring: Keyring, text: str, now: int) -> FormKey:
    """The key a form brought; where it is none of ours, a new one that has been open for no time."""
    found = _KEY.fullmatch(text)
    if found is None or not hmac.compare_digest(found["mark"], _mark(keyring, f"{found['id']}.{found['at']}")):
        return new_key(now)
    return FormKey(found["id"], int(found["at"], 16))


def _mark(keyring: Keyring, text: str) -> str:
    return keyring.blind(text, "web.form")[:12].hex()


@dataclass(frozen=True, slots=True)
class Ticket:
    """The right to add to a tip. `source`: the code it came by; `at`: epoch ms when the tip was told."""

    tip: int
    code: str
    source: str
    urgent: str
    at: int

    def sealed(self, keyring: Keyring) -> str:
        """As it stands in an address: it says nothing to whom it does not belong to."""
        text = json.dumps([self.tip, self.code, self.source, self.urgent, self.at], separators=(",", ":"))
        return base64.urlsafe_b64encode(keyring.seal(text.encode(), _PLACE)).decode().rstrip("=")


def read_ticket(keyring: Keyring, text: str, now: int, life_ms: int = LIFE_MS) -> Ticket | None:
    """The ticket of an address; None: it is none, or its time is over."""
    if len(text) > _LONGEST:
        return None
    try:
        ticket = Ticket(*json.loads(keyring.open(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), _PLACE)))
    except (ValueError, Unsealable, WrongKey):
        return None
    return ticket if now - ticket.at <= life_ms else None
