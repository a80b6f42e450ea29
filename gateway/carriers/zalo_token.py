"""Zalo's tokens: an access token lives 25 hours, and the refresh token that renews it works once. Source: as `zalo.py`.

POST https://oauth.zaloapp.com/v4/oa/access_token   form-urlencoded, header secret_key: the app's
-> 200 {"access_token","refresh_token","expires_in":"90000"}, or {"error","error_name"} under HTTP 200 too
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from gateway.carriers.wire import HttpRequest, HttpResponse, json_object
from gateway.domain.secret import Secret

TOKEN_URL: Final = "https://oauth.zaloapp.com/v4/oa/access_token"  # noqa: S105 # an address
_FORM: Final = "application/x-www-form-urlencoded"
_LONGEST_S: Final = 366 * 24 * 3600
_SHORTEST_S: Final = 60


@dataclass(frozen=True, slots=True)
class Pair:
    """An access token, the refresh token that comes after the one just spent, and how long the first is good."""

    access: Secret
    refresh: Secret
    lifetime_s: int


@dataclass(frozen=True, slots=True)
class Denied:
    """Zalo's own no: the refresh token was spent or is too old, or the app's id or secret is wrong. Only a person can help."""

    code: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """No answer of Zalo's: the refresh token may have been spent for nothing."""

    code: str


def build_refresh(url: str, app_id: str, secret: Secret, refresh: Secret) -> HttpRequest:
    """Spend `refresh`. The secret goes in a header, the token in the body; the URL holds neither."""
    form = {"app_id": app_id, "grant_type": "refresh_token", "refresh_token": refresh.reveal()}
    return HttpRequest("POST", url, {"Content-Type": _FORM, "secret_key": secret.reveal()}, urlencode(form).encode())


def parse_pair(response: HttpResponse) -> Pair | Denied | Unclear:
    """What came back. Never raises; a pair must be whole to be one."""
    answer = json_object(response.body)
    access, refresh = (_token(answer.get(name)) for name in ("access_token", "refresh_token"))
    if access and refresh:
        return Pair(Secret(access), Secret(refresh), _lifetime_s(answer.get("expires_in")))
    code = str(answer.get("error", "")).strip()
    return Denied(code) if re.fullmatch(r"-?[0-9]{1,6}", code) and code != "0" else Unclear(f"http-{response.status}")


def _token(value: object) -> str:
    """Goes into a header: one line of ASCII."""
    return value if isinstance(value, str) and value.isascii() and value.isprintable() and 0 < len(value) <= 4_000 else ""


def _lifetime_s(value: object) -> int:
    """Seconds; a string by the pages. What can't be read is taken for the shortest: then it is renewed soon, which is what it needs."""
    text = str(value).strip() if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return min(max(int(text), _SHORTEST_S), _LONGEST_S) if re.fullmatch(r"[0-9]{1,9}", text) else _SHORTEST_S
