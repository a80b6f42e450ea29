"""One thing drawn out of a text: what it is called, what it says, how sure that is, and where it stands."""

from collections.abc import Mapping
from typing import NamedTuple

from gateway.reading.words import Span

Value = str | int | bool | tuple[str, ...] | Mapping[str, str | float]


class Field(NamedTuple):
    """`name` and `value` as README_sample_mo has them. `confidence`: 0..1, set by how much its rule asks. `span`: in the cleaned text."""

    name: str
    value: Value
    confidence: float
    span: Span
