"""The sentences of the pages, and the numbers that stand on them."""

import string
import tomllib
from pathlib import Path

import pytest

from gateway.deployment import load_deployment, shipped, shipped_deployment
from gateway.web.pages import Speech, load_pages

LANGUAGES = ("vi", "en", "lo")


def sentences(language: str) -> dict[str, str]:
    return tomllib.loads((shipped("templates") / "web" / f"{language}.toml").read_text("utf-8"))


def holes(sentence: str) -> list[str]:
    return sorted(name or "" for _, name, _, _ in string.Formatter().parse(sentence) if name is not None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_the_same_things_with_the_same_holes(language) -> None:
    ours, home = sentences(language), sentences("vi")
    assert ours.keys() == home.keys()
    assert {name for name in home if home[name] and ours[name] and holes(home[name]) != holes(ours[name])} == set()


def test_vietnamese_speaks_to_residents_as_it_should() -> None:
    said = " ".join(sentences("vi").values()).lower()
    assert not any(word in said for word in ("xương cốt", "vui lòng", "hệ thống", "dữ liệu", "xác thực", "bắt buộc", " bạn ", "miễn phí"))


def test_a_deployments_own_sentence_wins(tmp_path: Path) -> None:
    deployment = changed(tmp_path, {})
    (tmp_path / "templates" / "web").mkdir(parents=True)
    (tmp_path / "templates" / "web" / "vi.toml").write_text('ask_more = "Nhớ gì kể nấy."\n', "utf-8")
    pages = load_pages(deployment)
    assert (pages.words("vi")["ask_more"], pages.words("vi")["send"]) == ("Nhớ gì kể nấy.", "Gửi tin")


def changed(folder: Path, lines: dict[str, str]):
    """The shipped deployment with lines of campaign.toml in place of its own; "" takes one away."""
    for path in shipped_deployment().iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    campaign = folder / "campaign.toml"
    text = campaign.read_text("utf-8").splitlines()
    kept = [lines.get(line.partition("=")[0].strip(), line) for line in text]
    campaign.write_text("\n".join(kept) + "\n", "utf-8")
    return load_deployment(folder)


def test_the_shipped_emergency_number_is_its_own(tmp_path: Path) -> None:
    deployment = changed(tmp_path, {})
    assert [fault for fault in deployment.faults if fault.field == "emergency"] == []
    assert deployment.campaign.emergency != deployment.campaign.hotline


def test_an_emergency_number_with_office_hours_is_a_fault_with_its_line(tmp_path: Path) -> None:
    (fault,) = changed(tmp_path, {"emergency": 'emergency = "0300 000 100"'}).faults
    assert (fault.file, fault.field, "office hours" in fault.text) == ("campaign.toml", "emergency", True)
    assert fault.line is not None


def test_a_hotline_that_answers_day_and_night_may_be_both(tmp_path: Path) -> None:
    lines = {"emergency": 'emergency = "0300000100"', "hotline_hours": ""}
    assert changed(tmp_path, lines).faults == ()


def test_a_campaign_without_an_emergency_number_is_a_fault_and_promises_no_night(tmp_path: Path) -> None:
    deployment = changed(tmp_path, {"emergency": ""})
    (fault,) = deployment.faults
    assert fault.field == "emergency"
    page = load_pages(deployment).text("home", Speech("vi"), sms_link="sms:8088")
    assert ("Có người trực" in page, 'href="tel:+84300000100"' in page) == (False, True)


@pytest.mark.parametrize("line", ["hotline_hours = [17:00:00, 07:00:00]", 'emergency = "115x"', 'zalo = "javascript:alert(1)"'])
def test_settings_that_cannot_be_are_refused(tmp_path: Path, line) -> None:
    with pytest.raises(Exception, match=line.partition(" ")[0]):
        changed(tmp_path, {line.partition(" ")[0]: line})
