"""Every printed code leads to an answer: the village's page in the visitor's language, or one that helps all the same."""

import asyncio
import gzip

import pytest

from gateway.domain.code import placement_code
from gateway.services import links
from gateway.services.scans import MOST_SLIPS, Scans, is_person, is_scanned
from gateway.storage.links import Visits
from gateway.storage.schema import mistyped, scan_count
from gateway.web.places import cleaned_code
from tests.services.people import NOW, deployment, rows
from tests.services.test_intake import locked
from tests.web.conftest import PHONE

CODE = deployment().placements_of("TN07")[0].code
OTHER = deployment().placements_of("TN12")[0].code
TODAY = 20261118


@pytest.mark.parametrize("path", [f"/Q/{CODE}", f"/q/{CODE.lower()}", "/V/TN07", "/v/tn7", "/V/TN-07", "/V/TNO7"])
async def test_a_village_page_shows_the_ways_to_answer(door, path) -> None:
    status, page = await door.get(path)
    village = deployment().villages["TN07"]
    assert status == 200
    assert village.title in page
    assert 'href="sms:8088?&amp;body=LS%20TN07%20"' in page
    assert "1.000\u00a0đ/tin" in page
    assert 'href="tel:+84300000100"' in page
    assert "7 đến 17\u00a0giờ" in page
    assert f'href="tel:{village.contact.e164}"' in page
    assert '/ke">' in page
    assert "Không tự ý đào bới" in page
    assert "miễn phí" not in page.lower()


async def test_the_yellow_box_names_the_number_that_is_answered_day_and_night(door) -> None:
    _, page = await door.get("/V/TN07")
    danger = page[page.index('class="danger"') :]
    assert "Có người trực ngày\u00a0đêm." in danger
    assert 'href="tel:+84300000199"' in danger[: danger.index("</div>")]


@pytest.mark.parametrize(("asked", "lang", "words"), [
    ("en-GB,en;q=0.8", "en", "Do you know where Vietnamese"), ("lo", "lo", "ຮູ້ບ່ອນຝັງສົບ"),
    ("fr;q=1, vi;q=0.2, en;q=0.5", "en", "Write here"),
    ("de", "vi", "Nhớ gì báo nấy"), ("", "vi", "Nhớ gì"), ("en;q=x", "vi", "Nhớ gì"), ("," * 5_000, "vi", "Nhớ gì")])  # fmt: skip
async def test_the_page_speaks_the_language_of_the_phone(door, asked, lang, words) -> None:
    _, page = await door.get("/V/TN07", headers={"Accept-Language": asked})
    assert (f'<html lang="{lang}">' in page, words in page) == (True, True)


async def test_a_link_changes_the_language_and_the_choice_lasts(door) -> None:
    _, page = await door.get("/v/tn07?l=en", headers={"Accept-Language": "vi"})
    assert ('<html lang="en">' in page, "/v/tn07/ke?l=en" in page, '<a href="/v/tn07?l=lo" lang="lo"' in page) == (True, True, True)
    _, form = await door.get("/v/tn07/ke?l=en", headers={"Accept-Language": "vi"})
    assert ("Please tell us" in form, 'action="/v/tn07/ke?l=en"' in form) == (True, True)


async def test_from_abroad_numbers_carry_the_country_and_no_short_code_stands_there(door) -> None:
    _, page = await door.get("/V/TN07?l=en")
    assert ("+84\u00a0300\u00a0000\u00a0100" in page, "sms:+84300000088?" in page, "8088" in page) == (True, True, False)


@pytest.mark.parametrize(("language", "is_draft"), [("vi", False), ("en", False), ("lo", True)])
async def test_a_translation_that_nobody_has_read_says_so(door, language, is_draft) -> None:
    _, page = await door.get(f"/V/TN07?l={language}")
    assert ("Bản nháp: dịch máy" in page) is is_draft


async def test_all_printed_codes_of_the_deployment_lead_to_their_page_without_a_redirect(door) -> None:
    for placement in deployment().placements:
        async with door.session.get(f"{door.url}/Q/{placement.code}", headers=PHONE, allow_redirects=False) as answer:
            assert (answer.status, f"Mã trang {placement.village}." in await answer.text()) == (200, True)


@pytest.mark.parametrize("path", ["/Q/XX9999X", "/Q/" + CODE[:-1] + "?", "/V/ZZ99", "/V/%00", "/Q/<b>x</b>", "/Q/" + "9" * 3_000])
async def test_an_unknown_code_still_helps_and_echoes_no_signs_of_its_own(door, path) -> None:
    status, page = await door.get(path)
    assert (status, "tel:+84300000100" in page, "#thon" in page, "<b>x" in page, "9" * 20 in page) == (404, True, True, False, False)
    assert "Không có mã" in page


@pytest.mark.parametrize("typed", ["0300000011", "84300000011", "NGUYENVANVIDU", "MARKEDWORD", "co 2 mo o chan doi"])
async def test_words_and_numbers_that_are_no_slip_are_neither_shown_nor_kept(door, typed) -> None:
    _, page = await door.get(f"/Q/{typed}")
    assert (typed in page, cleaned_code(typed)) == (False, "")
    assert await door.scans.write(door.database)
    assert await rows(door.database, mistyped) == []


async def test_the_bare_address_is_a_way_in_too(door) -> None:
    status, page = await door.get("/")
    assert (status, "Không có mã" in page, "/V/TN01" in page, "8088" in page) == (200, False, True, True)


async def test_headers_are_strict_and_style_and_script_are_allowed_by_their_hash(door) -> None:
    async with door.session.get(f"{door.url}/V/TN07/ke") as answer:
        page, headers = await answer.text(), answer.headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert (headers["Referrer-Policy"], headers["X-Content-Type-Options"], headers["Cache-Control"]) == (
        "no-referrer",
        "nosniff",
        "no-store",
    )
    assert "style=" not in page
    assert ' onclick="' not in page
    assert "Set-Cookie" not in headers


@pytest.mark.parametrize("path", ["/V/TN07", "/V/TN07?l=lo", "/V/TN07/ke", "/tin", f"/Q/{CODE}/that", "/", "/that/bao", "/V/ZZ99"])
async def test_a_page_is_light(door, path) -> None:
    async with door.session.get(door.url + path, headers={"Accept-Encoding": "gzip"}, auto_decompress=False) as answer:
        packed = await answer.read()
        assert answer.headers["Content-Encoding"] == "gzip"
    assert len(packed) <= 8_700
    assert len(gzip.decompress(packed)) <= 30_000


async def test_a_locked_database_delays_no_page(door, database_url, engine_name) -> None:
    if engine_name != "sqlite":
        pytest.skip("PostgreSQL locks rows, not the file; tests/services/test_intake.py blocks its tables")
    with locked(database_url):
        async with asyncio.timeout(2):
            for path in (f"/Q/{CODE}", "/V/TN01", "/", f"/Q/{CODE}/ke", f"/Q/{CODE}/that", "/tin", "/Q/TN0199X"):
                assert (await door.get(path))[0] in (200, 404)


# --- mistyped, changed ---


async def test_a_slip_is_answered_with_what_was_meant_and_recorded(door) -> None:
    wrong = CODE[:4] + ("9" if CODE[4] != "9" else "8") + CODE[5:]
    status, page = await door.get(f"/Q/{wrong}")
    assert (status, wrong in page, f'href="/q/{CODE.lower()}"' in page, f"<mark>{CODE[4]}</mark>" in page) == (404, True, True, True)
    assert "Nhà văn hóa thôn" in page
    async with door.session.get(f"{door.url}/Q/{wrong}", headers={"User-Agent": "Googlebot"}):
        pass
    assert await door.scans.write(door.database)
    assert [(row.code, row.at) for row in await rows(door.database, mistyped)] == [(wrong, NOW)]


@pytest.mark.parametrize("typed", [CODE[:2] + CODE[3:], CODE[:1] + CODE, CODE[0] + CODE[2] + CODE[1] + CODE[3:], f"{CODE[:4]}-{CODE[4:]}X"])
def test_one_sign_left_out_too_many_or_swapped_is_a_slip(typed) -> None:
    known = {each.code for each in deployment().placements}
    cleaned = typed.replace("-", "")
    assert (CODE in links.neighbours(cleaned, known), len(links.neighbours(cleaned, known)) <= 3) == (True, True)


def test_a_text_that_is_no_code_has_no_neighbours() -> None:
    assert [links.neighbours(typed, {CODE}) for typed in ("", "A", "9" * 500, "ZZ99ZZZ")] == [[], [], [], []]


async def test_a_code_typed_into_the_page_leads_to_its_page(door) -> None:
    async with door.session.get(f"{door.url}/tim", params={"c": f"{CODE[:4]} {CODE[4:].lower()}"}, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, f"/q/{CODE.lower()}")
    status, page = await door.get("/tim?c=tn9-99z")
    assert (status, "TN999Z" in page) == (404, True)


async def test_a_code_that_is_switched_off_says_so_and_takes_tips_all_the_same(door) -> None:
    await links.disable(door.database, CODE, "pasted over", NOW)
    await door.refresh_links()
    status, page = await door.get(f"/Q/{CODE}")
    assert (status, "Mã này đã ngừng" in page, CODE in page, "/ke" in page) == (200, True, True, True)
    assert await links.restore(door.database, CODE)
    await door.refresh_links()
    assert "Mã này đã ngừng" not in (await door.get(f"/Q/{CODE}"))[1]
    assert not await links.restore(door.database, CODE)


async def test_a_code_that_is_re_pointed_leads_elsewhere_and_is_counted_as_itself(door) -> None:
    await links.repoint(door.database, CODE, OTHER, "moved", NOW)
    await links.repoint(door.database, CODE, "TN12", "moved again", NOW + 1)
    await door.refresh_links()
    _, page = await door.get(f"/Q/{CODE}")
    assert "Mã trang TN12." in page
    assert await door.scans.write(door.database)
    assert [tuple(row) for row in await rows(door.database, scan_count)] == [("TN12", CODE, TODAY, 1)]


async def test_a_code_that_leads_to_itself_or_nowhere_stays_what_was_printed(door) -> None:
    await links.repoint(door.database, CODE, "NOWHERE", "a slip", NOW)
    await door.refresh_links()
    assert "Mã trang TN07." in (await door.get(f"/Q/{CODE}"))[1]


async def test_changed_codes_are_read_again_by_themselves(database) -> None:
    held, stop = links.Links(), asyncio.Event()
    await links.disable(database, CODE, "torn", NOW)
    running = asyncio.create_task(held.run(database, stop))
    async with asyncio.timeout(20):
        while held.of(CODE) is None:
            await asyncio.sleep(0)
        stop.set()
        await running
    found = held.of(CODE)
    assert found is not None
    assert (found.disabled_at, found.why) == (NOW, "torn")


async def test_a_code_that_checks_out_but_left_the_file_still_leads_to_its_village(door) -> None:
    status, page = await door.get(f"/Q/{placement_code('TN07', 1000)}")
    assert (status, "Mã trang TN07." in page) == (200, True)


# --- scans ---


async def test_scans_count_people_and_not_programs(door) -> None:
    async def ask(method: str, agent: str | None, **headers: str) -> None:
        given = ({"User-Agent": agent} if agent else {}) | headers
        async with door.session.request(method, f"{door.url}/Q/{CODE}", headers=given, skip_auto_headers=["User-Agent"]):
            pass

    await ask("HEAD", PHONE["User-Agent"])
    await ask("GET", PHONE["User-Agent"], **{"Sec-Purpose": "prefetch;prerender"})
    for agent in ("facebookexternalhit/1.1", "Zalo-Preview/1", "TelegramBot (like TwitterBot)", None, PHONE["User-Agent"]):
        await ask("GET", agent)
    await door.get("/V/TN07")
    await door.get("/V/TN07?l=en")  # the same visit
    await door.get(f"/Q/{CODE}/ke")
    assert await door.scans.write(door.database)
    assert [tuple(row) for row in await rows(door.database, scan_count)] == [("TN07", "", TODAY, 1), ("TN07", CODE, TODAY, 1)]


async def test_a_typed_link_is_told_apart_from_a_scan(door) -> None:
    for path in (f"/Q/{CODE}", f"/Q/{CODE}", f"/q/{CODE.lower()}", f"/Q/{CODE.lower()}"):
        await door.get(path)
    assert await door.scans.write(door.database)
    assert {(row.placement, row.count) for row in await rows(door.database, scan_count)} == {(CODE, 2), (CODE.lower(), 2)}


async def test_visits_are_one_row_a_code_and_day_however_many(database) -> None:
    scans = Scans()
    for n in range(20_000):
        scans.note("TN07", CODE, NOW + n)
    assert (await scans.write(database), [row.count for row in await rows(database, scan_count)]) == (True, [20_000])
    scans.note("TN07", CODE, NOW)
    scans.note("TN07", CODE, NOW + 86_400_000)
    await scans.write(database)
    assert [(row.day, row.count) for row in await rows(database, scan_count)] == [(TODAY, 20_001), (TODAY + 1, 1)]


async def test_visits_wait_while_the_database_is_locked(database, database_url, engine_name) -> None:
    if engine_name != "sqlite":
        pytest.skip("as above")
    scans = Scans()
    scans.note("TN07", CODE, NOW)
    scans.note_mistyped("TN0X", NOW)
    with locked(database_url):
        assert not await scans.write(database)
        scans.note("TN07", CODE, NOW)
    assert await scans.write(database)
    assert ([row.count for row in await rows(database, scan_count)], len(await rows(database, mistyped))) == ([2], 1)


async def test_a_flood_of_made_up_codes_is_bounded(database) -> None:
    scans = Scans(most=2)
    for n in range(5):
        scans.note("TN07", f"code {n}", NOW)
    for n in range(MOST_SLIPS + 5):
        scans.note_mistyped(f"X{n}", NOW)
    assert (scans.dropped, await scans.write(database), len(await rows(database, scan_count))) == (8, True, 2)
    assert len(await rows(database, mistyped)) == MOST_SLIPS


async def test_the_scan_writer_ends_with_everything_written(database) -> None:
    scans, stop = Scans(), asyncio.Event()
    running = asyncio.create_task(scans.run(database, stop))
    scans.note("TN07", "", NOW)
    async with asyncio.timeout(20):
        while not await rows(database, scan_count):
            await asyncio.sleep(0)
        scans.note("TN07", "", NOW)
        stop.set()
        await running
    assert [row.count for row in await rows(database, scan_count)] == [2]


@pytest.mark.parametrize(("method", "agent", "counts"), [
    ("GET", PHONE["User-Agent"], True), ("HEAD", PHONE["User-Agent"], False), ("GET", "", False), ("GET", "curl/8", False),
    ("GET", "WhatsApp/2.23", False), ("GET", "Mozilla/5.0 (compatible; Googlebot/2.1)", False)])  # fmt: skip
def test_is_person(method, agent, counts) -> None:
    assert is_person(method, {"User-Agent": agent}) is counts


@pytest.mark.parametrize(
    ("path", "scanned"), [("/Q/TN01056", True), ("/q/tn01056", False), ("/Q/tn01056", False), ("/V/TN07", True), ("/", False)]
)
def test_a_printed_path_is_capitals(path, scanned) -> None:
    assert is_scanned(path) is scanned


def test_the_day_of_a_visit_is_local() -> None:
    scans = Scans()
    scans.note("TN07", "", 1_794_934_800_000)  # 2026-11-17 17:00 UTC, midnight here
    assert next(iter(scans._visits)) == Visits("TN07", "", TODAY)
