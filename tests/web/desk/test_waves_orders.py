"""Orders that a partner sends: composed and approved like any wave, handed over as paper, counted, closed."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import select

from gateway.domain.permission import Role
from gateway.services.wave_desk.partner import difference
from gateway.storage.schema import audit, wave
from tests.services.people import route as plain_route
from tests.services.staff import WORDS

ROUTE = replace(plain_route(), price_vnd=300, max_unapproved=3)
FORM = {
    "title": "Nhờ mạng 22-12", "text_vi": "UBND xã Thống Nhất: báo tin liệt sĩ soạn LS gửi {{ dau_so }}. Từ chối: TC", "accents_vi": "no",
    "route": "gia-lap", "window_from": "07:00", "window_to": "21:00", "max_segments": "1", "document": "238/KH-UBND",
    "document_date": "2026-06-15", "area": "06577", "day": "2026-12-20", "last": "2026-12-22", "expected": "1000",
}  # fmt: skip
COUNTS = "Mẫu,Nhà mạng,Ngày,Đã gửi,Đến máy,Lỗi,Số bản tin tính cước\nvi,Viettel,20/12/2026,600,590,10,600\n"


@pytest.fixture
async def desk(desk_with):
    async for found in desk_with(routes=(ROUTE,)):
        yield found


async def _asked(desk, planner, **changes) -> int:
    answer = await planner.post("/desk/orders/new", {"title": "Nhờ mạng 22-12"})
    page = await planner.get(answer.location)
    version = re.search(r'name="version" value="(\d+)"', page.text)[1]
    answer = await planner.post(answer.location, {**FORM, **changes, "version": version, "do": "ask"})
    assert answer.status == 303, answer.text
    return int(answer.location.rpartition("/")[2])


async def _state(desk) -> str:
    async with desk.database.read() as connection:
        return await connection.scalar(select(wave.c.state))


async def test_an_order_from_draft_to_its_last_count(desk) -> None:
    """A draft's paper says so; approved it is handed over; the partner's counts show where they differ; then it is closed."""
    planner, approver = await desk.login(Role.PLANNER), await desk.login(Role.APPROVER)
    id_ = await _asked(desk, planner)
    path = f"/desk/orders/{id_}"
    draft = await planner.get(f"{path}/don.pdf")
    assert draft.body.startswith(b"%PDF")
    assert "du-thao" in draft.headers["Content-Disposition"]
    assert (await planner.post(f"{path}/hand-over")).status == 422
    seen = re.search(r'name="seen" value="([^"]+)"', (await approver.get(path)).text)[1]
    yes = {"seen": seen, "sentence": ["1", "2", "3"], "count": "1.000", "passphrase": WORDS}
    assert (await approver.post(f"{path}/approve", yes)).status == 303
    assert (await planner.post(f"{path}/counts", {"counts": COUNTS.encode()})).status == 422  # not handed over yet
    assert (await planner.post(f"{path}/hand-over")).status == 303
    assert await _state(desk) == "running"
    for paper in ("don.pdf", "don.xlsx", "don.json", "so-lieu.xlsx"):
        answer = await planner.get(f"{path}/{paper}")
        assert answer.status == 200, paper
        assert "du-thao" not in answer.headers["Content-Disposition"], paper
    agreed = await planner.post(f"{path}/counts", {"counts": COUNTS.encode()})
    assert "Số liệu khớp với đơn đã đặt." in agreed.text
    more = COUNTS + "vi,VinaPhone,25/12/2026,500,500,0,1000\nvi,?,x,1,1,1,1\n"
    other = (await planner.post(f"{path}/counts", {"counts": more.encode()})).text
    assert "1 dòng không đọc được" in other
    assert "ngoài những ngày đã đặt; 500 tin" in other
    assert "nhiều hơn 100" in other
    assert "tính cước 1.000 đoạn cho 500 tin, mỗi tin 1 đoạn: thừa 500 đoạn" in other
    assert (await planner.post(f"{path}/close")).status == 303
    assert await _state(desk) == "done"
    async with desk.database.read() as connection:
        acts = list(await connection.scalars(select(audit.c.action).order_by(audit.c.id)))
    assert [each for each in acts if each.startswith(("order.", "wave.ask", "wave.approve"))] == [
        "wave.ask", "wave.approve", "order.hand_over", "order.counts", "order.counts", "order.close",
    ]  # fmt: skip


async def test_an_order_stays_in_its_commune(desk) -> None:
    """Neither another commune's orders are seen, nor is another commune's area ordered."""
    planner = await desk.login(Role.PLANNER)
    id_ = await _asked(desk, planner)
    stranger = await desk.login(Role.PLANNER, commune="06580")
    for path in (f"/desk/orders/{id_}", f"/desk/orders/{id_}/don.pdf", f"/desk/orders/{id_}/so-lieu.xlsx"):
        assert (await stranger.get(path)).status == 404
    for act in ("hand-over", "counts", "close", "back"):
        answer = await stranger.post(f"/desk/orders/{id_}/{act}", {"why": "x", "counts": b"x"})
        assert answer.status == 404, act
    answer = await stranger.post("/desk/orders/new", {"title": "Đơn khác"})
    refused = await stranger.post(answer.location, {**FORM, "title": "Đơn khác", "version": "1", "do": "ask"})
    assert refused.status == 422
    assert "địa bàn xã mình" in refused.text


def test_differences_in_plain_words() -> None:
    assert difference("nothing is reported of the text lo, which was ordered") == "Mẫu lo đã đặt mà không thấy số liệu."
    assert (
        difference("vi, Viettel, 2026-12-20: 1,010 results of 1,000 messages")
        == "vi, Viettel, 20/12/2026: 1.010 kết quả trên 1.000 tin đã gửi."
    )
    assert (
        difference("the charged segments cost 400.000 đ, over the ceiling of 300.000 đ")
        == "Tiền tính cước 400.000 đ, quá mức duyệt 300.000 đ."
    )
