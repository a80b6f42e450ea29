"""Every refusal that a page of waves can meet has its Vietnamese sentence."""

import ast
from pathlib import Path

import pytest

from gateway.services.refusal import Refusal
from gateway.services.texts import BadText
from gateway.services.wave_desk.words import spoken, vietnamese

SERVICES = Path(__file__).resolve().parents[3] / "gateway" / "services"
MODULES = ("approvals", "waves", "planning", "preview", "orders", "own_phones", "sends", "routes", "contact_lists", "progress", "resolve")
NOT_HERE = (  # sentences of the command line alone
    "takes no orders over HTTP", "text x: x", "the carrier of route", "the answer to order", "the campaign has no phase",
    "there is no order", "is planned by another command", "was planned by another command", "is not planned to its end", "is donedone",
    "settle it with",
)  # fmt: skip


def _said() -> list[str]:
    found = []
    for name in MODULES:
        tree = ast.parse((SERVICES / f"{name}.py").read_text("utf-8"))
        found += [
            _sentence(node.args[0])
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Refusal", "BadText") and node.args
        ]
    return sorted({each for each in found if " " in each and not any(other in each for other in NOT_HERE)})


def _sentence(node: ast.expr) -> str:
    """A literal, its placeholders filled with something that fits most of them."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else _filled(part) for part in node.values)
    return ""


def _filled(part: ast.expr) -> str:
    written = ast.unparse(part)
    if "state" in written:
        return "done"
    return "350 đ" if "vnd(" in written else "12" if any(each in written for each in ("count", "max", "MOST", "len(")) else "x"


@pytest.mark.parametrize("said", _said())
def test_it_is_said_in_vietnamese(said: str) -> None:
    assert not vietnamese(said).startswith("Chưa làm được. Lời báo"), said


def test_what_is_vietnamese_stays() -> None:
    assert vietnamese("Xin chọn ngày sắp tới.") == "Xin chọn ngày sắp tới."


@pytest.mark.parametrize("error", [Refusal("wave x is approved already"), BadText("the text is empty; write what people are to read")])
def test_all_kinds_become_refusals(error: Exception) -> None:
    with pytest.raises(Refusal, match=r"rồi|trống"), spoken():
        raise error
