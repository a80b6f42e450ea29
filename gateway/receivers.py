"""`hand_over.toml`: to whom tips are handed over, how, in which format, and how long a receipt may take; as checked values."""

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import Field, field_validator

from gateway.deployment import BadDeployment, shipped_deployment
from gateway.domain.fault import Fault
from gateway.domain.hand_over import Format, Receiver, Way
from gateway.toml_file import Frozen, read_toml, validated

FILE: Final = "hand_over.toml"


class _Receiver(Frozen):
    """A table `receivers.NAME`."""

    title: str = Field(min_length=1, max_length=200)
    way: Way = Way.PAPER
    format: Format = Format.JSON
    term_days: int = Field(default=2, ge=1, le=90)
    public_key: str = ""
    address: str = ""

    @field_validator("public_key")
    @classmethod
    def _is_key(cls, value: str) -> str:
        if value and len(_bytes_of(value)) != 32:
            raise ValueError("a public key is 32 bytes in base64, as tinbao keys receiver new prints it")
        return value


def _bytes_of(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""


class _ReceiversFile(Frozen):
    receivers: dict[str, _Receiver] = Field(min_length=1)


def load_receivers(path: Path) -> Mapping[str, Receiver]:
    """The receivers by name; a deployment without the file has those that we ship. Raises BadDeployment."""
    own = path / FILE
    toml = read_toml(own if own.is_file() else shipped_deployment() / FILE)
    faults: list[Fault] = [toml.fault] if toml.fault else []
    read = None if faults else validated(_ReceiversFile, toml, toml.values, faults)
    for name, each in read.receivers.items() if read else ():
        if each.way is Way.SEALED and not each.public_key:
            line = toml.places.line(("receivers", name))
            faults.append(
                Fault(
                    toml.file,
                    line,
                    f"receivers.{name}.public_key",
                    "A sealed package needs the receiver's key",
                    'Ask for it, or: way = "paper"',
                )
            )
    if faults or read is None:
        raise BadDeployment(faults)
    return {
        name: Receiver(name, each.title, each.way, each.format, each.term_days, each.public_key, each.address)
        for name, each in read.receivers.items()
    }
