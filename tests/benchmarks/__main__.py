"""`python -m tests.benchmarks [blast|inbound|posters]… [--n N] [--rounds N] [--record]`: the figures as a table on stdout."""

import argparse
import os
import tempfile
from pathlib import Path

from tests.benchmarks import blast, inbound, posters
from tests.benchmarks.table import record, shown

JOBS = {"blast": (blast.run, 20_000), "inbound": (inbound.run, 5_000), "posters": (posters.run, 29)}


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.benchmarks", description="Ours beside its yardsticks, measured in turns in one run.")
    parser.add_argument("jobs", nargs="*", metavar="job", help=f"of {', '.join(JOBS)}; without one: all")
    parser.add_argument("--n", type=int, help="MTs, MOs or files a round; without it each job's own number")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--record", action="store_true", help="append the figures to results.csv")
    chosen = parser.parse_args()
    if unknown := set(chosen.jobs) - set(JOBS):
        parser.error(f"there is no job {', '.join(sorted(unknown))}; there is: {', '.join(JOBS)}")
    before, rows = os.getloadavg()[0], []
    with tempfile.TemporaryDirectory(prefix="tinbao-bench-") as folder:
        for name in chosen.jobs or JOBS:
            job, usual = JOBS[name]
            rows += job(Path(folder), chosen.n or usual, chosen.rounds)
    print(shown(rows))
    print(f"load average of the last minute: {before:.2f} before, {os.getloadavg()[0]:.2f} after")
    if chosen.record:
        record(rows, before, os.getloadavg()[0])


if __name__ == "__main__":
    main()
