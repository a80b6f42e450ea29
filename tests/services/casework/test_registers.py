"""The registers: who is visited first, what Hội Cựu chiến binh brings, which battle a tip may tell of."""

import asyncio
from datetime import date

import pytest

from gateway.domain.permission import Elsewhere, Forbidden, Role
from gateway.services.casework import battles, witnesses
from gateway.services.casework.witnesses import Visit
from gateway.services.refusal import Refusal
from gateway.storage.database import Database
from gateway.storage.registers import Battle, NewBattle, NewWitness
from tests.services.casework.people import HERE, THERE, officer, told, verifier
from tests.services.people import NOW

TODAY = date(2026, 11, 18)


def someone(name: str, born: int | None = None, urgency: str = "usual", commune: str = HERE) -> NewWitness:
    return NewWitness(commune, name, "Từng chôn cất bộ đội", born, "TN07", urgency, "0300 000 123")


async def test_those_over_80_and_the_very_ill_come_first(database: Database) -> None:
    actor = await verifier(database)
    for name, born, urgency in (("trẻ", 1980, "usual"), ("81", 1945, "usual"), ("95", 1931, "usual"), ("ốm nặng", 1970, "now"),
                                ("yếu", 1960, "soon"), ("không rõ", None, "usual")):  # fmt: skip
        await witnesses.add_witness(database, actor, someone(name, born, urgency), TODAY, NOW)
    done = await witnesses.add_witness(database, actor, someone("90 đã gặp", 1936), TODAY, NOW)
    await witnesses.visited(database, actor, done, 1, "Kể về hai mộ", NOW)
    found = await witnesses.list_witnesses(database, actor, TODAY)
    assert [each.name for each in found] == ["95", "81", "ốm nặng", "yếu", "trẻ", "không rõ", "90 đã gặp"]
    assert {each.contact for each in found} == {"0300…23"}


async def test_a_witness_has_tips_visits_and_a_history(database: Database) -> None:
    actor = await verifier(database)
    code = await told(database)
    person = await witnesses.add_witness(database, actor, someone("Cụ Mẫu", 1932), TODAY, NOW, codes=[code])
    await witnesses.plan_visit(database, actor, person, 1, Visit("Anh Thử", date(2026, 11, 25)), NOW)
    with pytest.raises(Refusal, match="nối"):
        await witnesses.link(database, actor, person, 2, code, None, NOW)
    await witnesses.gone(database, actor, person, 2, NOW)
    with pytest.raises(Refusal, match="đã mất"):
        await witnesses.plan_visit(database, actor, person, 3, Visit("x", TODAY), NOW)
    shown = await witnesses.show_witness(database, actor, person)
    assert [each.kind for each in shown.history] == ["added", "visit planned", "gone"]
    assert [each.tip_code for each in shown.links] == [code]
    assert await witnesses.reveal_contact(database, actor, person, "Gọi hẹn", NOW) == "0300 000 123"


async def test_of_two_who_correct_at_once_one_is_told(database: Database) -> None:
    actor = await verifier(database)
    person = await witnesses.add_witness(database, actor, someone("Cụ Mẫu"), TODAY, NOW)
    tries = [witnesses.change_witness(database, actor, person, 1, someone(f"Cụ {n}"), TODAY, NOW) for n in range(5)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(each is None for each in answers) == 1
    battle = await battles.add_battle(database, actor, NewBattle(HERE, "Trận cầu", "1979", "", "cầu", "", ""), NOW)
    changed = NewBattle(HERE, "Trận cầu ngầm", "2/1979", "", "cầu", "", "")
    answers = await asyncio.gather(
        *(battles.change_battle(database, actor, battle, 1, changed, NOW) for _ in range(4)), return_exceptions=True
    )
    assert sum(each is None for each in answers) == 1
    history = (await battles.show_battle(database, actor, battle)).history
    assert [each.kind for each in history] == ["added", "corrected"]
    assert "Trận cầu; 1979" in (history[-1].note or "")  # what it said before stays


async def test_another_commune_and_other_roles_see_neither_register(database: Database) -> None:
    actor, stranger = await verifier(database), await verifier(database, "Người xã khác", THERE)
    person = await witnesses.add_witness(database, actor, someone("Cụ Mẫu"), TODAY, NOW)
    battle = await battles.add_battle(database, actor, NewBattle(HERE, "Trận cầu", "1979", "", "cầu", "", ""), NOW)
    code = await told(database)
    for ask in (witnesses.show_witness(database, stranger, person), witnesses.gone(database, stranger, person, 1, NOW),
                witnesses.reveal_contact(database, stranger, person, "x", NOW), battles.show_battle(database, stranger, battle),
                battles.link(database, stranger, battle, code, None, NOW), battles.suggested_for(database, stranger, code),
                witnesses.add_witness(database, stranger, someone("x"), TODAY, NOW)):  # fmt: skip
        with pytest.raises(Elsewhere):
            await ask
    assert await witnesses.list_witnesses(database, stranger, TODAY) == []
    own = await battles.add_battle(database, stranger, NewBattle(THERE, "Trận đèo", "1979", "", "đèo", "", ""), NOW)
    with pytest.raises(Refusal, match="Không có tin"):  # a tip of the next commune is no tip here
        await battles.link(database, stranger, own, code, None, NOW)
    planner = await officer(database, "Bế Văn Giả", Role.PLANNER)
    for ask in (witnesses.list_witnesses(database, planner, TODAY), battles.list_battles(database, planner)):
        with pytest.raises(Forbidden):
            await ask


LIST = """Danh sách Hội CCB xã;;;;;
Tên trận đánh;Từ ngày;Đến ngày;Nơi đánh;Đơn vị;Nguồn
Trận đồi 400;17/2/1979;20/02/1979;đồi 400, Hữu Lân;c3 d2 e777;Sổ hội
Trận cầu ngầm;2/1979;;cầu ngầm;;
;1979;;không tên;;
Trận sai ngày;32/13/1979;;x;;
Trận ngược;1980;1979;x;;
Trận đồi 400;17-2-1979;;đồi 400;;lặp lại
"""


async def test_a_list_is_taken_in_and_its_faults_are_named_by_line(database: Database) -> None:
    """Good rows are in, each bad one is told by its line, the same list again adds nothing; two at once add it once."""
    actor = await verifier(database)
    taken = await battles.import_battles(database, actor, LIST.encode(), "ccb.csv", NOW)
    assert (taken.added, taken.there) == (2, 1)
    assert [each.line for each in taken.faults] == [5, 6, 7]
    found = await battles.list_battles(database, actor)
    assert [(each.first_day, each.last_day) for each in found] == [("1979-02", "1979-02"), ("1979-02-17", "1979-02-20")]
    assert found[1].units == "c3 d2 e777"
    again = await asyncio.gather(*(battles.import_battles(database, actor, LIST.encode(), "ccb.csv", NOW) for _ in range(3)))
    assert {each.added for each in again} == {0}
    for unusable in (b"Thon;So ho\nNa Lai;112\n", b"", b"\xff\xfe\x00\x01", b"%PDF-1.7"):
        with pytest.raises(Refusal, match="thiếu cột"):
            await battles.import_battles(database, actor, unusable, "ccb.csv", NOW)
    with pytest.raises(Refusal, match="2 MB"):
        await battles.import_battles(database, actor, b"x" * 3_000_000, "ccb.csv", NOW)


def battle(id_: int, name: str, place: str, units: str = "", first: str = "1979-02-17", last: str = "1979-02-20") -> Battle:
    return Battle(id_, HERE, name, first, last, place, units, "", 1, NOW)


BATTLES = [battle(1, "Trận đồi 400", "đồi 400, Hữu Lân", "c3 d2 e777"), battle(2, "Trận cầu ngầm", "cầu ngầm Khuổi Tẳng"),
           battle(3, "Trận điểm cao 800", "Khau Mạ", "e12", "1984", "1985")]  # fmt: skip


@pytest.mark.parametrize(("text", "first"), [
    ("bo toi danh o doi 400 thang 2 nam 1979", 1), ("hy sinh gan cau ngam Khuoi Tang", 2), ("c3 d2 e777 o huu lan", 1),
    ("diem cao 800 nam 1984 chon o khau ma", 3), ("diem cao 800 nam 1968", None), ("co 2 mo canh suoi", None), ("", None)])  # fmt: skip
def test_which_battle_a_tip_may_tell_of(text, first):
    found = battles.suggest(text, BATTLES)
    assert (found[0].battle.id if found else None) == first


@pytest.mark.parametrize(
    ("written", "stored"),
    [("17/2/1979", "1979-02-17"), ("2/1979", "1979-02"), ("1979", "1979"), ("1979-02-17", "1979-02-17"), ("17.02.1979", "1979-02-17")],
)
def test_days_as_far_as_they_are_known(written, stored):
    assert battles.as_known(written, "từ ngày") == stored
    assert battles.as_known(battles.as_said(stored), "từ ngày") == stored
