"""A small client of Tin Báo's REST API: copy it, or read it as an example. Python 3.11 and its standard library.

client = Client("https://tinbao.example", "crm.SECRET")
[sent] = client.send([Text("+84300000101", "Mời bà con dự họp thôn tối nay.")], key="hop-thon-2026-11-18")
print(client.message(sent["id"])["state"])
"""

import hashlib
import hmac
import json
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]
State = Literal["queued", "claimed", "sending", "sent", "delivered", "failed", "uncertain", "expired", "cancelled", "suppressed"]
ENDED = frozenset({"delivered", "failed", "expired", "cancelled", "suppressed"})


class ApiError(Exception):
    """An error as the API says it (RFC 9457). Branch on `code`, show `detail`; `retry_after_s` is there where waiting helps."""

    def __init__(self, status: int, problem: Mapping[str, Any], retry_after_s: int | None) -> None:
        super().__init__(f"{status}: {problem.get('detail', 'no words')}")
        self.status, self.code = status, str(problem.get("code", ""))
        self.errors: list[Json] = list(problem.get("errors") or ())
        self.retry_after_s = retry_after_s


@dataclass(frozen=True)
class Text:
    """One text to one person. `reference`: your own name for it; the same one to the same person is sent once, ever."""

    to: str
    text: str = field(repr=False)
    due_at: str | None = None  # RFC 3339 with an offset
    validity_min: int | None = None
    route: str | None = None
    reference: str | None = None

    def members(self) -> Json:
        """As the API takes it."""
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclass(frozen=True)
class Client:
    """`token`: NAME.SECRET, as `tinbao clients add` showed it. A call that finds the gateway busy is made again, `tries` times in all."""

    base_url: str
    token: str = field(repr=False)
    timeout_s: float = 15
    tries: int = 3

    def send(self, texts: Sequence[Text], key: str | None = None) -> list[Json]:
        """Send up to 100 texts; an answer for each, in order: its `id`, or why it is `refused`. Raises ApiError where none can go.

        `key`: of this call; give your own, and a repeat after a crash sends nothing twice. Left out, repeats by this method are safe.
        """
        body = {"messages": [text.members() for text in texts]}
        answer: list[Json] = self._call("POST", "/messages", body, {"Idempotency-Key": key or str(uuid.uuid4())})["items"]
        return answer

    def message(self, id_: str) -> Json:
        """One message that this client sent."""
        return self._call("GET", f"/messages/{urllib.parse.quote(id_, safe='')}")

    def messages(self, state: State | None = None) -> Iterator[Json]:
        """Every message that this client sent, the oldest first."""
        return self._pages("/messages", {"state": state} if state else {})

    def tips(self, cursor: str | None = None) -> Iterator[tuple[Json, str]]:
        """Each tip of the commune with the cursor of its page's end: keep the last, and begin there next time."""
        query = {"cursor": cursor} if cursor else {}
        while True:
            page = self._call("GET", f"/tips?{urllib.parse.urlencode(query)}" if query else "/tips")
            for item in page["items"]:
                yield item, page["next"]
            if not page["more"]:
                return
            query = {"cursor": page["next"]}

    def tip(self, code: str) -> Json:
        """One tip of the commune."""
        return self._call("GET", f"/tips/{urllib.parse.quote(code, safe='')}")

    def routes(self) -> list[Json]:
        """The routes that this client may send by, and whether they are open."""
        found: list[Json] = self._call("GET", "/routes")["items"]
        return found

    def me(self) -> Json:
        """Who the token belongs to."""
        return self._call("GET", "/me")

    def set_webhook(self, url: str, events: Sequence[str]) -> str:
        """Be told of `events` at `url`; returns the secret that the calls are signed with. Keep it: it is shown this once."""
        made = self._call("POST", "/webhooks", {"url": url, "events": list(events)})
        return str(made["secret"])

    def drop_webhook(self) -> None:
        """Be told of nothing any more."""
        self._call("DELETE", "/webhooks")

    def test_webhook(self) -> str:
        """Have the webhook called once; the id of that call."""
        return str(self._call("POST", "/webhooks/test")["id"])

    # --- the wire ---

    def _pages(self, path: str, query: Mapping[str, str]) -> Iterator[Json]:
        asked = dict(query)
        while True:
            page = self._call("GET", f"{path}?{urllib.parse.urlencode(asked)}" if asked else path)
            yield from page["items"]
            if not page["more"]:
                return
            asked["cursor"] = page["next"]

    def _call(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Json:
        data = None if body is None else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **(headers or {})}
        request = urllib.request.Request(f"{self.base_url}/api/v1{path}", data, sent, method=method)  # noqa: S310 # the caller's gateway
        for left in range(self.tries - 1, -1, -1):
            try:
                return self._answer(request)
            except ApiError as error:
                if not left or error.retry_after_s is None:
                    raise
                time.sleep(error.retry_after_s)
        raise ValueError("a call needs one try at least")

    def _answer(self, request: urllib.request.Request) -> Json:
        try:
            with urllib.request.urlopen(request, timeout=self.timeout_s) as answer:  # noqa: S310 # as above
                told: Json = json.loads(answer.read() or b"{}")
                return told
        except urllib.error.HTTPError as error:
            with error:
                raise _api_error(error) from None


def _api_error(error: urllib.error.HTTPError) -> ApiError:
    wait = error.headers.get("Retry-After", "")
    try:
        problem = json.loads(error.read())
    except ValueError:  # a proxy's own page
        problem = {}
    return ApiError(error.code, problem if isinstance(problem, dict) else {}, int(wait) if wait.isdigit() else None)


# --- webhooks ---


class BadSignature(Exception):
    """The call is not from the gateway, was changed on its way, or is an old one again."""


def opened(secret: str, header: str, body: bytes, now_s: float | None = None, tolerance_s: int = 300) -> Json:
    """What a webhook call says: `{"id", "event", "at", "data"}`. `header`: its Tinbao-Signature; `body`: its bytes, untouched.

    A call may come twice: keep the `id`s of the last days and leave out what you had. Raises BadSignature.
    """
    parts = dict(part.partition("=")[::2] for part in header.split(","))
    at, given = parts.get("t", ""), parts.get("v1", "")
    signed = hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(given.encode(), signed.encode()):
        raise BadSignature("the signature is wrong")
    if not (at.isascii() and at.isdigit()) or abs((time.time() if now_s is None else now_s) - int(at)) > tolerance_s:
        raise BadSignature("the call is too old, or a clock is wrong")
    told: Json = json.loads(body)
    return told
