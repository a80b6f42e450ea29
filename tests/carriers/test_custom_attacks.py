"""Descriptions that mean harm, or are copied from somewhere: refused with their line, or bounded; addresses of every shape."""

import json
import re
from pathlib import Path

import pytest

from gateway.carriers.custom import Custom, Find, template
from gateway.carriers.protocol import Account, Batch, Mt, Signing
from gateway.carriers.twilio import is_signed
from gateway.carriers.wire import HookCall, HttpResponse, NotSent
from gateway.custom_file import load_custom
from gateway.domain.msisdn import Msisdn
from gateway.domain.secret import Secret
from gateway.settings import BadSettings, load_settings
from gateway.transport import http_sender
from tests.carriers.carrier_cases import PASSWORD, batch
from tests.carriers.fakes import telco_of
from tests.carriers.signing import signed_call
from tests.carriers.test_custom import EXAMPLE, ROUTE, described
from tests.cpu import least_cpu_s
from tests.test_settings import SECRETS, SHIPPED

FILES = [
    "{% include '/etc/passwd' %}", "{% include text %}", "{% import 'os' as os %}", "{% from 'os' import path %}",
    "{% extends '/etc/passwd' %}", "{{ open('/etc/passwd').read() }}", "{{ include('/etc/passwd') }}", "{{ url.open() }}",
    "{% include ['/etc/passwd', 'x'] ignore missing %}",
]  # fmt: skip
OBJECTS = [
    "{{ ''.__class__ }}", "{{ text.__class__.__mro__[1].__subclasses__() }}", "{{ option.__class__ }}", "{{ option._options }}",
    "{{ mts[0].__dict__ }}", "{{ mts.__class__ }}", "{{ mts.append(1) }}", "{{ mts.clear() }}", "{{ digits.__init__.__globals__ }}",
    "{{ password.upper.__self__ }}", "{{ text['__class__'] }}", "{{ option['__class__'] }}", "{{ text | attr('__class__') }}",
    "{{ '{0.__class__}'.format(text) }}", "{{ text.format_map }}", "{{ text.format }}", "{{ mts | map('upper') | list }}", "{{ self }}",
    "{{ self.__init__ }}", "{{ cycler.__init__.__globals__ }}", "{{ lipsum.__globals__ }}", "{{ joiner }}", "{{ namespace() }}",
    "{{ dict() }}", "{{ caller() }}", "{{ varargs }}", "{{ super() }}", "{{ json(1) }}", "{% if false %}{{ secrets }}{% endif %}",
    "{{ _TemplateReference__context }}", "{% filter upper %}x{% endfilter %}", "{% call json() %}{% endcall %}",
    "{% block x %}{% endblock %}", "{{ mts[0]['__class__'] }}", "{% for mt in mts %}{{ loop.cycle }}{{ mt.__class__ }}{% endfor %}",
    "{% for mt in mts %}{{ loop(mts) }}{% endfor %}", "{{ text.encode('zlib') }}",
]  # fmt: skip
WORK = [
    "{% for a in range(10 ** 9) %}{% endfor %}", "{% for a in text * 100000000 %}{% endfor %}", "{% for a in 'xxxxxxxxxx' %}{% endfor %}",
    "{% for a in mts %}{% for b in mts %}{% endfor %}{% endfor %}", "{% for a in mts recursive %}{{ loop(mts) }}{% endfor %}",
    "{{ text * 10 ** 9 }}", "{{ 2 ** (2 ** (2 ** 30)) }}", "{{ 10 ** 10000000 }}", "{{ [0] * 10 ** 9 }}", "{{ 'a'.ljust(10 ** 9) }}",
    "{{ '%1000000000d' % 1 }}", "{{ '{:>1000000000}'.format(1) }}", "{{ 'x'.zfill(10 ** 9) }}", "{{ '\\t'.expandtabs(10 ** 9) }}",
    "{{ text.join(['a'] * 10 ** 8) }}", "{{ text.replace('', text) }}", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "{{ 1 / 0 }}",
    "{% set x = text %}{{ x ~ x }}", "{{ text | hex16 | hex16 | hex16 | hex16 }}", "{{ (((text | url | url) ~ 'a') | url) | url }}",
    "{{ text | url }}" * 61, "{{ " + "(" * 3_000 + "text" + ")" * 3_000 + " }}", "{{ " + " ~ ".join(["text"] * 5_000) + " }}",
    "{% if " + "not " * 2_500 + "text %}{% endif %}", "{{ text[::1] }}", "{{ text[0] }}", "{{ -segments }}", "{{ segments + 1 }}",
]  # fmt: skip
PATTERNS = [
    r"regex:(a)\\1", r"regex:(?=a)(b)", "regex:(?<=a)(b)", "regex:((a{1000}){1000})", "regex:(a)(b)", "regex:a", "regex:(",
    "regex:" + "(a?)" + "b?" * 400, "jmes:{a: @, b: @}", "jmes:a | {b: @} | {c: @}", "jmes:[a, b]", "jmes:map(&a, b)",
    "jmes:sort_by(a, &b)", "jmes:a." * 300 + "a", "jmes:$(ls)", "jmes:no_such(a)[", "xpath:/a", "file:/etc/passwd", "regex", "jmes",
    "field:",
]  # fmt: skip


def faults_of(folder: Path, text: str) -> tuple:
    (folder / "vi-du.toml").write_text(text, "utf-8")
    carrier, faults = load_custom(folder / "vi-du.toml")
    assert carrier is None
    return faults


def _named(folder: Path, text: str, key: str, line: int) -> None:
    fault = next(fault for fault in faults_of(folder, text) if fault.field == key)
    assert (fault.line, bool(fault.remedy)) == (line, True)
    assert len(fault.text) < 400
    assert "\n" not in fault.text


@pytest.mark.parametrize("attack", [*FILES, *OBJECTS, *WORK], ids=lambda text: text[:40])
def test_a_template_that_asks_for_more_than_values_is_refused_by_its_line(tmp_path: Path, attack: str) -> None:
    for key, before in (("body", "body = '''"), ("url", 'url = "{{ url }}')):
        line = EXAMPLE[: EXAMPLE.index(f"\n{before}") + 1].count("\n") + 1
        value = attack if key == "body" else json.dumps("{{ url }}" + attack)[1:-1]
        _named(tmp_path, EXAMPLE.replace(before, before + value, 1), f"send.{key}", line)


@pytest.mark.parametrize("attack", [FILES[0], OBJECTS[0], WORK[5]])
def test_so_are_headers_and_what_is_signed(tmp_path: Path, attack: str) -> None:
    for before, key in (("Bearer ", "send.headers.Authorization"), ("{{ stamp }}.", "signature.over")):
        assert key in [fault.field for fault in faults_of(tmp_path, EXAMPLE.replace(before, before + attack, 1))]


@pytest.mark.parametrize("attack", PATTERNS, ids=lambda text: text[:30])
def test_a_way_to_a_value_that_may_take_for_ever_is_refused_by_its_line(tmp_path: Path, attack: str) -> None:
    before = '"jmes:status.code"'
    line = EXAMPLE[: EXAMPLE.index(before)].count("\n") + 1
    _named(tmp_path, EXAMPLE.replace(before, f'"{attack}"', 1), "answer.code", line)


@pytest.mark.parametrize(
    "pattern", [r"(a+)+$", r"(a|aa)*b", r"(?:a*)*(b)", r".*.*.*.*(=)", r"(x+x+)+y", r"\s*\s*\s*\s*(z)", r"^(([a-z])+.)+[A-Z]([a-z])+$"]
)
def test_a_pattern_that_others_choke_on_costs_little(pattern: str) -> None:
    """65,536 characters that nearly fit."""
    if pattern.count("(") - pattern.count("(?") != 1:
        pattern = "(" + re.sub(r"\((?!\?)", "(?:", pattern) + ")"
    find = Find.read(f"regex:{pattern}", "k")
    bodies = [letter * 65_536 for letter in ("a", "x", " ", "aA")]
    assert least_cpu_s(lambda: [find.what.search(body) for body in bodies], rounds=2) < 10


def test_a_path_over_a_great_answer_costs_little() -> None:
    find = Find.read("jmes:" + "a" + "[*][]" * 40, "k")
    tree: object = [1] * 500
    for _ in range(3):
        tree = [tree]
    assert least_cpu_s(lambda: find.what.search({"a": tree}), rounds=2) < 5


def test_what_descriptions_need_is_there() -> None:
    for text in (
        "{% for mt in mts %}{{ mt.digits }}{% if not loop.last %},{% endif %}{% endfor %}", "{{ mts[0].local }}",
        "{{ option.contract | url }}", "{{ text | base64 | url }}", "{{ 'a' if alphabet == 'ucs2' else 'b' }}",
        "{{ username ~ ':' ~ password }}", "{{ dlr_url | default('-') | json }}",
        "{% if segments > 1 and sender != '' %}x{% elif ref %}y{% else %}z{% endif %}", "{# a note #}{% raw %}{{ x }}{% endraw %}",
        "{{ (username ~ password) | sha256 }}", "{{ alphabet in 'ucs2' }}",
    ):  # fmt: skip
        assert template(text, "k").render is not None


def test_a_loop_over_a_thousand_recipients_is_cut_off_where_it_is_too_long(tmp_path: Path) -> None:
    text = EXAMPLE.replace("body = '''", "max_batch = 1000\nbody = '''{% for mt in mts %}{{ text | hex16 | hex16 | hex16 }}{% endfor %}", 1)
    carrier = described(tmp_path, text)
    mts = Batch("B", tuple(Mt(at, f"R{at}", Msisdn(f"+8430000{at:04}"), "mộ" * 400, 12) for at in range(1000)))
    account = Account("v", "http://127.0.0.1:1", "u", Secret("p"), "8088", options={"contract": "7"})

    def build() -> None:
        with pytest.raises(ValueError, match="too long"):
            carrier.build_send(account, mts)

    assert least_cpu_s(build, rounds=2) < 2


def test_a_text_is_never_a_template(tmp_path: Path) -> None:
    carrier = described(tmp_path)
    account = Account("v", "http://127.0.0.1:1", "{{ password }}", Secret(PASSWORD), "{{ 7 * 7 }}", options={"contract": "{{ password }}"})
    for attack in (*FILES, *OBJECTS, *WORK[:20]):
        request = carrier.build_send(account, batch(text=attack))
        assert json.loads(request.body)["text"] == attack
        assert PASSWORD not in request.url


@pytest.mark.parametrize("ending", ["\r\nX-Evil: 1", "\nX-Evil: 1", "\r", "\x00", "\x85", "\u2028"])
async def test_an_option_cannot_begin_another_header(tmp_path: Path, ending: str) -> None:
    """Nor another request: what no line can hold is not sent."""
    carrier = described(tmp_path, EXAMPLE.replace("{{ option.contract | url }}", "{{ option.contract }}"))
    async with telco_of("esms", HttpResponse(200, {}, b"{}")) as it, http_sender(5) as send:
        account = Account("v", it.url, "u", Secret("t" + ending), "8088", options={"contract": "7" + ending})
        try:
            await send(carrier.build_send(account, batch()))
        except NotSent:
            assert it.seen == []
        assert not any("X-Evil" in each.headers for each in it.seen)


# --- addresses ---


@pytest.mark.parametrize(
    ("url", "path"),
    [("", "/v2/7/messages"), ("/", "//v2/7/messages"), ("/api/sms", "/api/sms/v2/7/messages"), ("/a%2Fb", "/a%2Fb/v2/7/messages")],
)
async def test_an_address_with_a_path_is_called_as_it_is_written(tmp_path: Path, url: str, path: str) -> None:
    carrier = described(tmp_path)
    async with telco_of("esms", HttpResponse(200, {}, b'{"status":{"code":0}}')) as it, http_sender(5) as send:
        account = Account("v", it.url.removesuffix("/send") + url, "u", Secret("t"), "8088", options={"contract": "7"})
        await send(carrier.build_send(account, batch()))
    assert [each.url for each in it.seen] == [path]


BAD = [
    "sms.vi-du.example", "//sms.vi-du.example", "ftp://sms.vi-du.example", "file:///etc/passwd", "https://", "https:///x",
    "https://u:p@sms.vi-du.example", "https://u@sms.vi-du.example", "https://sms.vi-du.example:99999", "https://sms.vi-du.example:0",
    "https://sms.vi-du.example:x", "https://[::1", "https://sms.vi-du.example/a b", "https://sms.vi-du.example/#a",
    "https://sms.vi-du.example/\\r\\nX: 1", "", "javascript:alert(1)", "http+unix://x/y",
]  # fmt: skip


@pytest.mark.parametrize("url", BAD)
def test_an_address_that_is_none_is_named_by_its_line(tmp_path: Path, url: str) -> None:
    described(tmp_path)
    text = SHIPPED[: SHIPPED.index("[[routes]]")] + ROUTE.replace("https://sms.vi-du.example", url, 1)
    (tmp_path / "gateway.toml").write_text(text, "utf-8")
    with pytest.raises(BadSettings) as caught:
        load_settings(tmp_path, SECRETS | {"VIDU_TOKEN": "t", "VIDU_KEY": "k", "VIDU_HOOK": "h"})
    fault = next(fault for fault in caught.value.faults if fault.field == "routes.1.url")
    assert fault.line == text[: text.index("\nurl =") + 1].count("\n") + 1
    assert "p@" not in str(caught.value)


@pytest.mark.parametrize("url", [each.replace("\\r\\n", "\r\n") for each in BAD])
async def test_an_address_that_is_none_sends_nothing(tmp_path: Path, url: str) -> None:
    """The second lock: whoever made the settings."""
    carrier: Custom = described(tmp_path)
    async with http_sender(0.5) as send:
        with pytest.raises(NotSent) as why:
            await send(
                carrier.build_send(Account("v", url, "u", Secret(PASSWORD), "8", options={"contract": "7"}), batch())._replace(url=url)
            )
    assert PASSWORD not in str(why.value)
    assert "u:p" not in str(why.value)


@pytest.mark.parametrize("url", [*BAD, "https://tinbao.example.vn/?x=1", "https://tinbao.example.vn?"])
def test_a_base_url_that_is_none_is_named(tmp_path: Path, url: str) -> None:
    (tmp_path / "gateway.toml").write_text(
        re.sub(r'(?m)^base_url = ".*"', f'base_url = "{url}"'.replace("\\", r"\\"), SHIPPED, count=1), "utf-8"
    )
    with pytest.raises(BadSettings) as caught:
        load_settings(tmp_path, SECRETS)
    assert "service.base_url" in [fault.field for fault in caught.value.faults]


def test_a_base_url_with_a_path_is_part_of_what_is_signed() -> None:
    """Behind a proxy that takes the path away again."""
    for base in ("https://xa.example.vn/tinbao", "https://xa.example.vn/tinbao/"):
        call = signed_call("twilio", {"From": "+84300000011", "Body": "LS"}, "k", "https://xa.example.vn/tinbao/hooks/t/mo")
        seen = HookCall(call.method, "/hooks/t/mo", call.query, call.headers, call.body)
        assert is_signed(seen, Signing(Secret("k"), base, 0)) is True
