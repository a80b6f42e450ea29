"""Every figure of a report counted again by hand: from the rows as they lie in the tables, and from the report's own appendix.

Nothing of the product's counting is used here: rows come out by SELECT *, days by zoneinfo, sums by plain Python. The rules are written
down again from the plan's words, so a slip in domain/figures.py or storage/numbers.py shows here.
"""

import csv
import io
import random
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

from openpyxl import load_workbook
from sqlalchemy import select

from gateway.paper_values import report_paper
from gateway.papers.report import report_xlsx, sources_csv
from gateway.services.reporting.book import read_report
from gateway.services.reporting.making import Order, make_report
from gateway.storage.schema import (
    attachment,
    case_file,
    case_outcome,
    case_tip,
    dna_request,
    mo,
    mt,
    question,
    scan_count,
    tip,
    tip_work,
    wave,
)
from tests.services.numbers_rows import COMMUNE, NOVEMBER, OTHER, REPORTER, at, campaign, conclude, make_case, put, rules
from tests.services.people import deployment
from tests.services.tip_rows import make_tip

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
SPANS = {
    "now": (date(2026, 10, 26), date(2026, 11, 25)),
    "before": (date(2026, 9, 26), date(2026, 10, 25)),
    "total": (date(2026, 3, 14), date(2026, 11, 25)),
    "other": (date(2026, 11, 1), date(2026, 11, 30)),
}


async def crowd(database) -> None:
    """Sixty tips at random moments round the month's edges, with all that can belong to them."""
    chance = random.Random(25)
    await campaign(database)
    edges = [at(day, 0) for day in (date(2026, 9, 26), date(2026, 10, 26), date(2026, 11, 1), date(2026, 11, 26), date(2026, 12, 1))]
    ids = []
    for number in range(60):
        moment = chance.choice(edges) + chance.choice(
            (-1, 0, 1, -3_600_000, 86_399_999, chance.randrange(-20 * 86_400_000, 20 * 86_400_000))
        )
        commune, village = chance.choice(((COMMUNE, "TN01"), (COMMUNE, "TN09"), (COMMUNE, None), (OTHER, "KL01")))
        id_ = await make_tip(database, f"tin {number}", f"+84300{number:06d}", at=moment, commune=commune, village=village)
        ids.append(id_)
        if chance.random() < 0.6:
            await conclude(database, id_, chance.choice(("true", "partly", "false", "open", None)), commune)
        for part in range(chance.randrange(3)):
            media = chance.choice(("image/png", "audio/amr", "video/mp4", "application/pdf"))
            row = {
                "tip": id_,
                "digest": bytes([number, part]),
                "media": media,
                "bytes": 1,
                "state": chance.choice(("kept", "partial")),
                "created_at": 0,
            }
            await put(database, attachment, row)
    await make_case(database, "HS-2026-0007", ids[:3], outcome="identified", when=edges[2])
    extra = {"commune": COMMUNE, "channel": "sms", "sender": "+84300000001", "text": "x", "received_at": edges[3] - 1}
    mos = [row.id for row in await everything(database, mo)][-2:]
    await put(database, dna_request, extra | {"code": "ADN001", "mo": mos[0], "village": None})
    await put(database, question, extra | {"mo": mos[1]})


async def everything(database, table) -> list[SimpleNamespace]:
    """All rows of a table, as an export has them."""
    async with database.read() as connection:
        return [SimpleNamespace(**row._mapping) for row in await connection.execute(select(table))]


async def recounted(database, span: tuple[date, date]) -> dict[str, tuple[int, int | None]]:
    """The figures of some days, by the words of the plan's rules: {name: (numerator, denominator)}."""

    def inside(ms: int | None) -> bool:
        return ms is not None and span[0] <= datetime.fromtimestamp(ms / 1000, ZONE).date() <= span[1]

    tips = [each for each in await everything(database, tip) if each.commune == COMMUNE and inside(each.received_at)]
    ids, results = {each.id for each in tips}, {each.tip: each.result for each in await everything(database, tip_work)}
    mos = await everything(database, mo)
    concluded = [each for each in tips if each.state == "concluded" and results.get(each.id) != "open"]
    right = [each for each in concluded if results.get(each.id) in ("true", "partly")]
    first = {each.mo for each in tips}
    added = [each for each in mos if each.tip in ids and each.id not in first]
    files = [each for each in await everything(database, attachment) if each.tip in ids and each.state == "kept"]
    waves = {
        each.id for each in await everything(database, wave) if each.commune == COMMUNE and each.kind == "own" and inside(each.started_at)
    }
    went = [each for each in await everything(database, mt) if each.wave in waves]
    sent = [each for each in went if each.state in ("sent", "delivered") or (each.state == "failed" and each.failure is None)]
    end = datetime.combine(span[1] + timedelta(days=1), datetime.min.time(), ZONE).timestamp() * 1000
    people = {(each.wave, bytes(each.bidx)) for each in mos if each.wave in waves and each.action != "optout" and each.received_at < end}
    days = [int(f"{day:%Y%m%d}") for day in span]
    mine = {each.code for each in deployment().villages.values() if each.commune == COMMUNE}
    scans = sum(
        each.count for each in await everything(database, scan_count)
        if each.village in mine and each.placement and each.placement == each.placement.upper() and days[0] <= each.day <= days[1]
    )  # fmt: skip
    outcomes = Counter()
    for each in await everything(database, case_outcome):
        if each.commune == COMMUNE and inside(each.at) and each.withdrawn_at is None:
            outcomes[each.kind] += each.count
    asked = [
        sum(each.commune == COMMUNE and inside(each.received_at) for each in await everything(database, table))
        for table in (dna_request, question)
    ]
    delivered = sum(each.state == "delivered" for each in went)
    codes = sum(each.village in mine for each in deployment().placements)
    return {
        "tips": (len(tips), None),
        "messages": (len(tips) + len(added), None),
        "answers-sent": (len(people), len(sent)),
        "answers-delivered": (len(people), delivered),
        "scans-codes": (scans, codes),
        "items": (len(tips) + len(added) + len(files), None),
        "matters": (len(tips) + sum(asked), None),
        "concluded-received": (len(concluded), len(tips)),
        "right-concluded": (len(right), len(concluded)),
        "recovered": (outcomes["recovered"], None),
        "identified": (outcomes["identified"], None),
        "coordinates": (outcomes["coordinate"], None),
        "samples": (0, None),
        "matches": (0, None),
    }


async def test_every_figure_is_what_the_rows_say(database) -> None:
    await crowd(database)
    row = await make_report(database, deployment(), REPORTER, Order(NOVEMBER, rules()), at(date(2026, 12, 2)))
    made = await read_report(database, REPORTER, row.id)
    frozen = {each.name: (each.value, each.of) for each in made.figures}
    by_hand = {}
    for column, span in SPANS.items():
        by_hand |= {f"{name}:{column}": figure for name, figure in (await recounted(database, span)).items()}
    assert frozen == by_hand
    assert by_hand["tips:now"][0] > 10  # the crowd is one
    assert len({by_hand[f"tips:{column}"] for column in SPANS}) >= 3  # and the columns differ


async def test_the_appendix_alone_gives_every_figure(database) -> None:
    """XLSX: the sheet of sources adds up to the sheet of figures. CSV: its objects are the rows of the tables."""
    await crowd(database)
    row = await make_report(database, deployment(), REPORTER, Order(NOVEMBER, rules()), at(date(2026, 12, 2)))
    paper = report_paper(await read_report(database, REPORTER, row.id))
    book = load_workbook(io.BytesIO(report_xlsx(paper)))
    sums = defaultdict(int)
    for column, count, _kind, _object, n in book["Nguồn"].iter_rows(min_row=2, values_only=True):
        sums[column, count] += n
    formulas = {rule: formula for _name, rule, formula in book["Cách tính"].iter_rows(min_row=2, values_only=True)}
    checked = 0
    for column, _name, rule, value, of, *_ in book["Số liệu"].iter_rows(min_row=2, values_only=True):
        above, _, below = formulas[rule].partition(" / ")
        assert value == sum(sums[column, count] for count in above.strip("()").split(" + "))
        assert (of or 0) == (sum(sums[column, count] for count in below.strip("()").split(" + ")) if below else 0)
        checked += 1
    assert checked == 14 * 4
    listed = list(csv.DictReader(io.StringIO(sources_csv(paper).decode("utf-8-sig"))))
    tips = {each.code: each for each in await everything(database, tip)}
    assert {each["object"] for each in listed if each["kind"] == "tip"} <= set(tips)
    cases = {each.number for each in await everything(database, case_file)}
    assert {each["object"] for each in listed if each["kind"] == "case"} <= cases
    of_now = [tips[each["object"]] for each in listed if (each["column"], each["count"]) == ("now", "tips")]
    days = [datetime.fromtimestamp(each.received_at / 1000, ZONE).date() for each in of_now]
    assert all(SPANS["now"][0] <= day <= SPANS["now"][1] for day in days)
    assert {each.commune for each in of_now} == {COMMUNE}
    linked = {(await everything(database, case_tip))[0].tip}
    assert linked <= {each.id for each in tips.values()}
