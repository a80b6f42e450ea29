"""The handset in the browser: a page that writes to the short code as an invented number and shows what comes back.

The page brings everything with it and its policy forbids all else; scripts and styles are allowed by their hashes.
"""

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import Final

from gateway.domain.msisdn import BadMsisdn, Msisdn
from gateway.simulator.http_server import answer_of

_INLINE: Final = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)


def number(text: str) -> str:
    """The number as the network writes it (E.164). Raises ValueError in words for the page."""
    try:
        return Msisdn.parse(text).e164
    except BadMsisdn:
        raise ValueError("Số này không gọi được. Hãy viết như 0300 000 101.") from None


def _page() -> tuple[str, str]:
    """The page and its Content-Security-Policy."""
    html = files("gateway.simulator").joinpath("handset.html").read_text("utf-8")
    allowed = {kind: _hash(words) for kind, words in _INLINE.findall(html)}
    return html, (
        f"default-src 'none'; script-src {allowed['script']}; style-src {allowed['style']}; connect-src 'self'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _hash(words: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(words.encode()).digest()).decode()}'"


@cache
def page() -> bytes:
    """The answer to GET /handset."""
    html, policy = _page()
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return answer_of(200, html.encode(), "text/html; charset=utf-8", headers)
