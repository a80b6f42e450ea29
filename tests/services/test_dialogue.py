"""Questions after a tip by SMS and Zalo: opened with the receipt, answered one at a time, every answer kept with its tip."""

import json
from dataclasses import replace

import pytest

from gateway.domain.dialogue import State
from gateway.domain.fold import nfc
from gateway.domain.keyword import Kind
from gateway.domain.segments import segments_of
from gateway.reading import Reading, gazetteer, read
from gateway.services.dialogue import Answered, Dialogues, Opening, Talk, slots_of, state_json, state_of, talk_json, talk_of
from gateway.services.replies import load_replies
from gateway.storage import dialogues as stored
from gateway.storage.database import Database
from gateway.storage.dialogues import Dialogue
from gateway.storage.inbox import Mo, person
from gateway.storage.schema import alert, dialogue, tip, tip_event
from gateway.storage.tips import NewTip, add_tips, ids_of
from tests.services.people import ALICE, BINH, NOW, arrive, deployment, rows, said

DATA = deployment()
TALKS = Dialogues(DATA, load_replies(DATA))
PLACES = gazetteer(DATA.villages)
CODE = "7K3M9P"


def reading(text: str, channel: str = "sms") -> Reading:
    return read(nfc(text), channel, PLACES, DATA.keywords.aliases)


async def heard(database: Database, text: str, sender: str = ALICE, channel: str = "sms", at: int = NOW) -> Mo:
    """An MO that has arrived."""
    ((stored_at,),) = (await arrive(database, said(text, sender, channel=channel, at=at)),)
    return Mo(stored_at.id, "gia-lap", channel, person(database.keyring, sender), sender, "8088", text, None, None, at, None)


async def tell(
    database: Database, text: str = "LS TN07 co mo bo doi", sender: str = ALICE, channel: str = "sms", code: str = CODE
) -> Opening | None:
    """A tip and the talk that begins with it."""
    mo, about = await heard(database, text, sender, channel), reading(text, channel)
    opening = TALKS.opening(channel, about, code, NOW)

    async def unit(connection) -> None:
        new = NewTip(
            code=code, commune="06577", mo=mo.id, channel=channel, village="TN07", placement=None, bidx=mo.bidx, sender=sender, text=text,
            fields=json.dumps(dict(about.fields)), urgent=about.urgent, received_at=NOW,
        )  # fmt: skip
        ids = await add_tips(connection, [new])
        await TALKS.open_all(connection, [(mo, code, opening)] if opening else [], ids, NOW)

    await database.write(unit)
    return opening


async def answer(database: Database, text: str, sender: str = ALICE, channel: str = "sms", at: int = NOW) -> Answered | None:
    mo, about = await heard(database, text, sender, channel, at), reading(text, channel)
    return await database.write(lambda connection: TALKS.answer(connection, mo, about, at))


async def test_the_receipt_and_the_first_question_are_one_sms(database: Database):
    opening = await tell(database)
    assert opening is not None
    assert opening.words == (
        f"Xa Thong Nhat da nhan tin, ma {CODE}. Xin cam on. Xin khong tu y dao boi. "
        "Xin hoi: mo o gan cho gi, di loi nao? Tra loi tin nay (1000d/tin)"
    )
    assert segments_of(opening.words) == 1
    (row,) = await rows(database, dialogue)
    (found,) = await rows(database, tip)
    assert (row.tip, row.channel, row.ended_at) == (found.id, "sms", None)


async def test_answers_join_their_tip_one_question_after_the_other(database: Database):
    await tell(database)
    first = await answer(database, "canh cau treo")
    assert first is not None
    assert first.words == f"Da ghi them vao tin {CODE}. Xin hoi: may mo, con nguyen khong? Tra loi tin nay (1000d/tin)"
    second = await answer(database, "9")
    assert second is not None
    assert "1: duoc goi lai va neu ten" in second.words
    third = await answer(database, "2")
    assert third is not None
    assert third.words.endswith("Nho them dieu gi, xin nhan tiep.")
    (found,) = await rows(database, tip)
    assert json.loads(found.fields)["answers"] == {"place": "canh cau treo", "graves": "9", "may": "2"}
    assert (found.may_call, found.may_publish) == (True, False)
    events = await rows(database, tip_event)
    assert [(each.kind, each.note) for each in events[1:4]] == [("added", "canh cau treo"), ("added", "9"), ("added", "2")]
    shown = json.loads(events[4].note)
    assert (events[4].kind, shown["said"], "2: goi, khong neu ten" in shown["shown"]) == ("consent", "2", True)
    assert [row.how for row in await rows(database, dialogue)] == ["done"]
    assert await answer(database, "them nua") is None, "after the talk, the rule of the last tip holds"


async def test_a_skipped_question_adds_nothing(database: Database):
    await tell(database)
    found = await answer(database, "bỏ qua")
    assert found is not None
    assert (found.action, "may mo" in found.words) == ("nothing", True)
    assert [each.kind for each in await rows(database, tip_event)] == ["received"]


async def test_a_person_is_called_and_the_desk_told(database: Database):
    await tell(database)
    found = await answer(database, "gặp cán bộ")
    assert found is not None
    assert (found.alarm, "0300 000 100" in found.words) == ("asks for a person", True)


async def test_an_answer_that_tells_of_a_shell_wakes_the_duty_list(database: Database):
    await tell(database)
    found = await answer(database, "canh do co qua bom chua no")
    assert found is not None
    assert (found.urgent, found.words.startswith("NGUY HIEM")) == ("uxo", True)
    assert [each.why for each in await rows(database, alert)] == ["uxo"]
    assert [each.urgent for each in await rows(database, tip)] == ["uxo"]


@pytest.mark.parametrize("text", ["LS TN09 co 2 mo o khe", "TC", "TT 7K3M9P", "ADN TN18 em gai liet si", "HOI lay mau o dau"])
async def test_what_begins_anew_is_no_answer(database: Database, text: str):
    await tell(database)
    assert await answer(database, text) is None
    assert [row.ended_at for row in await rows(database, dialogue)] == [None]


async def test_after_a_day_nothing_waits(database: Database):
    await tell(database)
    assert await answer(database, "canh cau treo", at=NOW + 24 * 3_600_000 + 1) is None
    assert await answer(database, "canh cau treo", at=NOW + 24 * 3_600_000) is not None


async def test_another_person_and_another_channel_answer_nothing(database: Database):
    await tell(database)
    assert await answer(database, "canh cau treo", BINH) is None
    assert await answer(database, "canh cau treo", channel="zalo") is None


async def test_zalo_asks_with_accents_and_urgent_tips_and_forms_are_asked_nothing(database: Database):
    opening = await tell(database, "co mo bo doi", channel="zalo")
    assert opening is not None
    assert "Xã Thống Nhất đã nhận tin" in opening.words
    assert TALKS.opening("sms", reading("LS TN07 thay qua bom"), CODE, NOW) is None
    assert TALKS.opening("web", reading("co mo bo doi"), CODE, NOW) is None


async def test_the_latest_of_two_tips_is_the_one_that_is_asked_about(database: Database):
    await tell(database, code="7K3M9P")
    await tell(database, "LS TN09 mo khac", code="4H2Q8X")
    found = await answer(database, "canh cau treo")
    ids = await database.write(lambda connection: ids_of(connection, ["4H2Q8X"]))
    assert found is not None
    assert found.tip == ids["4H2Q8X"]


def test_what_a_story_tells_is_not_asked():
    told = slots_of(DATA.dialogue, reading("LS TN07 co 2 ngoi mo canh cay da dau ban, anh Nguyen Van Vi Du hy sinh nam 1979"))
    assert "graves" in told


# --- what a row keeps ---


def test_a_talk_comes_back_as_it_was():
    state = State("ussd", known=frozenset({"place"}), asked=("place", "may"), at="may", candidates=("TN01",), touched_at=NOW)
    talk = Talk(state, ALICE, CODE, ("trang 2",), True, "viettel")
    assert state_of(json.loads(json.dumps(state_json(state)))) == state
    assert talk_of(_kept(talk_json(talk))) == talk


@pytest.mark.parametrize("slots", [None, "", "{}", "[]", '{"state": {"step": "dance"}}', "x"])
def test_a_row_of_another_release_is_no_talk(slots: str | None):
    assert talk_of(_kept(slots)) is None


def _kept(slots: str | None) -> Dialogue:
    return Dialogue(1, "ussd", b"", None, "vi", "menu", slots, None, None, None, None, NOW, NOW)


async def test_a_row_that_cannot_be_read_asks_nothing_and_stops_nobody(database: Database):
    await tell(database)

    async def spoil(connection) -> None:
        (row,) = (await stored.of_people(connection, [person(database.keyring, ALICE)], ["sms"], 0)).values()
        await stored.save(connection, [replace(row, slots="{}")])

    await database.write(spoil)
    assert await answer(database, "canh cau treo") is None


def test_kinds_that_steer_are_known():
    assert reading("TC").kind is Kind.OPTOUT
