"""`numbers.toml`: what we ship, what a deployment may say, and faults that name their line."""

from pathlib import Path

import pytest

from gateway.deployment import BadDeployment, shipped_deployment
from gateway.domain.figures import BY_NAME, DEFAULTS, DEFINITIONS, Kpi, ways
from gateway.domain.period import Reading
from gateway.number_rules import FILE, load_number_rules


def written(folder: Path, text: str) -> Path:
    (folder / FILE).write_text(text, "utf-8")
    return folder


def test_what_we_ship_are_the_defaults() -> None:
    rules = load_number_rules(shipped_deployment())
    assert rules.chosen == DEFAULTS
    assert (rules.reading, rules.day) == (Reading.CUT, 25)
    assert rules.recipients[-1] == "Lưu: VT"


def test_a_deployment_without_the_file_has_ours(tmp_path: Path) -> None:
    assert load_number_rules(tmp_path) == load_number_rules(shipped_deployment())


def test_every_open_name_of_the_plan_can_be_decided(tmp_path: Path) -> None:
    for kpi in (Kpi.TIPS, Kpi.ENGAGEMENT, Kpi.INFORMATION, Kpi.VERIFICATION, Kpi.REMAINS):
        for way in ways(kpi):
            rules = load_number_rules(written(tmp_path, f'[definitions]\n{kpi} = "{way.name}"\n'))
            assert rules.chosen[kpi] == way.name


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('[definitions]\ntips = "all"\n', 2, "Choose tips or messages"),
        ('[reports]\nmonth = "moon"\n', 2, "month"),
        ("[reports]\nday = 31\n", 2, "day"),
        ("[report]\nday = 25\n", 1, "report"),
        ('[report_keys]\n"06577" = "ab"\n', 1, "64 signs"),
        ('[report_keys]\n"657" = "ab"\n', 1, "five digits"),
        ("[definitions\n", 1, ""),
    ],
)
def test_faults_name_their_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    with pytest.raises(BadDeployment) as caught:
        load_number_rules(written(tmp_path, text))
    (fault,) = caught.value.faults
    assert (fault.file, fault.line) == (FILE, line)
    assert words in str(fault)


def test_every_definition_has_a_rule_to_read_and_a_name_of_its_own() -> None:
    assert len(BY_NAME) == len(DEFINITIONS)
    assert all(each.rule.endswith(".") and each.unit for each in DEFINITIONS)
    assert all((" / " in each.unit) is bool(each.of) for each in DEFINITIONS)
