"""The pages of cases, evidence, commendations, registers and sampling: the day's work done, and nothing shown to whom it is no business."""

import pypdfium2
import pytest

from gateway.domain.case_file import Outcome
from gateway.domain.permission import Role
from gateway.services.casework import cases, commendations, evidence, witnesses
from gateway.services.casework.common import local_day
from gateway.storage.registers import NewWitness
from gateway.storage.schema import audit
from tests.services.casework.people import HERE, THERE, ZONE, came_to, opened, searched, told, version
from tests.services.casework.test_adn import registered
from tests.services.media_files import jpeg
from tests.services.people import ALICE, NOW


async def test_a_case_from_the_tip_to_its_result(desk) -> None:
    """Each step by its form, as the browser sends it; the words of the pages come back, the typed ones too."""
    officer = await desk.login(Role.VERIFIER)
    code = await told(desk.database)
    new = await officer.get(f"/desk/cases/new?tip={code}")
    assert new.status == 200
    assert code in new.text
    made = await officer.post("/desk/cases/new", {"title": "Mộ cạnh miếu", "codes": code})
    assert made.status == 303
    case = made.location
    page = await officer.get(case)
    assert "HS-2026-0001" in page.text
    assert "Mộ cạnh miếu" in page.text
    await officer.post(f"{case}/field-work", {"version": 1, "day": "2026-11-20", "people": "Tổ khảo sát Ban CHQS"})
    shown = await cases.show_case(desk.database, officer.actor, int(case.rsplit("/", 1)[1]))
    report = {"version": 2, "safety": "clear", "safety_by": "Công binh", "found": "Nấm đất", "spot": "21.6512, 106.8533", "accuracy": "12"}
    assert (await officer.post(f"{case}/field-work/{shown.field_work[0].id}/report", report)).status == 303
    outcome = {"version": 3, "kind": "coordinate", "spot": "21.6512, 106.8533"}
    done = await officer.post(f"{case}/outcomes", outcome, follow=True)
    assert "Đã ghi kết quả hồ sơ" in done.text
    assert "Có kết quả" in done.text
    assert "21.65120, 106.85330" in done.text
    stale = await officer.post(f"{case}/close", {"version": 3, "why": "x"})
    assert stale.status == 422
    assert "vừa làm trước" in stale.text
    assert (await officer.post(f"{case}/close", {"version": 4, "why": "Đã quy tập"})).status == 303
    listed = await officer.get("/desk/cases?list=closed")
    assert "HS-2026-0001" in listed.text


async def test_pictures_come_by_a_form(desk) -> None:
    """Several at once; what is shown is a JPEG that no cache keeps, and another commune has none of it."""
    officer, stranger = await desk.login(Role.VERIFIER), await desk.login(Role.VERIFIER, commune=THERE)
    case = await opened(desk.database, officer.actor)
    sent = await officer.post(f"/desk/cases/{case}/pictures", {"version": 1, "pictures": [jpeg(), jpeg((80, 60))]}, follow=True)
    assert "Đã thêm 2 ảnh" in sent.text
    path = sent.text.split('<img src="')[1].split('"')[0]
    shown = await officer.get(path)
    assert (shown.headers["Content-Type"], shown.headers["Cache-Control"]) == ("image/jpeg", "no-store")
    assert (await stranger.get(path)).status == 404
    refused = await officer.post(f"/desk/cases/{case}/pictures", {"version": 2, "pictures": b"<svg onload=alert(1)>"})
    assert refused.status == 422


async def test_evidence_goes_from_hand_to_hand(desk) -> None:
    """Taken over, given on, confirmed by the receiver alone, printed as a sheet."""
    holder, other = await desk.login(Role.CUSTODIAN), await desk.login(Role.CUSTODIAN, name="Lý Thị Ví")
    new = {
        "kind": "object",
        "title": "Bi đông",
        "details": "Khắc chữ",
        "giver": "Bà Ví Dụ",
        "place": "Nhà văn hóa",
        "condition": "Gỉ",
        "seal": "NP-1",
    }
    piece = (await holder.post("/desk/cases/evidence/new", new)).location
    assert "HV-2026-0001" in (await holder.get(piece)).text
    give = {"version": 1, "receiver_user": other.user.id, "place": "Ban CHQS", "condition": "Gỉ", "seal": "NP-2"}
    assert (await holder.post(f"{piece}/hand-over", give)).status == 303
    assert (await holder.post(f"{piece}/confirm", {"version": 2})).status == 422
    page = await other.get(piece)
    assert "Xác nhận đã nhận" in page.text
    assert (await other.post(f"{piece}/confirm", {"version": 2})).status == 303
    assert "Đang giữ: <b>Lý Thị Ví</b>" in (await other.get(piece)).text
    sheet = await other.get(f"{piece}/bien-ban.pdf")
    words = " ".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(sheet.body))
    assert "BỘ CHQS TỈNH LẠNG SƠN" in words
    assert "HV-2026-0001" in words
    assert (await other.get("/desk/cases/evidence")).status == 200
    assert (await other.get("/desk/cases/evidence/new")).status == 200


async def test_a_commendation_is_signed_by_the_other_office(desk) -> None:
    """Who signs sees the proposal and its papers, and no case, no tip."""
    officer, chief = await desk.login(Role.VERIFIER), await desk.login(Role.APPROVER)
    code = await told(desk.database, may_publish=True)
    case = await opened(desk.database, officer.actor, code)
    await searched(desk.database, officer.actor, case)
    await came_to(desk.database, officer.actor, case, Outcome.RECOVERED)
    assert (await officer.get(f"/desk/cases/{case}/commend")).status == 200
    form = {"code": code, "person": "Nông Văn Ví Dụ", "merit": "Báo nơi chôn cất", "consent": "may_publish"}
    made = (await officer.post(f"/desk/cases/{case}/commend", form)).location
    assert (await officer.post(f"{made}/sign", {"version": 1})).status == 403
    assert (await chief.get(f"/desk/cases/{case}")).status == 403
    assert "Nông Văn Ví Dụ" in (await chief.get(made)).text
    assert (await chief.post(f"{made}/sign", {"version": 1})).status == 303
    assert "Hai cơ quan đã ký" in (await chief.get("/desk/commendations")).text
    assert (await chief.get(f"{made}/to-trinh.docx")).body.startswith(b"PK")
    assert (await chief.get(f"{made}/to-trinh.pdf")).body.startswith(b"%PDF")


async def test_witnesses_and_battles(desk) -> None:
    officer = await desk.login(Role.READER)
    code = await told(desk.database, "o doi 400 tran danh thang 2 nam 79, c3 d2")
    form = {
        "name": "Cụ Ví Dụ",
        "birth_year": "1932",
        "urgency": "usual",
        "knows": "Từng chôn cất bộ đội",
        "contact": "0300 000 123",
        "codes": code,
    }
    person = (await officer.post("/desk/registers/witnesses/new", form)).location
    page = await officer.get(person)
    assert "Xin gặp trước" in page.text
    assert "0300 000 123" not in page.text
    revealed = await officer.post(f"{person}/contact", {"why": "Gọi hẹn gặp"})
    assert "0300 000 123" in revealed.text
    assert (await officer.post(f"{person}/visit", {"version": 1, "visitor": "Anh Mẫu", "by": "2026-11-25"})).status == 303
    assert (await officer.post(f"{person}/visited", {"version": 2, "told": "Có hai mộ"})).status == 303
    listed = await officer.get("/desk/registers")
    assert "Đã gặp" in listed.text
    rows = (
        "Tên trận;Từ ngày;Đến ngày;Nơi đánh;Đơn vị;Nguồn",
        "Trận đồi 400;17/2/1979;20/2/1979;đồi 400;c3 d2;Hội CCB",
        "Trận ma;99/99;;x;;",
    )
    sheet = "\n".join(rows).encode()
    taken = await officer.post("/desk/registers/battles/import", {"list": sheet})
    assert "Đã vào sổ 1 trận" in taken.text
    assert "Dòng 3" in taken.text
    suggested = await officer.get(f"/desk/registers/battles/for?tip={code}")
    assert "Trận đồi 400" in suggested.text
    battle = suggested.text.split("/desk/registers/battles/")[1].split('"')[0]
    assert (await officer.post(f"/desk/registers/battles/{battle}/link", {"code": code})).status == 303
    page = await officer.get(f"/desk/registers/battles/{battle}")
    assert code in page.text
    assert (await officer.get("/desk/registers/battles/new")).status == 200
    assert (await officer.get("/desk/registers/witnesses/new")).status == 200


async def test_sampling_from_the_registration_to_the_answer(desk) -> None:
    officer = await desk.login(Role.CUSTODIAN)
    code = await registered(desk.database)
    page = await officer.get(f"/desk/adn/{code}")
    assert ALICE not in page.text
    assert page.headers["Cache-Control"] == "no-store"
    base = f"/desk/adn/{code}"
    assert (
        await officer.post(f"{base}/companion", {"version": 0, "companion": "Chị Thử, Hội LHPN", "relation": "em cùng mẹ"})
    ).status == 303
    appointment = {"version": 1, "day": "2026-11-30", "hour": "08:30", "place": "Trạm y tế", "may_remind": "1"}
    assert (await officer.post(f"{base}/appointment", appointment)).status == 303
    assert "08:30 30/11/2026" in (await officer.get("/desk/adn")).text
    assert (await officer.post(f"{base}/sampled", {"version": 2})).status == 303
    assert (await officer.post(f"{base}/on", {"version": 3})).status == 303
    assert (await officer.post(f"{base}/on", {"version": 4})).status == 303
    assert "Đã có kết quả" in (await officer.get("/desk/adn")).text


PAGES = (
    "/desk/cases", "/desk/cases/new", "/desk/cases/{case}", "/desk/cases/{case}/commend", "/desk/cases/evidence",
    "/desk/cases/evidence/new", "/desk/cases/evidence/{piece}", "/desk/cases/evidence/{piece}/bien-ban.pdf",
    "/desk/commendations", "/desk/commendations/{proposal}", "/desk/commendations/{proposal}/to-trinh.pdf",
    "/desk/registers", "/desk/registers/witnesses/{witness}", "/desk/registers/battles",
    "/desk/registers/battles/for?tip={tip}", "/desk/adn", "/desk/adn/{adn}", "/desk/late",
)  # fmt: skip
OF_A_ROW = tuple(path for path in PAGES if "{" in path)
FORMS = (
    "/desk/cases/{case}/close", "/desk/cases/{case}/tips", "/desk/cases/{case}/outcomes", "/desk/cases/{case}/field-work",
    "/desk/cases/evidence/{piece}/hand-over", "/desk/cases/evidence/{piece}/confirm", "/desk/commendations/{proposal}/sign",
    "/desk/registers/witnesses/{witness}/visited", "/desk/registers/witnesses/{witness}/contact", "/desk/adn/{adn}/companion",
    "/desk/adn/{adn}/number", "/desk/adn/{adn}/appointment",
)  # fmt: skip
FILLED = {
    "version": 1, "why": "x", "code": "7K3M9P", "kind": "nothing", "day": "2026-12-01", "people": "x", "place": "x", "condition": "x",
    "receiver": "x", "told": "x", "companion": "x", "relation": "x", "hour": "08:00",
}  # fmt: skip


@pytest.fixture
async def rows(desk) -> dict[str, object]:
    """One of each, of our commune."""
    all_of_it = (await desk.login(Role.VERIFIER, Role.CUSTODIAN)).actor
    tip = await told(desk.database, may_publish=True)
    case = await opened(desk.database, all_of_it, tip)
    await searched(desk.database, all_of_it, case)
    await came_to(desk.database, all_of_it, case, Outcome.RECOVERED)
    new = evidence.TakenOver("paper", "Thư", "Một lá", "Bà Ví Dụ", "Nhà", "Nguyên", case=case)
    piece = await evidence.take_over(desk.database, all_of_it, new, ZONE, NOW)
    wanted = commendations.Proposal(tip, "Ông Ví Dụ", "Báo tin", "may_publish")
    proposal = await commendations.propose(desk.database, all_of_it, case, wanted, ZONE, NOW)
    person = NewWitness(HERE, "Cụ Mẫu", "Chôn cất", 1930, contact="0300 000 123")
    witness = await witnesses.add_witness(desk.database, all_of_it, person, local_day(NOW, ZONE), NOW)
    return {"tip": tip, "case": case, "piece": piece, "proposal": proposal, "witness": witness, "adn": await registered(desk.database)}


async def test_another_commune_finds_nothing(desk, rows) -> None:
    """IDOR: with every role of casework, each page of a row and each form is 404 for the next commune, and not a word of it is shown."""
    stranger = await desk.login(Role.VERIFIER, Role.CUSTODIAN, commune=THERE)
    signer = await desk.login(Role.APPROVER, commune=THERE)
    for path in OF_A_ROW:
        who = signer if "commendations" in path else stranger
        answer = await who.get(path.format(**rows))
        assert answer.status == 404, path
    for path in FORMS:
        who = signer if "commendations" in path else stranger
        answer = await who.post(path.format(**rows), FILLED | {"code": rows["tip"]})
        assert answer.status == 404, path
    for path in ("/desk/cases", "/desk/cases?list=result", "/desk/cases/evidence", "/desk/registers", "/desk/adn", "/desk/late"):
        text = (await stranger.get(path)).text
        assert "HS-2026" not in text
        assert "Cụ Mẫu" not in text
        assert str(rows["adn"]) not in text
    assert await version(desk.database, desk.officers[0].actor, rows["case"]) == 4  # nothing was done


@pytest.mark.parametrize("role", [Role.PLANNER, Role.PRINT, Role.REPORTER, Role.PROVINCE, Role.ADMINISTRATOR])
async def test_other_roles_are_refused_everywhere(desk, rows, role: Role) -> None:
    other = await desk.login(role)
    for path in PAGES:
        assert (await other.get(path.format(**rows))).status == 403, path
    for path in FORMS:
        assert (await other.post(path.format(**rows), FILLED)).status == 403, path


@pytest.mark.parametrize(("role", "allowed"), [
    (Role.READER, {"/desk/cases", "/desk/cases/{case}", "/desk/cases/evidence", "/desk/cases/evidence/{piece}", "/desk/registers",
                   "/desk/cases/evidence/{piece}/bien-ban.pdf", "/desk/registers/witnesses/{witness}", "/desk/registers/battles",
                   "/desk/registers/battles/for?tip={tip}", "/desk/late"}),
    (Role.APPROVER, {"/desk/commendations", "/desk/commendations/{proposal}", "/desk/commendations/{proposal}/to-trinh.pdf", "/desk/late"}),
    (Role.VERIFIER, set(PAGES) - {"/desk/cases/evidence/new", "/desk/adn", "/desk/adn/{adn}"}),
    (Role.CUSTODIAN, set(PAGES) - {"/desk/cases/new", "/desk/cases/{case}/commend"}),
])  # fmt: skip
async def test_each_role_sees_its_pages(desk, rows, role: Role, allowed: set[str]) -> None:
    officer = await desk.login(role)
    seen = {path for path in PAGES if (await officer.get(path.format(**rows))).status == 200}
    assert seen == allowed


async def test_hostile_words_stay_words(desk) -> None:
    """What a resident or an officer typed never becomes markup."""
    officer = await desk.login(Role.VERIFIER, Role.CUSTODIAN)
    hostile = "<script>alert(1)</script>"
    code = await told(desk.database, hostile)
    case = await cases.open_case(desk.database, officer.actor, [code], hostile, ZONE, NOW)
    await cases.note(desk.database, officer.actor, case, 1, hostile, NOW)
    for path in (f"/desk/cases/{case}", "/desk/cases", f"/desk/cases/new?tip={code}"):
        text = (await officer.get(path)).text
        assert hostile not in text
        assert "&lt;script&gt;" in text


async def test_the_pages_are_light(desk, rows) -> None:
    """Under 60 KB unpacked."""
    officer = await desk.login(Role.VERIFIER, Role.CUSTODIAN, Role.APPROVER)
    for path in PAGES:
        assert len((await officer.get(path.format(**rows))).body) < 60_000, path


async def test_numbers_are_revealed_with_a_reason_and_logged(desk, rows) -> None:
    officer = await desk.login(Role.CUSTODIAN)
    assert (await officer.post(f"/desk/adn/{rows['adn']}/number", {"why": " "})).status == 422
    shown = await officer.post(f"/desk/adn/{rows['adn']}/number", {"why": "Gọi báo lịch"})
    assert "0300000011" in shown.text.replace(" ", "")
    async with desk.database.read() as connection:
        logged = [(row.action, row.object) for row in await connection.execute(audit.select())]
    assert ("number.reveal", f"adn:{rows['adn']}") in logged
    assert ("adn.read", f"adn:{rows['adn']}") in logged
