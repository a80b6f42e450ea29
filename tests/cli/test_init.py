"""`tinbao init`: a deployment of one's own that works at once."""

from gateway.cli.check import add_commands as add_check
from gateway.cli.init import add_commands
from gateway.deployment import load_deployment, shipped_deployment
from gateway.keys import find_key, read_key_file, read_recovery_key
from gateway.settings import load_settings
from tests.cli.door import run


def test_a_fresh_deployment_passes_its_check(tmp_path):
    ran = run(add_commands, shipped_deployment(), "init", tmp_path / "xa")
    assert ran.exit_code == 0
    assert load_deployment(tmp_path / "xa").faults == ()
    assert run(add_check, tmp_path / "xa", "check").exit_code == 0
    settings = load_settings(tmp_path / "xa", {})
    assert find_key(settings, {})
    assert settings.key_file.stat().st_mode & 0o777 == 0o600
    assert "var/" in (tmp_path / "xa" / ".gitignore").read_text()


def test_the_recovery_key_is_the_key(tmp_path):
    ran = run(add_commands, shipped_deployment(), "init", tmp_path / "xa", json=True)
    assert read_recovery_key(ran.json["recovery_key"]) == read_key_file(tmp_path / "xa" / "var" / "tinbao.key")
    paper = run(add_commands, shipped_deployment(), "init", tmp_path / "xa2").stdout.splitlines()[-1]
    assert read_recovery_key(paper) == read_key_file(tmp_path / "xa2" / "var" / "tinbao.key")


def test_two_deployments_have_two_keys(tmp_path):
    keys = {run(add_commands, shipped_deployment(), "init", tmp_path / name, json=True).json["recovery_key"] for name in "ab"}
    assert len(keys) == 2


def test_nothing_is_written_over(tmp_path):
    (tmp_path / "mine.txt").write_text("x")
    ran = run(add_commands, shipped_deployment(), "init", tmp_path)
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert "is not empty" in ran.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_folder_that_can_t_be_made(tmp_path):
    (tmp_path / "file").write_text("x")
    ran = run(add_commands, shipped_deployment(), "init", tmp_path / "file" / "xa")
    assert ran.exit_code == 1
    assert "can't be written" in ran.stderr
