"""Look-ups of whose number it is: what goes out, what each answer means, and that no bytes make a parser raise."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.carriers.protocol import Account, Malformed, Network, looks_up
from gateway.carriers.registry import CARRIERS
from gateway.carriers.wire import HttpResponse
from gateway.domain.msisdn import Msisdn
from gateway.domain.secret import Secret
from gateway.operator_file import shipped_operators

NUMBER = Msisdn("+84300000101")
URLS = {
    "vmg": "https://api.brandsms.vn/api/SMSBrandname/SendSMS",
    "twilio": "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json",
    "vonage": "https://rest.nexmo.com/sms/json",
    "infobip": "https://abc.api.infobip.com/sms/3/messages",
}
BASIC = "Basic dTpwdw=="


def account(name: str, **options: str) -> Account:
    return Account("r", URLS[name], "u", Secret("pw"), "8088", options=options)


def ported(**more: Any) -> dict[str, Any]:
    return {"results": [{"to": "84300000101", "mccMnc": "45204"} | more]}


def line(**more: Any) -> dict[str, Any]:
    return {"phone_number": "+84300000101", "line_type_intelligence": more}


def test_those_that_tell_are_four():
    assert {name for name, carrier in CARRIERS.items() if looks_up(carrier)} == set(URLS)


@pytest.mark.parametrize(
    ("name", "method", "url", "header", "body"),
    [
        ("vmg", "POST", "https://mnp.brandsms.vn/api/VMG/CheckMnp", ("token", "pw"), {"phoneNumber": "84300000101"}),
        ("infobip", "POST", "https://abc.api.infobip.com/number/1/query", ("Authorization", "App pw"), {"to": ["84300000101"]}),
        ("vonage", "GET", "https://api.nexmo.com/ni/standard/json?number=84300000101", ("Authorization", BASIC), None),
        (
            "twilio", "GET", "https://lookups.twilio.com/v2/PhoneNumbers/%2B84300000101?Fields=line_type_intelligence",
            ("Authorization", BASIC), None,
        ),
    ],
)  # fmt: skip
def test_what_goes_out(name: str, method: str, url: str, header: tuple[str, str], body: object):
    request = CARRIERS[name].build_lookup(account(name), NUMBER)  # type: ignore[attr-defined]
    assert (request.method, request.url, request.headers[header[0]]) == (method, url, header[1])
    assert (json.loads(request.body) if request.body else None) == body
    assert "pw" not in repr(request)
    elsewhere = CARRIERS[name].build_lookup(account(name, lookup_url="http://127.0.0.1:9/x"), NUMBER)  # type: ignore[attr-defined]
    assert elsewhere.url.startswith("http://127.0.0.1:9/x")


@pytest.mark.parametrize(
    ("name", "answer", "network", "operator"),
    [
        ("vmg", {"data": [{"currentTelco": "04"}]}, Network("45204"), "Viettel"),
        ("vmg", {"data": [{"currentTelco": "02"}]}, Network("45202"), "VinaPhone"),
        ("vmg", {"data": [{"currentTelco": 4}]}, None, ""),
        ("vmg", {"data": []}, None, ""),
        ("vmg", {"data": "04"}, None, ""),
        ("twilio", line(mobile_country_code="452", mobile_network_code="01", carrier_name="Mobifone", type="mobile", error_code=None),
            Network("45201", "Mobifone"), "MobiFone"),
        ("twilio", line(mobile_country_code=None, mobile_network_code=None, carrier_name="Viettel Telecom"),
            Network("", "Viettel Telecom"), "Viettel"),
        ("twilio", line(error_code=60600), None, ""),
        ("twilio", {"line_type_intelligence": None}, None, ""),
        ("vonage", {"status": 0, "current_carrier": {"network_code": "45205", "name": "Vietnamobile"}},
            Network("45205", "Vietnamobile"), "Vietnamobile"),
        ("vonage", {"status": 0, "current_carrier": {"network_code": None, "name": "GTEL"}}, Network("", "GTEL"), "Gmobile"),
        ("vonage", {"status": 43, "status_message": "x", "current_carrier": {"network_code": "45205"}}, None, ""),
        ("vonage", {"status": 0, "current_carrier": {}}, None, ""),
        ("infobip", ported(ported=False, originalNetwork={"networkName": "Viettel"}), Network("45204", "Viettel"), "Viettel"),
        ("infobip", ported(ported=True, originalNetwork={"networkName": "Viettel"}, portedNetwork={"networkName": "Vinaphone"}),
            Network("", "Vinaphone"), "VinaPhone"),
        ("infobip", ported(ported=True), Network("45204"), "Viettel"),
        ("infobip", {"results": [{"originalNetwork": {}, "status": {"name": "REJECTED_DESTINATION"}}]}, None, ""),
        ("infobip", {"requestError": {}}, None, ""),
    ],
)  # fmt: skip
def test_what_an_answer_means(name: str, answer: object, network: Network | None, operator: str):
    """`network` None: nothing to go by."""
    said = CARRIERS[name].parse_lookup(HttpResponse(200, {}, json.dumps(answer).encode()), NUMBER)  # type: ignore[attr-defined]
    assert said == network if network else isinstance(said, Malformed)
    if network:
        table = shipped_operators()
        assert (table.of_network(said.code) or table.read(said.name)) == operator


@pytest.mark.parametrize("name", URLS)
@pytest.mark.parametrize("status", [401, 404, 429, 500])
def test_a_refusal_is_no_answer(name: str, status: int):
    """And what is said of it holds nothing but the status."""
    said = CARRIERS[name].parse_lookup(HttpResponse(status, {}, b'{"message": "no 84300000101"}'), NUMBER)  # type: ignore[attr-defined]
    assert isinstance(said, Malformed)
    assert f"http-{status}" in said.reason
    assert "84300000101" not in said.reason


_KEYS = (
    "results", "data", "currentTelco", "current_carrier", "network_code", "name", "status", "mccMnc", "ported", "portedNetwork",
    "originalNetwork", "networkName", "line_type_intelligence", "mobile_country_code",
)  # fmt: skip
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("name", URLS)
@given(body=_values.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=40), status=st.sampled_from([200, 400, 503]))
def test_no_bytes_make_a_parser_raise(name: str, body: bytes, status: int):
    said = CARRIERS[name].parse_lookup(HttpResponse(status, {}, body), NUMBER)  # type: ignore[attr-defined]
    assert isinstance(said, Network | Malformed)
