"""A case from its tips to its result: legal moves, collisions, communes, and counters that rest on rows."""

import asyncio

import pytest
from sqlalchemy import text

from gateway.domain.case_file import CaseState, Outcome, Safety
from gateway.domain.permission import Elsewhere, Forbidden, Role
from gateway.services.casework import cases
from gateway.services.casework.common import read_spot
from gateway.services.refusal import Refusal
from gateway.storage import cases as rows
from gateway.storage.database import Database
from tests.services.casework.people import HERE, THERE, ZONE, came_to, officer, opened, searched, told, verifier, version
from tests.services.people import ALICE, BINH, NOW, deployment


async def test_from_a_tip_to_remains_recovered(database: Database) -> None:
    """The whole way; every step stands in the history with who did it."""
    actor = await verifier(database)
    case = await opened(database, actor)
    await searched(database, actor, case)
    await came_to(database, actor, case, Outcome.COORDINATE)
    await came_to(database, actor, case, Outcome.RECOVERED, 2)
    await came_to(database, actor, case, Outcome.IDENTIFIED)
    await cases.close(database, actor, case, await version(database, actor, case), "Đã quy tập về nghĩa trang xã", NOW)
    shown = await cases.show_case(database, actor, case)
    assert shown.case.state is CaseState.CLOSED
    assert shown.case.number == "HS-2026-0001"
    assert [each.kind for each in shown.history] == [
        "opened", "field work planned", "field work done, clear", "outcome coordinate", "outcome recovered", "outcome identified", "closed",
    ]  # fmt: skip
    assert {each.who for each in shown.history} == {actor.name}


async def test_the_counters_are_backed_by_cases(database: Database) -> None:
    """Each figure is the sum of rows that name their case; a withdrawn row is read but not counted."""
    actor = await verifier(database)
    first, second = await opened(database, actor), await opened(database, actor)
    for case, count in ((first, 2), (second, 3)):
        await searched(database, actor, case)
        await came_to(database, actor, case, Outcome.COORDINATE)
        await came_to(database, actor, case, Outcome.RECOVERED, count)
    shown = await cases.show_case(database, actor, second)
    await cases.withdraw_outcome(database, actor, second, shown.case.version, shown.outcomes[1].id, "Ghi nhầm hồ sơ", NOW)
    async with database.read() as connection:
        found = await rows.outcomes(connection, HERE, NOW - 1, NOW + 1)
        elsewhere = await rows.outcomes(connection, THERE, NOW - 1, NOW + 1)
        before = await rows.outcomes(connection, None, 0, NOW)
    assert (found.coordinates, found.recovered, found.identified, found.searched_in_vain) == (2, 2, 0, 0)
    assert sum(count for _, kind, count in found.cases if kind is Outcome.RECOVERED) == found.recovered
    assert {number for number, _, _ in found.cases} == {"HS-2026-0001", "HS-2026-0002"}
    assert (elsewhere.coordinates, before.coordinates) == (0, 0)
    assert (await cases.show_case(database, actor, second)).outcomes[1].withdrawn_at == NOW


async def test_nothing_comes_of_a_case_before_the_ground_is_clear(database: Database) -> None:
    """No field work, field work that met ordnance: no result either way."""
    actor = await verifier(database)
    case = await opened(database, actor)
    with pytest.raises(Refusal, match="khảo sát"):
        await came_to(database, actor, case, Outcome.COORDINATE)
    await searched(database, actor, case, Safety.ORDNANCE)
    with pytest.raises(Refusal, match="bom mìn"):
        await came_to(database, actor, case, Outcome.RECOVERED)
    await searched(database, actor, case)
    await came_to(database, actor, case, Outcome.RECOVERED)


async def test_no_more_are_identified_than_were_recovered(database: Database) -> None:
    actor = await verifier(database)
    case = await opened(database, actor)
    await searched(database, actor, case)
    await came_to(database, actor, case, Outcome.RECOVERED)
    with pytest.raises(Refusal, match="nhiều hơn"):
        await came_to(database, actor, case, Outcome.IDENTIFIED, 2)
    await came_to(database, actor, case, Outcome.IDENTIFIED)
    shown = await cases.show_case(database, actor, case)
    with pytest.raises(Refusal, match="nhiều hơn"):
        await cases.withdraw_outcome(database, actor, case, shown.case.version, shown.outcomes[0].id, "nhầm", NOW)
    assert (await cases.show_case(database, actor, case)).outcomes[0].withdrawn_at is None  # the refusal ended the transaction
    with pytest.raises(Refusal, match="rút"):
        await came_to(database, actor, case, Outcome.NOTHING)


async def test_a_closed_case_is_touched_only_to_open_it_again(database: Database) -> None:
    actor = await verifier(database)
    case = await opened(database, actor)
    await cases.close(database, actor, case, 1, "Trùng với hồ sơ khác", NOW)
    other = await told(database)
    with pytest.raises(Refusal, match="mở lại"):
        await cases.add_tip(database, actor, case, 2, other, NOW)
    with pytest.raises(Refusal, match="bước khác"):
        await cases.close(database, actor, case, 2, "lần nữa", NOW)
    with pytest.raises(Refusal, match="lý do"):
        await cases.reopen(database, actor, case, 2, "  ", NOW)
    await cases.reopen(database, actor, case, 2, "Có tin mới", NOW)
    await cases.add_tip(database, actor, case, 3, other, NOW)
    shown = await cases.show_case(database, actor, case)
    assert shown.case.state is CaseState.OPEN
    assert [each.kind for each in shown.history] == ["opened", "closed", "reopened", "tip added"]


async def test_of_two_who_act_at_once_one_is_told(database: Database) -> None:
    """Ten who close the same version: one does, nine are refused, one event."""
    actor = await verifier(database)
    case = await opened(database, actor)
    tries = [cases.close(database, actor, case, 1, f"lần {n}", NOW) for n in range(10)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(answer is None for answer in answers) == 1
    assert sum(isinstance(answer, Refusal) for answer in answers) == 9
    assert [each.kind for each in (await cases.show_case(database, actor, case)).history] == ["opened", "closed"]


async def test_of_two_who_open_a_case_of_one_tip_one_is_told(database: Database) -> None:
    """A tip belongs to one case; what is refused leaves nothing behind, not even a number in the register."""
    one, other = await verifier(database), await verifier(database, "Lý Thị Ví")
    code = await told(database)
    answers = await asyncio.gather(*(opened(database, each, code) for each in (one, other)), return_exceptions=True)
    assert sorted(type(answer) for answer in answers if not isinstance(answer, int)) == [Refusal]
    listed = await cases.list_cases(database, one, list(CaseState))
    assert [each.number for each in listed] == ["HS-2026-0001"]
    await opened(database, one)
    assert (await cases.list_cases(database, one, list(CaseState)))[0].number == "HS-2026-0002"


async def test_numbers_of_a_register_are_given_out_once(database: Database) -> None:
    actor = await verifier(database)
    codes = [await told(database) for _ in range(8)]
    await asyncio.gather(*(opened(database, actor, code) for code in codes))
    listed = await cases.list_cases(database, actor, list(CaseState))
    assert sorted(each.number for each in listed) == [f"HS-2026-{n:04}" for n in range(1, 9)]


async def test_another_commune_does_not_exist(database: Database) -> None:
    """Each door of the use cases refuses by the commune of the row, whatever the page did."""
    mine, stranger = await verifier(database), await verifier(database, "Mã Thị Định", THERE)
    case = await opened(database, mine)
    assert await cases.list_cases(database, stranger, list(CaseState)) == []
    for ask in (
        cases.show_case(database, stranger, case),
        cases.close(database, stranger, case, 1, "x", NOW),
        cases.note(database, stranger, case, 1, "x", NOW),
        cases.show_case(database, stranger, 999),
    ):
        with pytest.raises(Elsewhere):
            await ask
    theirs = await told(database)
    with pytest.raises(Refusal, match="Không có tin"):
        await cases.open_case(database, stranger, [theirs], "Mượn tin", ZONE, NOW)


@pytest.mark.parametrize("role", [Role.PLANNER, Role.APPROVER, Role.PRINT, Role.REPORTER, Role.ADMINISTRATOR, Role.PROVINCE])
async def test_other_roles_see_no_cases(database: Database, role: Role) -> None:
    actor, mine = await officer(database, "Bế Văn Giả", role), await verifier(database)
    case = await opened(database, mine)
    for ask in (cases.list_cases(database, actor, list(CaseState)), cases.show_case(database, actor, case)):
        with pytest.raises(Forbidden):
            await ask


async def test_a_reader_reads_and_does_not_work(database: Database) -> None:
    reader, mine = await officer(database, "Đàm Thị Lệ", Role.READER), await verifier(database)
    case = await opened(database, mine)
    assert (await cases.show_case(database, reader, case)).case.id == case
    with pytest.raises(Forbidden):
        await cases.note(database, reader, case, 1, "x", NOW)


async def test_who_told_first(database: Database) -> None:
    """By the time it reached us; the same person keeps the rank; nearness and staff's clock are said."""
    actor = await verifier(database)
    second = await told(database, sender=BINH, at=NOW + 60_000)
    first = await told(database, sender=ALICE, at=NOW)
    again = await told(database, sender=ALICE, at=NOW + 9_000_000)
    typed = await told(database, sender="+84300000013", at=NOW + 20_000_000, channel="paper")
    case = await opened(database, actor, second, again, first, typed)
    found = (await cases.show_case(database, actor, case)).told
    assert [each.tip.code for each in found] == [first, second, again, typed]
    assert [(each.rank, each.again, each.is_close, each.by_staff) for each in found] == [
        (1, False, False, False), (2, False, True, False), (1, True, False, False), (3, False, False, True),
    ]  # fmt: skip


async def test_a_tip_leaves_and_its_time_in_the_case_stays_written(database: Database) -> None:
    actor = await verifier(database)
    one, other = await told(database), await told(database)
    case = await opened(database, actor, one, other)
    await cases.take_tip_out(database, actor, case, 1, other, "Tin nói chỗ khác", NOW)
    with pytest.raises(Refusal, match="một tin"):
        await cases.take_tip_out(database, actor, case, 2, one, "x", NOW)
    shown = await cases.show_case(database, actor, case)
    assert [each.tip.code for each in shown.told] == [one]
    assert shown.history[-1].note == f"{other}: Tin nói chỗ khác"
    await opened(database, actor, other)  # free for another case


@pytest.mark.parametrize(
    ("written", "system", "at_least_m"),
    [("21.6512, 106.8533", "WGS84", 5), ("VN-2000 2395421 458123", "VN2000", 1), ("XJ 912 945", "INDIAN1960", 100)],
)
async def test_a_typed_place_keeps_its_datum_and_an_honest_radius(written, system, at_least_m):
    spot = await read_spot(written, 3, deployment())
    assert spot.system.startswith(system)
    assert spot.accuracy_m >= at_least_m
    assert spot.as_written == written


@pytest.mark.parametrize("written", ["", "cạnh suối", "21.65,106.85 hoặc 21.66,106.86"])
async def test_a_place_that_is_none_or_two_is_asked_for_again(written):
    with pytest.raises(Refusal):
        await read_spot(written, None, deployment())


async def test_names_and_places_are_sealed(database: Database) -> None:
    """No word of a case lies readable in the database."""
    actor = await verifier(database)
    case = await cases.open_case(database, actor, [await told(database)], "Gò Quetoimuoi", ZONE, NOW)
    await searched(database, actor, case)
    async with database.read() as connection:
        for table in ("case_file", "field_work", "work_event", "audit"):
            for row in await connection.execute(text(f"SELECT * FROM {table}")):  # noqa: S608 # constants
                held = b" ".join(bytes(cell) if isinstance(cell, (bytes, memoryview)) else str(cell).encode() for cell in row)
                for word in ("Quetoimuoi", "bia gỗ", "Tổ khảo sát", "106.8533"):
                    assert word.encode() not in held
