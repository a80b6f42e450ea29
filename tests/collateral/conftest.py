"""The shipped deployment's print shop, and one finished file a piece, made once a run."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from collateral.batch import Drawn, Ticket, draw_ticket
from collateral.load import PrintShop, load_shop
from gateway.deployment import shipped_deployment

PIECES = {"poster-a3": "nguon", "banner-h": "nguon", "leaflet-a5": "ban-do", "leaflet-a4": "ban-do", "leaflet-trifold": "o-trong"}


def ticket(piece: str, village: str = "TN01") -> Ticket:
    return Ticket(village, piece, PIECES[piece], "vi")


def with_village(shop: PrintShop, **changes: object) -> PrintShop:
    """The shop with TN01 changed."""
    villages = {**shop.deployment.villages, "TN01": replace(shop.deployment.villages["TN01"], **changes)}
    return replace(shop, deployment=replace(shop.deployment, villages=villages))


def with_campaign(shop: PrintShop, **changes: object) -> PrintShop:
    """The shop with another campaign."""
    return replace(shop, deployment=replace(shop.deployment, campaign=replace(shop.deployment.campaign, **changes)))


@pytest.fixture(scope="session")
def shop() -> PrintShop:
    return load_shop(shipped_deployment())


@pytest.fixture(scope="session")
def drawn(shop: PrintShop) -> Mapping[str, Drawn]:
    """Finished files of TN01 by piece."""
    return {piece: draw_ticket(shop, ticket(piece)) for piece in PIECES}


@pytest.fixture
def deployment_copy(tmp_path: Path) -> Callable[[], Path]:
    """A copy of the shipped deployment that a test may spoil."""

    def copy() -> Path:
        target = tmp_path / "deployment"
        target.mkdir()
        for file in shipped_deployment().iterdir():
            if file.suffix in (".toml", ".csv"):
                (target / file.name).write_bytes(file.read_bytes())
        return target

    return copy
