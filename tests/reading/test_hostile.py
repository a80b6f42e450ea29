"""No text, in any encoding, makes the reader raise or do more than a bounded number of steps.

Steps are lines run and calls made, counted by the interpreter, so a slow machine changes nothing. What the counter can't see, the work
inside a regular expression, is held by its shape: no repeat within a repeat.
"""

import ast
import inspect
import itertools
import pkgutil
import re
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from re import _constants as sre  # the only way to see a compiled pattern's shape
from re import _parser as sre_parser
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gateway.reading
from gateway.deployment import load_deployment
from gateway.domain.keyword import Kind
from gateway.reading import gazetteer_of, place_names_of, read
from gateway.reading.numbered import join, missing, numbered
from gateway.reading.repair import repair
from gateway.reading.words import LOOKED_AT
from tests.cpu import uncollected
from tests.reading import spoilers
from tests.reading.ordinary import ORDINARY

DEPLOYMENT = load_deployment(Path(__file__).parents[2] / "config" / "thong-nhat")
PLACES = gazetteer_of(DEPLOYMENT)
NAMES = place_names_of(DEPLOYMENT)
CHANNELS = ("sms", "ussd", "qr_web", "web", "zalo", "")


def reading(text, channel="sms"):
    return read(text, channel, PLACES, DEPLOYMENT.keywords.aliases, names=NAMES)


def everything(text):
    """All that is ever done to the words of a text."""
    reading(text)
    numbered(text)
    join([text, text])
    missing([text])


# --- steps ---

MOST_STEPS = 10_000  # for any text; measured: 5,000 for one of forty characters
MOST_STEPS_A_CHARACTER = 500  # measured: 250 for nothing but village names, or for one old font throughout


def steps(work: Callable[[str], object], text: str) -> int:
    """Lines and calls (C functions too) that `work` takes over `text`."""
    count = 0

    def line(*_: object) -> Callable[..., object]:
        nonlocal count
        count += 1
        return line

    def call(*_: object) -> None:
        nonlocal count
        count += 1

    tracer, profiler = sys.gettrace(), sys.getprofile()
    sys.settrace(line)
    sys.setprofile(call)
    try:
        work(text)
    finally:
        sys.settrace(tracer)
        sys.setprofile(profiler)
    return count


@pytest.fixture(autouse=True, scope="module")
def _tables_are_made():
    """What is made once (syllables, spellings, projections) is no step of a text."""
    for text in ("mooj lieetj six", "Mé liÖt sÜ ë ®Çu b¶n", "LS TN07 mo o 21.68041, 106.82405 X=2009718 Y=520963 YD 185 527", *ORDINARY):
        everything(text)


# --- texts ---

_MARKS = "".join(map(chr, range(0x300, 0x370)))
_RTL = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_ODD = (
    "\0\x01\x1b\x7f\x85\xa0\xad\u200b\u200d\u2028\u2029\ufeff\ufffd\ufffe\uffff\U000e0001\U0010ffff\ufdfa\u0130\u1e9e\u0345\u0e49\u0ec9"
    "\U0001f1fb\U0001f468"
)
_EVERYTHING = st.text(st.characters(codec=None))  # all planes, lone surrogates too
_SURROGATES = st.binary(max_size=200).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
_MISREAD = st.sampled_from(["cp1252", "latin-1", "utf-16-le", "utf-16-be", "cp1258", "utf-7", "koi8-r"])
_DECODED = st.builds(lambda raw, charset: raw.decode(charset, "replace"), st.binary(max_size=200), _MISREAD)
_PILED = st.builds(
    lambda base, marks, n: base + marks * n,
    st.sampled_from("aođ ") | st.characters(),
    st.text(_MARKS, min_size=1, max_size=5),
    st.integers(1, 2_000),
)
_SIGNS = st.text(_RTL + _ODD + " .?LS07", max_size=60)
_EMOJI = st.text(st.sampled_from("🙏😀👨‍👩‍👧🇻🇳❤️🏽"), max_size=60)
_TYPED = """
    LS TN07 TN 7 adn hoi tt tc dk huy mo liet si 48Q YD 185527 21° 41' 12" N E X= Y= https://maps.google.com/?q= 17/2/79 c5 d9 e888
    0300000012 84 +84 (1/2) phan 2: tiep: con nua ( ) [ ] / . , ; : - ? ! % 1 99999999999999999999
"""
_WORDS = st.lists(st.sampled_from(_TYPED.split()), max_size=60).map(" ".join)
_SPOILED = st.builds(
    lambda encode, text: encode(text),
    st.sampled_from([spoilers.tcvn3, spoilers.vni, spoilers.viqr, spoilers.telex, spoilers.vni_keys, spoilers.mojibake]),
    st.sampled_from([text for text in ORDINARY if not text.isascii()]),
)
_SHORT = st.one_of(_EVERYTHING, _SURROGATES, _DECODED, _PILED, _SIGNS, _EMOJI, _WORDS, _SPOILED)
HOSTILE = st.one_of(
    _SHORT,
    st.lists(_SHORT, min_size=2, max_size=6).map("".join),
    st.builds(
        lambda unit, size: (unit * (size // max(len(unit), 1) + 1))[:size], _SHORT, st.sampled_from([500, LOOKED_AT - 1, LOOKED_AT, 20_000])
    ),
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(HOSTILE, st.sampled_from(CHANNELS))
def test_no_text_makes_the_reader_raise(text, channel):
    found = reading(text, channel)
    assert isinstance(found.kind, Kind)
    assert found.village is None or found.village in DEPLOYMENT.villages
    assert not (found.village and found.village_candidates)
    assert 0 <= found.confidence <= 1


@settings(max_examples=200, deadline=None)
@given(st.lists(HOSTILE, max_size=4))
def test_no_text_makes_joining_raise(texts):
    join(texts)
    missing(texts)
    for text in texts:
        found = numbered(text)
        assert found is None or len(found.rest) <= 2 * len(text) + 1


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(HOSTILE)
def test_steps_are_bounded_by_the_length(text):
    looked_at = min(len(text), LOOKED_AT)
    assert steps(reading, text) <= MOST_STEPS + MOST_STEPS_A_CHARACTER * looked_at
    assert steps(repair, text) <= 1_000 + 100 * looked_at


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "LS ",
        "\0",
        "🙏",
        "\u0301",
        "\u0345\u0301\u0323",
        "\udcad",
        "\u202e",
        "\ufdfa",
        "ậ",
        "Ã¡Â»",
        "mo^. ",
        "aaw",
        "1",
        "1 ",
        "(",
        "<b>",
        "&#x1ec7;",
    ],
)
def test_a_megabyte_costs_what_4000_characters_cost(unit):
    """1 MB of anything."""
    most = steps(reading, (unit * LOOKED_AT)[:LOOKED_AT])
    assert steps(reading, unit * (1_000_000 // len(unit))) <= 1.05 * most + 500


@pytest.mark.parametrize("unit", ["\u0301\u0323", "\u0345\u0301\u0323\u0334", "(1/2) a\u0323", " (", "1/2 ", "con nua "])
def test_joining_a_megabyte_takes_no_hours(unit):
    """The whole of a text is kept, so this one looks at more than 4,000 characters; marks are the trap."""
    text = "(1/2) a" + unit * (1_000_000 // len(unit))
    start = time.process_time()
    join([text, text])
    assert time.process_time() - start < 20
    short, long = (steps(numbered, text[:size]) for size in (25_000, 100_000))
    assert long <= 4.4 * short + 3_000


def _repeated() -> Iterator[str]:
    """Every keyword, alias, village and sort of value: what the reader looks for is what makes it work most."""
    for keyword, aliases in DEPLOYMENT.keywords.aliases.items():
        yield from (f"{each} " for each in (keyword.value, *aliases))
    yield from (f"{village.name} " for village in list(DEPLOYMENT.villages.values())[:6])
    yield from ("0I0I0I0I1 ", "01010101 ", "l0l0l0l ", "TN07A1O ", "7K3M9P ")  # codes whose every character looks like another
    yield from ("TN07 ", "tn 7 ", "LSTN07", "lstn", "c5 d9 e888 ", "c5/", "a1b2", "17/2/79 ", "thang 2 nam 79 ", "mung 5 tet ky mui ")
    yield from (
        "0300000012 ",
        "0300 000 012 ",
        "0",
        "0 ",
        "84",
        "+84 ",
        "21.68041, 106.82405 ",
        "21°41'12\"N ",
        "48Q 718955 1852703 ",
        "YD 185 527 ",
    )
    yield from ("X=2009718 Y=520963 ", "https://maps.google.com/?q=21.7,106.8 ", "%2C", "q=", "@21.7,", "18688796 ", "105 30 ", "105°30' ")
    yield from (
        "mo liet si ",
        "3 ngoi mo ",
        "hai cot ",
        "xuong ",
        "gap bom ",
        "dung nhan tin ",
        "hy sinh 1979 ",
        "nguyen van vi du ",
        "Nguyen Van ",
    )
    yield from (
        "que ",
        "xa Huong Do ",
        "huyen ",
        "Quang Tri ",
        "Nguyễn Văn Ví Dụ ",
        "dai doi ",
        "cha ",
        "em trai ",
        "nhat ky ",
        "sinh nam 1950 ",
    )
    yield from (
        "(1/2) ",
        "phan 2: ",
        "tiep: ",
        "con nua ",
        "? ",
        ". ",
        ", ",
        "\n",
        " ",
        "-",
        "/",
        "a/",
        "a.",
        "()",
        "\"'",
        "ຂ້ອຍ",
        "the grave ",
        "A",
        "Ab ",
        "ab",
    )
    yield from (
        spoilers.tcvn3("đồng đội "),
        spoilers.vni("đồng đội "),
        spoilers.viqr("đồng đội "),
        spoilers.telex("đồng đội "),
        spoilers.vni_keys("đồng đội "),
    )
    yield from (spoilers.mojibake("đồng đội "), "á»", "Ã ", "Ä", "a\u0301\u0323", "\u0323\u0301", "d9", "o^'", "aa", "w", "oo", "a(")


@pytest.mark.parametrize("unit", dict.fromkeys(_repeated()))
def test_steps_grow_no_faster_than_the_text(unit):
    short, long = (steps(everything, (unit * LOOKED_AT)[:size]) for size in (LOOKED_AT // 8, LOOKED_AT // 2))
    assert long <= 4.4 * short + 20_000  # where the cut falls, half a word may be dearer than a whole one
    assert long <= 2 * (MOST_STEPS + MOST_STEPS_A_CHARACTER * LOOKED_AT // 2)


# --- regular expressions ---


@cache
def patterns() -> dict[str, re.Pattern[str]]:
    """Every pattern of gateway.reading by where it stands: those of the modules, also in tables, and those that functions spell out."""
    found: dict[str, re.Pattern[str]] = {}
    for module in pkgutil.iter_modules(gateway.reading.__path__, "gateway.reading."):
        found |= {f"{module.name}:{line}": re.compile(spelt) for line, spelt in _spelt_out(import_module(module.name))}
        for name, value in vars(import_module(module.name)).items():
            found |= {f"{module.name}.{name}{place}": pattern for place, pattern in _patterns_in(value)}
    return found


def _spelt_out(module: ModuleType) -> Iterator[tuple[int, str]]:
    """(line, pattern) of every call of re in a function."""
    for call, _ in _regex_calls(module):
        if isinstance(call.args[0], ast.Constant):
            yield call.lineno, str(call.args[0].value)


def _regex_calls(module: ModuleType) -> Iterator[tuple[ast.Call, str]]:
    """(call, name of the function that makes it)."""
    for function in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(function, ast.FunctionDef):
            calls = (node for node in ast.walk(function) if isinstance(node, ast.Call) and node.args)
            yield from ((call, function.name) for call in calls if re.fullmatch(r"re\.(?!escape)[a-z]+", ast.unparse(call.func)))


def _patterns_in(value: object) -> Iterator[tuple[str, re.Pattern[str]]]:
    if isinstance(value, re.Pattern):
        yield "", value
    elif isinstance(value, dict):
        yield from ((f"[{key!r}]{place}", pattern) for key, each in value.items() for place, pattern in _patterns_in(each))
    elif isinstance(value, (tuple, list)):
        yield from ((f"[{i}]{place}", pattern) for i, each in enumerate(value) for place, pattern in _patterns_in(each))


_REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)


def nested(parsed, within: int = 1) -> bool:
    """True if a repeat stands within a repeat. `within`: how often the repeats round it go round at most.

    What is optional ("?") is no repeat, and may stand inside one that goes round ten times at most. A fixed number is none either.
    """
    for op, argument in parsed:
        inside = within
        if op in _REPEATS:
            least, most, _ = argument
            if within > 1 and least != most and (most > 1 or within > 10):
                return True
            inside = max(within, int(most))
        if any(nested(each, inside) for each in _subpatterns(argument)):
            return True
    return False


def _subpatterns(argument) -> Iterator[sre_parser.SubPattern]:
    if isinstance(argument, sre_parser.SubPattern):
        yield argument
    elif isinstance(argument, (tuple, list)):
        for each in argument:
            yield from _subpatterns(each)


def test_there_are_patterns():
    assert len(patterns()) > 10


@pytest.mark.parametrize("name", patterns())
def test_no_repeat_within_a_repeat(name):
    assert not nested(sre_parser.parse(patterns()[name].pattern, patterns()[name].flags))


@pytest.mark.parametrize(
    "bad",
    ["(a+)+", "(?:a|b+)*c", "(a*b)*", "(?:a?){99}", "(?:a?)*", "(?:x(?:ab?)+)?", "((a{1,2}){1,9})", "(?=(a+)+)", "(?:a+?)*", "(?i:(a*)*)"],
)
def test_the_walk_sees_nested_ones(bad):
    assert nested(sre_parser.parse(bad))


@pytest.mark.parametrize(
    "good", ["a+b*", "(?:a+b)?", "[ab]{2,4}", "(?:ab){2,4}", "(?:\\d{2}:)+", "a?b?c?", "(?: ?a){8,10}", "(?:(?!x)a){0,7}"]
)
def test_and_no_others(good):
    assert not nested(sre_parser.parse(good))


def test_every_pattern_is_seen():
    """A pattern put together inside a function would escape the walk; only the maker of phrase tables does that, at import."""
    for module in pkgutil.iter_modules(gateway.reading.__path__, "gateway.reading."):
        for call, function in _regex_calls(import_module(module.name)):
            literal = isinstance(call.args[0], ast.Constant)
            assert literal or function == "phrases", (
                f"{module.name}:{call.lineno}: {function}() makes a pattern; make it at the module's top"
            )


_RUNS = ("a", "A", "0", " ", ".", "-", "/", "a ", "0 ", "0.", "0/", "a.", "Aa ", "\u0301", "(", "mo ", "ngay 1/2/", "21.7, ", "21°41'")


@pytest.mark.parametrize("name", patterns())
def test_no_pattern_takes_long(name):
    """The most a pattern does over 4,000 characters of one sort: far below what a backtracking one would take."""
    pattern = patterns()[name]
    for run, end in itertools.product(_RUNS, ("", "!")):
        text = (run * LOOKED_AT)[: LOOKED_AT - 1] + end
        with uncollected():
            start = time.process_time()
            for _ in pattern.finditer(text):
                pass
            assert time.process_time() - start < 1
