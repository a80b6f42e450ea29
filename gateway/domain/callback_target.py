"""Where an outside system may be called: over http(s), at public addresses only, unless its host is allowed by name. Pure.

The shape is looked at when a call is queued, the addresses behind the name when it is made: a name may lead elsewhere by then.
"""

from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

LONGEST: Final = 8_000  # characters of a URL: three parts of an MO, each letter of it percent-encoded, and room
_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
_COMPATIBLE: Final = IPv6Network("::/96")  # RFC 4291 §2.5.5.1, dead, and still routed by some


def host_of(url: str) -> str:
    """The host of `url`, in small letters and without a final dot; "" where it has none that can be called."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.username is None and parts.password is None and parts.port != 0
    except ValueError:
        return ""
    return (parts.hostname or "").rstrip(".") if usable else ""


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL that has a host: what shares a server."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{host_of(url)}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def fault_of(url: str, allowed: Collection[str] = ()) -> str | None:
    """Why `url` can't be called, in words that repeat nothing of it; None: its shape is good. `allowed`: private hosts, by name."""
    host = host_of(url)
    if not host or "%" in host:
        return "an address to call begins with http:// or https:// and a host's name, and holds no user name"
    if not url.isascii() or not url.isprintable() or " " in url or "#" in url or len(url) > LONGEST:
        return "an address to call has no blank, accent or fragment (#), and a reasonable length"
    if host in allowed:
        return None
    try:
        inside = not is_public(ip_address(host))
    except ValueError:  # a name
        inside = host == "localhost" or host.endswith(".localhost")
    return "the address leads into a private network; allow its host by name" if inside else None


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether `address` is on the internet: not private, loopback, link-local, shared, multicast or reserved, nor a way there."""
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast and not address.is_reserved
    within = _within(address)
    if within is not None:
        return is_public(within)
    return address.is_global and not address.is_multicast and not address.is_reserved and not address.is_site_local


def _within(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one stands for: mapped, 6to4, Teredo, NAT64."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64 or address in _COMPATIBLE:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.sixtofour
