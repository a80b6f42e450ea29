"""Whose number it is, by its prefix or by what a carrier says (carriers.md §6.2). Pure: the table is data, `gateway/operators.toml`.

A prefix is only a first guess: numbers have been portable since November 2018, and price and sender registration follow the operator of
today. A name that an MO, a DLR or a look-up gives counts more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.domain.msisdn import Msisdn

_COUNTRY: Final = "+84"
_LENGTH: Final = 12  # +84 and nine digits


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator. `prefixes` in the national form, "032"; `networks`: MCC and MNC; `written`: what carriers call it too.

    `host`: the network that carries it, "" its own.
    """

    name: str
    prefixes: tuple[str, ...]
    networks: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    host: str = ""


@dataclass(frozen=True, slots=True)
class Operators:
    """The table. `version`, `source`: of what it says. Made by `table_of`."""

    names: tuple[str, ...]
    version: str = ""
    source: str = ""
    by_prefix: Mapping[str, str] = field(default_factory=dict, repr=False)
    by_network: Mapping[str, str] = field(default_factory=dict, repr=False)
    by_word: Mapping[str, str] = field(default_factory=dict, repr=False)
    hosts: Mapping[str, str] = field(default_factory=dict, repr=False)

    def of(self, msisdn: Msisdn) -> str:
        """The operator to whom the number's prefix was given, longest prefix first; "" if none of these."""
        if len(msisdn.e164) != _LENGTH:
            return ""
        return self.by_prefix.get(msisdn.e164[:6]) or self.by_prefix.get(msisdn.e164[:5], "")

    def read(self, written: str) -> str:
        """The operator that a carrier's word names ("GPC", "VMS", "viettel"), or ""."""
        return self.by_word.get(" ".join(written.split()).casefold(), "")

    def of_network(self, code: str) -> str:
        """The operator of a network's MCC and MNC, "45204" or "452-04", or ""."""
        return self.by_network.get("".join(filter(str.isdigit, code)), "")

    def carried_by(self, operator: str) -> tuple[str, ...]:
        """`operator` and the network that carries it: a route to the one reaches the other. Empty for ""."""
        return tuple(filter(None, (operator, self.hosts.get(operator, ""))))


def table_of(operators: Sequence[Operator], version: str = "", source: str = "") -> Operators:
    """The table of `operators`; of two that claim the same prefix, network or word the later has it."""
    words = {each.name.casefold(): each.name for each in operators}
    more = {" ".join(word.split()).casefold(): each.name for each in operators for word in each.written}
    return Operators(
        tuple(each.name for each in operators),
        version,
        source,
        {_COUNTRY + prefix[1:]: each.name for each in operators for prefix in each.prefixes},
        {network: each.name for each in operators for network in each.networks},
        more | words,
        {each.name: each.host for each in operators if each.host},
    )


def claimed_twice(operators: Sequence[Operator]) -> list[tuple[int, str]]:
    """(place in `operators`, claim) of each name, prefix, network or word that an earlier one claims too."""
    seen, twice = set[str](), list[tuple[int, str]]()
    for at, each in enumerate(operators):
        claims = dict.fromkeys((each.name.casefold(), *each.prefixes, *each.networks, *map(str.casefold, each.written)))
        twice += [(at, claim) for claim in claims if claim in seen]
        seen.update(claims)
    return twice
