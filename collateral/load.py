"""A deployment's pieces, themes and copy as values. Where outside data enters: checked whole, faults with file, line, field and remedy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from string import Formatter
from typing import Annotated, Any

from pydantic import Field

from collateral.ink import Ink
from collateral.layout import LAYOUTS
from collateral.piece import Piece
from collateral.theme import Theme
from collateral.wording import FIELDS, BanDoLeaflet, Copy, NguonBanner, NguonSheet, Shared
from gateway.deployment import BadDeployment, Deployment, load_deployment, shipped, shipped_deployment
from gateway.domain.fault import Fault
from gateway.toml_file import Frozen, TomlFile, read_toml, validated

_Named = Annotated[str, Field(pattern=r"[a-z0-9]+(-[a-z0-9]+)*", min_length=1)]


class _PiecesFile(Frozen):
    pieces: dict[_Named, Piece] = Field(min_length=1)
    themes: dict[_Named, Theme] = Field(min_length=1)


class _CopyFile(Frozen):
    shared: Shared
    nguon_sheet: NguonSheet
    nguon_banner: NguonBanner
    ban_do_leaflet: BanDoLeaflet


@dataclass(frozen=True, slots=True)
class PrintShop:
    """All that printing needs: the deployment, and its pieces, themes and copy decks by name."""

    deployment: Deployment
    pieces: Mapping[str, Piece]
    themes: Mapping[str, Theme]
    copies: Mapping[str, Copy]


def load_shop(path: Path) -> PrintShop:
    """Read the deployment at `path` and what it prints. Raises BadDeployment."""
    return shop_of(load_deployment(path))


def shop_of(deployment: Deployment) -> PrintShop:
    """What `deployment` prints. Raises BadDeployment with all that is wrong in pieces.toml and the copy decks."""
    faults: list[Fault] = []
    pieces, themes = _pieces(deployment.path, faults)
    copies = {lang: deck for lang, file in _decks(deployment.path).items() if (deck := _copy(file, faults)) is not None}
    if faults:
        raise BadDeployment(faults)
    return PrintShop(deployment, pieces, themes, copies)


def _pieces(path: Path, faults: list[Fault]) -> tuple[Mapping[str, Piece], Mapping[str, Theme]]:
    """A deployment without a pieces.toml of its own prints what we ship."""
    own = path / "pieces.toml"
    toml = read_toml(own if own.is_file() else shipped_deployment() / "pieces.toml")
    if toml.fault is not None:
        faults.append(toml.fault)
        return {}, {}
    read = validated(_PiecesFile, toml, toml.values, faults)
    if read is None:
        return {}, {}
    pieces = {name: replace(piece, name=name) for name, piece in read.pieces.items()}
    themes = {name: replace(theme, name=name) for name, theme in read.themes.items()}
    for name, piece in pieces.items():
        faults += _piece_faults(toml, name, piece, themes)
    return pieces, themes


def _piece_faults(toml: TomlFile, name: str, piece: Piece, themes: Mapping[str, Theme]) -> Iterator[Fault]:
    """What no single value shows: unknown names, and inks that the piece's stock can't carry."""
    line = toml.places.line(("pieces", name, "layouts"))
    for theme, layout in piece.layouts.items():
        if layout not in LAYOUTS:
            yield Fault(toml.file, line, f"pieces.{name}.layouts", f"There is no layout “{layout}”", f"There are: {', '.join(LAYOUTS)}")
        if theme not in themes:
            yield Fault(toml.file, line, f"pieces.{name}.layouts", f"There is no theme “{theme}”", f"There are: {', '.join(themes)}")
            continue
        for role, ink in asdict(themes[theme].palette(piece.stock)).items():
            if (total := Ink(**ink).total) > piece.ink_limit:
                text = f"{role} of theme “{theme}” carries {total:g} % ink, the piece allows {piece.ink_limit:g} %"
                yield Fault(toml.file, line, f"pieces.{name}.ink_limit", text, "Write a lighter recipe for this stock")


def _decks(path: Path) -> dict[str, Path]:
    """Copy decks by language; a deployment's own wins over ours."""
    folders = (shipped("templates") / "print", path / "templates" / "print")
    return {file.stem: file for folder in folders if folder.is_dir() for file in sorted(folder.glob("*.toml"))}


def _copy(file: Path, faults: list[Fault]) -> Copy | None:
    toml = read_toml(file)
    if toml.fault is not None:
        faults.append(toml.fault)
        return None
    before = len(faults)
    faults += _field_faults(toml, toml.values, ())
    read = validated(_CopyFile, toml, toml.values, faults) if len(faults) == before else None
    return Copy(read.shared, read.nguon_sheet, read.nguon_banner, read.ban_do_leaflet) if read else None


def _field_faults(toml: TomlFile, value: Any, at: tuple[str | int, ...]) -> Iterator[Fault]:
    """Every {field} of every text must be one that can be filled."""
    if isinstance(value, str):
        where = ".".join(map(str, at))
        try:
            names = [name for _, name, _, _ in Formatter().parse(value) if name is not None]
        except ValueError:
            yield Fault(toml.file, toml.places.line(at), where, "A curly bracket is open or lonely", "Write fields as {village}")
            return
        for name in names:
            if name not in FIELDS:
                yield Fault(
                    toml.file, toml.places.line(at), where, f"There is no field {{{name}}}", f"There are: {', '.join(sorted(FIELDS))}"
                )
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _field_faults(toml, inner, (*at, key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from _field_faults(toml, inner, (*at, i))
