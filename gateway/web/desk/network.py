"""Where a request came from: a proxy's word counts only where the proxy is trusted."""

from collections.abc import Collection
from ipaddress import ip_address

from aiohttp import web

from gateway.web.hooks import Network


def is_trusted(remote: str | None, proxies: Collection[Network]) -> bool:
    """Whether `remote` is one of `proxies`."""
    try:
        address = ip_address((remote or "").partition("%")[0])
    except ValueError:
        return False
    return any(address in each for each in proxies)


def address_of(request: web.Request, proxies: Collection[Network]) -> str:
    """The browser's address: the last hop of X-Forwarded-For that no trusted proxy wrote about itself."""
    remote = request.remote or ""
    if not is_trusted(remote, proxies):
        return remote
    hops = [hop.strip() for value in request.headers.getall("X-Forwarded-For", ()) for hop in value.split(",")]
    return next((hop for hop in reversed(hops) if not is_trusted(hop, proxies)), remote)
