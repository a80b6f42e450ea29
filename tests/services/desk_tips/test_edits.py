"""Edits collide openly, leave the machine's reading and the words as they were, and never reach another commune's tip."""

import asyncio
import json

import pytest

from gateway.domain.permission import Action, Elsewhere, Forbidden, Role
from gateway.domain.tip_work import Done, Flag, Result, Sort, State
from gateway.services.desk_tips import edits, likes, many, numbers
from gateway.services.desk_tips.detail import show, still_open
from gateway.services.desk_tips.edits import Conflict, Saved
from gateway.services.refusal import Refusal
from gateway.services.status import Public, Standing
from gateway.storage.schema import audit, tip, tip_change, tip_work
from tests.services.desk_tips.desk import DEPLOYMENT, HERE, NA_LAI, NOW, READER, STRANGER, VERIFIER, code_of, officer, tell
from tests.services.people import BINH, rows
from tests.services.staff import make_user


async def _version(database, tip_id: int) -> int:
    return next((row.version for row in await rows(database, tip_work) if row.tip == tip_id), 0)


async def test_words_are_underlined_by_number_and_no_number_stands_in_full(database) -> None:
    """The table points at the words; the telephone number is masked in both."""
    code = await code_of(database, await tell(database))
    found = await show(database, DEPLOYMENT, READER, code, NOW)
    marked = {piece.number: piece.text for piece in found.told.pieces if piece.number}
    assert marked == {1: "na lai", 2: "2 ngoi mo", 3: "canh mieu tho cong", 4: "thang 2 nam 79", 5: "c3 d2 e777", 6: "0300····15"}
    assert "".join(piece.text for piece in found.told.pieces) == NA_LAI.replace("0300000015", "0300····15")
    lines = {line.name: (line.value, line.numbers, line.sure) for line in found.told.lines}
    assert lines["grave_count"] == ("2", (2,), 3)
    assert lines["landmark"] == ("canh mieu tho cong", (3,), 2)
    assert lines["burial_date"] == ("02/1979", (4,), 3)
    assert lines["contact_phone"] == ("0300 ··· ·15", (6,), 3)
    assert found.told.candidates == ("TN01", "TN02")
    assert found.guess is Sort.GRAVE
    assert "0300000015" not in repr(found)


async def test_classifying_sorts_a_new_tip_and_says_what_is_urgent(database) -> None:
    tip_id = await tell(database)
    code = await code_of(database, tip_id)
    saved = await edits.classify(database, READER, code, 0, Sort.ORDNANCE, [Flag.AGED, Flag.ORDNANCE], NOW + 1)
    assert isinstance(saved, Saved)
    (row,) = await rows(database, tip)
    assert (row.state, row.urgent) == ("sorted", "uxo")
    found = await show(database, DEPLOYMENT, READER, code, NOW)
    assert (found.kind, found.flags, found.is_urgent) == ("Bom, mìn, đạn", (Flag.AGED, Flag.ORDNANCE), True)
    assert [entry.action for entry in await rows(database, audit)] == [Action.TIP_SORT]


async def test_a_corrected_field_is_a_version_over_what_the_machine_read(database) -> None:
    """The machine's reading, the words and every earlier version stay."""
    tip_id = await tell(database)
    code = await code_of(database, tip_id)
    (before,) = await rows(database, tip)
    await edits.correct(database, DEPLOYMENT, READER, code, 0, "grave_count", "3", NOW + 1)
    await edits.correct(database, DEPLOYMENT, VERIFIER, code, 1, "grave_count", "4", NOW + 2)
    found = await show(database, DEPLOYMENT, READER, code, NOW)
    line = next(line for line in found.told.lines if line.name == "grave_count")
    assert (line.value, line.machine, line.by_hand) == ("4", "2", True)
    (after,) = await rows(database, tip)
    assert (after.text, after.fields) == (before.text, before.fields)
    changes = [(json.loads(row.was), json.loads(row.words)) for row in await rows(database, tip_change)]
    assert changes == [(2, 3), (3, 4)]


async def test_a_village_is_chosen_from_the_book_of_its_own_commune(database) -> None:
    tip_id = await tell(database)
    code = await code_of(database, tip_id)
    with pytest.raises(Refusal):
        await edits.correct(database, DEPLOYMENT, READER, code, 0, "village", "XX99", NOW)
    await edits.correct(database, DEPLOYMENT, READER, code, 0, "village", "TN02", NOW)
    found = await show(database, DEPLOYMENT, READER, code, NOW)
    assert (found.tip.village, found.village_by_hand) == ("TN02", True)


@pytest.mark.parametrize(
    ("name", "said"), [("grave_count", "nhiều"), ("contact_phone", "12"), ("coords", "1 2"), ("chưa có", "x"), ("unit", "x" * 301)]
)
async def test_what_a_field_cannot_say_is_refused_in_words(database, name, said) -> None:
    code = await code_of(database, await tell(database))
    with pytest.raises(Refusal):
        await edits.correct(database, DEPLOYMENT, READER, code, 0, name, said, NOW)


async def test_an_edit_against_an_old_version_changes_nothing_and_shows_both(database) -> None:
    tip_id = await tell(database)
    code = await code_of(database, tip_id)
    await edits.classify(database, VERIFIER, code, 0, Sort.GRAVE, [], NOW + 1)
    conflict = await edits.correct(database, DEPLOYMENT, READER, code, 0, "unit", "c4/d2/e777", NOW + 2)
    assert isinstance(conflict, Conflict)
    assert conflict.now.version == 1
    assert {change.what for change in conflict.theirs} == {"kind", "state"}
    assert all(change.name == VERIFIER.name for change in conflict.theirs)
    again = await edits.correct(database, DEPLOYMENT, READER, code, conflict.now.version, "unit", "c4/d2/e777", NOW + 3)
    assert isinstance(again, Saved)


async def test_twenty_readers_at_once_lose_no_edit(database) -> None:
    """All begin from version 0; whoever comes too late sees the others' and writes again, and every value stands in the history."""
    tip_id = await tell(database)
    code = await code_of(database, tip_id)
    readers = [officer(Role.READER) for _ in range(20)]
    collided = []

    async def write(number: int) -> None:
        seen = 0
        while True:
            result = await edits.correct(database, DEPLOYMENT, readers[number], code, seen, "burial_place", f"chỗ {number}", NOW + number)
            if isinstance(result, Saved):
                return
            assert result.theirs
            collided.append(number)
            seen = result.now.version

    await asyncio.gather(*map(write, range(20)))
    told = [json.loads(row.words) for row in await rows(database, tip_change)]
    assert sorted(told) == sorted(f"chỗ {number}" for number in range(20))
    assert await _version(database, tip_id) == 20
    assert len(collided) >= 19  # all but one saw version 0 gone
    was = [json.loads(row.was) for row in await rows(database, tip_change)]
    assert was[1:] == told[:-1]  # each one wrote over what stood there, and saw it


async def test_notes_collide_with_nobody_and_hide_numbers(database) -> None:
    code = await code_of(database, await tell(database))
    await asyncio.gather(*(edits.note(database, READER, code, f"Đã gọi 0300 000 01{n}, hẹn thứ hai", NOW + n) for n in range(5)))
    found = await show(database, DEPLOYMENT, READER, code, NOW)
    notes = [step.words for step in found.history if step.words]
    assert len(notes) == 5
    assert all("0300 ··· ·1" in words for words in notes)
    assert found.tip.version == 0


async def test_a_result_needs_a_verifier_and_concludes(database) -> None:
    tip_id = await tell(database)
    code = await code_of(database, tip_id)
    with pytest.raises(Forbidden):
        await edits.verify(database, READER, code, 0, Result.TRUE, [Done.CALLED], "", NOW)
    with pytest.raises(Forbidden):
        await edits.move(database, READER, code, 0, State.CONCLUDED, NOW)
    await edits.verify(database, VERIFIER, code, 0, Result.PARTLY, [Done.CALLED, Done.ON_SITE], "Hai nấm cạnh nhau.", NOW)
    found = await show(database, DEPLOYMENT, VERIFIER, code, NOW)
    assert (found.tip.state, found.tip.result, found.done) == ("concluded", "partly", (Done.CALLED, Done.ON_SITE))
    assert found.moves == (State.VERIFYING,)


async def test_the_public_page_tells_the_truth_of_every_state() -> None:
    assert {state: Standing("7K3M9P", state, NOW).public for state in State} == {
        State.NEW: Public.NEW,
        State.SORTED: Public.READ,
        State.ANALYSED: Public.READ,
        State.VERIFYING: Public.UNDER_WAY,
        State.CONCLUDED: Public.CONCLUDED,
    }


async def test_a_tip_goes_to_somebody_who_may_read_it(database) -> None:
    code = await code_of(database, await tell(database))
    await make_user(database, "Nông Thị Thử", Role.READER)
    await make_user(database, "Lý Thị Ví", Role.PRINT)
    with pytest.raises(Refusal):
        await edits.assign(database, READER, code, 0, "Lý Thị Ví", NOW)
    await edits.assign(database, READER, code, 0, "Nông Thị Thử", NOW)
    found = await show(database, DEPLOYMENT, READER, code, NOW)
    assert (found.tip.assignee, found.readers) == ("Nông Thị Thử", ("Nông Thị Thử",))


async def test_who_has_it_open_is_shown_to_the_others(database) -> None:
    code = await code_of(database, await tell(database))
    await show(database, DEPLOYMENT, READER, code, NOW)
    assert (await show(database, DEPLOYMENT, VERIFIER, code, NOW + 1_000)).others == (READER.name,)
    await edits.classify(database, VERIFIER, code, 0, Sort.GRAVE, [], NOW)
    told = await still_open(database, READER, code, NOW + 2_000)
    assert (told.others, told.version, told.by) == ((VERIFIER.name,), 1, VERIFIER.name)
    assert (await still_open(database, READER, code, NOW + 500_000)).others == ()


DOORS = {
    "show": lambda db, who, code, batch: show(db, DEPLOYMENT, who, code, NOW),
    "still open": lambda db, who, code, batch: still_open(db, who, code, NOW),
    "classify": lambda db, who, code, batch: edits.classify(db, who, code, 1, Sort.GRAVE, [], NOW),
    "correct": lambda db, who, code, batch: edits.correct(db, DEPLOYMENT, who, code, 1, "unit", "x", NOW),
    "village": lambda db, who, code, batch: edits.correct(db, DEPLOYMENT, who, code, 1, "village", "TN02", NOW),
    "assign": lambda db, who, code, batch: edits.assign(db, who, code, 1, "", NOW),
    "note": lambda db, who, code, batch: edits.note(db, who, code, "x", NOW),
    "move": lambda db, who, code, batch: edits.move(db, who, code, 1, State.ANALYSED, NOW),
    "verify": lambda db, who, code, batch: edits.verify(db, who, code, 1, Result.TRUE, [], "", NOW),
    "number": lambda db, who, code, batch: numbers.reveal(db, who, code, "sender", "một lý do", "Asia/Ho_Chi_Minh", NOW),
    "undo": lambda db, who, code, batch: many.undo(db, who, batch, NOW),
    "link": lambda db, who, code, batch: likes.decide(db, who, code, code, "linked", NOW),
    "side by side": lambda db, who, code, batch: likes.side_by_side(db, who, code, code),
}


@pytest.mark.parametrize("door", DOORS)
async def test_another_communes_tip_is_not_there(database, door) -> None:
    """Whatever role a stranger has: the same answer as for a tip that does not exist, and nothing changes."""
    tip_id = await tell(database)
    code = await code_of(database, tip_id)
    saved = await edits.classify(database, READER, code, 0, Sort.GRAVE, [], NOW)
    before = len(await rows(database, tip_change))
    with pytest.raises(Elsewhere) as theirs:
        await DOORS[door](database, STRANGER, code, saved.batch)
    with pytest.raises(Elsewhere) as nothing:
        await DOORS[door](database, STRANGER, "000000", 10_000)
    assert str(theirs.value) == str(nothing.value)
    assert len(await rows(database, tip_change)) == before


@pytest.mark.parametrize("door", [name for name in DOORS if name != "undo"])
async def test_who_reads_no_tips_opens_none(database, door) -> None:
    code = await code_of(database, await tell(database))
    with pytest.raises(Forbidden):
        await DOORS[door](database, officer(Role.REPORTER, Role.PRINT, Role.ADMINISTRATOR, commune=HERE), code, 1)


async def test_a_number_is_shown_with_a_reason_once_a_day_and_noted(database) -> None:
    code = await code_of(database, await tell(database, sender=BINH))
    zone = "Asia/Ho_Chi_Minh"
    assert await numbers.reveal(database, READER, code, "sender", "", zone, NOW) == numbers.WhyAsked()
    assert [entry.action for entry in await rows(database, audit)] == []
    shown = await numbers.reveal(database, READER, code, "sender", "gọi lại hỏi chỗ", zone, NOW)
    assert shown == numbers.Revealed("0300 000 012") or shown.number.replace(" ", "") == "0300000012"
    assert "0300" not in repr(shown)
    again = await numbers.reveal(database, READER, code, "contact_phone", "", zone, NOW + 1)
    assert again.number.replace(" ", "") == "0300000015"
    assert [entry.action for entry in await rows(database, audit)] == ["number.reveal", "number.reveal"]
    assert await numbers.reveal(database, READER, code, "sender", "", zone, NOW + 86_400_000) == numbers.WhyAsked()
