"""A file on disk, held against everything we know how to check."""

from pathlib import Path

from collateral.finding import Finding
from collateral.preflight import preflight, syntax
from collateral.readback import read_back


def check_file(path: Path) -> tuple[Finding, ...]:
    """All findings about the file; one that can't be opened is a finding too."""
    try:
        pdf = path.read_bytes()
    except OSError as why:
        return (Finding("file.read", 0, f"the file can't be read: {why.strerror}"),)
    checked = preflight(pdf)
    if any(finding.rule == "file.pdf" for finding in checked.findings):
        return checked.findings
    return (*checked.findings, *syntax(pdf), *read_back(pdf, checked.note).findings)
