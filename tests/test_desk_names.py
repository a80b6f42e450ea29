"""desk.toml names what officers read; every fault names its line."""

from pathlib import Path

import pytest

from gateway.deployment import load_deployment, shipped_deployment
from gateway.desk_names import load_workflow
from gateway.domain.tip_work import Sort, State, Workflow


def _load(tmp_path: Path, text: str):
    (tmp_path / "desk.toml").write_text(text, "utf-8")
    faults = []
    return load_workflow(tmp_path, faults), faults


def test_the_shipped_names_are_those_of_a_folder_without_a_file(tmp_path) -> None:
    assert load_deployment(shipped_deployment()).workflow == Workflow() == load_workflow(tmp_path, [])


def test_a_deployment_renames_what_it_wants(tmp_path) -> None:
    named, faults = _load(tmp_path, '[states]\nsorted = "Phân loại xong"\n[kinds]\nkin = "Thân nhân"\n')
    assert (named.states[State.SORTED], named.sorts[Sort.KIN], named.states[State.NEW]) == ("Phân loại xong", "Thân nhân", "Mới")
    assert faults == []


@pytest.mark.parametrize(
    ("text", "line", "field"),
    [
        ('[states]\nnew = "Mới"\nread = "Đã đọc"\n', 3, "states.read"),
        ('[stats]\nnew = "Mới"\n', 1, "stats"),
        ('[states]\nnew = ""\n', 2, "states.new"),
        ('[states]\nnew = "Đã phân loại"\n', 2, "states.new"),
        ("[states]\nnew = 3\n", 2, "states.new"),
        ("[states\n", 1, ""),
    ],
)
def test_faults_name_their_line(tmp_path, text, line, field) -> None:
    named, (fault, *_) = _load(tmp_path, text)
    assert (fault.file, fault.line) == ("desk.toml", line)
    assert field in fault.field
    assert named.states[State.SORTED]
