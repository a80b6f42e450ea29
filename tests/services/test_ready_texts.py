"""The texts that travel with the product can be sent as they are, and a deployment's own win over them."""

from dataclasses import replace

import pytest

from gateway.deployment import Deployment
from gateway.domain.sms_text import examine
from gateway.services.ready_texts import ReadyText, ready_text, ready_texts
from gateway.services.texts import BadText, faults_of, filled
from tests.services.people import deployment

HERE = deployment()
TEXTS = [text for texts in ready_texts(HERE).values() for text in texts.values()]
VALUES = {
    "xa": HERE.campaign.commune_title,
    "dau_so": HERE.campaign.short_code,
    "gia": HERE.campaign.price_note(accented=False),
    "ma_thon": "TN07",
    "thon": "Thôn Nà Lải",
    "duong_day_nong": "",
}
SHIPPED = pytest.mark.parametrize("text", TEXTS, ids=lambda text: f"{text.name}.{text.language}")


def own(tmp_path, **files: str) -> Deployment:
    folder = tmp_path / "templates/sms/waves"
    folder.mkdir(parents=True)
    for name, words in files.items():
        (folder / f"{name.replace('_', '-', 1).replace('_', '.')}.txt.j2").write_text(words, "utf-8")
    return replace(HERE, path=tmp_path)


def test_what_there_is() -> None:
    """The call for tips, the two peak days and the call for DNA samples; Vietnamese first."""
    assert {name: list(texts) for name, texts in ready_texts(HERE).items()} == {
        "bao-tin": ["vi", "en", "lo"],
        "dip-22-12": ["vi", "en"],
        "dip-27-7": ["vi", "en"],
        "mau-adn": ["vi", "en"],
    }


@SHIPPED
def test_a_ready_text_is_whole(text: ReadyText) -> None:
    """Known fields, nothing that a route refuses, the price at the number, and the way to stop."""
    assert faults_of({text.language: text.template}, VALUES) == ()
    words = filled(text.template, VALUES)
    assert examine(words).objections == ()
    assert words.count("8088") == words.count("8088 (1000d/tin)") == 1
    assert "TC" in words


@SHIPPED
def test_a_ready_text_costs_one_segment(text: ReadyText) -> None:
    """With some room for a longer name of the commune; Lao has no place in GSM-7."""
    measure = examine(filled(text.template, VALUES)).as_is
    assert (measure.segments == 1 and measure.room >= 7) or (text.language == "lo" and measure.segments <= 3)


def test_what_no_lao_speaker_has_read_says_so() -> None:
    """In a note that is no part of the text."""
    notes = {f"{text.name}.{text.language}": text.note for text in TEXTS if text.note}
    assert notes == {"bao-tin.lo": "Machine quality: a Lao speaker must read it, e.g. through So Ngoai vu, before it is sent."}
    assert all("{#" not in text.template for text in TEXTS)


def test_a_deployments_own_text_wins(tmp_path) -> None:
    """File by file: its Vietnamese stands beside our English; new names are found too."""
    here = own(tmp_path, bao_tin_vi="Xin báo tin {{ thon }}\n", hop_thon_vi="Hop thon")
    texts = ready_text(here, "bao-tin")
    assert texts["vi"].template == "Xin báo tin {{ thon }}"
    assert texts["en"].template.startswith("UBND")
    assert ready_text(here, "hop-thon")["vi"].template == "Hop thon"


def test_an_unknown_name_says_what_there_is() -> None:
    with pytest.raises(
        BadText, match=r"there is no ready text bao-tn; there are bao-tin, dip-22-12, dip-27-7, mau-adn, or put bao-tn\.vi\.txt\.j2 into"
    ):
        ready_text(HERE, "bao-tn")


def test_a_file_that_is_no_text_is_named(tmp_path) -> None:
    here = own(tmp_path)
    (tmp_path / "templates/sms/waves/bao-tin.vi.txt.j2").write_bytes("Lạng".encode("utf-16"))
    with pytest.raises(BadText, match=r"templates/sms/waves/bao-tin\.vi\.txt\.j2 can't be read; save it as UTF-8"):
        ready_texts(here)
