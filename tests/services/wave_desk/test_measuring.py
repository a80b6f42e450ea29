"""What a text comes to while it is written: both ways, for its longest recipient, in sentences."""

from dataclasses import replace

import pytest

from gateway.domain.pace import Pace
from gateway.domain.segments import segments_of
from gateway.services.texts import filled
from gateway.services.wave_desk.composition import Composition
from gateway.services.wave_desk.measuring import Ground, measure
from gateway.services.wave_texts import fields_for
from tests.services.people import NOW, deployment
from tests.services.people import route as plain_route

DATA = deployment()
ROUTES = (replace(plain_route("mot"), price_vnd=300, pace=Pace(100)), replace(plain_route("hai"), price_vnd=320))


def figures(text: str, people: int = 1_000, **changes: object):
    composed = Composition(texts={"vi": text}, route="mot", **changes)  # type: ignore[arg-type]
    return measure(composed, Ground(DATA.campaign, DATA.villages, ROUTES, {"vi": people}, {}, NOW))


def notes(text: str, **changes: object) -> str:
    return " ".join(figures(text, **changes).texts[0].notes)


@pytest.mark.parametrize(
    ("text", "plain", "accented"),
    [
        ("ạ" * 70, (70, 160, 1, (44,)), (70, 70, 1, (100,))),
        ("ạ" * 71, (71, 160, 1, (44,)), (71, 134, 2, (100, 6))),
        ("ạ" * 161, (161, 306, 2, (100, 5)), (161, 201, 3, (100, 100, 40))),
    ],
)
def test_two_cards(text: str, plain: tuple, accented: tuple) -> None:
    """(used, room, segments, how full each part is): 3GPP TS 23.040's 160 and 153 septets, 70 and 67 units."""
    found = figures(text).texts[0]
    assert [(each.used, each.room, each.segments, each.parts) for each in (found.plain, found.accented)] == [plain, accented]


def test_the_longest_recipient_counts() -> None:
    """The village whose name makes the longest text, of those that the wave is for."""
    text = "Thôn {{ thon }}"
    found = figures(text).texts[0]
    assert found.plain.used == max(
        len(filled("Thon {{ thon|khong_dau }}", fields_for(DATA.campaign, each))) for each in DATA.villages.values()
    )
    assert figures(text, villages=("TN07",)).texts[0].village == "TN07"


@pytest.mark.parametrize("over", [1, 7, 50])
def test_so_many_fewer_save_a_segment(over: int) -> None:
    """Taking away what the sentence says does save one, and one less does not."""
    text = "a" * (160 + over)
    said = notes(text, max_segments=2)
    fewer = over
    assert f"Bớt {fewer} ký tự thì còn 1 đoạn." in said
    assert (segments_of(text[:-fewer]), segments_of(text[: len(text) - fewer + 1])) == (1, 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("giảm 50%", "không nhận dấu “%”; thay bằng “phần trăm”"),
        ("thường thôi", "Không có ký tự nhà mạng từ chối."),
        ("“mộ”", "ký tự lạ làm tin dài gấp đôi"),
        ("a" * 400, "mức cho phép là 1 đoạn"),
    ],
)
def test_sentences(text: str, said: str) -> None:
    assert said in notes(text, accented=("vi",))


def test_every_route_has_its_cost_and_its_time() -> None:
    """1,000 people at 2 accented segments; 96 of 100 segments a second are used; the other route has no limit."""
    one, two = figures("ạ" * 71, accented=("vi",)).routes
    assert (one.plain_vnd, one.accented_vnd, two.plain_vnd, two.accented_vnd) == (300_000, 600_000, 320_000, 640_000)
    assert (one.seconds, two.seconds) == (21, None)


def test_a_text_that_cannot_be_read_is_no_error() -> None:
    """Somebody is in the middle of typing a field."""
    found = figures("Soạn {{ ma_thon").texts[0]
    assert found.why
    assert found.plain.segments == 1


def test_no_words_no_figures() -> None:
    assert figures("  ").texts == ()
