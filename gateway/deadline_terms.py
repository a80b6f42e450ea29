"""`deadlines.toml`: how long each step may take, and the days on which offices are closed, as checked values."""

from datetime import date
from pathlib import Path
from typing import Final

from pydantic import Field, model_validator

from gateway.deployment import BadDeployment, shipped_deployment
from gateway.domain.deadline import DEFAULTS, Step, Term, Terms
from gateway.domain.fault import Fault
from gateway.toml_file import Frozen, read_toml, validated

FILE: Final = "deadlines.toml"
_LONGEST: Final = 400  # days


class _Term(Frozen):
    """One of the two: working days, or all days."""

    working_days: int | None = Field(default=None, ge=0, le=_LONGEST)
    days: int | None = Field(default=None, ge=0, le=_LONGEST)

    @model_validator(mode="after")
    def _is_one(self) -> "_Term":
        if (self.working_days is None) == (self.days is None):
            raise ValueError("a term has either working_days or days")
        return self

    @property
    def term(self) -> Term:
        return Term(self.days, working=False) if self.days is not None else Term(self.working_days or 0)


class _TermsFile(Frozen):
    holidays: tuple[date, ...] = ()
    worked: tuple[date, ...] = ()
    terms: dict[Step, _Term] = Field(default_factory=dict)


def load_terms(path: Path) -> Terms:
    """The terms of the deployment in `path`; what its file leaves out is as we ship it. Raises BadDeployment."""
    own = path / FILE
    toml = read_toml(own if own.is_file() else shipped_deployment() / FILE)
    faults: list[Fault] = [toml.fault] if toml.fault else []
    read = None if faults else validated(_TermsFile, toml, toml.values, faults)
    if faults or read is None:
        raise BadDeployment(faults)
    stated = {step: each.term for step, each in read.terms.items()}
    return Terms({**DEFAULTS, **stated}, frozenset(read.holidays), frozenset(read.worked))
