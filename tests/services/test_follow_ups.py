"""Later words of one person: what they join, what they correct, what is something new, and how often we talk back."""

import json

import pytest

from gateway.domain.msisdn import Msisdn
from gateway.services import duty
from gateway.services.answers import FOR_THE_DESK, TAKEN
from gateway.services.follow_ups import FOLLOW_MS, Correction, correction_in
from gateway.storage.schema import alert, contact, dna_request, mo, mt, question, tip, tip_event
from gateway.storage.tips import wrote
from tests.services.people import ALICE, BINH, NOW, arrive, inbound, rows, said

MINUTE = 60_000
TOLD = "LS TN07 sau truong cu co 2 nam mo bo doi"


async def _handle(database, *arrivals, now=NOW):
    await arrive(database, *arrivals)
    handler = inbound(database, now=now)
    while await handler.process_once(now):
        pass
    return await rows(database, mt)


@pytest.mark.parametrize("words", ["gan cay da to, canh suoi", "co bia da khac chu", "0300000077", "mo nam 1979"])
async def test_a_message_without_keyword_joins_the_last_tip(database, words) -> None:
    replies = await _handle(database, said(TOLD), said(words, at=NOW + MINUTE))
    (found,) = await rows(database, tip)
    assert [(event.kind, event.note) for event in await rows(database, tip_event)] == [("received", None), ("added", words)]
    assert [(row.action, row.tip) for row in await rows(database)] == [("tip", found.id), ("added", found.id)]
    assert found.text == TOLD
    assert found.code in replies[1].body
    assert "ghi them" in replies[1].body


async def test_what_is_added_fills_in_what_was_not_known(database) -> None:
    await _handle(database, said("LS co 2 mo bo doi o chan doi"))
    await _handle(database, said("o thon TN07, goi 0300000077", at=NOW + 1))
    (found,) = await rows(database, tip)
    assert (found.village, json.loads(found.fields)["contact_phone"]) == ("TN07", "+84300000077")


@pytest.mark.parametrize(("words", "at"), [("LS TN08 co 3 mo bo doi", NOW + 1), ("co 3 mo bo doi o bo suoi", NOW + FOLLOW_MS + 1)])
async def test_with_a_keyword_or_a_day_later_it_is_a_new_tip(database, words, at) -> None:
    await _handle(database, said(TOLD))
    await _handle(database, said(words, at=at), now=at)
    assert len({row.code for row in await rows(database, tip)}) == 2


async def test_what_answers_a_word_of_ours_joins_the_tip_we_wrote_of(database) -> None:
    """Days later, and though that person has told another tip since."""
    await _handle(database, said(TOLD), said("LS TN08 co 3 mo bo doi", at=NOW + 1))
    first, _ = await rows(database, tip)
    asked = NOW + 3 * FOLLOW_MS
    await database.write(lambda connection: wrote(connection, first.id, "Mo gan cay nao?", asked))
    await _handle(database, said("gan cay da to, canh suoi", at=asked + FOLLOW_MS), now=asked + FOLLOW_MS)
    assert [(row.tip, row.note) for row in await rows(database, tip_event) if row.kind == "added"] == [
        (first.id, "gan cay da to, canh suoi")
    ]
    await _handle(database, said("canh suoi co 1 mo bo doi", at=asked + FOLLOW_MS + 1), now=asked + FOLLOW_MS + 1)
    assert len(await rows(database, tip)) == 3


@pytest.mark.parametrize(("words", "language"), [("LS TN07 co 2 mo bo doi", "vi"), ("LS TN07 I know where 2 soldiers were buried", "en")])
async def test_a_tip_knows_its_language(database, words, language) -> None:
    await _handle(database, said(words))
    assert [row.language for row in await rows(database, tip)] == [language]


async def test_another_person_adds_nothing_to_it_and_the_same_words_are_two_tips(database) -> None:
    replies = await _handle(database, said(TOLD), said("co 3 mo bo doi o bo suoi", BINH), said(TOLD, "+84300000013"))
    assert [row.text for row in await rows(database, tip)] == [TOLD, "co 3 mo bo doi o bo suoi", TOLD]
    assert len(replies) == 3


@pytest.mark.parametrize(("words", "table"), [("ADN TN07 Vi Van Gia Dinh", dna_request), ("HOI o dau lay mau adn", question)])
async def test_other_matters_after_a_tip_keep_their_way(database, words, table) -> None:
    await _handle(database, said(TOLD), said(words, at=NOW + 1))
    assert (len(await rows(database, tip)), len(await rows(database, table)), len(await rows(database, tip_event))) == (1, 1, 1)


async def test_a_correction_wins_over_what_was_read_and_its_words_are_kept(database) -> None:
    await _handle(database, said(TOLD))
    (before,) = await rows(database, tip)
    replies = await _handle(database, said(f"SUA {before.code} TN08 moi dung, goi 0300000077", at=NOW + 1))
    (found,) = await rows(database, tip)
    assert (found.village, json.loads(found.fields)["contact_phone"], found.text) == ("TN08", "+84300000077", TOLD)
    assert [(event.kind, event.note) for event in await rows(database, tip_event)][1] == ("corrected", "TN08 moi dung, goi 0300000077")
    assert "sua tin" in replies[1].body


async def test_nobody_corrects_another_persons_tip(database) -> None:
    """A grandchild's phone: the words are not lost, they are a tip of their own."""
    await _handle(database, said(TOLD))
    (before,) = await rows(database, tip)
    await _handle(database, said(f"SUA {before.code} TN08 co 3 mo bo doi", BINH))
    assert [row.village for row in await rows(database, tip)] == ["TN07", "TN08"]


@pytest.mark.parametrize(("text", "found"), [
    ("SUA TN08 moi dung", "TN08 moi dung"), ("Sửa: 3 mộ", "3 mộ"), ("sua. o khe", "o khe"), ("sua chua nha", "chua nha"),
    ("SUA", None), ("SUA ", None), ("suaTN08 x", None), ("LS sua", None), ("", None)])  # fmt: skip
def test_correction_in(text: str, found: str | None) -> None:
    assert correction_in(text) == (None if found is None else Correction(None, found))


async def test_words_that_come_in_one_turn_with_their_tip_join_it(database) -> None:
    await _handle(database, *(said(words, at=NOW + at) for at, words in enumerate([TOLD, "canh suoi can", "co bia da", "cam on can bo"])))
    assert [row.action for row in await rows(database)] == ["tip", "added", "added", "unknown"]


async def test_an_addition_can_make_a_tip_urgent(database) -> None:
    replies = await _handle(database, said(TOLD), said("vua thay qua bom o bo suoi", at=NOW + 1))
    (found,) = await rows(database, tip)
    assert (found.urgent, "NGUY HIEM" in replies[1].body, found.code in replies[1].body) == ("uxo", True, True)
    assert [row.tip for row in await rows(database, alert)] == [found.id]


# --- how often we talk back ---


@pytest.mark.parametrize(("words", "answer"), [("cam on", "xin cam on ong/ba"), ("alo alo", "Cu phap"), ("zxcv qwe rty", "Cu phap")])
async def test_thanks_and_what_is_not_understood_are_answered_once_a_day(database, words, answer) -> None:
    for at in range(4):
        await _handle(database, said(words, carrier_id=f"T{at}", at=NOW + at * MINUTE), now=NOW + at * MINUTE)
    (reply,) = await rows(database, mt)
    assert answer in reply.body
    later = NOW + FOLLOW_MS + 3 * MINUTE
    assert len(await _handle(database, said(words, carrier_id="T9", at=later), now=later)) == 2


async def test_in_one_turn_too_they_are_answered_once(database) -> None:
    replies = await _handle(database, *(said("cam on", carrier_id=f"T{at}") for at in range(5)), said("cam on", BINH))
    assert sorted(row.msisdn for row in replies) == [ALICE, BINH]
    assert {row.alarm for row in await rows(database)} == {None}


async def test_what_is_not_understood_is_for_the_desk_each_time(database) -> None:
    await _handle(database, said("zxcv qwe", carrier_id="A"), said("zxcv qwe", carrier_id="B"))
    assert [row.alarm for row in await rows(database)] == [FOR_THE_DESK] * 2


async def test_a_tip_after_thanks_is_answered(database) -> None:
    assert len(await _handle(database, said("cam on"), said(TOLD), said("cam on nhe", at=NOW + 1))) == 2


# --- stop ---


@pytest.mark.parametrize("words", ["TC", "tu choi", "Huy", "STOP", "khong nhan tin nua", "dung gui tin cho toi nua"])
async def test_stop_stops_even_in_the_middle_of_a_tip(database, words) -> None:
    await _handle(database, said(TOLD), said(words, at=NOW + 1))
    assert [row.opted_out_at for row in await rows(database, contact)] == [NOW + 1]
    assert [event.kind for event in await rows(database, tip_event)] == ["received"]


@pytest.mark.parametrize("words", ["anh Huy dk82 biet cho", "stop o cay da, co mo", "bac Huy chon o day, dung lai hoi"])
async def test_no_word_inside_a_tip_stops_anything(database, words) -> None:
    await _handle(database, said(TOLD), said(words, at=NOW + 1))
    assert await rows(database, contact) == []


# --- the duty list ---


async def test_an_urgent_tip_is_taken_by_the_nhan_of_somebody_on_duty(database) -> None:
    await duty.add(database, "Minh Hoa", Msisdn(BINH), 1, "06577", NOW)
    await _handle(database, said("LS TN07 thay qua bom o bo suoi"))
    (found,) = await rows(database, tip)
    replies = await _handle(database, said(f"NHAN {found.code}", BINH, at=NOW + 1), said(f"NHAN {found.code}", "+84300000013", at=NOW + 1))
    (raised,) = await rows(database, alert)
    assert raised.acknowledged_at is not None
    assert "thoi nhac" in replies[1].body
    assert [row.action for row in await rows(database, mo)][1] == TAKEN
    assert [row.action for row in await rows(database, mo)][2] != TAKEN
