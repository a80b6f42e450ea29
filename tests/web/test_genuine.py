"""A page can't prove itself: it says where a code was issued, and takes reports of fakes."""

import pytest
from sqlalchemy import text

from gateway.domain.code import placement_code
from gateway.services import links
from gateway.storage.schema import fake_report
from gateway.web.limits import MOST_FAKES
from tests.services.people import NOW, rows
from tests.services.test_intake import locked
from tests.web.test_public import CODE


async def test_it_says_where_the_code_was_issued_and_never_just_real(door) -> None:
    status, page = await door.get(f"/q/{CODE.lower()}/that")
    assert (status, CODE in page, "Nhà văn hóa thôn, Thôn Bản Chang" in page, "tinbao.example" in page) == (200, True, True, True)
    assert "Trang giả cũng viết chữ “thật”" in page
    assert page.count("thật") - page.count("có thật không") == 1


async def test_a_code_that_is_in_no_list_is_not_said_to_be_ours(door) -> None:
    _, page = await door.get(f"/q/{placement_code('TN07', 1000)}/that")
    assert ("Không có trong sổ của xã" in page, "CÓ TRONG SỔ" in page) == (True, False)


async def test_a_code_that_is_switched_off_is_not_said_to_be_ours(door) -> None:
    await links.disable(door.database, CODE, "torn", NOW)
    await door.refresh_links()
    assert "CÓ TRONG SỔ" not in (await door.get(f"/q/{CODE}/that"))[1]


async def test_without_a_code_it_asks_for_the_printed_one(door) -> None:
    status, page = await door.get("/that")
    assert (status, "Gõ mã in dưới" in page, "CÓ TRONG SỔ" in page) == (200, True, False)
    async with door.session.get(f"{door.url}/tim?that=1&c={CODE}", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, f"/q/{CODE.lower()}/that")


async def test_a_slip_here_is_helped_too(door) -> None:
    status, page = await door.get("/q/TN0199/that")
    assert (status, "Không có mã TN0199" in page) == (404, True)


async def test_a_report_of_a_fake_is_kept_sealed(door) -> None:
    form = {"words": "Tờ ở chợ đòi chuyển tiền", "code": f"{CODE[:4]}-{CODE[4:]}", "contact": "0300 000 011"}
    status, page = await door.post("/that/bao", form)
    (found,) = await rows(door.database, fake_report)
    assert (status, "Cán bộ sẽ tới xem" in page) == (200, True)
    assert (found.code, found.words, found.contact, found.at) == (CODE, form["words"], form["contact"], NOW)
    async with door.database.read() as connection:
        raw = (await connection.execute(text("SELECT words, contact FROM fake_report"))).one()
    assert not any("tiền".encode() in bytes(value) or b"0300" in bytes(value) for value in raw)


async def test_an_empty_report_is_asked_for_again_and_keeps_the_rest(door) -> None:
    status, page = await door.post("/that/bao", {"words": " ", "contact": "0300 000 011"})
    assert (status, "Chưa có chữ nào" in page, 'value="0300 000 011"' in page) == (422, True, True)
    assert await rows(door.database, fake_report) == []


async def test_reports_of_one_network_are_bounded_and_programs_are_dropped(door) -> None:
    await door.post("/that/bao", {"words": "x", "website": "http://x"})
    statuses = [(await door.post("/that/bao", {"words": f"giả {n}"}))[0] for n in range(MOST_FAKES + 2)]
    assert (statuses.count(200), statuses[-1], len(await rows(door.database, fake_report))) == (MOST_FAKES, 429, MOST_FAKES)


async def test_a_locked_database_loses_no_word_of_a_report(door, database_url, engine_name) -> None:
    if engine_name != "sqlite":
        pytest.skip("PostgreSQL locks rows, not the file")
    with locked(database_url):
        status, page = await door.post("/that/bao", {"words": "Tờ ở chợ đòi tiền"})
    assert (status, ">Tờ ở chợ đòi tiền</textarea>" in page) == (503, True)
