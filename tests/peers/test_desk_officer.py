"""The officer's day in real Chromium: a wave composed, asked for, approved by a second person, started, sent by a real `tinbao serve`,
watched to its end; axe finds nothing on the way, and the keyboard alone does all of it."""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from gateway.domain.permission import Role
from gateway.settings import load_settings
from gateway.simulator.telco import Telco, telco
from gateway.storage.database import open_database
from gateway.storage.seal import Keyring
from tests.conftest import TEST_KEY
from tests.harness import Gateway, contacts_csv, deployment, route, wait_for_port
from tests.services.staff import HUNG, LAN, WORDS, make_user

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-dev-shm-usage"]
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}
PICTURES = os.environ.get("TINBAO_PICTURES", "")  # a folder to put pictures of every page in, for a person to look at
PEOPLE = 300
TEXT = (
    "UBND xã Thống Nhất: mong bà con báo nơi chôn cất liệt sĩ. Soạn LS {{ ma_thon }} nội dung gửi {{ dau_so }}. "
    "Từ chối: soạn TC gửi {{ dau_so }}"
)
WAVE = re.compile(r"/desk/waves/\d+$")
HURRY_MS = 40_000  # what a page may take on a busy machine


@dataclass(slots=True)
class Office:
    """A running gateway with its telco, and people of the book."""

    gateway: Gateway
    there: Telco
    browser: Browser

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.gateway.desk}"

    async def sit(self, name: str, width: int = 1366, height: int = 768, **more) -> Page:
        """A signed-in page in a browser context of its own."""
        context: BrowserContext = await self.browser.new_context(viewport={"width": width, "height": height}, locale="vi", **more)
        context.set_default_timeout(HURRY_MS)
        page = await context.new_page()
        await page.goto(f"{self.url}/desk/login")
        await page.fill("#name", name)
        await page.fill("#passphrase", WORDS)
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"{self.url}/desk/")
        return page


async def _people(gateway: Gateway) -> None:
    async with open_database(load_settings(gateway.folder, {}).database, Keyring.of(TEST_KEY), migrate=True) as database:
        await make_user(database, LAN, Role.PLANNER)
        await make_user(database, HUNG, Role.APPROVER)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with telco() as there, async_playwright() as playwright:
        one = route("gia-lap", "simulator", there.url + "/sms", tps=60, price_vnd=300, max_unapproved=20)
        gateway = deployment(tmp_path / "d", routes=one)
        settings = gateway.folder / "gateway.toml"
        text = settings.read_text("utf-8").replace("[desk]\n", '[desk]\nsecond_factor = "nobody"\n')
        settings.write_text(text, "utf-8")
        (tmp_path / "dan.csv").write_text(contacts_csv(PEOPLE), "utf-8")
        await _people(gateway)
        done = await asyncio.to_thread(gateway.run, "contacts", "import", str(tmp_path / "dan.csv"))
        assert done.returncode == 0, done.stderr
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        with gateway.serving() as process:
            wait_for_port(gateway.desk, process)
            yield Office(gateway, there, browser)
            await browser.close()


async def fits(page: Page, name: str) -> None:
    """axe finds nothing, nothing lies beside the screen; kept as a picture where somebody wants to look."""
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth") is True, name
    found = (await Axe().run(page, options=RULES)).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"], each["nodes"][0]["failureSummary"]) for each in found] == [], name


async def compose(page: Page, office: Office, title: str) -> None:
    """A draft with all that it needs."""
    await page.goto(f"{office.url}/desk/waves")
    await page.fill("#title", title)
    await page.select_option("#ready", "trong")
    await page.get_by_role("button", name="Soạn", exact=True).click()
    await page.fill("#text_vi", TEXT)
    await page.fill("#document", "238/KH-UBND")
    await page.fill("#document_date", "2026-06-15")
    for end in ("#window_from", "#window_to"):  # day and night: the hour at which a test runs is nobody's business
        await page.fill(end, "00:00")


async def ask(page: Page) -> None:
    await page.get_by_role("button", name="Xin duyệt").click()
    await page.wait_for_url(WAVE)


async def approve(page: Page, office: Office, title: str) -> None:
    """The second person, in a browser of their own."""
    await page.goto(f"{office.url}/desk/waves")
    await page.get_by_role("link", name=title).click()
    for box in await page.locator('input[name="sentence"]').all():
        await box.check()
    await page.fill("#count", str(PEOPLE))
    await page.fill("#passphrase", WORDS)
    await page.get_by_role("button", name="Duyệt", exact=True).click()
    await page.get_by_text("Đã duyệt. Đợt chưa gửi").wait_for()


async def test_the_officers_day(office: Office) -> None:
    """Two people, two browsers: nothing leaves before the second said yes; the numbers run without a reload and add up."""
    lan, hung = await office.sit(LAN), await office.sit(HUNG)
    await fits(lan, "w0-home")
    await compose(lan, office, "Dịp 22/12")
    plain = lan.locator('[data-language="vi"] [data-way="plain"] [data-segments]')
    await expect(plain).to_have_text("1 đoạn", timeout=HURRY_MS)
    await expect(lan.locator("[data-saved]")).to_contain_text("Tự lưu lúc", timeout=HURRY_MS)
    await expect(lan.locator('[data-language="vi"] .ink mark').first).to_have_text("{{ ma_thon }}")
    await lan.reload()
    await fits(lan, "w1-compose")
    assert "Còn nhận" in await lan.inner_text("table.sum")
    assert "300" in await lan.inner_text("table.sum .total")
    await ask(lan)
    await fits(lan, "w2-asked")
    assert office.there.counted()["segments"] == 0
    await hung.goto(f"{office.url}/desk/waves")
    await fits(hung, "w3-list")
    await hung.get_by_role("link", name="Dịp 22/12").click()
    await fits(hung, "w4-decide")
    await approve(hung, office, "Dịp 22/12")
    await lan.reload()
    await lan.get_by_role("button", name="Bắt đầu gửi").click()
    await lan.get_by_text("Đang gửi").first.wait_for()
    await fits(lan, "w5-live")
    await expect(lan.locator('dd[data-share="delivered"]')).to_have_text(str(PEOPLE), timeout=HURRY_MS)  # by the stream: no reload here
    await expect(lan.locator('[data-is="balance"]')).to_contain_text("Sổ khớp")
    await lan.get_by_text("Đã gửi xong").first.wait_for()
    await fits(lan, "w6-done")
    assert office.there.counted()["twice"] == 0


async def test_paused_by_a_key_and_cancelled(office: Office) -> None:
    """D stops it; what has left is told before the rest is cancelled for good."""
    office.there.behaviour = office.there.behaviour.changed({"dlr": "never"})
    lan, hung = await office.sit(LAN), await office.sit(HUNG)
    await compose(lan, office, "Đợt dừng")
    await ask(lan)
    await approve(hung, office, "Đợt dừng")
    await hung.get_by_role("button", name="Bắt đầu gửi").click()
    await hung.get_by_role("button", name="Tạm dừng").wait_for()
    await hung.locator("main").focus()
    await hung.keyboard.press("d")
    await hung.get_by_role("button", name="Gửi tiếp").wait_for()
    await fits(hung, "w7-paused")
    await hung.get_by_role("link", name="Hủy phần còn lại").click()
    await fits(hung, "w8-cancel")
    await hung.check('input[name="sure"]')
    await hung.get_by_role("button", name="Hủy phần còn lại").click()
    await hung.get_by_text("tin sẽ không gửi").wait_for()
    assert "Sổ khớp" in await hung.inner_text("main")


async def _to(page: Page, selector: str) -> None:
    """Tab until the focus is there."""
    for _ in range(400):
        if await page.evaluate("(selector) => document.activeElement && document.activeElement.matches(selector)", selector):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not come to {selector}")


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
async def test_by_keyboard_alone(office: Office, script: bool) -> None:
    """Composed, asked for and approved without a mouse, with and without JavaScript."""
    lan = await office.sit(LAN, java_script_enabled=script)
    await lan.goto(f"{office.url}/desk/waves")
    for selector, words in (("#title", "Bàn phím"), ("#ready", "trang")):
        await _to(lan, selector)
        await lan.keyboard.type(words)
    await lan.keyboard.press("Tab")
    await lan.keyboard.press("Enter")
    await lan.wait_for_url("**/drafts/*")
    for selector, words in (("#text_vi", TEXT), ("#document", "238/KH-UBND"), ("#document_date", "06152026")):
        await _to(lan, selector)
        await lan.keyboard.type(words)
    if not await lan.input_value("#document_date"):  # the order of day and month is the machine's
        await lan.fill("#document_date", "2026-06-15")
    await _to(lan, "a.brand")
    await _to(lan, 'button[value="ask"]')
    async with lan.expect_navigation():
        await lan.keyboard.press("Enter")
    if not script:
        async with asyncio.timeout(60):
            while "/drafts/" in lan.url:
                await lan.reload()
    await lan.wait_for_url(WAVE)
    hung = await office.sit(HUNG, java_script_enabled=script)
    await hung.goto(lan.url)
    for number in range(3):
        await _to(hung, f'input[name="sentence"][value="{number + 1}"]')
        await hung.keyboard.press("Space")
    for selector, words in (("#count", str(PEOPLE)), ("#passphrase", WORDS)):
        await _to(hung, selector)
        await hung.keyboard.type(words)
    await hung.keyboard.press("Enter")
    await hung.get_by_text("đã duyệt lúc").wait_for()


async def test_on_a_phone(office: Office) -> None:
    """The same pages at 390 px: nothing beside the screen."""
    lan = await office.sit(LAN, width=390, height=844)
    await compose(lan, office, "Máy nhỏ")
    await fits(lan, "w9-compose-390")
    await ask(lan)
    await fits(lan, "w10-asked-390")
