"""Every printed code leads to an answer, and what is told there becomes a tip."""

import asyncio
import re
from io import BytesIO

import pytest

from gateway.domain.code import is_valid, placement_code
from gateway.services.scans import Scans, is_person
from gateway.storage.links import Scan
from gateway.storage.schema import mt, scan, tip
from tests.services.people import ALICE, NOW, deployment, rows
from tests.services.test_intake import locked
from tests.web.conftest import PHONE

CODE = deployment().placements_of("TN07")[0].code
STORY = "Sau trường cũ có 2 nấm mộ bộ đội <script>alert(1)</script>"


def _token(page: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found
    return found[1]


@pytest.mark.parametrize("path", [f"/Q/{CODE}", f"/q/{CODE.lower()}", "/V/TN07", "/v/tn7", "/V/TN-07", "/V/TNO7"])
async def test_a_village_page_shows_four_ways(door, path) -> None:
    status, page = await door.get(path)
    village = deployment().villages["TN07"]
    assert status == 200
    assert village.title in page
    assert 'href="sms:8088?&amp;body=LS%20TN07%20"' in page
    assert "1.000\u00a0đ/tin" in page
    assert 'href="tel:+84300000100"' in page
    assert f'href="tel:{village.contact.e164}"' in page
    assert "Không tự ý đào bới" in page
    assert "miễn phí" not in page.lower()


async def test_all_printed_codes_of_the_deployment_lead_to_their_page(door) -> None:
    for placement in deployment().placements:
        status, page = await door.get(f"/Q/{placement.code}")
        assert (status, f"Mã trang {placement.village}." in page) == (200, True)


@pytest.mark.parametrize("path", ["/Q/XX9999X", "/Q/" + CODE[:-1] + "?", "/V/ZZ99", "/V/%00", "/Q/<b>x</b>", "/Q/" + "9" * 3_000])
async def test_an_unknown_code_still_helps_and_echoes_nothing(door, path) -> None:
    status, page = await door.get(path)
    assert (status, "tel:+84300000100" in page, "/V/TN01" in page, "<b>x" in page) == (404, True, True, False)
    assert "Không có mã này" in page


async def test_the_bare_address_is_a_way_in_too(door) -> None:
    status, page = await door.get("/")
    assert (status, "Không có mã" in page, "/V/TN01" in page, "8088" in page) == (200, False, True, True)


async def test_headers_are_strict_and_the_style_is_allowed_by_its_hash(door) -> None:
    async with door.session.get(f"{door.url}/V/TN07") as answer:
        page, headers = await answer.text(), answer.headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert (headers["Referrer-Policy"], headers["X-Content-Type-Options"], headers["Cache-Control"]) == (
        "no-referrer",
        "nosniff",
        "no-store",
    )
    assert "<script" not in page
    assert "style=" not in page
    assert "Set-Cookie" not in headers
    assert len(page.encode()) < 20_000


async def test_a_story_becomes_a_tip_and_its_code_stands_on_the_page(door) -> None:
    _, page = await door.get(f"/Q/{CODE}")
    form = {"story": STORY, "phone": "0300 000 011", "name": "Ví Dụ", "token": _token(page)}
    status, done = await door.post(f"/Q/{CODE}", form)
    (found,) = await rows(door.database, tip)
    assert (status, found.channel, found.village, found.placement, found.sender, found.text) == (200, "web", "TN07", CODE, ALICE, STORY)
    assert is_valid(found.code)
    assert f"<b>{found.code}</b>" in done
    assert "không tự ý đào bới" in done
    assert '"contact_name": "Ví Dụ"' in found.fields
    assert "alert" not in done
    assert "Ví Dụ" not in done
    assert "0300 000 011" not in done.replace("\u00a0", " ")
    assert await rows(door.database, mt) == []  # nobody is written to at a number that anyone may have typed


async def test_a_second_press_is_the_same_tip(door) -> None:
    _, page = await door.get("/V/TN07")
    form = {"story": STORY, "token": _token(page)}
    pages = [await door.post("/V/TN07", form) for _ in range(2)]
    (found,) = await rows(door.database, tip)
    assert all(f"<b>{found.code}</b>" in text for _, text in pages)
    await door.post("/V/TN07", {"story": STORY, "token": "anything"})
    assert len(await rows(door.database, tip)) == 2  # the same words by another person


@pytest.mark.parametrize("words", ["TC", "test", "LS"])
async def test_whatever_is_told_in_the_form_is_a_tip(door, words) -> None:
    await door.post("/V/TN07", {"story": words, "phone": "không có"})
    (found,) = await rows(door.database, tip)
    assert (found.text, found.sender, "không có" in found.fields) == (words, "", True)


async def test_an_empty_story_is_asked_for_again(door) -> None:
    status, page = await door.post("/V/TN07", {"story": "  \n ", "name": "<b>Hư Cấu</b>"})
    assert (status, "Chưa có chữ nào." in page, "Hư Cấu" in page) == (422, True, False)
    assert await rows(door.database) == []


async def test_a_program_that_fills_the_hidden_field_makes_no_tip_but_is_kept(door) -> None:
    status, page = await door.post("/V/TN07", {"story": "buy", "website": "http://x"})
    assert (status, 'class="code"' in page) == (200, False)
    assert [(row.action, row.text) for row in await rows(door.database)] == [("abuse", "buy")]
    assert await rows(door.database, tip) == []


@pytest.mark.parametrize("body", [b"", b"\xff\xfe=&&%", b"story=%FF%00ok", b"token=~"])
async def test_broken_forms_make_no_error(door, body) -> None:
    status, _ = await door.post("/V/TN07", body)
    assert status == (200 if b"story" in body else 422)


async def test_a_form_of_ten_megabytes_gets_a_page_with_a_way_on(door) -> None:
    status, page = await door.post("/V/TN07", BytesIO(b"story=" + b"x" * 10_000_000))
    assert (status, "tel:+84300000100" in page) == (413, True)


async def test_a_locked_database_delays_no_page_and_loses_no_story(door, database_url, engine_name) -> None:
    if engine_name != "sqlite":
        pytest.skip("PostgreSQL locks rows, not the file; tests/services/test_intake.py blocks its tables")
    with locked(database_url):
        async with asyncio.timeout(1):
            status, _ = await door.get(f"/Q/{CODE}")
        kept, page = await door.post("/V/TN07", {"story": STORY})
    assert (status, kept, 'class="code"' in page, "Tin đã được giữ an toàn" in page) == (200, 200, False, True)
    await door.intake.drain()
    assert [row.text for row in await rows(door.database, tip)] == [STORY]
    assert door.spool.is_empty()


async def test_when_nothing_can_keep_a_story_the_page_says_so(door, database_url, engine_name, tmp_path) -> None:
    if engine_name != "sqlite":
        pytest.skip("as above")
    (tmp_path / "spool").write_bytes(b"")
    with locked(database_url):
        status, page = await door.post("/V/TN07", {"story": STORY})
        async with door.session.get(f"{door.url}/hooks/kannel/mo?secret=mat-khau-tap&from=0300000011&text=x&id=1") as answer:
            assert (answer.status, await answer.text()) == (503, "The call can't be stored now. Repeat it later.\n")
    assert (status, "Tin chưa lưu được" in page, "tel:+84300000100" in page) == (503, True, True)


async def test_scans_count_people_and_not_programs(door) -> None:
    async def ask(method: str, agent: str | None) -> None:
        async with door.session.request(
            method, f"{door.url}/Q/{CODE}", headers={"User-Agent": agent} if agent else {}, skip_auto_headers=["User-Agent"]
        ):
            pass

    await ask("HEAD", PHONE["User-Agent"])
    for agent in ("facebookexternalhit/1.1", "Zalo-Preview/1", "TelegramBot (like TwitterBot)", None, PHONE["User-Agent"]):
        await ask("GET", agent)
    await door.get("/V/TN07")
    assert await door.scans.write(door.database)
    assert [(row.village, row.placement, row.at) for row in await rows(door.database, scan)] == [("TN07", CODE, NOW), ("TN07", None, NOW)]


async def test_a_code_that_checks_out_but_left_the_file_still_leads_to_its_village(door) -> None:
    status, page = await door.get(f"/Q/{placement_code('TN07', 1000)}")
    assert (status, "Mã trang TN07." in page) == (200, True)


async def test_a_full_scan_queue_drops_and_counts(database) -> None:
    scans = Scans(most=2)
    for _ in range(5):
        scans.note(Scan("TN07", None, NOW))
    assert (scans.dropped, await scans.write(database), len(await rows(database, scan))) == (3, True, 2)


async def test_the_scan_writer_ends_with_everything_written(database) -> None:
    scans, stop = Scans(), asyncio.Event()
    running = asyncio.create_task(scans.run(database, stop))
    scans.note(Scan("TN07", None, NOW))
    async with asyncio.timeout(20):
        while not await rows(database, scan):
            await asyncio.sleep(0)
        stop.set()
        await running


@pytest.mark.parametrize(("method", "agent", "counts"), [
    ("GET", PHONE["User-Agent"], True), ("HEAD", PHONE["User-Agent"], False), ("GET", "", False), ("GET", "curl/8", False),
    ("GET", "WhatsApp/2.23", False), ("GET", "Mozilla/5.0 (compatible; Googlebot/2.1)", False)])  # fmt: skip
def test_is_person(method, agent, counts) -> None:
    assert is_person(method, agent) is counts
