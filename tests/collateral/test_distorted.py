"""Codes are read off photos of the rendered page, not off its clean picture alone. 500 a piece, by two decoders: tests/peers."""

from random import Random

import pytest
import zxingcpp
from PIL import Image

from tests.collateral.conftest import PIECES
from tests.collateral.distort import PLAIN, Photo, any_photo, sharp, taken

PHOTOS = 25


def read(image: Image.Image) -> list[str]:
    return [code.text for code in zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)]


@pytest.mark.parametrize("trouble", PLAIN)
@pytest.mark.parametrize("piece", PIECES)
def test_every_code_is_read_off_a_bad_photo(drawn, piece, trouble):
    for code, picture in sharp(drawn[piece].pdf, drawn[piece].note):
        assert read(taken(picture, PLAIN[trouble], Random(5))) == [code.payload]


@pytest.mark.parametrize("piece", PIECES)
def test_troubles_come_together(drawn, piece):
    random = Random(piece)
    for code, picture in sharp(drawn[piece].pdf, drawn[piece].note):
        unread = [photo for photo in (any_photo(random) for _ in range(PHOTOS)) if read(taken(picture, photo, random)) != [code.payload]]
        assert unread == []


def test_the_same_seed_takes_the_same_photo(drawn):
    _, picture = next(sharp(drawn["poster-a3"].pdf, drawn["poster-a3"].note))
    photo = any_photo(Random(1))
    assert taken(picture, photo, Random(2)).tobytes() == taken(picture, photo, Random(2)).tobytes()


def test_a_photo_can_be_too_bad(drawn):
    """Or these photos would prove nothing."""
    _, picture = next(sharp(drawn["poster-a3"].pdf, drawn["poster-a3"].note))
    assert read(taken(picture, Photo(blur=1.2), Random(3))) == []
    assert read(taken(picture, Photo(light=0.05, grain=30), Random(3))) == []
