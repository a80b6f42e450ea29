"""`tinbao print` as scripts see it: JSON lines on stdout, the rest on stderr, exit codes."""

import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
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
    assert [row["piece"] for row in rows][:3] == ["poster-a3", "banner-h", "leaflet-a5"]
    assert rows[1]["scale"] == 10
    assert (rows[1]["trim"], rows[1]["unit"]) == ([6000, 800], "mm")
    assert rows[1]["themes"] == ["nguon"]
    assert rows[1]["langs"] == ["en", "lo", "vi"]


def test_make_prints_one_line_a_file(tinbao, tmp_path):
    code, rows, _ = tinbao("make", "--village", "TN02", "--piece", "all", "--out", tmp_path, "--json")
    assert code == 0
    assert len(rows) == 3
    assert list(rows[0]) == ["file", "village", "piece", "theme", "lang", "pages", "qr", "sha256"]
    assert [row["pages"] for row in rows] == [1, 1, 2]
    assert all(Path(row["file"]).is_file() for row in rows)
    assert rows[0]["qr"] == ["HTTPS://TINBAO.EXAMPLE/Q/TN0201M"]


def test_make_then_check_finds_nothing(tinbao, tmp_path):
    _, made, _ = tinbao("make", "--village", "TN28", "--out", tmp_path, "--json")
    code, rows, _ = tinbao("check", *[row["file"] for row in made], "--json")
    assert code == 0
    assert rows == [{"file": row["file"], "ok": True, "findings": []} for row in made]


def test_check_names_rule_object_and_remedy(tinbao, tmp_path):
    """At the level asked for: a file of another one is a finding."""
    _, made, _ = tinbao("make", "--village", "TN01", "--piece", "banner-h", "--standard", "x4", "--out", tmp_path, "--json")
    assert tinbao("check", made[0]["file"], "--standard", "x4")[0] == 0
    code, rows, _ = tinbao("check", made[0]["file"], "--standard", "x1a", "--json")
    assert (code, rows[0]["ok"]) == (1, False)
    (finding,) = rows[0]["findings"]
    assert list(finding) == ["rule", "page", "severity", "text", "object", "remedy"]
    assert finding["rule"] == "file.standard"
    code, text, _ = tinbao("check", made[0]["file"])
    assert (code, text) == (0, f"{made[0]['file']}: good (PDF/X-4, banner-h for TN01)\n")
    assert tinbao("check", made[0]["file"], "--standard", "x9")[0] == 2


def test_a_failure_is_a_line_of_its_own_and_exit_1(tinbao, tmp_path, deployment_copy):
    config = deployment_copy()
    lines = (config / "placements.csv").read_text("utf-8").splitlines()
    (config / "placements.csv").write_text("\n".join(line for line in lines if not line.startswith("TN02,1,")) + "\n", "utf-8")
    code, rows, _ = tinbao("make", "--village", "all", "--piece", "poster-a3", "--out", tmp_path, "--json", config=config)
    assert code == 1
    assert [row["village"] for row in rows if "error" in row] == ["TN02"]
    assert "tinbao placements plan" in rows[1]["error"]
    assert sum("file" in row for row in rows) == 29


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
        (("--village", "all", "--shop", "nobody"), "in-offset, in-bat"),
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
    assert set(rows[0]["findings"][0]) == {"rule", "page", "object", "severity", "text", "remedy"}
    assert "Traceback" not in complaints


def test_check_speaks_to_people_too(tinbao, tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"not a pdf")
    _, text, _ = tinbao("check", tmp_path / "a.pdf")
    assert "a.pdf: not good" in text
    assert "error:" in text


def test_preview_makes_pictures_of_the_asked_width(tinbao, tmp_path):
    code, rows, _ = tinbao("preview", "--village", "TN02", "--out", tmp_path, "--width", 400, "--json")
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


def test_only_what_changed_is_made_again(tinbao, tmp_path, deployment_copy):
    """One village's number changes: of three files one is new, and the others are told all the same."""
    config, out = deployment_copy(), tmp_path / "out"
    chosen = ("make", "--village", "all", "--piece", "poster-a3", "--out", out, "--only-changed", "--json")
    text = (config / "villages.csv").read_text("utf-8").splitlines()[:4]
    (config / "villages.csv").write_text("\n".join(text) + "\n", "utf-8")
    _, first, _ = tinbao(*chosen, config=config)
    kept = {file: file.stat().st_mtime_ns for file in out.glob("*.pdf")}
    (config / "villages.csv").write_text("\n".join(text).replace("0300000102", "0300000777") + "\n", "utf-8")
    code, second, _ = tinbao(*chosen, config=config)
    assert code == 0
    assert [a["file"] for a in first] == [b["file"] for b in second]
    assert [a["sha256"] == b["sha256"] for a, b in zip(first, second, strict=True)] == [True, False, True]
    touched = [file.name[:4] for file, when in kept.items() if file.stat().st_mtime_ns != when]
    assert touched == ["TN02"]


def test_a_folder_that_takes_no_file_is_said_at_once(tinbao, tmp_path):
    if os.geteuid() == 0:  # root writes everywhere: a folder's place is taken by a file instead
        (tmp_path / "shut").write_text("")
    else:
        (tmp_path / "shut").mkdir(mode=0o500)
    code, rows, complaints = tinbao("make", "--village", "TN02", "--out", tmp_path / "shut" / "in", "--json")
    assert (code, rows) == (1, [])
    assert "Name another one with --out" in complaints


def test_preview_puts_all_on_one_sheet(tinbao, tmp_path):
    code, rows, _ = tinbao("preview", "--village", "TN02", "--sheet", "--out", tmp_path, "--json")
    assert code == 0
    assert [Path(row["file"]).name for row in rows] == ["contact-sheet.png"]
    width = int.from_bytes(Path(rows[0]["file"]).read_bytes()[16:20])
    assert width > 1000


def test_a_bar_is_shown_to_a_person_and_to_nobody_else(tmp_path):
    """On a terminal's stderr; stdout stays JSON, though it is no terminal."""
    pty = pytest.importorskip("pty")
    master, slave = pty.openpty()
    command = [sys.executable, "main.py", "print", "make", "--village", "TN02", "--piece", "poster-a3", "--out", str(tmp_path), "--json"]
    ran = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=slave, cwd=Path(__file__).parents[2], env={**os.environ, "TERM": "xterm"}
    )
    os.close(slave)
    seen = b""
    with suppress(OSError):  # EIO: the other end has gone
        while piece := os.read(master, 4096):
            seen += piece
    rows = [json.loads(line) for line in ran.stdout.read().splitlines()]
    ran.stdout.close()
    os.close(master)
    assert ran.wait(60) == 0
    assert [row["village"] for row in rows] == ["TN02"]
    assert b"1/1" in seen


# --- for a print shop ---


def test_a_job_from_proof_to_package(tinbao, tmp_path):
    """Refused before the signature, refused after a change, packed in between."""
    job, out = tmp_path / "job", tmp_path / "out"
    code, rows, said = tinbao("proof", "--shop", "in-offset", "--village", "TN02", "--job", job, "--json")
    assert code == 0
    assert [row["piece"] for row in rows] == ["poster-a3", "leaflet-a5"]
    assert "signed" in said
    code, _, said = tinbao("package", "--shop", "in-offset", "--job", job, "--out", out)
    assert (code, "Nobody has approved" in said) == (1, True)
    code, (row,), _ = tinbao("approve", "--job", job, "--by", "Hoàng Văn Thí Dụ", "--on", "20/11/2026", "--json")
    assert (code, row["by"], row["on"]) == (0, "Hoàng Văn Thí Dụ", "2026-11-20")
    code, (row,), _ = tinbao("package", "--shop", "in-offset", "--job", job, "--out", out, "--json")
    assert (code, Path(row["package"]).suffix) == (0, ".zip")
    file = next((job / "files").glob("*.pdf"))
    file.write_bytes(file.read_bytes()[:-1])
    code, _, said = tinbao("package", "--shop", "in-offset", "--job", job, "--out", tmp_path / "again")
    assert (code, "not the one that was checked" in said) == (1, True)


def test_a_job_with_a_failed_file_has_no_proof(tinbao, tmp_path, deployment_copy):
    config = deployment_copy()
    text = (config / "villages.csv").read_text("utf-8").replace("TN02,Nà Lài", f"TN02,{'Khuổi Tẳng ' * 9}")
    (config / "villages.csv").write_text(text, "utf-8")
    code, rows, said = tinbao("proof", "--shop", "in-offset", "--village", "TN02", "--job", tmp_path, "--json", config=config)
    assert code == 1
    assert "there is no proof before all are good" in said
    assert any("error" in row for row in rows)


def test_an_approval_of_nothing_is_refused(tinbao, tmp_path):
    code, _, said = tinbao("approve", "--job", tmp_path, "--by", "A", "--on", "2026-11-20")
    assert (code, "tinbao print proof" in said) == (1, True)
    assert tinbao("approve", "--job", tmp_path, "--by", " ", "--on", "2026-11-20")[0] == 2


def test_the_register_is_two_files(tinbao, tmp_path):
    code, rows, _ = tinbao("register", "--village", "TN02", "--out", tmp_path, "--json")
    assert code == 0
    assert [Path(row["file"]).name for row in rows] == ["so-treo.pdf", "so-treo.xlsx"]
    assert (tmp_path / "so-treo.pdf").read_bytes().startswith(b"%PDF")


def test_impose_and_calibrate(tinbao, tmp_path):
    _, made, _ = tinbao("make", "--village", "TN02", "--piece", "leaflet-a5", "--out", tmp_path, "--json")
    out = tmp_path / "sheet.pdf"
    code, rows, _ = tinbao("impose", made[0]["file"], made[0]["file"], "--out", out, "--sheet", "a3", "--json")
    assert (code, rows) == (0, [{"file": str(out), "sheets": 1}])
    code, rows, _ = tinbao("check", out, "--json")
    assert (code, rows[0]["findings"]) == (0, [])
    booklet = (made[0]["file"], made[0]["file"], "--out", out, "--order", "booklet", "--thickness", "0.12", "--json")
    assert tinbao("impose", *booklet)[:2] == (0, [{"file": str(out), "sheets": 1}])
    assert tinbao("impose", made[0]["file"], "--out", out, "--order", "booklet")[0] == 1  # two pages are none
    assert tinbao("calibrate", "--out", tmp_path / "c.pdf", "--sheet", "a4")[0] == 0
    assert tinbao("calibrate", "--out", tmp_path / "c.pdf", "--sheet", "b17")[0] == 2
    assert tinbao("impose", made[0]["file"], "--out", out, "--shift", "1,2")[0] == 2
    code, _, said = tinbao("impose", made[0]["file"], "--out", out, "--sheet", "100x100")
    assert (code, "larger sheet" in said) == (1, True)


def test_a_shop_gets_its_own_press(tinbao, tmp_path):
    """in-bat asks for outlines: no font is left in its files."""
    import pikepdf

    _, (row,), _ = tinbao("make", "--village", "TN02", "--piece", "poster-a3", "--shop", "in-bat", "--out", tmp_path, "--json")
    with pikepdf.open(row["file"]) as document:
        operators = [str(each.operator) for each in pikepdf.parse_content_stream(document.pages[0])]
    assert not {"Tj", "TJ"} & set(operators)


def test_a_scan_test_sheet_for_each_village_and_language(tinbao, tmp_path):
    code, rows, _ = tinbao("scan-test", "--village", "tn02", "--lang", "en", "--out", tmp_path, "--json")
    assert code == 0
    assert [Path(row["file"]).name for row in rows] == ["TN02_scan-test_nguon_en_210x297mm.pdf"]
    assert rows[0]["qr"].count("SMSTO:+84300000088:LS TN02") == 1


def test_a_scan_test_sheet_without_words_is_refused(tinbao, tmp_path):
    code, _, errors = tinbao("scan-test", "--village", "TN02", "--lang", "lo", "--out", tmp_path)
    assert code == 1
    assert "There are no words for Tờ thử quét mã" in errors
    assert list(tmp_path.glob("*.pdf")) == []
