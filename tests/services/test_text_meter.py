"""What a wave costs is computed on every recipient's own text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.segments import Alphabet, alphabet_of, segments_of
from gateway.domain.text_rules import TextRules
from gateway.domain.text_signs import unaccented
from gateway.services.text_meter import REMEMBERED, SHOWN, TextMeter, Totals, measure
from gateway.services.texts import BadText, render
from tests.cpu import least_cpu_s

VI = "UBND xa Thong Nhat moi {{ ten|khong_dau }}, {{ thon }}: soan LS {{ ma_thon }} noi dung gui 8088. Khong tu y dao boi. " + "x" * 60
EN = "Dear {{ ten }}, text LS {{ ma_thon }} to 8088."


def person(ten: str = "Vi Thị Ví Dụ", thon: str = "Thon Na Lai", ma_thon: str = "TN01") -> dict[str, str]:
    return {"ten": ten, "thon": thon, "ma_thon": ma_thon, "other": "never asked for"}


def test_the_worst_case_is_a_real_recipients() -> None:
    """Not guessed from the template: one long name makes a second segment, and one accent a third."""
    totals = measure({"vi": VI}, [("vi", person()), ("vi", person(ten="Vi Thị Ví Dụ " * 3)), ("vi", person(thon="Thôn Nà Lải"))])
    assert (totals.recipients, totals.segments) == (3, 2 + 2 + 3)
    assert totals.longest is not None
    assert (totals.longest.row, totals.longest.language, totals.longest.segments) == (2, "vi", 3)
    assert "Thôn Nà Lải" in totals.longest.text
    assert {alphabet: (tally.recipients, tally.segments) for alphabet, tally in totals.by_alphabet.items()} == {
        Alphabet.GSM7: (2, 4),
        Alphabet.UCS2: (1, 3),
    }
    assert totals.plain_segments == 6
    assert totals.lines(800) == (
        "3 recipients, 7 segments, 5.600 đ",
        "1 text in UCS-2; without accents all together 6 segments, 800 đ less",
        "the words of the text vi are plain, but a field brings accents: write {{ thon|khong_dau }}",
        "the longest text has 162 characters, 3 segments",
    )


def test_each_language_has_its_own_text() -> None:
    """A language without a text reads the Vietnamese one."""
    meter = TextMeter({"vi": VI, "en": EN})
    for language in ("en", "lo", None, "vi"):
        meter.add(language, person(ten="John"))
    assert {language: tally.recipients for language, tally in meter.totals().by_language.items()} == {"vi": 3, "en": 1}
    assert [meter.language_of(language) for language in ("en", "lo", None)] == ["en", "vi", "vi"]


def test_what_is_measured_is_what_is_rendered_later() -> None:
    """The stored parameters hold the named fields only and make the same text."""
    sized = TextMeter({"vi": VI}).add("vi", person())
    assert sized.parameters == '{"ma_thon": "TN01", "ten": "Vi Thị Ví Dụ", "thon": "Thon Na Lai"}'
    assert segments_of(render(VI, sized.parameters)) == sized.segments
    assert TextMeter({"vi": "Chao"}).add("vi", person()).parameters == "{}"


def test_texts_over_the_limit_are_counted_and_the_first_shown() -> None:
    """All rows are measured; the objection names the length and the cure."""
    people = [("vi", person())] + [("vi", person(ten="x" * (90 + at % 7))) for at in range(SHOWN + 20)]
    totals = measure({"vi": VI}, people, max_segments=1)
    assert (totals.over_count, len(totals.over), totals.over[0].row) == (SHOWN + 21, SHOWN, 0)
    totals = measure({"vi": EN}, people, max_segments=1)
    assert (totals.over_count, totals.objections) == (0, ())
    totals = measure({"vi": EN}, [("vi", person(ten="John")), ("vi", person(ten="x" * 200))], max_segments=1)
    assert [(each.row, each.segments) for each in totals.over] == [(1, 2)]
    assert str(totals.objections[0]) == "a text has 228 characters, 2 segments, over the limit of 1; shorten it by 68 characters"


def test_alike_texts_over_the_limit_all_count() -> None:
    """The memo of texts loses no row."""
    totals = measure({"vi": VI}, [("vi", person())] * 5, max_segments=1)
    assert totals.over_count == 5
    assert [each.row for each in totals.over] == [0, 1, 2, 3, 4]
    assert [str(each) for each in totals.objections] == [
        "a text has 162 characters, 2 segments, over the limit of 1 (5 such texts); shorten it by 2 characters"
    ]


def test_the_field_that_brings_the_accents_is_named() -> None:
    """The words are plain, a village's name is not: it costs three times as much, and there is a filter."""
    totals = measure({"vi": EN + " {{ thon }}" + "x" * 40}, [("vi", person(ten="Vi", thon="Thôn Nà Lải"))], max_segments=1)
    assert totals.accents_from == {"vi": ("thon",)}
    assert totals.objections[0].remedy == "the words are plain, but a field brings accents: write {{ thon|khong_dau }}"
    accented = measure({"vi": "Kính gửi {{ ten }}"}, [("vi", person())])
    assert accented.accents_from == {}


def test_what_the_route_refuses_is_found_in_any_text() -> None:
    """A route without accents, a hard limit, a sign: the template may be fine and one recipient's name not."""
    people = [("vi", person(ten="Vi")), ("vi", person(ten="Vi & Lộc")), ("vi", person(ten="x" * 500))]
    totals = measure({"vi": EN}, people, rules=TextRules(unicode=False, most_gsm7=480))
    assert [each.row for each in totals.over] == [1, 2]
    assert str(totals.objections[0]) == (
        "the route takes no accents, and the text has “ộ” (o with a circumflex and a dot below) in “Lộc,”, word 4, character 12 "
        "(2 such texts); the words are plain, but a field brings accents: write {{ ten|khong_dau }}"
    )
    assert str(totals.objections[1]) == "many Vietnamese routes refuse “&” alone as word 3, character 9; write “và”, or ask the carrier"
    assert len(totals.objections) == 2
    long = measure({"vi": EN}, people[2:], rules=TextRules(most_gsm7=480))
    assert "the route takes 480 characters at most, and the text has 528; shorten it by 48" in str(long.objections[0])


def test_a_missing_field_names_its_row() -> None:
    meter = TextMeter({"vi": VI})
    with pytest.raises(BadText, match=r"the text names \{\{ thon \}\}, which the person of row 12 has not; fill it in"):
        meter.add("vi", {"ten": "a", "ma_thon": "b"}, row=12)


def test_a_program_is_refused_before_anyone_is_measured() -> None:
    with pytest.raises(BadText, match="line 1: the text repeats something"):
        TextMeter({"vi": VI, "en": "{% for a in b %}{% endfor %}"})


_PEOPLE = st.lists(
    st.tuples(st.sampled_from(["vi", "en", "lo", None]), st.builds(person, st.text(max_size=90), st.sampled_from(["Na", "Nà"]))),
    max_size=30,
)


@given(_PEOPLE, st.integers(0, 3))
def test_totals_are_the_sum_of_what_is_sent(people: list[tuple[str | None, dict[str, str]]], limit: int) -> None:
    """Against rendering each one by itself, without memo or shortcut."""
    meter = TextMeter({"vi": VI, "en": EN}, limit)
    texts = [
        render(EN if language == "en" else VI, meter.add(language, fields, row).parameters) for row, (language, fields) in enumerate(people)
    ]
    totals: Totals = meter.totals()
    assert totals.segments == sum(map(segments_of, texts))
    assert totals.by_alphabet[Alphabet.UCS2].recipients == sum(alphabet_of(text) is Alphabet.UCS2 for text in texts)
    assert totals.over_count == (sum(segments_of(text) > limit for text in texts) if limit else 0)
    assert totals.plain_segments == sum(
        segments_of(unaccented(text)) if alphabet_of(text) is Alphabet.UCS2 else segments_of(text) for text in texts
    )
    assert (totals.longest.text if totals.longest else "") == max(texts, key=lambda text: (segments_of(text), len(text)), default="")


def test_personal_texts_do_not_fill_the_memory() -> None:
    """The memo is bounded; what it doesn't hold is measured again, and the sum is right."""
    meter = TextMeter({"vi": EN})
    for row in range(2 * (REMEMBERED + 50)):
        meter.add("vi", person(ten=f"Vi {row % (REMEMBERED + 50)}"), row)
    assert (meter.totals().recipients, meter.totals().segments) == (2 * (REMEMBERED + 50),) * 2
    assert len(meter._texts["vi"].known) == REMEMBERED


@pytest.mark.parametrize(("name", "most_us"), [("Vi", 10), ("Vi Thị Ví Dụ {}", 100)])
def test_a_million_is_measured_in_seconds(name: str, most_us: float) -> None:
    """CPU of a row, alike and personal (about 1 and 14 µs here); the bound allows for a slow machine."""
    people = [person(ten=name.format(at)) for at in range(5_000)]

    def measured() -> None:
        meter = TextMeter({"vi": VI})
        for row, each in enumerate(people):
            meter.add("vi", each, row)

    assert least_cpu_s(measured) / len(people) * 1e6 < most_us
