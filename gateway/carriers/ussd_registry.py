"""Every USSD convention there is, by the name a route gives it (`ussd = "africastalking"`)."""

from collections.abc import Mapping
from typing import Final

from gateway.carriers import (
    ussd_advanta,
    ussd_africastalking,
    ussd_airtel,
    ussd_arkesel,
    ussd_cellulant,
    ussd_dmark,
    ussd_hubtel,
    ussd_imimobile,
    ussd_infobip,
    ussd_mtech,
    ussd_mtn_rwanda,
    ussd_nalo,
    ussd_trueafrican,
    ussd_vodacom,
)
from gateway.carriers.ussd import Ussd
from gateway.carriers.ussd_kannel import FLOWS, KannelUssd

_MODULES: Final[tuple[Ussd, ...]] = (
    ussd_advanta,
    ussd_africastalking,
    ussd_airtel,
    ussd_arkesel,
    ussd_cellulant,
    ussd_dmark,
    ussd_hubtel,
    ussd_imimobile,
    ussd_infobip,
    ussd_mtech,
    ussd_mtn_rwanda,
    ussd_nalo,
    ussd_trueafrican,
    ussd_vodacom,
    *map(KannelUssd, FLOWS),
)
USSD: Final[Mapping[str, Ussd]] = {each.NAME: each for each in _MODULES}
