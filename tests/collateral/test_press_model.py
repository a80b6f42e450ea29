"""The model of the press and the ICC profile made of it, held against published figures and through LittleCMS."""

import hashlib
import io
import os
import struct
import subprocess
import sys
from functools import cache
from itertools import product
from math import dist

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from collateral.icc import modelled_profile, parsed
from collateral.icc_maker import NAME
from collateral.press_model import INK_LIMIT, SOLIDS, cover, covers_for, lab_of, tone
from collateral.refusal import Refused

RELATIVE = ImageCms.Intent.RELATIVE_COLORIMETRIC
INTENTS = (ImageCms.Intent.PERCEPTUAL, RELATIVE, ImageCms.Intent.SATURATION)
BLACK_POINT = ImageCms.Flags.BLACKPOINTCOMPENSATION
MODES = {"sRGB": "RGB", "LAB": "LAB", "press": "CMYK"}
Pixels = list[tuple[int, ...]]


@cache
def transform(source: str, target: str, intent: int = RELATIVE, flags: int = 0) -> ImageCms.ImageCmsTransform:
    profiles = [press() if name == "press" else ImageCms.createProfile(name) for name in (source, target)]
    return ImageCms.buildTransform(*profiles, MODES[source], MODES[target], intent, flags)


def press() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(io.BytesIO(modelled_profile().data))


def through(pixels: Pixels, source: str, target: str, intent: int = RELATIVE, flags: int = 0) -> Pixels:
    image = Image.frombytes(MODES[source], (len(pixels), 1), bytes(part for pixel in pixels for part in pixel))
    data = ImageCms.applyTransform(image, transform(source, target, intent, flags)).tobytes()
    size = len(MODES[target])
    return [tuple(data[at : at + size]) for at in range(0, len(data), size)]


def seen(inks: Pixels) -> list[tuple[float, float, float]]:
    """L*, a*, b* by the profile, to the 8 bits that Pillow gives."""
    return [as_lab(*each) for each in through(inks, "press", "LAB")]


def as_lab(light: int, a: int, b: int) -> tuple[float, float, float]:
    """Pillow keeps a* and b* as signed bytes."""
    return light / 2.55, (a + 128) % 256 - 128, (b + 128) % 256 - 128


def in_bytes(*percent: float) -> tuple[int, ...]:
    return tuple(round(part * 2.55) for part in percent)


@pytest.mark.parametrize(
    ("percent", "shown"),  # press.md §1.3: the house palette, through a profile of measured sheets
    [
        ((0, 100, 100, 10), "D22124"),
        ((20, 100, 100, 30), "9A2724"),
        ((0, 20, 100, 0), "FFCD00"),
        ((20, 35, 85, 10), "C69D40"),
        ((0, 2, 10, 0), "FFFAEC"),
    ],
)
def test_the_house_palette_looks_as_published(percent, shown):
    (ours,) = through([in_bytes(*percent)], "press", "sRGB")
    assert dist(lab_of_screen(ours), lab_of_screen(tuple(bytes.fromhex(shown)))) < 4


def lab_of_screen(rgb: tuple[int, ...]) -> tuple[float, float, float]:
    return as_lab(*through([rgb], "sRGB", "LAB")[0])


def test_solids_print_as_characterised():
    """Model and profile, all sixteen."""
    for covers, lab in zip(product((0.0, 1.0), repeat=4), SOLIDS, strict=True):
        assert lab_of(covers) == pytest.approx(lab, abs=1e-9)
        (printed,) = seen([tuple(round(255 * each) for each in covers)])
        assert dist(printed, lab) < 1.2  # of which 0.9 are Pillow's steps of 1 in a* and b*


def test_the_profile_is_the_model():
    """The grid of A2B between its nodes."""
    inks = list(product(range(0, 256, 51), repeat=4))
    model = [lab_of([cover(ink, value / 255) for ink, value in enumerate(pixel)]) for pixel in inks]
    off = sorted(dist(ours, its) for ours, its in zip(model, seen(inks), strict=True))
    assert sum(off) / len(off) < 0.5
    assert off[-1] < 1.3


def test_there_and_back_again():
    """Colours that the press prints become other inks of the same colour."""
    inks = [pixel for pixel in product(range(0, 256, 51), repeat=4) if sum(pixel) <= 3 * 255]
    wanted = through(inks, "press", "LAB")
    back = through(wanted, "LAB", "press")
    off = sorted(dist(one, other) for one, other in zip(seen(inks), seen(back), strict=True))
    assert sum(off) / len(off) < 2
    assert off[len(off) * 95 // 100] < 4


@pytest.mark.parametrize("intent", INTENTS)
@pytest.mark.parametrize("flags", [0, BLACK_POINT])
def test_no_colour_of_a_screen_takes_more_ink_than_dries(intent, flags):
    inks = through(list(product(range(0, 256, 15), repeat=3)), "sRGB", "press", intent, flags)
    assert max(map(sum, inks)) <= INK_LIMIT * 255 + 2


def test_no_lab_takes_more_ink_than_dries():
    inks = through(list(product(range(0, 256, 15), repeat=3)), "LAB", "press")
    assert max(map(sum, inks)) <= INK_LIMIT * 255 + 2


def test_greys_are_mostly_black_and_paper_is_none():
    """A plate that slips then leaves no coloured seam, and grey stays grey."""
    levels = range(0, 256, 5)
    for level, (c, m, y, k) in zip(levels, through([(level,) * 3 for level in levels], "sRGB", "press"), strict=True):
        assert level < 80 or k >= c + m + y, level
        _, a, b = seen([(c, m, y, k)])[0]
        assert max(abs(a), abs(b)) <= 2, level
    assert (c, m, y, k) == (0, 0, 0, 0)


def test_lighter_greys_take_less_black():
    black = [k for *_, k in through([(level,) * 3 for level in range(256)], "sRGB", "press")]
    assert black == sorted(black, reverse=True)


@given(st.integers(0, 3), st.floats(0, 1))
def test_dot_gain_forwards_and_backwards(ink, covered):
    assert cover(ink, tone(ink, covered)) == pytest.approx(covered, abs=1e-7)
    assert 0 <= tone(ink, covered) <= 1


part = st.floats(0, 1)


@given(part, part, part, part)
def test_every_printed_colour_is_found_again(c, m, y, k):
    """Within the ink limit; the inks may be others."""
    if c + m + y + k <= 2.4:
        wanted = lab_of((c, m, y, k))
        covers, miss = covers_for(wanted)
        assert miss < 2.5
        assert all(0 <= each <= 1 for each in covers)
        assert sum(tone(ink, each) for ink, each in enumerate(covers)) <= INK_LIMIT + 1e-6


@given(st.tuples(st.floats(-20, 120), st.floats(-200, 200), st.floats(-200, 200)))
def test_any_colour_gets_inks_that_dry(wanted):
    covers, miss = covers_for(wanted)
    assert all(0 <= each <= 1 for each in covers)
    assert sum(tone(ink, each) for ink, each in enumerate(covers)) <= INK_LIMIT + 1e-6
    assert miss >= 0


def test_header_and_tags():
    """ICC.1:2001-04 §6.1, §6.3.1 table 19: what an output profile must have, on bounds of four bytes, within the file."""
    data = modelled_profile().data
    assert (len(data), data[8:12]) == (struct.unpack(">I", data[:4])[0], b"\x02\x40\0\0")
    count = struct.unpack(">I", data[128:132])[0]
    tags = {data[at : at + 4]: struct.unpack(">II", data[at + 4 : at + 12]) for at in range(132, 132 + 12 * count, 12)}
    assert set(tags) == {b"desc", b"cprt", b"wtpt", b"A2B0", b"A2B1", b"A2B2", b"B2A0", b"B2A1", b"B2A2", b"gamt"}
    assert all(start % 4 == 0 and start + size <= len(data) for start, size in tags.values())
    assert [data[tags[tag][0] :][:4] for tag in (b"A2B1", b"B2A1", b"gamt")] == [b"mft2"] * 3
    assert len(data) < 100_000


def test_it_says_what_it_is():
    profile = modelled_profile()
    assert (profile.kind, profile.space, profile.name) == ("prtr", "CMYK", NAME)
    assert ImageCms.getProfileDescription(press()).strip() == NAME
    assert parsed(profile.data).name == NAME
    assert all(ImageCms.isIntentSupported(press(), intent, ImageCms.Direction.OUTPUT) == 1 for intent in INTENTS)


def test_only_one_condition_is_modelled():
    with pytest.raises(Refused, match="FOGRA51"):
        modelled_profile("FOGRA51")


def test_another_process_makes_the_same_bytes():
    script = "import hashlib; from collateral.icc_maker import profile_bytes; print(hashlib.sha256(profile_bytes()).hexdigest())"
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == hashlib.sha256(modelled_profile().data).hexdigest()
