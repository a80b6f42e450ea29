"""What lies between paper and phone: a slanted view, shake, distance, dusk and a grainy sensor. Seeded: the same seed, the same photo."""

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import pypdfium2
from PIL import Image, ImageChops, ImageFilter, ImageStat

from collateral.geometry import PT_PER_MM
from collateral.note import CodeNote, SheetNote
from collateral.qr import QUIET_ZONE

MODULE_PX = 6.0  # a module of the sharp picture that all photos are made of; at 60 % the phone is left with 3.6
_SPECK_PX = 0.7
_AROUND = 3  # modules of what stands around the white square


@dataclass(frozen=True)
class Photo:
    """How a photo was taken. `slant`: how far corners move, share of the side; `turn_deg`; `size`: of the sharp picture's;
    `blur`: radius in modules; `light`: share of the contrast that is left; `dark`: grey of black; `grain`: standard deviation of 255."""

    slant: float = 0.0
    turn_deg: float = 0.0
    size: float = 1.0
    blur: float = 0.0
    light: float = 1.0
    dark: float = 0.0
    grain: float = 0.0


PLAIN = {  # one trouble at a time, at its worst
    "slanted": Photo(slant=0.08),
    "turned": Photo(turn_deg=30),
    "from afar": Photo(size=0.6),
    "shaken": Photo(blur=0.4),
    "at dusk": Photo(light=0.35, dark=12, grain=6),
    "grainy": Photo(grain=16),
}


def any_photo(random: Random) -> Photo:
    """Some of all troubles at once."""
    return Photo(
        slant=random.uniform(0, 0.06),
        turn_deg=random.uniform(-15, 15),
        size=random.uniform(0.6, 1.0),
        blur=random.uniform(0, 0.3),
        light=random.uniform(0.5, 1.0),
        dark=random.uniform(0, 25),
        grain=random.uniform(0, 8),
    )


def taken(picture: Image.Image, photo: Photo, random: Random) -> Image.Image:
    """A grey picture as the phone gets it; corners and grain are `random`'s."""
    seen = _slanted(picture, photo, random)
    seen = seen.resize((round(seen.width * photo.size), round(seen.height * photo.size)), Image.Resampling.BILINEAR)
    seen = seen.filter(ImageFilter.GaussianBlur(photo.blur * MODULE_PX * photo.size))
    seen = seen.point([round(photo.dark + value * photo.light) for value in range(256)])
    return ImageChops.add(seen, _grain(seen.size, photo.grain, random), offset=-128)


def _grain(size: tuple[int, int], deviation: float, random: Random) -> Image.Image:
    """Noise about 128 as a phone leaves it: a pixel is mixed from its neighbours' sensors, so it comes in specks."""
    noise = Image.frombytes("L", size, random.randbytes(size[0] * size[1])).filter(ImageFilter.GaussianBlur(_SPECK_PX))
    spread = deviation / ImageStat.Stat(noise).stddev[0]
    return noise.point([min(255, max(0, round(128 + (value - 128) * spread))) for value in range(256)])


def _slanted(picture: Image.Image, photo: Photo, random: Random) -> Image.Image:
    """The picture on a grey wall, its corners moved inward, turned about its middle."""
    half = max(picture.size) / 2
    reach = half * 1.45
    corners = []
    for x, y in ((-1, -1), (-1, 1), (1, 1), (1, -1)):
        inward = [half * (1 - 2 * random.uniform(0, photo.slant)) for _ in "xy"]
        angle = math.radians(photo.turn_deg)
        at = x * inward[0], y * inward[1]
        corners.append(
            (reach + at[0] * math.cos(angle) - at[1] * math.sin(angle), reach + at[0] * math.sin(angle) + at[1] * math.cos(angle))
        )
    side = round(2 * reach)
    width, height = picture.size
    back = _projection(corners, [(0, 0), (0, height), (width, height), (width, 0)])
    return picture.transform((side, side), Image.Transform.PERSPECTIVE, back, Image.Resampling.BILINEAR, fillcolor=150)


def _projection(from_points: list[tuple[float, float]], to_points: list[tuple[float, float]]) -> list[float]:
    """The eight numbers of the projection that takes each point of the first list to that of the second."""
    rows = []
    for (x, y), (u, v) in zip(from_points, to_points, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    return _solved(rows)


def _solved(rows: list[list[float]]) -> list[float]:
    """Gauss and Jordan, the largest pivot first."""
    for at in range(len(rows)):
        best = max(range(at, len(rows)), key=lambda i: abs(rows[i][at]))
        rows[at], rows[best] = rows[best], rows[at]
        rows[at] = [value / rows[at][at] for value in rows[at]]
        for i, row in enumerate(rows):
            if i != at:
                rows[i] = [a - row[at] * b for a, b in zip(row, rows[at], strict=True)]
    return [row[-1] for row in rows]


def sharp(file: bytes, note: SheetNote) -> Iterator[tuple[CodeNote, Image.Image]]:
    """Each code of a PDF or of a screen's PNG with a strip of what stands around it, MODULE_PX pixels a module."""
    if not file.startswith(b"%PDF"):
        screen = Image.open(io.BytesIO(file)).convert("LA")
        ground = Image.new("LA", screen.size, (120, 255))  # a moving picture under an overlay
        yield from ((code, _enlarged(Image.alpha_composite(ground, screen).convert("L"), code)) for code in note.codes)
        return
    document = pypdfium2.PdfDocument(file)
    try:
        for code in note.codes:
            page = document[code.page - 1]
            yield code, _around(page, code)
            page.close()
    finally:
        document.close()


def _enlarged(screen: Image.Image, code: CodeNote) -> Image.Image:
    x, y, side, _ = (part / PT_PER_MM for part in code.box_pt)  # a screen's millimetres are its pixels
    module = side / (code.modules + 2 * QUIET_ZONE)
    left, top = x - _AROUND * module, screen.height - y - side - _AROUND * module
    box = max(0, left), max(0, top), min(screen.width, x + side + _AROUND * module), min(screen.height, top + side + 2 * _AROUND * module)
    cut = screen.crop(tuple(map(round, box)))
    return cut.resize((round(cut.width * MODULE_PX / module), round(cut.height * MODULE_PX / module)), Image.Resampling.BICUBIC)


def _around(page: pypdfium2.PdfPage, code: CodeNote) -> Image.Image:
    x, y, side, _ = code.box_pt
    module = side / (code.modules + 2 * QUIET_ZONE)
    width, height = page.get_size()
    margin = _AROUND * module
    edges = (x - margin, y - margin, width - x - side - margin, height - y - side - margin)
    bitmap = page.render(scale=MODULE_PX / module, grayscale=True, crop=tuple(max(0, edge) for edge in edges))
    return bitmap.to_pil().convert("L")
