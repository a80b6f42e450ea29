"""Jasmin's dialect: its fields, its words, its codes; and what it tells a client of a message afterwards."""

from urllib.parse import parse_qs, quote, urlsplit

import pytest

from gateway.domain.jasmin_report import Fate, JasminReport, call_of, message_id
from gateway.domain.kannel_escapes import ACCEPTED, DELIVERED, FAILED, REJECTED
from gateway.storage.schema import mt, mt_report
from tests.services.people import ALICE, NOW, rows
from tests.web.doors.conftest import HOST, TO, Plug
from tests.web.doors.test_kannel_door import opt_out

REPORTS = f"http://{HOST}/dlr"
NO = (403, 'Error "Authentication failure, or no right to send"')


async def test_a_text_is_taken_under_an_id(plug: Plug) -> None:
    status, words = await plug.get("/send", to=TO, content="Họp thôn")
    (row,) = await rows(plug.database, mt)
    assert (status, words) == (200, f'Success "{message_id(row.ref)}"')
    assert (row.body, row.msisdn, row.due_at) == ("Họp thôn", ALICE, 0)


async def test_a_form(plug: Plug) -> None:
    status, words = await plug.post("/send", plug.login() | {"to": TO, "content": "Hop", "from": "8088", "priority": "1", "tags": "a,b-1"})
    assert (status, words[:9]) == (200, 'Success "')


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("coding=8&hex-content=" + "Họp 😀".encode("utf-16-be").hex(), "Họp 😀"),
        ("coding=8&content=" + quote("Họp".encode("utf-16-be")), "Họp"),
        ("coding=3&hex-content=e974e9", "été"),
        ("coding=1&content=Hop", "Hop"),
        ("hex-content=00486f701b65", "@Hop€"),  # septets: @ is 0, € the escape and its letter
        ("coding=0&content=%E2%82%AC", "€"),
        ("validity-period=5&custom_tlvs=[]&content=Hop", "Hop"),
    ],
)
async def test_codings(plug: Plug, query: str, words: str) -> None:
    path = f"/send?username=crm&password={plug.secret}&to={TO}&{query}"
    assert (await plug.raw(path))[0] == 200
    assert [row.body for row in await rows(plug.database, mt)] == [words]


@pytest.mark.parametrize(
    "fields",
    [
        {}, {"content": "a", "hex-content": "61"}, {"content": ""}, {"hex-content": "6"}, {"hex-content": "zz"}, {"content": "a\0"},
        {"hex-content": "1b"}, {"hex-content": "1b1b"}, {"hex-content": "80"}, {"coding": 8, "hex-content": "00"},
        {"coding": 4, "content": "a"}, {"coding": 8, "hex-content": "d83d"}, {"coding": 15, "content": "a"},
        {"priority": 4, "content": "a"}, {"tags": "<b>", "content": "a"}, {"sdt": "000000000100000R", "content": "a"},
        {"custom_tlvs": '[[1,2,"x",3]]', "content": "a"}, {"custom_tlvs": "[" * 9_000, "content": "a"},
        {"validity-period": 0, "content": "a"}, {"dlr": "maybe", "content": "a"}, {"dlr": "yes", "content": "a"},
        {"dlr": "yes", "dlr-url": "http://127.0.0.1/", "content": "a"},
        {"dlr": "yes", "dlr-url": REPORTS, "dlr-level": 4, "content": "a"},
        {"dlr": "yes", "dlr-url": REPORTS, "dlr-method": "PUT", "content": "a"}, {"to": f"{TO} {TO}", "content": "a"},
        {"to": "", "content": "a"}, {"to": "abc", "content": "a"}, {"content": "a" * 2_000},
    ],
)  # fmt: skip
async def test_what_cannot_be_taken_is_a_400(plug: Plug, fields: dict[str, object]) -> None:
    status, words = await plug.get("/send", **({"to": TO} | fields))
    assert (status, words[:7], words[-1], words.count('"'), TO in words) == (400, 'Error "', '"', 2, False)
    assert await rows(plug.database, mt) == []


@pytest.mark.parametrize("path", ["/send", "/balance", "/rate"])
async def test_whoever_may_not_hears_the_same(plug: Plug, path: str) -> None:
    for name, password in (("crm", "sai"), ("khong-co", "sai"), ("doc", plug.reader_secret), ("", "")):
        assert await plug.get(path, username=name, password=password, to=TO, content="Hop") == NO
    assert await plug.raw(path) == NO


async def test_refusals_by_jasmins_codes(plug: Plug) -> None:
    assert (await plug.get("/send", to="+85620000000", content="Hop"))[0] == 412
    await opt_out(plug, ALICE)
    assert (await plug.get("/send", to=TO, content="Hop"))[0] == 400
    plug.doors.wait_ms(plug.client, 100_000, NOW)
    status, words = await plug.get("/send", to="0300000012", content="Hop")
    assert (status, "throughput" in words) == (403, True)


async def test_a_reference_of_the_callers_own(plug: Plug) -> None:
    first, again = [await plug.get("/send", to=TO, content="Hop", reference="m-1") for _ in range(2)]
    assert (first, first[0]) == (again, 200)
    assert len(await rows(plug.database, mt)) == 1


async def test_a_megabyte_is_refused(plug: Plug) -> None:
    assert (await plug.post("/send", plug.login() | {"to": TO, "content": "a" * 1_000_000}))[0] == 413


async def test_money_and_life(plug: Plug) -> None:
    assert await plug.get("/balance") == (200, '{"balance": "ND", "sms_count": "ND"}')
    assert await plug.get("/rate", to=TO) == (200, '{"unit_rate": 0.0, "submit_sm_count": 1}')
    assert await plug.get("/rate", to=TO, content="a" * 161) == (200, '{"unit_rate": 0.0, "submit_sm_count": 2}')
    assert (await plug.get("/rate", content="a"))[0] == 400
    assert await plug.raw("/ping") == (200, "Jasmin/PONG")


# --- what it tells afterwards ---


@pytest.mark.parametrize(("level", "mask"), [(1, ACCEPTED | REJECTED), (2, DELIVERED | FAILED | REJECTED), (3, 27)])
async def test_a_level_is_a_mask(plug: Plug, level: int, mask: int) -> None:
    assert (await plug.get("/send", to=TO, content="Hop", dlr="yes", dlr_url=REPORTS, dlr_level=level, dlr_method="get"))[0] == 200
    (report,) = await rows(plug.database, mt_report)
    assert (report.mask, report.method, JasminReport.of(report.url)) == (mask, "GET", JasminReport(level, REPORTS))


async def test_without_dlr_nobody_is_told(plug: Plug) -> None:
    await plug.get("/send", to=TO, content="Hop", dlr="no", dlr_url=REPORTS)
    assert await rows(plug.database, mt_report) == []


@pytest.mark.parametrize(
    ("level", "bit", "told"),
    [
        (1, ACCEPTED, ("ESME_ROK", "1")), (3, ACCEPTED, ("ESME_ROK", "1")), (3, REJECTED, ("ESME_RSUBMITFAIL", "1")),
        (2, REJECTED, ("REJECTD", "2")), (2, DELIVERED, ("DELIVRD", "2")), (3, FAILED, ("UNDELIV", "2")),
    ],
)  # fmt: skip
def test_the_words_of_a_report(level: int, bit: int, told: tuple[str, str]) -> None:
    fate = Fate("AAAABBBBCCCCDDDD", bit, "that", "c-1", "051", NOW, NOW + 60_000)
    url, headers, body = call_of(JasminReport(level, f"{REPORTS}?k=1"), "POST", fate)
    fields = {name: value for name, (value,) in parse_qs(body, keep_blank_values=True).items()}
    assert (url, headers) == (f"{REPORTS}?k=1", {"Content-Type": "application/x-www-form-urlencoded"})
    assert (fields["message_status"], fields["level"], fields["id"]) == (*told, message_id(fate.ref))
    if told[1] == "2":
        done = "001" if bit == DELIVERED else "000"
        assert (fields["id_smsc"], fields["sub"], fields["dlvrd"], fields["err"], fields["text"]) == ("c-1", "001", done, "051", "")
        assert (len(fields["subdate"]), int(fields["donedate"]) - int(fields["subdate"])) == (10, 1)


def test_a_report_by_get_keeps_the_clients_query() -> None:
    fate = Fate("AAAABBBBCCCCDDDD", DELIVERED, "that", None, "", None, NOW)
    url, headers, body = call_of(JasminReport(2, f"{REPORTS}?k=%d"), "GET", fate)
    assert (urlsplit(url).query.split("&")[0], headers, body) == ("k=%d", {}, "")
    assert parse_qs(urlsplit(url).query)["message_status"] == ["DELIVRD"]


def test_only_what_we_wrote_is_a_jasmin_report() -> None:
    report = JasminReport(3, "http://crm.example/a:b?c=d")
    assert JasminReport.of(str(report)) == report
    assert JasminReport.of("http://crm.example/jasmin:1:x") is None
    assert "crm.example" not in repr(report)
