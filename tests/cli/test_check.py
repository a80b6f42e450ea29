"""`tinbao check`: all faults at once, exit 78; the shipped deployment has none."""

import shutil
from pathlib import Path

import pytest

from gateway.cli.check import add_commands
from gateway.deployment import shipped_deployment
from tests.cli.door import run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(shipped_deployment(), tmp_path / "xa"))


def edit(path: Path, before: str, after: str) -> None:
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), "utf-8")


def test_a_copy_of_the_shipped_deployment_passes(folder):
    ran = run(add_commands, folder, "check")
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert "30 villages, 119 placements, routes gia-lap" in ran.stdout
    assert run(add_commands, folder, "check", json=True).json == run(add_commands, folder, "check", "--json").json
    assert run(add_commands, folder, "check", json=True).json["ok"] is True


def test_faults_of_settings_and_data_come_together_sorted(folder):
    edit(folder / "gateway.toml", 'carrier = "kannel"', 'carrier = "kanel"')
    edit(folder / "campaign.toml", "hotline =", "hotlin =")
    edit(folder / "villages.csv", "TN02,", "TN01,")
    ran = run(add_commands, folder, "check")
    assert ran.exit_code == 78
    lines = ran.stdout.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "campaign.toml",
        "gateway.toml",
        "placements.csv",
        "placements.csv",
        "placements.csv",
        "villages.csv",
    ]
    assert lines[-1].startswith("villages.csv:3: code: The code TN01 stands in line 2 already. ")
    assert ran.stderr == "6 to put right\n"


def test_json_holds_file_line_field_text_and_remedy(folder):
    edit(folder / "villages.csv", "0300000101", "3.0E+08")
    ran = run(add_commands, folder, "check", json=True)
    assert ran.exit_code == 78
    fault = next(fault for fault in ran.json["faults"] if fault["file"] == "villages.csv")
    assert (fault["line"], fault["field"]) == (2, "contact")
    assert fault["text"]
    assert fault["remedy"]


def test_an_unset_secret_of_an_enabled_route_is_told(folder, monkeypatch):
    monkeypatch.delenv("VIETTEL_HOOK", raising=False)
    monkeypatch.setenv("VIETTEL_PASSWORD", "x")
    edit(folder / "gateway.toml", "enabled = false", "enabled = true")
    ran = run(add_commands, folder, "check")
    assert ran.exit_code == 78
    assert "The environment has no VIETTEL_HOOK. Set it before the start" in ran.stdout
    assert "VIETTEL_PASSWORD" not in ran.stdout


def test_a_key_file_that_is_open_to_others_is_told(folder, monkeypatch):
    monkeypatch.delenv("TINBAO_KEY", raising=False)
    (folder / "var").mkdir()
    (folder / "var" / "tinbao.key").write_text("x")
    (folder / "var" / "tinbao.key").chmod(0o644)
    ran = run(add_commands, folder, "check")
    assert ran.exit_code == 78
    assert "chmod 600" in ran.stdout


def test_a_link_base_that_two_readers_refuse_is_told_once(folder):
    edit(folder / "gateway.toml", '"HTTPS://TINBAO.EXAMPLE"', '"TINBAO.EXAMPLE"')
    assert run(add_commands, folder, "check").stdout.count("link_base") == 1


def test_templates(folder):
    sms, paper = folder / "templates" / "sms" / "vi", folder / "templates" / "print"
    sms.mkdir(parents=True)
    paper.mkdir()
    (sms / "recieved.txt.j2").write_text("{{ a }}\n{% if %}")
    (paper / "vi.toml").write_text("a = 1\nb = [\n\n")
    ran = run(add_commands, folder, "check")
    assert ran.exit_code == 78
    assert "templates/print/vi.toml:2: This is no TOML" in ran.stdout
    assert "templates/sms/vi/recieved.txt.j2:2: The template can't be read" in ran.stdout
    assert "templates/sms/vi/recieved.txt.j2: It takes the place of no shipped template. Did you mean “received”?" in ran.stdout


def test_an_own_template_and_its_own_part_are_no_fault(folder):
    own = folder / "templates" / "sms" / "vi"
    own.mkdir(parents=True)
    (own / "received.txt.j2").write_text("{% include 'foot.txt.j2' %}")
    (own / "foot.txt.j2").write_text("x")
    assert run(add_commands, folder, "check").exit_code == 0


def test_no_folder(tmp_path):
    ran = run(add_commands, tmp_path / "nowhere", "check")
    assert ran.exit_code == 78
    assert "tinbao init DIR" in ran.stdout


def test_faults_of_the_print_pieces_are_named_too(folder):
    """Found in the office, not by the press: a misspelt key of pieces.toml has its line."""
    edit(folder / "pieces.toml", "bleed = 3", "bled = 3")
    ran = run(add_commands, folder, "check")
    assert ran.exit_code == 78
    assert any(line.startswith("pieces.toml:") and "bled" in line for line in ran.stdout.splitlines()), ran.stdout
