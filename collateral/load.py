"""A deployment's pieces, themes and copy as values. Where outside data enters: checked whole, faults with file, line, field and remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from string import Formatter
from typing import Annotated, Any

from pydantic import Field, create_model

from collateral.ink import Ink
from collateral.layout import LAYOUTS
from collateral.marks import Marks
from collateral.piece import Piece
from collateral.press import CONDITIONS
from collateral.theme import Theme
from collateral.type import LAO, LAO_BOLD, LAO_SLOGAN, Face, face, faces_with, own_lao
from collateral.wording import FIELDS, Copy, Shared
from gateway.deployment import BadDeployment, Deployment, load_deployment, shipped, shipped_deployment
from gateway.domain.fault import Fault
from gateway.toml_file import Frozen, TomlFile, read_toml, validated

_Named = Annotated[str, Field(pattern=r"[a-z0-9]+(-[a-z0-9]+)*", min_length=1)]


class _Fonts(Frozen):
    """Lao faces of the deployment's own, .ttf, as paths from its folder; "": ours."""

    lao: str = ""
    lao_bold: str = ""
    lao_slogan: str = ""  # where there is a serif one


class _PiecesFile(Frozen):
    fonts: _Fonts = Field(default_factory=_Fonts)
    pieces: dict[_Named, Piece] = Field(min_length=1)
    themes: dict[_Named, Theme] = Field(min_length=1)
    marks: Marks = Marks()


_SECTIONS: Any = {name: (layout.words | None, None) for name, layout in LAYOUTS.items()}  # Any: what create_model takes
_CopyFile: Any = create_model(
    "_CopyFile", __base__=Frozen, shared=(Shared, ...), **_SECTIONS
)  # what all pieces share, then each layout's own


@dataclass(frozen=True, slots=True)
class PrintShop:
    """All that printing needs: the deployment, and its pieces, themes and copy decks by name."""

    deployment: Deployment
    pieces: Mapping[str, Piece]
    themes: Mapping[str, Theme]
    copies: Mapping[str, Copy]
    marks: Marks = field(default_factory=Marks)
    faces: Callable[[str], Face] = face


def load_shop(path: Path) -> PrintShop:
    """Read the deployment at `path` and what it prints. Raises BadDeployment."""
    return shop_of(load_deployment(path))


def shop_of(deployment: Deployment) -> PrintShop:
    """What `deployment` prints. Raises BadDeployment with all that is wrong in pieces.toml and the copy decks."""
    faults: list[Fault] = []
    pieces, themes, marks, faces = _pieces(deployment.path, faults)
    copies = {lang: deck for lang, file in _decks(deployment.path).items() if (deck := _copy(file, faults)) is not None}
    if faults:
        raise BadDeployment(faults)
    return PrintShop(deployment, pieces, themes, copies, marks, faces)


def _pieces(path: Path, faults: list[Fault]) -> tuple[Mapping[str, Piece], Mapping[str, Theme], Marks, Callable[[str], Face]]:
    """A deployment without a pieces.toml of its own prints what we ship."""
    own = path / "pieces.toml"
    folder = path if own.is_file() else shipped_deployment()
    toml = read_toml(folder / "pieces.toml")
    if toml.fault is not None:
        faults.append(toml.fault)
        return {}, {}, Marks(), face
    read = validated(_PiecesFile, toml, toml.values, faults)
    if read is None:
        return {}, {}, Marks(), face
    pieces = {name: replace(piece, name=name) for name, piece in read.pieces.items()}
    themes = {name: replace(theme, name=name) for name, theme in read.themes.items()}
    for name, piece in pieces.items():
        faults += _piece_faults(toml, name, piece, themes)
    return pieces, themes, read.marks.at(folder), _faces(folder, toml, read.fonts, faults)


def _faces(folder: Path, toml: TomlFile, fonts: _Fonts, faults: list[Fault]) -> Callable[[str], Face]:
    """Our faces, or the deployment's own in their place."""
    own: dict[str, Face] = {}
    for key, role, weight in (("lao", LAO, 400), ("lao_bold", LAO_BOLD, 700), ("lao_slogan", LAO_SLOGAN, 600)):
        if not (name := getattr(fonts, key)):
            continue
        try:
            own[role] = own_lao((folder / name).read_bytes(), weight)
        except (OSError, ValueError) as why:
            text = f"{name}: {why.strerror if isinstance(why, OSError) else why}"
            faults.append(Fault(toml.file, toml.places.line(("fonts", key)), f"fonts.{key}", text, "Name a .ttf file with Lao letters"))
    return faces_with(own) if own else face


def _piece_faults(toml: TomlFile, name: str, piece: Piece, themes: Mapping[str, Theme]) -> Iterator[Fault]:
    """What no single value shows: unknown names, and inks that the piece's stock can't carry."""
    line = toml.places.line(("pieces", name, "layouts"))
    if piece.condition and piece.condition not in CONDITIONS:
        at, text = toml.places.line(("pieces", name, "condition")), f"There is no printing condition “{piece.condition}”"
        yield Fault(toml.file, at, f"pieces.{name}.condition", text, f"There are: {', '.join(CONDITIONS)}")
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
    if read is None:
        return None
    sections = {layout.words: getattr(read, name) for name, layout in LAYOUTS.items()}
    return Copy(file.stem, read.shared, {of: said for of, said in sections.items() if said is not None})


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
