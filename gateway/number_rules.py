"""`numbers.toml`: how figures are counted, how "the 25th" is read, what stands on a report; as checked values with a default for each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import Field, field_validator

from gateway.deployment import BadDeployment, shipped_deployment
from gateway.domain.fault import Fault
from gateway.domain.figures import DEFAULTS, Kpi
from gateway.domain.period import CUT_DAY, Reading
from gateway.toml_file import Frozen, matching, read_toml, validated

FILE: Final = "numbers.toml"


class _Definitions(Frozen):
    """`[definitions]`: the way that counts, for each name that the plan leaves open."""

    tips: Annotated[str, matching("tips|messages", "choose tips or messages")] = DEFAULTS[Kpi.TIPS]
    engagement: Annotated[
        str, matching("answers-sent|answers-delivered|scans-codes", "choose answers-sent, answers-delivered or scans-codes")
    ] = DEFAULTS[Kpi.ENGAGEMENT]
    information: Annotated[str, matching("items|matters", "choose items or matters")] = DEFAULTS[Kpi.INFORMATION]
    verification: Annotated[str, matching("concluded-received|right-concluded", "choose concluded-received or right-concluded")] = DEFAULTS[
        Kpi.VERIFICATION
    ]
    remains: Annotated[str, matching("recovered|identified", "choose recovered or identified")] = DEFAULTS[Kpi.REMAINS]


class _Reports(Frozen):
    """`[reports]`: days and heads."""

    month: Reading = Reading.CUT
    day: int = Field(default=CUT_DAY, ge=1, le=28)
    superior: str = ""
    issuer: str = ""
    number_ending: str = "BC-UBND"
    signer: tuple[str, ...] = ("TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH")
    signer_name: str = ""
    recipients: tuple[str, ...] = ("Ban Chỉ đạo xã", "Lưu: VT")


class _NumbersFile(Frozen):
    definitions: _Definitions = _Definitions()
    reports: _Reports = _Reports()
    report_keys: dict[str, str] = Field(default_factory=dict)

    @field_validator("report_keys")
    @classmethod
    def _are_keys(cls, keys: dict[str, str]) -> dict[str, str]:
        for commune, key in keys.items():
            if not (commune.isdigit() and len(commune) == 5):
                raise ValueError(f"“{commune}”: a commune code has five digits")
            if len(key.replace(" ", "")) != 64 or not set(key.replace(" ", "").lower()) <= set("0123456789abcdef"):
                raise ValueError(f"the key of {commune} has 64 signs 0-9 and a-f; `tinbao report key` prints it there")
        return keys


@dataclass(frozen=True, slots=True)
class NumberRules:
    """What a deployment decided. `chosen`: the name of a definition by figure. `keys`: whose signed figures are taken, by commune.

    `superior`, `issuer`: heads of a report, "" where the campaign's issuer serves. `day`: of "the 25th".
    """

    chosen: Mapping[Kpi, str]
    reading: Reading = Reading.CUT
    day: int = CUT_DAY
    superior: str = ""
    issuer: str = ""
    number_ending: str = "BC-UBND"
    signer: tuple[str, ...] = ()
    signer_name: str = ""
    recipients: tuple[str, ...] = ()
    keys: Mapping[str, bytes] = field(default_factory=dict)


def load_number_rules(path: Path) -> NumberRules:
    """The rules of the deployment at `path`; one without a numbers.toml has those that we ship. Raises BadDeployment."""
    own = path / FILE
    toml = read_toml(own if own.is_file() else shipped_deployment() / FILE)
    faults: list[Fault] = [toml.fault] if toml.fault else []
    read = None if faults else validated(_NumbersFile, toml, toml.values, faults)
    if read is None or faults:
        raise BadDeployment(faults)
    chosen = {**DEFAULTS, **{kpi: getattr(read.definitions, kpi.value) for kpi in Kpi if hasattr(read.definitions, kpi.value)}}
    stated = read.reports
    return NumberRules(
        MappingProxyType(chosen), stated.month, stated.day, stated.superior, stated.issuer, stated.number_ending, stated.signer,
        stated.signer_name, stated.recipients, {commune: bytes.fromhex(key) for commune, key in read.report_keys.items()},
    )  # fmt: skip
