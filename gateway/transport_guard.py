"""Calls to addresses that somebody else wrote down: only hosts on the internet are connected to, or our own network would be theirs to use.

The addresses behind a name are looked up once, looked at, and connected to themselves: a name that answers differently the next moment
(DNS rebinding) changes nothing. Redirects are answers here as everywhere in `transport`, and nothing follows them.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_address
from socket import SOCK_STREAM

from gateway.carriers.wire import PrivateTarget
from gateway.domain.callback_target import is_public
from gateway.transport import HttpSender, http_sender

LookUp = Callable[[str, int], Awaitable[Sequence[str]]]


async def system_addresses(host: str, port: int) -> list[str]:
    """The addresses of `host` as the system knows them. Raises OSError, UnicodeError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def public_only(look_up: LookUp = system_addresses) -> LookUp:
    """`look_up`, refusing a host of which any address is not on the internet: raises PrivateTarget."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        addresses = await look_up(host, port)
        if not addresses:
            raise OSError("the name has no address")
        if not all(is_public(ip_address(each.partition("%")[0])) for each in addresses):
            raise PrivateTarget("the host's name leads into a private network")
        return addresses

    return resolve


@asynccontextmanager
async def guarded_sender(timeout_s: float, connections: int, look_up: LookUp = system_addresses) -> AsyncIterator[HttpSender]:
    """A sender for the length of the block that reaches public addresses only."""
    async with http_sender(timeout_s, connections, resolve=public_only(look_up)) as sender:
        yield sender
