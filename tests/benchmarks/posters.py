"""Files/s of a print run, one process: finished PDF/X-1a with every code read back, beside Typst and WeasyPrint with the same pages.

The yardsticks get the page laid out: their clock holds the stock QR code, made once a payload, and the compiling; no PDF/X, no read-back.
Each round of each is a process of its own that makes one file before its clock starts, for that one reads the fonts.
"""

import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import cycle, islice, pairwise
from multiprocessing import get_context
from pathlib import Path

from collateral.batch import Made, Ticket, draw_ticket, lay_out, make_all, tickets_for
from collateral.draw_pdf import drawn
from collateral.load import PrintShop, load_shop
from collateral.pdfx import Titles, finished
from collateral.preflight import preflight
from collateral.readback import read_back
from gateway.deployment import shipped_deployment
from tests.benchmarks import html_page, typst_page
from tests.benchmarks.table import Row, beside

VILLAGES = 30
PIECES = {"poster-a3": "A3 posters", "leaflet-a4": "leaflets A4 with three codes"}
TYPST, WEASY = "Typst, no read-back", "WeasyPrint, no read-back"
PAGES = {TYPST: typst_page, WEASY: html_page}
_STAGES = ("lay out and draw", "press (PDF/X)", "preflight", "rasterise and read back")
_WEASY_SHARE = 5  # it makes so many times fewer, or the run would wait for it alone


def run(folder: Path, count: int, rounds: int) -> list[Row]:
    """All rows of the print run."""
    presses = [press for press, page in PAGES.items() if page.is_installed()]
    return [row for piece in PIECES for row in _piece(piece, folder, presses, count, rounds)]


def _piece(piece: str, folder: Path, presses: Sequence[str], count: int, rounds: int) -> list[Row]:
    rates = defaultdict(list)
    for at in range(rounds):
        for name in ("ours", *presses):
            work = (name, piece, folder / f"{piece}-{at}-{name[:5]}", max(3, count // _WEASY_SHARE) if name == WEASY else count)
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as fresh:  # what one round remembers must not help the next
                rates[name].append(fresh.submit(_rate, *work).result())
        print(f"{piece} {at + 1}/{rounds}: " + ", ".join(f"{name} {rate[-1]:.1f}/s" for name, rate in rates.items()), file=sys.stderr)
    job = f"{PIECES[piece]}, every code read back"
    shop, tickets = _tickets(piece, count)
    draw_ticket(shop, _tickets(piece, VILLAGES)[1][-1])
    return [
        beside(job, "files/s", rates["ours"], TYPST, rates[TYPST], 0.7),
        beside(job, "files/s", rates["ours"], WEASY, rates[WEASY], 15),
        *_stages(shop, tickets),
    ]


def _tickets(piece: str, count: int) -> tuple[PrintShop, list[Ticket]]:
    """Village by village; from the 31st on the villages come again. Up to 29 the warm-up's village is not among them.

    Each village prints the piece at its first placement, whatever hangs there in the shipped deployment.
    """
    shop = load_shop(shipped_deployment())
    placements = tuple(replace(each, piece=piece) for each in shop.deployment.placements)
    shop = replace(shop, deployment=replace(shop.deployment, placements=placements))
    named = [ticket for ticket in tickets_for(shop, "all", piece, "", "vi") if isinstance(ticket, Ticket)]
    return shop, list(islice(cycle(named), count))


def _rate(name: str, piece: str, folder: Path, count: int) -> float:
    """Files a second, in a process of its own. The last village's file, made before the clock starts, reads the fonts."""
    shop, tickets = _tickets(piece, count)
    warm = _tickets(piece, VILLAGES)[1][-1]
    if name == "ours":
        assert all(isinstance(made, Made) for made in make_all(shop, [warm], folder))
        began = time.perf_counter()
        made = list(make_all(shop, tickets, folder))
        assert all(isinstance(each, Made) for each in made), made
    else:
        press = PAGES[name].new_press(folder)
        ready = [press.ready(lay_out(shop, ticket)[1]) for ticket in (warm, *tickets)]
        press.press(ready[0])
        began = time.perf_counter()
        for page in ready[1:]:
            assert press.press(page).startswith(b"%PDF")
    return count / (time.perf_counter() - began)


def _stages(shop: PrintShop, tickets: Sequence[Ticket]) -> list[Row]:
    """Where the time of a file goes, in ms: laid out and drawn, made PDF/X, checked against the rules, rasterised and read back."""
    spent: dict[str, float] = defaultdict(float)
    for ticket in tickets:
        clock = [time.perf_counter()]
        order, pages = lay_out(shop, ticket)
        file = drawn(pages, order.piece, ticket.village, order.setter)
        clock.append(time.perf_counter())
        note = draw_ticket(shop, ticket).note  # outside the clock
        resumed = time.perf_counter()
        pdf = finished(file, Titles(ticket.piece, ticket.village, ticket.theme, order.campaign.day_one), note)
        clock.append(clock[-1] + time.perf_counter() - resumed)
        for check in (lambda pdf=pdf: preflight(pdf), lambda pdf=pdf, note=note: read_back(pdf, note)):
            resumed = time.perf_counter()
            check()
            clock.append(clock[-1] + time.perf_counter() - resumed)
        for stage, (before, after) in zip(_STAGES, pairwise(clock), strict=True):
            spent[stage] += after - before
    return [Row(f"  {name}", "ms a file", seconds * 1000 / len(tickets)) for name, seconds in spent.items()]
