"""The table of operators: the one that lies in the package, or the deployment's own `operators.toml` in its place."""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field

from gateway.domain.fault import Fault
from gateway.domain.operator import Operator, Operators, claimed_twice, table_of
from gateway.toml_file import Frozen, TomlFile, matching, read_toml, validated

FILE: Final = "operators.toml"
_PREFIX: Final = matching(r"0\d{2,3}", "a prefix is 0 and two or three digits, e.g. 096 or 0993")
_NETWORK: Final = matching(r"\d{5,6}", "a network is MCC and MNC, five or six digits, e.g. 45204")


class _Operator(Frozen):
    name: Annotated[str, matching(r"\S[^,]{0,30}", "a name has at most 31 letters and no comma")]
    prefixes: tuple[Annotated[str, _PREFIX], ...]
    networks: tuple[Annotated[str, _NETWORK], ...] = ()
    written: tuple[str, ...] = ()
    host: str = ""


class _File(Frozen):
    version: str = Field(min_length=1)
    source: str = Field(min_length=1)
    operators: tuple[_Operator, ...] = Field(min_length=1)


@cache
def shipped_operators() -> Operators:
    """The table of the package."""
    operators, faults = _load(Path(str(files("gateway"))) / FILE)
    if faults:
        raise ValueError("\n".join(map(str, faults)))
    return operators


def load_operators(folder: Path) -> tuple[Operators, tuple[Fault, ...]]:
    """The table of the deployment in `folder`, with what is wrong in it; the package's, where it has none of its own."""
    return _load(folder / FILE) if (folder / FILE).exists() else (shipped_operators(), ())


def _load(path: Path) -> tuple[Operators, tuple[Fault, ...]]:
    toml = read_toml(path)
    faults: list[Fault] = [toml.fault] if toml.fault else []
    file = None if faults else validated(_File, toml, toml.values, faults)
    if file is None:
        return Operators(()), tuple(faults)
    operators = [Operator(each.name, each.prefixes, each.networks, each.written, each.host) for each in file.operators]
    faults += _odd(toml, operators)
    return table_of(operators, file.version, file.source), tuple(faults)


def _odd(toml: TomlFile, operators: list[Operator]) -> Iterator[Fault]:
    for at, claim in claimed_twice(operators):
        line = toml.places.line(("operators", at))
        yield Fault(toml.file, line, f"operators.{at + 1}", f"“{claim}” is another operator's already", "Leave it to one of them")
    names = {each.name for each in operators}
    for at, each in enumerate(operators):
        if each.host and each.host not in names:
            line = toml.places.line(("operators", at, "host"))
            yield Fault(toml.file, line, f"operators.{at + 1}.host", f"There is no operator “{each.host}”", "Name one of this file")
