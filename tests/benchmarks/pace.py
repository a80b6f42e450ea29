"""The contract's pace, counted at the telco behind a network that takes 0 to 20 ms; and how long a reply waits behind a blast.

Each case once a round, with one process on SQLite and with three on PostgreSQL: the most in any half-open window must not be over the
limit, and what left over the whole time is held against what might have left.
"""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen

from tests import postgres
from tests.benchmarks.children import end, must, until
from tests.benchmarks.load import TIP, WORDS, number
from tests.benchmarks.table import Row, alone
from tests.benchmarks.telco import Kept, TelcoProcess, telco_process
from tests.chaos.arena import new_database, twin
from tests.harness import Gateway, deployment, route, wait_for_port

JITTER_S = 0.02
PROCESSES = 3
BLAST, REPLIES, BLAST_TPS = 100_000, 20, 1_000


@dataclass(frozen=True)
class Contract:
    """At most `limit` of `unit` in any `per_s` seconds."""

    limit: int
    per_s: float = 1.0
    unit: str = "segments"

    @property
    def name(self) -> str:
        return f"{self.limit:,} {self.unit} in {self.per_s:g} s"

    def seconds(self, usual: int) -> float:
        """How long to send: two windows and a bit, at least `usual`."""
        return max(usual, 2.2 * self.per_s)

    def most(self, kept: Kept) -> int:
        return kept.peak_requests if self.unit == "requests" else kept.peak_segments


CONTRACTS = (Contract(10), Contract(100), Contract(1_000), Contract(60, 60.0, "requests"))  # the last is SpeedSMS's


def run(folder: Path, seconds: int, rounds: int) -> list[Row]:
    """Every contract with one process and with three, then the replies."""
    url, watch = postgres.start()
    try:
        rows = [
            row for contract in CONTRACTS for row in _contract(folder / contract.name.replace(" ", "-"), contract, seconds, rounds, url)
        ]
    finally:
        postgres.stop(watch)
    waits = [_slowest_reply(folder / f"replies-{at}") for at in range(rounds)]
    return [*rows, alone(f"a reply behind {BLAST:,} MTs, the slowest of {REPLIES}", "s", waits, most=1.0)]


def _contract(folder: Path, contract: Contract, seconds: int, rounds: int, server: str) -> list[Row]:
    used, most = defaultdict[int, list[float]](list), defaultdict[int, list[float]](list)
    for at in range(rounds):
        for processes in (1, PROCESSES):
            database = asyncio.run(new_database(server, "pace")) if processes > 1 else None
            kept = _kept(folder / f"{processes}-{at}", contract, processes, database, contract.seconds(seconds))
            used[processes].append((kept.requests - 1) / kept.seconds / (contract.limit / contract.per_s))
            most[processes].append(contract.most(kept))
    rows = []
    for processes in (1, PROCESSES):
        who = "1 process" if processes == 1 else f"{processes} processes"
        rows.append(alone(f"{contract.name}, {who}: the most in any window", contract.unit, [max(most[processes])], most=contract.limit))
        rows.append(alone(f"{contract.name}, {who}: used", "of it", used[processes], least=0.95))
    return rows


def _kept(folder: Path, contract: Contract, processes: int, database: str | None, seconds: float) -> Kept:
    """One blast for so many seconds, by processes that were all ready before it was queued."""
    count = round(contract.limit / contract.per_s * seconds)
    pace = f'pace = {{ limit = {contract.limit}, per_s = {contract.per_s:g}, unit = "{contract.unit}" }}'
    with telco_process(jitter_s=JITTER_S) as there:
        table = route("tuyen", "kannel", f"{there.url}/cgi-bin/sendsms").replace("tps = 0", pace)
        folder.mkdir(parents=True)
        first = deployment(folder / "0", routes=table, database=database)
        gateways = [first, *(twin(first, folder / str(at)) for at in range(1, processes))]
        with ExitStack() as stack:
            for gateway in gateways:
                stack.enter_context(_running(gateway))
            _enqueue(first, count)
            until(lambda: there.seen().taken >= count, 30 + 3 * seconds, "the telco's last count")
        assert there.seen().twice == 0
        return there.kept(contract.per_s)


@contextmanager
def _running(gateway: Gateway) -> Iterator[None]:
    process = gateway.start()
    try:
        wait_for_port(gateway.desk, process)  # loading it takes a second of a processor
        yield
    finally:
        end(process)


def _enqueue(gateway: Gateway, count: int) -> None:
    numbers = gateway.folder / "numbers.txt"
    numbers.write_text("\n".join(map(number, range(count))), "utf-8")
    must(gateway.run("send", "--route", "tuyen", "--to-file", str(numbers), "--text", WORDS))


def _slowest_reply(folder: Path) -> float:
    """Seconds from a resident's call of our hook to the answer at the handset, while the blast goes on."""
    folder.mkdir(parents=True)
    with telco_process(jitter_s=JITTER_S) as there:
        gateway = deployment(folder / "d", routes=route("tuyen", "kannel", f"{there.url}/cgi-bin/sendsms", tps=BLAST_TPS))
        people = [f"+84300999{at:03d}" for at in range(REPLIES)]
        for person in people:  # from now on the telco knows whom we watch
            _shown(there, person)
        _enqueue(gateway, BLAST)
        with _running(gateway):
            until(lambda: there.seen().taken > BLAST_TPS, 60, "the blast")
            slowest = max(_reply(gateway, there, person, at) for at, person in enumerate(people))
            assert there.seen().taken < BLAST
    return slowest


def _reply(gateway: Gateway, there: TelcoProcess, person: str, at: int) -> float:
    text = quote(TIP.format(village=at % 30 + 1, at=at), safe="")
    asked = time.monotonic()
    with urlopen(f"{gateway.url}/hooks/tuyen/mo?secret=s3cret&from={quote(person)}&to=8088&text={text}&id=M{at}", timeout=10):  # noqa: S310 # loopback
        pass
    while not _shown(there, person):
        if time.monotonic() - asked > 30:
            raise RuntimeError("no reply came")
        time.sleep(0.01)
    return time.monotonic() - asked


def _shown(there: TelcoProcess, person: str) -> int:
    with urlopen(f"{there.url}/handset/messages?number={quote(person)}", timeout=10) as answer:  # noqa: S310 # loopback
        return len(json.load(answer)["messages"])
