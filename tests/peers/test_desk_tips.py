"""The military desk's day in real Chromium, by keyboard alone: a tip opened, corrected, sorted, undone, linked, verified, handed over,
receipted. axe finds nothing on the way; a phone without JavaScript suffices."""

import re

import pytest
from playwright.async_api import Browser, Page, expect

from gateway.domain.permission import Role
from gateway.storage.schema import tip
from tests.peers.test_desk_print import browser as browser  # the fixture
from tests.peers.test_desk_print import confirmed, fetched, looked, sit
from tests.services.people import NOW, arrive, inbound, rows, said
from tests.web.desk.conftest import TestDesk
from tests.web.desk.conftest import desk as desk  # the fixture

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
TOLD = (
    ("+84300000011", "ls na lai co 2 ngoi mo bo doi canh mieu tho cong, chon thang 2 nam 79, hinh nhu c3 d2 e777. lh 0300000015"),
    ("+84300000012", "LS TN02 canh mieu tho cong co hai ngoi mo bo doi, hon da khac chu"),
)


async def _codes(desk: TestDesk) -> list[str]:
    """What two residents told, read as in earnest; their codes in the order of telling."""
    await arrive(desk.database, *(said(text, sender) for sender, text in TOLD))
    await inbound(desk.database).process_once(NOW)
    return [row.code for row in await rows(desk.database, tip)]


async def press(page: Page, key: str) -> None:
    """A key that acts on the page, for no field has the focus."""
    await page.evaluate("document.activeElement && document.activeElement.blur()")
    await page.keyboard.press(key)


async def entered(page: Page, selector: str) -> None:
    """Press what `selector` names, by Enter."""
    await page.focus(selector)
    await page.keyboard.press("Enter")


async def test_a_tip_from_the_queue_to_the_receipt(desk: TestDesk, browser: Browser) -> None:
    first, second = await _codes(desk)
    officer, custodian = await desk.login(Role.READER, Role.VERIFIER), await desk.login(Role.CUSTODIAN)
    page = await sit(browser, officer)
    await page.goto(f"{desk.url}/desk/tips")
    await looked(page, "tips-list")
    await page.goto(f"{desk.url}/desk/tips/{first}")
    assert "0300000015" not in await page.content()  # masked inside the words as well
    await looked(page, "tips-detail")

    await page.goto(f"{desk.url}/desk/tips/{first}?fix=village")
    await page.select_option("#fix-value", "TN02")
    await entered(page, "#fix button")
    await expect(page.locator("table.fields")).to_contain_text("cán bộ chọn")

    await press(page, "p")
    await page.wait_for_url("**/sort")
    await looked(page, "tips-sort")
    await press(page, "1")
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile(rf"/desk/tips/{first}$"))
    await expect(page.locator(".tip-head .tag").first).to_have_text("Đã phân loại")
    await press(page, "u")
    await expect(page.locator(".tip-head .tag").first).to_have_text("Mới")
    await page.goto(f"{desk.url}/desk/tips/{first}/sort")
    await press(page, "1")
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile(rf"/desk/tips/{first}$"))

    await page.fill("#pair-code", second)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/beside/**")
    await looked(page, "tips-beside")
    await press(page, "g")
    await expect(page.locator(".said")).to_be_visible()
    await page.goto(f"{desk.url}/desk/tips/{first}")
    await expect(page.locator(".tip-side")).to_contain_text(f"Đã nối với {second}")

    await press(page, "x")
    await page.wait_for_url("**/verify")
    await looked(page, "tips-verify")
    await press(page, "1")
    await page.focus("input[name=done]")
    await page.keyboard.press("Space")
    await entered(page, "text=Ghi kết luận")
    await page.wait_for_url(re.compile(rf"/desk/tips/{first}$"))

    await press(page, "c")
    await page.wait_for_url("**/desk/hand-overs/new*")
    await entered(page, "text=Xin xác nhận")
    await page.wait_for_url(re.compile(r"/desk/hand-overs/\d+$"))
    other = await sit(browser, custodian)
    await other.goto(page.url)
    for box in await other.locator("form[action$=decide] input[type=checkbox]").all():
        await box.focus()
        await other.keyboard.press("Space")
    await entered(other, "text=Quyết chuyển")
    await confirmed(other)
    await expect(other.locator("main")).to_contain_text("Đã chuyển, chờ biên nhận")  # the decision is stored before the first looks again
    await page.reload()
    assert (await fetched(page, "text=Tải biên bản (PDF)")).startswith(b"%PDF")
    receipt = (await page.locator("dt:has-text('Mã biên nhận') + dd").inner_text()).strip()
    await page.goto(f"{desk.url}/desk/hand-overs")
    await entered(page, "summary:has-text('Ghi biên nhận')")
    for field, value in (("code", receipt), ("on", "2026-11-18"), ("by", "Đại úy Lê Văn Ví Dụ")):
        await page.fill(f"#{field}", value)
    await page.keyboard.press("Enter")
    await expect(page.locator(".spread .tag-done")).to_have_text("Đã có biên nhận")


async def test_the_phone_and_no_javascript_suffice(desk: TestDesk, browser: Browser) -> None:
    """390 px, scripts off: read, corrected, noted."""
    first, _ = await _codes(desk)
    page = await sit(browser, await desk.login(Role.READER), 390, 844, java_script_enabled=False)
    await page.goto(f"{desk.url}/desk/tips/{first}")
    await page.fill("#note-words", "đã hỏi lại qua điện thoại")
    await page.click("#note button")
    await expect(page.locator(".history")).to_contain_text("đã hỏi lại qua điện thoại")
    await page.goto(f"{desk.url}/desk/tips/{first}?fix=village")
    await page.select_option("#fix-value", "TN02")
    await page.click("#fix button")
    await expect(page.locator("table.fields")).to_contain_text("cán bộ chọn")


async def test_two_who_write_at_once_see_both_versions(desk: TestDesk, browser: Browser) -> None:
    first, _ = await _codes(desk)
    one, two = [await sit(browser, await desk.login(Role.READER)) for _ in range(2)]
    for page in (one, two):
        await page.goto(f"{desk.url}/desk/tips/{first}?fix=village")
    for page, village in ((one, "TN01"), (two, "TN02")):
        await page.select_option("#fix-value", village)
        await entered(page, "#fix button")
    await expect(one.locator("table.fields")).to_contain_text("cán bộ chọn")
    await expect(two.locator("main")).to_contain_text("TN01")
    await looked(two, "tips-conflict")
