"""Our model of the press beside a profile of measured sheets, ISO Coated v2 300 (FOGRA39), which Debian ships inside Apache PDFBox.
And our model of uncoated paper beside 1,485 measured patches (FOGRA29) of Debian's icc-profiles-free. `tests/peers/install` brings both."""

import io
import zipfile
from functools import cache
from itertools import product
from math import dist
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from collateral import uncoated
from collateral.contrast import luminance
from collateral.icc import modelled_profile
from collateral.ink import Ink

JAR = Path("/usr/share/java/pdfbox2.jar")
MEASURED = "org/apache/pdfbox/resources/icc/ISOcoated_v2_300_bas.icc"
PATCHES = Path("/usr/share/color/icc/FOGRA29L.ti3")
RELATIVE = ImageCms.Intent.RELATIVE_COLORIMETRIC
MODES = {"sRGB": "RGB", "LAB": "LAB", "ours": "CMYK", "measured": "CMYK"}
TONES = tuple(round(part * 2.55) for part in (0, 10, 20, 40, 60, 80, 100))
INKS = [pixel for pixel in product(TONES, repeat=4) if sum(pixel) <= 3 * 255]
PALETTE = ("D22124", "9A2724", "FFCD00", "C69D40", "FFFAEC", "FFFFFF", "000000", "404040", "808080", "C0C0C0", "DA251D", "0054A6", "305020")
Pixels = list[tuple[int, ...]]


def measured() -> bytes:
    assert JAR.exists(), "run tests/peers/install"
    with zipfile.ZipFile(JAR) as jar:
        return jar.read(MEASURED)


@cache
def profile(name: str) -> ImageCms.ImageCmsProfile:
    data = {"ours": lambda: modelled_profile().data, "measured": measured}.get(name)
    return ImageCms.ImageCmsProfile(io.BytesIO(data()) if data else ImageCms.createProfile(name))


def through(pixels: Pixels, source: str, target: str, flags: int = 0) -> Pixels:
    image = Image.frombytes(MODES[source], (len(pixels), 1), bytes(part for pixel in pixels for part in pixel))
    transform = ImageCms.buildTransform(profile(source), profile(target), MODES[source], MODES[target], RELATIVE, flags)
    data, size = ImageCms.applyTransform(image, transform).tobytes(), len(MODES[target])
    return [tuple(data[at : at + size]) for at in range(0, len(data), size)]


def seen(pixels: Pixels, source: str) -> list[tuple[float, float, float]]:
    """L*, a*, b*; Pillow keeps the last two as signed bytes, which adds up to 0.9 to a difference."""
    return [(light / 2.55, (a + 128) % 256 - 128, (b + 128) % 256 - 128) for light, a, b in through(pixels, source, "LAB")]


def apart(one: list[tuple[float, float, float]], other: list[tuple[float, float, float]]) -> tuple[float, float, float]:
    """Mean, 95th percentile and most of ΔE*ab (1976)."""
    off = sorted(dist(a, b) for a, b in zip(one, other, strict=True))
    return sum(off) / len(off), off[len(off) * 95 // 100], off[-1]


def test_inks_print_as_measured():
    mean, most, worst = apart(seen(INKS, "ours"), seen(INKS, "measured"))
    assert len(INKS) > 2000
    assert mean < 1.8
    assert most < 3.6
    assert worst < 6.5


@pytest.mark.parametrize("ramp", [(1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1), (1, 1, 1, 0)])
def test_ramps_print_as_measured(ramp):
    inks = [tuple(value * on for on in ramp) for value in range(0, 256, 17)]
    mean, _, worst = apart(seen(inks, "ours"), seen(inks, "measured"))
    assert mean < 3.7  # of magenta, the farthest; the others stay under 2
    assert worst < 5.5


@pytest.mark.parametrize("flags", [0, ImageCms.Flags.BLACKPOINTCOMPENSATION])
def test_house_colours_of_a_screen_print_as_by_the_measured_profile(flags):
    """Other inks, more of them black: the same look on the sheets that were measured."""
    colours = [tuple(bytes.fromhex(each)) for each in PALETTE]
    ours, theirs = (seen(through(colours, "sRGB", name, flags), "measured") for name in ("ours", "measured"))
    mean, _, worst = apart(ours, theirs)
    assert mean < 3
    assert worst < 7


def test_any_screen_s_colours_print_near_those_by_the_measured_profile():
    """Also those that no press prints, where each profile has its own taste: deep blue and green turn out otherwise."""
    colours = list(product(range(0, 256, 15), repeat=3))
    flags = ImageCms.Flags.BLACKPOINTCOMPENSATION
    ours, theirs = (seen(through(colours, "sRGB", name, flags), "measured") for name in ("ours", "measured"))
    mean, most, _ = apart(ours, theirs)
    assert mean < 4
    assert most < 10


def test_our_inks_look_on_measured_sheets_as_they_were_meant():
    """Colours that the measured profile prints, through our separation: mean and 95th percentile."""
    wanted = through(INKS, "measured", "LAB")
    mean, most, _ = apart(seen(INKS, "measured"), seen(through(wanted, "LAB", "ours"), "measured"))
    assert mean < 3
    assert most < 6


def test_luminance_is_that_of_measured_sheets():
    """What contrast rests on, with the light that the eye adds (WCAG): within a tenth for any recipe that dries."""
    for pixel, rgb in zip(INKS, through(INKS, "measured", "sRGB"), strict=True):
        if sum(pixel) <= 2.8 * 255:
            light = luminance(Ink(0, 0, 0, 0, light="#" + bytes(rgb).hex()))
            assert luminance(Ink(*(part / 2.55 for part in pixel))) + 0.05 == pytest.approx(light + 0.05, rel=0.1), pixel


def test_the_paper_is_the_measured_one():
    white = ImageCms.ImageCmsProfile(io.BytesIO(measured())).profile.media_white_point
    assert ImageCms.ImageCmsProfile(io.BytesIO(modelled_profile().data)).profile.media_white_point[0] == pytest.approx(white[0], abs=1e-4)


def uncoated_patches() -> dict[tuple[float, ...], tuple[float, ...]]:
    """Tones of cyan, magenta, yellow, black, 0 to 1: X, Y, Z of the measured sheet, of its paper = 1. CGATS.5 in Argyll's dress."""
    assert PATCHES.exists(), "run tests/peers/install"
    lines = PATCHES.read_text("ascii").splitlines()
    names = lines[lines.index("BEGIN_DATA_FORMAT") + 1].split()
    rows = (line.split() for line in lines[lines.index("BEGIN_DATA") + 1 : lines.index("END_DATA")])
    patches = [dict(zip(names, map(float, row), strict=True)) for row in rows]
    lights = {tuple(each[f"CMYK_{ink}"] / 100 for ink in "CMYK"): tuple(each[f"XYZ_{axis}"] for axis in "XYZ") for each in patches}
    paper = lights[0.0, 0.0, 0.0, 0.0]
    return {tones: tuple(part / white for part, white in zip(light, paper, strict=True)) for tones, light in lights.items()}


def test_uncoated_paper_prints_as_measured():
    """What contrast sees of what the press takes, with the light that the eye adds (WCAG): nine in ten within 5 %, none off by 9."""
    patches = {tones: light for tones, light in uncoated_patches().items() if sum(tones) <= 2.4}
    off = sorted((uncoated.printed(tones)[1] + 0.05) / (light[1] + 0.05) - 1 for tones, light in patches.items())
    assert len(off) > 700
    assert off[0] > -0.09
    assert off[len(off) // 20] > -0.05
    assert off[-len(off) // 20] < 0.05
    assert off[-1] < 0.09


def test_solids_of_uncoated_paper_are_the_measured_ones():
    for tones, light in uncoated_patches().items():
        if set(tones) <= {0.0, 1.0}:
            assert uncoated.printed(tones) == pytest.approx(light, rel=0.02, abs=0.001), tones
