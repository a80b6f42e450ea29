"""What the REST API's own types have in common. A type here is both: what is checked, and what /api/openapi.json says."""

from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, StringConstraints

from gateway.services.refusal import Refusal

_TIME: Final = (
    r"^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$"
)
GivenTime = Annotated[str, StringConstraints(pattern=_TIME)]
Cursor = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{16,200}$")]


class Asked(BaseModel):
    """What a caller sends: exactly this, nothing converted, nothing beside it."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class Told(BaseModel):
    """What we answer: every member is always there."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_serialization_defaults_required=True)


class Nothing(Asked):
    """No parameters."""


def time_of(at_ms: int | None) -> str | None:
    """RFC 3339, UTC, to the second."""
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def exact_time(at_ms: int) -> str:
    """`time_of` what is there."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def ms_of(given: str | None) -> int | None:
    """Epoch ms of a `GivenTime`. Raises Refusal for a day that no calendar has."""
    try:
        return None if given is None else int(datetime.fromisoformat(given).timestamp() * 1000)
    except ValueError:
        raise Refusal("there is no such day or hour; write a time like 2026-11-18T07:30:00+07:00") from None
