"""A job: what one print shop is to print, made into a folder, proved on paper, approved by hash, and only then handed over.

JOB/files/TN01/….pdf        the print files, by village
JOB/manifest.json, .csv     a row a file: sha256, payloads, module sizes, verdicts, warnings
JOB/proof.pdf               to be looked at, and signed
JOB/approval.json           whose word, on which day, to which hash
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from collateral.batch import Made
from collateral.refusal import refused

FORMAT: Final = "tinbao-print/1"
MANIFEST: Final = "manifest.json"
SHEET: Final = "manifest.csv"
PROOF: Final = "proof.pdf"
APPROVAL: Final = "approval.json"
_COLUMNS: Final = (
    "file",
    "village",
    "piece",
    "theme",
    "lang",
    "pages",
    "copies",
    "sha256",
    "payloads",
    "module_mm",
    "decoders",
    "warnings",
)


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A code of a file: where it stands, what it says, how large its modules are, and which decoders read exactly that."""

    page: int
    role: str
    payload: str
    module_mm: float
    modules: int
    read_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file of the job. `file`: its path under `files`, with slashes on every system. `copies`: how many the shop prints of it."""

    file: str
    village: str
    piece: str
    theme: str
    lang: str
    pages: int
    copies: int
    sha256: str
    codes: tuple[CodeRow, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """What a manifest says of the job as a whole. `hash`: of all its files; an approval names it."""

    format: str
    shop: str
    press: str
    deadline: date | None
    files: int
    copies: int
    hash: str


@dataclass(frozen=True, slots=True)
class Approval:
    """Who signed the proof, on which day, and the hash that stood on it."""

    hash: str
    by: str
    on: date


def row_of(made: Made, folder: Path, copies: int) -> FileRow:
    """The manifest's row of a made file in `folder`. A file exists only after its codes were read back, so the verdicts are all good."""
    codes = tuple(CodeRow(code.page, code.role, code.payload, code.module_mm, code.modules, made.read_by) for code in made.codes)
    warnings = tuple(f"{finding.text} [{finding.rule}]" for finding in made.warnings)
    ticket, file = made.ticket, Path(made.file).relative_to(folder).as_posix()
    return FileRow(file, ticket.village, ticket.piece, ticket.theme, ticket.lang, made.pages, copies, made.sha256, codes, warnings)


class JobHash:
    """The hash of a job, file by file in the manifest's order: "sha256  path" a line, as sha256sum writes them."""

    def __init__(self) -> None:
        self._sum = hashlib.sha256()

    def add(self, file: str, sha256: str) -> None:
        self._sum.update(f"{sha256}  {file}\n".encode())

    def hex(self) -> str:
        return self._sum.hexdigest()


def groups(text: str) -> str:
    """A hash in groups of eight, four to a line, to be compared by eye."""
    parts = [text[i : i + 8] for i in range(0, len(text), 8)]
    return " ".join("\u00a0".join(parts[i : i + 4]) for i in range(0, len(parts), 4))


class ManifestWriter:
    """Writes both manifests row by row; `finish` puts the head where readers of JSON look for it. Raises OSError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows = (folder / f".{MANIFEST}.part").open("w+", encoding="utf-8", newline="\n")
        self._sheet = (folder / f".{SHEET}.part").open("w", encoding="utf-8-sig", newline="")
        self._csv = csv.writer(self._sheet, lineterminator="\r\n")
        self._csv.writerow(_COLUMNS)
        self._hash, self._files, self._copies = JobHash(), 0, 0

    def add(self, row: FileRow) -> None:
        self._rows.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")
        self._csv.writerow(_cells(row))
        self._hash.add(row.file, row.sha256)
        self._files += 1
        self._copies += row.copies

    def finish(self, shop: str, press: str, deadline: date | None) -> Head:
        """Both files under their names; the head that stands in one of them."""
        head = Head(FORMAT, shop, press, deadline, self._files, self._copies, self._hash.hex())
        self._rows.seek(0)
        part = self._folder / f".{MANIFEST}.new"
        with part.open("w", encoding="utf-8", newline="\n") as file:
            file.write(f'{{"job": {json.dumps(asdict(head), ensure_ascii=False, default=str)},\n"files": [\n')
            for number, line in enumerate(self._rows):
                file.write(",\n" * bool(number) + line.rstrip("\n"))
            file.write("\n]}\n")
        self._rows.close()
        self._sheet.close()
        part.replace(self._folder / MANIFEST)
        Path(self._rows.name).unlink()
        Path(self._sheet.name).replace(self._folder / SHEET)
        return head

    def abandon(self) -> None:
        """No manifest: something failed."""
        for file in (self._rows, self._sheet):
            file.close()
            Path(file.name).unlink(missing_ok=True)


def _cells(row: FileRow) -> Iterator[str | int]:
    """Lists in one cell are parted by a blank bar."""
    yield from (row.file, row.village, row.piece, row.theme, row.lang, row.pages, row.copies, row.sha256)
    yield " | ".join(code.payload for code in row.codes)
    yield " | ".join(f"{code.module_mm:g}" for code in row.codes)
    yield " | ".join(dict.fromkeys(name for code in row.codes for name in code.read_by))
    yield " | ".join(row.warnings)


_HEAD: Final = TypeAdapter(Head)
_FILE: Final = TypeAdapter(FileRow)
_APPROVAL: Final = TypeAdapter(Approval)


def read_manifest(folder: Path) -> tuple[Head, Iterator[FileRow]]:
    """The manifest's head, and its rows one by one as they stand, each on a line of its own. Raises Refused."""
    path = folder / MANIFEST
    try:
        with path.open(encoding="utf-8") as file:
            first = file.readline()
        head = _HEAD.validate_json(first.removeprefix('{"job": ').rstrip().removesuffix(","))
    except (OSError, ValueError) as why:
        raise refused(str(path), "", "there is no manifest of a finished job", "Make one: tinbao print proof") from why
    return head, _rows(path)


def _rows(path: Path) -> Iterator[FileRow]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.startswith('{"file"'):
                yield _FILE.validate_json(line.rstrip().removesuffix(","))


def approve(folder: Path, by: str, on: date, typed: str = "") -> Approval:
    """Take down that the proof was signed. `typed`: the beginning of the hash on the signed paper, at least eight signs, or "".

    Raises Refused where the files are not those of the manifest, or the paper shows another hash; OSError where nothing can be written.
    """
    head, _ = read_manifest(folder)
    wanted = "".join(typed.lower().split())
    if wanted and (len(wanted) < 8 or not head.hash.startswith(wanted)):
        text = f"the signed proof shows {wanted[:16]}, the job is {head.hash[:16]}"
        raise refused(str(folder), "hash", text, "Print the newest proof and have that one signed")
    verify(folder, head)
    approval = Approval(head.hash, by, on)
    part = folder / f".{APPROVAL}.part"
    part.write_text(json.dumps(asdict(approval), ensure_ascii=False, default=str, indent=2) + "\n", encoding="utf-8")
    part.replace(folder / APPROVAL)
    return approval


def approved(folder: Path) -> tuple[Head, Approval]:
    """The job, if the files that lie there now are the approved ones. Raises Refused."""
    head, _ = read_manifest(folder)
    try:
        approval = _APPROVAL.validate_json((folder / APPROVAL).read_bytes())
    except (OSError, ValueError) as why:
        raise refused(str(folder), "approval", "nobody has approved this job", "Have the proof signed, then: tinbao print approve") from why
    if approval.hash != head.hash:
        text = f"{approval.by} approved {approval.hash[:16]}, the job is now {head.hash[:16]}"
        raise refused(str(folder), "approval", text, "Have the new proof signed, then: tinbao print approve")
    verify(folder, head)
    return head, approval


def verify(folder: Path, head: Head) -> None:
    """Refused where a file of the job is missing or has other bytes than when it was made."""
    found = JobHash()
    for row in read_manifest(folder)[1]:
        path = folder / "files" / row.file
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as why:
            raise refused(
                str(folder), row.file, f"the file can't be read: {why.strerror}", "Make the job again: tinbao print proof"
            ) from why
        if digest != row.sha256:
            raise refused(str(folder), row.file, "the file is not the one that was checked", "Make the job again: tinbao print proof")
        found.add(row.file, row.sha256)
    if found.hex() != head.hash:
        raise refused(str(folder), MANIFEST, "the manifest was changed by hand", "Make the job again: tinbao print proof")
