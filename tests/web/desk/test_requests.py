"""Requests of persons and breaches in the browser: both clocks, who may, each commune its own, letters that open."""

import io
import re

import pikepdf
import pytest
from docx import Document as Book
from sqlalchemy import select

from gateway.domain.permission import Role
from gateway.storage.schema import audit, contact, person_request, person_request_event, tip
from tests.services.tip_rows import make_tip

DAY = 86_400_000
GIVEN = {"kind": "access", "channel": "walk_in", "number": "0300 555 123", "name": "Hoàng Thị Mẫu", "words": "xin xem"}


def given(desk, **changes):
    from datetime import UTC, datetime

    return GIVEN | {"received": datetime.fromtimestamp(desk.clock / 1000, UTC).date().isoformat()} | changes


async def request_of(desk, officer, **changes) -> int:
    answer = await officer.post("/desk/requests", given(desk, **changes))
    assert answer.status == 303, answer.text
    return int(answer.location.rsplit("/", 1)[1])


async def row(desk, id_):
    async with desk.database.read() as connection:
        return (await connection.execute(select(person_request).where(person_request.c.id == id_))).one()


async def test_both_clocks_begin_when_it_came(desk):
    """Two working days for the first answer, ten days for access; the list shows both and what is late."""
    officer = await desk.login(Role.CUSTODIAN)
    id_ = await request_of(desk, officer)
    found = await row(desk, id_)
    assert 9 * DAY < found.done_by - desk.clock <= 11 * DAY
    assert desk.clock < found.answer_by <= desk.clock + 12 * DAY
    page = await officer.get("/desk/requests")
    assert f'href="/desk/requests/{id_}"' in page.text
    assert "quá hạn" not in page.text
    desk.clock = found.done_by + 1
    late = await (await desk.login(Role.CUSTODIAN)).get("/desk/requests")
    assert late.text.count("quá hạn") == 2


async def test_who_withdraws_is_written_to_no_more_at_once(desk):
    """Before anybody has made sure who asks: silence is safe."""
    officer = await desk.login(Role.CUSTODIAN)
    await request_of(desk, officer, kind="withdraw")
    async with desk.database.read() as connection:
        assert list(await connection.scalars(select(contact.c.opted_out_at))) == [desk.clock]
        assert sorted(await connection.scalars(select(person_request_event.c.kind))) == ["received", "stopped"]


async def test_a_person_reads_what_we_hold_with_a_word_of_their_own(desk):
    """The file is sealed, the look is in the log, and what other communes were told is not in it."""
    number = "+84300555123"
    await make_tip(desk.database, "LS mộ ở bờ suối", sender=number)
    await make_tip(desk.database, "của xã khác", sender=number, commune="06529")
    officer = await desk.login(Role.CUSTODIAN)
    id_ = await request_of(desk, officer)
    early = await officer.post(f"/desk/requests/{id_}/export")
    assert early.status == 422
    assert (await officer.post(f"/desk/requests/{id_}/identify", {"identity": "in_person"})).status == 303
    word = re.search(r'<b class="num">([\d ]{14})</b>', (await officer.get(f"/desk/requests/{id_}")).text)[1].replace(" ", "")
    answer = await officer.post(f"/desk/requests/{id_}/export")
    assert answer.headers["Content-Type"] == "application/pdf"
    with pytest.raises(pikepdf.PasswordError):
        pikepdf.open(io.BytesIO(answer.body))
    text = _text_of(answer.body, word)
    assert "mộ ở bờ suối" in text
    assert "của xã khác" not in text
    async with desk.database.read() as connection:
        assert f"request:{id_}" in list(await connection.scalars(select(audit.c.object)))


def _text_of(pdf: bytes, word: str) -> str:
    import pypdfium2

    book = pypdfium2.PdfDocument(pdf, password=word)
    return " ".join(" ".join(page.get_textpage().get_text_range() for page in book).split())


async def test_deletion_needs_identity_and_leaves_the_counts(desk):
    number = "+84300555123"
    code_row = await make_tip(desk.database, "LS mộ ở bờ suối", sender=number)
    other = await make_tip(desk.database, "của xã khác", sender=number, commune="06529")
    officer = await desk.login(Role.CUSTODIAN)
    id_ = await request_of(desk, officer, kind="delete")
    page = await officer.get(f"/desk/requests/{id_}")
    assert "1 tin báo" in page.text
    refused = await officer.post(f"/desk/requests/{id_}/erase", {"passphrase": "không cần"})
    assert "xác minh" in refused.text.lower() or refused.status in (403, 422)
    await officer.post(f"/desk/requests/{id_}/identify", {"identity": "call_back"})
    from gateway.services.keeping import person_requests

    await person_requests.carry_out(
        desk.database, desk.desk.attachments.folder, officer.actor, id_, desk.clock, lambda size: bytes(range(size))
    )
    async with desk.database.read() as connection:
        texts = {each.id: each.text for each in await connection.execute(select(tip.c.id, tip.c.text))}
    assert texts == {code_row: "đã xóa", other: "của xã khác"}
    assert (await row(desk, id_)).state == "done"
    letter = await officer.get(f"/desk/requests/{id_}/letter.docx")
    assert "Đã xóa số điện thoại" in "\n".join(each.text for each in Book(io.BytesIO(letter.body)).paragraphs)


async def test_a_closed_request_is_closed(desk):
    officer = await desk.login(Role.CUSTODIAN)
    id_ = await request_of(desk, officer, kind="correct")
    assert (await officer.post(f"/desk/requests/{id_}/extend", {"note": "chờ hồ sơ"})).status == 303
    assert (await officer.post(f"/desk/requests/{id_}/extend", {"note": "nữa"})).status == 422
    assert (await officer.post(f"/desk/requests/{id_}/answer", {"note": "đã gọi báo"})).status == 303
    assert (await officer.post(f"/desk/requests/{id_}/refused", {"note": "không có dữ liệu"})).status == 303
    again = await officer.post(f"/desk/requests/{id_}/done", {"note": "x"})
    assert again.status == 422
    assert "đã kết thúc" in again.text
    letter = await officer.get(f"/desk/requests/{id_}/letter.pdf")
    assert letter.body[:5] == b"%PDF-"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"number": "12"}, "Số điện thoại chưa đúng"),
        ({"number": "", "name": ""}, "họ tên hoặc số"),
        ({"received": "2099-01-01"}, "Ngày nhận"),
        ({"received": "hôm qua"}, "Ngày nhận chưa đúng"),
        ({"kind": "all"}, "Chưa chọn"),
    ],
)
async def test_what_was_typed_wrongly_comes_back_with_a_sentence(desk, changes, words):
    officer = await desk.login(Role.CUSTODIAN)
    answer = await officer.post("/desk/requests", given(desk, **changes))
    assert answer.status == 422
    assert words in answer.text
    assert "xin xem" in answer.text  # nothing is typed twice


async def test_words_of_strangers_are_only_words(desk):
    officer = await desk.login(Role.CUSTODIAN)
    id_ = await request_of(desk, officer, words="<script>alert(1)</script>", name='"><img src=x>')
    page = await officer.get(f"/desk/requests/{id_}")
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text
    assert "0300555123" not in page.text  # masked


# --- who may ---


@pytest.mark.parametrize("role", [each for each in Role if each != Role.CUSTODIAN])
async def test_only_the_custodian(desk, role):
    id_ = await request_of(desk, await desk.login(Role.CUSTODIAN))
    officer = await desk.login(role)
    for path in ("/desk/requests", f"/desk/requests/{id_}", "/desk/requests/breaches", f"/desk/requests/{id_}/letter.pdf"):
        assert (await officer.get(path)).status == 403, path
    assert (await officer.post("/desk/requests", given(desk))).status == 403


async def test_another_communes_request_is_not_there(desk):
    """Its number is guessed; nothing tells that it exists."""
    id_ = await request_of(desk, await desk.login(Role.CUSTODIAN))
    stranger = await desk.login(Role.CUSTODIAN, commune="06529")
    for path in (f"/desk/requests/{id_}", f"/desk/requests/{id_}/letter.pdf"):
        assert (await stranger.get(path)).status == 404, path
    for step in ("identify", "answer", "extend", "done", "refused", "export"):
        answer = await stranger.post(f"/desk/requests/{id_}/{step}", {"note": "x", "identity": "in_person"})
        assert answer.status == 404, step
    assert f"/desk/requests/{id_}" not in (await stranger.get("/desk/requests")).text
    assert (await row(desk, id_)).state == "new"


# --- breaches ---


FACTS = {"what": "Mất máy tính xách tay ở trụ sở.", "measures": "Đã thay khóa.", "kinds": ["numbers", "names"], "people": "1.200"}


async def test_a_breach_has_its_clock_and_its_notice(desk):
    officer = await desk.login(Role.CUSTODIAN)
    page = await officer.get("/desk/requests/breaches")
    found = re.search(r'name="found" type="datetime-local" value="([^"]+)"', page.text)[1]
    done = await officer.post("/desk/requests/breaches", FACTS | {"found": found})
    assert done.status == 303, done.text
    page = await officer.get("/desk/requests/breaches")
    assert re.search(r"còn 7[12] giờ", page.text)
    notice = await officer.get("/desk/requests/breaches/1/notice.docx" if "notice.docx" in page.text else "/")
    id_ = re.search(r"breaches/(\d+)/notice.docx", page.text)[1]
    notice = await officer.get(f"/desk/requests/breaches/{id_}/notice.docx")
    words = "\n".join(each.text for each in Book(io.BytesIO(notice.body)).paragraphs)
    for said in ("A05", "Mất máy tính xách tay", "khoảng 1.200 người", "số điện thoại, họ tên"):
        assert said in words
    assert "sau 72 giờ" not in words
    desk.clock += 73 * 3_600_000
    officer = await desk.login(Role.CUSTODIAN)
    assert "quá 72 giờ" in (await officer.get("/desk/requests/breaches")).text
    assert (await officer.post(f"/desk/requests/breaches/{id_}/told/agency")).status == 303
    assert (await officer.post(f"/desk/requests/breaches/{id_}/told/agency")).status == 409
    stranger = await desk.login(Role.CUSTODIAN, commune="06529")
    assert (await stranger.get(f"/desk/requests/breaches/{id_}/notice.pdf")).status == 404
    assert (await stranger.post(f"/desk/requests/breaches/{id_}/told/people")).status == 404


async def test_a_breach_of_tomorrow_is_none(desk):
    officer = await desk.login(Role.CUSTODIAN)
    answer = await officer.post("/desk/requests/breaches", FACTS | {"found": "2099-01-01T00:00"})
    assert answer.status == 422
    assert "Mất máy tính" in answer.text
