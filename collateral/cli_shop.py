"""The commands of `tinbao print` that serve a print shop: proof, approval, package, register, imposition, calibration."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from collateral.console import (
    MISCONFIGURED,
    JobsOption,
    JsonOption,
    LangOption,
    OutOption,
    VillageOption,
    chosen,
    counted,
    fail,
    folder,
    json_line,
    left_out,
    note,
    printing,
    say,
    told,
    workers,
)

if TYPE_CHECKING:
    from collateral.load import PrintShop
    from collateral.shop.package import Job
    from collateral.shop.shops import Shop
    from gateway.domain.hanging import Hanging

_Shop = Annotated[str, typer.Option("--shop", help="Print shop, by its name in shops.toml.")]
_JobFolder = Annotated[Path, typer.Option("--job", help="Folder of the job, as proof made it.", file_okay=False)]


def add_commands(group: typer.Typer) -> None:
    """Add them to the group `print`."""
    group.command("proof")(proof)
    group.command("approve")(approve)
    group.command("package")(package)
    group.command("register")(register)
    group.command("impose")(impose)
    group.command("calibrate")(calibrate)


def shop_named(deployed: PrintShop, name: str) -> Shop:
    """A print shop; exit 78 where shops.toml is wrong, a usage error where it has no such shop."""
    from collateral.shop.shops import load_shops
    from gateway.deployment import BadDeployment

    try:
        shops = load_shops(deployed)
    except BadDeployment as why:
        fail(str(why), MISCONFIGURED)
    if name not in shops:
        raise typer.BadParameter(f"there is no print shop “{name}”; there is: {', '.join(shops)}", param_hint="--shop")
    return shops[name]


def proof(
    ctx: typer.Context,
    shop: _Shop,
    job: _JobFolder,
    village: VillageOption = "all",
    lang: LangOption = "vi",
    jobs: JobsOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Make all files of one shop, a manifest, and the proof to be signed. Nothing is handed over before: approve, then package."""
    from collateral.batch import NoSuchChoice
    from collateral.finishing import finishing_ops
    from collateral.shop.package import head_of, job_tickets, make_job

    deployed, as_json = printing(ctx), as_json or ctx.obj.json
    made_for = _job(deployed, shop, folder(job))
    try:
        tickets = job_tickets(deployed, made_for.shop, village, lang)
    except NoSuchChoice as why:
        raise typer.BadParameter(str(why)) from why
    results = make_job(made_for, tickets, workers(jobs, len(tickets)), finishing_ops)
    try:
        made, failed = told(counted(results, len(tickets)), as_json)
    except OSError as why:
        fail(f"{job} can't be written to: {why.strerror}. Look at the folder's permissions and the disk's room, and call it again")
    if failed:
        fail(f"{made} files stand, {failed} failed: there is no proof before all are good")
    head = head_of(made_for)
    note(f"{made} files. Have {job / 'proof.pdf'} signed; it shows {head.hash[:16]}. Then: tinbao print approve --by NAME --on DAY")
    raise typer.Exit(1 if left_out(deployed, village) else 0)


def approve(
    ctx: typer.Context,
    job: _JobFolder,
    by: Annotated[str, typer.Option(help="Who signed the proof.")],
    on: Annotated[datetime, typer.Option(help="Day of the signature.", formats=["%Y-%m-%d", "%d/%m/%Y"])],
    hash_on_paper: Annotated[str, typer.Option("--hash", help="The beginning of the hash on the signed paper; compared.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Take down who signed the proof. The approval holds for exactly these files."""
    from collateral.refusal import Refused
    from collateral.shop.job import approve as take_down

    if not by.strip():
        raise typer.BadParameter("say who signed it", param_hint="--by")
    try:
        approval = take_down(job, " ".join(by.split()), on.date(), hash_on_paper)
    except Refused as why:
        fail(str(why))
    except OSError as why:
        fail(f"{job} can't be written to: {why.strerror}. Look at the folder's permissions and the disk's room")
    row = {"job": str(job), "hash": approval.hash, "by": approval.by, "on": approval.on}
    say(json_line(row) if as_json or ctx.obj.json else f"{approval.hash[:16]} approved by {approval.by}, {approval.on}")


def package(
    ctx: typer.Context,
    shop: _Shop,
    job: _JobFolder,
    out: OutOption = Path("packages"),
    as_zip: Annotated[bool | None, typer.Option("--zip/--folder", help="One archive or a folder; without it as shops.toml says.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Pack the approved job: files by village, job ticket, manifest, register, contact sheet. Refused where a byte changed since."""
    from collateral.refusal import Refused
    from collateral.shop.package import pack

    deployed = printing(ctx)
    made_for = _job(deployed, shop, job)
    zipped = made_for.shop.zip if as_zip is None else as_zip
    try:
        path = pack(made_for, folder(out), as_zip=zipped, hung=_hung(deployed))
    except Refused as why:
        fail(str(why))
    except OSError as why:
        fail(f"{out} can't be written to: {why.strerror}. Look at the folder's permissions and the disk's room")
    say(json_line({"package": str(path)}) if as_json or ctx.obj.json else path)


def register(
    ctx: typer.Context,
    village: VillageOption = "all",
    out: OutOption = Path("register"),
    as_json: JsonOption = False,
) -> None:
    """What hangs where, as PDF to write on and as workbook that `tinbao placements import` takes back."""
    from collateral.shop.paper import paper_pdf
    from collateral.shop.register import register_of, register_pages, register_tab
    from collateral.shop.workbook import write_workbook

    deployed = printing(ctx)
    villages = chosen(deployed, village, "all", "", "all").villages
    made = register_of(deployed, villages, deployed.pieces, _hung(deployed))
    pdf, book = folder(out) / "so-treo.pdf", out / "so-treo.xlsx"
    try:
        pdf.write_bytes(paper_pdf(register_pages(made), "Sổ theo dõi treo, phát"))
        with book.open("wb") as file:
            write_workbook(file, (register_tab(made),))
    except OSError as why:
        fail(f"{out} can't be written to: {why.strerror}. Look at the folder's permissions and the disk's room")
    for path in (pdf, book):
        say(json_line({"file": str(path)}) if as_json or ctx.obj.json else path)


def impose(
    ctx: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(help="Print files of one size, in the order in which they are to lie.", show_default=False)
    ],
    out: Annotated[Path, typer.Option(help="The PDF to write.", dir_okay=False)],
    sheet: Annotated[str, typer.Option(help="Sheet: a4, a3, sra3, or WIDTHxHEIGHT in mm.")] = "sra3",
    order: Annotated[
        str,
        typer.Option(
            help="rows: sheet by sheet; stack: cut stacks lie in order; repeat: each file fills sheets; "
            "booklet: all pages in turn, folded once, laid into each other and stapled."
        ),
    ] = "rows",
    duplex: Annotated[str, typer.Option(help="Which edge the sheet is turned over: long or short.")] = "long",
    tumbled: Annotated[
        bool, typer.Option("--tumbled", help="The piece is read by turning it head over heels, as the wallet card.")
    ] = False,
    gutter: Annotated[float, typer.Option(help="mm between the pieces, at least twice their bleed for marks.", min=0)] = 6.0,
    margin: Annotated[float, typer.Option(help="mm along the sheet's edges that the press can't print.", min=0)] = 8.0,
    first: Annotated[int, typer.Option(help="First free place of the first sheet: labels before it are used up.", min=1)] = 1,
    thickness: Annotated[
        float, typer.Option(help="Of the paper, mm: by so much a booklet's inner leaves creep outward.", min=0, max=1)
    ] = 0.1,
    shift: Annotated[str, typer.Option(help="Offset of front and back in mm from the calibration sheet: FX,FY,BX,BY.")] = "0,0,0,0",
    as_json: JsonOption = False,
) -> None:
    """Put many small pieces on one sheet, with gutters and cutting marks, backs behind their fronts; or bind their pages to a booklet."""
    from collateral.refusal import Refused
    from collateral.shop.booklet_pdf import bind_files
    from collateral.shop.impose import Plan, sheet_size
    from collateral.shop.impose_pdf import impose_files

    try:
        offsets = tuple(float(part) for part in shift.split(","))
        plan = Plan(sheet_size(sheet), gutter, margin, order, duplex, tumbled, first - 1, offsets)
    except ValueError as why:
        raise typer.BadParameter(str(why)) from why
    try:
        sheets = bind_files(files, plan, out, thickness) if plan.order == "booklet" else impose_files(files, plan, out)
    except Refused as why:
        fail(str(why))
    except OSError as why:
        fail(f"{out} can't be written: {why.strerror}. Look at the folder's permissions and the disk's room")
    row = {"file": str(out), "sheets": sheets}
    say(json_line(row) if as_json or ctx.obj.json else f"{out}: {sheets} sheets")


def calibrate(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option(help="The PDF to write.", dir_okay=False)],
    sheet: Annotated[str, typer.Option(help="Sheet: a4, a3, sra3, or WIDTHxHEIGHT in mm.")] = "a4",
) -> None:
    """A sheet with rulers on both sides: printed and measured, it gives the offset that `impose --shift` takes back."""
    from collateral.shop.calibration import calibration_pdf
    from collateral.shop.impose import sheet_size

    try:
        pdf = calibration_pdf(sheet_size(sheet))
        out.write_bytes(pdf)
    except ValueError as why:
        raise typer.BadParameter(str(why), param_hint="--sheet") from why
    except OSError as why:
        fail(f"{out} can't be written: {why.strerror}. Look at the folder's permissions and the disk's room")
    say(out)


def _job(deployed: PrintShop, shop: str, path: Path) -> Job:
    from collateral.shop.package import Job

    return Job(deployed, shop_named(deployed, shop), path)


def _hung(deployed: PrintShop) -> list[Hanging]:
    from collateral.shop.register import load_hangings

    return load_hangings(deployed)
