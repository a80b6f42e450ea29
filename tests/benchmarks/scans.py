"""Scans/s: printed codes answered by a running `tinbao serve` while another process holds the database's write lock.

First as many as go through at 32 connections, then 1,200 a second by the clock: each answer is timed from the moment its request was due,
so that a stall is charged to every visitor whom it kept waiting. Load comes from a process of its own.

    python -m tests.benchmarks.scans URL COUNT CONNECTIONS PER_S      PER_S 0: as fast as they go; prints JSON {"per_s","p50_ms","p99_ms"}
"""

import asyncio
import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvloop
from aiohttp import ClientSession, TCPConnector
from yarl import URL

from gateway.deployment import load_deployment
from tests.benchmarks.children import module
from tests.benchmarks.table import Row, alone
from tests.harness import deployment, route, wait_for_port

PER_S = 1_000  # DESIGN §8
P99_MS = 20.0
PACED = 1_200
AGENT = "Mozilla/5.0 (Linux; Android 9; Mobile) AppleWebKit/537.36 Chrome/120 Mobile Safari/537.36"


def run(folder: Path, count: int, rounds: int) -> list[Row]:
    """The row of scans, and how long the slowest hundredth took at a steady pace."""
    most, slowest = [], []
    for at in range(rounds):
        gateway = deployment(folder / f"scans-{at}", routes=route("tuyen", "kannel", "http://127.0.0.1:9/cgi-bin/sendsms"))
        with gateway.serving() as process, _locked(next(gateway.folder.rglob("*.db"))):
            wait_for_port(gateway.desk, process)
            found = _load(gateway.url, gateway.folder, count, 32, 0)
            paced = _load(gateway.url, gateway.folder, count, 32, PACED)
        most.append(found["per_s"])
        slowest.append(paced["p99_ms"])
        print(f"scans {at + 1}/{rounds}: {most[-1]:,.0f}/s, p99 at {PACED}/s {slowest[-1]:.1f} ms", file=sys.stderr)
    return [
        alone("scan answered, database locked", "scans/s", most, least=PER_S),
        alone(f"scan answered, database locked, p99 at {PACED}/s", "ms", slowest, most=P99_MS),
    ]


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Another process' write transaction on a SQLite file."""
    holder = sqlite3.connect(path, isolation_level=None, timeout=30)
    holder.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        holder.execute("ROLLBACK")
        holder.close()


def _load(url: str, folder: Path, count: int, connections: int, per_s: int) -> dict[str, float]:
    codes = [placement.code for placement in load_deployment(folder).placements]
    command = module("scans", url, str(count), str(connections), str(per_s), *codes)
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


async def _visit(url: str, count: int, connections: int, per_s: int, codes: list[str]) -> dict[str, float]:
    """Ask for `count` printed codes. RuntimeError at the first answer that is no page."""
    ready = [URL(f"{url}/Q/{codes[at % len(codes)]}") for at in range(count)]
    left, took = iter(enumerate(ready)), []
    headers = {"User-Agent": AGENT, "Accept-Language": "vi-VN", "Accept-Encoding": "gzip"}
    async with ClientSession(connector=TCPConnector(limit=connections), headers=headers, auto_decompress=False) as session:
        first = time.perf_counter() + 0.2

        async def work() -> None:
            for at, each in left:
                due = first + at / per_s if per_s else time.perf_counter()
                if (early := due - time.perf_counter()) > 0:
                    await asyncio.sleep(early)
                async with session.get(each, allow_redirects=False) as answer:
                    body = await answer.read()
                    if answer.status != 200 or len(body) < 1_000:
                        raise RuntimeError(f"answered {answer.status}")
                took.append(time.perf_counter() - due)

        async with asyncio.TaskGroup() as tasks:
            for _ in range(connections):
                tasks.create_task(work())
        seconds = time.perf_counter() - first
    took.sort()
    return {"per_s": count / seconds, "p50_ms": took[len(took) // 2] * 1000, "p99_ms": took[len(took) * 99 // 100] * 1000}


if __name__ == "__main__":
    where, how_many, at_once, pace, *printed = sys.argv[1:]
    print(json.dumps(uvloop.run(_visit(where, int(how_many), int(at_once), int(pace), printed))))
