"""How light inks print, held against what press.md measured, and against the ICC profile that is made of the same model."""

import io
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from collateral.contrast import contrast, luminance
from collateral.icc import modelled_profile
from collateral.ink import BLACK, PAPER, Ink

RED, DEEP, CLOTH = Ink(0, 100, 100, 10), Ink(20, 100, 100, 30), Ink(12, 100, 88, 18)
IVORY, GILT, GOLD, OLD, GREY = Ink(0, 2, 10, 0), Ink(4, 16, 58, 0), Ink(0, 20, 100, 0), Ink(20, 35, 85, 10), Ink(0, 0, 0, 75)


@cache
def press() -> ImageCms.ImageCmsTransform:
    profile = ImageCms.ImageCmsProfile(io.BytesIO(modelled_profile().data))
    return ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), "CMYK", "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC)


def measured(ink: Ink) -> float:
    """The ink through the profile, as a screen would show it."""
    pixel = Image.new("CMYK", (1, 1), tuple(round(part * 2.55) for part in (ink.c, ink.m, ink.y, ink.k)))
    red, green, blue = ImageCms.applyTransform(pixel, press()).getpixel((0, 0))
    return luminance(Ink(0, 0, 0, 0, light=f"#{red:02x}{green:02x}{blue:02x}"))


@pytest.mark.parametrize(("ink", "wanted"), [(RED, 0.149), (DEEP, 0.084), (GOLD, 0.649), (OLD, 0.365), (IVORY, 0.957)])
def test_the_model_and_its_profile_say_what_press_md_says(ink, wanted):
    """What contrast sees of it, with the light that the eye adds (WCAG): within 4 %."""
    assert luminance(ink) + 0.05 == pytest.approx(wanted + 0.05, rel=0.04)
    assert measured(ink) + 0.05 == pytest.approx(wanted + 0.05, rel=0.04)


@pytest.mark.parametrize(
    ("text", "ground", "wanted"),  # design §2.3, press.md §1.3
    [
        (IVORY, DEEP, 7.5),
        (GILT, DEEP, 5.6),
        (GOLD, DEEP, 5.2),
        (PAPER, DEEP, 7.8),
        (IVORY, CLOTH, 6.1),
        (GILT, CLOTH, 4.6),
        (BLACK, IVORY, 13.6),
        (GREY, IVORY, 5.4),
        (OLD, IVORY, 2.4),
        (PAPER, RED, 5.3),
    ],
)
def test_the_house_palette(text, ground, wanted):
    """Within 4 % of what was measured."""
    assert contrast(text, ground) == pytest.approx(wanted, rel=0.04)
    assert contrast(ground, text) == contrast(text, ground)


parts = st.integers(0, 100)


@given(parts, parts, parts, parts)
def test_any_recipe_is_near_the_profile(c, m, y, k):
    if c + m + y + k <= 280:
        ink = Ink(c, m, y, k)
        assert luminance(ink) + 0.05 == pytest.approx(measured(ink) + 0.05, rel=0.05)


@given(parts, parts, parts, parts)
def test_more_black_is_never_lighter(c, m, y, k):
    assert luminance(Ink(c, m, y, 100)) <= luminance(Ink(c, m, y, k)) + 1e-9


@pytest.mark.parametrize(
    ("text", "ground", "wanted"),  # of the measured sheets of FOGRA29: black 33.7 L*, deep red on the same paper 44
    [
        (BLACK, PAPER, 8.2),
        (BLACK, IVORY, 7.8),
        (GREY, IVORY, 4.7),
        (IVORY, DEEP, 5.5),
        (GILT, DEEP, 4.0),
        (IVORY, Ink(20, 100, 60, 59), 6.85),
    ],
)
def test_uncoated_paper_gives_less_of_everything(text, ground, wanted):
    """Black itself is a dark grey there: nothing stands off as on coated sheets."""
    assert contrast(text, ground, "uncoated") == pytest.approx(wanted, rel=0.02)
    assert contrast(text, ground, "uncoated") < contrast(text, ground)


@given(parts, parts, parts, parts)
def test_on_uncoated_paper_more_ink_is_darker_and_never_lighter_than_paper(c, m, y, k):
    ink = Ink(c, m, y, k)
    assert 0 < luminance(ink, "uncoated") <= luminance(PAPER, "uncoated") + 1e-9
    assert luminance(Ink(c, m, y, 100), "uncoated") <= luminance(ink, "uncoated") + 0.01


def test_a_screen_has_no_paper():
    light = Ink(0, 0, 0, 0, light="#961619")
    assert luminance(light, "uncoated") == luminance(light)


def test_black_on_paper_is_the_most():
    assert contrast(BLACK, PAPER) == pytest.approx(14.2, abs=0.1)
    assert contrast(Ink(0, 0, 0, 0, light="#000000"), Ink(0, 0, 0, 0, light="#ffffff")) == pytest.approx(21)
