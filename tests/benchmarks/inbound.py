"""MO/s: hook calls answered after their commit by a running `tinbao serve`, which at the same time reads them, makes tips and replies.

Load comes at 64 connections from a process of its own, distinct people, words and ids. The yardstick commits each MO by itself; ours lets
concurrent ones share a commit, and has the reading, the tips, the questions and the replies to do beside. The load and the telco share the
machine's processors with it, and with the process that reads along (services/reading_ahead.py).
"""

import sys
from pathlib import Path

from tests.benchmarks.bare_inbox import bare_inbox
from tests.benchmarks.children import until
from tests.benchmarks.load import Sent, run_load
from tests.benchmarks.table import Row, beside
from tests.benchmarks.telco import TelcoProcess, telco_process
from tests.harness import deployment, route, wait_for_port

REPLIED = 1_500


def run(folder: Path, count: int, rounds: int) -> list[Row]:
    """Both rows of the inbox."""
    accepted, replied, bare = [], [], []
    with telco_process() as telco:
        for at in range(rounds):
            place = folder / f"inbound-{at}"
            place.mkdir(parents=True)
            ours = _ours(telco, place, count)
            accepted.append(ours[0])
            replied.append(ours[1])
            with bare_inbox(place) as url:
                bare.append(_rate(run_load("lean", "mo", url, count), count))
            print(f"inbound {at + 1}/{rounds}: {ours[0]:,.0f} MO/s, {ours[1]:,.0f} replied/s, bare {bare[-1]:,.0f}", file=sys.stderr)
    return [
        beside("MO accepted, reading beside", "MO/s", accepted, "bare handler, a commit each (FULL)", bare, 0.5),
        Row("MO read, made into a tip, replied", "MO/s", sorted(replied)[rounds // 2], least=REPLIED, absolute=True),
    ]


def _ours(telco: TelcoProcess, folder: Path, count: int) -> tuple[float, float]:
    """(MOs accepted a second, MOs replied to a second from the first call to the last reply at the telco)."""
    gateway = deployment(folder / "deployment", routes=route("tuyen", "kannel", f"{telco.url}/cgi-bin/sendsms", concurrency=64))
    with gateway.serving() as process:
        wait_for_port(gateway.desk, process)  # loading it takes a second of a processor
        sent = run_load("lean", "mo", f"{gateway.url}/hooks/tuyen/mo?secret=s3cret", count)
        until(lambda: telco.seen().taken >= count, 60 + count / 100, "the last reply")
        lap = telco.lap()
    assert (lap.taken, lap.twice) == (count, 0)
    return _rate(sent, count), lap.per_s(sent.first)


def _rate(sent: Sent, count: int) -> float:
    return count / (sent.last - sent.first)
