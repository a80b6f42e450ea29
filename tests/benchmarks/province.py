"""A province's print run: 3,000 villages × 3 pieces by one command, every core at work, every code read back; its memory on the way.

Memory is what the command and all its processes hold together. It is flat when the end holds no more than the first quarter did: before
that the processes are still reading fonts.
"""

import json
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from subprocess import PIPE, Popen

from gateway.deployment import shipped_deployment
from gateway.domain.code import next_placement_number
from tests.benchmarks.table import Row, alone

PIECES = ("poster-a3", "banner-h", "leaflet-a5")
MOST_GROWTH = 1.1
_NAMES = ("Nà Lải", "Pò Mạ", "Khuổi Tẳng", "Phiêng Bưa", "Lũng Mười", "Đông Ý")
_SAMPLES = 20  # of memory, evenly over the run
_AT = {"a quarter": 4, "half": 9, "the end": 19}  # the sample taken when so much was done
_A_COMMUNE = 99
_ALPHABET = "TNABCDEGHKPQRSUVXY"


def run(folder: Path, count: int, rounds: int) -> list[Row]:
    """`count`: villages. Rows of rate and memory."""
    rates, peaks, growths = [], [], []
    at_share: dict[str, list[float]] = {share: [] for share in _AT}
    for at in range(rounds):
        place = _deployment(folder / f"province-{at}", count)
        rate, held = _printed(place, count * len(PIECES))
        rates.append(rate)
        peaks.append(max(held))
        growths.append(held[-1] / held[_AT["a quarter"]])
        for share, sample in _AT.items():
            at_share[share].append(held[sample])
        print(f"province {at + 1}/{rounds}: {rate:.1f} files/s, MB {' '.join(f'{mb:.0f}' for mb in held)}", file=sys.stderr)
        shutil.rmtree(place)
    return [
        alone(f"{count:,} villages x {len(PIECES)} pieces, every core", "files/s", rates),
        alone("  at most resident, all processes", "MB", peaks),
        *(alone(f"  resident at {share}", "MB", mbs) for share, mbs in at_share.items()),
        alone("  the end's memory over the quarter's", "x", growths, most=MOST_GROWTH),
    ]


def _printed(place: Path, files: int) -> tuple[float, list[float]]:
    """Files a second from the first to the last, and MB held as each of the samples was due."""
    command = (
        sys.executable,
        "main.py",
        "--config",
        str(place),
        "print",
        "make",
        "--village",
        "all",
        "--json",
        "--out",
        str(place / "out"),
    )
    with (place / "said").open("w+") as said, Popen(command, stdout=PIPE, stderr=said, text=True) as process:
        assert process.stdout is not None
        held, began, done = [], 0.0, 0
        for line in process.stdout:
            assert "sha256" in json.loads(line), line
            began, done = began or time.perf_counter(), done + 1
            while done * _SAMPLES // files > len(held):
                held.append(sum(map(_resident_mb, _family(process.pid))))
        seconds = time.perf_counter() - began
        if process.wait() or done != files:
            said.seek(0)
            raise RuntimeError(f"{done} of {files} files: {said.read()[-2000:]}")
    return (files - 1) / seconds, held


def _family(pid: int) -> Iterator[int]:
    """The process and all below it."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text("ascii").split():
            yield from _family(int(child))


def _resident_mb(pid: int) -> float:
    """What it holds itself; a page that several share counts for each. 0 where it has just ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * 4096 / 1e6
    except OSError:
        return 0.0


def _deployment(place: Path, villages: int) -> Path:
    """The shipped deployment with so many invented villages in as many communes as their codes need, and only the three pieces."""
    shutil.copytree(shipped_deployment(), place)
    codes = [f"{_letters(at)}{at % _A_COMMUNE + 1:02}" for at in range(villages)]
    rows = (
        f"{code},{_NAMES[at % len(_NAMES)]} {at + 1},thôn,{_commune(at)},100,21.6804,106.824,Vi Văn Giả Định - 0300{at:06},INVENTED"
        for at, code in enumerate(codes)
    )
    firsts = range(0, villages, _A_COMMUNE)
    communes = (f"{_commune(at)},Thống Nhất {at},xã,tỉnh Lạng Sơn,{_letters(at)},21.6804,106.824" for at in firsts)
    _write(place / "communes.csv", "code,name,type,province,letters,lat,lon", communes)
    _write(place / "villages.csv", "code,name,kind,commune,households,lat,lon,contact,note", rows)
    _write(place / "placements.csv", "village,number,piece,spot", (row for code in codes for row in _placements(code)))
    head, *tables = (place / "pieces.toml").read_text("utf-8").split("\n[")
    kept = [table for table in tables if table.startswith("themes.") or table.partition("]")[0] in {f"pieces.{name}" for name in PIECES}]
    (place / "pieces.toml").write_text("\n[".join((head, *kept)), "utf-8")
    return place


def _commune(at: int) -> str:
    """The shipped commune's code first, then the codes after it."""
    return f"{6577 + at // _A_COMMUNE:05}"


def _letters(at: int) -> str:
    high, low = divmod(at // _A_COMMUNE, len(_ALPHABET))
    return _ALPHABET[high] + _ALPHABET[low]


def _placements(code: str) -> Iterator[str]:
    number = 0
    for piece in PIECES:
        number = next_placement_number(code, number)
        yield f"{code},{number},{piece},Nhà văn hóa thôn"


def _write(file: Path, head: str, rows: Iterator[str] | Sequence[str]) -> None:
    file.write_text("\n".join((head, *rows)) + "\n", "utf-8")
