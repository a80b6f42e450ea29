"""Operators by prefix: the table of carriers.md §6.2."""

import re

import pytest

from gateway.domain.msisdn import Msisdn
from gateway.domain.operator import Operator, claimed_twice, table_of
from gateway.operator_file import shipped_operators

TABLE = shipped_operators()
MOBILE = re.compile(r"\+84(3[2-9]|5[25689]|7[06-9]|8[1-9]|9[0-46-9])\d{7}")  # what may follow +84 (carriers.md §6.2)


@pytest.mark.parametrize(
    ("prefix", "operator"),
    [
        ("032", "Viettel"), ("039", "Viettel"), ("086", "Viettel"), ("098", "Viettel"),
        ("081", "VinaPhone"), ("088", "VinaPhone"), ("094", "VinaPhone"),
        ("070", "MobiFone"), ("077", "MobiFone"), ("089", "MobiFone"), ("093", "MobiFone"),
        ("052", "Vietnamobile"), ("092", "Vietnamobile"), ("059", "Gmobile"), ("0993", "Gmobile"),
        ("087", "iTel"), ("055", "Wintel"), ("0777", "VNSKY"), ("0775", "FPT"), ("0776", "MobiFone"),
        ("030", ""), ("095", ""), ("0990", ""), ("024", ""),
    ],
)  # fmt: skip
def test_the_longest_prefix_decides(prefix, operator):
    """030 and 095 are given to nobody, 024 is Hà Nội's landlines."""
    assert TABLE.of(Msisdn("+84" + prefix[1:].ljust(9, "0"))) == operator


@pytest.mark.parametrize("e164", ["+8562055500000", "+84203555000", "+8432000000", "+843200000000", "+33320000000"])
def test_other_numbers_have_none(e164):
    """Laos, a landline of the province, too short, too long, another country."""
    assert TABLE.of(Msisdn(e164)) == ""


def test_the_table_is_that_of_the_mobile_numbers():
    """Each beginning that a mobile number may have has an operator, except 0990 to 0992, and no other has one."""
    for number in range(10_000):
        msisdn = Msisdn(f"+84{number:04}00000")
        mobile = MOBILE.fullmatch(msisdn.e164) is not None and number // 10 not in (990, 991, 992)
        assert bool(TABLE.of(msisdn)) is mobile, number


@pytest.mark.parametrize(
    ("code", "operator"),
    [("45204", "Viettel"), ("452-02", "VinaPhone"), ("452 01", "MobiFone"), ("45205", "Vietnamobile"), ("45499", ""), ("", ""), ("x", "")],
)
def test_what_a_networks_number_says(code, operator):
    assert TABLE.of_network(code) == operator


def test_who_has_no_network_is_carried_by_another():
    """A route to VinaPhone reaches iTel's numbers."""
    assert TABLE.carried_by("iTel") == ("iTel", "VinaPhone")
    assert TABLE.carried_by("Viettel") == ("Viettel",)
    assert TABLE.carried_by("") == ()


def test_what_two_claim_is_named():
    one, other = Operator("A", ("032",), ("45204",), ("a a",)), Operator("B", ("032", "033"), ("45204",), ("A",))
    assert claimed_twice([one, other]) == [(1, "032"), (1, "45204"), (1, "a")]
    assert claimed_twice([one]) == []
    assert table_of([one, other]).read("a") == "A"  # its own name wins over another's word


@pytest.mark.parametrize(
    ("written", "operator"),
    [
        ("VIETTEL", "Viettel"), ("vt", "Viettel"), ("VTL", "Viettel"), ("GPC", "VinaPhone"), ("VN", "VinaPhone"),
        ("vinaphone", "VinaPhone"), ("VMS", "MobiFone"), (" MB ", "MobiFone"), ("HT", "Vietnamobile"), ("VM", "Vietnamobile"),
        ("GTEL", "Gmobile"),
        ("Itelecom", "iTel"), ("Reddi", "Wintel"), ("FPT  Retail", "FPT"), ("", ""), ("AT&T", ""),
    ],
)  # fmt: skip
def test_what_carriers_write_for_an_operator(written, operator):
    """VN is VinaPhone, not Vietnamobile."""
    assert TABLE.read(written) == operator
