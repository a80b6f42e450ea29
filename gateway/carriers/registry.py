"""What we support, written out (STYLE §3)."""

from collections.abc import Mapping
from typing import Final

from gateway.carriers import (
    abenla,
    africastalking,
    esms,
    incom,
    infobip,
    jasmin,
    kannel,
    playsms,
    plivo,
    simulator,
    smsgate,
    speedsms,
    twilio,
    vietguys,
    viettel,
    vmg,
    vnpt,
    vonage,
    zalo,
)
from gateway.carriers.protocol import Carrier

_ALL: Final[tuple[Carrier, ...]] = (
    abenla,
    africastalking,
    esms,
    incom,
    infobip,
    jasmin,
    kannel,
    playsms,
    plivo,
    simulator,
    smsgate,
    speedsms,
    twilio,
    viettel,
    vietguys,
    vmg,
    vnpt,
    vonage,
    zalo,
)
CARRIERS: Final[Mapping[str, Carrier]] = {carrier.NAME: carrier for carrier in _ALL}
