"""Smaller codes beside the main one: what they say, how large they must be, how far apart they stand."""

from dataclasses import replace

import pytest

from collateral import payload
from collateral.batch import lay_out
from collateral.display import Code, Page
from collateral.layout.order import Order, checked
from collateral.qr import symbols
from collateral.refusal import Refused
from gateway.domain.msisdn import Msisdn
from tests.collateral.conftest import ticket, with_campaign, with_village

ZALO = "https://zalo.me/4318000000000000000"


def order_of(shop, *, zalo: str = ZALO, lang: str = "vi", **piece: object) -> Order:
    """An order of TN01's leaflet, whose smaller codes are scanned from 22 cm."""
    order, _ = lay_out(with_campaign(shop, zalo=zalo), ticket("leaflet-a5"))
    words = replace(order.words, fields={**order.words.fields, "short_code": order.words.fields["short_code"] if lang == "vi" else ""})
    copy = replace(order.copy, lang=lang)
    return replace(order, piece=replace(order.piece, **{"small_scan_m": 0.22, **piece}), words=words, copy=copy)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (payload.sms("8088", "LS TN01 "), "SMSTO:8088:LS TN01"),
        (payload.sms("+84 300 000 088", "ls tn01"), "SMSTO:+84300000088:LS TN01"),
        (payload.call("0300 000 101"), "TEL:0300000101"),
        (payload.call("+856 20 99 999 999"), "TEL:+8562099999999"),
        (payload.zalo(ZALO), "HTTPS://ZALO.ME/4318000000000000000"),
        (payload.zalo("https://zalo.me/tinBao"), "HTTPS://ZALO.ME/tinBao"),  # a path may not be case-blind
    ],
)
def test_what_codes_say(said, wanted):
    assert said == wanted


@pytest.mark.parametrize("number", ["*8088#", "UBND", ""])
def test_ussd_and_words_are_never_a_code(number):
    with pytest.raises(ValueError, match="can't be dialled"):
        payload.call(number)


def test_smaller_codes_text_call_and_open_zalo(shop):
    assert order_of(shop).small_payloads == {
        "sms": "SMSTO:8088:LS TN01",
        "call": "TEL:0300000101",
        "zalo": "HTTPS://ZALO.ME/4318000000000000000",
    }


def test_abroad_they_dial_and_text_numbers_that_work_there(shop):
    assert order_of(shop, zalo="", lang="lo").small_payloads == {"sms": "SMSTO:+84300000088:LS TN01", "call": "TEL:+84300000101"}


def test_nobody_to_call_is_no_code_to_call(shop):
    order = order_of(with_village(with_campaign(shop, hotline=Msisdn("+84300000100")), contact=None))
    assert order.small_payloads["call"] == "TEL:0300000100"


def test_they_share_one_version(shop):
    """Else equal squares would hold unequal modules: alone the call would be a version smaller than Zalo's address."""
    order = order_of(shop)
    assert {order.small_code(role, 10, 10, 30).symbol.version for role in order.small_payloads} == {2}
    assert order_of(shop, zalo="").small_code("call", 10, 10, 30).symbol.version == 1


def test_they_have_a_distance_of_their_own(shop):
    order = order_of(shop)
    assert order.small_code("sms", 10, 10, 33 * 0.88).module_mm == pytest.approx(0.88)
    with pytest.raises(Refused, match=r"leaves modules of 0\.87 mm, scanning from 0\.22 m needs 0\.88"):
        order.small_code("sms", 10, 10, 33 * 0.87)


def test_a_piece_without_such_a_distance_has_none(shop):
    with pytest.raises(Refused, match="Write small_scan_m"):
        order_of(shop, small_scan_m=0.0).small_code("sms", 10, 10, 40)


def test_an_address_too_long_is_refused_by_its_name(shop):
    with pytest.raises(Refused, match=r"zalo: HTTPS://ZALO\.ME/x.*Shorten the address in campaign\.toml"):
        order_of(shop, zalo="https://zalo.me/" + "x" * 60).small_code("sms", 10, 10, 40)


def code(x: float, y: float, module_mm: float = 1.0) -> Code:
    return Code(x, y, module_mm, symbols(("TEL:0300000101",), 1)[0], "call")


@pytest.mark.parametrize(("x", "y"), [(29 + 8, 10), (10, 29 + 8), (29 + 8, 29 + 8)])
def test_codes_eight_modules_apart_are_fine(shop, x, y):
    piece = replace(shop.pieces["leaflet-a5"], safe=0)
    assert checked([Page(148, 210, (code(0, 0), code(x, y)))], piece, "TN01")


@pytest.mark.parametrize(
    ("codes", "why"),
    [
        ((code(0, 0), code(36.9, 0)), "stand 7.9 modules apart"),
        ((code(0, 0), code(37, 0, 2.0)), "stand 4.0 modules apart"),  # the larger module counts
        (tuple(code(0, 45 * n) for n in range(4)), "4 codes stand on one side"),
    ],
)
def test_codes_too_near_or_too_many_are_refused(shop, codes, why):
    piece = replace(shop.pieces["leaflet-a5"], safe=0)
    with pytest.raises(Refused, match=why):
        checked([Page(148, 210, codes)], piece, "TN01")
