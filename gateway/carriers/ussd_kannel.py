"""USSD over SMPP by way of Kannel: the session is in the PDU's TLVs, which Kannel passes on as meta-data only.

Values: SMPP 3.4 §5.3.2.44 (ussd_service_op) and the flows that networks were seen to use (carriers.md §5.7). Networks differ in the value
that ends: choose the flow by asking them. Kannel needs the TLVs named in `group = smpp-tlv`, an sms-service with `max-messages = 1` and

    get-url = "http://…/hooks/ROUTE/ussd?secret=…&from=%p&text=%a&cs=%C&coding=%c&meta=%D"

The screen goes back in the response, its TLVs in X-Kannel-Meta-Data. Not run against a network.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from gateway.carriers.protocol import Malformed
from gateway.carriers.ussd import HARD_LIMIT, Phase, UssdTurn, text_answer, turn_of, word
from gateway.carriers.wire import HookCall, HttpResponse, decode_text, form_fields

SERVICE_OPS: Final[Mapping[int, str]] = {  # SMPP 3.4 §5.3.2.44
    0: "PSSD indication",
    1: "PSSR indication",
    2: "USSR request",
    3: "USSN request",
    16: "PSSD response",
    17: "PSSR response",
    18: "USSR confirm",
    19: "USSN confirm",
}
_META: Final = re.compile(r"[?&]?([A-Za-z_]+)=([^&?]*)")


@dataclass(frozen=True, slots=True)
class Flow:
    """Which values one kind of network uses. `session`: the TLV that names the session, "" where the number does.

    `end_bit`: the last bit of its_session_info says that the session ends, the other 15 name it.
    """

    name: str
    new: frozenset[int]
    answer: frozenset[int]
    abort: frozenset[int]
    go_on: int
    end: int
    session: str = ""
    end_bit: bool = False


FLOWS: Final = (
    Flow("usual", frozenset({1}), frozenset({18}), frozenset(), 2, 17),
    Flow("mica", frozenset({0x01}), frozenset({0x12}), frozenset({0x81}), 0x02, 0x17, "user_message_reference"),
    Flow("6d", frozenset({0x01}), frozenset({0x02, 0x12}), frozenset({0x11}), 0x02, 0x02, "its_session_info", end_bit=True),
)


class KannelUssd:
    """The convention of one flow."""

    MOST_SEPTETS: Final = HARD_LIMIT

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.NAME = f"kannel-{flow.name}"

    def parse_ussd(self, call: HookCall) -> UssdTurn | Malformed:
        """The phase is in ussd_service_op; the text is the newest input."""
        fields, flow = form_fields(call.query), self.flow
        tlvs = read_meta(decode_text(fields.get("meta", b"")))
        op = int.from_bytes(tlvs.get("ussd_service_op", b"")[-1:], "big") if tlvs.get("ussd_service_op") else None
        if op not in flow.new | flow.answer | flow.abort:
            return Malformed("ussd_service_op: not one of this flow")
        phase = Phase.NEW if op in flow.new else Phase.END if op in flow.abort else Phase.ANSWER
        named = int.from_bytes(tlvs.get(flow.session, b"")[:4], "big")
        session = "" if not flow.session else str(named >> 1) if flow.end_bit else str(named)
        charset = decode_text(fields.get("cs", b"")) or ("utf-16be" if fields.get("coding") == b"2" else "utf-8")
        text = decode_text(fields.get("text", b""), charset) if phase is Phase.ANSWER else ""
        return turn_of(session, word(decode_text(fields.get("from", b""))), phase, text, echo={"session": str(named)})

    def answer_ussd(self, turn: UssdTurn, screen: str, go_on: bool) -> HttpResponse:
        """The screen is the reply; its meta-data says how the dialogue goes on."""
        if turn.phase is Phase.END:
            return text_answer("")
        return text_answer(screen, {"X-Kannel-Meta-Data": self._meta(turn, go_on)})

    def _meta(self, turn: UssdTurn, go_on: bool) -> str:
        flow = self.flow
        tlvs = {"ussd_service_op": bytes([flow.go_on if go_on else flow.end])}
        if flow.session:
            named = int(turn.echo.get("session") or 0)
            named = (named & 0xFFFE) | (not go_on) if flow.end_bit else named
            tlvs[flow.session] = (named & 0xFFFF).to_bytes(2, "big")
        return write_meta(tlvs)


def read_meta(meta: str) -> dict[str, bytes]:
    """ "?smpp?ussd_service_op=%02&…" as values by TLV name."""
    if "?smpp?" not in meta:
        return {}
    return {found[1]: unquote_to_bytes(found[2].replace("+", " ")) for found in _META.finditer(meta.split("?smpp?", 1)[1][:1000])}


def write_meta(tlvs: Mapping[str, bytes]) -> str:
    """The other way: every byte of a value percent-encoded, for most are no letters."""
    return "?smpp?" + "&".join(f"{name}={''.join(f'%{byte:02x}' for byte in value)}" for name, value in tlvs.items())
