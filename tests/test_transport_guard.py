"""Calls to addresses that others wrote down reach the internet and nothing else."""

from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from gateway.carriers.wire import HttpRequest, NotSent, PrivateTarget
from gateway.domain.callback_target import LONGEST, fault_of, host_of, is_public, origin_of
from gateway.transport import http_sender
from gateway.transport_guard import guarded_sender, public_only
from tests.services.outside_rows import HOST, theirs

INSIDE = [
    "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
    "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.7", "::1", "::",
    "fe80::1", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::7f00:1",
    "64:ff9b::a00:1", "2002:7f00:1::", "2002:c0a8:101::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
]  # fmt: skip
OUTSIDE = ["1.1.1.1", "8.8.8.8", "203.162.4.190", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", INSIDE)
def test_inside(address: str) -> None:
    """Private, loopback, link-local, shared, multicast, reserved, for documents; and IPv6 forms that lead there."""
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", OUTSIDE)
def test_outside(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://crm.example/a?b=%20", True),
        ("http://crm.example:8080", True),
        ("https://crm.example./a", True),
        ("https://8.8.8.8/", True),
        ("https://[2606:4700:4700::1111]/", True),
        ("http://crm.example:99999/", False),
        ("http://crm.example:0/", False),
        ("http://u@crm.example/", False),
        ("http://:p@crm.example/", False),
        ("file:///etc/passwd", False),
        ("HTTP://[::1", False),
        ("http://localhost/", False),
        ("http://a.localhost/", False),
        ("http://LOCALHOST./", False),
        ("http://169.254.169.254/latest/meta-data", False),
        ("http://[::ffff:10.0.0.1]/", False),
        ("https://crm.example/#x", False),
        ("https://crm.example/\r\nX: y", False),
        ("https://crm.example/ă", False),
        ("https://" + "a" * LONGEST, False),
    ],
)
def test_the_shape(url: str, good: bool) -> None:
    """What can be seen without asking anybody; what is wrong is said without repeating the address."""
    fault = fault_of(url)
    assert (fault is None) is good
    assert fault is None or "crm" not in fault


def test_an_allowed_host_may_be_inside() -> None:
    """By its own name alone, whatever its letters."""
    assert fault_of("http://LOCALHOST:9/a", {"localhost"}) is None
    assert fault_of("http://10.0.0.1/", {"10.0.0.1"}) is None
    assert fault_of("http://10.0.0.2/", {"10.0.0.1"}) is not None


def test_hosts_and_origins() -> None:
    assert host_of("https://CRM.Example.:443/a") == "crm.example"
    assert origin_of("https://crm.example/a") == origin_of("https://CRM.example:443/b") == "https://crm.example:443"
    assert origin_of("http://crm.example") == "http://crm.example:80"


def leads_to(*addresses: str):
    async def look_up(host: str, port: int) -> Sequence[str]:
        return addresses

    return look_up


@pytest.mark.parametrize("addresses", [("127.0.0.1",), ("8.8.8.8", "10.0.0.1"), ("fe80::1%eth0",)])
async def test_a_name_that_leads_inside(addresses: tuple[str, ...]) -> None:
    """One address of many is enough: the other side chooses which it gives."""
    with pytest.raises(PrivateTarget):
        await public_only(leads_to(*addresses))("crm.example", 443)


async def test_a_name_that_leads_nowhere() -> None:
    with pytest.raises(OSError, match="no address"):
        await public_only(leads_to())("crm.example", 443)


@pytest.mark.parametrize("host", [HOST, "localhost", "0x7f000001", "2130706433", "127.1", "[::ffff:127.0.0.1]"])
async def test_this_machine_by_any_name(host: str) -> None:
    """What the system makes of odd spellings is what counts. Nothing is connected to."""
    async with theirs() as server, guarded_sender(30, 1) as send:
        with pytest.raises(NotSent):
            await send(HttpRequest("GET", server.url.replace(HOST, host)))
    assert server.seen == []


async def test_what_was_looked_at_is_what_is_connected_to() -> None:
    """A name that answers well first and badly next (DNS rebinding) is asked once, and never by the connection."""
    asked: list[str] = []

    async def once_good(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ("192.0.2.1",) if len(asked) > 1 else (HOST,)

    async with theirs() as server, http_sender(30, resolve=once_good) as send:
        answer = await send(HttpRequest("GET", server.url.replace(HOST, "no-such-name.invalid")))
    assert (answer.status, asked) == (200, ["no-such-name.invalid"])
    assert server.seen[0][2]["Host"].startswith("no-such-name.invalid:")


async def test_the_next_address_is_tried() -> None:
    """A host with a dead address among its own."""
    async with theirs() as server, http_sender(30, resolve=leads_to("::1", HOST)) as send:
        assert (await send(HttpRequest("GET", server.url))).status == 200
