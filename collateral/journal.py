"""What stands in an output folder, and what it was made from: so that a run goes on after a kill, and only what changed is made anew."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from collateral.batch import Failed, Made, Ticket, make_all, placement_for
from collateral.layout import LAYOUTS
from collateral.load import PrintShop
from collateral.press import OFFICE, Press
from collateral.refusal import Refused
from collateral.type import LAO, LAO_BOLD, LAO_SLOGAN, face

FILE: Final = ".tinbao-print.jsonl"
_DRAWS: Final = (
    "pikepdf",
    "qrcode",
    "fontpkg-be-vietnam-pro",
    "fontpkg-noto-serif",
    "fonttools",
    "pillow",
)  # what makes the bytes
_BEGUN: Final = '{"run":"begun"}\n'
_ENDED: Final = '{"run":"ended"}\n'


class Journal:
    """A line a finished file, in the folder itself. Only where each ticket's line of earlier runs begins is held in memory.

    `interrupted`: the last run did not come to its end. Lines that a kill tore, or that a hand spoiled, count for nothing.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._at: dict[bytes, int] = {}
        self._ended, self._torn = True, False
        for at, line in self._lines():
            self._torn = not line.endswith(b"\n")
            if line in (_BEGUN.encode(), _ENDED.encode()):
                self._ended = line == _ENDED.encode()
            elif (row := _row(line)) is not None:
                self._at[_key(row.made.ticket)] = at

    @property
    def interrupted(self) -> bool:
        return not self._ended

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        if not self._path.is_file():
            return
        with self._path.open("rb") as file:
            at = 0
            for line in file:
                yield at, line
                at += len(line)

    def __enter__(self) -> Journal:
        """Begin a run."""
        self._append(_BEGUN)
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._append(_ENDED)

    def _append(self, line: str) -> None:
        """Written at once and whole, or not counted: a full disk costs a memory, never a run, and what is not remembered is made again."""
        try:
            with self._path.open("ab", buffering=0) as file:
                data = ("\n" * self._torn + line).encode()
                self._torn = file.write(data) < len(data)
        except OSError:
            self._torn = True

    def known(self, ticket: Ticket, fingerprint: str) -> Made | None:
        """The file that this ticket made from the same input, if it still stands there unchanged."""
        if (at := self._at.get(_key(ticket))) is None:
            return None
        with self._path.open("rb") as file:
            file.seek(at)
            row = _row(file.readline())
        if row is None or row.made.ticket != ticket or row.fingerprint != fingerprint:
            return None
        path = self._path.parent / row.made.file
        return replace(row.made, file=str(path)) if _digest(path) == row.made.sha256 else None

    def add(self, made: Made, fingerprint: str) -> None:
        """The file stands."""
        made = replace(made, file=Path(made.file).name)  # the folder may be moved
        self._append(json.dumps(asdict(_Row(made, fingerprint)), ensure_ascii=False, separators=(",", ":")) + "\n")


@dataclass(frozen=True, slots=True)
class _Row:
    made: Made
    fingerprint: str


_ROW: Final = TypeAdapter(_Row)


def _row(line: bytes) -> _Row | None:
    try:
        return _ROW.validate_json(line)
    except ValueError:
        return None


def _key(ticket: Ticket) -> bytes:
    said = "\0".join((ticket.village, ticket.piece, ticket.theme, ticket.lang, str(ticket.placement)))
    return hashlib.blake2b(said.encode(), digest_size=12).digest()


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def fingerprint(shop: PrintShop, ticket: Ticket, press: Press = OFFICE) -> str:
    """A hash of all that decides the file's bytes: data, copy, piece, inks, press, and this program. Raises Refused as printing would."""
    piece, deployment = shop.pieces[ticket.piece], shop.deployment
    layout = LAYOUTS[piece.layouts[ticket.theme]]
    sections = (layout.words, *layout.besides)
    decides = {
        "ticket": ticket,
        "press": press,
        "piece": piece,
        "theme": shop.themes[ticket.theme],
        "village": deployment.villages.get(ticket.village),
        "placement": placement_for(shop, ticket.village, ticket.piece, ticket.placement),
        "said": {
            lang: [copy.sections.get(section) for section in sections]
            for lang, copy in shop.copies.items()
            if piece.bilingual or lang == ticket.lang
        },
    }
    return hashlib.sha256(f"{_common(shop)}{_stable(decides)}".encode()).hexdigest()


_COMMON: dict[int, tuple[PrintShop, str]] = {}


def _common(shop: PrintShop) -> str:
    """What all tickets share; kept while the shop is the same object."""
    known = _COMMON.get(id(shop))
    if known is None or known[0] is not shop:
        own = ("deployment", "pieces", "themes", "copies", "faces")  # what else the shop holds decides too
        others = {each.name: getattr(shop, each.name) for each in fields(shop) if each.name not in own}
        shared = {lang: copy.shared for lang, copy in shop.copies.items()}
        said = _stable({"campaign": shop.deployment.campaign, "shared": shared, "others": others, "fonts": _fonts(shop)})
        known = _COMMON[id(shop)] = (shop, hashlib.sha256(f"{program()}{said}".encode()).hexdigest())
    return known[1]


def _fonts(shop: PrintShop) -> list[str]:
    """Of a deployment's own faces; ours belong to the program."""
    roles = () if shop.faces is face else (LAO, LAO_BOLD, LAO_SLOGAN)
    return [hashlib.sha256(shop.faces(role).data).hexdigest() for role in roles]


@cache
def program() -> str:
    """A hash of our own modules and of the versions of what draws with them: a new release makes everything anew."""
    found = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        found.update(path.read_bytes())
    for name in _DRAWS:
        found.update(f"{name}={version(name)}".encode())
    return found.hexdigest()


def _stable(value: Any) -> str:  # Any: values of every kind become text
    """The same text for the same values in every process: no addresses, no order of sets."""
    return json.dumps(value, default=_plain, sort_keys=True, ensure_ascii=False)


def _plain(value: Any) -> Any:
    """Fields are taken by name: an MSISDN's own repr() is masked."""
    if hasattr(value, "__dataclass_fields__"):
        return {each.name: getattr(value, each.name) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): inner for key, inner in value.items()}
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    if isinstance(value, Path):
        return _digest(value)
    if isinstance(value, set | frozenset):
        return sorted(map(str, value))
    return str(value)


def make_changed(
    shop: PrintShop, tickets: Iterable[Ticket | Failed], out: Path, jobs: int = 1, press: Press = OFFICE, *, only_changed: bool = False
) -> Iterator[Made | Failed]:
    """As make_all, but what stands already is not made again: with `only_changed`, and wherever the last run into `out` was cut off.

    Raises OSError where `out` can't be made.
    """
    out.mkdir(parents=True, exist_ok=True)
    journal = Journal(out)
    trusted = only_changed or journal.interrupted
    for stale in out.glob(".*.part") if journal.interrupted else ():
        stale.unlink(missing_ok=True)
    marks: dict[Ticket, str] = {}

    def due() -> Iterator[Ticket | Made | Failed]:
        for ticket in tickets:
            mark = _mark(shop, ticket, press)
            if isinstance(mark, Failed):
                yield mark
            elif isinstance(ticket, Failed):
                yield ticket
            elif trusted and (made := journal.known(ticket, mark)) is not None:
                yield made
            else:
                marks[ticket] = mark
                yield ticket

    with journal:
        for result in make_all(shop, due(), out, jobs, press):
            if (mark := marks.pop(result.ticket, None)) is not None and isinstance(result, Made):
                journal.add(result, mark)
            yield result


def _mark(shop: PrintShop, ticket: Ticket | Failed, press: Press) -> str | Failed:
    if isinstance(ticket, Failed):
        return ticket
    try:
        return fingerprint(shop, ticket, press)
    except Refused as why:
        return Failed(ticket, str(why))
