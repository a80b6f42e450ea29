"""One action on thousands of tips, undone where nobody has changed the same thing since; and the list they stand in."""

import pytest

from gateway.domain.permission import Elsewhere, Forbidden
from gateway.domain.tip_work import Sort, State
from gateway.services.desk_tips import edits, likes, many
from gateway.services.desk_tips.many import ASSIGN, MOVE, SORT, Deed
from gateway.services.desk_tips.queue import Filters, checked, list_tips, wanted_by
from gateway.services.refusal import Refusal
from gateway.storage.schema import audit, tip, tip_batch, tip_change, tip_work
from gateway.storage.tips import wrote
from tests.services.desk_tips.desk import DEPLOYMENT, HERE, NOW, READER, STRANGER, VERIFIER, code_of, tell
from tests.services.people import ALICE, BINH, rows

ZONE = DEPLOYMENT.campaign.timezone


async def _tips(database, count: int) -> list[int]:
    return [await tell(database, f"LS TN07 co {number + 1} mo", at=NOW + number) for number in range(count)]


async def test_what_many_had_is_what_they_have_after_undo(database) -> None:
    """States, urgency and kinds of all come back; the history keeps both ways."""
    ids = [*(await _tips(database, 4)), await tell(database, "LS TN15 gap qua bom chua no", BINH)]
    before = {row.id: (row.state, row.urgent) for row in await rows(database, tip)}
    moved = await many.do_to_many(database, READER, ids, Deed(SORT, Sort.PAPERS), NOW)
    assert (moved.tips, moved.left) == (5, 0)
    assert {(row.state, row.urgent) for row in await rows(database, tip)} == {("sorted", None)}
    back = await many.undo(database, READER, moved.batch, NOW + 1)
    assert (back.tips, back.left) == (5, 0)
    assert {row.id: (row.state, row.urgent) for row in await rows(database, tip)} == before
    assert {row.kind for row in await rows(database, tip_work)} == {None}
    assert [row.undone_by for row in await rows(database, tip_batch)] == [back.batch, None]
    assert len(await rows(database, tip_change)) == 2 * (5 + 5 + 1)
    assert len(await rows(database, audit)) == 2


async def test_an_undo_can_be_undone_but_nothing_twice(database) -> None:
    ids = await _tips(database, 2)
    moved = await many.do_to_many(database, READER, ids, Deed(SORT, Sort.GRAVE), NOW)
    back = await many.undo(database, READER, moved.batch, NOW)
    with pytest.raises(Refusal):
        await many.undo(database, READER, moved.batch, NOW)
    await many.undo(database, READER, back.batch, NOW)
    assert {row.state for row in await rows(database, tip)} == {"sorted"}


async def test_what_others_changed_since_is_left_alone(database) -> None:
    ids = await _tips(database, 3)
    moved = await many.do_to_many(database, READER, ids, Deed(MOVE, State.ANALYSED), NOW)
    await edits.move(database, VERIFIER, await code_of(database, ids[0]), 1, State.VERIFYING, NOW)
    back = await many.undo(database, READER, moved.batch, NOW)
    assert (back.tips, back.left) == (2, 1)
    assert [row.state for row in await rows(database, tip)] == ["verifying", "new", "new"]


async def test_only_legal_moves_are_made(database) -> None:
    ids = await _tips(database, 3)
    await many.do_to_many(database, VERIFIER, ids[:1], Deed(MOVE, State.CONCLUDED), NOW)
    moved = await many.do_to_many(database, READER, ids, Deed(MOVE, State.SORTED), NOW)
    assert (moved.tips, moved.left) == (2, 1)
    with pytest.raises(Refusal):
        await many.do_to_many(database, READER, ids[:1], Deed(MOVE, State.SORTED), NOW)
    with pytest.raises(Forbidden):
        await many.do_to_many(database, READER, ids, Deed(MOVE, State.CONCLUDED), NOW)


async def test_a_verifiers_conclusion_is_no_readers_to_undo(database) -> None:
    ids = await _tips(database, 1)
    moved = await many.do_to_many(database, VERIFIER, ids, Deed(MOVE, State.CONCLUDED), NOW)
    with pytest.raises(Forbidden):
        await many.undo(database, READER, moved.batch, NOW)


async def test_a_filter_chooses_as_well_as_ticks(database) -> None:
    await _tips(database, 3)
    await tell(database, "LS TN08 co 1 mo", BINH)
    wanted = wanted_by(READER, Filters(village="TN07"), ZONE)
    assert (await many.do_to_many(database, READER, wanted, Deed(SORT, Sort.GRAVE), NOW)).tips == 3


@pytest.mark.parametrize("deed", [Deed("erase", ""), Deed(SORT, "gold"), Deed(MOVE, "nowhere"), Deed(ASSIGN, "Nobody At All")])
async def test_what_is_no_deed_is_refused(database, deed) -> None:
    ids = await _tips(database, 1)
    with pytest.raises(Refusal):
        await many.do_to_many(database, READER, ids, deed, NOW)
    with pytest.raises(Refusal):
        await many.do_to_many(database, READER, [], Deed(SORT, Sort.GRAVE), NOW)


async def test_one_tip_of_another_commune_spoils_the_whole_action(database) -> None:
    own = await _tips(database, 2)
    theirs = await tell(database, "LS co 2 mo", BINH, commune="06001")
    with pytest.raises(Elsewhere):
        await many.do_to_many(database, READER, [*own, theirs], Deed(SORT, Sort.GRAVE), NOW)
    with pytest.raises(Elsewhere):
        await many.do_to_many(database, READER, wanted_by(STRANGER, Filters(), ZONE), Deed(SORT, Sort.GRAVE), NOW)
    assert {row.state for row in await rows(database, tip)} == {"new"}


async def test_a_corrected_field_goes_back_to_what_stood_there(database) -> None:
    tip_id = await tell(database)
    code = await code_of(database, tip_id)
    first = await edits.correct(database, DEPLOYMENT, READER, code, 0, "unit", "c4", NOW)
    second = await edits.correct(database, DEPLOYMENT, READER, code, 1, "unit", "c5", NOW)
    with pytest.raises(Refusal):  # the second stands over it
        await many.undo(database, READER, first.batch, NOW)
    await many.undo(database, READER, second.batch, NOW)
    assert [row.corrected for row in await rows(database, tip_work)] == ['{"unit": "c4"}']
    await many.undo(database, READER, first.batch, NOW)
    assert [row.corrected for row in await rows(database, tip_work)] == [None]


async def test_notes_are_not_taken_back(database) -> None:
    code = await code_of(database, await tell(database))
    noted = await edits.note(database, READER, code, "một câu", NOW)
    with pytest.raises(Refusal):
        await many.undo(database, READER, noted.batch, NOW)


async def test_linked_tips_are_a_group_over_any_number_of_links(database) -> None:
    codes = [await code_of(database, each) for each in await _tips(database, 4)]
    for one, other in ((0, 1), (2, 1), (2, 3)):
        await likes.decide(database, READER, codes[one], codes[other], "linked", NOW)
    from gateway.services.desk_tips.detail import show

    assert set((await show(database, DEPLOYMENT, READER, codes[0], NOW)).group) == set(codes[1:])
    await likes.decide(database, READER, codes[1], codes[2], "apart", NOW)
    assert set((await show(database, DEPLOYMENT, READER, codes[0], NOW)).group) == {codes[1]}
    with pytest.raises(Refusal):
        await likes.decide(database, READER, codes[1], codes[1], "linked", NOW)


async def test_queues_and_counts(database) -> None:
    """Cần làm holds no tip that waits for its informant; an answer brings it back."""
    new, waiting, urgent = (
        await tell(database),
        await tell(database, "LS TN08 co 1 mo", BINH),
        await tell(database, "LS gap qua bom chua no", BINH),
    )
    await database.write(lambda connection: wrote(connection, waiting, "Thôn nào?", NOW + 5))
    done = await code_of(database, await tell(database, "LS TN09 co 1 mo", ALICE))
    await edits.move(database, VERIFIER, done, 0, State.CONCLUDED, NOW)
    listed = {queue: await list_tips(database, DEPLOYMENT, READER, Filters(queue=queue)) for queue in ("todo", "urgent", "waiting", "all")}
    ids = {queue: [item.row.id for item in found.items] for queue, found in listed.items()}
    assert ids["todo"] == [urgent, new]
    assert (ids["urgent"], ids["waiting"], len(ids["all"])) == ([urgent], [waiting], 4)
    counts = listed["all"].counts
    assert (counts.todo, counts.urgent, counts.waiting, counts.all) == (2, 1, 1, 4)


async def test_pages_hold_every_tip_once_urgent_first(database) -> None:
    await _tips(database, 7)
    urgent = [await tell(database, "LS gap qua bom chua no", BINH, at=NOW - number) for number in range(3)]
    seen, after = [], ""
    while True:
        listed = await list_tips(database, DEPLOYMENT, READER, Filters(queue="all"), after, limit=2)
        seen += [item.row.id for item in listed.items]
        if not (after := listed.after):
            break
    assert seen[:3] == urgent
    assert len(seen) == len(set(seen)) == 10


@pytest.mark.parametrize("after", ["", "x", "1-2", "0-1-2-3", "9-9-9", "-1--1--1", "0-" + "9" * 40 + "-1", "٣-1-1"])
async def test_a_cursor_that_is_none_begins_at_the_beginning(database, after) -> None:
    await _tips(database, 2)
    assert len((await list_tips(database, DEPLOYMENT, READER, Filters(queue="all"), after)).items) in (0, 2)


def test_an_address_that_means_nothing_asks_for_nothing() -> None:
    wild = Filters(queue="'; DROP", kind="x", state="y", wave="-1", since="2026-13-40", until="9999-12-31")
    assert checked(wild) == Filters(until="9999-12-31")
    assert wanted_by(READER, checked(wild), ZONE).commune == HERE


async def test_days_belong_to_their_period(database) -> None:
    await tell(database, at=1_795_000_000_000)  # 18/11/2026, 18:06 in Việt Nam
    for since, until, count in (("2026-11-18", "2026-11-18", 1), ("2026-11-19", "", 0), ("", "2026-11-17", 0)):
        found = await list_tips(database, DEPLOYMENT, READER, Filters(queue="all", since=since, until=until))
        assert len(found.items) == count
