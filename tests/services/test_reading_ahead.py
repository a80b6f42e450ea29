"""Reading before the transaction: the loop goes on beside it, and a second process that reads along changes nothing but the time."""

import asyncio
import os
import signal

from gateway.services.reading_ahead import MANY, ReadingAhead, reading_helper
from gateway.storage.inbox import Mo
from tests.services.people import NOW, deployment

TEXTS = ("LS TN{:02d} co 2 mo bo doi", "ADN TN{:02d} Vi Van Gia Dinh", "SUA TN{:02d} moi dung", "cam on", "😀" * 20)


def _mos(count: int) -> list[Mo]:
    texts = [TEXTS[at % len(TEXTS)].format(at % 30 + 1) for at in range(count)]
    return [Mo(at, "r", "sms", b"x", "+84300000011", "8088", text, None, None, NOW, None) for at, text in enumerate(texts)]


async def test_whoever_knocks_is_answered_between_two_texts() -> None:
    """As many turns of the loop as texts, at the least."""
    turns = 0
    done = asyncio.Event()

    async def knock() -> None:
        nonlocal turns
        while not done.is_set():
            turns += 1
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(knock())
        found = await ReadingAhead(deployment()).read_all(_mos(60))
        done.set()
    assert len(found) == 60
    assert turns >= 60


async def test_two_processes_read_what_one_reads_and_one_goes_on_when_the_other_dies() -> None:
    data = deployment()
    mos = _mos(5 * MANY)
    alone = await ReadingAhead(data).read_all(mos)
    with reading_helper(data) as helper:
        assert helper is not None, "one processor: nothing to show"
        together = ReadingAhead(data, helper)
        assert await together.read_all(mos) == alone
        pid = await asyncio.get_running_loop().run_in_executor(helper, os.getpid)
        assert pid != os.getpid()
        os.kill(pid, signal.SIGTERM)  # as a service manager does to all of a service's processes: it stays
        assert await asyncio.get_running_loop().run_in_executor(helper, os.getpid) == pid
        os.kill(pid, signal.SIGKILL)
        assert await together.read_all(mos) == alone
        assert await together.read_all(mos) == alone
