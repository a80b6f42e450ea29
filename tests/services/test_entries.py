"""Tips that staff type in: the same reading, intake and code as every message; each entry exactly one tip."""

import asyncio
import io
import json

import pytest

from gateway.domain.code import is_valid
from gateway.domain.permission import Actor, Forbidden, Role
from gateway.domain.tip_entry import ASKED, Typed, read_entries, read_entry
from gateway.services import corroboration
from gateway.services.entries import Entries
from gateway.services.refusal import Refusal
from gateway.storage.schema import audit, entry_batch, mo, mt, tip, tip_entry, tip_event
from tests.cpu import least_cpu_s
from tests.services.people import ALICE, NOW, deployment, inbound, rows

READER = Actor(1, "Hoàng Văn Thí Dụ", frozenset({Role.READER}), "06577")
PLANNER = Actor(2, "Vi Văn Giả Định", frozenset({Role.PLANNER}), "06577")
KEY = "k" * 24
STORY = "Ông Thí Dụ kể: sau miếu thổ công Nà Lài có 2 ngôi mộ bộ đội chôn tháng 2 năm 1979"


def _entries(database) -> Entries:
    return Entries(database, deployment(), inbound(database))


def _typed(entries: Entries, **values) -> Typed:
    found = read_entry({"words": STORY, "channel": "paper", **values}, entries.frame(READER, NOW))
    assert isinstance(found, Typed), found
    return found


async def test_an_entry_is_read_stored_and_given_a_code_like_every_message(database) -> None:
    entries = _entries(database)
    typed = _typed(entries, village="tn02", teller="Vi Thị Minh Họa", phone="0300 000 011", may_call="có", may_publish="không", sheet="12")
    taken = await entries.enter(READER, typed, KEY, NOW)
    (found,) = await rows(database, tip)
    assert (taken.is_new, taken.entered.code, is_valid(found.code)) == (True, found.code, True)
    assert (found.channel, found.village, found.commune, found.sender, found.text) == ("paper", "TN02", "06577", ALICE, STORY)
    assert (found.may_call, found.may_publish, found.state, found.received_at) == (True, False, "new", NOW)
    fields = json.loads(found.fields)
    assert (fields["grave_count"], fields["contact_name"], fields["sheet"]) == (2, "Vi Thị Minh Họa", "12")
    consents = [json.loads(row.note) for row in await rows(database, tip_event) if row.kind == "consent"]
    assert consents == [{"may_call": True, "may_publish": False, "source": "paper", "mo": found.mo, "shown": ASKED}]
    assert await rows(database, mt) == []  # who spoke to us is not texted
    assert [(row.action, row.object) for row in await rows(database, audit)] == [("tip.enter", f"tip:{found.code}")]


async def test_a_double_submit_is_one_tip_also_at_once_and_with_other_words(database) -> None:
    entries = _entries(database)
    first, again = await asyncio.gather(*(entries.enter(READER, _typed(entries), KEY, NOW) for _ in range(2)))
    changed = await entries.enter(READER, _typed(entries, words="Tôi sửa lại: có 3 mộ ở Nà Lài"), KEY, NOW + 5)
    assert first.entered.code == again.entered.code == changed.entered.code
    assert sorted([first.is_new, again.is_new]) == [False, True]
    assert (len(await rows(database, tip)), len(await rows(database, mo)), len(await rows(database, tip_entry))) == (1, 1, 1)


async def test_html_and_formulas_are_words_like_others(database) -> None:
    entries = _entries(database)
    words = '=HYPERLINK("http://x")<script>alert(1)</script> mộ liệt sĩ ở Nà Lài\x00\x07'
    await entries.enter(READER, _typed(entries, words=words), KEY, NOW)
    (found,) = await rows(database, tip)
    assert found.text == words.rstrip("\x00\x07")


async def test_urgent_words_wake_the_duty_list(database) -> None:
    entries = _entries(database)
    await entries.enter(READER, _typed(entries, words="Làm nương gặp xương và dép cao su lộ ra ở Nà Lài", village="TN02"), KEY, NOW)
    assert [row.urgent for row in await rows(database, tip)] == ["remains"]


async def test_who_may_not_enter_is_refused(database) -> None:
    entries = _entries(database)
    with pytest.raises(Forbidden):
        await entries.enter(PLANNER, _typed(entries), KEY, NOW)
    with pytest.raises(Forbidden):
        await entries.similar(PLANNER, STORY)
    assert await rows(database, mo) == []


async def test_another_commune_sees_nothing(database) -> None:
    entries = _entries(database)
    other = Actor(9, "Lý Văn Minh Họa", frozenset({Role.READER}), "06001")
    taken = await entries.enter(READER, _typed(entries, village="TN02"), KEY, NOW)
    await database.write(lambda connection: corroboration.link(connection, taken.entered.tip, STORY, NOW))
    assert [each.code for each in await entries.similar(READER, STORY)] == [taken.entered.code]
    assert await entries.similar(other, STORY) == []
    assert (await entries.latest(other), entries.villages(other)) == ([], [])
    for asked in (entries.receipt(other, taken.entered.tip), entries.enter(other, _typed(entries), KEY, NOW)):
        with pytest.raises(Forbidden):
            await asked


@pytest.mark.parametrize("key", ["", "short", "x" * 101, "khóa có dấu dài dài"])
async def test_a_page_without_its_key_takes_nothing(database, key) -> None:
    entries = _entries(database)
    with pytest.raises(Refusal):
        await entries.enter(READER, _typed(entries), key, NOW)


def _list(*lines: str) -> io.BytesIO:
    return io.BytesIO(("tờ số;mã thôn;lời kể;điện thoại;cho gọi\n" + "\n".join(lines)).encode())


async def test_of_a_list_the_good_rows_stay_and_each_fault_is_named(database) -> None:
    entries = _entries(database)
    source = _list(
        "1;TN02;2 mộ sau miếu;0300000011;có", "2;TN99;mộ ở suối;;", "3;TN03;;;", "4;;=1+1 mộ dưới gốc đa;12;x", "5;TN04;một ngôi;;có"
    )
    found = read_entries(source, "to.csv", entries.frame(READER, NOW))
    batch = await entries.enter_list(READER, found, KEY, NOW)
    listed = await entries.listed(READER, batch)
    assert [(each.line, each.sheet, is_valid(each.code or "")) for each in listed.entries] == [(2, "1", True)]
    assert [(each.line, [one.field for one in each.wrong]) for each in listed.refused] == [
        (3, ["village"]), (4, ["words"]), (5, ["phone"]), (6, ["may_call"]),
    ]  # fmt: skip
    assert listed.refused[2].cells["words"] == "=1+1 mộ dưới gốc đa"  # kept as written, for the list to mend
    assert await entries.enter_list(READER, found, KEY, NOW) == batch  # pressed twice
    assert (len(await rows(database, tip)), len(await rows(database, entry_batch))) == (1, 1)
    with pytest.raises(Forbidden):
        await entries.listed(Actor(9, "Lý Văn Minh Họa", frozenset({Role.READER}), "06001"), batch)


async def test_ten_thousand_rows_are_taken_and_read(database) -> None:
    entries = _entries(database)
    lines = [f"{n};TN{n % 30 + 1:02};mộ số {n} ở gốc đa;;" for n in range(1, 10_001)] + ["1;TN01;một dòng nữa;;"]
    found = read_entries(_list(*lines), "to.csv", entries.frame(READER, NOW))
    assert (len(found.taken), [one.field for one in found.faults]) == (10_000, ["row"])
    assert least_cpu_s(lambda: read_entries(_list(*lines), "to.csv", entries.frame(READER, NOW)), rounds=2) < 4
    some = type(found)(found.taken[:1_000], (), ())
    batch = await entries.enter_list(READER, some, KEY, NOW)
    listed = await entries.listed(READER, batch)
    assert (len(listed.entries), sum(each.code is not None for each in listed.entries)) == (1_000, 100)
    handler = inbound(database)
    while await handler.process_once(NOW):  # the loop of the inbox finds what is left
        pass
    assert all(each.code for each in (await entries.listed(READER, batch)).entries)
