"""`plan.toml`: how each piece is spread over the villages, as checked values."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field

from gateway.deployment import BadDeployment, shipped_deployment
from gateway.domain.fault import Fault
from gateway.domain.placement_plan import Rule
from gateway.toml_file import Frozen, read_toml, validated

FILE: Final = "plan.toml"


class _Rule(Frozen):
    spots: tuple[Annotated[str, Field(min_length=1)], ...] = Field(min_length=1)
    per_households: int = Field(default=0, ge=0)
    most: int = Field(default=10, ge=1, le=200)
    within_km: float = Field(default=0.0, ge=0, le=200)


class _PlanFile(Frozen):
    rules: dict[Annotated[str, Field(pattern=r"[a-z0-9]+(-[a-z0-9]+)*")], _Rule] = Field(min_length=1)


def load_rules(path: Path) -> Mapping[str, Rule]:
    """The rules by piece. A deployment without a plan.toml has those that we ship. Raises BadDeployment."""
    own = path / FILE
    toml = read_toml(own if own.is_file() else shipped_deployment() / FILE)
    faults: list[Fault] = [toml.fault] if toml.fault else []
    read = None if faults else validated(_PlanFile, toml, toml.values, faults)
    if faults or read is None:
        raise BadDeployment(faults)
    return {piece: Rule(rule.spots, rule.per_households, rule.most, rule.within_km) for piece, rule in read.rules.items()}
