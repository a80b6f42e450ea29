"""`python -m tests.chaos [--runs N] [--seed N] [--sqlite-only]`: kills in rounds of 50, a line each, and a table at the end.

All of it is on loopback and in a folder of its own. It ends by itself, with 1 when a law broke: 1,000 kills take about 40 minutes on two
cores.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvloop

from tests import postgres
from tests.chaos.arena import CASES, Case, new_database
from tests.chaos.laws import Broken
from tests.chaos.rounds import Found, run_round

KILLS = 50  # a round
LOCKED_S = 30.0  # before the first round, which runs on SQLite, another process holds its file
_HEADS = ("engine", "wave", "kills", "MTs", "lost", "twice", "uncertain", "most a kill", "moves again", "of a start")


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.chaos", description="kill -9 of a real gateway at random moments of a wave.")
    parser.add_argument("--runs", type=int, default=1000, help="kills in all")
    parser.add_argument("--seed", type=int, default=279)
    parser.add_argument("--sqlite-only", action="store_true", help="without the PostgreSQL half")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="tinbao-chaos-"))
    with _server(wanted=not chosen.sqlite_only) as server:
        found = uvloop.run(_rounds(folder, server, chosen.runs, chosen.seed))
    if found is None:
        print(f"what is left of the round lies in {folder}", file=sys.stderr)
        raise SystemExit(1)
    shutil.rmtree(folder, ignore_errors=True)
    print(_table(found))


@contextmanager
def _server(wanted: bool) -> Iterator[str | None]:
    if not wanted:
        yield None
        return
    url, watch = postgres.start()
    try:
        yield url
    finally:
        postgres.stop(watch)


async def _rounds(folder: Path, server: str | None, runs: int, seed: int) -> dict[tuple[str, str], list[Found]] | None:
    """Every engine with every kind of wave by turns; None when a law broke, which has then been said."""
    kinds = [(engine, case) for case in CASES for engine in ("SQLite", "PostgreSQL") if engine == "SQLite" or server]
    found: dict[tuple[str, str], list[Found]] = defaultdict(list)
    for at in range(-(-runs // KILLS)):
        engine, case = kinds[at % len(kinds)]
        database = await new_database(server, f"chaos_{at}") if server and engine == "PostgreSQL" else None
        kills, began = min(KILLS, runs - at * KILLS), time.monotonic()
        try:
            one = await run_round(folder / str(at), case, database, kills, seed + at, locked_s=LOCKED_S if at == 0 else 0)
        except (Broken, TimeoutError) as broken:
            print(f"round {at + 1}, {engine}, {case.name}, seed {seed + at}: {broken or 'nothing moved any more'}", file=sys.stderr)
            return None
        found[engine, case.name].append(one)
        shutil.rmtree(folder / str(at))
        _say(at * KILLS + kills, runs, engine, case, one, time.monotonic() - began)
    return found


def _say(done: int, runs: int, engine: str, case: Case, one: Found, seconds: float) -> None:
    print(
        f"{done:,}/{runs:,} kills: {engine}, {case.name}: {one.accepted:,} MTs, {one.lost} lost, {one.twice} twice, "
        f"{one.uncertain} uncertain (at most {one.most} a kill), moves again {one.again:.1f} s after ready; {seconds:.0f} s",
        flush=True,
    )


def _table(found: dict[tuple[str, str], list[Found]]) -> str:
    lines: list[tuple[str, ...]] = [_HEADS]
    for (engine, case), rounds in found.items():
        sums = (str(sum(getattr(one, name) for one in rounds)) for name in ("kills", "accepted", "lost", "twice", "uncertain"))
        tops = (max(one.most for one in rounds), max(one.again for one in rounds), max(one.start for one in rounds))
        lines.append((engine, case, *sums, str(tops[0]), f"{tops[1]:.1f} s", f"{tops[2]:.1f} s"))
    widths = [max(len(line[at]) for line in lines) for at in range(len(_HEADS))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)


if __name__ == "__main__":
    main()
