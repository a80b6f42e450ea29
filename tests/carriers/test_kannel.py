"""Kannel's dialect beyond the contract: what we write into the URL, and what its hook calls mean."""

from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.carriers.kannel import build_send, parse_dlr, parse_mo
from gateway.carriers.protocol import Account, Dlr, Malformed, Mo
from gateway.carriers.wire import HookCall
from gateway.domain.message import DlrStatus
from gateway.domain.secret import Secret
from tests.carriers.carrier_cases import ACCOUNT, HOOK_SECRET, PASSWORD, TEXT, batch


def sent(account: Account = ACCOUNT, text: str = TEXT) -> dict[str, str]:
    """The parameters as smsbox decodes them."""
    parts = urlsplit(build_send(account, batch(text=text)).url)
    return {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True, strict_parsing=True).items()}


def test_a_text_outside_gsm7_goes_as_ucs2_with_its_charset():
    assert sent() == {
        "username": "u",
        "password": PASSWORD,
        "from": "8088",
        "to": "+84300000001",
        "text": TEXT,
        "coding": "2",
        "charset": "UTF-8",
        "dlr-mask": "31",
        "dlr-url": f"http://127.0.0.1:2/hooks/route/dlr?secret={HOOK_SECRET.replace('%', '%%')}&id=REF00001&st=%d&ts=%T",
    }


def test_a_gsm7_text_needs_no_charset():
    """Builds without iconv refuse any charset; for 7-bit UTF-8 is the default."""
    fields = sent(text="Xa Thong Nhat + {100%} & @£")
    assert (fields["text"], fields["coding"], fields.get("charset")) == ("Xa Thong Nhat + {100%} & @£", "0", None)


def test_the_report_never_asks_for_the_smscs_own_words():
    """%A may hold the text of the MT, and URLs are written to logs."""
    assert "%A" not in sent()["dlr-url"]


def test_without_a_hook_no_reports_are_asked_for():
    fields = sent(Account("route", "http://k/cgi-bin/sendsms", "u", Secret("p"), "8088"))
    assert not {"dlr-url", "dlr-mask"} & set(fields)


def test_without_a_sender_kannels_own_default_stands():
    assert "from" not in sent(Account("route", "http://k/cgi-bin/sendsms", "u", Secret("p"), ""))


def test_an_url_with_a_query_keeps_it():
    url = build_send(Account("route", "http://k/cgi-bin/sendsms?smsc=telco", "u", Secret("p"), ""), batch()).url
    assert url.startswith("http://k/cgi-bin/sendsms?smsc=telco&username=u&password=p&to=%2B84300000001&")


@pytest.mark.parametrize("number", range(0, 1200, 7))
def test_every_letter_survives_the_url(number: int):
    """Also those that a URL, a form or Kannel treats in its own way."""
    text = "".join(map(chr, range(max(number, 1), number + 7)))
    assert sent(text=text)["text"] == text


def get(query: bytes) -> HookCall:
    return HookCall("GET", "/hooks/route/mo", b"secret=s&" + query)


@pytest.mark.parametrize(
    ("query", "mo"),
    [
        (
            b"from=%2B84300000101&to=8088&text=LS+TN07+mo%2Bbo&id=a-1&ts=1795000000&coding=0&cs=UTF-8&udh=",
            Mo("a-1", "+84300000101", "8088", "LS TN07 mo+bo", 1_795_000_000_000),
        ),
        (b"from=84300000101&to=8088&text=M%E1%BB%99&coding=0", Mo(None, "84300000101", "8088", "Mộ")),
        (b"from=84300000101&text=%00M%1E%D9&coding=2", Mo(None, "84300000101", "", "Mộ")),  # as it was on the air
        (b"from=84300000101&text=M%E1%BB%99&coding=2&cs=UTF-8", Mo(None, "84300000101", "", "Mộ")),  # mo-recode
        (b"from=84300000101&text=%00M%1E%D9%D8&coding=2&charset=utf-16be", Mo(None, "84300000101", "", "Mộ\ufffd")),  # an octet too many
        (b"from=84300000101&text=%D8%3D%DE%00&coding=2", Mo(None, "84300000101", "", "😀")),
        (b"from=84300000101&text=%D8%3D&coding=2", Mo(None, "84300000101", "", "\ufffd")),  # half a surrogate pair
        (b"from=84300000101&text=caf%E9&cs=ISO-8859-1", Mo(None, "84300000101", "", "café")),
        (b"from=84300000101&text=caf%E9", Mo(None, "84300000101", "", "caf\ufffd")),
        (b"from=84300000101&text=abc&cs=zlib", Mo(None, "84300000101", "", "abc")),  # a codec, but no charset
        (b"from=84300000101&text=a%00b", Mo(None, "84300000101", "", "ab")),
        (b"from=84300000101&text=", Mo(None, "84300000101", "", "")),
        (b"from=84300000101", Mo(None, "84300000101", "", "")),
        (b"from=Viettel&text=khuyen+mai", Mo(None, "Viettel", "", "khuyen mai")),
        (b"from=84300000101&text=x&from=84300000102&text=y", Mo(None, "84300000101", "", "x")),
        (b"from=84300000101&text=part&udh=%05%00%03%32%03%01", Mo(None, "84300000101", "", "part", None, b"\x05\x00\x03\x32\x03\x01")),
        (b"from=84300000101&text=x&ts=2026-11-23+04:31:00", Mo(None, "84300000101", "", "x", 1_795_408_260_000)),
        (b"from=84300000101&text=x&ts=soon", Mo(None, "84300000101", "", "x")),
        (b"from=84300000101&text=%&id=%zz", Mo("%zz", "84300000101", "", "%")),
        (b"text=x", Malformed("from: missing")),
        (b"from=+&text=x", Malformed("from: missing")),
        (b"", Malformed("from: missing")),
    ],
)
def test_an_mo_by_get_url(query: bytes, mo: Mo | Malformed):
    assert parse_mo(get(query)) == mo


POSTED = {
    "content-type": "text/plain; charset=UTF-8",
    "x-kannel-from": "+84300000101",
    "x-kannel-to": "8088",
    "x-kannel-time": "2026-11-23 04:31:00",
}


@pytest.mark.parametrize(
    ("headers", "body", "mo"),
    [
        ({}, "Mộ".encode(), Mo(None, "+84300000101", "8088", "Mộ", 1_795_408_260_000)),
        (
            {"content-type": 'text/plain; charset="UTF-16BE"'},
            "Mộ".encode("utf-16-be"),
            Mo(None, "+84300000101", "8088", "Mộ", 1_795_408_260_000),
        ),
        (
            {"content-type": "text/plain", "x-kannel-coding": "2"},
            "Mộ".encode("utf-16-be"),
            Mo(None, "+84300000101", "8088", "Mộ", 1_795_408_260_000),
        ),
        (
            {"x-kannel-udh": "050003320301"},
            b"part",
            Mo(None, "+84300000101", "8088", "part", 1_795_408_260_000, b"\x05\x00\x03\x32\x03\x01"),
        ),
        ({"x-kannel-udh": "five"}, b"part", Mo(None, "+84300000101", "8088", "part", 1_795_408_260_000)),
        ({"x-kannel-from": " "}, b"x", Malformed("X-Kannel-From: empty")),
    ],
)
def test_an_mo_by_post_url(headers: dict[str, str], body: bytes, mo: Mo | Malformed):
    assert parse_mo(HookCall("POST", "/hooks/route/mo", b"secret=s", POSTED | headers, body)) == mo


@pytest.mark.parametrize(
    ("query", "dlr"),
    [
        (b"id=REF1&st=1&ts=1795000000", Dlr("REF1", ours=True, status=DlrStatus.DELIVERED, code="1", at_ms=1_795_000_000_000)),
        (b"id=REF1&st=2", Dlr("REF1", ours=True, status=DlrStatus.FAILED, code="2")),
        (b"id=REF1&st=4", Dlr("REF1", ours=True, status=DlrStatus.BUFFERED, code="4")),
        (b"id=REF1&st=8", Dlr("REF1", ours=True, status=DlrStatus.ACCEPTED, code="8")),
        (b"id=REF1&st=16", Dlr("REF1", ours=True, status=DlrStatus.REJECTED, code="16")),
        (b"id=REF1&st=32", Dlr("REF1", ours=True, status=DlrStatus.BUFFERED, code="32")),
        (b"id=REF1&st=3", Malformed("st: not one of 1, 2, 4, 8, 16, 32")),
        (b"id=REF1&st=%25d", Malformed("st: not one of 1, 2, 4, 8, 16, 32")),
        (b"id=&st=1", Malformed("id: missing or no reference of ours")),
        (b"id=a%27b&st=1", Malformed("id: missing or no reference of ours")),
        (b"st=1", Malformed("id: missing or no reference of ours")),
    ],
)
def test_a_report(query: bytes, dlr: Dlr | Malformed):
    assert parse_dlr(get(query)) == dlr
