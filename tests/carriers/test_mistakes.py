"""The twenty likely mistakes and the signature vectors of the carriers' wire: which test holds each, and those that had none elsewhere.

The number of a row is that of the list we work by. A test that is renamed or deleted is missed here.
"""

import hashlib
import importlib
import json
from pathlib import Path
from urllib.parse import urlencode

import pytest

from gateway.carriers import africastalking, esms, kannel, speedsms, vonage, zalo
from gateway.carriers.protocol import Accepted, Malformed, Mo, Signing
from gateway.carriers.registry import CARRIERS
from gateway.carriers.wire import HookCall, HttpResponse
from gateway.domain.failure import Failure, Refused
from gateway.domain.secret import Secret
from gateway.web.hooks import Hook, is_authentic
from tests.carriers.carrier_cases import batch, says
from tests.carriers.more_cases import fpt_says, stringee_says, vcom_refuses, zns_says
from tests.carriers.more_fakes import soap_return
from tests.carriers.test_vietnam import esms_mo
from tests.carriers.vietnam_cases import (
    abenla_says,
    esms_says,
    incom_says,
    speedsms_says,
    vietguys_says,
    viettel_says,
    vmg_says,
    vnpt_says,
)
from tests.carriers.zalo_cases import error

HERE = "tests.carriers.test_mistakes"
MISTAKES = {
    1: ["tests.carriers.test_zalo:test_a_signature_covers_the_bytes_as_they_came"],
    2: ["tests.services.test_zalo_tokens:test_two_sends_with_an_expired_token_are_one_renewal"],
    3: ["tests.carriers.test_contract:test_acknowledgement_is_exact", f"{HERE}:test_jasmin_gets_its_word_for_what_we_ignore"],
    4: [f"{HERE}:test_kannel_sends_nobody_what_we_answer"],
    5: ["tests.carriers.test_vietnam:test_what_an_esms_report_says"],
    6: [f"{HERE}:test_taken_already_is_no_failure"],
    7: ["tests.carriers.test_vietnam:test_esms_signs_with_the_raw_digest",
        "tests.carriers.test_more:test_the_vector_of_vcoms_checksum_is_the_raw_digest"],
    8: [f"{HERE}:test_which_of_one_and_nought_is_the_yes"],
    9: ["tests.carriers.test_vietnam:test_viettel_marks_a_text_with_accents", "tests.carriers.fakes:viettel"],
    10: [f"{HERE}:test_vnpts_nought_in_any_form", "tests.carriers.fakes:vnpt"],
    11: ["tests.carriers.test_more:test_fpt_asks_for_a_token_with_the_session_it_sends_in", "tests.carriers.more_fakes:fpt"],
    12: ["tests.carriers.test_more:test_mobifone_trims_its_sid_and_has_a_page_for_accents",
         "tests.services.test_carrier_sessions:test_a_session_that_ended_is_renewed_once"],
    13: ["tests.carriers.test_ussd:test_two_steps", "tests.carriers.test_ussd:test_a_star_that_was_typed_stays_in_the_whole_input"],
    14: ["tests.carriers.test_ussd:test_nalos_msgtype_means_first_on_its_way_to_us_and_go_on_on_its_way_back"],
    15: ["tests.carriers.test_world:test_an_array_is_as_many_calls", f"{HERE}:test_every_entry_of_an_answer_is_read"],
    16: ["tests.carriers.test_world:test_twilios_own_vector", "tests.carriers.test_world:test_plivos_vector"],
    17: ["tests.carriers.test_world:test_smsgates_vector_and_its_age"],
    18: [f"{HERE}:test_a_success_of_speedsms_may_list_numbers_that_were_not_sent"],
    19: ["tests.carriers.test_world:test_pieces_of_a_long_vonage_text_can_be_joined",
         "tests.services.test_parts:test_parts_in_any_order_are_one_tip_with_one_reply"],
    20: ["tests.carriers.test_vietnam:test_a_plus_that_became_a_blank_is_restored", f"{HERE}:test_a_plus_of_a_number_survives_the_query"],
}  # fmt: skip
VECTORS = {  # each a piece of what a page or our own recomputation gave, and the test that checks it
    "dCJRxP5L6TRSS8/6x3Cscw==": "tests.carriers.test_vietnam:test_esms_signs_with_the_raw_digest",
    "UhMIRmcS25YZK1VDU4MhbeT3HxMAxY2mWKxZ/Aa7nZ8=": "tests.carriers.test_more:test_the_vector_of_vcoms_checksum_is_the_raw_digest",
    "9557a64ac66e71a90141d56cf153634f4e074774d000a7aede391381201770b8":
        "tests.carriers.test_zalo:test_a_signature_covers_the_bytes_as_they_came",
    "RSOYDt4T1cUTdK1PDd93/VVr8B8=": "tests.carriers.test_world:test_twilios_own_vector",
    "27f84f6a692712c247aae9c277e6bc2f188d313ca8b6a0d288bc8baa5b519a68": "tests.carriers.test_world:test_vonages_vector_and_its_age",
    "4d0e6c00f2cd66c824d6fc74bcf10baa": f"{HERE}:test_vonages_md5_is_known_and_not_taken",
    "5F+9/g3UlT6slW5m8zVc3WNVvFzC2t2ZSvxXRzB0zkI=": "tests.carriers.test_world:test_plivos_vector",
    "3772617c4c41a05bc7a4808c3833d4129ef847a530b3487bfe4f10844033fc68": "tests.carriers.test_world:test_smsgates_vector_and_its_age",
    "1a1dc91c907325c69271ddf0c944bc72": "tests.carriers.test_vietnam:test_abenla_signs_with_the_password_alone",
    "WGluIGNoYW8=": "tests.carriers.test_more:test_fpt_asks_for_a_token_with_the_session_it_sends_in",
}  # fmt: skip


@pytest.mark.parametrize("place", [place for places in MISTAKES.values() for place in places] + list(VECTORS.values()))
def test_the_test_is_there(place: str) -> None:
    module, _, name = place.partition(":")
    assert callable(getattr(importlib.import_module(module), name))


def test_every_mistake_has_its_test() -> None:
    assert sorted(MISTAKES) == list(range(1, 21))


@pytest.mark.parametrize("vector", VECTORS)
def test_the_vector_stands_in_its_tests_file(vector: str) -> None:
    module = importlib.import_module(VECTORS[vector].partition(":")[0])
    assert vector in Path(str(module.__file__)).read_text("utf-8")


# --- 3, 4: what we answer ---


def test_jasmin_gets_its_word_for_what_we_ignore() -> None:
    """Mistake 3: an unreadable report is acknowledged as a good one is."""
    jasmin = CARRIERS["jasmin"]
    assert isinstance(jasmin.parse_dlr(HookCall("POST", "/hooks/j/dlr", body=b"message_status=odd")), Malformed)
    assert jasmin.acknowledge("dlr").body == jasmin.acknowledge("mo").body == b"ACK/Jasmin"


def test_kannel_sends_nobody_what_we_answer() -> None:
    """Mistake 4: an empty 200, and a sample configuration that sends no English of Kannel's own."""
    assert (kannel.acknowledge("mo").status, kannel.acknowledge("mo").body) == (200, b"")
    page = (Path(__file__).parents[2] / "docs" / "carriers.md").read_text("utf-8")
    assert "omit-empty = true" in page
    assert 'reply-couldnotfetch = ""' in page


# --- 6, 8, 10, 15, 18: what an answer means ---


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("esms", esms_says("124")), ("esms-ads", esms_says("124")), ("esms-zns", esms_says("124")), ("vmg", vmg_says("304")),
        ("incom", incom_says("304")), ("incom", incom_says("399")), ("abenla", abenla_says(116)), ("smsgate", says(409, "{}")),
        ("vcom", vcom_refuses(104)),
    ],
)  # fmt: skip
def test_taken_already_is_no_failure(name: str, answer: HttpResponse) -> None:
    """Mistake 6: nothing to resend, nothing failed."""
    assert isinstance(CARRIERS[name].parse_send(answer, batch())[0], Accepted)


@pytest.mark.parametrize(
    ("name", "one", "nought", "yes"),
    [
        ("viettel", viettel_says(1, ""), viettel_says(0, ""), "one"),
        ("incom", incom_says(1), incom_says(0), "one"),
        ("classic-soap", says(200, soap_return("1")), says(200, soap_return("0")), "one"),
        ("vnpt", vnpt_says(1), vnpt_says(0), "nought"),
        ("vietguys", vietguys_says(1), vietguys_says(0), "nought"),
        ("stringee", stringee_says({"r": 1}), stringee_says({"r": 0}), "nought"),
        ("zalo", error(1), error(0), "nought"),
        ("zalo-zns", zns_says(1), zns_says(0), "nought"),
        ("esms", esms_says(1), esms_says(0), ""),
        ("vmg", vmg_says(1), vmg_says(0), ""),
        ("abenla", abenla_says(1), abenla_says(0), ""),
        ("speedsms", speedsms_says("1"), speedsms_says("0"), ""),
        ("fpt", fpt_says(1, ""), fpt_says(0, ""), ""),
        ("vcom", vcom_refuses(1), vcom_refuses(0), ""),
    ],
)
def test_which_of_one_and_nought_is_the_yes(name: str, one: HttpResponse, nought: HttpResponse, yes: str) -> None:
    """Mistake 8: Viettel's is the opposite of its neighbours'; for some neither is one."""
    is_yes = {
        word: isinstance(CARRIERS[name].parse_send(answer, batch())[0], Accepted) for word, answer in (("one", one), ("nought", nought))
    }
    assert is_yes == {"one": yes == "one", "nought": yes == "nought"}


@pytest.mark.parametrize("said", ["0", 0, " 0", "0 "])
def test_vnpts_nought_in_any_form(said: object) -> None:
    """Mistake 10."""
    assert CARRIERS["vnpt"].parse_send(vnpt_says(said), batch()) == (Accepted(),)


def test_every_entry_of_an_answer_is_read() -> None:
    """Mistake 15: a Vonage text in parts has an entry a part; one refused part is a refused text. No recipient at all is a refusal, too."""
    rows = [{"status": "0", "message-id": "m1"}, {"status": "9", "message-id": "m2"}]
    (found,) = vonage.parse_send(says(200, json.dumps({"message-count": "2", "messages": rows})), batch())
    assert isinstance(found, Refused)
    assert found.code == "9"
    empty = says(201, json.dumps({"SMSMessageData": {"Message": "InvalidSenderId", "Recipients": []}}))
    assert africastalking.parse_send(empty, batch(2)) == (Refused(Failure.MISCONFIGURED, "refused"),) * 2


def test_a_success_of_speedsms_may_list_numbers_that_were_not_sent() -> None:
    """Mistake 18."""
    assert speedsms.parse_send(speedsms_says("00", invalidPhone=["84300000001"]), batch()) == (Refused(Failure.PERMANENT, "invalid-phone"),)


# --- 16, 20, vectors: what is signed ---


def test_a_plus_of_a_number_survives_the_query() -> None:
    """Mistake 20: written as %2B it is a plus; written bare it is a blank, and the number is read all the same."""
    written = esms.parse_mo(esms_mo(sender="+84300000101"))
    bare = esms.parse_mo(HookCall("GET", "/hooks/e/mo", b"sender=+84300000101&content=x&smsid=S1"))
    assert isinstance(written, Mo)
    assert isinstance(bare, Mo)
    assert (written.sender, bare.sender) == ("+84300000101", "+84300000101")


def test_vonages_md5_is_known_and_not_taken() -> None:
    """The vector of the older method; a hash with the key at its end can be lengthened, so HMAC-SHA256 alone is taken."""
    signed = {"api_key": "k", "from": "AB", "text": "a&b=c", "timestamp": "1700000000", "to": "84901234567", "type": "text"}
    string = "&api_key=k&from=AB&text=a_b_c&timestamp=1700000000&to=84901234567&type=text"
    assert hashlib.md5(f"{string}sec".encode(), usedforsecurity=False).hexdigest() == "4d0e6c00f2cd66c824d6fc74bcf10baa"
    call = HookCall("GET", "/hooks/v/mo", urlencode(signed | {"sig": "4d0e6c00f2cd66c824d6fc74bcf10baa"}).encode())
    assert vonage.is_signed(call, Signing(Secret("sec"), "", 1_700_000_000_000)) is False


SIGNERS = [name for name, carrier in CARRIERS.items() if hasattr(carrier, "is_signed") and name != zalo.NAME]  # Zalo's: web/zalo.py


@pytest.mark.parametrize("name", SIGNERS)
@pytest.mark.parametrize("value", ["", "x", "é" * 40, "\udcff", "=" * 5_000])
def test_a_signature_of_nonsense_is_a_no(name: str, value: str) -> None:
    """Nor does it raise, whatever the bytes."""
    names = ("x-twilio-signature", "x-plivo-signature-v3", "x-signature", "x-zevent-signature", "x-timestamp", "x-plivo-signature-v3-nonce")
    headers = dict.fromkeys(names, value)
    hook = Hook("r", CARRIERS[name], Secret("in-the-path"), key=Secret("k"))
    for kind in ("mo", "dlr"):
        calls = [
            HookCall("POST", f"/hooks/r/{kind}", b"sig=x&sign=x", headers, body)
            for body in (b"", b"{}", b"[]", b'{"checksum":1}', b"\xff", b'{"event_name":"a","timestamp":"1700000000000"}')
        ]
        assert not any(is_authentic(hook, call, 1_700_000_000_000) for call in calls)
