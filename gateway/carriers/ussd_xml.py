"""XML from strangers, read without entities, without a document type and with bounds; and XML-RPC's few shapes on top of it.

No `xml.etree`: it expands entities of a document type ("billion laughs"); expat itself tells us of one before anything is expanded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.parsers.expat import ExpatError, ParserCreate
from xml.sax.saxutils import escape

MOST_BYTES: Final = 64 << 10
MOST_DEPTH: Final = 32
MOST_ELEMENTS: Final = 1_000


class NotXml(ValueError):
    """What it says of itself isn't so, or it wants more than an answer needs."""


@dataclass(slots=True)
class Element:
    """An element: its name, the words directly in it, what it holds."""

    name: str
    text: str = field(default="", repr=False)
    inside: list["Element"] = field(default_factory=list)
    attributes: Mapping[str, str] = field(default_factory=dict, repr=False)

    def find(self, name: str) -> "Element | None":
        """The first child called `name`."""
        return next((each for each in self.inside if each.name == name), None)

    def said(self, name: str) -> str:
        """The words of the first child called `name`."""
        found = self.find(name)
        return found.text.strip() if found else ""


class _Builder:
    """Collects elements; refuses what is no plain document."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []
        self._count = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._count += 1
        if self._count > MOST_ELEMENTS or len(self._open) >= MOST_DEPTH:
            raise NotXml("too many elements")
        element = Element(name, attributes=attributes)
        if self._open:
            self._open[-1].inside.append(element)
        else:
            self.root = element
        self._open.append(element)

    def end(self, _name: str) -> None:
        self._open.pop()

    def words(self, text: str) -> None:
        if self._open:
            self._open[-1].text += text

    def refuse(self, *_: object) -> int:
        raise NotXml("a document type or an entity")


def read_xml(body: bytes) -> Element:
    """The root element. Raises NotXml."""
    if len(body) > MOST_BYTES:
        raise NotXml("too long")
    parser, builder = ParserCreate(), _Builder()
    parser.StartElementHandler, parser.EndElementHandler = builder.start, builder.end
    parser.CharacterDataHandler = builder.words
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = builder.refuse
    parser.ExternalEntityRefHandler = builder.refuse
    try:
        parser.Parse(body, True)
    except (ExpatError, ValueError, LookupError) as why:  # an unknown encoding is a LookupError
        raise NotXml("no XML") from why
    if builder.root is None:
        raise NotXml("no XML")
    return builder.root


def read_call(body: bytes) -> tuple[str, dict[str, str]]:
    """(method, members of the first parameter's struct) of an XML-RPC call; values as text. Raises NotXml."""
    root = read_xml(body)
    params = root.find("params")
    param = params.find("param") if params else None
    value = param.find("value") if param else None
    struct = value.find("struct") if value else None
    if root.name != "methodCall" or struct is None:
        raise NotXml("no call with a struct")
    members: dict[str, str] = {}
    for member in struct.inside:
        if (of := member.find("value")) is not None:
            members.setdefault(member.said("name"), of.inside[0].text if of.inside else of.text)
    return root.said("methodName"), members


def response(members: Mapping[str, str]) -> bytes:
    """An XML-RPC answer of one struct of strings."""
    inside = "".join(
        f"<member><name>{escape(name)}</name><value><string>{escape(plain(value))}</string></value></member>"
        for name, value in members.items()
    )
    document = f"<methodResponse><params><param><value><struct>{inside}</struct></value></param></params></methodResponse>"
    return f"<?xml version='1.0' encoding='UTF-8'?>{document}".encode("utf-8", "replace")


def plain(text: str) -> str:
    """`text` without the characters that no XML may hold (XML 1.0 §2.2)."""
    return "".join(c for c in text if c in "\t\n\r" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff"))
