"""The report of the 25th as an office opens it: made at the desk in a real Chromium, opened by real LibreOffice, drawn and read."""

import asyncio
import io
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from openpyxl import load_workbook
from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

from gateway.domain.permission import Role
from gateway.web.desk.gate import COOKIE
from tests.services.numbers_rows import at, campaign
from tests.web.desk.conftest import AGENT, Officer
from tests.web.desk.conftest import desk as desk  # the fixture

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
PICTURES = os.environ.get("TINBAO_PICTURES", "")  # a folder to put pictures of every page in, for a person to look at
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-dev-shm-usage"]
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with asyncio.timeout(240), async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield browser
        await browser.close()


async def at_the_desk(browser: Browser, officer: Officer, width: int = 1366) -> Page:
    """A page of the browser that `officer` sits at."""
    context = await browser.new_context(viewport={"width": width, "height": 768}, user_agent=AGENT, locale="vi-VN", accept_downloads=True)
    await context.add_cookies([{"name": COOKIE, "value": officer.token, "url": officer.desk.url}])
    return await context.new_page()


async def looked_at(page: Page, name: str) -> None:
    """Nothing for axe to find, nothing wider than the screen; kept as a picture where somebody wants to look."""
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)
    found = await Axe().run(page, options=RULES)
    assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in found.response["violations"]] == []
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth") is True, name


async def test_the_reporters_day(desk, browser: Browser, tmp_path: Path) -> None:
    """Board, report, files, signature by another person, sent: by keyboard where a form is filled in."""
    await campaign(desk.database)
    desk.clock = at(date(2026, 11, 25))
    reporter, approver = await desk.login(Role.REPORTER), await desk.login(Role.APPROVER)
    page = await at_the_desk(browser, reporter)
    for path, name in (("/desk/numbers", "board"), ("/desk/numbers?period=month", "board-month"), ("/desk/numbers/places", "places")):
        await page.goto(desk.url + path)
        await looked_at(page, name)
    await page.goto(f"{desk.url}/desk/reports")
    await looked_at(page, "reports")
    await page.focus("#difficulties")
    await page.keyboard.type("Song dien thoai yeu o hai thon")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile(r"/desk/reports/\d+$"))
    await looked_at(page, "report")
    files = {ending: await taken(page, ending, tmp_path) for ending in ("docx", "pdf", "xlsx")}
    assert "Song dien thoai yeu" in words_of(files["pdf"])
    signer = await at_the_desk(browser, approver)
    await signer.goto(page.url)
    await signer.fill("#number", "12/BC-UBND")
    await signer.click("text=Ghi số và ngày")
    await signer.wait_for_selector("text=Đã ghi số và ngày ký.")
    await page.reload()
    await page.click("text=Ghi là đã gửi")
    await page.wait_for_selector("text=Đã ghi là đã gửi.")
    opened = in_libreoffice(await taken(page, "docx", tmp_path), tmp_path)
    text = words_of(opened)
    for part in (
        "Số: 12/BC-UBND", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "ngày 25 tháng 11 năm 2026", "BÁO CÁO", "Nơi nhận:", "KT. CHỦ TỊCH", "./.",
    ):  # fmt: skip
        assert part in text
    assert "DỰ THẢO" not in text
    assert load_workbook(io.BytesIO(files["xlsx"].read_bytes()))["Số liệu"]["A1"].value == "Cột"
    await page.goto(f"{desk.url}/desk/reports/province")
    await looked_at(page, "province")


async def taken(page: Page, ending: str, folder: Path) -> Path:
    """A file by its button."""
    async with page.expect_download() as waiting:
        await page.click(f"a[href$='/{ending}']")
    download = await waiting.value
    path = folder / download.suggested_filename
    await download.save_as(path)
    return path


def in_libreoffice(docx: Path, folder: Path) -> Path:
    """What LibreOffice makes of a DOCX, as PDF; a profile of its own, so that no other run is in its way."""
    profile = (folder / "profile").as_uri()
    subprocess.run(
        ["soffice", f"-env:UserInstallation={profile}", "--headless", "--convert-to", "pdf", "--outdir", str(folder / "lo"), str(docx)],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    return folder / "lo" / f"{docx.stem}.pdf"


def words_of(pdf: Path) -> str:
    """The words of a PDF."""
    text = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], check=True, capture_output=True, text=True).stdout
    return re.sub(r"[ \u00a0]+", " ", text)


def pages_of(pdf: Path, folder: Path) -> list[Image.Image]:
    """Its pages as grey pictures, 60 dots an inch."""
    subprocess.run(["pdftoppm", "-r", "60", "-gray", "-png", str(pdf), str(folder / pdf.stem)], check=True, capture_output=True)
    return [Image.open(path) for path in sorted(folder.glob(f"{pdf.stem}-*.png"))]


async def test_the_margins_hold_in_libreoffice(desk, tmp_path: Path) -> None:
    """A4, nothing outside 30 mm left and 15 mm right, the first page unnumbered: measured on the drawn pages."""
    await campaign(desk.database)
    desk.clock = at(date(2026, 11, 25))
    officer = await desk.login(Role.REPORTER)
    location = (await officer.post("/desk/reports", {"period": "month:2026-11-25"})).location
    docx = tmp_path / "bao-cao.docx"
    docx.write_bytes((await officer.get(f"{location}/docx")).body)
    opened = in_libreoffice(docx, tmp_path)
    pages = await asyncio.to_thread(pages_of, opened, tmp_path)
    if PICTURES:
        shutil.copy(opened, PICTURES)
    assert 2 <= len(pages) <= 5
    for page in pages:
        assert (round(page.width / 60 * 25.4), round(page.height / 60 * 25.4)) == (210, 297)
        ink = page.point(lambda grey: 255 if grey < 140 else 0).getbbox()
        assert ink is not None
        left, _, right, bottom = (each / 60 * 25.4 for each in ink)
        assert left > 29
        assert right < 196.5
        assert bottom < 278
