"""The choice of a route: never one that can't, always the same, the cheapest of equals, and a reason for each of the others."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.cost import Prices
from gateway.domain.routing import Errand, Needs, Way, chosen
from gateway.domain.segments import Alphabet

NUMBER = "+84300000101"
ERRAND = Errand(NUMBER, ("Viettel",), Alphabet.GSM7, 1)
A, B = Way("a"), Way("b")

prices = st.builds(Prices, st.sampled_from([0, 300, 350]), st.dictionaries(st.sampled_from(["Viettel", "MobiFone"]), st.just(250)))
names_of = st.lists(st.sampled_from(["Viettel", "VinaPhone", "MobiFone"]), max_size=2).map(tuple)
way = st.builds(
    Way,
    name=st.text("abcdef", min_size=1, max_size=6),
    addresses=st.sampled_from(["+", "+", "zalo:"]),
    prefixes=st.sampled_from([(), ("+84",), ("+8430", "+8496"), ("+856",)]),
    priority=st.sampled_from([10, 100, 200]),
    operators=names_of,
    best_for=names_of,
    prices=prices,
    unicode=st.booleans(),
    long=st.booleans(),
    shows=st.sampled_from(["", "8088", "UBNDXA"]),
    mo=st.booleans(),
    rehearsal=st.booleans(),
    standing=st.sampled_from(["open", "open", "paused", "held"]),
)
ways = st.lists(way, max_size=6, unique_by=lambda each: each.name)
errands = st.builds(
    Errand,
    address=st.sampled_from([NUMBER, "+8562055500000", "zalo:7"]),
    operators=st.sampled_from([(), ("Viettel",), ("iTel", "VinaPhone")]),
    alphabet=st.sampled_from(Alphabet),
    segments=st.integers(1, 3),
    needs=st.builds(Needs, st.booleans(), st.booleans()),
)


def could(each: Way, errand: Errand, all_of: list[Way]) -> bool:
    """The law in other words than the code's."""
    return (
        errand.address.startswith(each.addresses)
        and (each.prefixes == () or any(errand.address.startswith(prefix) for prefix in each.prefixes))
        and (each.operators == () or any(name in each.operators for name in errand.operators))
        and (each.unicode or errand.alphabet is Alphabet.GSM7)
        and (each.long or errand.segments == 1)
        and (each.shows == "UBNDXA" or not errand.needs.name)
        and (each.mo or not errand.needs.mo)
        and (not each.rehearsal or all(other.rehearsal for other in all_of))
    )


@given(ways, errands)
def test_what_can_not_carry_it_is_never_taken(some, errand):
    """And one is taken wherever one can."""
    name, tried = chosen(some, errand)
    able = {each.name for each in some if could(each, errand, some)}
    assert (name in able) if able else name is None
    assert {each.name for each in tried if each.possible} == able


@given(ways, errands)
def test_every_route_has_its_place_and_all_but_one_a_reason(some, errand):
    name, tried = chosen(some, errand)
    assert sorted(each.name for each in tried) == sorted(each.name for each in some)
    assert [each.name for each in tried if not each.why] == ([name] if name else [])
    assert [each.possible for each in tried] == sorted((each.possible for each in tried), reverse=True)
    assert chosen(some, errand) == (name, tried)


@given(ways, errands, st.randoms())
def test_the_order_of_the_file_decides_between_equals_alone(some, errand, chance):
    """Shuffled, another is taken only where nothing else tells the two apart."""
    shuffled = chance.sample(some, len(some))
    one, other = (next((each for each in some if each.name == chosen(which, errand)[0]), None) for which in (some, shuffled))
    assert (one is None) is (other is None)
    if one and other:
        assert (one.priority, one.standing, one.prices.of(errand.operators)) == (
            other.priority,
            other.standing,
            other.prices.of(errand.operators),
        )


@given(ways, errands)
def test_of_equals_the_cheapest_is_taken(some, errand):
    equal = [replace(each, priority=100, best_for=(), standing="open") for each in some]
    name, _ = chosen(equal, errand)
    able = [each.prices.of(errand.operators) for each in equal if could(each, errand, equal)]
    assert not able or next(each for each in equal if each.name == name).prices.of(errand.operators) == min(able)


@given(ways, errands)
def test_what_waits_is_taken_only_where_nothing_goes(some, errand):
    name, _ = chosen(some, errand)
    took = next((each for each in some if each.name == name), None)
    open_ones = [each for each in some if could(each, errand, some) and each.standing == "open"]
    assert not open_ones or (took is not None and took.standing == "open")


@pytest.mark.parametrize(
    ("other", "errand", "why"),
    [
        (Way("b", addresses="zalo:"), ERRAND, "its carrier knows no such addresses"),
        (Way("b", rehearsal=True), ERRAND, "it leads to no subscriber"),
        (Way("b", prefixes=("+8496", "+8497")), ERRAND, "its prefixes are +8496, +8497"),
        (Way("b", operators=("MobiFone", "FPT")), ERRAND, "it reaches MobiFone, FPT only"),
        (Way("b", operators=("MobiFone",)), replace(ERRAND, operators=()), "it reaches MobiFone only"),
        (Way("b", unicode=False), replace(ERRAND, alphabet=Alphabet.UCS2), "it takes no accents"),
        (Way("b", long=False), replace(ERRAND, segments=3), "it takes one segment, the text has 3"),
        (Way("b", shows="8088"), replace(ERRAND, needs=Needs(name=True)), "it shows a number, not a name"),
        (Way("b", mo=False), replace(ERRAND, needs=Needs(mo=True)), "answers to it reach nobody"),
        (Way("b", standing="held", why="http-401"), ERRAND, "it is held (http-401)"),
        (Way("b", standing="paused"), ERRAND, "it is paused"),
        (Way("b", priority=101), ERRAND, "its priority is 101, not 100"),
        (Way("b", prices=Prices(350)), ERRAND, "a segment costs 350 đ, not 0 đ"),
        (B, ERRAND, "a stands before it in the file"),
    ],
)  # fmt: skip
def test_each_reason_is_said(other, errand, why):
    """`other` stands first in the file but for the last, and is not taken all the same."""
    usual = replace(A, shows="UBNDXA")
    some = [usual, other] if other is B else [other, usual]
    name, tried = chosen(some, errand)
    assert name == "a"
    assert [each.why for each in tried if each.name == "b"] == [why]


def test_best_for_an_operator_and_closer_prefixes():
    best = replace(A, best_for=("VinaPhone",), prices=Prices(350))
    carried = replace(ERRAND, operators=("iTel", "VinaPhone"))
    assert chosen([B, best], carried)[0] == "a"
    assert chosen([B, best], carried)[1][1].why == "a is best for iTel"
    close = replace(A, prefixes=("+84300", "+84"))
    assert chosen([B, close], ERRAND)[1][1].why == "the prefixes of a are closer"


def test_a_rehearsal_is_taken_where_there_is_nothing_else():
    """So a demonstration and the training room need no setting."""
    assert chosen([replace(A, rehearsal=True)], ERRAND)[0] == "a"
    assert chosen([replace(A, rehearsal=True), replace(B, prefixes=("+856",))], ERRAND)[0] is None


def test_nothing_is_taken_of_nothing():
    assert chosen([], ERRAND) == (None, ())


@pytest.mark.parametrize(
    ("tariff", "carried_by", "price"),
    [
        (Prices(300, {"Viettel": 250}), ("Viettel",), 250),
        (Prices(300, {"VinaPhone": 400}), ("iTel", "VinaPhone"), 400),
        (Prices(300, {"iTel": 500, "VinaPhone": 400}), ("iTel", "VinaPhone"), 500),
        (Prices(300, {"Viettel": 250}), ("MobiFone",), 300),
        (Prices(300, {"Viettel": 250}), (), 300),
        (Prices(0, {"Viettel": 250, "MobiFone": 400}), (), 400),
        (Prices(300, {"Viettel": 0}), ("Viettel",), 0),
        (Prices(), ("Viettel",), 0),
    ],
)  # fmt: skip
def test_what_a_segment_costs(tariff, carried_by, price):
    """By the operator, else by the network that carries it, else the usual; without a usual one the worst is thought of the unknown."""
    assert tariff.of(carried_by) == price
    assert price <= tariff.worst
