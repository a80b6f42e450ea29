"""Texts with fields: words and fields go through, programs don't; what is said of a wrong one names language, line and remedy."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from gateway.carriers.protocol import Account
from gateway.carriers.registry import CARRIERS
from gateway.domain.pace import Pace
from gateway.domain.secret import Secret
from gateway.domain.text_field import Field, FieldKind
from gateway.services.routes import Route
from gateway.services.texts import (
    LONGEST,
    LONGEST_PARAMETERS,
    BadText,
    faults_of,
    fields_of,
    filled,
    is_accented,
    language_for,
    render,
    rules_of,
    typed_fields,
)
from tests.cpu import least_cpu_s


def parameters(**fields: object) -> str:
    return json.dumps(fields, ensure_ascii=False)


# -- rendering -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("Chao", "Chao"),
        ("{{ ten }}", "Nà Lải"),
        ("100% {{ ten }} %s", "100% Nà Lải %s"),  # no sign of the pattern below shows through
        ("{{ ten|khong_dau }}, {{ ten|khong_dau|upper }}", "Na Lai, NA LAI"),
        ("{{ rong }}{{ ten|upper|lower }}.", "nà lải."),  # from left to right
        ("{{ rong|default('ba con', true) }}", "ba con"),
        ("{% if rong %}co{% else %}khong{% endif %}", "khong"),
        ("{% if ten == 'Nà Lải' and not rong %}dung{% endif %}", "dung"),
        ("{{ ten if ten else 'x' }}", "Nà Lải"),
        ("{{ so }} mo", "3 mo"),
        ("{{ bay }}", "{{ ten }}"),  # a value is no template
        ("{# note #}a{% raw %}{{ b }}{% endraw %}\n", "a{{ b }}"),
    ],
)
def test_render(template: str, text: str) -> None:
    assert render(template, parameters(ten="Nà Lải", rong="", so=3, bay="{{ ten }}")) == text


def test_accents_meet_across_the_edge_of_a_field() -> None:
    """The whole is composed, not only its parts."""
    assert render("xa{{ dau }} {{ ten }}", parameters(dau="\u0303", ten=unicodedata.normalize("NFD", "Nà Lải"))) == "xã Nà Lải"


@pytest.mark.parametrize("template", ["Chao {{ ten }}", "Chao {{ ten|upper }}", "Chao {{ ten }} {{ ho }}", "{% if ten %}a{% endif %}"])
def test_a_missing_field_is_an_error_not_an_empty_place(template: str) -> None:
    """Strict, on each way a text is compiled."""
    with pytest.raises(
        BadText, match=r"^the text can't be filled in: 'ten' is undefined; leave it out of the text or give each person one$"
    ):
        render(template, parameters(ho="Vi"))


@pytest.mark.parametrize("broken", ["", "[]", "{", "null", "[" * 15_000])
def test_fields_that_are_no_object(broken: str) -> None:
    with pytest.raises(BadText, match="no JSON object"):
        render("Chao {{ ten }}", broken)


def test_a_text_is_bounded() -> None:
    """Neither the fields of one person nor what is made of them can fill the memory."""
    with pytest.raises(BadText, match=f"over {LONGEST_PARAMETERS} characters"):
        render("{{ a }}", parameters(a="x" * LONGEST_PARAMETERS))
    with pytest.raises(BadText, match="the text has 10000 characters when filled in; shorten it or its fields to 4000"):
        render("{{ a }}{{ a }}", parameters(a="x" * 5_000))
    with pytest.raises(BadText, match="line 1: the text has 4001 characters; shorten it to 4000"):
        fields_of("x" * (LONGEST + 1))


_PIECES = st.one_of(
    st.text(alphabet="ab %s}ộ\u0301\n", max_size=8),
    st.sampled_from(["{{ a }}", "{{b}}", "{ x", "{{ c|upper }}", "{{ a|trim|lower }}", "{% if a %}x{% endif %}"]),
)


@given(st.lists(_PIECES, max_size=8), st.fixed_dictionaries({"a": st.text(max_size=9), "b": st.text(max_size=9), "c": st.integers()}))
def test_the_quick_way_and_jinja_agree(pieces: list[str], values: dict[str, object]) -> None:
    """A pattern is a Jinja2 template rendered faster, and nothing else."""
    template = "x".join(pieces)
    theirs = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False).from_string(template).render(values)
    assert filled(template, values) == unicodedata.normalize("NFC", theirs)


# -- what a text may hold ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("", "the text is empty; write what people are to read"),
        ("Chao {{ thon", "line 1: the text can't be read: unexpected end of template"),
        ("Chao\n{% if ten %}", "line 2: the text can't be read: Unexpected end of template"),
        ("{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}", "line 1: the text repeats something"),
        ("{{ range(3) }}", "line 1: the text calls something"),
        ("{{ ''.__class__ }}", "line 1: the text asks for a part of a field"),
        ("a\nb\n{{ ten['x'] }}", "line 3: the text asks for a part of a field"),
        ("{{ ten * 100000000 }}", "line 1: the text calculates"),
        ("{{ 9 ** 9 ** 9 }}", "line 1: the text calculates"),
        ("{{ -ten }}", "line 1: the text calculates"),
        ("{% set a = 1 %}", "line 1: the text sets a name"),
        ("{% macro a() %}{% endmacro %}", "line 1: the text makes a macro"),
        ("{% include 'a' %}", "line 1: the text asks for another file"),
        ("{% import 'a' as b %}", "line 1: the text asks for another file"),
        ("{% extends 'a' %}", "line 1: the text asks for another file"),
        ("{% block a %}{% endblock %}", "line 1: the text holds more than words and fields"),
        ("{% filter upper %}a{% endfilter %}", "line 1: the text holds more than words and fields"),
        ("{{ [ten] }}", "line 1: the text holds more than words and fields"),
        ("{{ ten is defined }}", "line 1: the text asks what a field is"),
        ("{{ ten|center(4000000000) }}", "line 1: there is no filter center; these there are: khong_dau, upper"),
        ("{{ ten|truncate(so) }}", "line 1: the text holds more than words and fields"),
        ("{% if so == 3 %}a{% endif %}", "line 1: a field can be compared with a text only; write {% if field == \"text\" %}"),
        ("{% if so > 'a' %}a{% endif %}", "line 1: a field can be compared with a text only"),
        ("{{ " + "(" * 1500 + "a" + ")" * 1500 + " }}", "line 1: the text is nested too deeply"),
        ("{% if a %}" * 150 + "{% endif %}" * 150, "line 1: the text is nested too deeply"),
    ],
)  # fmt: skip
def test_programs_are_refused(template: str, said: str) -> None:
    """When planned, and again when rendered: each by its line and with a remedy."""
    with pytest.raises(BadText) as planned:
        fields_of(template)
    assert str(planned.value).startswith(said)
    assert "; " in str(planned.value)
    if template:
        with pytest.raises(BadText, match=r"^line "):
            render(template, parameters(ten="x", so="3", a="1"))


@given(st.text(alphabet="{}%|a.()[]'if endforlu\n", max_size=60) | st.text(max_size=40))
def test_any_text_is_read_or_refused(template: str) -> None:
    """Nothing else is raised, and what is read can be rendered."""
    try:
        names = fields_of(template)
    except BadText:
        return
    assert isinstance(filled(template, dict.fromkeys(names, "x")), str)


def test_fields_of() -> None:
    assert fields_of("{{ a }}{% if b == 'x' %}{{ c|khong_dau }}{% endif %}") == {"a", "b", "c"}


def test_all_faults_of_all_languages_at_once() -> None:
    """By language, line and remedy; a field named twice is one fault."""
    texts = {
        "vi": "Chao {{ tho }}\n{{ tuoi_tac }} {{ tuoi_tac }}",
        "en": "Hello\n{{ ten.first }} {% for a in b %}{% endfor %}",
        "lo": " ",
        "fr": "{{ ten }}",
    }
    assert [str(fault) for fault in faults_of(texts, ("thon", "ten"))] == [
        "text vi:1: tho: The text names {{ tho }}, which nobody has. Did you mean {{ thon }}?",
        "text vi:2: tuoi_tac: The text names {{ tuoi_tac }}, which nobody has. It may name: ten, thon",
        "text en:2: The text asks for a part of a field. A text may hold words, {{ field }} and {% if field %}…{% endif %}",
        "text en:2: The text repeats something. A text may hold words, {{ field }} and {% if field %}…{% endif %}",
        "text lo: The text is empty. Write what people are to read",
    ]


def test_typed_fields_of_a_list() -> None:
    """What the texts name and the list has, as declared; optional where every text that prints it has a way without."""
    texts = {
        "vi": "{{ ten }} {{ tien }} {{ thon }} {% if ghi_chu %}{{ ghi_chu }}{% endif %} {{ moi|default('x') }} {{ a if a == 'b' else '' }}",
        "en": "{% if ten %}{{ ten }}{% endif %} {{ ghi_chu|default('-', true) }}",
    }
    columns = ("ten", "tien", "ghi_chu", "moi", "a", "never_named")
    assert typed_fields(texts, columns, [Field("tien", FieldKind.MONEY)]) == (
        Field("ten"),
        Field("tien", FieldKind.MONEY),
        Field("ghi_chu", optional=True),
        Field("moi", optional=True),
        Field("a", optional=True),
    )


@pytest.mark.parametrize(
    ("texts", "language", "chosen"),
    [
        (("vi", "en"), "en", "en"),
        (("vi", "en"), "EN_us", "en"),
        (("vi", "en"), "lo", "vi"),
        (("vi", "en"), None, "vi"),
        (("en", "lo"), "vi", "en"),
    ],
)
def test_language_for(texts: tuple[str, ...], language: str | None, chosen: str) -> None:
    assert language_for(texts, language) == chosen


def test_is_accented() -> None:
    """The words decide, not what a field brings."""
    assert is_accented("Kính gửi {{ ten }}")
    assert not is_accented("Kinh gui {{ ten }}{% if ộ %}{% endif %}")


@pytest.mark.parametrize("carrier", CARRIERS)
def test_rules_of_a_route(carrier: str) -> None:
    module = CARRIERS[carrier]
    route = Route("r", module, Account("r", "http://127.0.0.1:9", "u", Secret("p"), "8088"), Pace(0), (), 1, "hold", 0, True)
    assert rules_of(route).unicode is module.CAPABILITIES.unicode


def test_rendering_is_quick() -> None:
    """Called for each MT late in the dispatcher; the bound is several times what it takes."""
    template = "UBND {{ xa|khong_dau }} kinh gui {{ ten }}: soan LS {{ ma_thon }} noi dung gui {{ dau_so }}. Khong tu y dao boi."
    rows = [parameters(xa="xã Thống Nhất", ten=f"Vi Thị Ví Dụ {at}", ma_thon="TN07", dau_so="8088") for at in range(5_000)]
    assert least_cpu_s(lambda: [render(template, row) for row in rows]) / len(rows) < 60e-6
