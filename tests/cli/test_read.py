"""`tinbao read`: lines in, lines out, in order; a broken line costs only itself."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner

from gateway.cli.read import add_commands
from gateway.deployment import BadDeployment, shipped_deployment

SAMPLE = Path(__file__).parents[1] / "reading" / "sample_mo.jsonl"


def run(*args, config=None, stdin=""):
    app = typer.Typer()

    @app.callback()
    def root(ctx: typer.Context) -> None:
        ctx.obj = SimpleNamespace(config_dir=config or shipped_deployment())

    add_commands(app)
    return CliRunner().invoke(app, ["read", *map(str, args)], input=stdin)


def line(**message):
    return json.dumps(message, ensure_ascii=False) + "\n"


def test_the_labelled_set_through_the_command():
    result = run("--jsonl", SAMPLE)
    rows = [json.loads(row) for row in result.stdout.splitlines()]
    labels = [json.loads(row) for row in SAMPLE.read_text("utf-8").splitlines()]
    assert result.exit_code == 0
    assert [row["id"] for row in rows] == [label["id"] for label in labels]
    assert all(list(row) == ["id", "keyword", "village", "village_candidates", "kind", "fields", "confidence"] for row in rows)
    assert sum(row["keyword"] == label["expect"]["keyword"] for row, label in zip(rows, labels, strict=True)) >= 0.98 * len(labels)
    assert all(row["village"] in (None, label["expect"]["village_hint"]) for row, label in zip(rows, labels, strict=True))


def test_a_broken_line_costs_only_itself():
    good = line(id="a", channel="sms", text="LS TN07 có mộ")
    result = run("--jsonl", stdin=good + "{oops\n\n[1]\n" + line(id="b", channel="sms", text="TC"))
    rows = [json.loads(row) for row in result.stdout.splitlines()]
    assert result.exit_code == 1
    assert [row["id"] for row in rows] == ["a", None, None, "b"]
    assert "error" in rows[1]
    assert "line 2:" in result.stderr
    assert "line 4:" in result.stderr
    assert "oops" not in result.stderr


@pytest.mark.parametrize(
    "broken", [b"\xff\xfe\n", b'{"id": 1}\n', b'{"text": 5}\n', b'{"text": "", "channel": 1}\n', b"[" * 100_000 + b"\n"]
)
def test_what_is_no_message(broken):
    result = run("--jsonl", stdin=broken)
    assert result.exit_code == 1
    assert json.loads(result.stdout)["id"] is None


def test_ids_leave_as_they_came():
    result = run("--jsonl", stdin='{"id": "\\ud800", "text": ""}\n{"id": 7, "text": "\\ud800"}\n{"text": "LS"}\n')
    assert [json.loads(row)["id"] for row in result.stdout.splitlines()] == ["\ud800", 7, None]


def test_plain_lines_for_people():
    result = run(stdin="LS TN07 có mộ liệt sĩ\nmo o na lai\n")
    assert result.exit_code == 0
    assert "LS · TN07 Thôn Bản Chang · tip" in result.stdout
    assert "TN01 or TN02?" in result.stdout


def test_a_missing_file_is_one_sentence(tmp_path):
    result = run("--jsonl", tmp_path / "none.jsonl")
    assert result.exit_code == 1
    assert "none.jsonl" in result.stderr
    assert "Traceback" not in result.output


def test_a_folder_that_is_no_deployment(tmp_path):
    """The door makes exit code 78 and a sentence of it."""
    assert isinstance(run("--jsonl", config=tmp_path / "none").exception, BadDeployment)
