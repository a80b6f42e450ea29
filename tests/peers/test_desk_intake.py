"""Tips typed in, in real Chromium: a stack of paper forms by the keyboard alone, the map, the photos and the questions beside a tip; axe
finds nothing, also without JavaScript and on a phone's width."""

import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright, expect

from gateway.domain.code import placement_code
from gateway.domain.permission import Role
from gateway.services import corroboration
from gateway.storage.schema import mt, tip
from gateway.web.desk.gate import COOKIE
from tests.services.media_files import jpeg
from tests.services.people import ALICE, NOW, route, rows
from tests.services.tip_rows import make_tip
from tests.web.desk.conftest import TestDesk, desk_with  # noqa: F401 # a fixture

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-dev-shm-usage"]
PICTURES = os.environ.get("TINBAO_PICTURES", "")  # a folder to put pictures in, for a person to look at
STORY = "Sau miếu thổ công Nà Lài có 2 ngôi mộ bộ đội chôn tháng 2 năm 1979"
CODE = "F8QY4J"
FIELDS = (
    '{"village_candidates": ["TN01", "TN02"], "coords": {"lat": 21.671, "lon": 106.812, "accuracy_m": 600, "system": "WGS84"}, '
    '"grave_count": 2}'
)
HURRY_MS = 60_000  # what a page may take on a busy machine


@dataclass(slots=True)
class Office:
    """A desk and a browser."""

    desk: TestDesk
    browser: Browser

    async def sit(self, width: int = 1366, height: int = 768, **more) -> Page:
        """A signed-in reader's page."""
        context = await self.browser.new_context(viewport={"width": width, "height": height}, locale="vi", **more)
        context.set_default_timeout(HURRY_MS)
        page = await context.new_page()
        reader = await self.desk.login(Role.READER)
        agent = self.browser.version
        reader = await self.desk.sit(reader.user, await _agent(self.browser) if agent else "")
        await context.add_cookies([{"name": COOKIE, "value": reader.token, "url": self.desk.url}])
        return page

    async def look(self, page: Page, path: str, name: str) -> None:
        await page.goto(self.desk.url + path)
        await fits(page, name)


async def _agent(browser: Browser) -> str:
    context = await browser.new_context()
    page = await context.new_page()
    agent = await page.evaluate("navigator.userAgent")
    await context.close()
    return agent


async def fits(page: Page, name: str) -> None:
    """axe finds nothing, nothing lies beside the screen."""
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth") is True, name
    found = (await Axe().run(page)).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == [], name


@pytest.fixture
async def office(desk_with) -> AsyncIterator[Office]:  # noqa: F811
    expect.set_options(timeout=HURRY_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        async for desk in desk_with(routes=(route(),)):
            yield Office(desk, browser)
        await browser.close()


async def _tip(desk: TestDesk) -> int:
    id_ = await make_tip(desk.database, STORY, ALICE, code=CODE, village=None, fields=FIELDS, placement=placement_code("TN01", 1))
    await desk.desk.attachments.keep(id_, jpeg((800, 600)), "image/jpeg", NOW)
    await desk.database.write(lambda connection: corroboration.link(connection, id_, STORY, NOW))
    return id_


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (390, 844)])
async def test_every_page_is_whole_on_an_office_laptop_and_on_a_phone(office, width, height) -> None:
    await _tip(office.desk)
    page = await office.sit(width, height)
    for path, name in (
        ("/desk/entry", "entry"), ("/desk/entry?tap=1&kenh=paper&thon=TN02&to=12", "stack"), ("/desk/entry/list", "list"),
        ("/desk/entry/forms", "forms"), (f"/desk/map/{CODE}", "map"), (f"/desk/map/{CODE}?xem=village", "map-village"),
        (f"/desk/map/{CODE}?xem=region", "map-region"), (f"/desk/ask/{CODE}?cau=village", "ask"),
        ("/desk/offline", "offline"),
    ):  # fmt: skip
        await office.look(page, path, f"{name}-{width}")
    if width > 1000:  # all of it beside the tip
        await office.look(page, f"/desk/tips/{CODE}", "tip")
        await expect(page.locator("svg.map")).to_be_visible()
        await expect(page.locator(".source img")).to_have_js_property("complete", True)  # the poster, made by another process
        assert await page.locator(".source img").evaluate("each => each.naturalHeight") > 200


async def test_a_stack_goes_in_by_the_keyboard_alone(office) -> None:
    await _tip(office.desk)
    page = await office.sit()
    await page.goto(office.desk.url + "/desk/entry?tap=1&kenh=paper&thon=TN02&to=12")
    for sheet, story in ((12, STORY), (13, "Hai mộ ở gốc đa, người già kể")):
        await expect(page.locator("#sheet")).to_have_value(str(sheet))
        await expect(page.locator("#words")).to_be_focused()
        await page.keyboard.insert_text(story)
        if sheet == 12:
            await expect(page.locator(".alike")).to_contain_text(CODE)
        await page.keyboard.press("Tab")
        await page.keyboard.insert_text("Người Thí Dụ")
        await page.keyboard.press("Control+Enter")
    await expect(page.locator("#sheet")).to_have_value("14")
    found = (await rows(office.desk.database, tip))[1:]
    assert [(row.channel, row.village) for row in found] == [("paper", "TN02")] * 2
    await fits(page, "stack-after")


async def test_a_list_is_pasted_and_its_faults_named(office) -> None:
    page = await office.sit()
    await page.goto(office.desk.url + "/desk/entry/list")
    await page.fill("#pasted", "lời kể\tmã thôn\n2 mộ ở gốc đa\tTN02\nmột mộ\tTN99\n")
    await page.click("form button.btn-main")
    await expect(page.locator("h1")).to_have_text("Đã nhận 1 tin, 1 dòng cần sửa")
    await fits(page, "listed")


async def test_the_map_changes_its_size_in_place_and_a_question_is_measured(office) -> None:
    await _tip(office.desk)
    page = await office.sit()
    await page.goto(f"{office.desk.url}/desk/map/{CODE}")
    await page.click("text=Quanh thôn")
    await expect(page.locator("[data-zoom][aria-current]")).to_have_text("Quanh thôn")
    assert page.url.endswith(CODE)
    await page.click("text=Mấy mộ, còn nguyên không?")
    await expect(page.locator("[data-measure]")).to_contain_text("đoạn")
    await expect(page.locator("[data-sms]")).to_contain_text(f"ve tin {CODE}")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator(".said")).to_contain_text("đi sau 10 giây")
    await page.click(".said button")
    await expect(page.locator(".said")).to_contain_text("Đã rút lại")
    assert [row.state for row in await rows(office.desk.database, mt)] == ["cancelled"]


async def test_it_all_works_without_javascript(office) -> None:
    await _tip(office.desk)
    page = await office.sit(java_script_enabled=False)
    await page.goto(office.desk.url + "/desk/entry")
    await page.fill("#words", STORY)
    await page.click("text=Tìm tin giống")
    await expect(page.locator(".alike")).to_contain_text(CODE)
    await page.click("text=Ghi tin")
    await expect(page.locator("#slip-title")).to_be_visible()
    await page.goto(f"{office.desk.url}/desk/ask/{CODE}?cau=graves")
    await page.click("text=Xem trước")
    await expect(page.locator("[data-sms]")).to_contain_text(CODE)
    await page.goto(f"{office.desk.url}/desk/map/{CODE}")
    await page.click("text=Vùng quanh xã")
    assert page.url.endswith("xem=region")
