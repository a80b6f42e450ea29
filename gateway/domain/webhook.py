"""How our webhooks are signed: whoever knows the secret can tell that a call is ours, whole, and new. Pure."""

import hashlib
import hmac
from typing import Final

from gateway.domain.secret import Secret

HEADER: Final = "Tinbao-Signature"


def signature(secret: Secret, at_s: int, body: bytes) -> str:
    """The header's value, `t=<Unix s>,v1=<hex>`: HMAC-SHA256 of "t.body" under the secret as it was shown. Refuse a `t` long past."""
    signed = hmac.new(secret.reveal().encode(), b"%d.%b" % (at_s, body), hashlib.sha256).hexdigest()
    return f"t={at_s},v1={signed}"
