"""What an officer is told of a text: cost, culprits, remedies."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.fold import nfc
from gateway.domain.segments import Alphabet, alphabet_of, segments_of
from gateway.domain.sms_text import TextReport, examine, measured, size_of
from gateway.domain.text_rules import INSTEAD_OF_REFUSED, TextRules, rules_for
from gateway.domain.text_signs import HIDDEN, TYPOGRAPHY, SignKind, instead_of, kind_of, name_of, unaccented

LAUNCH = "UBND xã Thống Nhất: ai biết mộ liệt sĩ, xin soạn LS TN07 nội dung gửi 8088"
ANY_TEXT = st.text(alphabet=st.characters(), max_size=400)  # lone surrogates too
SPOILT = st.text(alphabet="aA ộđĐệ“”–…\u00a0\u200b\u00ad\ufeff€[]{}😀ກ½ﬁ\n\u0301", max_size=400)


def said(report: TextReport) -> str:
    return "\n".join(report.lines())


# -- cost ----------------------------------------------------------------------------------------------------------------------------------


def test_a_plain_text() -> None:
    """One segment of GSM-7: nothing to save, nothing to say but its size."""
    report = examine(unaccented(LAUNCH), price_vnd=800)
    assert report.lines() == ("74 characters, GSM-7, without accents: 1 segment, 800 đ a recipient; room for 86 more",)
    assert (report.saved_segments, report.forcing, report.objections, report.sendable) == (0, (), (), True)


def test_an_accented_text_says_what_accents_cost() -> None:
    report = examine(LAUNCH, price_vnd=800)
    assert (report.as_is.alphabet, report.as_is.segments, report.as_is.room) == (Alphabet.UCS2, 2, 60)
    assert (report.cost_vnd, report.plain_cost_vnd, report.saved_segments) == (1600, 800, 1)
    lines = [line for line in report.lines() if not line.endswith("fewer would save a segment")]
    assert lines[0].startswith(
        "74 characters, UCS-2, with accents or special signs: 2 segments, 1.600 đ a recipient; room for 60 more in the"
    )
    assert lines[1] == (
        "accented letters force 16 bits a character: ã ố ấ ế ộ ệ ĩ ạ and 1 more; "
        "the first is “ã” (a with a tilde) in “xã”, word 2, character 7"
    )
    assert lines[2] == f"without accents: 74 characters, 1 segment, saves 1 segment (800 đ) a recipient: {unaccented(LAUNCH)}"


@pytest.mark.parametrize(
    ("text", "alphabet", "units", "segments", "room"),
    [
        ("", Alphabet.GSM7, 0, 1, 160),
        ("a" * 160, Alphabet.GSM7, 160, 1, 0),
        ("a" * 161, Alphabet.GSM7, 161, 2, 145),
        ("€" * 80, Alphabet.GSM7, 160, 1, 0),  # the escape counts
        ("a" * 152 + "€" * 5, Alphabet.GSM7, 162, 2, 143),
        ("ệ" * 70, Alphabet.UCS2, 70, 1, 0),
        ("ệ" * 71, Alphabet.UCS2, 71, 2, 63),
        ("😀" * 35, Alphabet.UCS2, 70, 1, 0),
        ("à è é ù ì ò", Alphabet.GSM7, 11, 1, 149),  # carriers.md §6.1: these are in the table
    ],
)
def test_measured(text: str, alphabet: Alphabet, units: int, segments: int, room: int) -> None:
    measure = measured(text)
    assert (measure.alphabet, measure.units, measure.segments, measure.room) == (alphabet, units, segments, room)


@given(ANY_TEXT | SPOILT | st.text(alphabet="ab €", min_size=60, max_size=700) | st.text(alphabet="ộ😀", min_size=20, max_size=300))
def test_segments_are_those_of_the_radio(text: str) -> None:
    """The report and the quick count of the meter say what `segments_of` says, of the composed text."""
    report = examine(text)
    assert report.as_is.text == nfc(text)
    assert report.as_is.segments == segments_of(nfc(text))
    assert size_of(nfc(text)) == (alphabet_of(nfc(text)), segments_of(nfc(text)))
    assert 0 <= report.as_is.room <= 160


# -- without accents -----------------------------------------------------------------------------------------------------------------------


@given(ANY_TEXT | SPOILT)
def test_the_plain_text_always_fits_gsm7(text: str) -> None:
    """And doing it twice changes nothing; nor does how the accents came."""
    plain = unaccented(text)
    assert alphabet_of(plain) is Alphabet.GSM7
    assert unaccented(plain) == plain == unaccented(unicodedata.normalize("NFD", text))
    assert examine(text).plain.segments == segments_of(plain)


@given(st.text(alphabet=st.characters(max_codepoint=0x7E, min_codepoint=0x20, exclude_characters="`"), max_size=200))
def test_plain_letters_stay(text: str) -> None:
    """ASCII is as it was; only the back-tick has no place in the table."""
    assert unaccented(text) == text


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Đồng Đăng, mộ liệt sĩ", "Dong Dang, mo liet si"),
        ("“Tri ân” – ‘quê hương’…", "\"Tri an\" - 'que huong'..."),
        ("LS\u00a0TN07\u202fgửi", "LS TN07 gui"),
        ("a\u200bb\u00adc\ufeffd\u2066e", "abcde"),
        ("1.000₫/tin, 35°C, 3×4, ½ ﬁ № ８", '1.000d/tin, 35oC, 3x4, 1/2 fi No 8'),
        ("❤\ufe0f ຂອບ 😀", "? ??? ?"),
        ("a\tb\u2028c", "a b\nc"),
        ("ñ ß Å é à", "n ß A e a"),  # in the table as they are, but an accent is an accent
        ("\ud800", "?"),
        ("㎍ " + unicodedata.normalize("NFD", "한"), "? ?"),  # one sign is one “?”, however many parts it has
    ],
)  # fmt: skip
def test_unaccented(text: str, plain: str) -> None:
    assert unaccented(text) == plain


def test_what_is_lost_is_named() -> None:
    """A sign without a like becomes “?”, and the officer hears of it."""
    report = examine("Tri ân 27/7 😀 ກ")
    assert [sign.character for sign in report.lost] == ["😀", "ກ"]
    assert "without accents these become “?”: “😀” (emoji grinning face) “ກ” (lao letter ko); write them otherwise" in said(report)


# -- culprits ------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Xin chao – ba con", "“–” (a long dash) alone as word 3, character 10: write “-”; it forces 16 bits a character"),
        ("Goi “Tri an”", "'“' (a curly quotation mark) in ““Tri”, word 2, character 5: write “\"”; it forces 16 bits a character"),
        (
            "Cam on… cam on…",
            "“…” (an ellipsis in one sign) in “on…”, word 2, character 7, 2 times: write “...”; it forces 16 bits a character",
        ),
        (
            "gui\u00a08088",
            "U+00A0 (a space that does not break) in “gui▯8088”, word 1, character 4: write a plain space; it forces 16 bits",
        ),
        ("tin\u200b bao", "U+200B (a zero-width space) in “tin▯”, word 1, character 4: leave it out; it forces 16 bits a character"),
        ("hy\u00adsinh", "U+00AD (a soft hyphen) in “hy▯sinh”, word 1, character 3: leave it out"),
        ("cam on 🙏", "“🙏” (emoji person with folded hands) alone as word 3, character 8: leave it out"),
        ("cаm on", "“а” (cyrillic small letter a) in “cаm”, word 1, character 2: leave it out"),  # looks like an a
        ("Lạng Sơn", "the first is “ạ” (a with a dot below) in “Lạng”, word 1, character 2"),
        ("xin bao tin o Ðong", "“Ð” (a foreign letter that looks like Đ) in “Ðong”, word 5, character 15"),
        ("a\u2069b", "U+2069 (a mark that can't be seen) in “a▯b”"),
    ],
)
def test_culprits_of_word_are_named_with_what_to_write(text: str, line: str) -> None:
    """By what they are, where they stand and what to do (carriers.md §6.1)."""
    assert line in said(examine(text))


@pytest.mark.parametrize(
    ("character", "name"),
    [
        ("ă", "a with a breve"),
        ("ộ", "o with a circumflex and a dot below"),
        ("ữ", "u with a horn and a tilde"),
        ("Ể", "capital E with a circumflex and a hook above"),
        ("đ", "d with a stroke"),
        ("Đ", "capital D with a stroke"),
        ("\u0301", "combining acute accent"),
        ("\ud800", "half of a broken character"),
    ],
)
def test_names(character: str, name: str) -> None:
    assert name_of(character) == name


def test_accents_apart_are_said_and_sent_joined() -> None:
    """NFD, as a Mac writes it: as long as it looks, not longer."""
    apart = unicodedata.normalize("NFD", LAUNCH)
    report = examine(apart)
    assert len(apart) > len(LAUNCH) == report.as_is.characters
    assert report.composed == len(apart) - len(LAUNCH)
    assert f"the accents came apart from their letters (NFD), {report.composed} characters more; they are sent joined" in report.lines()


def test_signs_that_count_twice() -> None:
    assert examine("gia 5 €, [x]", rules=TextRules(refused=frozenset())).lines()[-1] == (
        "“€” “[” “]” count double: two of the 160 places each time"
    )
    assert examine("ộ [x]").doubled == ()  # in UCS-2 all are alike


@given(SPOILT | ANY_TEXT)
def test_every_culprit_has_a_kind_a_name_and_a_place(text: str) -> None:
    """Whatever the text: what forces UCS-2 is found where the report says."""
    report = examine(text)
    assert bool(report.forcing) == (report.as_is.alphabet is Alphabet.UCS2)
    for sign in report.forcing:
        assert report.as_is.text[sign.position - 1] == sign.character
        assert (sign.kind, sign.name != "") == (kind_of(sign.character), True)
    assert all(line and "\n" not in line.replace(report.plain.text, "") for line in report.lines())


def test_tables_lead_into_gsm7() -> None:
    """What we tell people to write is itself no culprit; and what can't be seen goes."""
    assert all(alphabet_of(plain) is Alphabet.GSM7 for _, plain in TYPOGRAPHY.values())
    assert all(instead_of(sign) == "" and kind_of(sign) is SignKind.HIDDEN for sign in HIDDEN)
    assert not set(TYPOGRAPHY) & set(HIDDEN)


def test_the_words_of_a_text_stay_out_of_logs() -> None:
    assert "Thống" not in repr(examine(LAUNCH))


# -- routes --------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", "#&%{}[]\\<>@")
def test_signs_that_routes_refuse(sign: str) -> None:
    """Named with a remedy, and none of them is a binding objection: the contract decides (field.md §2.2)."""
    report = examine(f"Tri an {sign} nho on")
    (objection,) = report.objections
    assert str(objection).startswith(f"many Vietnamese routes refuse “{sign}” alone as word 3, character 8; write “")
    assert report.sendable
    assert sign in INSTEAD_OF_REFUSED


def test_a_route_without_accents_refuses_them() -> None:
    """With the first letter, and what to do."""
    report = examine(LAUNCH, rules=rules_for("kannel", unicode=False))
    assert not report.sendable
    assert str(report.objections[0]) == (
        "the route takes no accents, and the text has “ã” (a with a tilde) in “xã”, word 2, character 7, and 8 more such signs; "
        "write it without accents (1 segment) or choose a route that takes them"
    )
    assert examine(unaccented(LAUNCH), rules=rules_for("kannel", unicode=False)).sendable


@pytest.mark.parametrize(
    ("carrier", "text", "said"),
    [
        ("viettel", "a" * 480, ""),
        ("viettel", "a" * 481, "the route takes 480 characters at most, and the text has 481; shorten it by 1 character"),
        ("vmg", "a" * 612, ""),
        ("vmg", "ộ" * 270, "the route takes 266 characters at most with accents, and the text has 270; shorten it by 4 characters"),
        ("kannel", "a" * 3000, ""),
    ],
)
def test_hard_limits_of_carriers(carrier: str, text: str, said: str) -> None:
    """carriers.md §6.1; none is invented where none is known."""
    assert [str(each) for each in examine(text, rules=rules_for(carrier, unicode=True)).objections] == ([said] if said else [])


@pytest.mark.parametrize(
    ("text", "limit", "said"),
    [
        ("x" * 161, 1, "a text has 161 characters, 2 segments, over the limit of 1; shorten it by 1 character"),
        ("ệ" * 84, 1, "a text has 84 characters, 2 segments, over the limit of 1; write it without accents or shorten it by 14 characters"),
        (
            "ệ" * 170,
            1,
            "a text has 170 characters, 3 segments, over the limit of 1; write it without accents and shorten it by 10 characters",
        ),
        ("x" * 320, 2, "a text has 320 characters, 3 segments, over the limit of 2; shorten it by 14 characters"),
    ],
)
def test_over_the_limit_of_segments(text: str, limit: int, said: str) -> None:
    """With the cure that is enough."""
    assert [str(each) for each in examine(text, max_segments=limit).objections] == [said]


def test_a_broken_character_is_never_sent() -> None:
    """Half a surrogate pair can't be encoded by any carrier's module."""
    report = examine("mo \ud83d liet si")
    assert not report.sendable
    assert str(report.objections[0]) == (
        "the text holds half of a broken character in “▯”, word 2, character 4; type it again instead of copying it"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x" * 161, "1 character fewer would save a segment"),
        ("ệ" * 74, "4 characters fewer would save a segment"),
        ("x" * 200, ""),
        ("x", ""),
    ],
)
def test_a_segment_for_a_few_characters(text: str, said: str) -> None:
    """Worth a word: it doubles the price of the wave."""
    assert [line for line in examine(text).lines() if line.endswith("would save a segment")] == ([said] if said else [])


def test_facts_for_programs() -> None:
    facts = examine(LAUNCH, 800).facts()
    assert (facts["alphabet"], facts["segments"], facts["cost_vnd"], facts["saved_segments"], facts["sendable"]) == (
        "ucs2",
        2,
        1600,
        1,
        True,
    )
