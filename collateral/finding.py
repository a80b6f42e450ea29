"""What preflight and read-back say about a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """`rule`: stable name, e.g. "colour.rgb"; `page`: from 1, 0 for the file as a whole. An error forbids printing, a warning does not."""

    rule: str
    page: int
    text: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        where = f"page {self.page}: " if self.page else ""
        return f"{where}{self.text} [{self.rule}]"


def acceptable(findings: tuple[Finding, ...]) -> bool:
    """Whether nothing found forbids printing."""
    return all(finding.severity != "error" for finding in findings)
