"""Where a tip stands, for whoever has its code; nothing of it is shown, and nothing helps to guess codes."""

import pytest

from gateway.services.status import NETWORK
from gateway.storage.schema import tally, tip
from tests.services.people import rows
from tests.services.test_intake import locked

STORY = "Sau trường cũ có 2 nấm mộ"


async def code_of(door) -> str:
    await door.told(STORY)
    return (await rows(door.database, tip))[0].code


@pytest.mark.parametrize("written", [str, str.lower, lambda code: f" {code[:3]}-{code[3:]} ", lambda code: " ".join(code)])
async def test_the_state_is_shown_and_no_word_of_the_tip(door, written) -> None:
    code = await code_of(door)
    status, page = await door.post("/tin", {"code": written(code)})
    assert (status, f"Tin {code}" in page, "Cán bộ sắp đọc tin" in page, "Thứ tư, 18/11/2026" in page) == (200, True, True, True)
    assert "nấm mộ" not in page
    assert "TN07" not in page


async def test_whoever_has_the_code_may_add(door) -> None:
    code = await code_of(door)
    _, page = await door.post("/tin", {"code": code})
    add = page[page.index('href="/t/') + 6 :]
    status, _ = await door.send(add[: add.index('"')], {"answer": "nhớ thêm"})
    assert status == 303


@pytest.mark.parametrize("typed", ["7K3M9B", "", "<b>x</b>", "9" * 5_000, "O0O0O0", "\x00"])
async def test_a_code_that_nobody_has_and_one_that_cannot_be_get_the_same_page(door, typed) -> None:
    code = await code_of(door)
    status, page = await door.post("/tin", {"code": typed})
    assert (status, "Không thấy mã" in page, "sai ít nhất một chữ" in page, "<b>x" in page, code in page) == (404, True, True, False, False)


async def test_a_network_that_tries_codes_is_stopped_even_with_a_right_one(door) -> None:
    code = await code_of(door)
    for _ in range(NETWORK.misses):
        await door.post("/tin", {"code": "7K3M9B"})
    status, page = await door.post("/tin", {"code": code})
    assert (status, "Thử sai nhiều lần" in page, "Cán bộ sắp đọc tin" in page) == (429, True, False)
    assert all(b"127.0.0.1" not in row.key for row in await rows(door.database, tally))


async def test_no_address_holds_a_tips_code(door) -> None:
    code = await code_of(door)
    status, page = await door.get(f"/tin?code={code}")
    assert (status, code in page) == (200, False)


async def test_a_locked_database_asks_to_wait(door, database_url, engine_name) -> None:
    if engine_name != "sqlite":
        pytest.skip("PostgreSQL locks rows, not the file")
    with locked(database_url):
        status, page = await door.post("/tin", {"code": "7K3M9P"})
    assert (status, "Xin chờ 20 giây" in page) == (503, True)
