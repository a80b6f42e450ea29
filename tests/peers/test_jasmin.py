"""A telco's SMPP reaches us through a real Jasmin 0.11, set up as docs/smpp.md says (issue: what it must show, 2)."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.harness import Gateway, eventually, free_ports
from tests.peers import smpp_route as told
from tests.peers.jasmin import Ports, jasmin
from tests.peers.smpp import Smsc, smsc
from tests.story import rows, serving

MTS, MOS, AWAY = 400, 300, 12


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bridge(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Gateway, Smsc]]:
    """Jasmin between the telco and a gateway that doesn't run yet: it starts in ten seconds, once for all tests here."""
    folder = tmp_path_factory.mktemp("jasmin")
    line, send = free_ports(2)
    gateway = told.gateway_for(folder / "d", "jasmin", f"http://127.0.0.1:{send}/send")
    async with smsc(line) as phones, jasmin(folder / "jasmin", gateway.url, Ports.free(line, send)):
        await eventually(phones.is_bound)
        yield gateway, phones


async def test_texts_of_every_alphabet_and_length_arrive_whole(bridge: tuple[Gateway, Smsc]) -> None:
    """Accents as UCS-2, long ones joined again by the phone."""
    gateway, phones = bridge
    async with serving(gateway):
        await told.every_alphabet_and_length(gateway, phones)


async def test_a_wave_arrives_once_each_and_is_reported(bridge: tuple[Gateway, Smsc]) -> None:
    """Jasmin's two reports a message, the SMSC's yes and the handset's, end in one state."""
    gateway, phones = bridge
    async with serving(gateway):
        await told.a_wave_is_sent_and_reported(gateway, phones, MTS)


async def test_every_text_becomes_one_tip_with_one_reply(bridge: tuple[Gateway, Smsc]) -> None:
    """Without the exact ACK/Jasmin each would come again.

    Parts of a long text come as one where the last is the last: Jasmin 0.11 joins at that one and drops what is incomplete then.
    """
    gateway, phones = bridge
    async with serving(gateway):
        await told.each_text_is_answered_once(gateway, phones, range(5000, 5000 + MOS))
        await told.parts_are_one_tip(gateway, phones, (1, 2, 3), (2, 1, 3))


async def test_texts_that_come_while_we_are_away_are_answered_when_we_are_back(bridge: tuple[Gateway, Smsc]) -> None:
    """Jasmin knocks again, as the shipped file tells it to; nothing that came before comes twice."""
    gateway, phones = bridge
    people = {f"+84300006{at:03d}": f"LS TN{at + 1:02d} co mo o chan doi, nha thu {at}" for at in range(AWAY)}
    for number, text in people.items():
        await phones.write(number, text)
    async with serving(gateway):
        await told.all_answered(phones, list(people))
        tips = await rows(gateway, "tips", "list")
        assert sorted(tip["text"] for tip in tips if tip["text"] in people.values()) == sorted(people.values())
        assert len(tips) == len({tip["code"] for tip in tips})
