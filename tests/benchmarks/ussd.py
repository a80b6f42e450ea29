"""USSD: sessions that begin at a steady rate, whoever else is under way, against a running `tinbao serve`; how long each screen takes.

Open loop: session n begins at n / RATE s and its next call goes out as soon as the screen is there, which no person does: RATE sessions a
second of six or seven calls each, from distinct people. A call's time counts from when it was due, so that a stall shows
in all that waited.
"""

import asyncio
import sys
import time
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import uvloop

from tests.benchmarks.table import Row, alone
from tests.benchmarks.telco import telco_process
from tests.harness import deployment, route, wait_for_port

RATE = 200  # sessions a second
STORY = ("1", "7", "canh mieu dau ban, 2 mo, ong toi ke chon nam 79")
SKIP = "88"  # to every question, till the last screen
MOST_CALLS = 8
MOST_MS = 500


def run(folder: Path, seconds: int, rounds: int) -> list[Row]:
    """p99 of a screen, and the sessions that came to their end."""
    p99, p50, ended = [], [], []
    with telco_process() as telco:
        for at in range(rounds):
            place = folder / f"ussd-{at}"
            place.mkdir(parents=True)
            table = route("tuyen", "kannel", f"{telco.url}/cgi-bin/sendsms", ussd="africastalking", concurrency=64)
            gateway = deployment(place / "deployment", routes=table)
            with gateway.serving() as process:
                wait_for_port(gateway.desk, process)
                took, whole = uvloop.run(_load(f"{gateway.url}/hooks/tuyen/ussd?secret=s3cret", seconds))
            took.sort()
            p99.append(took[len(took) * 99 // 100] * 1000)
            p50.append(took[len(took) // 2] * 1000)
            ended.append(whole / (seconds * RATE))
            print(f"ussd {at + 1}/{rounds}: p50 {p50[-1]:.0f} ms, p99 {p99[-1]:.0f} ms, {ended[-1]:.1%} whole", file=sys.stderr)
    return [
        alone(f"USSD screen at {RATE} sessions/s, p99", "ms", p99, most=MOST_MS),
        alone("USSD sessions that came to their end", "of 1", ended, least=1.0),
    ]


async def _load(url: str, seconds: int) -> tuple[list[float], int]:
    """(seconds that each screen took, sessions that ended as they should)."""
    took: list[float] = []
    start = time.monotonic() + 0.5
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=30)) as http, asyncio.TaskGroup() as tasks:
        sessions = [tasks.create_task(_session(http, url, n, start + n / RATE, took)) for n in range(seconds * RATE)]
    return took, sum(session.result() for session in sessions)


async def _session(http: aiohttp.ClientSession, url: str, number: int, due: float, took: list[float]) -> bool:
    """Whether it went from the menu to its last screen."""
    await asyncio.sleep(max(0.0, due - time.monotonic()))
    typed: list[str] = []
    body, code = "CON", False
    while body.startswith("CON") and len(typed) < MOST_CALLS:
        fields = {"sessionId": f"S{number}", "phoneNumber": f"+84300{number:06d}", "serviceCode": "*8088#", "text": "*".join(typed)}
        async with http.post(url, data=urlencode(fields), headers={"Content-Type": "application/x-www-form-urlencoded"}) as answer:
            body = await answer.text()
        now = time.monotonic()
        took.append(now - due)
        due = now
        code = code or "Da nhan, ma " in body
        typed.append(STORY[len(typed)] if len(typed) < len(STORY) else SKIP)
    return code and body.startswith("END")
