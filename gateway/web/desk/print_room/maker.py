"""A process of its own that draws: its task comes as a line of JSON on stdin, what it did goes out as lines on stdout.

It ends when stdin does, so that it never outlives the desk. `python -m gateway.web.desk.print_room.maker`.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collateral.batch import Failed, Made, Tickets
    from collateral.load import PrintShop
    from collateral.shop.package import Job
    from gateway.domain.hanging import Hanging

SMALL: Final = (160, 118)  # pixels: room of a picture in the grid
LARGE: Final = (560, 620)
SMALL_BYTES: Final = 20_000
_COLOURS: Final = (128, 64, 32, 16, 8)
Task = Mapping[str, Any]  # Any: JSON
Line = dict[str, Any]


def main() -> None:
    """Do the one task that stands on the first line of stdin."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)  # a terminal signals all of a service's processes; the desk ends its own
    task = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_stdin, name="desk", daemon=True).start()
    out = sys.stdout
    for line in done(task):
        out.write(json.dumps(line, ensure_ascii=False) + "\n")
        out.flush()


def _end_with_stdin() -> None:
    while os.read(sys.stdin.fileno(), 4096):  # by its number: a reader that holds the buffer's lock would keep the process from ending
        pass
    os._exit(1)


def done(task: Task) -> Iterator[Line]:
    """What came of a task, line by line; `trouble` where it came to nothing."""
    from collateral.refusal import Refused

    try:
        yield from _TASKS[task["do"]](task)
    except Refused as why:
        yield {"trouble": "refused", "why": str(why)}
    except OSError as why:
        yield {"trouble": "disk", "why": why.strerror or ""}


# --- a job ---


def _make(task: Task) -> Iterator[Line]:
    from collateral.batch import Made
    from collateral.finishing import finishing_ops
    from collateral.shop.package import head_of, make_job

    job = _job(task)
    tickets = _tickets(job, task)
    yield {"total": len(tickets)}
    if task.get("before"):
        _seed(Path(task["before"]), job.files, {village for village, _ in task["cells"]})
    for result in make_job(job, tickets, 1, finishing_ops):
        yield _told(job.printing, result)
        if isinstance(result, Made):
            with suppress(OSError):  # without a picture the page still has its words
                _picture(Path(result.file), Path(task["pictures"]), result.sha256, "small")
    with suppress(FileNotFoundError):
        if (job.folder / "manifest.json").is_file():
            yield {"hash": head_of(job).hash}


def _job(task: Task) -> Job:
    from collateral.load import load_shop
    from collateral.shop.package import Job
    from collateral.shop.shops import load_shops

    printing = load_shop(Path(task["deployment"]))
    return Job(printing, load_shops(printing)[task["shop"]], Path(task["folder"]))


def _tickets(job: Job, task: Task) -> Tickets:
    from collateral.batch import Tickets
    from collateral.shop.package import job_tickets

    cells = {(village, piece) for village, piece in task["cells"]}
    every = job_tickets(job.printing, job.shop, "all", task["lang"])
    pairs = zip(every.villages, every.kinds, strict=True)
    chosen = [(village, tuple(kind for kind in kinds if (village, kind[0]) in cells)) for village, kinds in pairs]
    chosen = [(village, kinds) for village, kinds in chosen if kinds]
    return Tickets.of(job.printing, [village for village, _ in chosen], [kinds for _, kinds in chosen])


def _seed(before: Path, files: Path, villages: set[str]) -> None:
    """Take over what an earlier job made, as links: files are replaced, never written into. What doesn't fit is made anew."""
    from collateral.journal import FILE

    files.mkdir(parents=True, exist_ok=True)
    with suppress(OSError):
        for path in before.iterdir():
            if path.name.partition("_")[0] in villages and not (files / path.name).exists():
                (files / path.name).hardlink_to(path)
        if not (files / FILE).exists():
            (files / FILE).write_bytes((before / FILE).read_bytes())


def _told(printing: PrintShop, result: Made | Failed) -> Line:
    from collateral.batch import Made

    ticket = result.ticket
    line: Line = {"village": ticket.village, "piece": ticket.piece, "theme": ticket.theme, "lang": ticket.lang}
    line["number"] = _number(printing, ticket.village, ticket.piece, ticket.placement)
    if isinstance(result, Made):
        findings = [[each.rule, each.severity, each.text] for each in result.warnings]
        made = {"file": Path(result.file).name, "sha256": result.sha256, "pages": result.pages, "codes": list(result.qr)}
        return {"made": {**line, **made, "findings": findings}}
    found = [[each.rule, each.severity, each.text] for each in result.findings]
    return {"failed": {**line, "findings": found or [["print.refused", "error", result.error]]}}


def _number(printing: PrintShop, village: str, piece: str, number: int) -> int:
    from collateral.batch import placement_for
    from collateral.refusal import Refused

    try:
        return placement_for(printing, village, piece, number).number
    except Refused:
        return number


# --- what leaves the house ---


def _pack(task: Task) -> Iterator[Line]:
    """The archive of an approved job; the approval is the one that the database has, and it holds for the same files or not at all."""
    from collateral.refusal import refused
    from collateral.shop.job import approve, read_manifest
    from collateral.shop.package import pack

    job = _job(task)
    head, _ = read_manifest(job.folder)
    if head.hash != task["hash"]:
        raise refused(str(job.folder.name), "hash", "these are not the files that were approved", "Make the job again")
    approve(job.folder, task["by"], date.fromisoformat(task["on"]))
    out = job.folder / "package"
    for stale in out.glob("*") if out.is_dir() else ():
        stale.unlink()
    path = pack(job, out, as_zip=True, hung=_hangings(task))
    with path.open("rb") as file:
        yield {"packed": hashlib.file_digest(file, "sha256").hexdigest()}


def _register(task: Task) -> Iterator[Line]:
    """The placement register of some villages, as PDF or XLSX, into the file `to`."""
    from collateral.load import load_shop
    from collateral.shop.paper import paper_pdf
    from collateral.shop.register import register_of, register_pages, register_tab
    from collateral.shop.workbook import write_workbook

    printing = load_shop(Path(task["deployment"]))
    made = register_of(printing, task["villages"], printing.pieces, _hangings(task))
    to = Path(task["to"])
    to.parent.mkdir(parents=True, exist_ok=True)
    part = to.with_name(f".{to.name}.part")
    try:
        if to.suffix == ".pdf":
            part.write_bytes(paper_pdf(register_pages(made), "Sổ theo dõi treo, phát"))
        else:
            with part.open("wb") as file:
                write_workbook(file, (register_tab(made),))
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)
    yield {"written": to.name}


def _hangings(task: Task) -> list[Hanging]:
    from gateway.domain.hanging import Hanging

    return [Hanging(**{**each, "hung_on": date.fromisoformat(each["hung_on"])}) for each in task.get("hung", ())]


# --- pictures ---


def _show(task: Task) -> Iterator[Line]:
    """A picture of a file's first page, kept by what the file holds."""
    path = _picture(Path(task["file"]), Path(task["pictures"]), task["sha256"], task["size"])
    yield {"picture": path.name}


def _picture(file: Path, folder: Path, sha256: str, size: str) -> Path:
    """The PNG of page 1 in `folder`; made unless it stands. Raises OSError."""
    from collateral.preview import page_pictures

    to = folder / f"{sha256}-{size}.png"
    if to.is_file():
        return to
    data = file.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise OSError(0, "the file is not the one that was checked")
    picture = next(iter(page_pictures(data, SMALL if size == "small" else LARGE)))
    folder.mkdir(parents=True, exist_ok=True)
    part = to.with_name(f".{to.name}.{os.getpid()}.part")
    try:
        part.write_bytes(_png(picture, SMALL_BYTES if size == "small" else 0))
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)
    return to


def _png(picture: Any, most: int) -> bytes:  # Any: a PIL image
    """As PNG of at most `most` bytes (0: as it comes): fewer colours till it fits, which flat print hardly shows."""
    made = b""
    for colours in _COLOURS:
        out = io.BytesIO()
        picture.quantize(colours).save(out, "PNG", optimize=True)
        made = out.getvalue()
        if not most or len(made) <= most:
            break
    return made


_TASKS: Final[Mapping[str, Callable[[Task], Iterator[Line]]]] = {"make": _make, "pack": _pack, "register": _register, "show": _show}

if __name__ == "__main__":
    main()
