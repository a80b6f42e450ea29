"""What we support, written out (STYLE §3)."""

from collections.abc import Mapping
from typing import Final

from gateway.carriers import esms, kannel, simulator, speedsms, viettel, zalo
from gateway.carriers.protocol import Carrier

_ALL: Final[tuple[Carrier, ...]] = (esms, kannel, simulator, speedsms, viettel, zalo)
CARRIERS: Final[Mapping[str, Carrier]] = {carrier.NAME: carrier for carrier in _ALL}
