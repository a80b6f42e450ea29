"""Two persons (ADR 0017): who plans a wave does not approve it, and what was approved is what starts.

An approval keeps a fingerprint of all that the approver saw; `require` computes it again. What may go without one is counted over all
doors together (`unapproved_room`).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.caps import DAY_MS
from gateway.domain.cost import cost_vnd
from gateway.domain.document import Document
from gateway.domain.fold import nfc
from gateway.domain.segments import segments_of
from gateway.domain.wave import WaveKind, WaveState
from gateway.services.refusal import Refusal
from gateway.services.routes import Route, route_named
from gateway.services.texts import render
from gateway.storage import approvals as rows
from gateway.storage import users, wave_mts, waves
from gateway.storage.approvals import Approval, NewApproval
from gateway.storage.database import Database
from gateway.storage.users import Role, User
from gateway.storage.waves import Wave

PASSPHRASE: Final = "passphrase"  # noqa: S105 # a way to approve
SMS: Final = "sms"
MARK: Final = 12  # characters of a fingerprint that people compare
PARTS: Final = ("name", "texts", "audience", "segments", "hours", "pace", "route", "cost ceiling", "document")


# --- the fingerprint ---


def parts_of(wave: Wave, routes: Sequence[Route]) -> dict[str, object]:
    """What an approval freezes, as JSON values by `PARTS`. Raises Refusal where the wave's route is not enabled.

    What a person's text is filled in with lies sealed in the MTs since planning, where no command changes it; the pace of the contract
    and the daily budget of the route are the operator's, and can only slow a wave.
    """
    return {
        "name": [wave.name, wave.commune, wave.kind.value],
        "texts": {"first": wave.language, "texts": dict(wave.texts)},
        "audience": {"rule": dict(wave.audience_rule), "count": wave.audience},
        "segments": {"all": wave.segments, "most": wave.max_segments},
        "hours": {"window": [wave.window.first, wave.window.last], "starts_at": wave.starts_at},
        "pace": {"limit": wave.pace_limit, "ramp": _ramp(wave)},
        "route": _ways(route_named(routes, wave.route), routes),
        "cost ceiling": wave.cost_ceiling,
        "document": [wave.document, wave.document_date],
    }


def fingerprint(wave: Wave, routes: Sequence[Route]) -> bytes:
    """SHA-256 of the digests of all parts, 32 bytes. Raises Refusal."""
    return _whole(digests(wave, routes))


def digests(wave: Wave, routes: Sequence[Route]) -> tuple[bytes, ...]:
    """SHA-256 of each part's canonical JSON, in the order of `PARTS`. Raises Refusal."""
    found = parts_of(wave, routes)
    return tuple(hashlib.sha256(_canonical([name, found[name]])).digest() for name in PARTS)


def mark_of(hash_: bytes) -> str:
    """The first characters of a fingerprint, in groups that can be read aloud: "3fa9 12cd 88e0"."""
    shown = hash_.hex()[:MARK]
    return " ".join(shown[at : at + 4] for at in range(0, MARK, 4))


def _whole(parts: Sequence[bytes]) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def _ramp(wave: Wave) -> list[float] | None:
    ramp = wave.ramp
    return [float(ramp.percent), float(ramp.abort_percent), float(ramp.wait_s)] if ramp else None


def _ways(route: Route, routes: Sequence[Route]) -> list[object]:
    """The route and those that take over what it can't reach. Where a gateway listens and what it is told to log in is the operator's."""
    enabled = {each.name: each for each in routes}
    return [_way(name, enabled.get(name)) for name in (route.name, *route.fallback)]


def _way(name: str, route: Route | None) -> list[object]:
    if route is None:
        return [name]
    return [name, route.carrier.NAME, route.account.sender_id, route.price_vnd, list(route.prefixes)]


def _canonical(value: object) -> bytes:
    """One spelling of a JSON value: sorted keys, NFC, no blanks. The order in which a dictionary was filled says nothing."""
    return json.dumps(_composed(value), sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _composed(value: Any) -> Any:  # Any: JSON
    if isinstance(value, str):
        return nfc(value)
    if isinstance(value, Mapping):
        return {nfc(str(key)): _composed(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_composed(inner) for inner in value]
    return value


# --- what may go ---


async def unapproved_room(connection: AsyncConnection, route: Route, now: int, besides: int = 0) -> int | None:
    """How many recipients `route` may still reach without an approved wave; None: any number. Never less than 0.

    All doors of the last 24 hours are counted together, or many small sends would make a wave. Who asks holds the doors until its
    transaction ends, so that two that ask at once don't both get the last place. `besides`: a wave that is not counted.
    """
    if not route.max_unapproved:
        return None
    await rows.take_turns(connection, route.name)
    return max(0, route.max_unapproved - await rows.reached_unapproved(connection, route.name, now - DAY_MS, besides))


async def require(connection: AsyncConnection, wave: Wave, routes: Sequence[Route], now: int) -> None:
    """Raises Refusal unless `wave` may go: approved and unchanged since, or never approved and small enough to need none.

    Opt-outs, blocks and caps take MTs out of a wave; more than were approved it may not have.
    """
    route = route_named(routes, wave.route)
    approval = await rows.latest(connection, wave.id)
    if approval is not None:
        _must_fit(wave, approval, digests(wave, routes))
    else:
        await _must_be_small(connection, wave, route, now)
    if (count := await rows.members(connection, wave.id)) > wave.audience:
        raise Refusal(f"wave {wave.name} has {count} messages, {wave.audience} were planned; cancel it and plan it anew")


def _must_fit(wave: Wave, approval: Approval, now: Sequence[bytes]) -> None:
    if approval.hash == _whole(now):
        return
    known = approval.parts if len(approval.parts) == len(now) else ()
    other = [name for name, then, here in zip(PARTS, known, now, strict=False) if then != here]
    what = f"its {' and its '.join(other)} changed" if other else "something in it changed"
    raise Refusal(f"wave {wave.name} was approved, but {what} since then; a second person must approve it again: {_remedy(wave)}")


async def _must_be_small(connection: AsyncConnection, wave: Wave, route: Route, now: int) -> None:
    room = await unapproved_room(connection, route, now, besides=wave.id)
    if room is None:
        return
    if wave.kind is WaveKind.PARTNER:  # how many the partner reaches, nobody here can count
        who = "the subscribers of an area"
        raise Refusal(f"wave {wave.name} goes to {who} and is not approved; a second person approves it: {_remedy(wave)}")
    if wave.audience > room:
        raise Refusal(
            f"wave {wave.name} is not approved, and route {route.name} takes at most {route.max_unapproved} recipients in 24 hours without "
            f"approval, {route.max_unapproved - room} are used; a second person approves it: {_remedy(wave)}"
        )


def _remedy(wave: Wave) -> str:
    return f"tinbao wave approve {wave.name} --as NAME"


# --- looking and approving ---


@dataclass(frozen=True, slots=True)
class Sample:
    """One text as a person will read it."""

    language: str
    text: str = field(repr=False)
    segments: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """What an approver is shown. `wave` has the document that is to be approved with it; `cost` VND, `hash` the fingerprint."""

    wave: Wave
    route: Route
    planner: User | None
    cost: int
    samples: tuple[Sample, ...]
    hash: bytes

    @property
    def mark(self) -> str:
        """What people compare."""
        return mark_of(self.hash)


async def look(database: Database, routes: Sequence[Route], name: str, document: Document | None = None) -> Proposal:
    """What there is to approve, with `document` in place of the wave's own. Raises Refusal."""
    async with database.read() as connection:
        wave = _with(await _found(connection, name), document)
        route = route_named(routes, wave.route)
        planner = await users.by_id(connection, wave.planner) if wave.planner is not None else None
        samples = [sample for language in wave.texts if (sample := await _sample(connection, wave, language))]
    return Proposal(wave, route, planner, cost_vnd(wave.segments, route.price_vnd), tuple(samples), fingerprint(wave, routes))


async def _sample(connection: AsyncConnection, wave: Wave, language: str) -> Sample | None:
    parameters = await rows.sample(connection, wave.id, language, language == wave.language)
    if parameters is None:
        return None
    text = render(wave.texts[language], parameters)
    return Sample(language, text, segments_of(text))


def _with(wave: Wave, document: Document | None) -> Wave:
    return replace(wave, document=document.number, document_date=document.day.isoformat()) if document else wave


async def _found(connection: AsyncConnection, name: str) -> Wave:
    wave = await waves.find(connection, name)
    if wave is None:
        raise Refusal(f"there is no wave {name}; tinbao wave list shows all")
    return wave


async def approve(
    database: Database,
    routes: Sequence[Route],
    name: str,
    approver: User,
    now: int,
    *,
    way: str = PASSPHRASE,
    document: Document | None = None,
    seen: bytes | None = None,
) -> Approval:
    """Approve a wave; `approver` has just been checked. `seen`: the fingerprint that was shown. Raises Refusal."""

    async def unit(connection: AsyncConnection) -> Approval:
        wave = await proposed(connection, routes, name, approver.id, document)
        return await record(connection, wave, routes, approver, now, way, seen)

    return await database.write(unit)


async def proposed(
    connection: AsyncConnection, routes: Sequence[Route], name: str, approver_id: int, document: Document | None = None
) -> Wave:
    """The wave, locked and with its document, if that user may approve it now. Raises Refusal."""
    id_ = await wave_mts.lock(connection, name)
    if document is not None and id_ is not None:
        await rows.set_document(connection, id_, document.number, document.day.isoformat())
    wave = await _found(connection, name)
    await _may_approve(connection, wave, approver_id)
    await _waits(connection, wave, routes)
    if not wave.document or not wave.document_date:
        raise Refusal(f"wave {name} names no directing document; add --document 238/KH-UBND --document-date 2026-06-15")
    return wave


async def _may_approve(connection: AsyncConnection, wave: Wave, approver_id: int) -> None:
    user = await users.by_id(connection, approver_id)
    if user is None or not user.is_enabled or Role.APPROVER not in user.roles:
        raise Refusal(f"{user.name if user else 'this user'} is no approver; tinbao users list shows who is")
    if wave.planner is None:
        raise Refusal(f"wave {wave.name} was planned by nobody named, so nobody can be the second; plan it anew with --as NAME")
    if wave.planner == user.id:
        raise Refusal(f"{user.name} planned wave {wave.name}; another person must approve it")


async def _waits(connection: AsyncConnection, wave: Wave, routes: Sequence[Route]) -> None:
    """It waits for approval: planned, or approved once and changed since then."""
    if wave.state is WaveState.PLANNED:
        return
    if wave.state is WaveState.APPROVED:
        approval = await rows.latest(connection, wave.id)
        if approval is None or approval.hash != fingerprint(wave, routes):
            return
    raise Refusal(f"wave {wave.name} is {wave.state.value}{' already' if wave.state is not WaveState.PLANNING else ''}")


async def record(
    connection: AsyncConnection, wave: Wave, routes: Sequence[Route], approver: User, now: int, way: str, seen: bytes | None
) -> Approval:
    """Approve what `proposed` gave, in its transaction. Raises Refusal where it is not what was `seen`."""
    parts = digests(wave, routes)
    if seen is not None and seen != _whole(parts):
        raise Refusal(f"wave {wave.name} changed while it was looked at, nothing is approved; look again: {_remedy(wave)}")
    if wave.state is WaveState.APPROVED:
        await waves.move(connection, wave.id, WaveState.PLANNED, now)
    await waves.move(connection, wave.id, WaveState.APPROVED, now)
    new = NewApproval(wave.id, wave.planner or 0, approver.id, way, _whole(parts), parts, wave.document or "", wave.document_date or "")
    id_ = await rows.add(connection, new, now)
    await rows.end_codes(connection, wave.id, now)
    return Approval(id_, new.wave, new.planner, new.approver, way, new.hash, tuple(new.parts), new.document, new.document_date, now)
