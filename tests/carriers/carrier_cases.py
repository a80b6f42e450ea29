"""What carriers were seen, or are documented, to say, and what it means: one table a carrier. `test_contract.py` loops over them."""

import json

from gateway.carriers.protocol import Accepted, Account, Batch, Mt, Outcome
from gateway.carriers.wire import HttpResponse
from gateway.domain.failure import Failure, Refused
from gateway.domain.msisdn import Msisdn
from gateway.domain.secret import Secret

TEXT = "Xã Thống Nhất kính báo: LS & mã thôn, 100% miễn phí? #1"
PASSWORD = "p w&d%ü"
HOOK_SECRET = "hook%2Fsecret"
ACCOUNT = Account(
    "route", "http://127.0.0.1:1/sms", "u", Secret(PASSWORD), "8088", f"http://127.0.0.1:2/hooks/route/dlr?secret={HOOK_SECRET}"
)


def batch(size: int = 1, text: str = TEXT) -> Batch:
    return Batch("BATCH1", tuple(Mt(n, f"REF{n:05}", Msisdn(f"+8430000{n:04}"), text, 1) for n in range(1, size + 1)))


def says(status: int, words: str | bytes = b"", **headers: str) -> HttpResponse:
    raw = words.encode() if isinstance(words, str) else words
    return HttpResponse(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)


def no(kind: Failure, code: str, retry_after_s: float | None = None, *, maybe_sent: bool = False, unknown: bool = False) -> Refused:
    return Refused(kind, code, retry_after_s, maybe_sent, unknown)


P, U, R, T, M = Failure.PERMANENT, Failure.UNROUTABLE, Failure.RETRYABLE, Failure.THROTTLED, Failure.MISCONFIGURED
Case = tuple[str, HttpResponse, Outcome]

BY_STATUS: list[Case] = [  # no word of the carrier's own: the same for all
    ("a portal's page", says(200, "<html>Please log in</html>"), no(R, "http-200", maybe_sent=True)),
    ("nothing at all", says(200), no(R, "http-200", maybe_sent=True)),
    ("redirect", says(302, location="/x"), no(M, "http-302")),
    ("401", says(401, "Unauthorized"), no(M, "http-401")),
    ("404", says(404, "Not Found"), no(M, "http-404")),
    ("408", says(408), no(R, "http-408")),
    ("429", says(429, retry_after="7"), no(T, "http-429", 7.0)),
    ("429 with a date", says(429, retry_after="Wed, 21 Oct 2026 07:28:00 GMT"), no(T, "http-429")),
    ("429 for ever", says(429, retry_after="999999999"), no(T, "http-429", 3600.0)),
    ("500", says(500, "<h1>Internal Server Error</h1>"), no(R, "http-500", maybe_sent=True)),
    ("a proxy's 502", says(502, "<h1>Bad Gateway</h1>"), no(R, "http-502", maybe_sent=True)),
    ("a proxy's 503", says(503, "<h1>Service Unavailable</h1>", retry_after="3"), no(R, "http-503", 3.0)),
    ("a proxy's 504", says(504), no(R, "http-504", maybe_sent=True)),
]

KANNEL: list[Case] = [
    ("accepted", says(202, "0: Accepted for delivery"), Accepted()),
    ("queued", says(202, "3: Queued for later delivery"), Accepted()),
    ("sent", says(200, "Sent."), Accepted()),
    ("sent, newline", says(202, "Sent.\r\n"), Accepted()),
    ("accepted in other words", says(202, "OK"), Accepted()),
    ("no receiver", says(400, "Missing receiver number, rejected"), no(P, "no-receiver")),
    ("empty receiver", says(400, "Empty receiver number not allowed, rejected"), no(P, "no-receiver")),
    ("black list", says(400, "Number(s) has/have been denied by white- and/or black-lists."), no(P, "denied")),
    ("misformed", says(400, "Charset or body misformed, rejected"), no(P, "misformed")),
    ("udh", says(400, "UDH field misformed, rejected"), no(P, "misformed")),
    ("dlr-url", says(400, "DLR-URL field misformed, rejected"), no(M, "dlr-url")),
    ("no sender", says(400, "Sender missing and no global set, rejected"), no(M, "no-sender")),
    ("authorization", says(403, "Authorization failed for sendsms"), no(M, "authorization")),
    ("not routable", says(403, "Not routable. Do not try again."), no(U, "not-routable")),
    ("403 without its words", says(403, "Forbidden"), no(M, "http-403")),
    ("400 without its words", says(400, "Bad request"), no(R, "http-400")),
    ("temporal", says(503, "Temporal failure, try again later."), no(R, "temporal")),
    ("temporal through a proxy", says(502, "Temporal failure, try again later."), no(R, "temporal")),
    *BY_STATUS,
]


def row(**fields: object) -> str:
    return json.dumps({"results": [{"ref": "REF00001"} | fields]})


SIMULATOR: list[Case] = [
    ("ok", says(200, row(status="accepted", code="ok", id="A1", segments=2)), Accepted("A1", 2)),
    ("ok, bare", says(200, row(status="accepted")), Accepted()),
    ("ok, nonsense beside", says(200, row(status="accepted", id=["x"], segments=True)), Accepted()),
    ("absent", says(200, row(status="refused", code="absent")), no(P, "absent")),
    ("barred", says(200, row(status="refused", code="barred")), no(P, "barred")),
    ("foreign", says(200, row(status="refused", code="foreign")), no(U, "foreign")),
    ("busy", says(503, '{"error":"busy"}'), no(R, "busy")),
    ("throttled", says(429, '{"error":"throttled"}', retry_after="2"), no(T, "throttled", 2.0)),
    ("throttled, no time", says(429, '{"error":"throttled"}'), no(T, "throttled")),
    ("account", says(403, '{"error":"account"}'), no(M, "account")),
    ("balance", says(403, '{"error":"balance"}'), no(M, "balance")),
    ("sender", says(403, '{"error":"sender"}'), no(M, "sender")),
    ("a new code", says(200, row(status="refused", code="weather")), no(R, "weather", unknown=True)),
    ("no code", says(200, row(status="refused")), no(R, "unreadable", unknown=True)),
    ("neither yes nor no", says(200, row(status="pending")), no(R, "left-out", maybe_sent=True)),
    ("left out", says(200, '{"results":[]}'), no(R, "left-out", maybe_sent=True)),
    ("a yes without rows", says(200, '{"error":"ok"}'), no(R, "http-200", maybe_sent=True)),
    ("an unknown refusal", says(400, '{"error":"unreadable"}'), no(R, "http-400")),
    ("half a body", says(200, '{"results":[{"ref":'), no(R, "http-200", maybe_sent=True)),
    ("a thousand brackets", says(200, "[" * 100_000), no(R, "http-200", maybe_sent=True)),
    *BY_STATUS,
]
CASES: dict[str, list[Case]] = {"kannel": KANNEL, "simulator": SIMULATOR}
