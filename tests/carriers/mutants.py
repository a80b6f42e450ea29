"""A recorded answer, spoilt: each way to change one value of a JSON or XML body, and each way to cut, re-encode or blow up the whole."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Raw:
    """A piece of JSON as it stands on the wire, where Python has no value for it."""

    text: str


NO_CODE: tuple[object, ...] = (  # none of these is a code or an id, whoever reads it
    None, True, False, 1.5, -0.0, Raw("NaN"), Raw("1e400"), Raw("9" * 5_000), Raw("-" + "9" * 40), [], {}, "", " ", "\0", "mộ", "x" * 5_000,
    "\ud800", [[[]]], {"": None}, Raw("[" * 3_000 + "]" * 3_000), Raw('{"a":' * 3_000 + "1" + "}" * 3_000),
)  # fmt: skip
DEEP = (b"[" * 100_000, b'{"a":' * 100_000, b"<a>" * 50_000, b"[" * 50_000 + b"]" * 50_000)
LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l "lol">'
    + b"".join(b'<!ENTITY l%d "%s">' % (at, b"&l%s;" % (b"" if not at else b"%d" % (at - 1)) * 10) for at in range(12))
    + b"]><Envelope><result>&l11;</result></Envelope>"
)


def leaves(value: object, path: Path = ()) -> Iterator[Path]:
    """Where the scalars of a JSON value lie, and the empty lists and objects."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = False
    for name, each in inner:
        found = True
        yield from leaves(each, (*path, name))
    if not found:
        yield path


def at_leaf(value: object, path: Path) -> object:
    for name in path:
        value = value[name]  # type: ignore[index] # JSON
    return value


def changed(value: object, path: Path, to: object) -> bytes:
    """JSON of `value` with what lies at `path` made `to`."""
    if not path:
        return written(to)
    whole = deepcopy(value)
    inner = at_leaf(whole, path[:-1])
    inner[path[-1]] = to  # type: ignore[index] # JSON
    return written(whole)


def written(value: object) -> bytes:
    marks: dict[str, str] = {}

    def marked(each: object) -> str:
        assert isinstance(each, Raw)
        name = f"@raw{len(marks)}@"
        marks[f'"{name}"'] = each.text
        return name

    text = json.dumps(value, default=marked)
    for name, raw in marks.items():
        text = text.replace(name, raw)
    return text.encode()


def all_changed(value: object, to: object) -> bytes:
    """Every scalar made `to`."""

    def walk(each: object) -> object:
        if isinstance(each, dict):
            return {name: walk(inner) for name, inner in each.items()}
        return [walk(inner) for inner in each] if isinstance(each, list) else to

    return written(walk(value))


def with_twin(value: object, path: Path, to: object) -> bytes:
    """JSON in which the name at `path` stands a second time, as `to`; the first one keeps its value."""
    marker = "@twin@"
    spoilt = changed(value, path, marker)
    return spoilt.replace(b'"%s"' % marker.encode(), b"%s, %s: %s" % (written(at_leaf(value, path)), written(path[-1]), written(to)))


def of_xml(body: bytes) -> Iterator[bytes]:
    """An envelope with the words of one element gone, blank, wrapped, doubled, or the element itself gone."""
    count = sum(1 for each in ET.fromstring(body).iter() if (each.text or "").strip())  # noqa: S314 # our own table
    for at in range(count):
        for spoil in (_without_words, _with_blanks, _wrapped, _nonsense):
            root = ET.fromstring(body)  # noqa: S314
            spoil([each for each in root.iter() if (each.text or "").strip()][at])
            yield ET.tostring(root)


def _without_words(each: ET.Element) -> None:
    each.text = None


def _with_blanks(each: ET.Element) -> None:
    each.text = " \n "


def _wrapped(each: ET.Element) -> None:
    inner = ET.SubElement(each, "value")
    inner.text, each.text = each.text, None


def _nonsense(each: ET.Element) -> None:
    each.text = "9" * 60


def encodings(body: bytes) -> Iterator[tuple[str, bytes]]:
    """The same words in charsets that nobody announced."""
    text = body.decode()
    for name in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "cp1258"):
        yield name, text.encode(name, "replace")
    yield "rot", bytes(each ^ 0xFF for each in body)
