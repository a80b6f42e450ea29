"""Tips typed in at the desk, in a stack and as a list; the map, attachments and questions beside a tip."""

import io
import json
import re

import pytest

from gateway.domain.permission import Role
from gateway.storage.schema import audit, mt, tip, tip_question
from tests.services.media_files import jpeg
from tests.services.people import ALICE, NOW, route, rows
from tests.services.tip_rows import make_tip

STORY = "Sau miếu thổ công Nà Lài có 2 ngôi mộ bộ đội chôn tháng 2 năm 1979"


PHOTO = jpeg()


def _key(page: str) -> str:
    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found
    return found[1]


async def _code(database) -> str:
    return (await rows(database, tip))[-1].code


async def test_a_tip_told_by_telephone_is_written_and_its_slip_shown(desk) -> None:
    reader = await desk.login(Role.READER)
    shown = await reader.get("/desk/entry")
    assert (shown.status, "Nhập tin người dân kể" in shown.text) == (200, True)
    given = {"key": _key(shown.text), "channel": "phone", "village": "TN02", "words": STORY, "phone": "0300 000 011", "may_call": "co"}
    slip = await reader.post("/desk/entry", given, follow=True)
    code = await _code(desk.database)
    assert (slip.status, code in slip.text, " ".join(code) in slip.text) == (200, True, True)
    again = await reader.post("/desk/entry", given | {"words": "khác"}, follow=True)
    assert code in again.text
    assert len(await rows(desk.database, tip)) == 1
    assert "0300" not in slip.text.replace("0300 000 100", "")  # the hotline's alone


async def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost(desk) -> None:
    reader = await desk.login(Role.READER)
    given = {
        "key": "k" * 24,
        "channel": "phone",
        "village": "TN99",
        "words": "<script>alert(1)</script> mộ",
        "phone": "12",
        "may_call": "co",
    }
    answer = await reader.post("/desk/entry", given)
    assert answer.status == 422
    assert "&lt;script&gt;alert(1)" in answer.text
    assert "<script>alert" not in answer.text
    assert answer.text.count('class="why"') == 2
    assert await rows(desk.database, tip) == []


async def test_a_stack_goes_on_with_the_next_sheet(desk) -> None:
    reader = await desk.login(Role.READER)
    shown = await reader.get("/desk/entry?tap=1&kenh=paper&thon=TN02&to=12")
    assert 'value="12"' in shown.text
    given = {"key": _key(shown.text), "stack": "1", "channel": "paper", "village": "TN02", "sheet": "12", "words": STORY}
    answer = await reader.post("/desk/entry", given)
    assert (answer.status, answer.location) == (303, "/desk/entry?tap=1&kenh=paper&thon=TN02&to=13")
    after = await reader.get(answer.location)
    assert f"Đã ghi tờ 12, mã {await _code(desk.database)}" in after.text


async def test_likes_are_shown_while_it_is_typed(desk) -> None:
    from gateway.services import corroboration

    reader = await desk.login(Role.READER)
    id_ = await make_tip(desk.database, f"{STORY} <b>0300000012", code="F8QY4J")
    await desk.database.write(lambda connection: corroboration.link(connection, id_, STORY, NOW))
    piece = await reader.post("/desk/entry/similar", {"words": STORY})
    assert ("F8QY4J" in piece.text, "<html" in piece.text, "0300000012" in piece.text, "&lt;b&gt;" in piece.text) == (
        True,
        False,
        False,
        True,
    )
    page = await reader.post("/desk/entry", {"key": "k" * 24, "words": STORY, "look": "1"})
    assert "F8QY4J" in page.text
    assert len(await rows(desk.database, tip)) == 1


async def test_a_pasted_list_keeps_the_good_rows_and_hands_back_the_others(desk) -> None:
    reader = await desk.login(Role.READER)
    pasted = "lời kể\tmã thôn\tsđt\n2 mộ ở gốc đa\tTN02\t\n=cmd|'/c calc'!A1\tTN99\t\n\tTN02\t\n"
    answer = await reader.post("/desk/entry/list", {"key": "k" * 24, "pasted": pasted}, follow=True)
    assert (answer.status, "Đã nhận 1 tin, 2 dòng cần sửa" in answer.text) == (200, True)
    path = re.search(r'href="(/desk/entry/list/\d+/chua-nhan.csv)"', answer.text)
    file = await reader.get(path[1])
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert "'=cmd|'/c calc'!A1" in file.body.decode("utf-8-sig")
    assert [row.action for row in await rows(desk.database, audit)].count("tip.enter.export") == 1
    stranger = await desk.login(Role.READER, commune="06001")
    assert (await stranger.get(path[1])).status == 404


async def test_an_uploaded_workbook_is_read_like_a_pasted_list(desk) -> None:
    from openpyxl import Workbook

    reader, book, content = await desk.login(Role.READER), Workbook(), io.BytesIO()
    for row in (["Lời kể", "Thôn"], ["1 mộ ở suối", "Pò Mạ"], ["1 mộ", "không có"]):
        book.active.append(row)
    book.save(content)
    answer = await reader.post("/desk/entry/list", {"key": "k" * 24, "file": content.getvalue()}, follow=True)
    assert "Đã nhận 1 tin, 1 dòng cần sửa" in answer.text


@pytest.mark.parametrize(("pasted", "said"), [("", "Thiếu cột lời kể"), ("a;b\n1;2", "Thiếu cột lời kể"), ("\x00\x01", "cột lời kể")])
async def test_a_list_without_a_story_column_is_refused_whole(desk, pasted, said) -> None:
    reader = await desk.login(Role.READER)
    answer = await reader.post("/desk/entry/list", {"key": "k" * 24, "pasted": pasted})
    assert (answer.status, said in answer.text) == (422, True)


async def test_the_paper_forms_are_pdfs_of_the_own_commune(desk) -> None:
    reader, stranger = await desk.login(Role.READER), await desk.login(Role.READER, commune="06001")
    assert "TN07" in (await reader.get("/desk/entry/forms")).text
    form = await reader.get("/desk/entry/forms/TN07.pdf")
    assert (form.status, form.body[:5]) == (200, b"%PDF-")
    assert (await reader.get("/desk/entry/forms/all.pdf")).body.count(b"/Type /Page\n") == 30
    assert (await stranger.get("/desk/entry/forms/TN07.pdf")).status == 404
    assert (await reader.get("/desk/entry/forms/TN99.pdf")).status == 404


async def test_the_map_has_its_candidates_and_no_other_commune_sees_it(desk) -> None:
    reader, stranger = await desk.login(Role.READER), await desk.login(Role.READER, commune="06001")
    fields = '{"village_candidates": ["TN01", "TN02"], "coords": {"lat": 21.67, "lon": 106.81, "accuracy_m": 300, "system": "WGS84"}}'
    await make_tip(desk.database, STORY, code="F8QY4J", village=None, fields=fields)
    page = await reader.get("/desk/map/F8QY4J?xem=village")
    assert page.text.count("Trùng tên khi bỏ dấu") == 2
    assert ("map-accuracy" in page.text, "sai số 300 m" in page.text, "Thôn nào?" in page.text) == (True, True, False)
    piece = await reader.get("/desk/map/f8qy4j?xem=region&manh=1")
    assert ("<svg" in piece.text, "<html" in piece.text) == (True, False)
    assert (await stranger.get("/desk/map/F8QY4J")).status == 404
    assert len(page.body) < 60_000


async def test_a_photo_is_shown_without_what_it_says_and_the_view_is_noted(desk) -> None:
    reader, stranger = await desk.login(Role.READER), await desk.login(Role.READER, commune="06001")
    id_ = await make_tip(desk.database, STORY, code="F8QY4J")
    kept = await desk.desk.attachments.keep(id_, PHOTO, "image/jpeg", NOW)
    path = f"/desk/attachments/F8QY4J/{kept.id}"
    answer = await reader.get(path)
    assert (answer.status, answer.headers["Content-Type"], b"Exif" in answer.body) == (200, "image/jpeg", False)
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert (answer.headers["X-Content-Type-Options"], answer.headers["Cache-Control"]) == ("nosniff", "no-store")
    assert [row.object for row in await rows(desk.database, audit) if row.action == "attachment.view"] == ["tip:F8QY4J"]
    assert (await stranger.get(path)).status == 404
    other = await make_tip(desk.database, STORY, code="0YGECV")
    assert other != id_
    assert (await reader.get(f"/desk/attachments/0YGECV/{kept.id}")).status == 404


async def test_a_question_waits_ten_seconds_and_can_be_taken_back(desk_with) -> None:
    async for desk in desk_with(routes=(route(),)):
        reader = await desk.login(Role.READER)
        await make_tip(desk.database, STORY, sender=ALICE, code="F8QY4J")
        page = await reader.get("/desk/ask/F8QY4J?cau=graves")
        assert ("đoạn" in page.text, "0300000011" in page.text) == (True, False)
        sent = await reader.post("/desk/ask/F8QY4J", {"words": "May mo, con nguyen khong?", "name": "graves"})
        assert (sent.status, sent.location) == (303, "/desk/tips/F8QY4J")
        (held,) = await rows(desk.database, mt)
        assert (held.state, held.due_at, held.msisdn) == ("queued", NOW + 10_000, ALICE)
        (question,) = await rows(desk.database, tip_question)
        stranger = await desk.login(Role.READER, commune="06001")
        assert (await stranger.post(f"/desk/ask/{question.id}/withdraw")).status == 404
        assert (await reader.post(f"/desk/ask/{question.id}/withdraw")).status == 303
        assert [row.state for row in await rows(desk.database, mt)] == ["cancelled"]
        assert "đã rút lại" in (await reader.get("/desk/ask/F8QY4J")).text


async def test_what_has_left_can_not_be_taken_back(desk_with) -> None:
    async for desk in desk_with(routes=(route(),)):
        reader = await desk.login(Role.READER)
        await make_tip(desk.database, STORY, sender=ALICE, code="F8QY4J")
        await reader.post("/desk/ask/F8QY4J", {"words": "May mo?"})
        await desk.database.write(lambda connection: connection.execute(mt.update().values(state="sending")))
        (question,) = await rows(desk.database, tip_question)
        answer = await reader.post(f"/desk/ask/{question.id}/withdraw")
        assert (answer.status, "đã rời máy" in answer.text) == (422, True)


@pytest.mark.parametrize(("sender", "said"), [("", "không để lại số"), ("+84300000011", "Không có tuyến")])
async def test_who_can_not_be_asked_is_said_in_words(desk, sender, said) -> None:
    reader = await desk.login(Role.READER)
    await make_tip(desk.database, STORY, sender=sender, code="F8QY4J")
    assert said in (await reader.get("/desk/ask/F8QY4J")).text
    assert said in (await reader.post("/desk/ask/F8QY4J", {"words": "May mo?"})).text


async def test_an_entry_of_a_phone_is_taken_once_and_photos_too(desk) -> None:
    reader = await desk.login(Role.READER)
    given = {"key": "offline-" + "a" * 30, "words": STORY, "village": "TN02", "channel": "walk_in", "photo": PHOTO}
    first = await reader.post("/desk/offline/entries", given)
    again = await reader.post("/desk/offline/entries", given)
    code = await _code(desk.database)
    assert f'"code": "{code}", "is_new": true' in first.text
    assert f'"code": "{code}", "is_new": false' in again.text
    assert len(await desk.desk.attachments.of_tip((await rows(desk.database, tip))[0].id)) == 1
    wrong = await reader.post("/desk/offline/entries", given | {"key": "offline-" + "b" * 30, "words": ""})
    assert (wrong.status, [each["field"] for each in json.loads(wrong.text)["wrong"]]) == (422, ["words"])


async def test_the_offline_page_names_nobody_and_asks_for_a_session(desk) -> None:
    reader = await desk.login(Role.READER)
    page = await reader.get("/desk/offline")
    assert (reader.user.name in page.text, "csrf" in page.text, "TN07" in page.text) == (False, False, True)
    who = await reader.get("/desk/offline/who")
    assert json.loads(who.text)["name"] == reader.user.name
    browser = desk.browser()
    async with browser.get(f"{desk.url}/desk/offline/worker.js") as worker:
        assert (worker.status, worker.headers["Service-Worker-Allowed"]) == (200, "/desk/offline")
    async with browser.get(f"{desk.url}/desk/offline/who", headers={"Sec-Fetch-Mode": "cors"}, allow_redirects=False) as nobody:
        assert nobody.status == 401
