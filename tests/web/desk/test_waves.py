"""An officer's wave at the desk: composed, asked for, decided by another person, steered; and what is refused on the way."""

import asyncio
import json
import re
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from gateway.domain.permission import Role
from gateway.storage.schema import audit, contact, wave, wave_draft, wave_list
from gateway.web.desk.waves_keys import PLANNINGS
from tests.services.people import NOW, deployment
from tests.services.people import route as plain_route
from tests.services.staff import WORDS
from tests.services.test_planning import change, known, people

ROUTE = replace(plain_route(), price_vnd=300, max_unapproved=3)
TEXT = "UBND xã Thống Nhất: mong bà con báo nơi chôn cất liệt sĩ. Soạn LS {{ ma_thon }} gửi {{ dau_so }}. Từ chối: soạn TC gửi {{ dau_so }}"
PAPER = {"document": "238/KH-UBND", "document_date": "2026-06-15"}
FORM = {
    "text_vi": TEXT, "text_en": "", "text_lo": "", "accents_vi": "no", "route": "gia-lap", "window_from": "07:00", "window_to": "21:00",
    "max_segments": "2", "day": "", "at": "",
} | PAPER  # fmt: skip


@pytest.fixture
async def desk(desk_with):
    async for found in desk_with(routes=(ROUTE,)):
        yield found


async def draft_of(planner, title: str = "Dịp 22/12") -> int:
    answer = await planner.post("/desk/waves/new", {"title": title, "ready": "trong"})
    assert answer.status == 303, answer.text
    return int(answer.location.rpartition("/")[2])


async def version_of(planner, draft: int) -> str:
    page = await planner.get(f"/desk/waves/drafts/{draft}")
    return re.search(r'name="version" value="(\d+)"', page.text)[1]


async def do(planner, draft: int, do: str = "save", **changes):
    version = changes.pop("version", None) or await version_of(planner, draft)
    return await planner.post(f"/desk/waves/drafts/{draft}", {"title": "Dịp 22/12", **FORM, **changes, "version": version, "do": do})


async def asked(desk, planner, title: str = "Dịp 22/12", **changes) -> int:
    """A wave that waits for its second person; its id."""
    draft = await draft_of(planner, title)
    answer = await do(planner, draft, "ask", title=title, **changes)
    assert answer.status == 303, answer.text
    await desk.app[PLANNINGS].settled(draft)
    async with desk.database.read() as connection:
        row = (await connection.execute(select(wave_draft).where(wave_draft.c.id == draft))).one()
        assert row.state == "asked", row.trouble
        return await connection.scalar(select(wave.c.id).where(wave.c.name == row.wave))


async def yes(approver, id_: int, people: int, **changes):
    page = await approver.get(f"/desk/waves/{id_}")
    seen = re.search(r'name="seen" value="([^"]+)"', page.text)
    form = {"seen": seen[1] if seen else "", "sentence": ["1", "2", "3"], "count": str(people), "passphrase": WORDS} | changes
    return await approver.post(f"/desk/waves/{id_}/approve", form)


async def state(desk, id_: int) -> str:
    async with desk.database.read() as connection:
        return await connection.scalar(select(wave.c.state).where(wave.c.id == id_))


async def acts(desk) -> list[str]:
    async with desk.database.read() as connection:
        return list(await connection.scalars(select(audit.c.action).order_by(audit.c.id)))


# --- the whole way ---


async def test_a_wave_from_draft_to_its_end(desk) -> None:
    """Composed, asked for, approved by another person, started, paused, resumed, cancelled; each act in the log."""
    await known(desk.database, people(6))
    planner, approver = await desk.login(Role.PLANNER), await desk.login(Role.APPROVER)
    id_ = await asked(desk, planner)
    assert await state(desk, id_) == "planned"
    page = await approver.get(f"/desk/waves/{id_}")
    assert "UBND xa Thong Nhat: mong ba con" in page.text
    assert "mong bà con báo" in page.text
    assert "<mark>TN0" in page.text
    assert re.search(r"[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}", page.text)
    answer = await yes(approver, id_, 6)
    assert answer.status == 303, answer.text
    assert await state(desk, id_) == "approved"
    for act, then in (("start", "running"), ("pause", "paused"), ("resume", "running")):
        assert (await planner.post(f"/desk/waves/{id_}/{act}")).status == 303
        assert await state(desk, id_) == then
    page = await planner.get(f"/desk/waves/{id_}")
    assert "0 + 0 + 0 + 0 + 6 = 6. Sổ khớp." in page.text
    assert "Tạm dừng" in page.text
    assert (await planner.get(f"/desk/waves/{id_}/cancel")).status == 200
    assert (await planner.post(f"/desk/waves/{id_}/cancel")).status == 422  # not without the box
    assert (await planner.post(f"/desk/waves/{id_}/cancel", {"sure": "yes", "why": "mưa bão"})).status == 303
    assert await state(desk, id_) == "cancelled"
    page = await planner.get(f"/desk/waves/{id_}")
    assert "mưa bão" in page.text
    assert "0 + 0 + 0 + 6 + 0 = 6. Sổ khớp." in page.text
    found = await acts(desk)
    assert [each for each in found if each in ("wave.plan", "wave.ask", "wave.approve", "wave.control")] == [
        "wave.plan", "wave.ask", "wave.approve", *["wave.control"] * 4,
    ]  # fmt: skip
    assert (await planner.get("/desk/waves")).status == 200
    sheet = await planner.get(f"/desk/waves/{id_}/phieu.pdf")
    assert sheet.status == 200
    assert sheet.body.startswith(b"%PDF")


async def test_the_composer_shows_the_subtraction(desk) -> None:
    """In the book, less who said stop, leaves who receives; three of them masked; what stands against asking is said."""
    await known(desk.database, people(6))
    await change(desk.database, 2, opted_out_at=NOW)
    planner = await desk.login(Role.PLANNER)
    draft = await draft_of(planner)
    await do(planner, draft)
    page = (await planner.get(f"/desk/waves/drafts/{draft}")).text
    words = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "Có trong sổ 6 Đã từ chối − 1 Còn nhận 5" in words
    assert len(re.findall(r"0300 ··· ·0\d", page)) == 3
    assert "0300 000 00" not in page
    assert "+84300" not in page
    assert "1 đoạn" in words
    assert "Không có ký tự nhà mạng từ chối." in words
    assert 'id="against" hidden' in page


async def test_what_a_text_must_have_blocks_asking(desk) -> None:
    """Without sender or way to stop nothing is planned, and the page says which."""
    await known(desk.database, people(3))
    planner = await desk.login(Role.PLANNER)
    draft = await draft_of(planner)
    answer = await do(planner, draft, "ask", text_vi="Mong bà con báo tin về liệt sĩ", document="")
    assert answer.status == 422
    for missing in ("chưa có tên cơ quan gửi", "chưa có cách từ chối", "Chưa ghi văn bản chỉ đạo"):
        assert missing in answer.text
    assert "Mong bà con báo tin về liệt sĩ" in answer.text  # nothing typed is lost
    answer = await do(planner, draft, "ask", text_vi=TEXT + " {{ luong }}")
    assert answer.status == 422
    assert "{{ luong }}, mà không người nhận nào có" in answer.text


async def test_measuring_while_somebody_types(desk) -> None:
    planner = await desk.login(Role.PLANNER)
    draft = await draft_of(planner)
    long = TEXT.replace("mong bà con", "kính mong toàn thể bà con & cô bác")
    answer = await planner.post("/desk/waves/measure", FORM | {"text_vi": long, "draft": str(draft), "people_vi": "1.000"})
    found = json.loads(answer.text)["texts"][0]
    assert (found["plain"]["segments"], found["accented"]["segments"]) == (1, 2)
    assert (found["plain"]["cost_vnd"], found["accented"]["cost_vnd"]) == (300_000, 600_000)
    assert any("“&”; thay bằng “và”" in note for note in found["notes"])
    answer = await planner.post("/desk/waves/measure", FORM | {"text_vi": long, "draft": str(draft), "accents_vi": "yes"})
    assert any(re.match(r"Bớt \d+ ký tự thì còn 1 đoạn", note) for note in json.loads(answer.text)["texts"][0]["notes"])


# --- two planners ---


async def test_two_planners_do_not_overwrite_each_other(desk) -> None:
    """The second to save is told who was first; what they typed stays on their page."""
    one, two = await desk.login(Role.PLANNER, name="Nông Thị Lan"), await desk.login(Role.PLANNER)
    draft = await draft_of(one)
    version = await version_of(two, draft)
    assert (await do(one, draft, text_vi=TEXT + " mot")).status == 303
    late = await do(two, draft, version=version, text_vi=TEXT + " hai")
    assert late.status == 409
    assert "Nông Thị Lan vừa lưu" in late.text
    assert "hai</textarea>" in late.text
    auto = await two.post(f"/desk/waves/drafts/{draft}/autosave", {"title": "Dịp 22/12", **FORM, "version": version})
    assert auto.status == 409
    assert "Nông Thị Lan" in json.loads(auto.text)["why"]
    assert "mot</textarea>" in (await one.get(f"/desk/waves/drafts/{draft}")).text


# --- the second person ---


async def test_two_people_approve_at_once(desk) -> None:
    """One yes counts; the other hears that it has been said."""
    await known(desk.database, people(4))
    planner, one, two = await desk.login(Role.PLANNER), await desk.login(Role.APPROVER), await desk.login(Role.APPROVER)
    id_ = await asked(desk, planner)
    answers = await asyncio.gather(yes(one, id_, 4), yes(two, id_, 4))
    assert sorted(each.status for each in answers) == [303, 422]
    assert "vừa được duyệt rồi" in next(each.text for each in answers if each.status == 422)
    assert (await acts(desk)).count("wave.approve") == 1


async def test_a_wave_that_changed_while_it_was_looked_at(desk) -> None:
    """The yes is for what was shown: another document is refused, and named."""
    await known(desk.database, people(4))
    planner, approver = await desk.login(Role.PLANNER), await desk.login(Role.APPROVER)
    id_ = await asked(desk, planner)
    page = await approver.get(f"/desk/waves/{id_}")
    seen = re.search(r'name="seen" value="([^"]+)"', page.text)[1]
    await desk.database.write(lambda connection: connection.execute(update(wave).values(document="9/KH-UBND", window_to=1320)))
    answer = await yes(approver, id_, 4, seen=seen)
    assert answer.status == 422
    assert "thay đổi trong lúc xem: ngày giờ gửi, văn bản chỉ đạo" in answer.text
    assert await state(desk, id_) == "planned"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"count": "5"}, "Số người nhận gõ vào chưa đúng"),
        ({"sentence": ["1", "2"]}, "đánh dấu đủ ba điều"),
        ({"passphrase": "sai bét cả rồi"}, "Mật khẩu chưa đúng"),
    ],
)
async def test_a_yes_is_said_whole(desk, changes, said) -> None:
    await known(desk.database, people(4))
    planner, approver = await desk.login(Role.PLANNER), await desk.login(Role.APPROVER)
    id_ = await asked(desk, planner)
    answer = await yes(approver, id_, 4, **changes)
    assert answer.status == 422
    assert said in answer.text
    assert await state(desk, id_) == "planned"


async def test_the_planner_does_not_approve(desk) -> None:
    await known(desk.database, people(4))
    planner = await desk.login(Role.PLANNER)
    id_ = await asked(desk, planner)
    assert (await yes(planner, id_, 4)).status == 403
    async with desk.database.read() as connection:
        from gateway.storage import users

        both = replace((await users.by_id(connection, planner.user.id)), roles=frozenset({Role.PLANNER, Role.APPROVER}))
    from gateway.domain.permission import Action
    from gateway.services.refusal import Refusal
    from gateway.services.wave_desk import deciding

    assert both.actor.may(Action.WAVE_APPROVE)
    with pytest.raises(Refusal, match="không tự duyệt"):
        await deciding.approve(desk.database, both.actor, (ROUTE,), id_, deciding.Yes("", 4, 3, WORDS), NOW)


async def test_sent_back_with_a_reason_and_asked_for_again(desk) -> None:
    """The draft comes back to its planner; what is asked for then is another wave, so no old yes fits it."""
    await known(desk.database, people(4))
    planner, approver = await desk.login(Role.PLANNER), await desk.login(Role.APPROVER)
    id_ = await asked(desk, planner)
    assert (await approver.post(f"/desk/waves/{id_}/back", {"why": " "})).status == 422
    assert (await approver.post(f"/desk/waves/{id_}/back", {"why": "Thiếu tên thôn"})).status == 303
    assert await state(desk, id_) == "cancelled"
    async with desk.database.read() as connection:
        draft = await connection.scalar(select(wave_draft.c.id))
    page = await planner.get(f"/desk/waves/drafts/{draft}")
    assert "Người duyệt đã trả lại" in page.text
    answer = await do(planner, draft, "ask", text_vi=TEXT + " Thôn {{ thon }}")
    assert answer.status == 303, answer.text
    await desk.app[PLANNINGS].settled(draft)
    async with desk.database.read() as connection:
        assert list(await connection.scalars(select(wave.c.name).order_by(wave.c.id))) == ["Dịp 22/12", "Dịp 22/12 (lần 2)"]
    assert "Thiếu tên thôn" in (await planner.get(f"/desk/waves/{id_}")).text


# --- lists ---


async def test_an_uploaded_list_is_read_row_by_row(desk) -> None:
    """Every row that is left out is named with its line; the list needs its legal basis, and is gone once the wave is planned."""
    planner = await desk.login(Role.PLANNER)
    draft = await draft_of(planner)
    rows = b"msisdn,village,ten\n0300000001,TN01,An\n0300000002,TN02,Binh\n12,TN01,Cu\n0300000003,ZZ99,Dung\n"
    missing = await do(planner, draft, "list", list=rows, basis="")
    assert missing.status == 422
    assert "căn cứ pháp lý" in missing.text
    assert (await do(planner, draft, "list", list=rows, basis="KH 238/KH-UBND")).status == 303
    page = " ".join(re.sub(r"<[^>]+>", " ", (await planner.get(f"/desk/waves/drafts/{draft}")).text).split())
    assert "2 dòng dùng được" in page
    assert "2 dòng bỏ ra" in page
    assert "bỏ: thôn: không có thôn này" in page
    assert "Còn nhận 2" in page
    answer = await do(planner, draft, "ask", text_vi=TEXT.replace("mong bà con", "mời {{ ten }}"))
    assert answer.status == 303, answer.text
    await desk.app[PLANNINGS].settled(draft)
    async with desk.database.read() as connection:
        assert (await connection.execute(select(wave.c.audience))).all() == [(2,)]
        assert (await connection.execute(select(wave_list))).all() == []
        assert set(await connection.scalars(select(contact.c.legal_basis))) == {"KH 238/KH-UBND"}


# --- trial ---


async def test_a_trial_goes_to_phones_of_our_own(desk) -> None:
    planner = await desk.login(Role.PLANNER)
    draft = await draft_of(planner)
    answer = await do(planner, draft, "trial", trial_numbers="0300 000 201, 0300000202")
    assert answer.status == 303, answer.text
    page = await planner.get(f"/desk/waves/drafts/{draft}")
    assert "tới 2 máy, 2 tin chưa có báo phát" in page.text
    assert "0300000202" not in page.text
    assert (await do(planner, draft, "trial", trial_numbers="12")).status == 422


# --- whose it is ---


async def test_another_commune_finds_nothing(desk) -> None:
    """Neither drafts nor waves: every address answers as if there were none."""
    await known(desk.database, people(4))
    planner = await desk.login(Role.PLANNER)
    id_, draft = await asked(desk, planner), await draft_of(planner, "Nháp")
    stranger = await desk.login(Role.PLANNER, commune="06580")
    judge = await desk.login(Role.APPROVER, commune="06580")
    for path in (f"/desk/waves/{id_}", f"/desk/waves/{id_}/phieu.pdf", f"/desk/waves/{id_}/events", f"/desk/waves/{id_}/cancel"):
        assert (await stranger.get(path)).status == 404, path
    for path in (f"/desk/waves/drafts/{draft}", f"/desk/waves/drafts/{draft}/progress", f"/desk/orders/{id_}", "/desk/waves/9999"):
        assert (await stranger.get(path)).status == 404, path
    for act in ("start", "pause", "resume", "go-on", "settle", "cancel", "back"):
        answer = await stranger.post(f"/desk/waves/{id_}/{act}", {"sure": "yes", "why": "x"})
        assert answer.status == 404, act
    assert (await stranger.post(f"/desk/waves/drafts/{draft}", {**FORM, "title": "x", "version": "1"})).status == 404
    assert (await judge.post(f"/desk/waves/{id_}/approve", {"seen": "", "count": "4", "passphrase": WORDS})).status == 404
    assert "Dịp 22/12" not in (await stranger.get("/desk/waves")).text
    assert await state(desk, id_) == "planned"


async def test_a_wave_is_never_for_another_commune(desk) -> None:
    """Who plans for one commune writes to nobody of another, whatever the form names."""
    await known(desk.database, people(4))
    stranger = await desk.login(Role.PLANNER, commune="06580")
    draft = await draft_of(stranger)
    answer = await do(stranger, draft, "ask", village=["TN01", "TN02"])
    assert answer.status == 303
    await desk.app[PLANNINGS].settled(draft)
    page = await stranger.get(f"/desk/waves/drafts/{draft}")
    assert "Chưa lập được đợt" in page.text
    assert "Không còn ai để gửi" in page.text
    async with desk.database.read() as connection:
        assert (await connection.execute(select(wave.c.id))).all() == []


@pytest.mark.parametrize("role", [Role.READER, Role.VERIFIER, Role.PRINT, Role.ADMINISTRATOR, Role.PROVINCE])
async def test_who_may_not(desk, role) -> None:
    other = await desk.login(role)
    for path in ("/desk/waves", "/desk/waves/1", "/desk/orders", "/desk/waves/1/events"):
        assert (await other.get(path)).status == 403
    for path in ("/desk/waves/new", "/desk/waves/1/start", "/desk/waves/1/approve", "/desk/waves/drafts/1"):
        assert (await other.post(path, {"title": "x"})).status == 403


def test_the_deployment_has_one_commune() -> None:
    assert "06577" in deployment().communes


# --- planning beside the requests ---


async def test_planning_does_not_keep_anybody_waiting(desk) -> None:
    """The answer comes at once; while it is planned the page says how far it is, and other pages answer."""
    await known(desk.database, people(7_000))
    planner = await desk.login(Role.PLANNER)
    draft = await draft_of(planner)
    assert (await do(planner, draft, "ask")).status == 303
    page = await planner.get(f"/desk/waves/drafts/{draft}")
    assert "Đang lập đợt" in page.text
    assert "Đã xét" in page.text
    assert (await planner.get("/desk/waves")).status == 200
    told = json.loads((await planner.get(f"/desk/waves/drafts/{draft}/progress")).text)
    assert told["state"] in ("planning", "asked")
    await desk.app[PLANNINGS].settled(draft)
    told = json.loads((await planner.get(f"/desk/waves/drafts/{draft}/progress")).text)
    assert told["state"] == "asked"


async def test_a_planning_that_died_is_gone_on_with(desk) -> None:
    """A process that ended leaves its draft in planning; whoever opens it takes it on, and nobody is written to twice."""
    await known(desk.database, people(5))
    planner = await desk.login(Role.PLANNER)
    draft = await draft_of(planner)
    await do(planner, draft)
    await desk.database.write(
        lambda connection: connection.execute(update(wave_draft).values(state="planning", wave="Dịp 22/12", changed_at=NOW))
    )
    page = await planner.get(f"/desk/waves/drafts/{draft}")
    assert "Lập tiếp" in page.text
    assert (await planner.post(f"/desk/waves/drafts/{draft}", {"do": "ask"})).status == 303
    await desk.app[PLANNINGS].settled(draft)
    async with desk.database.read() as connection:
        assert (await connection.execute(select(wave.c.state, wave.c.audience))).all() == [("planned", 5)]


async def test_what_stops_planning_comes_back_to_the_draft(desk) -> None:
    """Nobody left to write to: the draft may be written on again, and says why."""
    planner = await desk.login(Role.PLANNER)
    draft = await draft_of(planner)
    await do(planner, draft, "ask")
    await desk.app[PLANNINGS].settled(draft)
    page = await planner.get(f"/desk/waves/drafts/{draft}")
    assert "Không còn ai để gửi" in page.text
    assert "Xin duyệt" in page.text


async def test_a_list_too_long_to_be_counted_here(desk) -> None:
    """It is counted when it is planned; the page does not read it at every look."""
    planner = await desk.login(Role.PLANNER)
    draft = await draft_of(planner)
    rows = "msisdn,village\n" + "".join(f"0300{at:06d},TN01\n" for at in range(3_001))
    assert (await do(planner, draft, "list", list=rows.encode(), basis="KH 238")).status == 303
    page = " ".join(re.sub(r"<[^>]+>", " ", (await planner.get(f"/desk/waves/drafts/{draft}")).text).split())
    assert "Còn nhận đếm khi lập đợt" in page


async def test_the_composer_is_light(desk) -> None:
    """Under 60 KB with 30 villages and 3,000 people in the book (before the wire makes it smaller)."""
    await known(desk.database, people(3_000))
    planner = await desk.login(Role.PLANNER)
    draft = await draft_of(planner)
    page = await planner.get(f"/desk/waves/drafts/{draft}")
    assert len(page.body) < 60_000
