"""Every piece in every theme looks as it did when somebody last looked at it: `python -m tests.collateral.golden` shows what changed."""

import pytest
from PIL import Image

from collateral.load import load_shop
from gateway.deployment import shipped_deployment
from tests.collateral.golden import FOLDER, MOST_BYTES, difference, is_alike, pictures, tickets

TICKETS = tickets(load_shop(shipped_deployment()))


@pytest.mark.parametrize("ticket", TICKETS, ids=lambda ticket: f"{ticket.piece}-{ticket.theme}-{ticket.lang}")
def test_it_looks_as_it_did(shop, ticket):
    for name, picture in pictures(shop, ticket):
        assert (FOLDER / name).exists(), f"python -m tests.collateral.golden {ticket.piece}"
        with Image.open(FOLDER / name) as golden:
            assert is_alike(golden, picture), f"{name} differs by {difference(golden, picture)}; look at it with --look"


def test_there_is_none_too_many_and_none_too_large():
    kinds = {f"{ticket.piece}_{ticket.theme}_{ticket.lang}" for ticket in TICKETS}
    files = list(FOLDER.glob("*.png"))
    assert {file.stem.rpartition("-")[0] for file in files} == kinds
    assert [file.name for file in files if file.stat().st_size > MOST_BYTES] == []


def test_a_moved_line_is_seen(shop):
    """A row of letters shifted by a pixel or two of the small picture; and the same picture saved a little softer is not."""
    (name, picture), *_ = pictures(shop, next(ticket for ticket in TICKETS if ticket.piece == "poster-a3"))
    page = picture.convert("RGB")
    moved = page.copy()
    strip = page.crop((0, 150, 110, 160))
    moved.paste(strip, (0, 152))
    assert not is_alike(page, moved), name
    soft = page.resize((page.width * 2, page.height * 2), Image.Resampling.BICUBIC).resize(page.size, Image.Resampling.BILINEAR)
    assert is_alike(page, soft)
