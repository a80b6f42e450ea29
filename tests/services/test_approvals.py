"""Two persons: who plans does not approve, and what was approved is what starts."""

import asyncio
import string
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, update

from gateway.domain.document import Document
from gateway.domain.ramp import Ramp
from gateway.domain.wave import WaveKind, WaveState
from gateway.domain.window import Window
from gateway.services import approvals, sends, users, waves
from gateway.services.approvals import PARTS, digests, fingerprint, mark_of, parts_of
from gateway.services.refusal import Refusal
from gateway.services.sends import Order
from gateway.storage import approvals as rows
from gateway.storage.database import Database
from gateway.storage.schema import approval, mt, wave
from gateway.storage.users import Role
from gateway.storage.waves import Wave
from tests.services.people import NOW
from tests.services.people import rows as rows_of
from tests.services.staff import HUNG, LAN, bound_route, make_user, two_persons, waiting_wave
from tests.services.wave_rows import make_wave, mt_row, the_wave

PAPER = Document("238/KH-UBND", date(2026, 6, 15))
OTHER = bound_route("du-phong", 0)
ROUTES = (bound_route(fallback=("du-phong",)), OTHER)
HOUR = 3_600_000


async def _approve(database: Database, approver, name: str = "dot-1", routes=ROUTES, **more):
    return await approvals.approve(database, routes, name, approver, NOW, **more)


async def _start(database: Database, name: str = "dot-1", routes=ROUTES, now: int = NOW + 1) -> Wave:
    return await waves.start(database, routes, name, now)


async def _change(database: Database, **values: object) -> None:
    await database.write(lambda connection: connection.execute(update(wave).values(**values)))


# --- the fingerprint ---

_WORD = st.text(string.ascii_letters + "ăâêôơưđ ", max_size=12)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | _WORD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORD, inner, max_size=4),
)
_CHANGES: Mapping[str, st.SearchStrategy[Any]] = {
    "name": _WORD,
    "commune": _WORD,
    "kind": st.sampled_from(WaveKind),
    "language": st.sampled_from(["vi", "lo", "en"]),
    "texts": st.dictionaries(st.sampled_from(["vi", "lo", "en"]), _WORD, min_size=1),
    "audience_rule": st.dictionaries(_WORD, _JSON, max_size=4),
    "audience": st.integers(0, 10**6),
    "segments": st.integers(0, 10**6),
    "max_segments": st.integers(1, 4),
    "window": st.builds(Window, st.integers(0, 1439), st.integers(0, 1439)),
    "starts_at": st.integers(0, 2**42),
    "pace_limit": st.none() | st.integers(1, 999),
    "ramp": st.none() | st.builds(Ramp, st.integers(1, 100), st.integers(0, 100), st.integers(0, 999)),
    "cost_ceiling": st.none() | st.integers(0, 10**9),
    "document": st.none() | _WORD,
    "document_date": st.none() | st.dates().map(date.isoformat),
}
_LIFE = {  # what happens to a wave; and who it is, which the approval names beside the hash
    "id", "route", "state", "reason", "ramp_state", "spent", "planner", "planning", "created_at", "started_at", "ended_at",
}  # fmt: skip
_BASE = Wave(
    1, "dot-1", "06577", WaveKind.OWN, "gia-lap", "vi", {"vi": "Tri ân {{ thon }}", "lo": "x"}, WaveState.PLANNED, None, Window(420, 1260),
    0, None, Ramp(1, 5, 600), "trial", 1, {"villages": ["TN01"], "tags": {}}, 12_400, 12_400, 5_000_000, 0, "238/KH-UBND", "2026-06-15",
    7, None, NOW, None, None,
)  # fmt: skip


def test_every_field_of_a_wave_is_frozen_or_part_of_its_life() -> None:
    """A new column must be put on one side or the other. The route is its own test."""
    assert {each.name for each in fields(Wave)} == _LIFE | set(_CHANGES)


@pytest.mark.parametrize("name", _CHANGES)
@given(data=st.data())
def test_any_change_of_a_frozen_field_changes_the_hash(name: str, data: st.DataObject) -> None:
    """And of one part alone: that is what a refusal names."""
    value = data.draw(_CHANGES[name])
    changed = replace(_BASE, **{name: value})
    is_same = getattr(changed, name) == getattr(_BASE, name)
    assert (fingerprint(changed, ROUTES) == fingerprint(_BASE, ROUTES)) is is_same
    other = [part for part, then, now in zip(PARTS, digests(_BASE, ROUTES), digests(changed, ROUTES), strict=True) if then != now]
    assert len(other) == (0 if is_same else 1)


@pytest.mark.parametrize(
    "changes", [{"state": WaveState.RUNNING}, {"spent": 9}, {"ramp_state": "passed"}, {"started_at": 5, "reason": "x"}]
)
def test_its_life_changes_nothing(changes: dict[str, Any]) -> None:
    assert fingerprint(replace(_BASE, **changes), ROUTES) == fingerprint(_BASE, ROUTES)


@pytest.mark.parametrize(
    "changes",
    [
        {"price_vnd": 351}, {"fallback": ()}, {"fallback": ("du-phong", "khac")}, {"prefixes": ("+8496",)}, {"name": "khac"},
        {"account": replace(ROUTES[0].account, sender_id="8099")},
    ],
)  # fmt: skip
def test_a_route_that_changed_is_another(changes: dict[str, Any]) -> None:
    """Also one that only takes over what the first can't reach, or is off now."""
    base = fingerprint(_BASE, ROUTES)
    first = replace(ROUTES[0], **changes)
    assert fingerprint(replace(_BASE, route=first.name), (first, OTHER)) != base
    if "fallback" not in changes and "name" not in changes:
        assert fingerprint(_BASE, (ROUTES[0], replace(OTHER, **changes))) != base
    assert fingerprint(_BASE, ROUTES[:1]) != base


@pytest.mark.parametrize("changes", [{"max_unapproved": 99}, {"concurrency": 9}, {"daily_budget_vnd": 1}, {"on_lost_answer": "ask"}])
def test_what_is_the_operators_is_not_approved(changes: dict[str, Any]) -> None:
    assert fingerprint(_BASE, (replace(ROUTES[0], **changes), OTHER)) == fingerprint(_BASE, ROUTES)


def _turned(value: Any) -> Any:
    """The same JSON, every dictionary filled the other way round."""
    if isinstance(value, dict):
        return {key: _turned(value[key]) for key in reversed(value)}
    return [_turned(each) for each in value] if isinstance(value, list) else value


@given(st.dictionaries(_WORD, _JSON, max_size=5))
def test_order_and_loose_marks_change_nothing(rule: dict[str, Any]) -> None:
    """A dictionary filled in another order, and the same letters decomposed."""
    import unicodedata

    def loose(value: Any) -> Any:
        if isinstance(value, dict):
            return {unicodedata.normalize("NFD", key): loose(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [loose(each) for each in value]
        return unicodedata.normalize("NFD", value) if isinstance(value, str) else value

    first = fingerprint(replace(_BASE, audience_rule=rule), ROUTES)
    assert fingerprint(replace(_BASE, audience_rule=_turned(rule)), ROUTES) == first
    assert fingerprint(replace(_BASE, audience_rule=loose(rule)), ROUTES) == first
    assert fingerprint(_BASE, ROUTES[::-1]) == fingerprint(_BASE, ROUTES)


def test_what_is_shown_of_it() -> None:
    assert (len(fingerprint(_BASE, ROUTES)), mark_of(bytes.fromhex("3fa912cd88e0") + bytes(26))) == (32, "3fa9 12cd 88e0")
    assert tuple(parts_of(_BASE, ROUTES)) == PARTS


# --- approve ---


async def test_two_persons_and_the_wave_starts(database: Database) -> None:
    """The approval names both, the way, the document and the hash; the wave moves in the same transaction."""
    planner, approver = await two_persons(database)
    await waiting_wave(database, planner)
    with pytest.raises(Refusal, match="wave dot-1 is not approved, and route gia-lap takes at most 3 recipients in 24 hours without"):
        await _start(database)
    done = await _approve(database, approver)
    (stored,) = await rows_of(database, approval)
    assert (stored.planner, stored.approver, stored.way, stored.document, stored.at) == (
        planner.id,
        approver.id,
        "passphrase",
        "238/KH-UBND",
        NOW,
    )
    approved = await the_wave(database, "dot-1")
    assert approved.state is WaveState.APPROVED
    assert done.hash == fingerprint(approved, ROUTES) == stored.hash[:32]
    async with database.read() as connection:
        assert await rows.latest(connection, approved.id) == done
    assert (await _start(database)).state is WaveState.RUNNING


async def test_who_may_not_approve(database: Database) -> None:
    planner, approver = await two_persons(database)
    await waiting_wave(database, planner)
    await waiting_wave(database, None, "khong-ten")
    await waiting_wave(database, approver, "tu-lap")
    with pytest.raises(Refusal, match=f"{LAN} is no approver"):
        await _approve(database, planner)
    with pytest.raises(Refusal, match="was planned by nobody named"):
        await _approve(database, approver, "khong-ten")
    with pytest.raises(Refusal, match=f"{HUNG} planned wave tu-lap; another person must approve it"):
        await _approve(database, approver, "tu-lap")
    with pytest.raises(Refusal, match="there is no wave dot-9; tinbao wave list shows all"):
        await _approve(database, approver, "dot-9")
    await users.disable(database, HUNG, NOW)
    with pytest.raises(Refusal, match=f"{HUNG} is no approver"):  # disabled after the passphrase was checked
        await _approve(database, approver)
    assert await rows_of(database, approval) == []


@pytest.mark.parametrize("state", [state for state in WaveState if state is not WaveState.PLANNED])
async def test_only_a_planned_wave_is_approved(database: Database, state: WaveState) -> None:
    planner, approver = await two_persons(database)
    await waiting_wave(database, planner)
    await _approve(database, approver)
    await _change(database, state=state.value)
    with pytest.raises(Refusal, match=f"wave dot-1 is {state.value}"):
        await _approve(database, approver)
    assert (await the_wave(database, "dot-1")).state is state


async def test_no_wave_without_its_document(database: Database) -> None:
    """field.md P8. The approver may name it; it is frozen with the rest."""
    planner, approver = await two_persons(database)
    await waiting_wave(database, planner, document=None, document_date=None)
    with pytest.raises(Refusal, match="names no directing document; add --document 238/KH-UBND"):
        await _approve(database, approver)
    await _approve(database, approver, document=PAPER)
    found = await the_wave(database, "dot-1")
    assert (found.document, found.document_date) == ("238/KH-UBND", "2026-06-15")
    await _change(database, document="239/KH-UBND")
    with pytest.raises(Refusal, match="its document changed since then"):
        await _start(database)


async def test_a_refused_approval_leaves_the_document_alone(database: Database) -> None:
    planner, _ = await two_persons(database)
    await waiting_wave(database, planner, document="1/KH-A")
    with pytest.raises(Refusal):
        await _approve(database, planner, document=PAPER)
    assert (await the_wave(database, "dot-1")).document == "1/KH-A"


async def test_what_was_shown_is_what_is_approved(database: Database) -> None:
    planner, approver = await two_persons(database)
    await waiting_wave(database, planner)
    shown = await approvals.look(database, ROUTES, "dot-1", PAPER)
    assert (shown.cost, shown.planner.name if shown.planner else None, len(shown.mark)) == (5 * 350, LAN, 14)
    assert [(each.language, each.text, each.segments) for each in shown.samples] == [("vi", "Tri an", 1)]
    await _change(database, audience=6)
    with pytest.raises(Refusal, match="changed while it was looked at, nothing is approved"):
        await _approve(database, approver, document=PAPER, seen=shown.hash)
    await _change(database, audience=5)
    await _approve(database, approver, document=PAPER, seen=shown.hash)


async def test_two_approvers_at_once(database: Database) -> None:
    """One approves, the other is told."""
    planner, approver = await two_persons(database)
    second = await make_user(database, "Vi Văn Ba", Role.APPROVER)
    await waiting_wave(database, planner)
    done = await asyncio.gather(_approve(database, approver), _approve(database, second), return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["Approval", "Refusal"]
    assert len(await rows_of(database, approval)) == 1


# --- start ---


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"audience": 6}, "its audience changed"),
        ({"segments": 9}, "its segments changed"),
        ({"cost_ceiling": 1}, "its cost ceiling changed"),
        ({"window_from": 1, "pace_limit": 3}, "its hours and its pace changed"),
    ],
)
async def test_what_changed_is_named_and_must_be_approved_again(database: Database, changes: dict[str, Any], named: str) -> None:
    planner, approver = await two_persons(database)
    await waiting_wave(database, planner)
    await _approve(database, approver)
    await _change(database, **changes)
    with pytest.raises(
        Refusal, match=f"was approved, but {named} since then; a second person must approve it again: tinbao wave approve dot-1"
    ):
        await _start(database)
    await _approve(database, approver)
    assert len(await rows_of(database, approval)) == 2
    await _start(database)


async def test_another_fallback_in_gateway_toml_is_another_route(database: Database) -> None:
    planner, approver = await two_persons(database)
    await waiting_wave(database, planner)
    await _approve(database, approver)
    with pytest.raises(Refusal, match="its route changed since then"):
        await _start(database, routes=(bound_route(), OTHER))
    await _start(database)


async def test_an_approval_of_another_release_is_only_called_changed(database: Database) -> None:
    """It hashed other parts: which changed, nobody can say."""
    planner, approver = await two_persons(database)
    await waiting_wave(database, planner)
    await _approve(database, approver)
    await database.write(lambda connection: connection.execute(update(approval).values(hash=bytes(32) + bytes(64))))
    with pytest.raises(Refusal, match="something in it changed since then"):
        await _start(database)


async def test_opt_outs_may_shrink_it_and_nothing_may_make_it_larger(database: Database) -> None:
    """The count frozen at planning is compared, not what is left of it; a message that was slipped in stops the start."""
    planner, approver = await two_persons(database)
    found = await waiting_wave(database, planner)
    await _approve(database, approver)
    await database.write(lambda connection: connection.execute(update(mt).where(mt.c.wave == found.id).values(state="suppressed")))
    extra = mt_row(found.id, "gia-lap", "queued", {})
    await database.write(lambda connection: connection.execute(insert(mt).values(**extra)))
    with pytest.raises(Refusal, match="wave dot-1 has 6 messages, 5 were planned; cancel it and plan it anew"):
        await _start(database)
    await database.write(lambda connection: connection.execute(mt.delete().where(mt.c.ref == extra["ref"])))
    await _start(database)


async def test_a_small_wave_does_not_count_against_itself(database: Database) -> None:
    """It is asked about again when it goes on after a pause."""
    await make_wave(database, "nho", mts={"queued": 3})
    await _start(database, "nho")
    async with database.read() as connection:
        await approvals.require(connection, await the_wave(database, "nho"), ROUTES, NOW + 2)
        assert await approvals.unapproved_room(connection, ROUTES[0], NOW + 2) == 0


# --- without approval ---


async def _send(database: Database, people: int, now: int, first: int = 0, id_: str | None = None, name: str = "gia-lap") -> sends.Taken:
    from gateway.domain.msisdn import Msisdn

    numbers = tuple(Msisdn(f"+84300700{first + at:03}") for at in range(people))
    return await sends.enqueue(database, bound_route(name), Order(id_ or f"s{now}{first}", numbers, "Chao"), now)


async def test_all_doors_share_one_limit(database: Database) -> None:
    """Two by hand, one by a small wave: nothing is left for a fourth, by whichever door; a day later there is again."""
    await _send(database, 2, NOW)
    await make_wave(database, "mot", mts={"queued": 1})
    await make_wave(database, "hai", mts={"queued": 1})
    await _start(database, "mot")
    with pytest.raises(Refusal, match="takes at most 3 recipients in 24 hours without approval, 3 are used"):
        await _start(database, "hai")
    with pytest.raises(Refusal, match="takes at most 3 recipients in 24 hours without an approved wave, 3 are used"):
        await _send(database, 1, NOW + 1, first=9)
    await _change(database, ended_at=NOW + HOUR)
    later = NOW + 25 * HOUR
    with pytest.raises(Refusal, match="1 are used"):  # the small wave counts until a day after its end
        await _send(database, 3, later - 1, first=20)
    await _send(database, 3, later + 1, first=20)


async def test_approved_waves_replies_and_other_routes_take_no_room(database: Database) -> None:
    planner, approver = await two_persons(database)
    await waiting_wave(database, planner)
    await _approve(database, approver)
    await _start(database)
    reply = mt_row(0, "gia-lap", "queued", {"reply_to": 1, "lane": 1})
    away = mt_row(0, "khac", "queued", {"send_id": "x"})
    for row in (reply, away):
        await database.write(lambda connection, row=row: connection.execute(insert(mt).values(**row)))
    async with database.read() as connection:
        assert await approvals.unapproved_room(connection, bound_route(), NOW + 1) == 3
        assert await approvals.unapproved_room(connection, bound_route(limit=0), NOW + 1) is None


async def test_what_moved_to_a_fallback_still_counts_where_it_came_in(database: Database) -> None:
    moved = mt_row(0, "du-phong", "queued", {"send_id": "x", "origin": "gia-lap"})
    await database.write(lambda connection: connection.execute(insert(mt).values(**moved)))
    async with database.read() as connection:
        assert await approvals.unapproved_room(connection, bound_route(), NOW) == 2
        assert await approvals.unapproved_room(connection, bound_route("du-phong"), NOW) == 2


async def test_the_same_id_again_takes_no_room(database: Database) -> None:
    """A command that is repeated after a broken line is not refused for what it did before."""
    assert (await _send(database, 3, NOW, id_="nhac")).accepted == 3
    again = await _send(database, 3, NOW + 1, id_="nhac")
    assert (again.accepted, again.again) == (0, 3)
    with pytest.raises(Refusal, match="3 are used"):
        await _send(database, 1, NOW + 2, first=5)


async def test_two_doors_at_once_do_not_both_get_the_last_place(database: Database) -> None:
    await _send(database, 2, NOW)
    done = await asyncio.gather(*(_send(database, 1, NOW + at, first=10 * at) for at in range(1, 9)), return_exceptions=True)
    assert [type(each).__name__ for each in done].count("Taken") == 1
    assert len(await rows_of(database, mt)) == 3


async def test_a_large_send_is_refused_before_it_is_stored(database: Database) -> None:
    with pytest.raises(Refusal, match="takes at most 3 recipients"):
        await _send(database, 4, NOW)
    assert await rows_of(database, mt) == []


async def test_a_partners_wave_always_needs_a_second_person(database: Database) -> None:
    """How many it reaches, nobody here can count."""
    planner, approver = await two_persons(database)
    await make_wave(database, "vung", kind="partner", planner=planner.id, document="238/KH-UBND", document_date="2026-06-15")
    wave_ = await the_wave(database, "vung")
    async with database.read() as connection:
        with pytest.raises(Refusal, match="goes to the subscribers of an area and is not approved"):
            await approvals.require(connection, wave_, ROUTES, NOW)
    await _approve(database, approver, "vung")
    async with database.read() as connection:
        await approvals.require(connection, await the_wave(database, "vung"), ROUTES, NOW)
