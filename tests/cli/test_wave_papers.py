"""`tinbao wave sheet` and `tinbao wave order` on a deployment of their own: papers, two persons, counts."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from gateway.cli import wave_papers
from gateway.cli.context import Door, Opened, opened
from gateway.domain.audience import FOUND, Tally
from gateway.sending import now_ms, routes_of
from gateway.services import approvals, orders
from gateway.storage import waves
from gateway.storage.schema import wave as waves_table
from tests.cli.door import Ran, run
from tests.harness import deployment, route
from tests.papers.sheets import look
from tests.services.staff import two_persons
from tests.services.wave_rows import make_wave

NOWHERE = "http://127.0.0.1:9/sms"
WORDS = ("--text", "Xã kính báo {{ dau_so }}", "--text-en", "Please text {{ dau_so }}")
PLAN = ("order", "dia-ban", "--area", "06577", "--from", "2027-12-20", "--until", "22/12/2027", "--expected", "600", *WORDS)
COUNTS = "Mẫu;Nhà mạng;Ngày;Đã gửi;Đến máy;Lỗi;Số bản tin\nvi;Viettel;20/12/2027;300;280;10;300\nen;Viettel;21/12/2027;300;290;5;300\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two routes: on one a second person must approve, on the other not."""
    monkeypatch.delenv("TINBAO_KEY", raising=False)
    routes = route("doi-tac", "simulator", NOWHERE, max_unapproved=20, price_vnd=350) + route("tap", "kannel", NOWHERE)
    return deployment(tmp_path / "xa", routes=routes).folder


def tinbao(folder: Path, *words: str | Path) -> Ran:
    return run(wave_papers.add_commands, folder, *words)


def inside(folder: Path, act: Callable[[Opened], Coroutine[Any, Any, Any]]) -> Any:
    async def main() -> Any:
        async with opened(Door(folder, json=False)) as it:
            return await act(it)

    return asyncio.run(main())


def approve(folder: Path) -> None:
    """As another person than the planner, whom `order` has not been told."""

    async def act(it: Opened) -> None:
        planner, approver = await two_persons(it.database)
        change = waves_table.update().values(planner=planner.id, document="238/KH-UBND", document_date="2026-06-15")
        await it.database.write(lambda connection: connection.execute(change))
        await approvals.approve(it.database, routes_of(it.settings), "dia-ban", approver, now_ms())

    inside(folder, act)


def test_an_unapproved_order_is_a_draft(folder: Path, tmp_path: Path) -> None:
    done = tinbao(folder, *PLAN, "--route", "doi-tac", "--out", tmp_path / "giay")
    assert done.exit_code == 0
    assert "nobody can approve this order" in done.stderr
    assert "these are drafts and say so: wave dia-ban goes to the subscribers of an area and is not approved" in done.stderr
    assert sorted(path.name for path in (tmp_path / "giay").iterdir()) == [f"dia-ban-du-thao.{kind}" for kind in ("json", "pdf", "xlsx")]
    assert "DỰ THẢO" in look((tmp_path / "giay" / "dia-ban-du-thao.pdf").read_bytes()).text
    again = tinbao(folder, "order", "dia-ban", "--json")
    assert (again.json["state"], again.json["ordered_at"], again.json["variants"]) == ("planned", None, {"vi": 1, "en": 1})


def test_an_approved_order_goes_out_and_comes_back(folder: Path, tmp_path: Path) -> None:
    """Plan, approve, papers, the partner's list with a mistake in it, the corrected one, close."""
    out = tmp_path / "giay"
    assert tinbao(folder, *PLAN, "--route", "doi-tac").exit_code == 0
    approve(folder)
    done = tinbao(folder, "order", "dia-ban", "--out", out)
    assert done.stderr == ""
    assert sorted(path.name for path in out.iterdir()) == ["dia-ban-so-lieu.xlsx", "dia-ban.json", "dia-ban.pdf", "dia-ban.xlsx"]
    text = look((out / "dia-ban.pdf").read_bytes()).text
    for words in ("xã Thống Nhất", "Hoàng Văn Hùng", "duyệt bằng mật khẩu", "238/KH-UBND ngày 15/06/2026", "ỦY BAN NHÂN DÂN"):
        assert words in text
    made = json.loads((out / "dia-ban.json").read_text("utf-8"))
    assert (made["draft"], made["days"], made["variants"][0]["text"]) == (
        False,
        {"first": "2027-12-20", "last": "2027-12-22"},
        "Xã kính báo 8088",
    )
    first = {path.name: path.read_bytes() for path in out.iterdir()}
    assert tinbao(folder, "order", "dia-ban", "--out", out).exit_code == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == first  # printed again, the same paper
    counts = tmp_path / "bao-cao.csv"
    counts.write_text(COUNTS.replace("290;5;300", "290;5;999") + "vi;Viettel;mai;1;1;1;1\n", "utf-8")
    wrong = tinbao(folder, "order", "dia-ban", "--counts", counts)
    assert wrong.exit_code == 1
    assert "bao-cao.csv:4: day: “mai” is no day" in wrong.stderr
    assert "not as ordered: en, Viettel, 2027-12-21: 999 segments are charged for 300 messages of 1 each" in wrong.stderr
    counts.write_text(COUNTS, "utf-8")
    right = tinbao(folder, "order", "dia-ban", "--counts", counts, "--close")
    assert right.exit_code == 0
    assert "0 rows are new, 1 changed, 1 known already" in right.stdout
    assert "en, Viettel, 2027-12-21: 300 sent, 999 segments before; 300 sent, 300 segments now" in right.stdout
    assert "the counts agree with the order" in right.stdout
    assert tinbao(folder, "order", "dia-ban", "--json").json["state"] == "done"


def test_where_nobody_need_approve_it_goes_at_once(folder: Path, tmp_path: Path) -> None:
    done = tinbao(folder, *PLAN, "--route", "tap", "--out", tmp_path, "--json")
    assert (done.json["state"], done.json["draft"], done.json["new"]) == ("running", None, True)
    text = look((tmp_path / "dia-ban.pdf").read_bytes()).text
    assert "tuyến này không yêu cầu phê duyệt" in text
    assert [row[0].value for row in load_workbook(tmp_path / "dia-ban.xlsx")["Địa bàn"].iter_rows()] == ["Mã xã", "06577"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("order", "x", "--text", "a"), "to plan an order name its route: --route ROUTE"),
        (("order", "x", "--route", "tap", "--area", "06577"), "there is no text; write it after --text"),
        (("order", "x", "--route", "tap", "--text", "a"), "an order names its days: --from 2026-12-20 --until 2026-12-22"),
        (("order", "x", "--route", "tap", "--text", "a", "--from", "mai"), "“mai” is no day; write it like 2026-12-20 or 20/12/2026"),
        ((*PLAN, "--route", "tap", "--window", "sang"), "“sang” is no window; write it like 07:00-21:00"),
        ((*PLAN, "--route", "tap", "--document", "1/CV"), "a document has a number and a day"),
        ((*PLAN, "--route", "tap", "--document", "x", "--document-date", "2026-01-01"), "“x” is no number of a document"),
    ],
)
def test_a_wrong_use_is_told_how(folder: Path, words: tuple[str, ...], said: str) -> None:
    done = tinbao(folder, *words)
    assert done.exit_code == 2
    assert done.stderr.startswith(said)


def test_a_file_that_is_not_there(folder: Path, tmp_path: Path) -> None:
    tinbao(folder, *PLAN, "--route", "tap", "--out", tmp_path)
    done = tinbao(folder, "order", "dia-ban", "--counts", tmp_path / "nie.csv")
    assert (done.exit_code, done.stderr) == (1, "nie.csv can't be read: No such file or directory; check its name and permissions\n")
    (tmp_path / "datei").write_text("")
    done = tinbao(folder, "order", "dia-ban", "--out", tmp_path / "datei" / "x")
    assert done.exit_code == 1
    assert "can't be written" in done.stderr


# --- the sheet ---


def plan_wave(folder: Path) -> None:
    """A planned wave of ours, as `wave plan` leaves it."""

    async def act(it: Opened) -> None:
        made = await make_wave(it.database, "tri-an", mts={"queued": 3}, route="doi-tac", mt={"language": "vi", "route": "doi-tac"})
        async with it.database.read() as connection:
            refs = [row.ref for row in await connection.execute(_refs(made.id))]
        tally = Tally(audience=3, segments=3, samples={"vi": refs[:1]}, longest=refs[0], worst=1)
        tally.left_out["opted_out"] = 2
        rule = {"villages": ["TN01", "TN07"], "tags": ["ho-dan"], FOUND: tally.as_json()}
        await it.database.write(lambda connection: connection.execute(waves_table.update().values(audience_rule=rule, cost_ceiling=1050)))

    inside(folder, act)


def _refs(wave_id: int):
    from gateway.storage.schema import mt

    return mt.select().where(mt.c.wave == wave_id)


def test_a_sheet_of_a_planned_wave(folder: Path, tmp_path: Path) -> None:
    plan_wave(folder)
    done = tinbao(folder, "sheet", "tri-an", "--out", tmp_path / "giay" / "tri-an.pdf")
    assert done.exit_code == 0, done.stderr
    text = look((tmp_path / "giay" / "tri-an.pdf").read_bytes()).text
    for words in (
        "PHIẾU TRÌNH DUYỆT",
        "3 người (ba)",
        "1.050 đồng",
        "(TN01)",
        "Nhóm: ho-dan",
        "Đã nhắn từ chối (TC) 2",
        "Tri an",
        "chưa duyệt",
    ):
        assert words in text

    async def mark(it: Opened) -> str:
        async with it.database.read() as connection:
            found = await waves.find(connection, "tri-an")
        assert found is not None
        return approvals.mark_of(approvals.fingerprint(found, routes_of(it.settings)))

    shown = inside(folder, mark)
    assert shown in done.stdout  # what the approver compares is what the paper says
    assert shown.upper() in text


def test_a_sheet_of_nothing(folder: Path, tmp_path: Path) -> None:
    from gateway.services.refusal import Refusal

    with pytest.raises(Refusal, match="there is no wave nie"):
        tinbao(folder, "sheet", "nie", "--out", tmp_path / "a.pdf")
    assert not (tmp_path / "a.pdf").exists()


def test_an_order_over_http_that_reaches_nobody(folder: Path) -> None:
    from gateway.services.refusal import Refusal

    tinbao(folder, *PLAN, "--route", "doi-tac")
    approve(folder)
    with pytest.raises(Refusal, match="refused order dia-ban \\(not-sent"):
        tinbao(folder, "order", "dia-ban", "--send")

    async def look_again(it: Opened) -> Any:
        return (await orders.find(it.database, "dia-ban")).wave.state.value

    assert inside(folder, look_again) == "approved"
