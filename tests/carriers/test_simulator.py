"""The simulator's wire beyond the contract: batches, look-ups, and its hook calls."""

import json

import pytest

from gateway.carriers.protocol import Accepted, Dlr, Malformed, Mo
from gateway.carriers.simulator import build_send, build_status, parse_dlr, parse_mo, parse_send, parse_status
from gateway.carriers.wire import HookCall, HttpResponse
from gateway.domain.failure import Failure, Refused
from gateway.domain.message import DlrStatus
from tests.carriers.carrier_cases import ACCOUNT, PASSWORD, TEXT, batch


def test_a_batch_is_one_request_with_one_text():
    request = build_send(ACCOUNT, batch(2))
    assert (request.method, request.url) == ("POST", ACCOUNT.url)
    assert json.loads(request.body) == {
        "ref": "BATCH1",
        "account": "u",
        "password": PASSWORD,
        "from": "8088",
        "messages": [{"ref": "REF00001", "to": "+84300000001"}, {"ref": "REF00002", "to": "+84300000002"}],
        "text": TEXT,
        "dlr_url": ACCOUNT.dlr_url,
    }


def test_rows_are_matched_by_ref_not_by_place():
    rows = [
        {"ref": "REF00002", "status": "refused", "code": "absent"},
        {"ref": "stranger", "status": "accepted"},
        {"ref": "REF00001", "status": "accepted", "id": "A"},
    ]
    outcomes = parse_send(HttpResponse(200, {}, json.dumps({"results": rows}).encode()), batch(3))
    assert outcomes == (Accepted("A"), Refused(Failure.PERMANENT, "absent"), Refused(Failure.RETRYABLE, "left-out", maybe_sent=True))


def test_a_look_up_asks_by_our_refs_and_keeps_the_password_out_of_the_url():
    request = build_status(ACCOUNT, batch(2))
    assert (request.method, request.url) == ("GET", f"{ACCOUNT.url}?ref=REF00001&ref=REF00002")
    assert request.headers["Authorization"].startswith("Basic ")


def test_what_a_look_up_says():
    rows = [{"ref": "REF00001", "status": "accepted", "id": "A", "segments": 1}, {"ref": "REF00002", "status": "unknown"}]
    assert parse_status(HttpResponse(200, {}, json.dumps({"results": rows}).encode()), batch(3)) == (Accepted("A", 1), None, None)


@pytest.mark.parametrize(
    "response", [HttpResponse(503, {}, b"busy"), HttpResponse(200, {}, b"<html>"), HttpResponse(404, {}, b'{"results":[]}')]
)
def test_a_failed_look_up_says_nothing(response: HttpResponse):
    """Not that the telco doesn't know them: after ten minutes that would send them a second time."""
    assert all(isinstance(each, Refused) and each.maybe_sent for each in parse_status(response, batch(2)))


@pytest.mark.parametrize(
    ("body", "mo"),
    [
        (
            {"id": "MO1", "from": "+84300000101", "to": "8088", "text": "LS TN07 mộ", "at": 1_795_000_000_000},
            Mo("MO1", "+84300000101", "8088", "LS TN07 mộ", 1_795_000_000_000),
        ),
        ({"from": "+84300000101"}, Mo(None, "+84300000101", "", "")),
        ({"id": 7, "from": "+84300000101", "text": None, "at": True}, Mo(None, "+84300000101", "", "")),
        ({"from": "+84300000101", "text": "a\0b\ud800"}, Mo(None, "+84300000101", "", "ab?")),
        ({"from": "", "text": "x"}, Malformed("from: missing")),
        (["from"], Malformed("from: missing")),
    ],
)
def test_an_mo(body: object, mo: Mo | Malformed):
    assert parse_mo(HookCall("POST", "/hooks/route/mo", body=json.dumps(body).encode())) == mo


def test_broken_utf8_keeps_the_rest():
    call = HookCall("POST", "/hooks/route/mo", body=b'{"from":"+84300000101","text":"m\xe1 bo doi"}')
    assert parse_mo(call) == Mo(None, "+84300000101", "", "m\ufffd bo doi")


@pytest.mark.parametrize(
    ("body", "dlr"),
    [
        (
            {"ref": "REF1", "status": "delivered", "code": "ok", "at": 5},
            Dlr("REF1", ours=True, status=DlrStatus.DELIVERED, code="ok", at_ms=5),
        ),
        ({"ref": "REF1", "status": "failed"}, Dlr("REF1", ours=True, status=DlrStatus.FAILED)),
        ({"ref": "REF1", "status": "lost"}, Malformed("status: not one of buffered, accepted, delivered, failed, rejected")),
        ({"ref": "RÉF", "status": "failed"}, Malformed("ref: missing or no reference of ours")),
        ({}, Malformed("ref: missing or no reference of ours")),
    ],
)
def test_a_report(body: object, dlr: Dlr | Malformed):
    assert parse_dlr(HookCall("POST", "/hooks/route/dlr", body=json.dumps(body).encode())) == dlr
