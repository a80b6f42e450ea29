"""A real Chromium dials on the simulator's handset: menu, story, code, a call sent twice, a cut, and the session taken up again."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, async_playwright

from gateway.simulator.telco import Hook, Telco, telco
from gateway.storage.schema import dialogue, tip
from tests.services.people import rows
from tests.services.test_ussd import SECRET, Network
from tests.services.test_ussd import net as net  # the fixture

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
PICTURES = os.environ.get("TINBAO_PICTURES", "")  # a folder to put pictures in, for a person to look at


@pytest.fixture
async def there(net: Network) -> AsyncIterator[Telco]:
    async with telco(hook=Hook(f"{net.url}/hooks/africastalking/mo?secret={SECRET}")) as opened:
        yield opened


@pytest.fixture
async def page(there: Telco) -> AsyncIterator[Page]:
    async with asyncio.timeout(60), async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        opened = await browser.new_page(viewport={"width": 1280, "height": 800})
        await opened.goto(f"{there.url}/handset")
        yield opened
        await browser.close()


async def shows(page: Page, words: str) -> None:
    """Until the handset's screen holds `words`."""
    await page.wait_for_function("words => document.getElementById('words').textContent.includes(words)", arg=words)


async def types(page: Page, net: Network, text: str) -> None:
    net.later()  # people read before they answer
    await page.fill("#digits", text)
    await page.keyboard.press("Enter")


async def looked_at(page: Page, name: str) -> None:
    """Whole without sideways scroll, and nothing that axe-core objects to."""
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth") is True, name
    found = await Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


async def test_dialling_by_hand(net: Network, page: Page):
    await page.get_by_role("button", name="Bấm *8088#").click()
    await shows(page, "1 Bao tin mo liet si")
    net.later()
    await page.get_by_role("button", name="1 .,?").click()
    await page.get_by_role("button", name="Gửi", exact=True).click()
    await shows(page, "Chon thon")
    await types(page, net, "7")
    await shows(page, "Noi dung")
    await types(page, net, "co mo bo doi")
    await shows(page, "Da nhan, ma ")
    await page.get_by_role("button", name="Gửi trùng lượt này").click()
    await page.wait_for_selector("text=lượt vừa rồi")
    await looked_at(page, "handset-ussd")
    (found,) = await rows(net.database, tip)
    assert found.village == "TN07"
    await page.get_by_role("button", name="Ngắt phiên ngay bây giờ").click()
    await shows(page, "Phiên đã ngắt")
    assert [each.how for each in await rows(net.database, dialogue)] == ["cut"]
    net.later()
    await page.set_viewport_size({"width": 320, "height": 640})
    await page.get_by_role("button", name="Bấm *8088#").click()
    await shows(page, "Tin dang do.")
    await looked_at(page, "handset-ussd-320")
    await types(page, net, "1")
    await shows(page, "Mo o gan cho gi")
    await page.get_by_role("button", name="Hủy").click()
    await shows(page, "Phiên đã ngắt")
    await page.get_by_role("button", name="Đóng").click()
    await page.wait_for_selector("#text:visible")
