"""A campaign's month as rows: tips of several channels and villages, waves, scans, cases; what tests of the numbers count again."""

from datetime import date

from sqlalchemy import insert

from gateway.domain.period import Kind, Period, Reading, month
from gateway.domain.permission import Actor, Role
from gateway.domain.wave import WaveState
from gateway.domain.window import moment_of
from gateway.number_rules import NumberRules, load_number_rules
from gateway.storage.database import Database
from gateway.storage.schema import (
    attachment,
    case_file,
    case_outcome,
    case_tip,
    mo,
    scan_count,
    tip,
    tip_work,
    user,
)
from tests.services.people import deployment
from tests.services.tip_rows import make_tip
from tests.services.wave_rows import make_wave

ZONE = "Asia/Ho_Chi_Minh"
COMMUNE = "06577"
OTHER = "26123"
HOUR = 3_600_000
DAY = 24 * HOUR
NOVEMBER = month(2026, 11, Reading.CUT)


def at(day: date, ms: int = 9 * HOUR) -> int:
    """Epoch ms of a moment of a local day."""
    return moment_of(day, 0, ZONE) + ms


def rules() -> NumberRules:
    return load_number_rules(deployment().path)


def person(*roles: Role, commune: str = COMMUNE, user: int = 1) -> Actor:
    return Actor(user, "hoa", frozenset(roles), commune)


REPORTER = person(Role.REPORTER)
PROVINCE = person(Role.PROVINCE, Role.REPORTER)


async def put(database: Database, table, *rows) -> None:
    await database.write(lambda connection: connection.execute(insert(table), list(rows)))


async def conclude(database: Database, tip_id: int, result: str | None, commune: str = COMMUNE) -> None:
    """A tip's check comes to an end."""

    async def unit(connection) -> None:
        await connection.execute(tip.update().where(tip.c.id == tip_id).values(state="concluded"))
        await connection.execute(insert(tip_work).values(tip=tip_id, commune=commune, result=result))

    await database.write(unit)


async def make_case(database: Database, number: str, tips: list[int], *, outcome: str = "recovered", many: int = 1, when: int = 0) -> None:
    """A case of some tips that came to `outcome`."""

    async def unit(connection) -> None:
        if (await connection.execute(user.select().where(user.c.id == 900))).first() is None:
            values = {"id": 900, "name": "case-owner", "roles": "verifier", "passphrase": "-", "commune": COMMUNE, "created_at": 0}
            await connection.execute(insert(user).values(values))
        values = {
            "commune": COMMUNE,
            "number": number,
            "title": "Vu viec",
            "state": "result",
            "version": 1,
            "owner": 900,
            "opened_at": when,
            "moved_at": when,
        }
        id_ = (await connection.execute(insert(case_file).values(values).returning(case_file.c.id))).scalar_one()
        for each in tips:
            await connection.execute(insert(case_tip).values({"case": id_, "tip": each, "joined_at": when}))
        await connection.execute(insert(case_outcome).values({"case": id_, "commune": COMMUNE, "kind": outcome, "count": many, "at": when}))

    await database.write(unit)


async def answer(database: Database, wave: int, sender: str, when: int, action: str = "tip", tip_id: int | None = None) -> None:
    """A message that answers a wave, or adds to a tip."""
    bidx = sender.encode()
    row = {
        "route": "gia-lap", "channel": "sms", "carrier_id": f"a{wave}{sender}{when}", "content_key": bidx, "bidx": bidx, "sender": sender,
        "receiver": "8088", "text": "x", "received_at": when, "state": "done", "action": action, "wave": wave or None, "tip": tip_id,
    }  # fmt: skip
    await put(database, mo, row)


async def campaign(database: Database) -> dict[str, int]:
    """November 2026 by the cut (26/10 to 25/11) with all that is counted, and a few rows just outside; returns ids of tips by a word."""
    first, last = NOVEMBER.first, NOVEMBER.last
    made = {
        "first": await make_tip(database, at=at(first, 0), village="TN01"),
        "last": await make_tip(database, at=at(last, DAY - 1), village="TN01", channel="web", placement="TN01-1"),
        "middle": await make_tip(database, at=at(date(2026, 11, 10)), village="TN02", channel="zalo"),
        "nowhere": await make_tip(database, at=at(date(2026, 11, 11)), village=None, channel="ussd"),
        "before": await make_tip(database, at=at(first, -1), village="TN03"),
        "after": await make_tip(database, at=at(last, DAY), village="TN03"),
        "elsewhere": await make_tip(database, at=at(date(2026, 11, 12)), village="ZZ01", commune=OTHER),
    }
    await conclude(database, made["first"], "true")
    await conclude(database, made["middle"], "false")
    await conclude(database, made["nowhere"], "open")
    await conclude(database, made["elsewhere"], "partly", OTHER)
    await answer(database, 0, "them", at(date(2026, 11, 20)), "added", made["first"])
    wave = await make_wave(
        database, mts={"delivered": 6, "sent": 2, "failed": 1, "queued": 3}, state=WaveState.DONE, commune=COMMUNE, spent=4_500,
        started_at=at(date(2026, 11, 5)),
    )  # fmt: skip
    for sender, action in (("a", "tip"), ("a", "question"), ("b", "tip"), ("c", "optout")):
        await answer(database, wave.id, sender, at(date(2026, 11, 6), HOUR * (len(sender) + ord(action[0]))), action)
    photos = [
        {"tip": made["first"], "digest": bytes([n]), "media": media, "bytes": 1, "state": state, "created_at": 0}
        for n, (media, state) in enumerate(
            [
                ("image/jpeg", "kept"),
                ("image/png", "kept"),
                ("audio/ogg", "kept"),
                ("application/pdf", "kept"),
                ("image/jpeg", "quarantined"),
            ]
        )
    ]
    await put(database, attachment, *photos)
    scans = [("TN01", "TN01-1", 20261110, 5), ("TN01", "tn01-1", 20261110, 2), ("TN02", "", 20261110, 4), ("TN01", "TN01-1", 20261126, 9)]
    await put(database, scan_count, *({"village": v, "placement": p, "day": d, "count": c} for v, p, d, c in scans))
    await make_case(database, "HS-2026-0001", [made["first"]], many=2, when=at(date(2026, 11, 21)))
    await make_case(database, "HS-2026-0002", [made["middle"]], outcome="coordinate", when=at(date(2026, 11, 22)))
    return made


def closing(first: date, last: date) -> Period:
    return Period(Kind.CLOSING, first, last, "cả Chiến dịch")
