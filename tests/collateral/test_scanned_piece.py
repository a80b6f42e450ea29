"""The small picture of a piece whose code was scanned."""

import io

from PIL import Image

from collateral.scanned_piece import MOST_BYTES, make_picture
from gateway.deployment import shipped_deployment

YELLOW = (255, 216, 77)


def _yellow(picture: Image.Image) -> list[tuple[int, int]]:
    image = picture.convert("RGB")
    return [(x, y) for x in range(image.width) for y in range(image.height) if _is_near(image.getpixel((x, y)))]


def _is_near(pixel) -> bool:
    return all(abs(one - other) < 24 for one, other in zip(pixel, YELLOW, strict=True))


def test_a_poster_is_small_and_its_code_is_framed() -> None:
    png = make_picture(shipped_deployment(), "TN01", 1, "poster-a3")
    assert png is not None
    assert len(png) <= MOST_BYTES
    picture = Image.open(io.BytesIO(png))
    assert (max(picture.size) <= 261, picture.text) == (True, {})  # nothing is said in it of the place
    points = _yellow(picture)
    width = max(x for x, _ in points) - min(x for x, _ in points)
    height = max(y for _, y in points) - min(y for _, y in points)
    assert abs(width - height) <= 4  # a square, round the code
    assert 30 < width < 160


def test_what_is_not_printed_has_no_picture() -> None:
    assert make_picture(shipped_deployment(), "TN01", 1, "no-such-piece") is None
    assert make_picture(shipped_deployment(), "TN01", 777, "poster-a3") is None
