"""What outside systems send through us: the same rules as a direct send, many at once, each with an answer of its own.

One transaction takes all of a call. A message that can't go is refused alone and says why; the others go. A client's own `reference` makes
a repeat harmless: the same one to the same person is the same MT.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.caps import DAY_MS
from gateway.domain.fold import nfc
from gateway.domain.msisdn import Msisdn
from gateway.domain.operator import Operators
from gateway.domain.segments import segments_of
from gateway.services import approvals
from gateway.services.clients import Client
from gateway.services.mt_reports import WantedReport, want_reports
from gateway.services.refusal import Refusal
from gateway.services.routes import Route
from gateway.services.routing import Around, around, choose
from gateway.services.sends import no_room, stopped
from gateway.storage import clients, outbox, outside
from gateway.storage.database import Database
from gateway.storage.outbox import AT_ONCE, NewMt
from gateway.storage.outside import StoredMt
from gateway.storage.seal import Keyring

MOST_SEGMENTS: Final = 10  # of one text: about what phones still put together
MOST_LATER_MS: Final = 7 * DAY_MS  # how far ahead a text may be ordered
MINUTE_MS: Final = 60_000
MOST_VALIDITY_MIN: Final = MOST_LATER_MS // MINUTE_MS


class Denied(Refusal):
    """The person said stop, or stands on the block list."""


class NoRoute(Refusal):
    """No route carries this number, or not for this client."""


class NoRoom(Refusal):
    """The route takes no more today without an approved wave."""


class BadText(Refusal):
    """The text, or when it should go, can't be taken as it is."""


@dataclass(frozen=True, slots=True)
class Report:
    """What the client wants to be told of one MT. `mask`: Kannel's sum of 1 delivered, 2 failed, 4 buffered, 8 accepted, 16 rejected.

    `url`: with Kannel's escapes, or what `JasminReport` makes of one.
    """

    mask: int
    url: str = field(repr=False)
    method: Literal["GET", "POST"] = "GET"


@dataclass(frozen=True, slots=True)
class Outside:
    """One text to one person. `due_at_ms`: not before; `validity_min`: tried so long from when it is due; `reference`: the client's own."""

    to: Msisdn
    text: str = field(repr=False)
    due_at_ms: int | None = None
    validity_min: int | None = None
    route: str | None = None
    reference: str | None = field(default=None, repr=False)
    report: Report | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """In the outbox. `mt`: its id; `ref`: our name of it; `again`: it was there already under the client's reference."""

    mt: int
    ref: str
    route: str
    segments: int
    again: bool = False


@dataclass(slots=True)
class _Draft:
    """A message on its way through the rules: `refused`, or `found` as an MT, which may be of before."""

    outside: Outside
    bidx: bytes = field(repr=False)
    send_id: str | None
    text: str = field(repr=False)
    route: Route | None = None
    found: StoredMt | None = None
    is_new: bool = False
    refused: Refusal | None = None
    first: "_Draft | None" = None  # the same reference to the same person, earlier in this call

    @property
    def is_open(self) -> bool:
        return self.refused is None and self.found is None


async def enqueue_for(
    database: Database, routes: Sequence[Route], client: Client, messages: Sequence[Outside], now: int
) -> tuple[Taken | Refusal, ...]:
    """Put `messages` of `client` into the outbox in one transaction; an answer for each, in order. Raises StorageDown."""
    return await database.write(lambda connection: enqueue_in(connection, database.keyring, routes, client, messages, now))


async def enqueue_in(
    connection: AsyncConnection,
    keyring: Keyring,
    routes: Sequence[Route],
    client: Client,
    messages: Sequence[Outside],
    now: int,
) -> tuple[Taken | Refusal, ...]:
    """`enqueue_for` in the caller's transaction."""
    seen = await seen_by(connection, keyring, client, messages, now)
    drafts = [_draft(keyring, routes, client, each, seen, now) for each in messages]
    first = _firsts(drafts)
    await _find_again(connection, first)
    await _leave_out_the_unwilling(connection, first)
    await _keep_within_limits(connection, first, now)
    await _store(connection, client, first, now)
    await _find_again(connection, first)  # what another process stored under the same reference meanwhile
    return tuple(map(_answer, drafts))


async def seen_by(connection: AsyncConnection, keyring: Keyring, client: Client, messages: Sequence[Outside], now: int) -> Around:
    """What a choice of routes looks at; where none is to be made, nothing is asked."""
    free = [each.to for each in messages if not client.route and not each.route]
    operators: Operators = connection.dialect.operators  # type: ignore[attr-defined] # set where the engine is made
    return await around(connection, keyring, operators, free, now) if free else Around()


def _draft(keyring: Keyring, routes: Sequence[Route], client: Client, outside: Outside, seen: Around, now: int) -> _Draft:
    named = None if outside.reference is None else keyring.blind(f"{client.id}/{outside.reference}", "client.reference").hex()
    send_id = None if named is None else f"client-{named[:40]}"
    draft = _Draft(outside, keyring.blind(outside.to.e164, "msisdn"), send_id, nfc(outside.text))
    try:
        _check(outside, draft.text, now)
        draft.route = route_for(routes, client, outside, seen)
    except Refusal as refused:
        draft.refused = refused
    return draft


def _check(outside: Outside, text: str, now: int) -> None:
    if not text.strip():
        raise BadText("the text is empty; write one")
    if "\0" in text:
        raise BadText("the text holds a NUL, which no phone shows; leave it out")
    if (needed := segments_of(text)) > MOST_SEGMENTS:
        raise BadText(f"the text needs {needed} segments and a door takes {MOST_SEGMENTS}; shorten it, or send it in two")
    if outside.due_at_ms is not None and outside.due_at_ms > now + MOST_LATER_MS:
        raise BadText("a text may be ordered for 7 days ahead at most; send it later")
    if outside.validity_min is not None and not 1 <= outside.validity_min <= MOST_VALIDITY_MIN:
        raise BadText("a validity is between 1 minute and 7 days; leave it out for a day")


def route_for(routes: Sequence[Route], client: Client, outside: Outside, seen: Around) -> Route:
    """By which route a message of `client` goes: the client's own, else the one it names, else the best. Raises NoRoute."""
    if client.route and outside.route and outside.route != client.route:
        raise NoRoute(f"{client.name} sends by route {client.route} alone; leave the route out")
    if name := client.route or outside.route:
        named = next((route for route in routes if route.name == name), None)
        if named is None:
            raise NoRoute("the route of this call is not enabled; leave it out, or ask the operator of this gateway")
        if not named.reaches(outside.to):
            raise NoRoute("the route of this call does not reach that number; leave it out, or ask the operator of this gateway")
        return named
    if (found := choose(routes, outside.to, outside.text, seen=seen).route) is None:
        raise NoRoute("no route takes this text to that number; ask the operator of this gateway")
    return found


def _firsts(drafts: Sequence[_Draft]) -> list[_Draft]:
    """`drafts` without those that repeat an earlier one of the same call, which they point to from now on."""
    by_key: dict[tuple[str, bytes], _Draft] = {}
    for draft in drafts:
        if draft.send_id is not None and (first := by_key.setdefault((draft.send_id, draft.bidx), draft)) is not draft:
            draft.first = first
    return [each for each in drafts if each.first is None]


async def _find_again(connection: AsyncConnection, drafts: Sequence[_Draft]) -> None:
    """What a client sends again under the same reference is the MT that it was."""
    named = {(each.send_id, each.bidx): each for each in drafts if each.send_id is not None and each.is_open}
    before = await outside.by_send_ids(connection, {send_id for send_id, _ in named if send_id is not None})
    for key, draft in named.items():
        found = before.get(key)
        if found is not None and found.body == draft.text:
            draft.found = found
        elif found is not None:
            draft.refused = _other_text()


def _other_text() -> BadText:
    return BadText("this reference was used for another text to this person; take a new one")


async def _leave_out_the_unwilling(connection: AsyncConnection, drafts: Sequence[_Draft]) -> None:
    unwilling = await stopped(connection, list({each.bidx for each in drafts if each.is_open}))
    for draft in drafts:
        if draft.is_open and draft.bidx in unwilling:
            draft.refused = Denied("this person wants no messages; take them off the list")


async def _keep_within_limits(connection: AsyncConnection, drafts: Sequence[_Draft], now: int) -> None:
    """`max_unapproved` of each route, asked in the order of their names: two calls must not wait for each other crosswise."""
    for route in sorted({each.route for each in drafts if each.is_open and each.route}, key=lambda route: route.name):
        room = await approvals.unapproved_room(connection, route, now)
        going = [each for each in drafts if each.is_open and each.route is route]
        for draft in [] if room is None else going[room:]:
            draft.refused = NoRoom(no_room(route, room or 0))


async def _store(connection: AsyncConnection, client: Client, drafts: Sequence[_Draft], now: int) -> None:
    going = [each for each in drafts if each.is_open]
    if not going:
        return
    mts = [_mt(ref, draft, now) for ref, draft in zip(outbox.new_refs(len(going)), going, strict=True)]
    await outbox.enqueue(connection, mts, now)
    stored = await outside.by_refs(connection, [each.ref for each in mts])
    await clients.own(connection, client, sorted(each.id for each in stored.values()))
    for mt, draft in zip(mts, going, strict=True):
        if (found := stored.get(mt.ref)) is not None:
            draft.found, draft.is_new = found, True
    await want_reports(connection, client, [wanted(each.found.id, each.outside) for each in going if each.found is not None], now)


def _mt(ref: str, draft: _Draft, now: int) -> NewMt:
    due = draft.outside.due_at_ms if draft.outside.due_at_ms is not None and draft.outside.due_at_ms > now else AT_ONCE
    life = DAY_MS if draft.outside.validity_min is None else draft.outside.validity_min * MINUTE_MS
    route = draft.route.name if draft.route else ""
    return NewMt(
        ref, draft.outside.to, draft.bidx, route, segments_of(draft.text), due, max(due, now) + life,
        send_id=draft.send_id, body=draft.text,
    )  # fmt: skip


def wanted(mt: int, outside: Outside) -> WantedReport:
    """What the client is to be told of the MT that `outside` became."""
    report = outside.report
    return (
        WantedReport(mt, report.mask, report.url, report.method, outside.reference)
        if report
        else WantedReport(mt, reference=outside.reference)
    )


def _answer(draft: _Draft) -> Taken | Refusal:
    if draft.first is not None:
        told = _answer(draft.first) if draft.first.text == draft.text else _other_text()
        return replace(told, again=True) if isinstance(told, Taken) else told
    if draft.refused is not None:
        return draft.refused
    if draft.found is None:
        return Refusal("the message could not be stored; send it again")
    return Taken(draft.found.id, draft.found.ref, draft.found.route, draft.found.segments, not draft.is_new)
