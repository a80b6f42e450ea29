"""`retention.toml`: how long a deployment keeps what. What it leaves out has our usual term."""

from datetime import date
from pathlib import Path
from typing import Final

from pydantic import Field

from gateway.domain.campaign import Campaign
from gateway.domain.fault import Fault
from gateway.domain.retention import USUAL, Kept, Term, Terms
from gateway.toml_file import Frozen, read_toml, validated

FILE: Final = "retention.toml"


class _Stated(Frozen):
    months: int = Field(ge=1, le=600)
    after_closing: bool = False


class _File(Frozen):
    closing: date | None = None
    keep: dict[Kept, _Stated] = Field(default_factory=dict)


def load_terms(path: Path, campaign: Campaign, faults: list[Fault]) -> Terms:
    """The folder's retention.toml over our usual terms. `closing` is the last day of the last phase unless it says otherwise."""
    closing = max((phase.last for phase in campaign.phases), default=date(9000, 1, 1))
    if not (path / FILE).is_file():
        return Terms(closing)
    toml = read_toml(path / FILE)
    stated = None if toml.fault is not None else validated(_File, toml, toml.values, faults)
    if toml.fault is not None:
        faults.append(toml.fault)
    if stated is None:
        return Terms(closing)
    return Terms(
        stated.closing or closing, {**USUAL, **{kind: Term(each.months, each.after_closing) for kind, each in stated.keep.items()}}
    )
