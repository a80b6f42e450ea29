"""A file on disk, held against everything we know how to check."""

from dataclasses import dataclass
from pathlib import Path

from collateral.finding import Finding
from collateral.note import SheetNote
from collateral.preflight import preflight, syntax
from collateral.press import LEVELS, Level
from collateral.readback import read_back
from collateral.screen import PNG, read_screen


@dataclass(frozen=True, slots=True)
class Examined:
    """`standard`: the part of PDF/X that the file names, "" where none; `note`: what it says of itself, None where it is not ours."""

    findings: tuple[Finding, ...]
    standard: str = ""
    note: SheetNote | None = None


def check_file(path: Path) -> tuple[Finding, ...]:
    """All findings about the file; one that can't be opened is a finding too."""
    return examined(path).findings


def examined(path: Path, level: Level | None = None) -> Examined:
    """All findings about the file and what it is; with a `level`, one of another level is a finding."""
    try:
        data = path.read_bytes()
    except OSError as why:
        return Examined((Finding("file.read", 0, f"the file can't be read: {why.strerror}"),))
    return Examined(read_screen(data).findings) if data.startswith(PNG) else _pdf(data, level)


def _pdf(pdf: bytes, level: Level | None) -> Examined:
    checked = preflight(pdf)
    if any(finding.rule == "file.pdf" for finding in checked.findings):
        return Examined(checked.findings)
    findings = [*checked.findings, *syntax(pdf), *read_back(pdf, checked.note).findings]
    if level is not None and checked.standard != LEVELS[level]:
        findings.append(Finding("file.standard", 0, f"the file is {checked.standard or 'no PDF/X'}, {LEVELS[level]} was asked for"))
    return Examined(tuple(findings), checked.standard, checked.note)
