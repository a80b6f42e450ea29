"""The print clerk and the military desk in real Chromium: a village set made, approved by another person, packaged, its PDFs read back;
tips handed over, decided by another person, receipted. axe finds nothing on the way; the keyboard alone, or no JavaScript, suffices."""

import asyncio
import io
import os
import re
import shutil
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pypdfium2
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright, expect

from collateral.check import examined
from collateral.finding import acceptable
from gateway.domain.permission import Role
from gateway.storage.schema import tip
from gateway.web.desk.print_room.pages import PRESS
from tests.services.people import rows
from tests.services.staff import WORDS
from tests.services.tip_rows import make_tip
from tests.web.desk.conftest import COOKIE, Officer, TestDesk
from tests.web.desk.conftest import desk as desk  # the fixture

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-dev-shm-usage"]
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}
PICTURES = os.environ.get("TINBAO_PICTURES", "")  # a folder to put pictures of every page in, for a person to look at
HURRY_MS = 40_000  # what a page may take on a busy machine


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield browser
        await browser.close()


async def sit(browser: Browser, officer: Officer, width: int = 1366, height: int = 768, **more) -> Page:
    """A page in a browser context of its own, signed in as this officer."""
    agent = officer.session.headers["User-Agent"]
    context = await browser.new_context(viewport={"width": width, "height": height}, locale="vi", user_agent=agent, **more)
    context.set_default_timeout(HURRY_MS)
    await context.add_cookies([{"name": COOKIE, "value": officer.token, "url": officer.desk.url}])
    return await context.new_page()


async def looked(page: Page, name: str) -> None:
    """Nothing for axe, nothing wider than the screen; a picture where somebody wants one."""
    found = await Axe().run(page, options=RULES)
    assert [(each["id"], each["nodes"][0]["html"]) for each in found.response["violations"]] == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if PICTURES:
        await page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


async def fetched(page: Page, selector: str) -> bytes:
    """What a press of the link or button brings as a file; pressed by keyboard."""
    async with page.expect_download() as coming:
        await page.focus(selector)
        await page.keyboard.press("Enter")
    return await asyncio.to_thread(Path(await (await coming.value).path()).read_bytes)


async def confirmed(page: Page) -> None:
    """The passphrase, where the desk asks for it again."""
    if await page.locator("#passphrase").count():
        await page.fill("#passphrase", WORDS)
        await page.keyboard.press("Enter")


async def test_a_village_set_from_the_grid_to_the_shop(desk: TestDesk, browser: Browser, tmp_path: Path) -> None:
    """Chosen, made in the background while the page is closed, seen, approved by another person, packed; each PDF passes the checker."""
    clerk, boss = await desk.login(Role.PRINT), await desk.login(Role.APPROVER)
    page = await sit(browser, clerk)
    await page.goto(f"{desk.url}/desk/print")
    await looked(page, "print-empty")
    await page.focus("a.btn-main")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/desk/print/new*")
    await looked(page, "print-new")
    for name, value in (("piece", "poster-a3"), ("piece", "leaflet-a5"), ("village", "TN02")):
        await page.focus(f"input[name={name}][value={value}]")
        await page.keyboard.press("Space")
    await expect(page.locator("input[name=every_village]")).not_to_be_checked()
    await page.focus("text=Bắt đầu làm")
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile(r"/desk/print/jobs/\d+$"))
    place = page.url
    await page.context.close()  # the job goes on without the page
    await desk.app[PRESS].runner.settled(int(place.rpartition("/")[2]))
    page, other = await sit(browser, clerk), await sit(browser, boss)
    await page.goto(f"{desk.url}/desk/print?at=TN02:poster-a3")
    await expect(page.locator("td.here .tag")).to_have_text("Đạt, chờ in")
    assert await page.evaluate("[...document.images].filter((each) => each.complete && each.naturalWidth > 0).length") >= 3
    await looked(page, "print-grid")
    await other.goto(place)
    await looked(other, "print-approve")
    proof = await fetched(other, "text=Tải bản mẫu (PDF)")
    assert len(pypdfium2.PdfDocument(proof)) > 1
    for value in ("proof", "words"):
        await other.focus(f"input[value={value}]")
        await other.keyboard.press("Space")
    await other.focus("text=Duyệt bản mẫu")
    await other.keyboard.press("Enter")
    await confirmed(other)
    await expect(other.locator(".notice-ok")).to_contain_text("duyệt")
    await page.goto(place)
    await page.focus("text=Làm gói")
    await page.keyboard.press("Enter")
    package = await fetched(page, "text=Tải gói (ZIP)")
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        pieces = [name for name in archive.namelist() if "TN02_" in name]
        assert len(pieces) == 2
        for name in pieces:
            file = tmp_path / Path(name).name
            file.write_bytes(archive.read(name))
            assert acceptable(examined(file).findings), name


async def test_the_phone_and_no_javascript_suffice(desk: TestDesk, browser: Browser) -> None:
    """390 px, scripts off: a placement is written down as hung, its code switched off and on."""
    clerk = await desk.login(Role.PRINT)
    page = await sit(browser, clerk, 390, 844, java_script_enabled=False)
    await page.goto(f"{desk.url}/desk/print?at=TN02:banner-h")
    await page.click(".spot-do summary")
    await page.fill("input[name=hung_on]", "2026-11-01")
    await page.click("button:has-text('Ghi ngày treo')")
    await expect(page.locator("td.here .tag")).to_have_text("Quá 15 ngày")
    for words, button in (("bị gỡ trộm", "Ngừng mã"), ("đã treo lại", "Mở lại mã")):
        await page.click(".spot-do summary")
        await page.fill("input[name=why]", words)
        await page.click(f"button:has-text('{button}')")
        await expect(page.locator(".said")).to_be_visible()


async def test_tips_are_handed_over_and_receipted(desk: TestDesk, browser: Browser) -> None:
    """Looked at, prepared, decided by another person with the passphrase, taken out on paper, its receipt and answers written down."""
    one, two = await desk.login(Role.VERIFIER), await desk.login(Role.CUSTODIAN)
    for words, may in (("Cuoi bai ngo co ba nam mo bo doi", True), ("Gan goc da co hai mo", None)):
        await make_tip(desk.database, words, f"+8430000001{len(words) % 10}", may_call=may)
    codes = [row.code for row in await rows(desk.database, tip)]
    page, other = await sit(browser, one), await sit(browser, two)
    await page.goto(f"{desk.url}/desk/hand-overs/new")
    await page.fill("#codes", " ".join(codes))
    await page.focus("text=Xem các tin này")
    await page.keyboard.press("Enter")
    await expect(page.locator("text=1 người đồng ý, 1 người không")).to_be_visible()
    await looked(page, "hand-over-new")
    await page.focus("text=Xin xác nhận")
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile(r"/desk/hand-overs/\d+$"))
    assert await page.locator("text=Tải biên bản").count() == 0
    await other.goto(page.url)
    await looked(other, "hand-over-decide")
    for box in await other.locator("form[action$=decide] input[type=checkbox]").all():
        await box.focus()
        await other.keyboard.press("Space")
    await other.focus("text=Quyết chuyển")
    await other.keyboard.press("Enter")
    await confirmed(other)
    await expect(other.locator("text=Tải biên bản (PDF)")).to_be_visible()
    await page.reload()
    await looked(page, "hand-over-released")
    paper = pypdfium2.PdfDocument(await fetched(page, "text=Tải biên bản (PDF)"))
    said = " ".join(each.get_textpage().get_text_range() for each in paper)
    receipt = (await page.locator("dt:has-text('Mã biên nhận') + dd").inner_text()).strip()
    assert all(word in said for word in (*codes, receipt))
    await page.select_option(f"select[name=status-{codes[0]}]", "accepted")
    await page.click("text=Ghi trả lời")
    await page.goto(f"{desk.url}/desk/hand-overs")
    await page.click("summary:has-text('Ghi biên nhận')")
    for field, value in (("code", receipt), ("on", "2026-11-18"), ("by", "Đại úy Lê Văn Ví Dụ")):
        await page.fill(f"#{field}", value)
    await page.keyboard.press("Enter")
    await expect(page.locator(".spread .tag-done")).to_have_text("Đã có biên nhận")
    await page.goto(f"{desk.url}/desk/hand-overs")
    await looked(page, "hand-over-list")
