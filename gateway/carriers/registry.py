"""What we support, written out (STYLE §3)."""

from collections.abc import Mapping
from typing import Final

from gateway.carriers import abenla, esms, incom, kannel, simulator, speedsms, vietguys, viettel, vmg, vnpt, zalo
from gateway.carriers.protocol import Carrier

_ALL: Final[tuple[Carrier, ...]] = (abenla, esms, incom, kannel, simulator, speedsms, viettel, vietguys, vmg, vnpt, zalo)
CARRIERS: Final[Mapping[str, Carrier]] = {carrier.NAME: carrier for carrier in _ALL}
