"""What many carriers' modules do alike: requests in JSON or as a form, an answer that is a code, ids and times as vendors write them."""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from gateway.carriers.protocol import Accepted, Balance, Outcome, outcome_from_status
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse, clean, decode_text, form_fields
from gateway.domain.failure import Failure, Refused
from gateway.domain.msisdn import Msisdn
from gateway.domain.segments import Alphabet, alphabet_of

HANOI: Final = timezone(timedelta(hours=7))
_CODE_MOST: Final = 24
_ID_MOST: Final = 64
_FIELDS_MOST: Final = 500  # of a form that is signed; vendors send some thirty
_COUNT_MOST: Final = 9  # digits
_SUM: Final = re.compile(r"-?\d{1,15}(\.\d{1,15})?", re.ASCII)


def post_json(url: str, value: object, headers: Mapping[str, str] | None = None) -> HttpRequest:
    """A POST of `value` as JSON, in UTF-8 and without blanks: the same value gives the same bytes."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return HttpRequest("POST", url, {"Content-Type": "application/json"} | dict(headers or {}), body)


def post_form(url: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None) -> HttpRequest:
    """A POST of `fields` as a browser sends a form, in UTF-8."""
    head = {"Content-Type": "application/x-www-form-urlencoded"} | dict(headers or {})
    return HttpRequest("POST", url, head, urlencode(fields).encode())


def basic(name: str, secret: str) -> dict[str, str]:
    """The Authorization header of HTTP Basic (RFC 7617, UTF-8)."""
    return {"Authorization": f"Basic {b64encode(f'{name}:{secret}'.encode()).decode()}"}


def digits(msisdn: Msisdn) -> str:
    """E.164 without its plus, as most carriers want a number."""
    return msisdn.e164.removeprefix("+")


def is_plain(text: str) -> bool:
    """Whether GSM 7-bit holds it."""
    return alphabet_of(text) is Alphabet.GSM7


def code_of(value: object) -> str:
    """A result code as trimmed text: vendors write the same number now quoted, now not. "" for what is no code."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = str(value).strip() if isinstance(value, str) or abs(value) < 10**_CODE_MOST else ""
    return text if 0 < len(text) <= _CODE_MOST and text.isascii() and text.isprintable() else ""


def by_code(codes: Mapping[str, Failure | None], code: str, response: HttpResponse, taken: Accepted) -> Outcome:
    """What the carrier's own `code` makes of an MT: `taken` for a yes. Without one the HTTP status speaks; an unknown one goes again."""
    if not code:
        return outcome_from_status(response)
    if code not in codes:
        return Refused(Failure.RETRYABLE, code, unknown=True)
    failure = codes[code]
    return taken if failure is None else Refused(failure, code)


def id_of(value: object) -> str | None:
    """A carrier's id of a message, if it can be one: short, ASCII, without blanks."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value).strip() if isinstance(value, str) or 0 <= value < 10**_ID_MOST else ""
    return text if 0 < len(text) <= _ID_MOST and text.isascii() and text.isprintable() and " " not in text else None


def is_page(response: HttpResponse) -> bool:
    """Whether somebody's web page came: a portal's, a proxy's, a router's. For carriers whose HTTP status alone is their yes."""
    return response.body[:1].strip() in (b"", b"<") and response.body[:200].lstrip().lower().startswith((b"<html", b"<!doctype html"))


def count_of(value: object) -> int | None:
    """How many, where that is said as a small number from 1 on."""
    text = code_of(value)
    return int(text) if text.isdigit() and len(text) <= _COUNT_MOST and int(text) > 0 else None


def words_of(value: object) -> str:
    """A text or number of JSON as clean text; "" for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return clean(value) if isinstance(value, str) else (str(value) if abs(value) < 10**_ID_MOST else "")


def inside(value: object, *names: str) -> dict[str, Any]:  # Any: JSON
    """The object under `names`, one within the other; an empty one where there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def form_of(call: HookCall) -> dict[str, str]:
    """The fields of a call's form, or of its query where it has no body; the first of two alike counts."""
    return {name: decode_text(value) for name, value in form_fields(call.body or call.query).items()}


def pairs_of(raw: bytes) -> list[tuple[str, str]] | None:
    """All fields of a form, as a signature covers them. None where there are more than any vendor sends: forgers get no work out of us."""
    if raw.count(b"&") >= _FIELDS_MOST:
        return None
    return parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True)


def international(number: str) -> str:
    """A sender as carriers of Viet Nam write it ("84…", "+84…", "0…") in E.164; a short code or name as it is."""
    number = number.strip()
    return f"+{number}" if number.startswith("84") and number.isdigit() and len(number) > 9 else number


def local_ms(text: str, pattern: str) -> int | None:
    """Viet Nam's time in `pattern` (strptime) as epoch ms; None for anything else."""
    try:
        return round(datetime.strptime(text, pattern).replace(tzinfo=HANOI).timestamp() * 1000)
    except ValueError:
        return None


def iso_ms(text: str) -> int | None:
    """A moment in ISO 8601 as epoch ms, without a zone in UTC; None for anything else."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def beside(url: str, other: str, up: int = 1) -> str:
    """The address of a vendor's other call: `other` in place of the last `up` parts of the path of `url`; its query goes."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/").split("/")
    kept = path[: max(0, len(path) - up)]
    return urlunsplit((parts.scheme, parts.netloc, f"{'/'.join(kept) or ''}/{other}", "", ""))


def amount_of(value: object) -> Decimal | None:
    """A sum of money as vendors write it: a number, or a text of one."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = value.strip() if isinstance(value, str) else format(Decimal(repr(value)), "f") if abs(value) < 10**15 else ""
    return Decimal(text) if _SUM.fullmatch(text) else None


def balance_of(value: object, currency: object, response: HttpResponse) -> Balance | Refused:
    """`value` as what is left; where it is no sum, what the HTTP status says. Nothing was sent, so nothing is doubtful."""
    amount = amount_of(value)
    if response.status == 200 and amount is not None:
        return Balance(amount, code_of(currency))
    return unanswered(response)


def unanswered(response: HttpResponse) -> Refused:
    """An answer to a mere question that isn't the carrier's, by its status."""
    return replace(outcome_from_status(response), maybe_sent=False)


def silent(response: HttpResponse) -> Refused:
    """An answer to "what became of it?" that says nothing of it: the MT stays uncertain."""
    return Refused(Failure.RETRYABLE, f"http-{response.status}", maybe_sent=True)
