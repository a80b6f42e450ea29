"""Laws that hold for every USSD convention, and what each has of its own."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.carriers.protocol import Malformed
from gateway.carriers.ussd import MOST_INPUT, MOST_SO_FAR, NOBODY, Phase, Ussd, UssdTurn, typed
from gateway.carriers.ussd_kannel import FLOWS, SERVICE_OPS, read_meta, write_meta
from gateway.carriers.ussd_registry import USSD
from gateway.carriers.ussd_xml import MOST_BYTES, NotXml, read_xml
from gateway.carriers.wire import HookCall, HttpResponse
from tests.carriers.ussd_cases import CODE, EITHER, FIRST_ONLY, NO_SESSION, NUMBER, PHONES, form, get, posted, rpc

all_conventions = pytest.mark.parametrize("convention", USSD.values(), ids=USSD)
SCREEN = '1 Bao tin <&> mo\n2 "ADN" @£'


def test_every_convention_has_its_phone():
    assert set(PHONES) == set(USSD)


# --- a call ---


@all_conventions
def test_two_steps(convention: Ussd):
    """A first call, then an answer: whose, in which session, what was typed."""
    phone, name = PHONES[convention.NAME](), convention.NAME
    first, second = convention.parse_ussd(phone.dial()), convention.parse_ussd(phone.type("1"))
    assert isinstance(first, UssdTurn), first
    assert isinstance(second, UssdTurn), second
    assert first.phase is (Phase.EITHER if name in EITHER else Phase.NEW)
    assert second.phase in (Phase.ANSWER, Phase.EITHER)
    assert second.text == "1"
    assert first.session == second.session
    assert (first.session == "") == (name in NO_SESSION)
    assert first.msisdn.removeprefix("+") == NUMBER
    assert second.msisdn.removeprefix("+") == ("" if name in FIRST_ONLY else NUMBER)
    assert first.text == "" or first.phase is Phase.EITHER


@all_conventions
def test_a_repeat_reads_alike_and_its_mark_tells_it_from_the_next(convention: Ussd):
    phone = PHONES[convention.NAME]()
    phone.dial()
    call = phone.type("1")
    once, again, following = convention.parse_ussd(call), convention.parse_ussd(call), convention.parse_ussd(phone.type("1"))
    assert once == again
    if once.mark or once.cumulative:
        assert (once.mark, once.text) != (following.mark, following.text)


@all_conventions
def test_an_end_is_heard_and_answered_200_without_a_screen(convention: Ussd):
    phone = PHONES[convention.NAME]()
    phone.dial()
    if (call := phone.hang_up()) is None:
        return
    turn = convention.parse_ussd(call)
    assert isinstance(turn, UssdTurn), turn
    assert turn.phase is Phase.END
    answer = convention.answer_ussd(turn, "", go_on=False)
    assert answer.status == 200
    assert b"CON" not in answer.body


@all_conventions
@pytest.mark.parametrize("go_on", [True, False])
def test_the_handset_reads_the_screen_and_whether_it_goes_on(convention: Ussd, go_on: bool):
    phone = PHONES[convention.NAME]()
    turn = convention.parse_ussd(phone.dial())
    answer = convention.answer_ussd(turn, SCREEN, go_on)
    assert (answer.status, phone.read(answer)) == (200, (SCREEN, go_on))


@all_conventions
def test_a_call_that_cannot_be_read_still_gets_a_screen(convention: Ussd):
    assert isinstance(convention.parse_ussd(HookCall("POST", "/hooks/r/ussd")), Malformed)
    assert convention.answer_ussd(NOBODY, "Xin goi lai", go_on=False).status == 200


_FIELDS = st.sampled_from(re.findall(
    r"\w+",
    """sessionId phoneNumber text status SESSIONID MSISDN INPUT USSDCODE msisdn Type Message SessionId Mobile Sequence MSGTYPE USERDATA
    USERID newSession sessionID userData transactionId response ussdRequestString SessionID input clean opCode ABORT msg code tid page_id
    session_id data request ussdSessionId meta from cs coding""",
))  # fmt: skip
_VALUES = st.text(max_size=20) | st.sampled_from(
    [CODE, "1*2", "true", "false", "0", "BEG", "Initiation", "?smpp?ussd_service_op=%01", "\0\u202e"]
)
_JSON = st.dictionaries(_FIELDS, _VALUES | st.none() | st.booleans() | st.integers() | st.lists(st.integers(), max_size=2), max_size=8)
_BODIES = (
    st.binary(max_size=100)
    | _JSON.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(_FIELDS, _VALUES, max_size=6).map(
        lambda members: rpc("handleUSSD", {n: v.replace("<", "").replace("&", "") for n, v in members.items()}).body
    )
    | st.just(b"[" * 100_000)
)
_CALLS = st.builds(
    HookCall,
    st.sampled_from(["GET", "POST", "PUT"]),
    st.sampled_from(
        ["/hooks/r/ussd", "/hooks/r/ussd/session/1/start", "/hooks/r/ussd/session/%00/response", "/hooks/r/ussd/session/1/status"]
    ),
    st.binary(max_size=60)
    | st.dictionaries(_FIELDS, _VALUES, max_size=6).map(
        lambda fields: get({n: v.encode("utf-8", "replace") for n, v in fields.items()}).query
    ),
    st.dictionaries(st.sampled_from(["content-type", "host", "x-forwarded-proto"]), st.text(max_size=10)),
    _BODIES,
)


@all_conventions
@given(call=_CALLS)
def test_no_bytes_make_a_convention_raise(convention: Ussd, call: HookCall):
    turn = convention.parse_ussd(call)
    assert isinstance(turn, (UssdTurn, Malformed))
    if isinstance(turn, UssdTurn):
        assert isinstance(convention.answer_ussd(turn, SCREEN, go_on=True), HttpResponse)
        assert len(turn.text) <= (MOST_SO_FAR if turn.cumulative else MOST_INPUT)
        assert "\0" not in turn.text + turn.session + turn.msisdn
    else:
        assert len(turn.reason) < 100


@all_conventions
def test_no_repr_shows_a_number_or_words(convention: Ussd):
    phone = PHONES[convention.NAME]()
    phone.dial()
    assert NUMBER not in repr(convention.parse_ussd(phone.type("mo canh suoi")))
    assert "suoi" not in repr(convention.parse_ussd(phone.type("mo canh suoi")))


def test_what_a_person_can_have_typed():
    assert typed("mo\0 canh\u202e suối\t\x07 ") == "mo canh suối"
    assert len(typed("a" * 1_000_000)) == MOST_INPUT
    assert typed("ຂຸດຄົ້ນ") == "ຂຸດຄົ້ນ"  # Lao marks are letters of their own


# --- one of its own ---


def test_a_star_that_was_typed_stays_in_the_whole_input():
    turn = USSD["africastalking"].parse_ussd(form({"sessionId": "S", "phoneNumber": "+84300000011", "text": "1*7*canh suoi*2 mo"}))
    assert (turn.text, turn.cumulative, turn.phase) == ("1*7*canh suoi*2 mo", True, Phase.ANSWER)


@pytest.mark.parametrize(("code", "given", "text"), [
    ("*415*33#", "*415*33#", ""), ("*415*33#", "*415*33*1#", "1"), ("*415*33#", "*415*33*1*2 mo", "1*2 mo"),
    ("*415#", "*415*33*1#", "33*1")])  # fmt: skip
def test_advantas_input_begins_with_the_code(code: str, given: str, text: str):
    turn = USSD["advanta"].parse_ussd(get({"SESSIONID": "S", "MSISDN": NUMBER, "USSDCODE": code, "INPUT": given}))
    assert (turn.text, turn.phase) == (text, Phase.ANSWER if text else Phase.NEW)


def test_nalos_msgtype_means_first_on_its_way_to_us_and_go_on_on_its_way_back():
    nalo = USSD["nalo"]
    for is_first, go_on in ((True, True), (True, False), (False, True), (False, False)):
        turn = nalo.parse_ussd(posted({"USERID": "U", "MSISDN": NUMBER, "USERDATA": "1", "MSGTYPE": is_first, "SESSIONID": "S"}))
        assert turn.phase is (Phase.NEW if is_first else Phase.ANSWER)
        assert json.loads(nalo.answer_ussd(turn, "x", go_on).body)["MSGTYPE"] is go_on
    assert isinstance(nalo.parse_ussd(posted({"MSISDN": NUMBER, "SESSIONID": "S", "MSGTYPE": "maybe"})), Malformed)


@pytest.mark.parametrize("type_", ["Release", "Timeout", "release"])
def test_hubtel_ends_by_release_and_timeout(type_: str):
    turn = USSD["hubtel"].parse_ussd(posted({"Mobile": NUMBER, "SessionId": "S", "Type": type_, "Message": "", "Sequence": 3}))
    assert turn.phase is Phase.END
    assert json.loads(USSD["hubtel"].answer_ussd(turn, "", go_on=True).body)["Type"] == "Release"


def test_infobip_asks_whether_a_session_is_known():
    infobip = USSD["infobip"]
    turn = infobip.parse_ussd(HookCall("GET", "/hooks/r/ussd/session/S-1/status"))
    assert (turn.phase, turn.session) == (Phase.STATUS, "S-1")
    assert json.loads(infobip.answer_ussd(turn, "", go_on=True).body) == {
        "sessionActive": True,
        "responseExitCode": 200,
        "responseMessage": "",
    }


def test_infobips_answer_to_an_end_has_the_two_words_alone():
    turn = USSD["infobip"].parse_ussd(posted({"exitCode": 510, "reason": "timeout"}, "/hooks/r/ussd/session/S-1/end", "PUT"))
    assert json.loads(USSD["infobip"].answer_ussd(turn, "x", go_on=False).body) == {"responseExitCode": 200, "responseMessage": ""}


def test_a_pipe_sign_of_ours_shifts_no_field_of_cellulants():
    assert USSD["cellulant"].answer_ussd(NOBODY, "a|b", go_on=True).body == b"1|a/b|null|null|null|null"


@pytest.mark.parametrize(("code", "abort", "phase"), [
    ("BEG", "0", Phase.NEW), ("null", "0", Phase.ANSWER), ("ABO", "0", Phase.END),
    ("null", "1", Phase.END), ("BEG", "null", Phase.NEW)])  # fmt: skip
def test_cellulants_codes(code: str, abort: str, phase: Phase):
    turn = USSD["cellulant"].parse_ussd(get({"MSISDN": NUMBER, "sessionID": "S", "opCode": code, "INPUT": "1", "ABORT": abort}))
    assert turn.phase is phase


def test_mtech_takes_its_fields_as_a_page_too():
    body = b'<?xml version="1.0"?><page version="2.0"><session_id>S</session_id><page_id>indexX</page_id><data>2 mo</data></page>'
    turn = USSD["mtech"].parse_ussd(HookCall("POST", "/hooks/r/ussd", b"secret=x", {}, body))
    assert (turn.session, turn.phase, turn.text) == ("S", Phase.ANSWER, "2 mo")


def test_vodacoms_callback_holds_our_secret_and_nothing_of_the_person():
    call = get({"secret": "s&t", "request": "1", "msisdn": NUMBER, "ussdSessionId": "S"})
    answer = USSD["vodacom"].answer_ussd(USSD["vodacom"].parse_ussd(call), "x", go_on=True).body.decode()
    assert 'callback="http://gateway.example/hooks/r/ussd?secret=s%26t"' in answer
    assert NUMBER not in answer


def test_kannels_flows_use_values_of_the_standard():
    for flow in FLOWS:
        assert flow.go_on in SERVICE_OPS
        assert not flow.new & flow.answer
    assert {flow.name: (flow.go_on, flow.end) for flow in FLOWS} == {"usual": (2, 17), "mica": (2, 0x17), "6d": (2, 2)}


def test_kannels_meta_data_both_ways():
    tlvs = {"ussd_service_op": b"\x02", "its_session_info": b"\x12&"}
    assert read_meta(write_meta(tlvs)) == tlvs
    assert read_meta("?http?x=1") == {}


# --- XML from strangers ---

_LAUGHS = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>'


@pytest.mark.parametrize("body", [
    b"", b"blah", b"<a>", _LAUGHS, b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', b"<a>" * 100 + b"</a>" * 100,
    b"<a>" + b"<b/>" * 5_000 + b"</a>", b"<a>" + b"x" * MOST_BYTES + b"</a>",
    b'<?xml version="1.0" encoding="zlib"?><a/>', b"<a>&nbsp;</a>"])  # fmt: skip
def test_what_is_no_plain_document_is_refused(body: bytes):
    with pytest.raises(NotXml):
        read_xml(body)


def test_words_and_the_five_entities_are_read():
    root = read_xml("<a><b>mộ &lt;2&gt; &amp; bia</b><b>x</b></a>".encode())
    assert root.said("b") == "mộ <2> & bia"


def test_a_call_with_an_entity_is_malformed():
    body = rpc("handleUSSD", {"TransactionId": "S", "MSISDN": NUMBER}).body.replace(
        b"<?xml version='1.0'?>", b'<!DOCTYPE x [<!ENTITY a "b">]>'
    )
    assert isinstance(USSD["mtn-rwanda"].parse_ussd(HookCall("POST", "/", b"", {}, body)), Malformed)
