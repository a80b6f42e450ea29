"""A telco's SMPP reaches us through a real Kannel 1.4.5 and a real Jasmin 0.11, each set up as docs/smpp.md says."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from tests.harness import Gateway, eventually, free_ports
from tests.peers import smpp_route as told
from tests.peers.jasmin import Ports, jasmin
from tests.peers.kannel import kannel_over_smpp
from tests.peers.smpp import Smsc, smsc
from tests.story import rows, serving

AWAY = 12


@dataclass(frozen=True)
class Between:
    """What stands between the telco and us. `path`: where it takes MTs; `orders`: of a long text's parts that it joins.

    `open`: runs it for (its folder, our address, the port of its door, the port of the telco's line).
    """

    carrier: str
    path: str
    mts: int
    mos: int
    orders: tuple[tuple[int, ...], ...]
    open: Callable[[Path, str, int, int], AbstractAsyncContextManager[object]]


KANNEL = Between("kannel", "/cgi-bin/sendsms", 1_000, 500, ((3, 1, 2), (2, 3, 1), (1, 2, 3)), kannel_over_smpp)
JASMIN = Between(  # 0.11 joins a long text at its last part and drops what is incomplete then
    "jasmin",
    "/send",
    400,
    300,
    ((1, 2, 3), (2, 1, 3)),
    lambda folder, url, send, line: jasmin(folder, url, Ports.free(line, send)),
)


@dataclass(frozen=True)
class Bridge:
    """A gateway that doesn't run yet, and the telco's phones behind what stands between."""

    gateway: Gateway
    phones: Smsc
    between: Between


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=[KANNEL, JASMIN], ids=lambda between: between.carrier)
async def bridge(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bridge]:
    """Started once for all tests here: Jasmin takes ten seconds."""
    between: Between = request.param
    folder = tmp_path_factory.mktemp(between.carrier)
    line, send = free_ports(2)
    gateway = told.gateway_for(folder / "d", between.carrier, f"http://127.0.0.1:{send}{between.path}")
    async with smsc(line) as phones, between.open(folder / between.carrier, gateway.url, send, line):
        await eventually(phones.is_bound)
        yield Bridge(gateway, phones, between)


async def test_texts_of_every_alphabet_and_length_arrive_whole(bridge: Bridge) -> None:
    """Accents as UCS-2, long ones joined again by the phone."""
    async with serving(bridge.gateway):
        await told.every_alphabet_and_length(bridge.gateway, bridge.phones)


async def test_a_wave_arrives_once_each_and_is_reported(bridge: Bridge) -> None:
    """The telco's receipts find their messages, whose ids are hex in both. Jasmin's two reports a message end in one state."""
    async with serving(bridge.gateway):
        await told.a_wave_is_sent_and_reported(bridge.gateway, bridge.phones, bridge.between.mts)


async def test_every_text_becomes_one_tip_with_one_reply(bridge: Bridge) -> None:
    """Parts of a long text come as one. Without the exact ACK/Jasmin each would come again."""
    async with serving(bridge.gateway):
        await told.each_text_is_answered_once(bridge.gateway, bridge.phones, range(5000, 5000 + bridge.between.mos))
        await told.parts_are_one_tip(bridge.gateway, bridge.phones, *bridge.between.orders)


@pytest.mark.parametrize("bridge", [JASMIN], ids=["jasmin"], indirect=True)  # what its shipped file has a setting for
async def test_texts_that_come_while_we_are_away_are_answered_when_we_are_back(bridge: Bridge) -> None:
    """Jasmin knocks again, as the shipped file tells it to; nothing that came before comes twice."""
    gateway, phones = bridge.gateway, bridge.phones
    people = {f"+84300006{at:03d}": f"LS TN{at + 1:02d} co mo o chan doi, nha thu {at}" for at in range(AWAY)}
    for number, text in people.items():
        await phones.write(number, text)
    async with serving(gateway):
        await told.all_answered(phones, list(people))
        tips = await rows(gateway, "tips", "list")
        assert sorted(tip["text"] for tip in tips if tip["text"] in people.values()) == sorted(people.values())
        assert len(tips) == len({tip["code"] for tip in tips})
