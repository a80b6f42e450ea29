"""A process that is killed while its doors take calls: each yes is an MT, once; what heard no yes is one or none."""

import asyncio
import json
from collections import Counter
from contextlib import suppress
from pathlib import Path

from aiohttp import ClientError, ClientSession
from yarl import URL

from gateway.storage.database import open_database
from gateway.storage.schema import door_part, mt
from gateway.storage.seal import Keyring
from tests.conftest import TEST_KEY
from tests.harness import Gateway, deployment, route, wait_for_port
from tests.services.people import rows

CALLS, KILL_AFTER = 240, 60
_PARTS = ("%05%00%03%07%02%01", "%05%00%03%07%02%02")


async def test_a_kill_between_call_and_answer_loses_and_repeats_nothing(tmp_path: Path) -> None:
    """Its calls come as fast as it answers; the kill falls among them. A second life takes the callers' repeats by their references."""
    gateway = deployment(tmp_path / "d", routes=route("tuyen", "simulator", "http://127.0.0.1:9/sms"))
    added = await asyncio.to_thread(gateway.run, "--json", "clients", "add", "crm", "--scope", "send")
    login = f"username=crm&password={json.loads(added.stdout)['secret']}"
    first = await _life(gateway, login, set(), KILL_AFTER)
    assert KILL_AFTER <= len(first) < CALLS
    found = Counter(row.body for row in await _stored(gateway))
    assert all(found[text] == 1 for text in first)
    assert set(found.values()) == {1}
    second = await _life(gateway, login, first, CALLS)
    assert len(first | second) == CALLS
    assert Counter(row.body for row in await _stored(gateway)) == dict.fromkeys(map(str, range(CALLS)), 1)


async def test_a_part_that_heard_a_yes_outlives_a_kill(tmp_path: Path) -> None:
    gateway = deployment(tmp_path / "d", routes=route("tuyen", "simulator", "http://127.0.0.1:9/sms"))
    added = await asyncio.to_thread(gateway.run, "--json", "clients", "add", "crm", "--scope", "send")
    login = f"username=crm&password={json.loads(added.stdout)['secret']}"
    for udh, words in zip(_PARTS, ("mot", "hai"), strict=True):
        process = gateway.start()
        try:
            await asyncio.to_thread(wait_for_port, gateway.public, process)
            async with ClientSession() as session:
                assert await _call(session, f"{gateway.url}/cgi-bin/sendsms?{login}&to=0300000011&udh={udh}&text={words}")
        finally:
            process.kill()
            process.wait()
    assert [row.body for row in await _stored(gateway)] == ["mothai"]
    assert await _stored(gateway, door_part) == []


async def _life(gateway: Gateway, login: str, done: set[str], kill_after: int) -> set[str]:
    """Start it, make the calls that are not `done`, and kill it after so many yeses; those that were heard."""
    process = gateway.start()
    heard: set[str] = set()
    try:
        await asyncio.to_thread(wait_for_port, gateway.public, process)
        waiting = [str(at) for at in range(CALLS) if str(at) not in done]

        async def work(session: ClientSession) -> None:
            while waiting and process.poll() is None:
                text = waiting.pop()
                url = f"{gateway.url}/cgi-bin/sendsms?{login}&to=0300{int(text):06d}&text={text}&reference=m-{text}"
                with suppress(ClientError):
                    if await _call(session, url):
                        heard.add(text)
                if len(heard) >= kill_after:
                    process.kill()

        async with ClientSession() as session:
            await asyncio.gather(*(work(session) for _ in range(8)))
    finally:
        process.kill()
        await asyncio.to_thread(process.wait)
    return heard


async def _call(session: ClientSession, url: str) -> bool:
    async with session.get(URL(url, encoded=True)) as answer:
        return answer.status == 202


async def _stored(gateway: Gateway, table=mt):
    path = gateway.folder / "var" / "tinbao.db"
    async with open_database(f"sqlite:///{path}", Keyring.of(TEST_KEY)) as database:
        return await rows(database, table)
