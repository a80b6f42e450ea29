"""A wave to a million people: planned from contacts that are stored, planned from a list, killed while it is planned, and started again.

Seconds are of the whole command, its start-up with it; MB are the most that its process ever held. SQLite, no pace, invented numbers.
"""

import json
import os
import sqlite3
import subprocess
import sys
import time
from base64 import b64decode
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE, Popen
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from gateway.storage.seal import Keyring
from tests.benchmarks.children import end, must, until
from tests.benchmarks.table import Row, alone
from tests.benchmarks.telco import telco_process
from tests.harness import KEY, Gateway, deployment, route

TEXT = "{{{{ ma_thon }}}} tri an 27/7, lan {at}"  # each plan has words of its own: the same again would be asked about
LEGAL = "KH 238/KH-UBND"
VILLAGES = 30
BARS = {"stored": 30.0, "list": 90.0, "memory": 300.0, "ready": 5.0}  # DESIGN §8: s, s, MB, s


@dataclass(frozen=True)
class Ran:
    """A command that has ended."""

    code: int
    said: str
    seconds: float
    cpu_s: float
    peak_mb: float


def run(folder: Path, count: int, rounds: int) -> list[Row]:
    """Rows of planning."""
    found: dict[str, list[float]] = defaultdict(list)
    for at in range(rounds):
        place = folder / f"plan-{at}"
        place.mkdir()
        for name, value in (*_stored(place / "stored", count), *_listed(place / "listed", count)):
            found[name].append(value)
            print(f"plan {at + 1}/{rounds} {name}: {value:,.1f}", file=sys.stderr)
    who = f"{count:,}"
    return [
        alone(f"plan {who} from stored contacts", "s", found["stored"], most=BARS["stored"]),
        alone("  processor time of it", "s", found["stored, CPU"]),
        alone("  at most resident", "MB", found["stored, MB"], most=BARS["memory"]),
        alone(f"plan {who} from a CSV", "s", found["list"], most=BARS["list"]),
        alone("  processor time of it", "s", found["list, CPU"]),
        alone("  at most resident", "MB", found["list, MB"], most=BARS["memory"]),
        alone("killed half-way, the same command again", "s", found["again"]),
        alone(f"ready after kill -9 with {who} queued", "s", found["ready"], most=BARS["ready"]),
    ]


def _stored(folder: Path, count: int) -> Iterator[tuple[str, float]]:
    """Contacts that are there already; then the kill while planning, and the kill with all of them queued."""
    with telco_process() as there:
        gateway = _gateway(folder, there.url)
        must(gateway.run("migrate"))
        _store(gateway, count)
        yield from _named("stored", _plan(gateway, "w1", TEXT.format(at=1)), count)
        yield "again", _killed_while_planning(gateway, count)
        must(gateway.run("wave", "start", "w1"))
        yield "ready", _ready_again(gateway)


def _listed(folder: Path, count: int) -> Iterator[tuple[str, float]]:
    """A list of people nobody knew before, imported and planned by one command."""
    gateway = _gateway(folder, "http://127.0.0.1:9")
    people = folder / "people.csv"
    with people.open("w", encoding="utf-8") as file:
        file.write("msisdn,village,legal_basis\n")
        file.writelines(f"{_number(at)},TN{at % VILLAGES + 1:02d},{LEGAL}\n" for at in range(count))
    yield from _named("list", _plan(gateway, "w1", TEXT.format(at=1), "--contacts", str(people)), count)


def _gateway(folder: Path, telco: str) -> Gateway:
    return deployment(folder, routes=route("tuyen", "kannel", f"{telco}/cgi-bin/sendsms", concurrency=64))


def _named(name: str, ran: Ran, count: int) -> Iterator[tuple[str, float]]:
    assert ran.code == 0 and json.loads(ran.said)["audience"] == count, ran.said  # noqa: PT018 # one question
    yield name, ran.seconds
    yield f"{name}, CPU", ran.cpu_s
    yield f"{name}, MB", ran.peak_mb


def _number(at: int) -> str:
    """The `at`-th invented subscriber: +84300000000 and on, and from the millionth on +84301."""
    return f"+84{300_000_000 + at:09d}"


def _store(gateway: Gateway, count: int) -> None:
    """People on a legal basis, as an import would have left them; made here, for it is not what is measured."""
    keyring = Keyring.of(b64decode(KEY))
    rows = (
        (keyring.blind(e164, "msisdn"), keyring.seal(e164.encode(), "msisdn"), f"TN{at % VILLAGES + 1:02d}", LEGAL)
        for at, e164 in ((at, _number(at)) for at in range(count))
    )
    insert = "INSERT INTO contact (bidx, msisdn, commune, village, legal_basis, created_at) VALUES (?, ?, '06577', ?, ?, 1)"
    with closing(_file(gateway)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(insert, rows)
        connection.execute("COMMIT")


def _file(gateway: Gateway) -> sqlite3.Connection:
    return sqlite3.connect(gateway.folder / "var" / "tinbao.db", isolation_level=None, timeout=30)


def _arguments(gateway: Gateway, name: str, text: str, *more: str) -> tuple[str, ...]:
    plan = ("wave", "plan", "--id", name, "--route", "tuyen", "--text", text, "--window", "00:00-00:00", "--json")
    return gateway.command(*plan, *more)


def _plan(gateway: Gateway, name: str, text: str, *more: str) -> Ran:
    began = time.monotonic()
    process = Popen(_arguments(gateway, name, text, *more), env=gateway.variables(), stdout=PIPE, text=True)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Ran(process.returncode, said, time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def _killed_while_planning(gateway: Gateway, count: int) -> float:
    """A plan killed half-way can't start, has sent nothing, and the same command again makes it whole; seconds of that."""
    text = TEXT.format(at=2)
    victim = Popen(_arguments(gateway, "w2", text), env=gateway.variables(), stdout=subprocess.DEVNULL)
    try:
        until(lambda: _planned(gateway, "w2") > count // 2, 300, "half of the plan")
    finally:
        victim.kill()
        victim.wait()
    left = _planned(gateway, "w2")
    assert 0 < left < count, f"{left} planned when it was killed"
    assert gateway.run("wave", "start", "w2").returncode != 0
    again = _plan(gateway, "w2", text)
    assert (again.code, _planned(gateway, "w2")) == (0, count), again.said
    return again.seconds


def _planned(gateway: Gateway, name: str) -> int:
    with closing(_file(gateway)) as connection:
        asked = "SELECT count(*) FROM mt WHERE wave = (SELECT id FROM wave WHERE name = ?)"
        return int(connection.execute(asked, (name,)).fetchone()[0])


def _ready_again(gateway: Gateway) -> float:
    """Seconds from the start of the process that follows one killed in the middle of the wave, till it is ready."""
    first = gateway.start()
    try:
        until(lambda: _is_ready(gateway), 60, "the first start")
        until(lambda: _away(gateway) > 1_000, 60, "the first MTs")
    finally:
        first.kill()
        first.wait()
    began = time.monotonic()
    second = gateway.start()
    try:
        while not _is_ready(gateway):
            assert second.poll() is None
            time.sleep(0.02)
        return time.monotonic() - began
    finally:
        end(second)


def _away(gateway: Gateway) -> int:
    with closing(_file(gateway)) as connection:
        return int(connection.execute("SELECT count(*) FROM mt WHERE state = 'sent'").fetchone()[0])


def _is_ready(gateway: Gateway) -> bool:
    try:
        with urlopen(f"{gateway.url}/readyz", timeout=5) as answer:  # noqa: S310 # loopback
            return bool(answer.status == 200)
    except (HTTPError, URLError, ConnectionError, TimeoutError):
        return False
