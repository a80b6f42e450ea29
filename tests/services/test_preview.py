"""When a wave would end, and what a preview shows of a person."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.pace import Pace
from gateway.domain.segments import alphabet_of
from gateway.domain.window import Window
from gateway.services.preview import ends_at, masked, preview, words_of
from gateway.services.refusal import Refusal
from gateway.storage.database import Database
from tests.services.people import NOW, deployment, route
from tests.services.wave_rows import make_wave

ZONE = "Asia/Ho_Chi_Minh"
DAY_MS = 86_400_000
SEVEN = 1_794_960_000_000  # 07:00 of 18/11/2026 there


@pytest.mark.parametrize(
    ("pace", "limit", "window", "segments", "hours"),
    [
        (Pace(0), None, Window(0, 0), 100, None),
        (Pace(100), None, Window(0, 0), 96 * 3600, 1),
        (Pace(100), 10, Window(0, 0), 96 * 360, 1),  # the wave's own pace binds
        (Pace(100), 1000, Window(0, 0), 96 * 3600, 1),  # but never above the contract's
        (Pace(60, 60), None, Window(0, 0), 3456, 1),
        (Pace(10, unit="messages"), None, Window(0, 0), 0, 1),
        (Pace(100), None, Window(7 * 60, 21 * 60), 96 * 3600 * 15, 25),  # fourteen hours a day: the fifteenth is tomorrow's first
        (Pace(100), None, Window(7 * 60, 21 * 60), 96 * 3600 * 28, 38),  # exactly to the end of the second day
    ],
)  # fmt: skip
async def test_when_it_would_end(
    database: Database, pace: Pace, limit: int | None, window: Window, segments: int, hours: int | None
) -> None:
    """At 96 % of the pace, in open hours only; MTs count where the contract counts messages."""
    wave = replace(await make_wave(database, pace_limit=limit), segments=segments, audience=34_560, window=window)
    end = ends_at(wave, replace(route(), pace=pace), SEVEN, ZONE)
    assert end == (None if hours is None else SEVEN + hours * 3_600_000)


@given(st.text(max_size=40))
def test_a_mask_keeps_the_shape_and_no_letter(value):
    shown = masked(value)
    assert len(shown) == len(value)
    assert all(c in "xXẋẊ0" for c in shown if c.isalnum())
    assert alphabet_of(shown) is alphabet_of(value)


def test_only_personal_fields_are_masked():
    assert words_of("{{ ten }} {{ ma_thon }}", '{"ten": "Vi Văn A", "ma_thon": "TN07"}', {"ma_thon"}) == "Xx Xẋx X TN07"


async def test_an_unknown_wave_is_named(database: Database) -> None:
    with pytest.raises(Refusal, match="there is no wave x; tinbao wave list"):
        await preview(database, [route()], deployment().campaign, "x", NOW)
    await make_wave(database, "y", route="zz")
    with pytest.raises(Refusal, match=r"goes by route zz, which is not enabled; enable it in gateway\.toml"):
        await preview(database, [route()], deployment().campaign, "y", NOW)
