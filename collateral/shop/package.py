"""A print shop's job from the first file to what it is handed: made, proved, approved, packed; never packed before it is approved."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final, Protocol

from collateral.batch import Failed, Made, Tickets, tickets_for
from collateral.display import Op
from collateral.journal import make_changed
from collateral.load import PrintShop
from collateral.piece import Piece
from collateral.press import LEVELS, Press
from collateral.refusal import refused
from collateral.shop.contact_sheet import shown, write_contact_sheets
from collateral.shop.job import APPROVAL, MANIFEST, PROOF, SHEET, FileRow, Head, ManifestWriter, approved, read_manifest, row_of
from collateral.shop.job_ticket import JobTicket, ticket_pages, ticket_tabs
from collateral.shop.paper import paper_pdf
from collateral.shop.proof import Kind, kinds_of, proof_pdf
from collateral.shop.register import register_of, register_pages, register_tab
from collateral.shop.shops import Shop, Work
from collateral.shop.workbook import write_workbook
from gateway.domain.fold import nfc
from gateway.domain.hanging import Hanging

FILES: Final = "files"
_ZIP_DATE: Final = (2000, 1, 1, 0, 0, 0)  # the same job gives the same archive


def job_tickets(printing: PrintShop, shop: Shop, village: str, lang: str) -> Tickets:
    """What the shop is to print: its pieces for every spot, each in the themes asked for, else its first. Raises NoSuchChoice."""
    themes = {(piece, theme) for piece, work in shop.pieces.items() for theme in work.themes or tuple(printing.pieces[piece].layouts)[:1]}
    return tickets_for(printing, village, "all", "all", lang, every_spot=True).only(themes)


@dataclass(frozen=True, slots=True)
class Job:
    """Where a job is made. `printing`: the deployment's pieces and copy."""

    printing: PrintShop
    shop: Shop
    folder: Path

    @property
    def files(self) -> Path:
        return self.folder / FILES


def make_job(job: Job, tickets: Tickets, jobs: int, finishing: Callable[[Piece], Sequence[Op]]) -> Iterator[Made | Failed]:
    """Make the files; when all are there, manifest and proof. One that fails is named, the others are made, and there is no proof.

    What stands already from the same data is kept. An older approval stays: it names its hash. Raises OSError.
    """
    job.files.mkdir(parents=True, exist_ok=True)
    (job.folder / PROOF).unlink(missing_ok=True)
    (job.folder / MANIFEST).unlink(missing_ok=True)
    writer, failed = ManifestWriter(job.folder), False
    try:
        for result in make_changed(job.printing, tickets, job.files, jobs, job.shop.press, only_changed=True):
            failed = failed or isinstance(result, Failed)
            if isinstance(result, Made):
                writer.add(row_of(result, job.files, _copies(job, result)))
            yield result
    except BaseException:
        writer.abandon()
        raise
    if failed:
        writer.abandon()
        return
    head = writer.finish(job.shop.title, press_words(job.shop.press), job.shop.deadline)
    kinds = kinds_of(read_manifest(job.folder)[1])
    pdf = proof_pdf(job.printing, job.shop, head, kinds, tickets.villages, job.files, finishing)
    _put(job.folder / PROOF, lambda out: out.write(pdf))


def _copies(job: Job, made: Made) -> int:
    work = job.shop.pieces.get(made.ticket.piece, Work(paper=""))
    return work.copies_for(job.printing.deployment.villages[made.ticket.village])


def press_words(press: Press) -> str:
    """ "PDF/X-1a:2003, FOGRA39, chữ đã chuyển thành nét"."""
    told = [LEVELS[press.level], press.condition or (press.profile.name if press.profile else "")]
    told += ["chữ đã chuyển thành nét"] * press.outlines + [f"màu pha {press.spot}"] * bool(press.spot)
    return ", ".join(told)


class _Target(Protocol):
    """A folder or an archive that takes files by their path inside it."""

    def copy(self, source: Path, name: str) -> None: ...
    def write(self, name: str, write: Callable[[IO[bytes]], object]) -> None: ...


class _Folder:
    def __init__(self, root: Path) -> None:
        self._root = root

    def copy(self, source: Path, name: str) -> None:
        target = self._root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)

    def write(self, name: str, write: Callable[[IO[bytes]], object]) -> None:
        (self._root / name).parent.mkdir(parents=True, exist_ok=True)
        with (self._root / name).open("wb") as file:
            write(file)


class _Archive:
    """Stored, not deflated: the PDFs are packed already."""

    def __init__(self, archive: zipfile.ZipFile, root: str) -> None:
        self._archive, self._root = archive, root

    def copy(self, source: Path, name: str) -> None:
        with source.open("rb") as file:
            self.write(name, lambda out: shutil.copyfileobj(file, out))

    def write(self, name: str, write: Callable[[IO[bytes]], object]) -> None:
        info = zipfile.ZipInfo(str(PurePosixPath(self._root, name)), _ZIP_DATE)
        with self._archive.open(info, "w", force_zip64=True) as out:
            write(out)


def pack(job: Job, out: Path, *, as_zip: bool, hung: Iterable[Hanging] = ()) -> Path:
    """The approved job as one folder or archive in `out`, files by village. Returns it; it has its name only when it is whole.

    Raises Refused where the files are not the approved ones or the package stands already, OSError where it can't be written.
    """
    head, approval = approved(job.folder)
    kinds = kinds_of(read_manifest(job.folder)[1])
    ticket = JobTicket(job.printing, job.shop, head, approval, kinds)
    name = f"{job.shop.name}_{head.hash[:8]}"
    path = out / (f"{name}.zip" if as_zip else name)
    if path.exists():
        raise refused(str(path), "", "this package stands there already", "Hand that one over, or remove it first")
    with _target(path, name, as_zip=as_zip) as target:
        for row in read_manifest(job.folder)[1]:
            target.copy(job.files / row.file, f"{_village_folder(job.printing, row)}/{row.file}")
        for kept in (MANIFEST, SHEET, PROOF, APPROVAL):
            target.copy(job.folder / kept, kept)
        _papers(job, ticket, target, hung)
    return path


@contextmanager
def _target(path: Path, name: str, *, as_zip: bool) -> Iterator[_Target]:
    """Where the package grows, under another name till it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    shutil.rmtree(part, ignore_errors=True) if part.is_dir() else part.unlink(missing_ok=True)
    try:
        if as_zip:
            with zipfile.ZipFile(part, "w") as archive:
                yield _Archive(archive, name)
        else:
            part.mkdir()
            yield _Folder(part)
        part.replace(path)
    finally:
        shutil.rmtree(part, ignore_errors=True) if part.is_dir() else part.unlink(missing_ok=True)


def _village_folder(printing: PrintShop, row: FileRow) -> str:
    """ "TN01 Thon Na Lai" with its marks: NFC, without what a file system can't hold."""
    title = nfc(printing.deployment.villages[row.village].title)
    return f"{row.village} {''.join(c for c in title if c.isalnum() or c in ' -–')}".strip()


def _papers(job: Job, ticket: JobTicket, target: _Target, hung: Iterable[Hanging]) -> None:
    register = register_of(job.printing, dict.fromkeys(row.village for row in _rows(job)), job.shop.pieces, hung)
    target.write("phieu-dat-in.pdf", lambda out: out.write(paper_pdf(ticket_pages(ticket), f"Phiếu đặt in – {job.shop.title}")))
    target.write("phieu-dat-in.xlsx", lambda out: write_workbook(out, ticket_tabs(ticket, _rows(job))))
    target.write("so-treo.pdf", lambda out: out.write(paper_pdf(register_pages(register), "Sổ theo dõi treo, phát")))
    target.write("so-treo.xlsx", lambda out: write_workbook(out, (register_tab(register),)))
    pictures = (each for kind in ticket.kinds for each in shown((job.files / kind.specimen).read_bytes(), _caption(kind)))
    for file in write_contact_sheets(pictures, job.folder / ".bang-anh"):
        target.copy(file, file.name.removeprefix("."))
        file.unlink()


def _caption(kind: Kind) -> str:
    return f"{kind.piece} {kind.theme} {kind.lang}"


def _rows(job: Job) -> Iterator[FileRow]:
    return read_manifest(job.folder)[1]


def _put(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """All or nothing."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            write(file)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def head_of(job: Job) -> Head:
    """The finished job's head. Raises Refused."""
    return read_manifest(job.folder)[0]
