"""What stands beside us is really there: a missing program is a failure with its remedy, never a test that quietly does not run."""

import shutil

import pytest

from tests.peers import jasmin
from tests.peers.kannel import programs

TOOLS = ("pdffonts", "qpdf", "gs", "mutool", "zbarimg", "chromium", "pdflatex", "soffice")


def pytest_sessionstart() -> None:
    missing = [tool for tool in TOOLS if shutil.which(tool) is None] + ([] if programs() else ["kannel"]) + jasmin.programs()
    if missing:
        raise pytest.UsageError(f"not installed: {', '.join(missing)}; run tests/peers/install")
