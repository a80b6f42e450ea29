"""dialogue.toml: the shipped one is sound, and every fault of another is named with its line."""

from pathlib import Path

import pytest

from gateway.cli.init import make_deployment
from gateway.deployment import DIALOGUE_FILE, load_deployment, load_dialogue, shipped_deployment
from gateway.domain.dialogue import filled
from gateway.domain.fault import Fault
from gateway.domain.keyword import Kind
from gateway.domain.screen import pages
from gateway.domain.segments import Alphabet, alphabet_of, segments_of
from gateway.reading import gazetteer, read
from gateway.services.dialogue import common_values

SCRIPT = load_deployment(shipped_deployment()).dialogue
VALUES = common_values(load_deployment(shipped_deployment())) | {"code": "7K3M9P"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_deployment(shipped_deployment(), tmp_path / "d")
    return tmp_path / "d"


def changed(folder: Path, old: str, new: str) -> tuple[list[Fault], object]:
    """The faults after one change of the shipped file, and the script that serves then."""
    path = folder / DIALOGUE_FILE
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    faults: list[Fault] = []
    script = load_dialogue(folder, faults)
    return faults, script


def test_the_shipped_file_has_no_fault():
    faults: list[Fault] = []
    load_dialogue(shipped_deployment(), faults)
    assert faults == []


@pytest.mark.parametrize(("old", "new", "line", "key", "text"), [
    ("most_questions = 3", "most_questions = 4", "most_questions", "most_questions", "less than or equal to 3"),
    ("[keys]", "[kyes]", "[kyes]", "kyes", "unknown"),
    ('back = ["quay lai"', 'back = ["bo qua"', "back =", "keys.back", "“bo qua” means skip already"),
    ("[channels.zalo]", "[channels.zola]", "[channels.zola]", "channels.zola", "no channel “zola”"),
    ("answer_s = 180", "answer_s = 5", "answer_s = 5", "channels.ussd.answer_s", "greater than or equal to 30"),
    ('slot = "graves"', 'slot = "place"', 'slot = "place"', "questions.2.slot", "“place” is asked by two questions"),
    ('slot = "graves"', 'slot = "so mo"', 'slot = "so mo"', "questions.2.slot", "small letters"),
    ('"ask.when" = "Xin hoi: mat', '"ask.wen" = "Xin hoi: mat', '"ask.wen"', "words.vi.sms.ask.wen", "No question and no screen"),
    ("Mo o gan cho gi, di loi nao?", "Mộ ở gần chỗ gì?", "Mộ ở gần", "words.vi.ussd.ask.place", "Accents make"),
    ("Mo o gan cho gi, di loi nao?", "Mo o gan {cho} gi?", "Mo o gan {cho}", "words.vi.ussd.ask.place", "no place {cho}"),
    ("Mo o gan cho gi, di loi nao?", "Mo o gan } gi?", "Mo o gan }", "words.vi.ussd.ask.place", "brace stands alone"),
    ("Xin hoi: mo o gan cho gi, di loi nao?", "Xin ong ba vui long cho biet them mo nam o gan cho nao, loi di ra sao a?", "Xin ong ba",
     "words.vi.sms.ask.place", "and an SMS has 160"),
    ('dna = "Ho ten', 'dnb = "Ho ten', "[words.vi.ussd]", "words.vi.ussd", "“dna” is missing"),
])  # fmt: skip
def test_each_fault_names_its_place(folder: Path, old: str, new: str, line: str, key: str, text: str):
    faults, script = changed(folder, old, new)
    (fault, *_) = [fault for fault in faults if text in fault.text]
    written = (folder / DIALOGUE_FILE).read_text("utf-8").splitlines()
    assert (fault.file, fault.field) == (DIALOGUE_FILE, key)
    assert fault.line is not None
    assert line in written[fault.line - 1]
    assert fault.remedy
    assert script.questions == SCRIPT.questions, "the shipped script serves"


def test_a_missing_file_is_a_fault_and_the_shipped_one_serves(folder: Path):
    (folder / DIALOGUE_FILE).unlink()
    deployment = load_deployment(folder)
    assert [(fault.file, fault.line) for fault in deployment.faults] == [(DIALOGUE_FILE, None)]
    assert deployment.dialogue.questions == SCRIPT.questions


def test_the_receipt_and_each_question_are_one_sms_without_accents():
    for question in SCRIPT.questions:
        text = f"{SCRIPT.text('received', 'sms', 'vi', VALUES)} {SCRIPT.text(f'ask.{question.slot}', 'sms', 'vi', VALUES)}"
        assert (segments_of(text), alphabet_of(text)) == (1, Alphabet.GSM7), text
        assert "khong tu y dao boi" in text


def test_every_ussd_text_is_one_screen_of_160_without_dear_signs():
    for (language, channel, name), words in SCRIPT.words.items():
        if channel == "ussd":
            text = filled(words, VALUES)
            assert len(pages(text, 160, "98 Tiep")) == 1, (language, name)
            assert alphabet_of(text) is Alphabet.GSM7


def test_the_screens_are_those_of_the_campaigns_facts():
    """field.md §6.4, with the lengths computed there."""
    texts = {name: SCRIPT.text(name, "ussd", "vi", VALUES) for name in ("menu", "village", "story", "received", "menu_again")}
    assert {name: len(text) for name, text in texts.items()} == {"menu": 86, "village": 36, "story": 44, "received": 51, "menu_again": 38}


def test_a_language_without_a_text_falls_back_and_nothing_is_asked_in_silence():
    assert SCRIPT.text("menu", "ussd", "lo", {}) == SCRIPT.text("menu", "ussd", "vi", {})
    assert SCRIPT.text("ask.place", "web", "en", VALUES) == SCRIPT.text("ask.place", "sms", "en", VALUES) or SCRIPT.text(
        "ask.place", "web", "vi", VALUES
    )
    for question in SCRIPT.questions:
        assert all(SCRIPT.text(f"ask.{question.slot}", channel, "vi", VALUES) for channel in ("sms", "zalo", "ussd"))


def test_nothing_that_people_are_asked_to_type_reads_as_something_else():
    """ "Dung goi" must not take anybody off the list: what has a keyword, or is a stop, never reaches the dialogue."""
    deployment = load_deployment(shipped_deployment())
    places, keys = gazetteer(deployment.villages), SCRIPT.keys
    answers = {answer for question in SCRIPT.questions for choice in question.choices for answer in choice.answers}
    for text in answers | keys.skip | keys.back | keys.human | keys.more:
        reading = read(text, "sms", places, deployment.keywords.aliases)
        assert (reading.keyword, reading.kind in (Kind.UNKNOWN, Kind.EMPTY, Kind.TIP)) == (None, True), text
