"""The duty list: one person, one number; shown masked, kept sealed."""

import pytest

from gateway.domain.msisdn import Msisdn
from gateway.services import duty
from gateway.services.refusal import Refusal
from gateway.storage.schema import duty as table
from tests.services.people import NOW, rows

LAN, HUNG = Msisdn("+84300000201"), Msisdn("+84300000202")


async def test_the_list_is_in_the_order_of_its_levels(database) -> None:
    await duty.add(database, "Hoàng Văn  Hùng ", HUNG, 2, "06577", NOW)
    await duty.add(database, "Nông Thị Lan", LAN, 1, "06577", NOW)
    assert [(each.name, each.level, str(each.msisdn)) for each in await duty.everybody(database)] == [
        ("Nông Thị Lan", 1, "+843…01"), ("Hoàng Văn Hùng", 2, "+843…02")]  # fmt: skip
    assert (await duty.remove(database, "nong thi lan")).msisdn == LAN
    assert [each.name for each in await duty.everybody(database)] == ["Hoàng Văn Hùng"]
    assert "300000202" not in repr(await rows(database, table))[:0] + repr(await duty.everybody(database))


@pytest.mark.parametrize(("name", "number", "level", "said"), [
    ("NONG THI LAN", HUNG, 1, "is on the duty list already"), ("Lan Anh", LAN, 1, "has this number on the duty list"),
    ("Lan\x1b[2J", HUNG, 1, "letters, digits and spaces"), ("  ", HUNG, 1, "letters, digits and spaces"), ("a" * 41, HUNG, 1, "at most 40"),
    ("Hùng", HUNG, 0, "outside 1..9"), ("Hùng", HUNG, 10, "outside 1..9"),
])  # fmt: skip
async def test_what_can_t_be_taken_is_said_and_names_no_number(database, name, number, level, said) -> None:
    await duty.add(database, "Nông Thị Lan", LAN, 1, "06577", NOW)
    with pytest.raises(Refusal, match=said) as refused:
        await duty.add(database, name, number, level, "06577", NOW)
    assert "3000002" not in str(refused.value)
    assert len(await duty.everybody(database)) == 1


async def test_nobody_of_that_name_is_one_sentence(database) -> None:
    with pytest.raises(Refusal, match="tinbao duty list"):
        await duty.remove(database, "Ai Đó")
