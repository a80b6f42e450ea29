"""MT/s through a carrier that only a TOML describes, beside the same API as a module of ours: Kannel's dialect, one fake telco.

In turns, by the telco's first to its last count.
"""

import json
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.load import WORDS, number
from tests.benchmarks.table import Row, beside
from tests.benchmarks.telco import TelcoProcess, telco_process
from tests.harness import deployment, route

_DESCRIPTION = r"""
[send]
method = "GET"
url = "{{ url }}?username={{ username | url }}&password={{ password | url }}&from={{ sender | url }}&to={{ number | url }}&text={{ text | url }}&coding={% if alphabet == 'ucs2' %}2{% else %}0{% endif %}&charset=UTF-8&dlr-mask=31&dlr-url={{ dlr_url | url }}%26id%3D{{ ref }}%26st%3D%25d%26ts%3D%25T"

[answer]
code = 'regex:^(\d): '
taken = ["0", "3"]
"""  # noqa: E501 # an address is one line


def run(folder: Path, count: int, rounds: int) -> list[Row]:
    """One row: both by the telco's first to its last count, in turns."""
    rates: dict[str, list[float]] = {"custom": [], "kannel": []}
    with telco_process() as telco:
        for at in range(rounds):
            for carrier, found in rates.items():
                found.append(_blast(telco, folder / f"{carrier}-{at}", carrier, count))
                print(f"custom {at + 1}/{rounds} {carrier}: {found[-1]:,.0f} MT/s", file=sys.stderr)
    return [beside("blast through a described carrier", "MT/s", rates["custom"], "the kannel module", rates["kannel"], 0.8)]


def _blast(telco: TelcoProcess, folder: Path, carrier: str, count: int) -> float:
    folder.mkdir(parents=True)
    described = {"description": "dialect.toml"} if carrier == "custom" else {}
    gateway = deployment(folder / "d", routes=route("tuyen", carrier, f"{telco.url}/cgi-bin/sendsms", concurrency=64, **described))
    (gateway.folder / "dialect.toml").write_text(_DESCRIPTION, "utf-8")
    numbers = folder / "numbers.txt"
    numbers.write_text("\n".join(map(number, range(count))), "utf-8")
    command = gateway.command("send", "--route", "tuyen", "--to-file", str(numbers), "--text", WORDS, "--wait", "--json")
    done = subprocess.run(command, env=gateway.variables(), stdout=subprocess.PIPE, text=True, check=True)
    said, lap = json.loads(done.stdout), telco.lap()
    assert (said["sent"], lap.taken, lap.twice) == (count, count, 0), said
    return lap.per_s()
