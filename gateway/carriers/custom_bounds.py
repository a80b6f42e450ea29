"""What a custom carrier's description may ask for, so that whatever stands in it costs a bounded time and memory.

Jinja's sandbox keeps templates from objects and files, not from "x" * 10**9, or a loop in a loop. So the tree of a
template is read before it is compiled: names that are known, values of theirs, comparisons, our filters, and one loop over the recipients.
Regular expressions run on RE2, in a time linear in the text; JMESPath may pick, not build.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

import jmespath
import re2
from jinja2 import nodes

_TEMPLATE_MOST: Final = 20_000  # characters
_FILTERS_MOST: Final = 60  # in a template
_CHAIN_MOST: Final = 3  # filters one upon the other, as in `text | base64 | url`; each may make four characters of one
_PATTERN_MOST: Final = 500
_PLAIN: Final = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Const, nodes.Name, nodes.If, nodes.CondExpr, nodes.Compare, nodes.Operand,
    nodes.And, nodes.Or, nodes.Not, nodes.Concat, nodes.Keyword, nodes.Filter, nodes.For, nodes.Getattr, nodes.Getitem,
)  # fmt: skip


class OutOfBounds(ValueError):
    """What is asked for, in one sentence."""


def check_template(text: str, tree: nodes.Template, names: Collection[str]) -> None:
    """Raises OutOfBounds for anything but values by `names`, comparisons, filters and one loop over `mts`."""
    if len(text) > _TEMPLATE_MOST:
        raise OutOfBounds(f"longer than {_TEMPLATE_MOST} characters")
    loops = list(tree.find_all(nodes.For))
    targets = {loop.target.name for loop in loops if isinstance(loop.target, nodes.Name)}
    known = {*names, *targets, *(("loop",) if loops else ())}
    for loop in loops:
        _check_loop(loop)
    for node in tree.find_all(nodes.Node):
        _check_node(node, known, {"option", "loop", *targets})
    if sum(1 for _ in tree.find_all(nodes.Filter)) > _FILTERS_MOST:
        raise OutOfBounds(f"more than {_FILTERS_MOST} filters")


def _check_loop(loop: nodes.For) -> None:
    over_mts = isinstance(loop.iter, nodes.Name) and loop.iter.name == "mts" and isinstance(loop.target, nodes.Name)
    if not over_mts or loop.recursive or any(True for _ in loop.find_all(nodes.For)):
        raise OutOfBounds("a loop goes over mts, and none stands within another")


def _check_node(node: nodes.Node, known: Collection[str], with_values: Collection[str]) -> None:
    match node:
        case nodes.Name() if node.name not in known:
            raise OutOfBounds(f"“{node.name}” is no name that templates see")
        case nodes.Getattr() | nodes.Getitem() if not _is_value(node, with_values):
            raise OutOfBounds("only option and a recipient have values of their own: option.NAME, mts[0].NAME, or of the loop's")
        case nodes.Filter() if _depth(node) > _CHAIN_MOST or node.node is None:
            raise OutOfBounds(f"more than {_CHAIN_MOST} filters one upon the other")
        case _ if not isinstance(node, _PLAIN) and not isinstance(node, nodes.Helper):
            raise OutOfBounds(f"{type(node).__name__.lower()} is not there: templates put values into text and do no more")


def _is_value(node: nodes.Getattr | nodes.Getitem, with_values: Collection[str]) -> bool:
    inner = node.node
    if isinstance(node, nodes.Getitem):
        is_first = isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, int)
        return isinstance(inner, nodes.Name) and inner.name == "mts" and is_first
    return (isinstance(inner, nodes.Name) and inner.name in with_values) or isinstance(inner, nodes.Getitem)


def _depth(node: nodes.Node | None) -> int:
    """How many filters lie upon each other, anywhere below `node`."""
    if node is None:
        return 0
    return isinstance(node, nodes.Filter) + max(map(_depth, node.iter_child_nodes()), default=0)


def path(text: str) -> Any:  # Any: a compiled expression
    """A JMESPath that picks values. Raises OutOfBounds, or jmespath's own error."""
    if len(text) > _PATTERN_MOST:
        raise OutOfBounds(f"longer than {_PATTERN_MOST} characters")
    made = jmespath.compile(text)
    for kind in _kinds(made.parsed):
        if kind in ("multi_select_dict", "multi_select_list", "expref"):
            raise OutOfBounds("{…}, […, …] and & build values; here they are only picked")
    return made


def _kinds(tree: Mapping[str, Any]) -> Iterator[str]:  # Any: jmespath's tree
    yield tree["type"]
    for child in tree["children"]:
        yield from _kinds(child) if isinstance(child, Mapping) else ()


def pattern(text: str) -> Any:  # Any: a compiled pattern
    """A regular expression with one group, by RE2: no look-around, no reference back, and no text on which it takes for ever."""
    if len(text) > _PATTERN_MOST:
        raise OutOfBounds(f"longer than {_PATTERN_MOST} characters")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        made = re2.compile(text, options=options)
    except re2.error as why:
        words = why.args[0] if why.args else ""
        raise OutOfBounds(words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)) from None
    if made.groups != 1:
        raise OutOfBounds("a pattern has exactly one group, round what is looked for")
    return made
