"""A wave as it goes: the stream that all its viewers share, what needs a person, five states that add up."""

import asyncio
import json
from dataclasses import replace

import pytest
from sqlalchemy import update

from gateway.domain.permission import Role
from gateway.domain.wave import WaveState
from gateway.services.wave_desk import live
from gateway.storage.database import Database
from gateway.storage.schema import mt, wave
from gateway.web.desk.waves_keys import WATCHES
from tests.services.people import NOW
from tests.services.people import route as plain_route
from tests.services.wave_rows import make_wave

ROUTE = replace(plain_route(), price_vnd=300)
MIXED = {"delivered": 4, "sent": 3, "uncertain": 2, "failed": 1, "queued": 5, "claimed": 1, "sending": 1, "suppressed": 1, "expired": 1}


@pytest.fixture
async def desk(desk_with):
    async for found in desk_with(routes=(ROUTE,)):
        found.app[WATCHES].look_s = 0.05
        yield found


async def _running(desk, mts=MIXED, **changes) -> int:
    made = await make_wave(desk.database, mts=mts, state=WaveState.RUNNING, commune="06577", started_at=NOW, **changes)
    return made.id


async def _event(answer) -> tuple[str, str, dict]:
    """(kind, id, data) of the next event; comments and hints are passed over."""
    kind = id_ = ""
    while True:
        line = (await answer.content.readline()).decode().rstrip("\n")
        name, _, value = line.partition(": ")
        if name == "event":
            kind = value
        elif name == "id":
            id_ = value
        elif name == "data":
            return kind, id_, json.loads(value)
        assert not answer.content.at_eof(), "the stream ended"


async def _stream(desk, officer, id_: int, last: str = ""):
    headers = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"} | ({"Last-Event-ID": last} if last else {})
    return await officer.session.get(f"{desk.url}/desk/waves/{id_}/events", headers=headers)


async def _set(database: Database, before: str, after: str) -> None:
    await database.write(lambda connection: connection.execute(update(mt).where(mt.c.state == before).values(state=after)))


# --- the stream ---


async def test_the_stream_tells_until_the_wave_is_over(desk) -> None:
    """The first event at once, the next at a change, the last when nothing more will change; then the stream ends by itself."""
    id_ = await _running(desk, {"queued": 2, "delivered": 1})
    officer = await desk.login(Role.PLANNER)
    async with asyncio.timeout(60), await _stream(desk, officer, id_) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        assert "no-store" in answer.headers["Cache-Control"]
        kind, _, data = await _event(answer)
        assert (kind, data["balance"]) == ("glance", "1 + 0 + 0 + 0 + 2 = 3. Sổ khớp.")
        await _set(desk.database, "queued", "delivered")
        while data["balance"] != "3 + 0 + 0 + 0 + 0 = 3. Sổ khớp.":
            _, _, data = await _event(answer)
        await desk.database.write(lambda connection: connection.execute(update(wave).values(state="done", ended_at=NOW)))
        while kind != "over":
            kind, _, data = await _event(answer)
        assert await answer.content.read() == b"\n"


async def test_all_viewers_share_one_look(desk) -> None:
    """Two who watch cost one query; without a viewer nobody looks."""
    id_ = await _running(desk)
    officers = [await desk.login(Role.PLANNER), await desk.login(Role.APPROVER)]
    watches = desk.app[WATCHES]
    async with asyncio.timeout(60):
        answers = [await _stream(desk, each, id_) for each in officers]
        for answer in answers:
            await _event(answer)
        assert (len(watches._of), watches._of[id_].viewers) == (1, 2)
        for answer in answers:
            answer.close()
        while watches._of:
            await asyncio.sleep(0.02)


async def test_who_comes_again_is_told_only_what_is_new(desk) -> None:
    """With the number of the last event the same picture is not sent twice."""
    id_ = await _running(desk, {"queued": 2})
    officer = await desk.login(Role.PLANNER)
    async with asyncio.timeout(60):
        async with await _stream(desk, officer, id_) as answer:
            _, last, _ = await _event(answer)
        desk.app[WATCHES].look_s, desk.app[WATCHES].beat_s = 60, 0.05
        while desk.app[WATCHES]._of:
            await asyncio.sleep(0.02)
        async with await _stream(desk, officer, id_, last) as answer:
            assert await answer.content.readline() == b"retry: 2000\n"
            assert await answer.content.readline() == b"\n"
            assert await answer.content.readline() == b": still here\n"  # the heartbeat, and no event


async def test_a_stream_is_for_who_may_read(desk) -> None:
    id_ = await _running(desk)
    stranger = await desk.login(Role.PLANNER, commune="06580")
    assert (await _stream(desk, stranger, id_)).status == 404
    reader = await desk.login(Role.READER)
    assert (await _stream(desk, reader, id_)).status == 403


# --- the page ---


async def test_five_states_add_up(desk) -> None:
    """Every state that an MT can have lies in exactly one of the five; a book that does not agree says so."""
    states = [state for share in live.SHARES.values() for state in share]
    from gateway.domain.message import MtState

    assert sorted(states) == sorted(MtState)
    assert len(states) == len(set(states))
    id_ = await _running(desk)
    officer = await desk.login(Role.PLANNER)
    page = (await officer.get(f"/desk/waves/{id_}")).text
    assert "4 + 3 + 2 + 3 + 7 = 19. Sổ khớp." in page
    await desk.database.write(lambda connection: connection.execute(update(wave).values(audience=21)))
    assert "Sổ lệch 2: báo người quản trị." in (await officer.get(f"/desk/waves/{id_}")).text


async def test_uncertain_ones_are_asked_after_or_decided(desk) -> None:
    """Asking settles what reports know; a person's word the rest; sending again needs the box that says what it means."""
    id_ = await _running(desk)
    officer = await desk.login(Role.PLANNER)
    assert "tin không rõ đã tới hay chưa" in (await officer.get(f"/desk/waves/{id_}")).text
    asked = await officer.post(f"/desk/waves/{id_}/settle", follow=True)
    assert "Đã rõ 0 tin, còn 2 tin chưa rõ." in asked.text
    again = await officer.post(f"/desk/waves/{id_}/settle", {"word": "again"})
    assert again.status == 422
    assert "nhận hai lần" in again.text
    said = await officer.post(f"/desk/waves/{id_}/settle", {"word": "failed"}, follow=True)
    assert "Đã rõ 2 tin, còn 0 tin chưa rõ." in said.text
    assert "coi tin không rõ là không tới" in said.text


async def test_a_ramp_that_asks(desk) -> None:
    """The word for the rest is a button; before it the page says what happened in plain words."""
    from gateway.domain.ramp import Ramp

    id_ = await _running(
        desk,
        {"sent": 1, "queued": 9},
        ramp=Ramp(10, 10, 0),
        ramp_state="asking",
        reason="ramp: 1 sent, and the route reports no deliveries",
    )
    officer = await desk.login(Role.APPROVER)
    page = (await officer.get(f"/desk/waves/{id_}")).text
    assert "chưa có báo phát: cần người quyết" in page
    assert "Gửi phần còn lại" in page
    assert "gửi tiếp hay dừng?" in (await officer.get("/desk/waves")).text
    assert (await officer.post(f"/desk/waves/{id_}/go-on")).status == 303
    again = await officer.post(f"/desk/waves/{id_}/go-on")
    assert again.status == 422
    assert "không còn chờ ai quyết" in again.text


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("by hand: mưa", "Có người bấm: mưa"),
        ("by hand", "Có người bấm"),
        ("ramp: 14 of 100 failed (absent 9, barred 5), limit 10 %", "Phần gửi trước hỏng quá nhiều (14 trên 100 tin)"),
        ("sent back", "Đã trả lại người soạn"),
        (None, ""),
    ],
)
def test_why_it_stands_still(said: str | None, shown: str) -> None:
    assert live.reason(said) == shown
