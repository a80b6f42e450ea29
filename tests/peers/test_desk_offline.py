"""The page for hamlet sessions in real Chromium: no network after one visit, answers that are lost, pages that are closed, sessions that
end; each entry is one tip, and nothing lies readable on the phone."""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import BrowserContext, Page, async_playwright, expect

from gateway.domain.permission import Role
from gateway.storage.schema import tip
from gateway.web.desk.gate import COOKIE
from tests.harness import eventually
from tests.services.media_files import jpeg
from tests.services.people import rows
from tests.web.desk.conftest import Officer, TestDesk, desk  # noqa: F401 # a fixture

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-dev-shm-usage"]
PICTURES = os.environ.get("TINBAO_PICTURES", "")  # a folder to put pictures in, for a person to look at
STORY = "Sau miếu thổ công có hai ngôi mộ bộ đội, ông Thí Dụ kể"
PIN = "739204"
HURRY_MS = 60_000  # what a page may take on a busy machine
STORED = """async () => {
  const come = (asked) => new Promise((done) => { asked.onsuccess = () => done(asked.result); });
  const db = await come(indexedDB.open("tinbao-offline", 1));
  const all = await come(db.transaction("entries").objectStore("entries").getAll());
  db.close();
  return all.map((each) => [Object.keys(each).sort().join(), new TextDecoder("latin1").decode(each.data)]);
}"""


@dataclass(slots=True)
class BadNetwork:
    """A network between browser and desk that can lose the answers to posted entries."""

    port: int
    loses: bool = False
    lost: int = 0
    address: int = 0
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.port)
        self._writers += [writer, there_writer]
        state = {"posted": False}
        await asyncio.gather(self._pipe(reader, there_writer, state, back=False), self._pipe(there_reader, writer, state, back=True))

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, state: dict[str, bool], *, back: bool) -> None:
        with suppress(ConnectionError):
            while chunk := await reader.read(65_536):
                if not back and b"POST /desk/offline/entries" in chunk:
                    state["posted"] = True
                if back and state["posted"] and self.loses:
                    self.lost += 1
                    break
                writer.write(chunk)
                await writer.drain()
        for each in self._writers if back and self.lost else [writer]:
            each.close()


@dataclass(slots=True)
class Phone:
    """A clerk's phone."""

    desk: TestDesk
    officer: Officer
    context: BrowserContext
    network: BadNetwork
    page: Page

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.network.address}"

    async def sign_in(self) -> None:
        await self.context.add_cookies([{"name": COOKIE, "value": self.officer.token, "url": self.url}])

    async def open(self) -> None:
        """Close the page and open it anew."""
        await self.page.close()
        self.page = await self.context.new_page()
        await self.page.goto(f"{self.url}/desk/offline")

    async def unlock(self, pin: str = PIN) -> None:
        await self.page.fill("#pin", pin)
        await self.page.keyboard.press("Enter")
        await expect(self.page.locator("#open")).to_be_visible()

    async def first_visit(self) -> None:
        await self.page.goto(f"{self.url}/desk/offline")
        await expect(self.page.locator("html")).to_have_attribute("data-kept", "yes")
        await self.page.fill("#pin-new", PIN)
        await self.page.fill("#pin-again", PIN)
        await self.page.keyboard.press("Enter")
        await expect(self.page.locator("#open")).to_be_visible()

    async def write(self, story: str = STORY) -> None:
        await self.page.select_option("#o-village", "TN02")
        await self.page.fill("#o-words", story)
        await self.page.click("#entry button")
        await expect(self.page.locator("#o-words")).to_have_value("")

    async def look(self, name: str) -> None:
        """axe finds nothing; nothing lies beside the screen."""
        if PICTURES:
            await self.page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)
        assert await self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth") is True
        found = (await Axe().run(self.page)).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []


@pytest.fixture
async def phone(desk) -> AsyncIterator[Phone]:  # noqa: F811
    network = BadNetwork(int(desk.url.rpartition(":")[2]))
    server = await asyncio.start_server(network.carry, "127.0.0.1", 0)
    network.address = server.sockets[0].getsockname()[1]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        context = await browser.new_context(viewport={"width": 390, "height": 844}, locale="vi")
        context.set_default_timeout(HURRY_MS)
        expect.set_options(timeout=HURRY_MS)
        page = await context.new_page()
        clerk = await desk.login(Role.READER)
        clerk = await desk.sit(clerk.user, await page.evaluate("navigator.userAgent"))  # a session belongs to its browser
        made = Phone(desk, clerk, context, network, page)
        await made.sign_in()
        yield made
        await browser.close()
    server.close()


async def _tips(phone: Phone) -> int:
    return len(await rows(phone.desk.database, tip))


async def test_a_session_without_a_network_is_sent_when_there_is_one(phone) -> None:
    await phone.first_visit()
    await phone.look("offline-open")
    await phone.context.set_offline(True)
    await phone.open()  # from the phone itself
    await phone.look("offline-locked")
    await phone.unlock()
    await phone.page.set_input_files("#o-photo", {"name": "mo.jpg", "mimeType": "image/jpeg", "buffer": jpeg((2400, 1800))})
    await phone.write()
    await phone.write("Người khác kể: mộ ở gốc đa đầu bản")
    await expect(phone.page.locator("#waiting")).to_have_text("2 tin chờ gửi")
    await phone.look("offline-two-wait")
    stored = await phone.page.evaluate(STORED)
    assert [keys for keys, _ in stored] == ["at,data,id,iv"] * 2
    assert not any("miếu" in data or "TN02" in data or "words" in data for _, data in stored)
    assert await _tips(phone) == 0
    await phone.context.set_offline(False)
    await expect(phone.page.locator("#waiting")).to_have_text("Không có tin nào chờ")
    found = await rows(phone.desk.database, tip)
    assert sorted((row.channel, row.village) for row in found) == [("walk_in", "TN02")] * 2
    assert await phone.page.evaluate(STORED) == []
    (photo,) = await phone.desk.desk.attachments.of_tip(next(row.id for row in found if "miếu" in row.text))
    assert json.loads(photo.meta) == {"width": 1600, "height": 1200}  # made anew and smaller: no place, no camera


async def test_a_lost_answer_and_a_page_closed_midway_make_one_tip(phone) -> None:
    await phone.first_visit()
    phone.network.loses = True
    await phone.write()
    await eventually(lambda: _is(phone, 1))
    await expect(phone.page.locator("#waiting")).to_have_text("1 tin chờ gửi")  # the phone can't know
    await phone.open()
    phone.network.loses = False
    await phone.unlock()
    await expect(phone.page.locator("#waiting")).to_have_text("Không có tin nào chờ")
    assert (await _tips(phone), phone.network.lost > 0) == (1, True)


async def _is(phone: Phone, count: int) -> bool:
    return await _tips(phone) == count


async def test_a_session_that_has_ended_keeps_what_waits_and_goes_on_after_signing_in(phone) -> None:
    await phone.first_visit()
    await phone.context.clear_cookies()
    await phone.write()
    await expect(phone.page.locator("#sign-in")).to_be_visible()
    await phone.look("offline-signed-out")
    await phone.open()  # the kept page, not the way to the sign-in
    await expect(phone.page.locator("#locked-count")).to_have_text("1 tin chờ gửi.")
    await phone.sign_in()
    await phone.unlock()
    await expect(phone.page.locator("#waiting")).to_have_text("Không có tin nào chờ")
    assert await _tips(phone) == 1


async def test_a_wrong_pin_opens_nothing_and_an_easy_one_is_not_taken(phone) -> None:
    await phone.page.goto(f"{phone.url}/desk/offline")
    await phone.page.fill("#pin-new", "123456")
    await phone.page.fill("#pin-again", "123456")
    await phone.page.keyboard.press("Enter")
    await expect(phone.page.locator("#setup-why")).to_be_visible()
    await phone.first_visit()
    await phone.page.click("#lock")
    for _ in range(5):
        await phone.page.fill("#pin", "000000")
        await phone.page.keyboard.press("Enter")
        await expect(phone.page.locator("#unlock-why")).to_have_text("Mã PIN không đúng.")
        await expect(phone.page.locator("#pin")).to_have_value("")
    await phone.page.fill("#pin", PIN)
    await phone.page.keyboard.press("Enter")
    await expect(phone.page.locator("#unlock-why")).to_contain_text("Xin chờ")
    assert await phone.page.locator("#open").is_hidden()


async def test_what_the_desk_can_t_take_waits_to_be_mended(phone) -> None:
    await phone.first_visit()
    await phone.page.fill("#o-phone", "123")
    await phone.write()
    await expect(phone.page.locator("#queue .notice")).to_contain_text("Số điện thoại chưa đúng")
    await phone.page.click("#queue button")
    await phone.page.fill("#o-phone", "0300000011")
    await phone.page.click("#entry button")
    await expect(phone.page.locator("#waiting")).to_have_text("Không có tin nào chờ")
    assert await _tips(phone) == 1
