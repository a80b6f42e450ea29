"""Errors of the REST API as RFC 9457 says them: `application/problem+json`, one sentence with the remedy, a word for programs.

Nothing that a caller sent is repeated but the names of members that we don't know, shortened: the caller has to find them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

MEDIA: Final = "application/problem+json"
REALM: Final = 'Bearer realm="tinbao"'
NO_STORE: Final = {"Cache-Control": "no-store"}
_TITLES: Final = {413: "Content Too Large", 422: "Unprocessable Content"}  # RFC 9110's names; Python's are older


class Fault(BaseModel):
    """One thing that is wrong. `pointer`: where in the body (RFC 6901); `parameter`: of the address or a header."""

    model_config = ConfigDict(frozen=True)
    detail: str
    pointer: str | None = None
    parameter: str | None = None


class ProblemDetails(BaseModel):
    """What went wrong (RFC 9457). Programs branch on `code`, people read `detail`."""

    model_config = ConfigDict(frozen=True)
    type: str = Field(description='Always "about:blank": the status says the kind.')
    title: str
    status: int
    detail: str = Field(description="One sentence with the remedy.")
    code: str = Field(description="A word for programs.", examples=["bad-body"])
    errors: tuple[Fault, ...] | None = Field(default=None, description="What is wrong, each with its place.")


@dataclass(slots=True)
class Problem(Exception):
    """An answer that is an error. `code`: a word for programs; `detail`: one sentence with the remedy."""

    status: int
    code: str
    detail: str
    errors: tuple[Fault, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def answer(self, more: Mapping[str, str] | None = None) -> web.Response:
        """As the caller gets it."""
        title = _TITLES.get(self.status) or HTTPStatus(self.status).phrase
        told = ProblemDetails(
            type="about:blank", title=title, status=self.status, detail=self.detail, code=self.code, errors=self.errors or None
        )
        body = told.model_dump_json(exclude_none=True).encode()
        return web.Response(status=self.status, body=body, content_type=MEDIA, headers={**NO_STORE, **self.headers, **(more or {})})


def unauthorized(*, was_given: bool) -> Problem:
    """RFC 6750 §3: why is said only to who brought a token."""
    challenge = f'{REALM}, error="invalid_token"' if was_given else REALM
    text = (
        "The token is wrong or was revoked. Ask who runs the gateway for another: tinbao clients add"
        if was_given
        else "A token is missing. Send the header Authorization: Bearer NAME.SECRET"
    )
    return Problem(401, "bad-token" if was_given else "no-token", text, headers={"WWW-Authenticate": challenge})


def out_of_scope(scope: str) -> Problem:
    """The token is right and doesn't reach so far."""
    challenge = f'{REALM}, error="insufficient_scope", scope="{scope}"'
    return Problem(403, "scope", f"This takes the scope “{scope}”, which the token lacks.", headers={"WWW-Authenticate": challenge})


_PLAIN: Final = {
    400: ("bad-request", "The call can't be read. Compare it with /api/openapi.json."),
    404: ("not-found", "There is nothing at this address. /api/openapi.json lists all."),
    405: ("method", "This address doesn't take this method; the header Allow names those it takes."),
    413: ("too-large", "The body is too large. Send at most 256 KiB."),
    415: ("media-type", "The body must be JSON. Send the header Content-Type: application/json."),
    429: ("too-many", "Too many calls. Wait as long as Retry-After says."),
    500: ("internal", "This is a fault of ours. Tell who runs the gateway."),
    503: ("unavailable", "The database takes nothing now. Repeat the same call later, with the same Idempotency-Key."),
}


def plain(status: int, headers: Mapping[str, str] | None = None) -> Problem:
    """What there is to say of a status that needs no more words."""
    code, text = _PLAIN.get(status, ("refused", "The call can't be taken."))
    return Problem(status, code, text, headers=headers or {})
