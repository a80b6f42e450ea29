"""What is told in the form becomes a tip at the first press, and every later page only adds to it."""

import json
from io import BytesIO
from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.domain.code import is_valid
from gateway.services.web_steps import missing
from gateway.storage.schema import mt, tip, tip_event
from gateway.web.form import phone_problem, position_of
from gateway.web.limits import FREE_TELLS, MOST_TELLS, Counts, Gate, Verdict
from gateway.web.tickets import LIFE_MS, Ticket, new_key, read_key, read_ticket
from tests.services.people import ALICE, NOW, deployment, rows
from tests.services.test_intake import locked
from tests.web.conftest import token_in

CODE = deployment().placements_of("TN07")[0].code
STORY = "Sau trường cũ có 2 nấm mộ bộ đội <script>alert(1)</script>"


async def events(door) -> list[tuple[str, str | None]]:
    return [(row.kind, row.note) for row in await rows(door.database, tip_event)]


# --- question 1 ---


async def test_a_story_becomes_a_tip_at_the_first_press(door) -> None:
    form = {"story": STORY, "token": await door.key(f"/Q/{CODE}")}
    status, done = await door.post(f"/q/{CODE.lower()}/ke", form)
    (found,) = await rows(door.database, tip)
    assert (status, found.channel, found.village, found.placement, found.sender, found.text) == (200, "web", "TN07", CODE, "", STORY)
    assert is_valid(found.code)
    assert f"mã <b>{found.code}</b>" in done
    assert "không tự ý đào bới" in done
    assert "Xin số điện thoại" in done
    assert "alert" not in done.split("<script>")[0]


async def test_no_address_of_the_form_tells_who_or_what(door) -> None:
    base = await door.told(STORY)
    _, place = await door.send(f"{base}/2", {"phone": "0300 000 011", "name": "Ví Dụ"})
    (found,) = await rows(door.database, tip)
    assert not any(each in base + place for each in (found.code, "0300", "V%C3%AD", "TN07"))


async def test_a_second_press_is_the_same_tip(door) -> None:
    form = {"story": STORY, "token": await door.key()}
    pages = [await door.post("/V/TN07/ke", form) for _ in range(2)]
    (found,) = await rows(door.database, tip)
    assert all(f"mã <b>{found.code}</b>" in text for _, text in pages)
    await door.post("/V/TN07", {"story": STORY, "token": "anything"})
    assert len(await rows(door.database, tip)) == 2  # the same words by another person


async def test_a_forged_key_adds_to_nobodys_tip(door) -> None:
    key = await door.key()
    await door.post("/V/TN07/ke", {"story": STORY, "token": key})
    await door.post("/V/TN07/ke", {"story": "khác", "token": key[:-1] + ("0" if key[-1] != "0" else "1")})
    assert len(await rows(door.database, tip)) == 2


@pytest.mark.parametrize("words", ["TC", "test", "LS"])
async def test_whatever_is_told_in_the_form_is_a_tip(door, words) -> None:
    await door.post("/V/TN07", {"story": words, "phone": "không có"})
    (found,) = await rows(door.database, tip)
    assert (found.text, found.sender, "không có" in found.fields) == (words, "", True)


async def test_an_empty_story_is_asked_for_again(door) -> None:
    status, page = await door.post("/V/TN07/ke", {"story": "  \n ", "name": "<b>Hư Cấu</b>"})
    assert (status, "Chưa có chữ nào." in page, "<title>Lỗi: " in page, "Hư Cấu" in page) == (422, True, True, False)
    assert await rows(door.database) == []


async def test_a_voice_alone_is_a_story(door) -> None:
    await door.told("", voice="1")
    (found,) = await rows(door.database, tip)
    assert "ghi âm" in found.text


async def test_a_program_that_fills_the_hidden_field_makes_no_tip_but_is_kept(door) -> None:
    status, page = await door.post("/V/TN07", {"story": "buy", "website": "http://x"})
    assert (status, 'class="code"' in page) == (200, False)
    assert [(row.action, row.text) for row in await rows(door.database)] == [("abuse", "buy")]
    assert await rows(door.database, tip) == []


@pytest.mark.parametrize("body", [b"", b"\xff\xfe=&&%", b"story=%FF%00ok", b"token=~", b"story=" + b"%" * 5_000])
async def test_broken_forms_make_no_error(door, body) -> None:
    status, _ = await door.post("/V/TN07", body)
    assert status == (200 if b"story" in body else 422)


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=x", "multipart/form-data; boundary=" + "y" * 300])
async def test_a_body_that_is_no_multipart_makes_no_error(door, kind) -> None:
    status, page = await door.post("/V/TN07/ke", b"--x\r\nnonsense", headers={"Content-Type": kind})
    assert (status, "Chưa có chữ nào" in page) == (422, True)


async def test_a_story_beyond_all_length_keeps_its_beginning_and_asks_to_go_on(door) -> None:
    status, page = await door.post("/V/TN07", BytesIO(b"story=Mo%20o%20doi " + b"x" * 10_000_000))
    (found,) = await rows(door.database, tip)
    assert (status, "Đã lưu phần đầu" in page, found.text.startswith("Mo o doi x"), len(found.text)) == (200, True, True, 20_000)


async def test_a_form_without_end_is_refused_with_a_way_on(door) -> None:
    async def endless():
        for _ in range(100):
            yield b"x" * 1_000_000

    try:
        status, page = await door.post("/V/TN07", endless())
    except OSError:  # the connection was closed before all was sent
        return
    assert (status, "tel:+84300000100" in page) == (413, True)


async def test_a_locked_database_loses_no_story(door, database_url, engine_name) -> None:
    if engine_name != "sqlite":
        pytest.skip("PostgreSQL locks rows, not the file; tests/services/test_intake.py blocks its tables")
    with locked(database_url):
        kept, page = await door.post("/V/TN07", {"story": STORY})
    assert (kept, 'class="code"' in page, "Tin đã được giữ an toàn" in page) == (200, False, True)
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


async def test_an_answer_that_cannot_be_stored_keeps_its_words(door, database_url, engine_name) -> None:
    if engine_name != "sqlite":
        pytest.skip("as above")
    base = await door.told()
    with locked(database_url):
        status, page = await door.post(f"{base}/3", {"place": "cạnh gốc gạo"})
        phone_status, phone = await door.post(f"{base}/2", {"phone": "0300 000 011"})
    assert (status, ">cạnh gốc gạo</textarea>" in page) == (503, True)
    assert (phone_status, 'value="0300 000 011"' in phone) == (503, True)


# --- the later pages ---


async def test_urgent_words_bring_the_urgent_page_first(door) -> None:
    base = await door.told("Dao mong nha thay hai cot lo ra, co qua luu dan")
    status, place = await door.send("/V/TN07/ke", {"story": "thay bom chua no o bo suoi", "token": await door.key()})
    assert urlsplit(place).path.endswith("/gap")
    status, page = await door.get(f"{base}/gap")
    assert (status, "Xin dừng tay" in page, 'href="tel:+84300000199"' in page, "Ban CHQS xã đã được báo" in page) == (
        200,
        True,
        True,
        False,
    )


async def test_the_number_comes_with_its_consent(door) -> None:
    base = await door.told()
    status, place = await door.send(f"{base}/2", {"phone": "0300 000 011", "name": "Cháu Thí Dụ"})
    (found,) = await rows(door.database, tip)
    assert (status, urlsplit(place).path.endswith("/3"), found.sender, found.may_call) == (303, True, ALICE, True)
    assert found.bidx == door.database.keyring.blind(ALICE, "msisdn")
    assert '"contact_name": "Cháu Thí Dụ"' in found.fields
    evidence = json.loads(dict(await events(door))["consent"] or "")
    assert (evidence["shown"], evidence["source"], evidence["tip"]) == ("Đồng ý cho xã gọi số này", "web", found.code)
    assert await rows(door.database, mt) == []  # nobody is written to at a number that anyone may have typed
    _, page = await door.get(place)
    assert ("Đã lưu số điện thoại" in page, "0300" in page.split("<main>")[1]) == (True, False)


@pytest.mark.parametrize(("typed", "words"), [
    ("0300 000 01", "9 chữ số"), ("", "Chưa có số"), ("chin khong", "Xin chỉ ghi chữ số"), ("01234 567 890", "Số cũ 11 chữ số"),
    ("0300 000 0111", "11 chữ số"), ("<b>", "Xin chỉ ghi chữ số")])  # fmt: skip
async def test_a_number_that_can_be_none_is_asked_for_again_and_stays_in_the_field(door, typed, words) -> None:
    base = await door.told()
    status, page = await door.post(f"{base}/2", {"phone": typed, "name": "Ví Dụ"})
    assert (status, words in page, 'value="Ví Dụ"' in page, "<b>" in page.split("<main>")[1].split("<form")[1]) == (422, True, True, False)
    assert (await rows(door.database, tip))[0].may_call is None


@pytest.mark.parametrize(("typed", "problem"), [
    ("0300000011", ""), ("+84 300 000 011", ""), ("84300000011", ""), ("+856 20 5555 5555", ""),
    ("0258 3822 000", ""), ("8088", "phone_short")])  # fmt: skip
def test_numbers_are_taken_as_people_write_them(typed, problem) -> None:
    assert phone_problem(typed)[0] == problem


async def test_words_and_a_position_join_the_tip(door) -> None:
    base = await door.told("Co 2 nam mo")
    form = {"place": "Từ nhà văn hóa lên 500m", "lat": "21.6801234567", "lon": "106.82", "acc": "12.4"}
    status, place = await door.send(f"{base}/3", form)
    (found,) = await rows(door.database, tip)
    fields = json.loads(found.fields)
    assert (status, urlsplit(place).path.endswith("/4")) == (303, True)
    assert (fields["latitude"], fields["longitude"], fields["accuracy_m"]) == (21.680123, 106.82, 12)
    assert ("added", "Từ nhà văn hóa lên 500m") in [
        (kind, (note or "").split("? ")[-1].split(" [")[0]) for kind, note in await events(door)
    ]


@pytest.mark.parametrize(("lat", "lon", "acc"), [("", "", ""), ("x", "1", "1"), ("91", "0", "1"), ("nan", "0", "1"), ("1", "1", "1e9")])
def test_a_position_that_cannot_be_is_none(lat, lon, acc) -> None:
    assert position_of({"lat": lat, "lon": lon, "acc": acc}) is None


async def test_the_last_question_is_the_most_useful_one_missing(door) -> None:
    base = await door.told("Ngay xua co nguoi chon bo doi o canh suoi")
    status, page = await door.get(f"{base}/5")
    assert (status, "Có mấy mộ?" in page, 'value="3+"' in page) == (200, True, True)
    status, place = await door.send(f"{base}/5?b=graves", {"choice": "2"})
    (found,) = await rows(door.database, tip)
    assert (status, urlsplit(place).path.endswith("/xong"), json.loads(found.fields)["grave_count"]) == (303, True, 2)
    assert ("added", "Có mấy mộ? 2 mộ [graves_chosen: 2] [grave_count: 2]") in await events(door)
    _, page = await door.get(place)
    assert (f"<b>{found.code}</b>" in page, "không tự ý đào bới" in page, parse_qs(urlsplit(place).query)["b"]) == (True, True, ["graves"])


async def test_three_questions_and_no_more(door) -> None:
    base = await door.told("Ngay xua co nguoi chon bo doi o canh suoi")
    async with door.session.get(f"{door.url}{base}/5?b=graves,when,who", allow_redirects=False) as answer:
        assert (answer.status, urlsplit(answer.headers["Location"]).path.endswith("/xong")) == (303, True)


@pytest.mark.parametrize(("fields", "shown", "question"), [
    ("{}", (), "graves"), ('{"grave_count": 2}', (), "when"), ('{"grave_count": 2, "burial_date": "1979"}', (), "who"),
    ("{}", ("graves", "when", "who", "signs"), "source"), ("{}", ("graves", "when", "who", "signs", "source"), None)])  # fmt: skip
def test_what_is_asked_next(fields, shown, question) -> None:
    assert missing(fields, shown) == question


async def test_a_choice_nobody_offered_is_no_answer(door) -> None:
    base = await door.told()
    for query, choice in (("graves", "9000"), ("<b>", "2"), ("", "2"), ("when,graves,x", "one")):
        await door.post(f"{base}/5?b={query}", {"choice": choice})
    assert [kind for kind, _ in await events(door)] == ["received"]


async def test_more_can_be_told_at_the_end(door) -> None:
    base = await door.told()
    await door.post(f"{base}/them", {"answer": "Nhớ thêm: cạnh cây đa"})
    assert ("added", "Nhớ thêm: cạnh cây đa") in await events(door)


async def test_words_that_are_urgent_make_the_tip_urgent_later_too(door) -> None:
    base = await door.told("Co 2 nam mo")
    await door.post(f"{base}/3", {"place": "Cho do lo ra hai cot, canh do co qua bom chua no"})
    (found,) = await rows(door.database, tip)
    assert found.urgent in ("remains", "uxo")


async def test_no_page_shows_again_what_was_told(door) -> None:
    base = await door.told(STORY)
    await door.post(f"{base}/2", {"phone": "0300 000 011", "name": "Ví Dụ"})
    await door.post(f"{base}/3", {"place": "cạnh gốc gạo"})
    for step in ("2", "3", "4", "5", "them", "xong"):
        _, page = await door.get(f"{base}/{step}")
        assert not any(
            word in page.split("<main>")[1].split("<footer>")[0] for word in ("nấm mộ bộ đội", "000\u00a0011", "Ví Dụ", "gốc gạo")
        )


@pytest.mark.parametrize("step", ["gap", "2", "3", "5", "them", "xong"])
async def test_pages_end_after_two_hours_and_say_what_is_safe(door, step) -> None:
    base = await door.told()
    door.now[0] += LIFE_MS + 1
    status, page = await door.get(f"{base}/{step}")
    assert (status, "đã hết giờ" in page, "/tin" in page) == (410, True, True)


async def test_photos_may_follow_for_three_days(door) -> None:
    base = await door.told()
    door.now[0] += LIFE_MS + 1
    assert (await door.get(f"{base}/4"))[0] == 200


@pytest.mark.parametrize("path", ["/t/x/2", "/t/" + "A" * 500 + "/2", "/t/%00/2", "/t/AAAA/5"])
async def test_an_address_that_is_no_ticket_gets_a_page(door, path) -> None:
    assert (await door.get(path))[0] == 410


def test_a_ticket_opens_with_its_key_alone_and_for_its_time(keyring) -> None:
    ticket = Ticket(7, "7K3M9P", "TN07", "", NOW)
    sealed = ticket.sealed(keyring)
    assert read_ticket(keyring, sealed, NOW + LIFE_MS) == ticket
    assert read_ticket(keyring, sealed, NOW + LIFE_MS + 1) is None
    assert read_ticket(keyring, sealed[:-6] + "AAAAAA", NOW) is None


async def test_additions_to_one_tip_are_bounded(door) -> None:
    base = await door.told()
    statuses = [(await door.send(f"{base}/them", {"answer": f"thêm {n}"}))[0] for n in range(62)]
    assert (statuses.count(303), statuses[-1], len(await events(door))) == (60, 503, 61)


# --- limits ---


def test_three_hundred_neighbours_pass_and_a_machine_waits(keyring) -> None:
    gate = Gate(keyring)
    network = gate.key("203.0.113.5")
    assert {gate.tell(network, 60_000, NOW + n * 2_000) for n in range(300)} == {Verdict.PASS}
    assert gate.tell(network, 500, NOW + 600_000) is Verdict.WAIT
    assert gate.tell(gate.key("203.0.113.6"), 0, NOW) is Verdict.PASS
    verdicts = [gate.tell(network, 60_000, NOW + 601_000) for _ in range(MOST_TELLS)]
    assert (verdicts[0], verdicts[-1]) == (Verdict.PASS, Verdict.ASIDE)


async def test_beyond_the_free_tries_a_hasty_form_waits_and_keeps_its_words(door) -> None:
    for n in range(FREE_TELLS):
        await door.post("/V/TN07/ke", {"story": f"Chuyện {n}"})
    form = {"story": "Có mộ <b>cạnh suối</b>", "token": await door.key(), "phone": "0300 000 011"}
    status, page = await door.post("/V/TN07/ke", form)
    assert (status, "Có mộ &lt;b&gt;cạnh suối&lt;/b&gt;</textarea>" in page, 'value="0300 000 011"' in page) == (429, True, True)
    door.now[0] += 20_000
    status, _ = await door.send("/V/TN07/ke", form | {"token": token_in(page)})
    assert (status, len(await rows(door.database, tip))) == (303, FREE_TELLS + 1)


def test_counts_slide_and_are_bounded() -> None:
    counts = Counts(1_000, most_keys=3)
    assert [counts.add(b"a", NOW + n) for n in range(3)] == [1, 2, 3]
    assert counts.add(b"a", NOW + 1_100) == 1
    for n in range(10):
        counts.add(str(n).encode(), NOW)
    assert counts.add(b"a", NOW + 1_100) == 1  # forgotten with the longest unused


def test_a_forms_key_is_ours_or_new(keyring) -> None:
    key = new_key(NOW)
    assert read_key(keyring, key.sealed(keyring), NOW + 5) == key
    assert read_key(keyring, key.sealed(keyring)[:-1] + "x", NOW + 5).issued_at == NOW + 5
