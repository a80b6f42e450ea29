"""What we support, written out (STYLE §3)."""

from collections.abc import Mapping
from typing import Final

from gateway.carriers import (
    abenla,
    africastalking,
    esms,
    esms_ads,
    esms_zns,
    fpt,
    incom,
    infobip,
    jasmin,
    kannel,
    mobifone,
    playsms,
    plivo,
    simulator,
    smsgate,
    speedsms,
    stringee,
    traccar,
    twilio,
    vcom,
    vietguys,
    viettel,
    vmg,
    vnpt,
    vonage,
    zalo,
    zalo_zns,
)
from gateway.carriers.classic_soap import CLASSIC_SOAP
from gateway.carriers.protocol import Carrier
from gateway.carriers.rapidpro import RAPIDPRO

_ALL: Final[tuple[Carrier, ...]] = (
    abenla,
    africastalking,
    CLASSIC_SOAP,
    esms,
    esms_ads,
    esms_zns,
    fpt,
    incom,
    infobip,
    jasmin,
    kannel,
    mobifone,
    playsms,
    plivo,
    RAPIDPRO,
    simulator,
    smsgate,
    speedsms,
    stringee,
    traccar,
    twilio,
    vcom,
    viettel,
    vietguys,
    vmg,
    vnpt,
    vonage,
    zalo,
    zalo_zns,
)
CARRIERS: Final[Mapping[str, Carrier]] = {carrier.NAME: carrier for carrier in _ALL}
