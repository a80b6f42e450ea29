"""Tips handed over: prepared by one person, decided by another, the same bytes each time, receipted, answered; never another's tips."""

import io
import json
import secrets
import zipfile
from dataclasses import replace
from datetime import date

import pypdfium2
import pytest
from PIL import Image

from gateway.domain.caps import DAY_MS
from gateway.domain.hand_over import Format, Part, Receiver, State, Status, Way
from gateway.domain.permission import Role
from gateway.services.hand_over import packages
from gateway.services.hand_over.container import new_key, open_package
from gateway.services.hand_over.packages import Choice
from gateway.services.refusal import Refusal
from gateway.storage import hand_overs, tips
from gateway.storage.schema import audit, hand_over, hand_over_bytes, tip, tip_event, tip_work
from tests.services.media_files import CAMERA, jpeg
from tests.services.people import rows
from tests.services.tip_rows import make_tip

OTHERS = "06580"
AGREED, SILENT = "+84300000011", "+84300000012"


async def told(desk, text="LS TN07 co 2 mo bo doi, goi 0300 000 015", sender=AGREED, **changes):
    """A tip's code."""
    id_ = await make_tip(desk.database, text, sender, **changes)
    return next(row.code for row in await rows(desk.database, tip) if row.id == id_)


async def pair(desk):
    return await desk.login(Role.VERIFIER), await desk.login(Role.CUSTODIAN)


async def prepared(officer, codes, **more):
    data = {"receiver": "thuong-truc", "codes": " ".join(codes), "part": ["words", "fields", "attachments"], "way": "paper"} | more
    answer = await officer.post("/desk/hand-overs/new", data)
    assert answer.status == 303, answer.text
    return int(answer.location.rpartition("/")[2])


async def row(desk, id_):
    async with desk.database.read() as connection:
        return await hand_overs.by_id(connection, id_)


async def decided(desk, officer, id_):
    found = await row(desk, id_)
    return await officer.post(f"/desk/hand-overs/{id_}/decide", {"hash": found.content_sha256})


def words(pdf):
    document = pypdfium2.PdfDocument(pdf)
    text = " ".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    return " ".join(text.split())


async def test_from_the_tip_to_the_receipt(desk):
    """On paper: prepared, not taken before the decision, decided by another, receipted by its code, answered into the tip's history."""
    one, two = await pair(desk)
    code = await told(desk)
    look = await one.post("/desk/hand-overs/new", {"codes": code, "look": "1"})
    assert look.status == 200
    assert code in look.text
    id_ = await prepared(one, [code])
    assert (await one.post(f"/desk/hand-overs/{id_}/take")).status == 422
    assert (await decided(desk, one, id_)).status == 403
    assert (await decided(desk, two, id_)).status == 303
    first, again = [await one.post(f"/desk/hand-overs/{id_}/take") for _ in range(2)]
    assert first.body == again.body
    paper = words(first.body)
    assert code in paper
    assert "0300 000 015" not in paper  # masked inside the words
    assert "0300 000 011" not in paper
    shown = await one.get(f"/desk/hand-overs/{id_}")
    async with desk.database.read() as connection:
        package, _ = packages.unpacked(await hand_overs.content(connection, id_))
    assert package.receipt in shown.text
    assert package.receipt in paper
    slip = {"code": package.receipt.lower(), "on": "2026-11-18", "by": "Đại úy Lê Văn Ví Dụ"}
    assert (await one.post("/desk/hand-overs/receipt", slip)).status == 303
    assert (await one.post("/desk/hand-overs/receipt", slip)).status == 422
    said = {f"status-{code}": "needs_more", f"words-{code}": "xin hỏi thêm năm chôn"}
    assert (await one.post(f"/desk/hand-overs/{id_}/answers", said)).status == 303
    kinds = [each.kind for each in await rows(desk.database, tip_event)]
    assert kinds[-2:] == [packages.HANDED, packages.ANSWERED]
    actions = [each.action for each in await rows(desk.database, audit)]
    assert {"hand_over.prepare", "hand_over.decide", "hand_over.taken", "hand_over.receipt", "hand_over.answer"} <= set(actions)
    assert (await row(desk, id_)).state is State.RECEIVED


@pytest.mark.parametrize("format_", list(Format))
async def test_sealed_to_the_receiver(desk, format_):
    """Only the receiver's key opens it; a number goes along only of who agreed, and only where it was asked for."""
    one, two = await pair(desk)
    agreed, silent = await told(desk, may_call=True), await told(desk, sender=SILENT, may_call=None)
    file, public = new_key(secrets.token_bytes)
    receiver = Receiver("to", "Tổ Truyền thông chuyên trách", Way.SEALED, format_, 2, public)
    choice = Choice(receiver, Way.SEALED, format_, (agreed, silent), frozenset(Part), "Xin nhận.")
    here = desk.desk
    id_ = await packages.prepare(desk.database, here.deployment, here.attachments, one.actor, choice, "7K3M9P", desk.clock)
    found, content = await packages.content_to_decide(desk.database, two.actor, id_)
    data = packages.leaving(
        content, found.way, found.format, public, lambda _package, wanted, _enclosed: wanted.encode(), secrets.token_bytes
    )
    await packages.release(desk.database, two.actor, found, found.content_sha256, data, desk.clock)
    name, taken = await packages.take(desk.database, one.actor, id_, desk.clock)
    assert (name.endswith(".tbho"), taken) == (True, data)
    assert b"mo bo doi" not in taken
    with zipfile.ZipFile(io.BytesIO(open_package(taken, file))) as archive:
        said = json.loads(archive.read("package.json"))
        assert (f"danh-sach.{format_}" in archive.namelist()) is (format_ is not Format.JSON)
    assert [each["informant"] for each in said["tips"]] == ["0300 000 011", ""]
    seen = await two.get(f"/desk/hand-overs/{id_}")
    assert "0300 ··· ·11" in seen.text  # in full it stands in the package alone
    assert "0300 000 011" not in seen.text
    async with desk.database.read() as connection:
        assert [each.is_named for each in await hand_overs.items(connection, id_)] == [True, False]


async def test_no_key_no_seal(desk):
    one, _ = await pair(desk)
    code = await told(desk)
    answer = await one.post("/desk/hand-overs/new", {"receiver": "to-truyen-thong", "codes": code, "way": "sealed"})
    assert answer.status == 422
    assert "khóa công khai" in answer.text


async def test_what_may_not_be_in_a_package(desk):
    """Another commune's tips, codes that are none, DNA requests and tips of their book: one sentence each, nothing stored."""
    one, _ = await pair(desk)
    mine, others = await told(desk), await told(desk, commune=OTHERS)
    kin = await told(desk, sender=SILENT)

    mo = (await rows(desk.database, tip))[0].mo

    async def sorted_as_kin(connection):
        id_ = (await tips.ids_of(connection, [kin]))[kin]
        await connection.execute(tip_work.insert().values(tip=id_, commune="06577", version=1, kind="kin"))
        request = tips.NewDnaRequest("ADN234", "06577", mo, "sms", None, SILENT, "xin lay mau", 1)
        await tips.add_dna_requests(connection, [request])

    await desk.database.write(sorted_as_kin)
    for codes in ([others], [mine, others], ["ZZZZZZ"], [kin], ["ADN234"], []):
        form = {"receiver": "thuong-truc", "codes": " ".join(codes), "way": "paper"}
        assert (await one.post("/desk/hand-overs/new", form)).status == 422, codes
        if codes:
            assert (await one.post("/desk/hand-overs/new", form | {"look": "1"})).status == 422, codes
    assert await rows(desk.database, hand_over) == []


async def test_another_commune_has_no_packages_of_ours(desk):
    """IDOR: every path of a package is 404, by receipt code the same sentence as for none."""
    one, two = await pair(desk)
    stranger = await desk.login(Role.VERIFIER, commune=OTHERS)
    judge = await desk.login(Role.CUSTODIAN, commune=OTHERS)
    id_ = await prepared(one, [await told(desk)])
    for path in (f"{id_}", f"{id_}/correct"):
        assert (await stranger.get(f"/desk/hand-overs/{path}")).status == 404
    for who, path in ((judge, "decide"), (judge, "refuse"), (stranger, "take"), (stranger, "answers")):
        data = {"why": "x", "hash": "0", "status-7K3M9P": "done"}
        assert (await who.post(f"/desk/hand-overs/{id_}/{path}", data)).status == 404, path
    await decided(desk, two, id_)
    async with desk.database.read() as connection:
        package, _ = packages.unpacked(await hand_overs.content(connection, id_))
    slip = {"code": package.receipt, "on": "2026-11-18", "by": "X"}
    assert (await stranger.post("/desk/hand-overs/receipt", slip)).status == 422
    assert package.number not in (await stranger.get("/desk/hand-overs")).text


async def test_two_decide_at_once(desk):
    """The first is heard, the second changes nothing; nor does a yes to what is no longer what was seen."""
    one, two = await pair(desk)
    three = await desk.login(Role.CUSTODIAN)
    id_ = await prepared(one, [await told(desk)])
    found, _ = await packages.content_to_decide(desk.database, two.actor, id_)
    with pytest.raises(Refusal):
        await packages.release(desk.database, two.actor, found, "0" * 64, b"a", desk.clock)
    await packages.release(desk.database, two.actor, found, found.content_sha256, b"a", desk.clock)
    with pytest.raises(Refusal):
        await packages.release(desk.database, three.actor, found, found.content_sha256, b"b", desk.clock)
    assert (await packages.take(desk.database, one.actor, id_, desk.clock))[1] == b"a"


async def test_both_roles_in_one_person_do_not_decide_their_own(desk):
    both = await desk.login(Role.VERIFIER, Role.CUSTODIAN)
    id_ = await prepared(both, [await told(desk)])
    assert (await decided(desk, both, id_)).status == 422
    assert (await row(desk, id_)).state is State.PREPARED


async def test_refused_corrected_and_late(desk):
    """A no has its reason; a corrected package is a new version under the same number; a receipt that does not come is counted."""
    one, two = await pair(desk)
    code = await told(desk)
    id_ = await prepared(one, [code])
    assert (await two.post(f"/desk/hand-overs/{id_}/refuse", {"why": ""})).status == 422
    assert (await two.post(f"/desk/hand-overs/{id_}/refuse", {"why": "thiếu tin thứ hai"})).status == 303
    assert "thiếu tin thứ hai" in (await one.get(f"/desk/hand-overs/{id_}")).text
    assert code in (await one.get(f"/desk/hand-overs/{id_}/correct")).text
    second = await prepared(one, [code], corrects=str(id_))
    assert await decided(desk, two, second)
    before, after = await row(desk, id_), await row(desk, second)
    assert (after.number, after.version, after.series) == (before.number, 2, id_)
    assert await packages.late(desk.database, one.actor, desk.clock) == 0
    desk.clock += 2 * DAY_MS + 1
    late = await desk.sit(one.user)
    assert "1 quá hạn biên nhận" in (await late.get("/desk/hand-overs")).text


async def test_answers_come_back_as_a_list(desk):
    """All rows or none; words of our statuses in Vietnamese or as codes; a code that is not in the package is refused."""
    one, two = await pair(desk)
    code, other = await told(desk), await told(desk, sender=SILENT)
    id_ = await prepared(one, [code])
    await decided(desk, two, id_)
    for bad in (f"code,status\n{other},done\n", f"code,status\n{code},xong ca\n", "code,status\n", "x"):
        assert (await one.post(f"/desk/hand-overs/{id_}/answers", {"list": bad.encode()})).status == 422
    good = f"Mã tin,Tình trạng,Ý kiến\n{code},đã xử lý xong,=cmd()\n"
    assert (await one.post(f"/desk/hand-overs/{id_}/answers", {"list": good.encode()})).status == 303
    async with desk.database.read() as connection:
        (item,) = await hand_overs.items(connection, id_)
    assert (item.status, item.words) == (Status.DONE, "=cmd()")


async def test_html_and_formulas_stay_words(desk):
    """What an informant typed is shown, printed and written to a workbook as it is, and runs nowhere."""
    one, _ = await pair(desk)
    code = await told(desk, "=HYPERLINK(1) <script>alert(1)</script> mo liet si")
    id_ = await prepared(one, [code], note="<b>x</b>")
    page = await one.get(f"/desk/hand-overs/{id_}")
    assert "<script>alert" not in page.text
    assert "&lt;b&gt;x&lt;/b&gt;" in page.text


async def test_a_receipt_is_never_of_tomorrow(desk):
    one, two = await pair(desk)
    id_ = await prepared(one, [await told(desk)])
    await decided(desk, two, id_)
    async with desk.database.read() as connection:
        package, _ = packages.unpacked(await hand_overs.content(connection, id_))
    with pytest.raises(Refusal):
        await packages.receive(desk.database, one.actor, package.receipt, date(2026, 11, 19), "X", desk.clock, date(2026, 11, 18))


async def test_who_may(desk):
    reader, clerk = await desk.login(Role.READER), await desk.login(Role.PRINT)
    custodian = await desk.login(Role.CUSTODIAN)
    for who in (reader, clerk):
        assert (await who.get("/desk/hand-overs")).status == 403
    assert (await custodian.get("/desk/hand-overs")).status == 200
    assert (await custodian.get("/desk/hand-overs/new")).status == 403


def test_the_same_content_is_the_same_bytes():
    sheet = packages.TipSheet("7K3M9P", "2026-11-18T10:00+07:00", "tin nhắn", "", "", "", "w", (("a", "b"),))
    package = packages.Package("CG-2026-0001", 1, "a", "b", "c", "2026-11-18", "7K3M9P", "", (sheet,))
    assert packages.packed(package, {"x": b"1"}) == packages.packed(replace(package), {"x": b"1"})
    assert packages.unpacked(packages.packed(package, {"x": b"1"})) == (package, {"x": b"1"})


async def test_pictures_go_without_what_they_say_of_a_home(desk):
    """As they are shown: no position, no camera; on paper beside their tip, in a sealed package as files."""
    one, two = await pair(desk)
    id_ = await make_tip(desk.database)
    code = (await rows(desk.database, tip))[0].code
    await desk.desk.attachments.keep(id_, jpeg(), "image/jpeg", desk.clock)
    made = await prepared(one, [code])
    async with desk.database.read() as connection:
        package, enclosed = packages.unpacked(await hand_overs.content(connection, made))
    assert list(enclosed) == [f"dinh-kem/{code}-1.jpg"] == list(package.tips[0].attachments)
    assert CAMERA.encode() not in enclosed[f"dinh-kem/{code}-1.jpg"]
    assert not Image.open(io.BytesIO(enclosed[f"dinh-kem/{code}-1.jpg"])).getexif()
    await decided(desk, two, made)
    paper = pypdfium2.PdfDocument((await one.post(f"/desk/hand-overs/{made}/take")).body)
    assert sum(thing.type == 3 for page in paper for thing in page.get_objects()) == 1  # FPDF_PAGEOBJ_IMAGE
    paper.close()
    bare = await prepared(one, [code], part=["words"])
    async with desk.database.read() as connection:
        assert packages.unpacked(await hand_overs.content(connection, bare))[1] == {}


async def test_too_heavy_is_said_before_anything_is_stored(desk, tmp_path):
    """More than fits in a package: a sentence, and no half of it."""
    one, _ = await pair(desk)
    code = await told(desk)
    codes = [code] * 3 + [f"ZZZZZ{at}" for at in range(packages.MOST_TIPS)]
    answer = await one.post("/desk/hand-overs/new", {"receiver": "thuong-truc", "codes": " ".join(codes), "way": "paper"})
    assert answer.status == 422
    assert "500" in answer.text
    assert await rows(desk.database, hand_over) == []


async def test_a_package_that_was_changed_in_the_database_does_not_leave(desk):
    """Its bytes are held against the hash that was decided on, each time."""
    one, two = await pair(desk)
    id_ = await prepared(one, [await told(desk)])
    await decided(desk, two, id_)
    await desk.database.write(lambda connection: connection.execute(hand_over.update().values(sha256="0" * 64)))
    assert (await one.post(f"/desk/hand-overs/{id_}/take")).status == 422


async def test_a_package_whose_content_was_erased_says_so(desk):
    """After its term only number, days and hash are left: a sentence, no error page."""
    one, _ = await pair(desk)
    id_ = await prepared(one, [await told(desk)])
    await desk.database.write(lambda connection: connection.execute(hand_over_bytes.update().values(content="đã xóa")))
    answer = await one.get(f"/desk/hand-overs/{id_}")
    assert answer.status == 422
    assert "đã được xóa" in answer.text
    assert (await one.get("/desk/hand-overs")).status == 200
