"""The docs are held to the code: what they list is what there is, and what there is they list."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest
import typer
from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from gateway.carriers import kannel
from gateway.carriers.protocol import Mo, asks_balance
from gateway.carriers.quality import QUALITY, Facts, Mark
from gateway.carriers.registry import CARRIERS
from gateway.carriers.wire import HookCall
from gateway.deployment import load_deployment, shipped_deployment
from gateway.domain.failure import Failure
from gateway.domain.keyword import Keyword, Kind
from gateway.domain.message import DlrStatus, MtState
from gateway.domain.pace import Pace
from gateway.domain.ramp import RampVerdict
from gateway.domain.wave import WaveState
from gateway.settings import AccountSettings, DeskSettings, RouteSettings, ServiceSettings, ZaloSettings
from gateway.storage.schema import metadata
from gateway.storage.seal import Sealed

ROOT: Final = Path(__file__).parent.parent
DOCS: Final = ROOT / "docs"
PAGES: Final = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md")))
_LINK: Final = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_PATH: Final = re.compile(r"`((?:gateway|collateral|templates|tests|docs|config)/[\w./-]+)`")
_OURS: Final = re.compile(r"\bADR (\d{4}(?:, \d{4})*)\b")


def text_of(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def block(page: str, mark: str) -> str:
    """What stands between `<!-- mark -->` and `<!-- end -->`."""
    found = re.search(rf"^<!-- {mark} -->\n(.*?)^<!-- end -->", page, re.MULTILINE | re.DOTALL)
    assert found, f"there is no block {mark}"
    return found[1]


def rows(table: str) -> list[list[str]]:
    """The cells of a table's rows, its head left out."""
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def section(page: str, head: str) -> str:
    """What stands under the heading `head`, up to the next heading."""
    found = re.search(rf"^#+ {re.escape(head)}\n(.*?)(?=^#|\Z)", page, re.MULTILINE | re.DOTALL)
    assert found, f"there is no heading {head}"
    return found[1]


# --- links and paths ---


def _anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    for link in _LINK.findall(page.read_text("utf-8")):
        if "://" in link:
            continue
        target, _, anchor = link.partition("#")
        there = (page.parent / target).resolve() if target else page
        assert there.exists(), f"{page.name}: {link}"
        assert not anchor or anchor in _anchors(there), f"{page.name}: {link}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_named_files_exist(page):
    assert [path for path in _PATH.findall(page.read_text("utf-8")) if not (ROOT / path).exists()] == []


def test_every_page_is_reached_from_the_readme():
    linked = {(page.parent / link.partition("#")[0]).resolve() for page in PAGES for link in _LINK.findall(page.read_text("utf-8"))}
    assert [page.name for page in DOCS.glob("*.md") if page not in linked] == []


# --- README ---


def test_the_readme_shows_both_commands():
    """They exist, and the first screen also has one picture."""
    first_screen = text_of("README.md").partition("\n## ")[0]
    targets = re.findall(r"^(\w+):", text_of("Makefile"), re.MULTILINE)
    for command in ("demo", "test"):
        assert f"make {command}" in first_screen
        assert command in targets
    assert first_screen.count("![") == 1
    assert "invented" in first_screen


def test_named_make_targets_exist():
    targets = set(re.findall(r"^([\w.]+):", text_of("Makefile"), re.MULTILINE))
    named = {name for page in PAGES for name in re.findall(r"`make (\w+)`", page.read_text("utf-8"))}
    assert named <= targets


# --- commands ---


@cache
def commands() -> Mapping[str, Any]:
    """Every command and group of `tinbao` by its words, "" the whole. Any: typer keeps a click of its own."""
    from gateway.cli import command

    def walk(node: Any, words: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        yield " ".join(words), node
        for name, inner in getattr(node, "commands", {}).items():
            yield from walk(inner, (*words, name))

    return dict(walk(typer.main.get_command(command()), ()))


def test_every_command_has_help():
    assert [name for name, node in commands().items() if not (node.help or "").strip()] == []


def test_every_option_has_help():
    bare = [
        f"{name} {parameter.name}"
        for name, node in commands().items()
        for parameter in node.params
        if parameter.name != "help" and not (getattr(parameter, "help", None) or "").strip()
    ]
    assert bare == []


def test_the_readme_lists_every_command():
    """Its first column: `group command`, `another`, …"""
    listed = set()
    for cells in rows(section(text_of("README.md"), "What one can do")):
        first, *others = re.findall(r"`([^`]+)`", cells[0])
        words = [word for word in first.split()[1:] if not word.isupper()]
        listed |= {" ".join(words), *(" ".join((*words[:-1], other)) for other in others)}
    assert listed == {name for name, node in commands().items() if not getattr(node, "commands", {})}


# --- carriers ---


def carriers_table() -> str:
    """What docs/carriers.md must say of CAPABILITIES."""
    head = ("carrier", "recipients a request", "knows a repeat", "can be asked by", "UCS-2", "DLR", "MO", "a lost answer means")
    lines = [head, ("---",) * len(head)]
    for name, carrier in CARRIERS.items():
        can = carrier.CAPABILITIES
        repeat = f"{can.dedupe_window_s} s" if can.dedupe_window_s else "no"
        yes = tuple("yes" if each else "no" for each in (can.unicode, can.dlr, can.mo))
        lines.append((name, str(can.max_batch), repeat, f"`{can.status_by}`", *yes, f"`{can.lost_means}`"))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def codes_table() -> str:
    """What docs/carriers.md must say of CODES."""
    lines = [("carrier", "its word", "ours"), ("---",) * 3]
    for name, carrier in CARRIERS.items():
        lines += [(name, f"`{code}`", f"`{failure.value}`" if failure else "taken") for code, failure in carrier.CODES.items()]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def quality_table() -> str:
    """What docs/carriers.md must say of how sure we are."""
    lines = ["| carrier | facts | proved |", "| --- | --- | --- |", *(f"| {name} | {said} |" for name, said in sorted(QUALITY.items()))]
    return "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize(("mark", "table"), [("carriers", carriers_table), ("codes", codes_table), ("quality", quality_table)])
def test_carriers_are_as_the_modules_say(mark, table):
    """Put what the test expects between the marks."""
    assert block(text_of("docs/carriers.md"), mark) == table()


def test_every_carrier_says_how_sure_we_are():
    assert set(QUALITY) == set(CARRIERS)
    assert {cells[0] for cells in rows(section(text_of("docs/carriers.md"), "How sure we are"))} == set(CARRIERS)


def test_a_mark_is_no_better_than_the_module():
    """Silver has reports; what rests on memory is bronze, and only what has no real carrier behind it has no mark."""
    for name, quality in QUALITY.items():
        assert quality.mark not in (Mark.SILVER, Mark.GOLD) or CARRIERS[name].CAPABILITIES.dlr, name
        assert quality.facts is not Facts.MEMORY or quality.mark is Mark.BRONZE, name
        assert (quality.mark is Mark.NONE) is (name == "simulator")


def test_every_carrier_that_can_be_asked_for_its_balance_is_listed():
    listed = [cells[0] for cells in rows(block(text_of("docs/carriers.md"), "asked"))]
    assert listed == sorted(name for name, carrier in CARRIERS.items() if asks_balance(carrier))


def test_every_failure_is_explained():
    page = section(text_of("docs/carriers.md"), "What its codes mean").partition("<!--")[0]
    assert {cells[0].strip("`") for cells in rows(page)} == {failure.value for failure in Failure}


def test_the_get_url_of_the_page_is_read():
    """Kannel fills the line of the page in; our own parser reads the call."""
    found = re.search(r'^get-url = "http://[^/]+/hooks/ROUTE/mo\?(.+)"$', text_of("docs/carriers.md"), re.MULTILINE)
    assert found
    values = {"q": "+84300000101", "Q": "8088", "b": "LS TN07 mộ", "I": "a1", "T": "1785000000", "c": "0", "C": "UTF-8", "u": ""}
    query = re.sub("%(.)", lambda sign: quote(values[sign[1]], safe=""), found[1])
    read = kannel.parse_mo(HookCall("GET", "/hooks/ROUTE/mo", query.encode()))
    assert read == Mo("a1", "+84300000101", "8088", "LS TN07 mộ", 1_785_000_000_000)


def test_the_routes_of_the_page_are_routes():
    """Its TOML is one that the settings take."""
    found = re.search(r"```toml\n(.*?)```", text_of("docs/carriers.md"), re.DOTALL)
    assert found
    assert [RouteSettings.model_validate(route).carrier for route in tomllib.loads(found[1])["routes"]] == ["kannel"]


# --- settings ---

MODELS: Final = {
    "`[service]`": ServiceSettings,
    "`[desk]`": DeskSettings,
    "`[[routes]]`": RouteSettings,
    "`account`": AccountSettings,
    "`zalo`": ZaloSettings,
    "`pace`": Pace,
}


def _defaults(model: Any) -> dict[str, Any]:
    if hasattr(model, "model_fields"):
        return {name: PydanticUndefined if info.is_required() else info.default for name, info in model.model_fields.items()}
    fields = model.__dataclass_fields__.values()
    return {each.name: PydanticUndefined if each.default.__class__.__name__ == "_MISSING_TYPE" else each.default for each in fields}


def _shown(default: Any) -> str:
    if default is PydanticUndefined:
        return "–"
    if isinstance(default, SecretStr) or default == "":
        return "empty"
    if default == ():
        return "none"
    return f"`{str(default).lower() if isinstance(default, bool) else f'{default:g}' if isinstance(default, float) else default}`"


@pytest.mark.parametrize(("head", "model"), MODELS.items(), ids=list(MODELS))
def test_every_setting_is_described(head, model):
    """Key by key, in the code's order, with the default that the code has."""
    table = rows(section(text_of("docs/settings.md"), head))
    assert [(key.strip("`"), default) for key, _, default in table] == [(key, _shown(value)) for key, value in _defaults(model).items()]
    assert [key for key, meaning, _ in table if len(meaning) < 10] == []


def test_what_is_called_unused_is_unused():
    """Who begins to use such a setting must describe it."""
    unused = [
        key.strip("`")
        for head in MODELS
        for key, meaning, _ in rows(section(text_of("docs/settings.md"), head))
        if "Not used yet" in meaning
    ]
    own = {"hooks_from": "hook_networks"}
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "gateway").rglob("*.py") if path.name != "settings.py")
    assert [key for key in unused if f".{key}" in sources or f".{own.get(key, key)}" in sources] == []


# --- the glossary ---


@pytest.mark.parametrize(
    ("head", "members"),
    [
        ("States of an MT (`MtState`, `gateway/domain/message.py`)", MtState),
        ("What a DLR may say (`DlrStatus`, `gateway/domain/message.py`)", DlrStatus),
        ("Why a carrier said no (`Failure`, `gateway/domain/failure.py`)", Failure),
        ("States of a wave (`WaveState`, `gateway/domain/wave.py`)", WaveState),
        ("What a ramp says (`RampVerdict`, `gateway/domain/ramp.py`)", RampVerdict),
        ("Keywords (`Keyword`, `gateway/domain/keyword.py`; spellings in `keywords.toml`)", Keyword),
        ("Kinds (`Kind`, `gateway/domain/keyword.py`; rules in `gateway/reading/kind.py`)", Kind),
    ],
    ids=["MtState", "DlrStatus", "Failure", "WaveState", "RampVerdict", "Keyword", "Kind"],
)
def test_every_member_is_in_the_glossary(head, members):
    """Neither one more nor one less."""
    table = section(text_of("docs/glossary.md"), head).split("\n\n| say")[0]
    assert {cells[0].strip("`") for cells in rows(table)} == {member.value for member in members}


def test_every_spelling_of_a_keyword_is_in_the_glossary():
    """And the glossary gives no spelling that the shipped keywords.toml lacks."""
    shipped = load_deployment(shipped_deployment()).keywords
    stated = tomllib.loads((shipped_deployment() / "keywords.toml").read_text("utf-8"))
    assert set(stated) == {keyword.value for keyword in Keyword}
    for cells in rows(
        section(text_of("docs/glossary.md"), "Keywords (`Keyword`, `gateway/domain/keyword.py`; spellings in `keywords.toml`)")
    ):
        keyword = Keyword(cells[0].strip("`"))
        assert tuple(cells[2].partition(";")[0].split(", ")) == shipped.aliases[keyword][1:]


# --- security ---


@pytest.mark.parametrize(("mark", "sealed"), [("sealed columns", True), ("plain columns", False)])
def test_readable_columns_are_named(mark, sealed):
    """Table by table; a new column that is not sealed must be admitted here."""
    said = {cells[0].strip("`"): set(re.findall(r"`(\w+)`", cells[1])) for cells in rows(block(text_of("docs/security.md"), mark))}
    found = {
        table.name: {column.name for column in table.columns if isinstance(column.type, Sealed) is sealed}
        for table in metadata.tables.values()
    }
    assert said == {table: columns for table, columns in found.items() if columns}


# --- decisions ---


def test_every_decision_has_its_three_parts():
    for page in sorted((DOCS / "adr").glob("0*.md")):
        text = page.read_text("utf-8")
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"], page.name
        assert text.startswith(f"# {page.name[:4]} ")
        assert "Weighed:" in text, page.name
        assert len(text.splitlines()) <= 60, f"{page.name} is longer than a page"


def test_decisions_that_the_code_names_are_written():
    known = {page.name[:4] for page in (DOCS / "adr").glob("0*.md")}
    sources = (path for folder in ("gateway", "collateral", "tests") for path in (ROOT / folder).rglob("*.py"))
    named = {
        (path.relative_to(ROOT).as_posix(), number)
        for path in sources
        for numbers in _OURS.findall(path.read_text("utf-8"))
        for number in numbers.split(", ")
    }
    assert [each for each in sorted(named) if each[1] not in known] == []


def test_the_index_of_decisions_is_whole():
    index = set(_LINK.findall(text_of("docs/adr/README.md")))
    assert index == {page.name for page in (DOCS / "adr").glob("0*.md")}


# --- what no page may hold ---


def test_no_page_names_a_real_number():
    """Numbers in examples are 0300 xxx xxx, which no carrier has given out."""
    real = re.compile(r"(?<![\d.])(?:\+84|0)(?!300)\d{8,9}(?!\d)")
    assert [page.name for page in PAGES if real.search(page.read_text("utf-8").replace(" ", ""))] == []


def test_the_changelog_tells_operators_what_to_do():
    assert re.findall(r"^### (.+)$", text_of("CHANGELOG.md"), re.MULTILINE)[-1] == "Operators must"
    assert tomllib.loads(text_of("pyproject.toml"))["project"]["version"] in text_of("CHANGELOG.md")
