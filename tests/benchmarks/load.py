"""Load from a process of its own: calls made ready before the clock starts, each sent once, so many at a time.

    python -m tests.benchmarks.load (bare|lean) (mt|mo) URL COUNT CONNECTIONS

`bare` is aiohttp's ClientSession in a loop, `lean` our own sending client; both on uvloop. Prints JSON: {"first","last"}, epoch seconds.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import uvloop
from aiohttp import ClientSession, TCPConnector
from yarl import URL

from gateway.carriers.kannel import build_send
from gateway.carriers.protocol import Account, Batch, Mt
from gateway.carriers.wire import HttpRequest
from gateway.domain.msisdn import Msisdn
from gateway.domain.secret import Secret
from gateway.transport import http_sender
from tests.benchmarks.children import module

CONNECTIONS = 64
WORDS = "UBND xa Thong Nhat: Ai biet mo liet si, soan: LS <ma thon> <noi dung> gui 8088 (1000d/tin). Khong tu y dao boi."
TIP = "LS TN{village:02d} co 1 ngoi mo liet si o chan doi sau truong hoc cu, nguoi gia trong ban ke chon nam 1979. Phieu {at}"
HOOK = "http://127.0.0.1:9/hooks/tuyen/dlr?secret=s3cret"  # nobody listens: the telco sends no reports


@dataclass(frozen=True)
class Sent:
    """When the first call began and the last answer was there, epoch seconds."""

    first: float
    last: float


def number(at: int) -> str:
    """The `at`-th invented subscriber."""
    return f"+84300{at:06d}"


def mts(url: str, count: int) -> Iterator[HttpRequest]:
    """sendsms calls as our Kannel carrier builds them, to the telco or to a real Kannel alike."""
    account = Account("tuyen", url, "u", Secret("p"), "8088", HOOK)
    for at in range(count):
        ref = f"R{time.time_ns():X}{at:X}"
        yield build_send(account, Batch(ref, (Mt(at, ref, Msisdn(number(at)), WORDS, 1),)))


def mos(url: str, count: int) -> Iterator[HttpRequest]:
    """Tips of distinct people with distinct ids, as Kannel's get-url brings them."""
    for at in range(count):
        text = quote(TIP.format(village=at % 30 + 1, at=at), safe="")
        fields = f"from={quote(number(at))}&to=8088&text={text}&id=M{at:08d}&ts={int(time.time())}&coding=0&cs=UTF-8"
        yield HttpRequest("GET", f"{url}&{fields}")


def run_load(client: str, kind: str, url: str, count: int, connections: int = CONNECTIONS) -> Sent:
    """Run this module as a program."""
    command = module("load", client, kind, url, str(count), str(connections))
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return Sent(**json.loads(done.stdout))


async def _bare(calls: Iterable[HttpRequest], connections: int) -> Sent:
    ready = [URL(call.url, encoded=True) for call in calls]
    async with ClientSession(connector=TCPConnector(limit=connections)) as session:

        async def call(url: URL) -> int:
            async with session.get(url, allow_redirects=False) as answer:
                await answer.read()
                return answer.status

        return await _all(call, ready, connections)


async def _lean(calls: Iterable[HttpRequest], connections: int) -> Sent:
    ready = list(calls)
    async with http_sender(timeout_s=30, connections=connections) as send:

        async def call(request: HttpRequest) -> int:
            return (await send(request)).status

        return await _all(call, ready, connections)


async def _all(call: Callable[[Any], Awaitable[int]], ready: list[Any], connections: int) -> Sent:
    """Each of `ready` once, by as many workers as connections. RuntimeError at the first answer that is no 2xx."""
    left = iter(ready)

    async def work() -> None:
        for each in left:
            if not 200 <= (status := await call(each)) < 300:
                raise RuntimeError(f"answered {status}")

    first = time.time()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(connections):
            tasks.create_task(work())
    return Sent(first, time.time())


def _main(client: str, kind: str, url: str, count: str, connections: str) -> None:
    calls = {"mt": mts, "mo": mos}[kind](url, int(count))
    sent = uvloop.run({"bare": _bare, "lean": _lean}[client](calls, int(connections)))
    print(json.dumps(vars(sent)))


if __name__ == "__main__":
    _main(*sys.argv[1:])
