"""Coming in and going out in real Chromium: by the keyboard alone, without script, and what "back" shows afterwards."""

import shutil
from base64 import b32decode
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright, expect

from gateway.domain.permission import Role
from gateway.domain.totp import hotp, step_of
from gateway.services.attachments import Attachments
from gateway.storage.database import open_database
from gateway.storage.seal import Keyring
from gateway.web.desk.kit import Desk, DeskRules
from tests.conftest import TEST_KEY
from tests.services.people import NOW, deployment
from tests.services.staff import WORDS, make_user
from tests.web.desk.conftest import TestDesk, running

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-dev-shm-usage"]
NAME = "Hoàng Văn Thí Dụ"
HURRY_MS = 40_000


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[TestDesk]:
    async with open_database(f"sqlite:///{tmp_path / 'a.db'}", Keyring.of(TEST_KEY), migrate=True) as database:
        bugs = list[Exception]()
        made = Desk(
            database=database, deployment=deployment(), routes=(), clock=lambda: NOW, attachments=Attachments(database, tmp_path / "a"),
            settings=DeskRules(), folder=tmp_path, on_bug=bugs.append,
        )  # fmt: skip
        await make_user(database, NAME, Role.ADMINISTRATOR, Role.READER)
        async for found in running(made, [NOW], bugs):
            yield found


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield found
        await found.close()


async def come_in(page: Page, desk: TestDesk) -> None:
    """The first time: a passphrase, a phone set up, codes on paper; not once the mouse."""
    await page.goto(f"{desk.url}/desk/")
    await expect(page.locator("#name")).to_be_focused()
    await page.keyboard.type(NAME)
    await page.keyboard.press("Tab")
    await page.keyboard.type(WORDS)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/desk/login/phone**")
    secret = (await page.inner_text(".key")).replace(" ", "")
    await page.focus("#code")
    await page.keyboard.type(hotp(b32decode(secret), step_of(NOW)))
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".paper-codes")
    await page.focus("main a.btn-main")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{desk.url}/desk/")


@pytest.mark.parametrize("script", [True, False])
async def test_in_and_out_and_back(desk, browser, script) -> None:
    """After signing out "back" asks to sign in, with script and without."""
    context = await browser.new_context(java_script_enabled=script)
    context.set_default_timeout(HURRY_MS)
    page = await context.new_page()
    await come_in(page, desk)
    await page.goto(f"{desk.url}/desk/users")
    assert NAME in await page.inner_text("main")
    await page.focus(".me summary")
    await page.keyboard.press("Enter")
    await page.focus(".menu form button")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/desk/login?ra")
    await page.go_back()
    await page.wait_for_url("**/desk/login**")
    assert NAME not in await page.inner_text("body")


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (390, 844)])
async def test_axe_finds_nothing(desk, browser, width, height) -> None:
    context = await browser.new_context(viewport={"width": width, "height": height})
    context.set_default_timeout(HURRY_MS)
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if "Content Security" in message.text else None)
    await come_in(page, desk)
    for path in ("/desk/", "/desk/users", "/desk/users/1", "/desk/audit", "/desk/me", "/desk/nowhere"):
        await page.goto(desk.url + path)
        found = (await Axe().run(page)).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == [], path
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
    assert complaints == []


async def test_keys_and_the_switch_for_letters(desk, browser) -> None:
    context = await browser.new_context()
    context.set_default_timeout(HURRY_MS)
    page = await context.new_page()
    await come_in(page, desk)
    await page.keyboard.press("?")
    assert await page.is_visible("#keys")
    await page.uncheck("[data-letters]")
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    assert not await page.is_visible("#keys")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "skip"
