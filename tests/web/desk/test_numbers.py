"""`/desk/numbers` and `/desk/reports`: pages, files, the way of a report, whose is whose, and what is written nowhere."""

import io
import json
import zipfile
from datetime import date

from openpyxl import load_workbook

from gateway.domain.permission import Role
from gateway.storage.schema import placement_hung
from tests.services.numbers_rows import OTHER, at, campaign, put
from tests.services.tip_rows import make_tip
from tests.web.desk.book import audited

SECRET = "KHONGLORA"


async def november(desk):
    await campaign(desk.database)
    desk.clock = at(date(2026, 11, 25))


async def made(desk, officer, **more) -> str:
    answer = await officer.post("/desk/reports", {"period": "month:2026-11-25", **more})
    assert answer.status == 303, answer.text
    return answer.location


async def test_the_board_says_the_plans_names_word_for_word(desk) -> None:
    await november(desk)
    officer = await desk.login(Role.REPORTER)
    answer = await officer.get("/desk/numbers?period=month")
    assert answer.status == 200
    for name in (
        "Số lượng tin báo", "Tỷ lệ tương tác", "Số lượng thông tin tiếp nhận", "Tỷ lệ xác minh",
        "Số hài cốt liệt sĩ được tìm kiếm, quy tập",
    ):  # fmt: skip
        assert f">{name}</h2>" in answer.text
    assert "Tháng 11 (26/10 – 25/11)" in answer.text
    assert "2 người trả lời / 9 tin đã gửi" in answer.text
    assert "Kỳ trước 1, kỳ này nhiều hơn" in answer.text
    assert "hôm nay" in answer.text
    assert len(answer.body) < 60_000


async def test_a_board_without_a_row_and_one_of_any_period(desk) -> None:
    officer = await desk.login(Role.READER)
    for query in ("", "?period=week", "?period=quarter", "?period=%22", "/places"):
        path = f"/desk/numbers{query}"
        assert (await officer.get(path)).status == 200


async def test_nobody_of_a_commune_looks_into_another(desk) -> None:
    await november(desk)
    officer = await desk.login(Role.REPORTER)
    location = await made(desk, officer)
    stranger = await desk.login(Role.REPORTER, Role.APPROVER, commune=OTHER)
    for path in ("", "/docx", "/pdf", "/xlsx", "/csv", "/figures.json"):
        assert (await stranger.get(location + path)).status == 404
    for path in ("/sign", "/send"):
        assert (await stranger.post(location + path, {"number": "1", "signed_on": "2026-11-25"})).status == 404
    board = (await stranger.get("/desk/numbers?commune=06577&period=month")).text
    assert "4.500" not in board
    assert location.rpartition("/")[2] not in (await stranger.get("/desk/reports")).text.split("Đã lập")[1].split("<aside>")[0]


async def test_a_report_is_made_signed_by_another_and_sent(desk) -> None:
    await november(desk)
    reporter, approver = await desk.login(Role.REPORTER), await desk.login(Role.APPROVER)
    location = await made(desk, reporter, difficulties="Sóng yếu\nĐường xa", proposals="=1+1")
    page = (await reporter.get(location)).text
    assert "- Sóng yếu" in page
    assert "- Đường xa" in page
    assert (await reporter.post(f"{location}/sign", {"number": "12/BC-UBND", "signed_on": "2026-11-25"})).status == 403
    assert (await approver.post(f"{location}/sign", {"number": "12/BC-UBND", "signed_on": "2026-11-25"})).status == 303
    assert (await approver.post(f"{location}/sign", {"number": "13/BC-UBND", "signed_on": "2026-11-25"})).status == 422
    assert (await reporter.post(f"{location}/send")).status == 303
    after = (await reporter.get(location)).text
    assert "12/BC-UBND" in after
    assert "Đã gửi" in after
    assert "Quá hạn" not in (await reporter.get("/desk/reports")).text


async def test_the_files_open_and_hold_no_formula_and_no_word_of_a_tip(desk) -> None:
    await november(desk)
    await make_tip(desk.database, f"LS TN07 {SECRET}", "+84300999888", at=at(date(2026, 11, 20)))
    officer = await desk.login(Role.REPORTER)
    location = await made(desk, officer, highlights='=HYPERLINK("http://x")\n<script>alert(1)</script>')
    docx = (await officer.get(f"{location}/docx")).body
    with zipfile.ZipFile(io.BytesIO(docx)) as parts:
        document = parts.read("word/document.xml").decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in document
    assert "<script>" not in (await officer.get(location)).text.split("<article")[1].split("</article>")[0]
    book = load_workbook(io.BytesIO((await officer.get(f"{location}/xlsx")).body))
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)
    assert (await officer.get(f"{location}/pdf")).body.startswith(b"%PDF")
    csv = (await officer.get(f"{location}/csv")).body
    assert csv.startswith(b"\xef\xbb\xbfcolumn,count")
    for body in (docx, csv, document.encode(), (await officer.get(location)).body, (await officer.get("/desk/numbers")).body):
        assert SECRET.encode() not in body
        assert b"300999888" not in body


async def test_bad_periods_are_refused_in_a_sentence(desk) -> None:
    officer = await desk.login(Role.REPORTER)
    for form in ({}, {"period": "month:"}, {"period": "x:2026-11-01"}, {"period": "closing:", "first": "2026-12-01", "last": "2026-11-01"}):
        answer = await officer.post("/desk/reports", form)
        assert answer.status == 422
        assert "Chưa rõ kỳ báo cáo" in answer.text
    assert (await (await desk.login(Role.READER)).post("/desk/reports", {"period": "month:2026-11-25"})).status == 403


async def test_the_province_has_a_row_a_commune_and_no_person(desk) -> None:
    await november(desk)
    officer = await desk.login(Role.PROVINCE)
    page = (await officer.get("/desk/reports/province?month=2026-11-25")).text
    assert "xã Thống Nhất" in page
    assert "Đếm lúc này" in page
    reporter = await desk.login(Role.REPORTER)
    location = await made(desk, reporter)
    assert "Bản thảo" in (await officer.get("/desk/reports/province?month=2026-11-25")).text
    assert (await officer.get(location)).status == 200
    table = load_workbook(io.BytesIO((await officer.get("/desk/reports/province.xlsx?month=2026-11-25")).body))["Tổng hợp"]
    assert [cell.value for cell in table[2]][:5] == ["xã Thống Nhất", "Bản thảo", 4, None, 2]
    assert [cell.value for cell in table[3]][:4] == ["Cộng", None, 4, None]


async def test_every_file_that_leaves_is_noted(desk) -> None:
    await november(desk)
    officer = await desk.login(Role.REPORTER)
    location = await made(desk, officer)
    await officer.get(f"{location}/docx")
    await officer.get(f"{location}/figures.json")
    rows = [each for each in await audited(desk.database) if each.action == "report.export"]
    assert [each.detail["file"] for each in rows] == ["docx", "figures.json"]
    told = json.loads((await officer.get(f"{location}/figures.json")).body)
    assert told["figures"]["tips"] == [4, None]


async def test_what_is_late_is_counted_and_names_nobody(desk) -> None:
    await november(desk)
    custodian = await desk.login(Role.CUSTODIAN)
    codes = {each.piece: each.code for each in desk.desk.deployment.placements}
    hung = {"commune": "06577", "detail": "{}", "changed_by": custodian.user.id, "changed_at": 0}
    rows = [(codes["banner-h"], "2026-11-09"), (codes["poster-a3"], "2026-10-01"), (codes["banner-10"], "2026-11-10")]
    await put(desk.database, placement_hung, *({"code": code, "hung_on": day, **hung} for code, day in rows))
    page = (await custodian.get("/desk/numbers")).text
    assert '<th scope="row">Băng rôn quá 15 ngày</th><td class="num"><b>1</b></td>' in page
    assert "Tin chưa đọc quá hạn" in page
    assert codes["banner-h"] not in page
