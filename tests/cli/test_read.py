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


def test_one_text_with_its_fields_in_place():
    result = run("--text", "LS TN05 liet si Le Van Thi Du que Nam Dinh hs 17/02/1979 chon o bo suoi Khuoi Tang. LH 0300000012")
    assert result.exit_code == 0
    lines = [" ".join(row.split()) for row in result.stdout.splitlines()]
    assert lines[1] == "LS · TN05 Thôn Khuổi Tẳng · tip (95%)"
    assert "martyr_name Le Van Thi Du 95% 16-29" in lines
    assert "death_date 1979-02-17 95% 46-56" in lines
    assert "contact_phone +84300000012 95% 87-97" in lines


def test_colours_stand_on_the_words(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    result = run("--text", "LS TN05 liet si Le Van Thi Du")
    assert "\x1b[1;36mLe Van Thi Du\x1b[0m" in result.stdout
    assert "\x1b[7mLS\x1b[0m" in result.stdout


def test_a_text_cannot_steer_the_terminal():
    result = run("--text", "LS TN05 \x1b[2J mo\x07 o doi\x9b31m")
    assert "\x1b" not in result.stdout
    assert "\x07" not in result.stdout
    assert "\x9b" not in result.stdout
    assert "\u241b[2J" in result.stdout


def test_a_repaired_text_says_what_it_had_been():
    result = run("--text", "LS TN07 Mooj lieetj six owr ddaauf banr")
    assert "Mộ liệt sĩ ở đầu bản" in result.stdout
    assert "was telex" in result.stdout


def test_markup_is_only_text():
    assert "[bold]mo[/bold]" in run("--text", "LS TN05 [bold]mo[/bold] o doi").stdout


def test_spans_in_json():
    result = run("--jsonl", "--spans", stdin=line(id=1, text="LS TN12 hs 5-3-79 o doi Khau Ma"))
    row = json.loads(result.stdout)
    assert {"name": "death_date", "value": "1979-03-05", "confidence": 0.95, "span": [11, 17]} in row["found"]
    assert all(row["text"][slice(*each["span"])] for each in row["found"])


def test_the_channel_of_plain_lines():
    assert "tip" in run("--channel", "ussd", "--text", "canh gieng cu dau xom").stdout
    assert "unknown" in run("--text", "canh gieng cu dau xom").stdout
