"""What the codes say. Upper case throughout: QR's alphanumeric mode takes 5.5 bits a character instead of 8 (press.md §4.1).

USSD codes are printed as digits and never made into a QR: iOS dials no tel: URI with * or # (press.md §4.4).
"""


def link(link_base: str, placement_code: str) -> str:
    """The web landing of one placement, e.g. HTTPS://TINBAO.EXAMPLE/Q/TN01056. Scheme and host are case-blind, and so are our routes."""
    return f"{link_base.rstrip('/')}/Q/{placement_code}".upper()


def typed(link_payload: str) -> str:
    """The same address as a person types it: without the scheme."""
    return link_payload.split("://", 1)[-1]
