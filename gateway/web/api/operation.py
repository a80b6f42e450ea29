"""One operation of the REST API: the one description by which calls are checked, answered and documented."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel

from gateway.services.clients import Client
from gateway.storage.database import Database
from gateway.web.api.limits import Allowance
from gateway.web.api.schema import Asked, Nothing

PREFIX: Final = "/api/v1"
KEY_HEADER: Final = "Idempotency-Key"
KEY_PATTERN: Final = r"^[!-~]{1,200}$"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler answers. `body` None: nothing follows the head."""

    status: int
    body: BaseModel | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was found right: who calls, and what was asked. `raw`: the body as JSON; `key`: its Idempotency-Key."""

    client: Client
    database: Database
    now: int
    path: Mapping[str, str] = field(repr=False)
    query: Any = field(repr=False)  # Any: of the operation's own query type
    body: Any = field(repr=False)  # Any: of the operation's own body type
    raw: str = field(repr=False)
    key: str | None = field(repr=False)
    allowance: Allowance


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a path that names a resource. What doesn't fit `pattern` is no address."""

    pattern: str
    about: str


@dataclass(frozen=True, slots=True)
class Link:
    """Where a value of an answer leads: `value` (RFC 6901) is `parameter` of `operation`."""

    operation: str
    parameter: str
    value: str


@dataclass(frozen=True, slots=True)
class Operation:
    """`scope`: what the token must have, None: any token; `answers`: what may come back by status; `problems`: errors beside the usual."""

    name: str
    method: str
    path: str  # behind PREFIX, segments in braces
    summary: str
    scope: str | None
    answers: Mapping[int, type[BaseModel] | None]
    handle: Callable[[Call], Awaitable[Answer]]
    query: type[Asked] = Nothing
    body: type[Asked] | None = None
    takes_key: bool = False
    segments: Mapping[str, Segment] = field(default_factory=dict)
    problems: tuple[int, ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def statuses(self) -> tuple[int, ...]:
        """Every status it may answer with."""
        usual = {400, 401, 405, 429, 503, *self.problems}
        usual |= {403} if self.scope else set()
        usual |= {404} if self.segments else set()
        usual |= {413, 415, 422} if self.body is not None else set()
        return tuple(sorted(usual | set(self.answers)))
