"""Texts with fields: a small, strict part of Jinja2, so that a text is no program; rendered late.

What a text may hold: words, {{ field }}, {{ field|filter }} with a filter of FILTERS, {% if field %} … {% endif %}. Loops, macros, calls
and attributes are refused when the text is read: nothing in it can run long or reach anything. A text of words and fields only, as most
are, is compiled to one %-pattern; the dispatcher renders it per MT.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from operator import itemgetter
from typing import Final

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, UndefinedError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from gateway.domain.fault import Fault
from gateway.domain.fold import nfc
from gateway.domain.segments import Alphabet, alphabet_of
from gateway.domain.text_field import Field
from gateway.domain.text_rules import TextRules, rules_for
from gateway.domain.text_signs import unaccented
from gateway.services.routes import Route

Template = str
Values = Mapping[str, object]
Fill = Callable[[Values], str]

LONGEST: Final = 4_000  # characters of a template, and of what is made of it
LONGEST_PARAMETERS: Final = 16_000  # characters of the JSON of one recipient's fields
DEFAULT_LANGUAGE: Final = "vi"
FILTERS: Final = ("khong_dau", "upper", "lower", "capitalize", "title", "trim", "truncate", "default")

_without_accents: Final = lru_cache(maxsize=4096)(unaccented)  # names of villages come again and again
_ENVIRONMENT: Final = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)  # an SMS is no HTML
_ENVIRONMENT.filters = {name: _ENVIRONMENT.filters[name] for name in FILTERS if name != "khong_dau"} | {
    "khong_dau": lambda value: _without_accents(str(value))
}
_ENVIRONMENT.tests, _ENVIRONMENT.globals = {}, {}

_QUICK: Final[Mapping[str, Callable[[str], str]]] = {  # filters that a pattern can hold
    "khong_dau": _without_accents,
    "upper": str.upper,
    "lower": str.lower,
    "trim": str.strip,
}
_SIMPLE: Final = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Operand,
    nodes.If, nodes.CondExpr, nodes.Not, nodes.And, nodes.Or, nodes.Keyword,
)  # fmt: skip
_REFUSED: Final[Mapping[type[nodes.Node], str]] = {
    nodes.For: "repeats something",
    nodes.Call: "calls something",
    nodes.Getattr: "asks for a part of a field",
    nodes.Getitem: "asks for a part of a field",
    nodes.Import: "asks for another file",
    nodes.FromImport: "asks for another file",
    nodes.Include: "asks for another file",
    nodes.Extends: "asks for another file",
    nodes.Macro: "makes a macro",
    nodes.Assign: "sets a name",
    nodes.AssignBlock: "sets a name",
    nodes.BinExpr: "calculates",
    nodes.UnaryExpr: "calculates",
    nodes.Test: "asks what a field is",
}
_SYNTAX: Final = "write a field as {{ field }}, a condition as {% if field %}…{% endif %}"
_INSTEAD: Final = "a text may hold words, {{ field }} and {% if field %}…{% endif %}"


class BadText(ValueError):
    """A text that can't be sent as written; the message says where and what to do."""


@lru_cache(maxsize=2048)  # texts by village are alike; a personal one pays half a microsecond for it
def render(template: Template, parameters: str) -> str:
    """`template` with the fields of `parameters` (a JSON object), NFC. Raises BadText."""
    if len(parameters) > LONGEST_PARAMETERS:
        raise BadText(f"the text can't be filled in: the fields of one person have over {LONGEST_PARAMETERS} characters; shorten them")
    try:
        values = json.loads(parameters)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise BadText("the text can't be filled in: the fields are no JSON object; plan the wave again")
    return filled(template, values)


def filled(template: Template, values: Values) -> str:
    """`template` with `values`, NFC. Raises BadText."""
    compiled = _compiled(template)
    try:
        text = compiled(values)
    except KeyError as missing:
        raise BadText(f"the text can't be filled in: {missing} is undefined; leave it out of the text or give each person one") from None
    except UndefinedError as error:
        raise BadText(f"the text can't be filled in: {error.message}; leave it out of the text or give each person one") from None
    except (TemplateError, TypeError, ValueError) as error:
        raise BadText(f"the text can't be filled in: {error}; correct it") from None
    if len(text) > LONGEST:
        raise BadText(f"the text has {len(text)} characters when filled in; shorten it or its fields to {LONGEST}")
    return text if text.isascii() else nfc(text)


def fields_of(template: Template) -> frozenset[str]:
    """The names that `template` asks for. Raises BadText with the line of what a text may not hold."""
    if not template.strip():
        raise BadText("the text is empty; write what people are to read")
    return frozenset(meta.find_undeclared_variables(_parsed(template)))


def faults_of(texts: Mapping[str, Template], known: Collection[str]) -> tuple[Fault, ...]:
    """All that is wrong with the texts of a wave, by language: what can't be read, and fields that are not among `known`."""
    return tuple(fault for language, template in texts.items() for fault in _faults(f"text {language}", template, known))


def typed_fields(texts: Mapping[str, Template], columns: Collection[str], declared: Sequence[Field] = ()) -> tuple[Field, ...]:
    """The columns of a list that the texts name, as declared, else as text; optional where every text has a way without. Raises BadText."""
    by_name = {field.name: field for field in declared}
    naming = {name: [template for template in texts.values() if name in fields_of(template)] for name in columns}
    return tuple(
        by_name.get(name) or Field(name, optional=all(name in _spared(template) for template in templates))
        for name, templates in naming.items()
        if templates
    )


def _spared(template: Template) -> set[str]:
    """Fields that `template` asks about before it prints them, or has other words for."""
    tree = _parsed(template)
    asked = [node.test for node in tree.find_all(nodes.If)] + [node.test for node in tree.find_all(nodes.CondExpr)]
    asked += [node.node for node in tree.find_all(nodes.Filter) if node.name == "default" and node.node is not None]
    return {each.name for node in asked for each in (node, *node.find_all(nodes.Name)) if isinstance(each, nodes.Name)}


def language_for(texts: Collection[str], language: str | None) -> str:
    """The language of `texts`, at least one, for somebody who reads `language`: that one, else Vietnamese, else the first."""
    asked = (language or "").lower().replace("_", "-")
    wanted = (asked, asked.partition("-")[0], DEFAULT_LANGUAGE)
    return next((each for each in wanted if each in texts), next(iter(texts)))


def is_accented(template: Template) -> bool:
    """Whether the words of `template` themselves need UCS-2; amounts are then written with accents too. Raises BadText."""
    words = (each.data for each in _parsed(template).find_all(nodes.TemplateData))
    return alphabet_of(nfc("".join(words))) is Alphabet.UCS2


def rules_of(route: Route) -> TextRules:
    """What `route` takes, for `sms_text.examine`."""
    return rules_for(route.carrier.NAME, route.carrier.CAPABILITIES.unicode)


# -- what a text may hold ----------------------------------------------------------------------------------------------------------------


def _faults(file: str, template: Template, known: Collection[str]) -> Iterator[Fault]:
    if not template.strip():
        yield Fault(file, None, "", "The text is empty", "Write what people are to read")
    wrong = tuple(_wrong_with(template))
    yield from (Fault(file, line, "", _capital(text), _capital(remedy)) for line, text, remedy in wrong)
    if not wrong:
        yield from _unknown_fields(file, _ENVIRONMENT.parse(template), known)


def _unknown_fields(file: str, tree: nodes.Template, known: Collection[str]) -> Iterator[Fault]:
    lines: dict[str, int] = {}  # a field that the text names twice is one fault
    for each in tree.find_all(nodes.Name):
        lines.setdefault(each.name, each.lineno)
    for name in sorted(lines.keys() - set(known)):
        near = get_close_matches(name, sorted(known), 1, 0.6)
        remedy = f"Did you mean {{{{ {near[0]} }}}}?" if near else f"It may name: {', '.join(sorted(known))}"
        yield Fault(file, lines[name], name, f"The text names {{{{ {name} }}}}, which nobody has", remedy)


def _capital(sentence: str) -> str:
    return f"{sentence[:1].upper()}{sentence[1:]}"


def _parsed(template: Template) -> nodes.Template:
    for line, text, remedy in _wrong_with(template):
        raise BadText(f"line {line}: {text}; {remedy}")
    return _ENVIRONMENT.parse(template)


def _wrong_with(template: Template) -> Iterator[tuple[int, str, str]]:
    """(line, what is wrong, what to do) for all that a text may not hold."""
    if len(template) > LONGEST:
        yield 1, f"the text has {len(template)} characters", f"shorten it to {LONGEST}"
        return
    try:
        tree = _ENVIRONMENT.parse(template)
        found = [(line, *_why_refused(node)) for node, line in _nodes(tree, 1) if not _is_simple(node)]
        if not found:
            _ENVIRONMENT.compile(tree)
    except TemplateSyntaxError as error:
        yield error.lineno, f"the text can't be read: {(error.message or '').rstrip('.')}", _SYNTAX
    except (RecursionError, SyntaxError, MemoryError):  # Jinja2 and Python have their own limits; a text needs none of it
        yield 1, "the text is nested too deeply", _INSTEAD
    else:
        yield from dict.fromkeys(found)


def _nodes(node: nodes.Node, line: int) -> Iterator[tuple[nodes.Node, int]]:
    """Every node with its line; some have none of their own."""
    line = node.lineno or line
    yield node, line
    for child in node.iter_child_nodes():
        yield from _nodes(child, line)


def _is_simple(node: nodes.Node) -> bool:
    if isinstance(node, nodes.Filter):
        given = (*node.args, *(each.value for each in node.kwargs))
        return node.name in FILTERS and all(isinstance(each, nodes.Const) for each in given) and not (node.dyn_args or node.dyn_kwargs)
    if isinstance(node, nodes.Operand):
        return node.op in ("eq", "ne") and isinstance(node.expr, nodes.Const | nodes.Name)
    if isinstance(node, nodes.Compare):  # all values are texts: a number would never be equal to one
        return all(
            not isinstance(side, nodes.Const) or isinstance(side.value, str) for side in (node.expr, *(each.expr for each in node.ops))
        )
    return type(node) in _SIMPLE


def _why_refused(node: nodes.Node) -> tuple[str, str]:
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        return f"there is no filter {node.name}", f"these there are: {', '.join(FILTERS)}"
    if isinstance(node, nodes.Compare | nodes.Operand):
        return "a field can be compared with a text only", 'write {% if field == "text" %}'
    said = next((said for kind, said in _REFUSED.items() if isinstance(node, kind)), "holds more than words and fields")
    return f"the text {said}", _INSTEAD


# -- compiled ----------------------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _compiled(template: Template) -> Fill:
    """A function from values to the text. Raises BadText; KeyError, UndefinedError where a value is missing."""
    return _pattern(_parsed(template)) or _full(template)


def _full(template: Template) -> Fill:
    compiled = _ENVIRONMENT.from_string(template)
    return lambda values: compiled.render(values)


def _pattern(tree: nodes.Template) -> Fill | None:
    """`tree` as one %-pattern; None if it has conditions, or filters that need more than the value."""
    pieces: list[str] = []
    printed: list[tuple[str, tuple[Callable[[str], str], ...]]] = []
    for node in (each for output in tree.body for each in (output.nodes if isinstance(output, nodes.Output) else (output,))):
        if isinstance(node, nodes.TemplateData):
            pieces.append(node.data.replace("%", "%%"))
        elif (field := _printed(node)) is not None:
            pieces.append("%s")
            printed.append(field)
        else:
            return None
    return _joined("".join(pieces), printed)


def _printed(node: nodes.Node) -> tuple[str, tuple[Callable[[str], str], ...]] | None:
    """(name, filters in their order) of {{ name|filter|… }}; None for anything else."""
    quick: list[Callable[[str], str]] = []
    while isinstance(node, nodes.Filter) and node.name in _QUICK and not node.args and not node.kwargs and node.node is not None:
        quick.insert(0, _QUICK[node.name])
        node = node.node
    return (node.name, tuple(quick)) if isinstance(node, nodes.Name) else None


def _joined(pattern: str, printed: list[tuple[str, tuple[Callable[[str], str], ...]]]) -> Fill:
    names = [name for name, _ in printed]
    if not names:
        text = pattern % ()
        return lambda values: text
    if any(quick for _, quick in printed):
        return lambda values: pattern % tuple(_filtered(values[name], quick) for name, quick in printed)
    if len(names) == 1:
        (only,) = names
        return lambda values: pattern % (values[only],)
    get = itemgetter(*names)
    return lambda values: pattern % get(values)


def _filtered(value: object, quick: tuple[Callable[[str], str], ...]) -> str:
    text = str(value)
    for change in quick:
        text = change(text)
    return text
