"""Staff write through the masked number: one MT, noted on the tip; never to who must not be written to."""

from dataclasses import replace

import pytest

from gateway.domain.msisdn import Msisdn
from gateway.services.consent import Evidence, answer
from gateway.services.refusal import Refusal
from gateway.services.replies import load_replies
from gateway.services.tips import WRITTEN_A_DAY, write_to_informant
from gateway.storage import contacts
from gateway.storage.consents import May
from gateway.storage.outbox import PRIORITY
from gateway.storage.schema import mt, tip, tip_event
from tests.services.people import ALICE, BINH, NOW, deployment, route, rows
from tests.services.tip_rows import make_tip

REPLIES = load_replies(deployment())
ASK = "Ông cho biết mộ gần suối nào"


async def _write(database, code: str, words: str = ASK, routes=None, now: int = NOW):
    return await write_to_informant(database, REPLIES, routes or (route("khac"), route()), code, words, now)


async def _told(database, sender: str = ALICE, **changes) -> str:
    id_ = await make_tip(database, sender=sender, **changes)
    return next(row.code for row in await rows(database, tip) if row.id == id_)


async def test_one_text_leaves_by_the_route_the_tip_came_by(database) -> None:
    code = await _told(database)
    written = await _write(database, f" {code.lower()} ")
    assert (written.code, written.to, written.route, written.segments) == (code, "+843…11", "gia-lap", 1)
    (row,) = await rows(database, mt)
    assert (row.msisdn, row.lane, row.reply_to, row.send_id, row.wave) == (ALICE, PRIORITY, None, None, 0)
    assert row.body == (
        f"Xa Thong Nhat, ve tin {code}: Ong cho biet mo gan suoi nao. Xin tra loi tin nay gui 8088 (1000d/tin). Xin khong tu y dao boi."
    )
    event = (await rows(database, tip_event))[-1]
    assert (event.kind, event.note, event.at) == ("written", ASK, NOW)
    assert [each.written_at for each in await rows(database, tip)] == [NOW]  # by which the answer finds its tip, also days later


@pytest.mark.parametrize(("sender", "channel"), [("", "web"), ("VIETTEL", "sms"), ("8088", "sms"), ("user-1234567890123", "zalo")])
async def test_who_left_no_number_can_t_be_written_to(database, sender, channel) -> None:
    code = await _told(database, sender, channel=channel)
    with pytest.raises(Refusal, match="left no number"):
        await _write(database, code)


async def test_who_said_no_is_left_alone(database) -> None:
    stopped, silent = await _told(database), await _told(database, BINH)
    phone = Msisdn(ALICE)
    await database.write(lambda c: contacts.opt_out(c, database.keyring.blind(ALICE, "msisdn"), phone, "06577", NOW))
    id_ = (await rows(database, tip))[1].id
    await database.write(lambda c: answer(c, id_, May(call=False), Evidence("sms", 1, "?", NOW)))
    with pytest.raises(Refusal, match="said stop"):
        await _write(database, stopped)
    with pytest.raises(Refusal, match="asked not to be called"):
        await _write(database, silent)
    assert await rows(database, mt) == []


@pytest.mark.parametrize(("code", "words", "said"), [
    (None, "   ", "the text is empty"), (None, "a" * 460, "segments"), ("222222", ASK, "no tip with this code"),
    ("x", ASK, "no tip with this code"),
])  # fmt: skip
async def test_what_can_t_go_is_said_in_one_sentence(database, code, words, said) -> None:
    with pytest.raises(Refusal, match=said) as refused:
        await _write(database, code or await _told(database), words)
    assert "300000011" not in str(refused.value)
    assert (await rows(database, mt), [row for row in await rows(database, tip_event) if row.kind == "written"]) == ([], [])


async def test_no_route_that_reaches_is_said(database) -> None:
    code = await _told(database)
    with pytest.raises(Refusal, match="no enabled route reaches"):
        await _write(database, code, routes=(replace(route("lao"), prefixes=("+856",)),))


async def test_nobody_is_flooded(database) -> None:
    code = await _told(database)
    for n in range(WRITTEN_A_DAY):
        await _write(database, code, now=NOW + n)
    with pytest.raises(Refusal, match="call, or write tomorrow"):
        await _write(database, code, now=NOW + 10)
