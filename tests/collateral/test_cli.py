"""`tinbao print` as scripts see it: JSON lines on stdout, the rest on stderr, exit codes."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from collateral.cli import add_commands
from gateway.deployment import shipped_deployment


@dataclass
class Door:
    config_dir: Path
    json: bool = False


@pytest.fixture
def tinbao():
    """Runs a command line against a deployment; returns exit code, JSON rows of stdout, stderr."""

    def run(*arguments: object, config: Path | None = None):
        app = typer.Typer()

        @app.callback()
        def door(ctx: typer.Context) -> None:
            ctx.obj = Door(config or shipped_deployment())

        add_commands(app)
        result = CliRunner().invoke(app, ["print", *map(str, arguments)])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        rows = [json.loads(line) for line in result.stdout.splitlines()] if "--json" in arguments else result.stdout
        return result.exit_code, rows, result.stderr

    return run


def test_list_tells_pieces_themes_and_languages(tinbao):
    code, rows, _ = tinbao("list", "--json")
    assert code == 0
    assert [row["piece"] for row in rows] == ["poster-a3", "banner-h", "leaflet-a5"]
    assert rows[1]["scale"] == 10
    assert rows[1]["trim_mm"] == [6000, 800]
    assert rows[1]["themes"] == ["nguon"]
    assert rows[1]["langs"] == ["vi"]


def test_make_prints_one_line_a_file(tinbao, tmp_path):
    code, rows, _ = tinbao("make", "--village", "TN01", "--piece", "all", "--out", tmp_path, "--json")
    assert code == 0
    assert len(rows) == 3
    assert list(rows[0]) == ["file", "village", "piece", "theme", "lang", "pages", "qr", "sha256"]
    assert [row["pages"] for row in rows] == [1, 1, 2]
    assert all(Path(row["file"]).is_file() for row in rows)
    assert rows[0]["qr"] == ["HTTPS://TINBAO.EXAMPLE/Q/TN0101U"]


def test_make_then_check_finds_nothing(tinbao, tmp_path):
    _, made, _ = tinbao("make", "--village", "TN28", "--out", tmp_path, "--json")
    code, rows, _ = tinbao("check", *[row["file"] for row in made], "--json")
    assert code == 0
    assert rows == [{"file": row["file"], "ok": True, "findings": []} for row in made]


def test_a_failure_is_a_line_of_its_own_and_exit_1(tinbao, tmp_path, deployment_copy):
    config = deployment_copy()
    lines = (config / "placements.csv").read_text("utf-8").splitlines()
    (config / "placements.csv").write_text("\n".join(line for line in lines if not line.startswith("TN01,1,")) + "\n", "utf-8")
    code, rows, _ = tinbao("make", "--village", "TN01", "--out", tmp_path, "--json", config=config)
    assert code == 1
    assert [row.get("piece") for row in rows] == ["poster-a3", "banner-h", "leaflet-a5"]
    assert "file" not in rows[0]
    assert "tinbao placements plan" in rows[0]["error"]
    assert all("file" in row for row in rows[1:])


def test_a_bad_village_row_costs_itself_only(tinbao, tmp_path, deployment_copy):
    config = deployment_copy()
    text = (config / "villages.csv").read_text("utf-8").splitlines()
    kept = [text[0], text[1], text[2].replace("TN02", "??")]
    (config / "villages.csv").write_text("\n".join(kept) + "\n", "utf-8")
    code, rows, complaints = tinbao("make", "--village", "all", "--piece", "poster-a3", "--out", tmp_path, "--json", config=config)
    assert code == 1
    assert [row["village"] for row in rows] == ["TN01"]
    assert "villages.csv:3: code" in complaints


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--village", "TN77"), "no village"),
        (("--village", "all", "--piece", "stamp"), "poster-a3, banner-h"),
        (("--village", "all", "--theme", "baroque"), "no theme"),
        (("--village", "all", "--lang", "tlh"), "no language"),
        (("--village", "all", "--standard", "x9"), "no standard"),
    ],
)
def test_wrong_choices_are_usage_errors(tinbao, tmp_path, arguments, said):
    code, _, complaints = tinbao("make", *arguments, "--out", tmp_path)
    assert code == 2
    assert said in " ".join(complaints.replace("│", " ").split())


def test_a_broken_pieces_file_is_a_misconfiguration(tinbao, tmp_path, deployment_copy):
    config = deployment_copy()
    (config / "pieces.toml").write_text("[pieces", "utf-8")
    code, _, complaints = tinbao("make", "--village", "TN01", "--out", tmp_path, config=config)
    assert code == 78
    assert "pieces.toml:1" in complaints
    assert "Traceback" not in complaints


def test_check_takes_garbage_without_a_traceback(tinbao, tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"not a pdf")
    (tmp_path / "empty.pdf").write_bytes(b"")
    code, rows, complaints = tinbao("check", tmp_path / "a.pdf", tmp_path / "empty.pdf", tmp_path / "none.pdf", tmp_path, "--json")
    assert code == 1
    assert [row["ok"] for row in rows] == [False] * 4
    assert [row["findings"][0]["rule"] for row in rows] == ["file.pdf", "file.pdf", "file.read", "file.read"]
    assert set(rows[0]["findings"][0]) == {"rule", "page", "severity", "text"}
    assert "Traceback" not in complaints


def test_check_speaks_to_people_too(tinbao, tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"not a pdf")
    _, text, _ = tinbao("check", tmp_path / "a.pdf")
    assert "a.pdf: not good" in text
    assert "error:" in text


def test_preview_makes_pictures_of_the_asked_width(tinbao, tmp_path):
    code, rows, _ = tinbao("preview", "--village", "TN01", "--out", tmp_path, "--width", 400, "--json")
    assert code == 0
    assert [(row["piece"], row["page"]) for row in rows] == [
        ("poster-a3", 1),
        ("banner-h", 1),
        ("leaflet-a5", 1),
        ("leaflet-a5", 2),
    ]
    sizes = [int.from_bytes(Path(row["file"]).read_bytes()[16:20]) for row in rows]  # PNG: the width stands in IHDR
    assert all(abs(size - 400) <= 1 for size in sizes)


def test_a_folder_that_can_not_be_made_is_said(tinbao, tmp_path):
    (tmp_path / "file").write_text("x")
    code, _, complaints = tinbao("make", "--village", "TN01", "--piece", "poster-a3", "--out", tmp_path / "file" / "deep")
    assert code == 1
    assert "can't be made" in complaints
    shutil.rmtree(tmp_path)
