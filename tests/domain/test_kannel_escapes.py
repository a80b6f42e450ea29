"""Kannel's escape codes, by the table of its user guide: "Parameters (Escape Codes)"."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.carriers.kannel import parse_mo
from gateway.carriers.protocol import Mo
from gateway.carriers.wire import HookCall
from gateway.domain.kannel_escapes import DELIVERED, Told, fill

AT = 1_795_000_000_000  # 2026-11-18 11:06:40 UTC
MO = Told("+84300000011", "8088", "DAK   foo a+b  *9*", AT, "77", "viettel", "crm")
DLR = Told("+84300000011", "8088", "NACK/busy line", AT, "AAAABBBB", "viettel", "crm", DELIVERED, "tel-42/x")

TABLE = [
    ("%k", "DAK"),  # the keyword, the first word
    ("%s", "foo"),  # the next word, beginning with the second
    ("%s,%s,%s,%s", "foo,a%2Bb,*9*,"),
    ("%S|%S|%S", "foo|a%2Bb|~9~"),  # "*" is "~"; Kannel would not encode it
    ("%r", "foo+a%2Bb+*9*"),  # words not yet used by %s
    ("%s-%r", "foo-a%2Bb+*9*"),
    ("%a", "DAK+foo+a%2Bb+*9*"),  # all words, blanks squeezed
    ("%b", "DAK+++foo+a%2Bb++*9*"),  # the text as it came
    ("%A", "DAK+++foo+a%2Bb++*9*"),
    ("%t", "2026-11-18+11:06:40"),
    ("%T", "1795000000"),
    ("%p", "%2B84300000011"),
    ("%P", "8088"),
    ("%q", "%2B84300000011"),
    ("%Q", "8088"),
    ("%i", "viettel"),
    ("%I", "77"),
    ("%d", "0"),
    ("%n", "crm"),
    ("%c%C", "0UTF-8"),
    ("%m%M", "-1-1"),
    ("%O", "00"),
    ("[%u%o%D%B%f%F%R%v%V]", "[]"),  # what we don't know is empty
    ("%#smpp#my_param#!", "!"),
    ("100%%", "100%"),
    ("a%20b%2Fc", "a%20b%2Fc"),  # no escape of Kannel's stands as it is
    ("%%A0", "%A0"),
    ("%", "%"),
    ("", ""),
    ("https://crm.example/mo?from=%p&x=%%20%k", "https://crm.example/mo?from=%2B84300000011&x=%20DAK"),
]


@pytest.mark.parametrize(("template", "filled"), TABLE)
def test_an_mo_by_the_table(template: str, filled: str) -> None:
    assert fill(template, MO) == filled


@pytest.mark.parametrize(
    ("template", "filled"), [("%d", "1"), ("%A", "NACK%2Fbusy+line"), ("%F", "tel-42%2Fx"), ("%I", "AAAABBBB"), ("%i/%n", "viettel/crm")]
)
def test_a_report(template: str, filled: str) -> None:
    assert fill(template, DLR) == filled


def test_two_leading_zeros_become_a_plus() -> None:
    """Of both ends, where %q and %Q ask for it."""
    told = replace(MO, handset="0084300000011", ours="008088")
    assert fill("%p %P %q %Q", told) == "0084300000011 008088 %2B84300000011 %2B8088"


def test_nothing_said() -> None:
    """An empty text has no words to give."""
    assert fill("[%k%s%S%r%a%b]", replace(MO, text="")) == "[]"


def test_our_own_reader_of_kannel_reads_it_back() -> None:
    """The get-url that we ask Kannel for, filled in by us."""
    query = fill("from=%q&to=%Q&text=%b&id=%I&ts=%T&coding=%c&cs=%C&udh=%u", replace(MO, text="Tin báo: mộ & bia 100%"))
    read = parse_mo(HookCall("GET", "/", query.encode()))
    assert isinstance(read, Mo)
    assert (read.sender, read.receiver, read.text, read.carrier_id, read.sent_at_ms) == (
        MO.handset, "8088", "Tin báo: mộ & bia 100%", "77", AT // 1000 * 1000,
    )  # fmt: skip


@given(st.text(), st.text())
def test_nobodys_words_change_a_url(text: str, number: str) -> None:
    """Whatever an informant writes, the URL keeps its shape and its other values."""
    told = replace(MO, text=text, handset=number)
    url = urlsplit(fill("https://crm.example/mo?w=%S&a=%a&b=%b&r=%r&p=%p&k=%k&end=1", told))
    assert (url.netloc, url.path, url.fragment) == ("crm.example", "/mo", "")
    assert list(parse_qs(url.query, keep_blank_values=True)) == ["w", "a", "b", "r", "p", "k", "end"]
    assert url.query.isascii()
    assert url.query.isprintable()
