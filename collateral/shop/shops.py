"""Print shops: who prints what, on which paper, how many, for which press, until when. `shops.toml` beside pieces.toml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Annotated, ClassVar, Final

from pydantic import Field

from collateral.load import PrintShop
from collateral.press import OFFICE, Press
from gateway.deployment import BadDeployment, shipped_deployment
from gateway.domain.fault import Fault
from gateway.domain.village import Village
from gateway.toml_file import Frozen, TomlFile, read_toml, validated

FILE: Final = "shops.toml"


@dataclass(frozen=True, slots=True)
class Work:
    """How a shop makes one piece. `copies` of each file, or `per_household` for each household of its village; `spare`: percent on top."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = {"extra": "forbid"}

    paper: str
    copies: Annotated[int, Field(ge=0)] = 1
    per_household: Annotated[int, Field(ge=0, le=100)] = 0
    spare: Annotated[int, Field(ge=0, le=100)] = 0
    finishing: str = ""  # "": as the piece says
    themes: tuple[str, ...] = ()  # (): the piece's first
    note: str = ""

    def copies_for(self, village: Village) -> int:
        """Copies of one file, spare ones included, rounded up."""
        wanted = self.per_household * village.households if self.per_household else self.copies
        return -(-wanted * (100 + self.spare) // 100)


@dataclass(frozen=True, slots=True)
class Shop:
    """One print shop. `zip`: it gets one archive instead of a folder."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = {"extra": "forbid"}

    title: str
    pieces: Mapping[str, Work]
    contact: str = ""
    address: str = ""
    deadline: date | None = None
    press: Press = OFFICE
    zip: bool = False
    name: str = ""


class _ShopsFile(Frozen):
    shops: dict[str, Shop] = Field(min_length=1)


def load_shops(printing: PrintShop) -> Mapping[str, Shop]:
    """The shops by name. A deployment without a shops.toml has those that we ship. Raises BadDeployment."""
    folder = printing.deployment.path
    own = folder / FILE
    toml = read_toml(own if own.is_file() else shipped_deployment() / FILE)
    faults = [toml.fault] if toml.fault else []
    read = None if faults else validated(_ShopsFile, toml, toml.values, faults)
    shops = {name: _at_home(replace(shop, name=name), folder) for name, shop in read.shops.items()} if read else {}
    faults += [fault for shop in shops.values() for fault in _faults(toml, shop, printing)]
    if faults:
        raise BadDeployment(faults)
    return shops


def _at_home(shop: Shop, folder: Path) -> Shop:
    """A profile's path is read from the deployment's folder."""
    profile = shop.press.profile
    return replace(shop, press=replace(shop.press, profile=folder / profile)) if profile else shop


def _faults(toml: TomlFile, shop: Shop, printing: PrintShop) -> Iterator[Fault]:
    for piece, work in shop.pieces.items():
        if piece not in printing.pieces:
            line = toml.places.line(("shops", shop.name, "pieces", piece))
            remedy = f"There are: {', '.join(printing.pieces)}"
            yield Fault(toml.file, line, f"shops.{shop.name}.pieces", f"There is no piece “{piece}”", remedy)
            continue
        for theme in work.themes:
            if theme not in (there := printing.pieces[piece].layouts):
                line = toml.places.line(("shops", shop.name, "pieces", piece, "themes"))
                text = f"{piece} has no theme “{theme}”"
                yield Fault(toml.file, line, f"shops.{shop.name}.pieces.{piece}.themes", text, f"There are: {', '.join(there)}")
    if (profile := shop.press.profile) is not None and not profile.is_file():
        line = toml.places.line(("shops", shop.name, "press"))
        yield Fault(
            toml.file, line, f"shops.{shop.name}.press", f"There is no profile {profile.name}", "Put the ICC file beside shops.toml"
        )
