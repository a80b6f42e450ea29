"""`desk.toml`: what a deployment calls the states, kinds and results of tips. What it leaves out keeps our name."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, TypeVar

from pydantic import Field, StringConstraints

from gateway.domain.fault import Fault
from gateway.domain.tip_work import Done, Flag, Result, Sort, State, Workflow
from gateway.toml_file import Frozen, TomlFile, read_toml, validated

FILE: Final = "desk.toml"
_Name = Annotated[str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True)]
K = TypeVar("K", bound=StrEnum)


class _DeskFile(Frozen):
    states: dict[State, _Name] = Field(default_factory=dict)
    kinds: dict[Sort, _Name] = Field(default_factory=dict)
    results: dict[Result, _Name] = Field(default_factory=dict)
    flags: dict[Flag, _Name] = Field(default_factory=dict)
    done: dict[Done, _Name] = Field(default_factory=dict)


def load_workflow(path: Path, faults: list[Fault]) -> Workflow:
    """The names of the folder's desk.toml over ours; a folder without one has ours. What is wrong goes to `faults`."""
    if not (path / FILE).is_file():
        return Workflow()
    toml = read_toml(path / FILE)
    if toml.fault is not None:
        faults.append(toml.fault)
        return Workflow()
    stated = validated(_DeskFile, toml, toml.values, faults)
    if stated is None:
        return Workflow()
    ours = Workflow()
    faults += _twice(toml, {**ours.states, **stated.states}, "states")
    faults += _twice(toml, {**ours.sorts, **stated.kinds}, "kinds")
    faults += _twice(toml, {**ours.results, **stated.results}, "results")
    return Workflow(
        {**ours.states, **stated.states},
        {**ours.sorts, **stated.kinds},
        {**ours.results, **stated.results},
        {**ours.flags, **stated.flags},
        {**ours.done, **stated.done},
    )


def _twice(toml: TomlFile, names: Mapping[K, str], table: str) -> list[Fault]:
    """Two states of one name can't be told apart in a list."""
    keys: dict[str, K] = {}
    faults = []
    for key, name in names.items():
        if (other := keys.setdefault(name.casefold(), key)) != key:
            own, before = (key, other) if key in toml.values[table] else (other, key)  # the one that the file states is to be changed
            text, remedy = f"“{name}” is the name of {before} already", "Give each a name of its own"
            faults.append(Fault(toml.file, toml.places.line((table, own)), f"{table}.{own}", text, remedy))
    return faults
