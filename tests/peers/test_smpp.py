"""A telco's SMPP reaches us through a real Kannel 1.4.5, set up by the file that docs/smpp.md ships."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.harness import Gateway, eventually, free_ports
from tests.peers import smpp_route as told
from tests.peers.kannel import kannel_over_smpp
from tests.peers.smpp import Smsc, smsc
from tests.story import serving

MTS, MOS = 1_000, 500


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bridge(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Gateway, Smsc]]:
    """Kannel between the telco and a gateway that doesn't run yet."""
    folder: Path = tmp_path_factory.mktemp("smpp")
    line, send = free_ports(2)
    gateway = told.gateway_for(folder / "d", "kannel", f"http://127.0.0.1:{send}/cgi-bin/sendsms")
    async with smsc(line) as phones, kannel_over_smpp(folder / "kannel", gateway.url, send, line):
        await eventually(phones.is_bound)
        yield gateway, phones


async def test_texts_of_every_alphabet_and_length_arrive_whole(bridge: tuple[Gateway, Smsc]) -> None:
    """Accents as UCS-2, long ones joined again by the phone."""
    gateway, phones = bridge
    async with serving(gateway):
        await told.every_alphabet_and_length(gateway, phones)


async def test_a_wave_arrives_once_each_and_is_reported(bridge: tuple[Gateway, Smsc]) -> None:
    """The telco's receipts find their messages: their ids are hex in the answer and in the receipt."""
    gateway, phones = bridge
    async with serving(gateway):
        await told.a_wave_is_sent_and_reported(gateway, phones, MTS)


async def test_every_text_becomes_one_tip_with_one_reply(bridge: tuple[Gateway, Smsc]) -> None:
    """Parts of a long text, in any order, come as one."""
    gateway, phones = bridge
    async with serving(gateway):
        await told.each_text_is_answered_once(gateway, phones, range(5000, 5000 + MOS))
        await told.parts_are_one_tip(gateway, phones, (3, 1, 2), (2, 3, 1), (1, 2, 3))
