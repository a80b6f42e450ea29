"""The queue in the browser: found by filters and words, corrected over the words, done with many and undone, by forms alone."""

import re

import pytest

from gateway.domain.permission import Role
from gateway.services.corroboration import mind_corroboration
from gateway.storage.schema import audit, tip, tip_change
from tests.services.desk_tips.desk import NA_LAI, NOW, code_of, tell
from tests.services.people import ALICE, BINH, rows
from tests.services.test_corroboration import AGAIN, STORY

EVIL = 'LS TN07 <script>alert("x")</script> =HYPERLINK("http://x") co 2 mo "><img src=x onerror=alert(1)>'


def version_in(page: str) -> str:
    return re.search(r'name="version" value="(\d+)"', page)[1]


async def _state(database, code: str) -> str:
    return next(row.state for row in await rows(database, tip) if row.code == code)


async def test_the_queue_puts_urgent_tips_first_and_pages_by_cursor(desk) -> None:
    reader = await desk.login(Role.READER)
    for number in range(40):
        await tell(desk.database, f"LS TN07 co {number + 1} mo bo doi", at=NOW + number)
    code = await code_of(desk.database, await tell(desk.database, "LS TN15 gap 1 qua bom chua no", at=NOW - 9_000))
    first = await reader.get("/desk/tips")
    codes = re.findall(r"data-row>([0-9A-Z]{6})<", first.text)
    assert (len(codes), codes[0]) == (30, code)
    following = re.search(r'href="([^"]+)" rel="next"', first.text)[1].replace("&amp;", "&")
    rest = re.findall(r"data-row>([0-9A-Z]{6})<", (await reader.get(following)).text)
    assert len(rest) == 11
    assert len({*codes, *rest}) == 41


async def test_a_field_is_corrected_by_clicking_its_words_with_forms_alone(desk) -> None:
    reader = await desk.login(Role.READER)
    code = await code_of(desk.database, await tell(desk.database))
    page = (await reader.get(f"/desk/tips/{code}")).text
    link = re.search(r'href="(\?fix=grave_count#fix)"[^>]*>2 ngoi mo<', page)
    assert link
    asked = (await reader.get(f"/desk/tips/{code}?fix=grave_count")).text
    assert 'id="fix-value" name="value" value="2"' in asked
    sent = {"version": version_in(asked), "name": "grave_count", "value": "3"}
    done = await reader.post(f"/desk/tips/{code}/correct", sent, follow=True)
    assert "máy đọc: 2" in done.text
    assert "Hoàn tác" in done.text


async def test_two_readers_see_both_versions_and_lose_nothing(desk) -> None:
    one, other = await desk.login(Role.READER), await desk.login(Role.READER)
    code = await code_of(desk.database, await tell(desk.database))
    seen = version_in((await one.get(f"/desk/tips/{code}?fix=unit")).text)
    await other.post(f"/desk/tips/{code}/correct", {"version": seen, "name": "unit", "value": "c4/d2/e777"})
    late = await one.post(f"/desk/tips/{code}/correct", {"version": seen, "name": "unit", "value": "c9/d9/e9"})
    assert late.status == 409
    assert "c4/d2/e777" in late.text
    assert "c9/d9/e9" in late.text
    assert other.user.name in late.text
    again = dict(re.findall(r'<input type="hidden" name="(version|name|value)" value="([^"]*)"', late.text))
    assert (await one.post(f"/desk/tips/{code}/correct", again)).status == 303
    assert len(await rows(desk.database, tip_change)) == 2


async def test_many_tips_are_moved_and_brought_back(desk) -> None:
    reader = await desk.login(Role.READER)
    ids = [await tell(desk.database, f"LS TN07 co {number} mo") for number in range(3)]
    sent = await reader.post("/desk/tips/many", {"what": "sort", "sort": "grave", "tip": ids[:2]}, follow=True)
    assert "Đã đổi 2 tin." in sent.text
    assert sorted(row.state for row in await rows(desk.database, tip)) == ["new", "sorted", "sorted"]
    undo = re.search(r'action="(/desk/tips/undo/\d+)"', sent.text)[1]
    assert (await reader.post(undo)).status == 303
    assert {row.state for row in await rows(desk.database, tip)} == {"new"}


async def test_a_search_leaves_no_words_in_the_address(desk) -> None:
    reader = await desk.login(Role.READER)
    code = await code_of(desk.database, await tell(desk.database, "Mộ cạnh miếu thổ công, Nà Lài", sender=BINH))
    sent = await reader.post("/desk/tips/search", {"said": "mieu THO cong"})
    assert (sent.status, "mieu" in sent.location.lower()) == (303, False)
    assert code in (await reader.get(sent.location)).text
    by_number = await reader.post("/desk/tips/search", {"said": "0300 000 012"})
    assert "0300" not in by_number.location
    assert code in (await reader.get(by_number.location)).text
    assert "number.search" in [entry.action for entry in await rows(desk.database, audit)]


async def test_a_tip_of_html_and_formulas_is_text_everywhere(desk) -> None:
    verifier = await desk.login(Role.VERIFIER)
    code = await code_of(desk.database, await tell(desk.database, EVIL))
    await tell(desk.database, "=1+1 co 2 mo bo doi o goc da", sender=BINH)
    for path in (
        "",
        f"/{code}",
        f"/{code}/sort",
        f"/{code}/verify",
        f"/{code}/beside/{code}",
        f"/{code}?fix=%3Cscript%3E",
        "/pairs",
        "/history",
    ):
        text = (await verifier.get(f"/desk/tips{path}")).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
    noted = await verifier.post(f"/desk/tips/{code}/note", {"note": "<b onclick=x>đậm</b> {{ 7*7 }}"}, follow=True)
    assert "<b onclick" not in noted.text
    assert "{{ 7*7 }}" in noted.text
    sheet = await verifier.post("/desk/tips/export", {"form": "csv", "queue": "all"})
    assert "'=1+1" in sheet.body.decode("utf-8-sig")
    assert not re.search(r'(^|,)"?[=+@]', sheet.body.decode("utf-8-sig"), re.MULTILINE)
    book = await verifier.post("/desk/tips/export", {"form": "xlsx", "queue": "all"})
    assert book.body[:2] == b"PK"
    assert [entry.action for entry in await rows(desk.database, audit)].count("tip.export") == 2


async def test_no_number_stands_in_any_page_or_file(desk) -> None:
    reader = await desk.login(Role.READER)
    code = await code_of(desk.database, await tell(desk.database, NA_LAI, sender=ALICE))
    await reader.post(f"/desk/tips/{code}/note", {"note": "gọi 0300 000 011 không ai nghe"})
    pages = [(await reader.get(f"/desk/tips{path}")).text for path in ("", f"/{code}", f"/{code}/sort", f"/{code}?fix=contact_phone")]
    sheet = await reader.post("/desk/tips/export", {"form": "csv", "queue": "all"})
    for text in (*pages, sheet.body.decode("utf-8-sig")):
        assert not re.search(r"0300[ .]?000[ .]?01[15]|\+84300", text)


async def test_a_number_is_revealed_for_half_a_minute_with_a_reason(desk) -> None:
    reader = await desk.login(Role.READER)
    code = await code_of(desk.database, await tell(desk.database, sender=ALICE))
    assert "Xem số để làm gì?" in (await reader.get(f"/desk/tips/{code}/number?which=sender")).text
    asked = await reader.post(f"/desk/tips/{code}/number", {"which": "sender"})
    assert "0300 000 011" not in asked.text
    shown = await reader.post(f"/desk/tips/{code}/number", {"which": "sender", "reason": "hỏi lại chỗ chôn"})
    assert re.search(r"0300\s?000\s?011", shown.text)
    assert '<meta http-equiv="refresh" content="30;' in shown.text
    quick = await reader.post(f"/desk/tips/{code}/number", {"which": "sender"}, headers={"Accept": "application/json"})
    assert '"seconds": 30' in quick.text
    assert [entry.action for entry in await rows(desk.database, audit)].count("number.reveal") == 2


async def test_like_tips_stand_side_by_side_and_are_linked_not_merged(desk) -> None:
    reader = await desk.login(Role.READER)
    one = await code_of(desk.database, await tell(desk.database, STORY, sender=ALICE))
    other = await code_of(desk.database, await tell(desk.database, AGAIN, sender=BINH))
    while await mind_corroboration(desk.database, NOW):
        pass
    page = (await reader.get(f"/desk/tips/{one}")).text
    assert f"/desk/tips/{one}/beside/{other}" in page
    assert "<mark>" in page
    assert other in (await reader.get("/desk/tips/pairs")).text
    beside = (await reader.get(f"/desk/tips/{one}/beside/{other}")).text
    assert beside.count("<mark>") >= 2
    done = await reader.post(f"/desk/tips/{one}/beside/{other}", {"verdict": "linked"}, follow=True)
    assert "Đã nối với" in done.text
    assert other not in (await reader.get("/desk/tips/pairs")).text
    undo = re.search(r'class="said".*?action="(/desk/tips/undo/\d+)"', done.text, re.DOTALL)[1]
    await reader.post(undo)
    assert "Đã nối với" not in (await reader.get(f"/desk/tips/{one}")).text
    assert len(await rows(desk.database, tip)) == 2


@pytest.mark.parametrize("path", ["", "/sort", "/verify", "/number", "/beside/{code}"])
async def test_another_communes_tip_has_no_page(desk, path) -> None:
    stranger = await desk.login(Role.READER, Role.VERIFIER, Role.CUSTODIAN, commune="06001")
    code = await code_of(desk.database, await tell(desk.database))
    answer = await stranger.get(f"/desk/tips/{code}{path.format(code=code)}")
    missing = await stranger.get(f"/desk/tips/000000{path.format(code=code)}")
    if path != "/number":
        assert (answer.status, missing.status) == (404, 404)
    assert "ngoi mo" not in answer.text
    for act in ("sort", "correct", "assign", "note", "move", "verify", "number", "open"):
        sent = {
            "version": "0",
            "kind": "grave",
            "name": "unit",
            "value": "x",
            "note": "x",
            "state": "sorted",
            "result": "true",
            "which": "sender",
        }
        assert (await stranger.post(f"/desk/tips/{code}/{act}", {**sent, "reason": "một lý do"})).status == 404
    ids = [row.id for row in await rows(desk.database, tip)]
    assert (await stranger.post("/desk/tips/many", {"what": "sort", "sort": "grave", "tip": ids})).status == 404
    assert await _state(desk.database, code) == "new"


async def test_views_are_saved_by_name_and_are_ones_own(desk) -> None:
    one, other = await desk.login(Role.READER), await desk.login(Role.READER)
    saved = await one.post("/desk/tips/views", {"name": "Thôn TN07, gấp", "queue": "urgent", "village": "TN07"}, follow=True)
    assert "Thôn TN07, gấp" in saved.text
    assert "Thôn TN07, gấp" not in (await other.get("/desk/tips")).text
    view = re.search(r"/desk/tips/views/(\d+)/drop", saved.text)[1]
    await other.post(f"/desk/tips/views/{view}/drop")
    assert "Thôn TN07, gấp" in (await one.get("/desk/tips")).text
    await one.post(f"/desk/tips/views/{view}/drop")
    assert "Thôn TN07, gấp" not in (await one.get("/desk/tips")).text


async def test_a_page_stays_small(desk) -> None:
    reader = await desk.login(Role.READER)
    for number in range(40):
        code = await code_of(desk.database, await tell(desk.database, f"{NA_LAI} {number}", at=NOW + number))
    for path in ("/desk/tips", f"/desk/tips/{code}"):
        assert len((await reader.get(path)).body) < 60_000
