"""What the codes say. Upper case throughout: QR's alphanumeric mode takes 5.5 bits a character instead of 8 (press.md §4.1).

USSD codes are printed as digits and never made into a QR: iOS dials no tel: URI with * or # (press.md §4.4).
"""

from typing import Final

_SPACING: Final = str.maketrans("", "", " .-()")  # how numbers are grouped on paper


def link(link_base: str, placement_code: str) -> str:
    """The web landing of one placement, e.g. HTTPS://TINBAO.EXAMPLE/Q/TN01056. Scheme and host are case-blind, and so are our routes."""
    return f"{link_base.rstrip('/')}/Q/{placement_code}".upper()


def typed(link_payload: str) -> str:
    """The same address as a person types it: without the scheme."""
    return link_payload.split("://", 1)[-1]


def sms(number: str, body: str) -> str:
    """A text message ready to be sent, e.g. SMSTO:8088:LS TN01; the person presses Send.

    The form that phones' cameras know best, all upper case (press.md §4.4). No blank at the end: some readers drop it.
    """
    return f"SMSTO:{_dialled(number)}:{body.strip()}".upper()


def call(number: str) -> str:
    """A call ready to be made, e.g. TEL:0300000101. ValueError for anything but digits with a plus sign before them."""
    return f"TEL:{_dialled(number)}"


def zalo(address: str) -> str:
    """An official account, e.g. HTTPS://ZALO.ME/4318000000000000000. Scheme and host are case-blind; what follows stays as it is."""
    scheme, _, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host}{slash}".upper() + path


def _dialled(number: str) -> str:
    digits = number.translate(_SPACING)
    if not digits.removeprefix("+").isdigit():
        raise ValueError(f"{number} can't be dialled from a code")
    return digits
