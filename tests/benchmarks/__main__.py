"""`python -m tests.benchmarks [JOB]… [--n N] [--rounds N] [--record]`: figures as a table on stdout; the jobs are those of JOBS."""

import argparse
import os
import tempfile
from pathlib import Path

from tests.benchmarks import blast, claim, codes, custom, desk, inbound, pace, plan, posters, province, scans, ussd
from tests.benchmarks.table import record, shown

JOBS = {  # what runs it, its usual number, its usual rounds: what takes minutes and has no yardstick beside it runs once
    "blast": (blast.run, 20_000, 3),
    "custom": (custom.run, 20_000, 3),
    "inbound": (inbound.run, 5_000, 3),
    "pace": (pace.run, 10, 1),
    "claim": (claim.run, 1_000_000, 1),
    "plan": (plan.run, 1_000_000, 1),
    "codes": (codes.run, 1_000, 3),
    "posters": (posters.run, 29, 3),
    "province": (province.run, 3_000, 1),
    "scans": (scans.run, 5_000, 3),
    "ussd": (ussd.run, 20, 3),
    "desk": (desk.run, 100_000, 3),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.benchmarks", description="Ours beside its yardsticks, measured in turns in one run.")
    parser.add_argument("jobs", nargs="*", metavar="job", help=f"of {', '.join(JOBS)}; without one: all")
    parser.add_argument(
        "--n",
        type=int,
        help="MTs, MOs, people, symbols, files, villages, visits or (pace, ussd) seconds a round; without it each job's own number",
    )
    parser.add_argument("--rounds", type=int, help="without it each job's own number")
    parser.add_argument("--record", action="store_true", help="append the figures to results.csv")
    chosen = parser.parse_args()
    if unknown := set(chosen.jobs) - set(JOBS):
        parser.error(f"there is no job {', '.join(sorted(unknown))}; there is: {', '.join(JOBS)}")
    before, rows = os.getloadavg()[0], []
    with tempfile.TemporaryDirectory(prefix="tinbao-bench-") as folder:
        for name in chosen.jobs or JOBS:
            job, usual, rounds = JOBS[name]
            rows += job(Path(folder), chosen.n or usual, chosen.rounds or rounds)
    print(shown(rows))
    print(f"load average of the last minute: {before:.2f} before, {os.getloadavg()[0]:.2f} after")
    if chosen.record:
        record(rows, before, os.getloadavg()[0])


if __name__ == "__main__":
    main()
