"""A real Chromium walks from the poster's code to the tip's state: with and without JavaScript, on a small phone, in three languages."""

import asyncio
import io
import os
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from PIL import Image
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from gateway.storage.schema import attachment, scan_count, tip
from tests.services.people import rows
from tests.web.conftest import Door
from tests.web.conftest import door as door  # the fixture
from tests.web.test_public import CODE

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-dev-shm-usage", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
]  # fmt: skip
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}
STORY = "Cuoi bai ngo sau truong cu co nam mo, nguoi gia trong thon noi chon bo doi."
PICTURES = os.environ.get("TINBAO_PICTURES", "")  # a folder to put pictures of every page in, for a person to look at
WORDS = {
    "vi": ("Xin kể những gì", "Đã lưu tin, mã", "Đã nhận tin."),
    "en": ("Please tell us what", "Saved, code", "Received."),
    "lo": ("ກະລຸນາເລົ່າ", "ບັນທຶກແລ້ວ, ລະຫັດ", "ພວກເຮົາໄດ້ຮັບແລ້ວ."),
}


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with asyncio.timeout(60), async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield browser
        await browser.close()


async def phone(browser: Browser, width: int = 320, language: str = "vi", **more) -> BrowserContext:
    return await browser.new_context(viewport={"width": width, "height": 640}, locale=language, **more)


def photo(width: int = 2400, height: int = 1800) -> bytes:
    """A picture that is large as it comes from a camera: noise does not compress."""
    out = io.BytesIO()
    Image.effect_noise((width, height), 60).convert("RGB").save(out, "JPEG", quality=80)
    return out.getvalue()


async def looked_at(page: Page, name: str) -> None:
    """The page fits its screen, is whole without sideways scroll, and is kept as a picture where somebody wants to look."""
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth") is True, name


async def findings(page: Page) -> list[object]:
    """What axe-core finds, and targets of less than 44 px (design/web §8)."""
    async with asyncio.timeout(30):
        found = (await Axe().run(page, options=RULES)).response["violations"]
    small = await page.evaluate(
        "[...document.querySelectorAll('a,button,input:not([type=hidden]):not([tabindex]),textarea,summary')]"
        ".filter(e => e.offsetParent && (e.getBoundingClientRect().height < 44 || e.getBoundingClientRect().width < 44)"
        " && !e.closest('.radio')).map(e => e.outerHTML.slice(0, 80))"
    )
    return [(each["id"], each["nodes"][0]["html"], each["nodes"][0]["failureSummary"]) for each in found] + small


def _code_in(text: str) -> str:
    found = re.search(r"\b[0-9A-HJKMNP-TV-Z]{6}\b", text)
    assert found
    return found[0]


@pytest.mark.parametrize("language", ["vi", "en", "lo"])
@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
async def test_from_the_poster_to_the_state(door: Door, browser: Browser, language: str, script: bool) -> None:
    context = await phone(browser, language=language, java_script_enabled=script)
    page, name, told = await context.new_page(), f"{language}-{'script' if script else 'plain'}", WORDS[language]
    await page.goto(f"{door.url}/Q/{CODE}")
    await page.click("a.first")
    assert told[0] in await page.inner_text("h1")
    await page.fill("#story", STORY)
    await page.click("button[type=submit]")
    assert told[1] in (await page.inner_text("main")).replace("\u00a0", " ")
    await page.fill("#phone", "0300 000 011")
    await page.click("button[type=submit]")
    await page.fill("#place", "Tu nha van hoa di len 500m")
    await page.click("button[type=submit]")
    await page.set_input_files("#photo", [{"name": "mo.jpg", "mimeType": "image/jpeg", "buffer": photo(600, 400)}])
    if script:
        await page.wait_for_selector(".item .bar[hidden]", state="attached")
    await page.click("button[type=submit]")
    await page.check("#a2")
    await page.click("button[type=submit]")
    assert told[2] in await page.inner_text("h1")
    code = _code_in(await page.inner_text(".code"))
    await page.goto(f"{door.url}/tin?l={language}")
    await page.fill("#code", code.lower())
    await page.click("button[type=submit]")
    assert code in await page.inner_text(".place")
    await looked_at(page, f"{name}-state")
    (found,) = await rows(door.database, tip)
    (kept,) = await rows(door.database, attachment)
    assert (found.code, found.village, found.may_call, '"grave_count": 2' in found.fields) == (code, "TN07", True, True)
    assert (kept.tip, kept.media, kept.state) == (found.id, "image/jpeg", "kept")
    assert await door.scans.write(door.database)
    assert [row.count for row in await rows(door.database, scan_count)] in ([1], [])  # a headless browser is a program


@pytest.mark.parametrize("width", [320, 390, 900])
@pytest.mark.parametrize("language", ["vi", "en", "lo"])
async def test_every_page_is_accessible_and_fits(door: Door, browser: Browser, language: str, width: int) -> None:
    page, wrong = await (await phone(browser, width, language)).new_page(), {}
    base = await door.told("Ngay xua co nguoi chon bo doi o canh suoi")
    code = (await rows(door.database, tip))[0].code
    slip = CODE[:4] + ("9" if CODE[4] != "9" else "8") + CODE[5:]
    paths = {
        "village": f"/Q/{CODE}", "story": f"/q/{CODE}/ke", "phone": f"{base}/2", "place": f"{base}/3?s=so", "photos": f"{base}/4",
        "question": f"{base}/5?s=anh", "urgent": f"{base}/gap", "done": f"{base}/xong", "more": f"{base}/them", "status": "/tin",
        "genuine": f"/Q/{CODE}/that", "genuine-ask": "/that", "fake": "/that/bao", "mistyped": f"/Q/{slip}", "home": "/",
        "expired": "/t/x/2",
    }  # fmt: skip
    for name, path in paths.items():
        await page.goto(door.url + path)
        await looked_at(page, f"{name}-{language}-{width}")
        wrong[name] = await findings(page) if width == 320 else []
    for name, path, field, words in (
        ("error", f"{base}/2", "#phone", "0300 000 01"),
        ("state", "/tin", "#code", code),
        ("none", "/tin", "#code", "7K3M9B"),
    ):
        await page.goto(door.url + path)
        await page.fill(field, words)
        await page.click("button[type=submit]")
        await looked_at(page, f"{name}-{language}-{width}")
        wrong[name] = await findings(page) if width == 320 else []
    assert {name: each for name, each in wrong.items() if each} == {}


async def test_a_position_is_taken_by_one_tap(door: Door, browser: Browser) -> None:
    context = await phone(browser, geolocation={"latitude": 21.68, "longitude": 106.824, "accuracy": 12}, permissions=["geolocation"])
    page = await context.new_page()
    base = await door.told()
    await page.goto(f"{door.url}{base}/3")
    await page.click("#position .tool")
    await page.wait_for_selector("#position .saved:not([hidden])")
    assert "12 mét" in await page.inner_text("#position .saved")
    await looked_at(page, "position")
    await page.click("button[type=submit]")
    (found,) = await rows(door.database, tip)
    assert ('"latitude": 21.68' in found.fields, '"accuracy_m": 12' in found.fields) == (True, True)


async def test_a_position_that_is_refused_says_that_words_are_enough(door: Door, browser: Browser) -> None:
    page = await (await phone(browser)).new_page()
    await page.goto(f"{door.url}{await door.told()}/3")
    await page.evaluate("() => { navigator.geolocation.getCurrentPosition = (yes, no) => no({code: 1}) }")
    await page.click("#position .tool")
    await page.wait_for_selector("#position .waiting:not([hidden])")
    await looked_at(page, "position-refused")


async def test_a_large_photo_is_made_small_before_it_leaves(door: Door, browser: Browser) -> None:
    page = await (await phone(browser)).new_page()
    await page.goto(f"{door.url}{await door.told()}/4")
    large = photo()
    await page.set_input_files("#photo", [{"name": "mo.jpg", "mimeType": "image/jpeg", "buffer": large}])
    await page.wait_for_selector(".item .bar[hidden]", state="attached")
    await looked_at(page, "photo-sent")
    (kept,) = await rows(door.database, attachment)
    assert (len(large) > 1_000_000, kept.bytes <= 205_000, kept.state) == (True, True, "kept")


async def test_a_draft_survives_a_killed_browser(door: Door, browser: Browser) -> None:
    context = await phone(browser)
    page = await context.new_page()
    await page.goto(f"{door.url}/V/TN07/ke")
    await page.type("#story", "Co 2 nam mo")
    await page.close()
    page = await context.new_page()
    await page.goto(f"{door.url}/V/TN07")
    assert "viết dở" in await page.inner_text("#rest")
    await looked_at(page, "resume")
    await page.click("#rest a")
    assert await page.input_value("#story") == "Co 2 nam mo"
    await looked_at(page, "draft")
    await page.click("button[type=submit]:not(#draft button)")
    await page.goto(f"{door.url}/V/TN07/ke")
    assert await page.input_value("#story") == ""  # once it is told, nobody else reads it on this phone


async def test_an_upload_goes_on_after_a_killed_browser_and_a_restarted_server(door: Door, browser: Browser) -> None:
    context = await phone(browser)
    page = await context.new_page()
    base = await door.told()
    pieces = 0

    async def lose_the_line(route) -> None:  # after two pieces nothing goes through
        nonlocal pieces
        pieces += "tu=" in route.request.url
        await (route.abort() if pieces > 2 else route.continue_())

    await context.route("**/tep**", lose_the_line)
    await page.goto(f"{door.url}{base}/4")
    await page.set_input_files("#photo", [{"name": "mo.jpg", "mimeType": "image/jpeg", "buffer": photo()}])
    await page.wait_for_selector("#lost:not([hidden])")
    assert "chờ mạng" in await page.inner_text(".item")
    await looked_at(page, "line-lost")
    await page.close()
    await context.unroute("**/tep**")
    await door.restart()
    page = await context.new_page()
    await page.goto(f"{door.url}/V/TN07")
    assert "còn chờ mạng" in await page.inner_text("#rest")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "tu=" in request.url else None)
    await page.click("#rest a")
    await page.wait_for_selector(".item .bar[hidden]", state="attached")
    (kept,) = await rows(door.database, attachment)
    assert (kept.state, "tu=65536" in sent[0]) == ("kept", True)  # the first two pieces were not sent again


async def test_a_voice_note_reaches_the_tip(door: Door, browser: Browser) -> None:
    context = await phone(browser, permissions=["microphone"])
    page = await context.new_page()
    await page.goto(f"{door.url}/V/TN07/ke")
    await page.click("#voice .tool")
    await page.wait_for_selector("#voice .tool:has-text('0:01')")
    await looked_at(page, "recording")
    await page.click("#voice .tool")
    await page.wait_for_selector("#voice .item")
    await looked_at(page, "voice")
    await page.click("form > button[type=submit]")
    await page.wait_for_url("**/t/**")
    async with asyncio.timeout(30):
        while not (found := [row for row in await rows(door.database, attachment) if row.state != "partial"]):
            await asyncio.sleep(0)
    (kept,) = found
    assert (kept.media.startswith(("audio/", "video/")), kept.state) == (True, "kept")


async def test_the_urgent_page_comes_between(door: Door, browser: Browser) -> None:
    page = await (await phone(browser)).new_page()
    await page.goto(f"{door.url}/V/TN07/ke")
    await page.fill("#story", "thay bom chua no o bo suoi")
    await page.click("button[type=submit]")
    assert "Xin dừng tay" in (await page.inner_text("h1")).replace("\u00a0", " ")
    await page.click("a.second")
    assert "Xin số điện thoại" in await page.inner_text("h1")


async def test_nothing_is_asked_of_anybody_else_and_nothing_is_refused_by_the_policy(door: Door, browser: Browser) -> None:
    page = await (await phone(browser)).new_page()
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    base = await door.told()
    for path in (f"/Q/{CODE}", "/V/TN07/ke", f"{base}/2", f"{base}/3", f"{base}/4", f"{base}/5", f"{base}/xong", "/tin", "/that"):
        await page.goto(door.url + path)
    await page.wait_for_load_state("networkidle")
    assert [url for url in asked if not url.startswith((door.url, "data:", "blob:"))] == []
    assert [words for words in said if "favicon" not in words and "404" not in words] == []
