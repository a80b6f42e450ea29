"""What we support, written out (STYLE §3)."""

from collections.abc import Mapping
from typing import Final

from gateway.carriers import kannel, simulator, zalo
from gateway.carriers.protocol import Carrier

_ALL: Final[tuple[Carrier, ...]] = (kannel, simulator, zalo)
CARRIERS: Final[Mapping[str, Carrier]] = {carrier.NAME: carrier for carrier in _ALL}
