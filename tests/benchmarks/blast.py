"""MT/s: one recipient a request beside a bare client loop and a real Kannel; 100 recipients a request beside a bare sqlite3 loop.

Two clocks. "wire": the telco's first to its last count. "command": from the start of the program that sends, its start-up, the reading
of the numbers and the enqueuing with it, to the telco's last count; Kannel's boxes run already, there it is the start of the load.
The database is there before, as in every installation but on its first day.

Two of ours: `tinbao send --wait`, which does all of it in one process; and a planned wave that a running `serve` sends from `wave start`
on, with what binds waves besides: hours, caps by person, the text filled in late, and the cost booked with each turn.
"""

import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.bare_outbox import run_bare_outbox
from tests.benchmarks.children import end, must, until
from tests.benchmarks.kannel import kannel
from tests.benchmarks.load import WORDS, number, run_load
from tests.benchmarks.table import Row, beside
from tests.benchmarks.telco import TelcoProcess, telco_process
from tests.harness import contacts_csv, deployment, route, wait_for_port

BATCHED = 5  # a batching carrier takes as many times the MTs, or it would be over before it ran
_KANNEL_CONNECTIONS = 16
_RATES = dict[str, list[float]]


@dataclass(frozen=True)
class Clocked:
    """MT/s by both clocks."""

    wire: float
    command: float


def run(folder: Path, count: int, rounds: int) -> list[Row]:
    """All rows of the blast."""
    with telco_process() as telco, kannel(folder / "kannel", telco.url) as sendsms:
        return [*_singles(telco, sendsms, folder, count, rounds), *_batches(telco, folder, BATCHED * count, rounds)]


def _singles(telco: TelcoProcess, sendsms: str | None, folder: Path, count: int, rounds: int) -> list[Row]:
    url = f"{telco.url}/cgi-bin/sendsms"
    runs: dict[str, Callable[[Path], Clocked]] = {
        "ours": lambda place: _ours(telco, place, "kannel", "/cgi-bin/sendsms", count),
        "wave": lambda place: _wave(telco, place, count),
        "bare": lambda _: _clocked(telco, lambda: run_load("bare", "mt", url, count), count),
        "lean": lambda _: _clocked(telco, lambda: run_load("lean", "mt", url, count), count),
    }
    if sendsms is not None:
        runs["kannel"] = lambda _: _clocked(telco, lambda: run_load("lean", "mt", sendsms, count, _KANNEL_CONNECTIONS), count)
    wire, command = _in_turns(runs, folder / "singles", rounds)
    found = []
    for name, rates in (("wire", wire), ("command", command)):
        job = f"blast, 1 a request, {name} clock"
        found.append(beside(job, "MT/s", rates["ours"], "Kannel 1.4.5, spool", rates["kannel"], 2.0))
        found.append(beside(job, "MT/s", rates["ours"], "bare aiohttp loop, no database", rates["bare"], 0.6))
    for name, rates in (("wire", wire), ("command", command)):
        found.append(beside(f"a wave, 1 a request, {name} clock", "MT/s", rates["wave"], "Kannel 1.4.5, spool", rates["kannel"], 2.0))
    return [*found, beside("  (what the telco takes)", "MT/s", wire["ours"], "our client alone, no database", wire["lean"])]


def _batches(telco: TelcoProcess, folder: Path, count: int, rounds: int) -> list[Row]:
    runs: dict[str, Callable[[Path], Clocked]] = {
        "ours": lambda place: _ours(telco, place, "simulator", "/sms", count),
        "loop": lambda place: _alike(run_bare_outbox(place, count)),
    }
    wire, command = _in_turns(runs, folder / "batches", rounds)
    name = "bare sqlite3 loop, no HTTP"
    return [
        beside("blast, 100 a request, wire clock", "MT/s", wire["ours"], name, wire["loop"], 0.4),
        beside("blast, 100 a request, command clock", "MT/s", command["ours"], name, command["loop"]),
    ]


def _in_turns(runs: dict[str, Callable[[Path], Clocked]], folder: Path, rounds: int) -> tuple[_RATES, _RATES]:
    """Each once a round, one after the other."""
    wire, command = defaultdict(list), defaultdict(list)
    for at in range(rounds):
        for name, go in runs.items():
            place = folder / f"{name}-{at}"
            place.mkdir(parents=True)
            clocked = go(place)
            wire[name].append(clocked.wire)
            command[name].append(clocked.command)
            print(f"{folder.name} {at + 1}/{rounds} {name}: {clocked.wire:,.0f} MT/s, {clocked.command:,.0f}", file=sys.stderr)
    return wire, command


def _ours(telco: TelcoProcess, folder: Path, carrier: str, path: str, count: int) -> Clocked:
    """`tinbao send --wait` with everything on: sealed rows, requests recorded, opt-outs asked, no pace."""
    gateway = deployment(folder / "deployment", routes=route("tuyen", carrier, telco.url + path, concurrency=64))
    must(gateway.run("migrate"))
    numbers = folder / "numbers.txt"
    numbers.write_text("\n".join(map(number, range(count))), "utf-8")
    command = gateway.command("send", "--route", "tuyen", "--to-file", str(numbers), "--text", WORDS, "--wait", "--json")
    began = time.time()
    done = subprocess.run(command, env=gateway.variables(), stdout=subprocess.PIPE, text=True, check=True)
    said, lap = json.loads(done.stdout), telco.lap()
    assert (said["sent"], lap.taken, lap.twice) == (count, count, 0), said
    return Clocked(lap.per_s(), lap.per_s(began))


def _wave(telco: TelcoProcess, folder: Path, count: int) -> Clocked:
    """A wave at a price, under the shipped caps, sent by `tinbao serve`; the clock of the command begins with `wave start`."""
    table = route("tuyen", "kannel", f"{telco.url}/cgi-bin/sendsms", concurrency=64, price_vnd=350)
    gateway = deployment(folder / "deployment", routes=table)
    people = folder / "people.csv"
    people.write_text(contacts_csv(count), "utf-8")
    plan = ("wave", "plan", "--id", "dot-1", "--route", "tuyen", "--text", WORDS, "--contacts", str(people), "--window", "00:00-00:00")
    must(gateway.run(*plan))
    process = gateway.start()
    try:
        wait_for_port(gateway.desk, process)  # the public side was up before it
        began = time.time()
        must(gateway.run("wave", "start", "dot-1"))
        until(lambda: telco.seen().taken >= count, 60 + count / 200, "the telco's last count")
    finally:
        end(process)
    lap = telco.lap()
    assert (lap.taken, lap.twice) == (count, 0)
    return Clocked(lap.per_s(), lap.per_s(began))


def _clocked(telco: TelcoProcess, load: Callable[[], object], count: int) -> Clocked:
    began = time.time()
    load()
    until(lambda: telco.seen().taken >= count, 60 + count / 200, "the telco's last count")
    lap = telco.lap()
    assert (lap.taken, lap.twice) == (count, 0)
    return Clocked(lap.per_s(), lap.per_s(began))


def _alike(rate: float) -> Clocked:
    return Clocked(rate, rate)
