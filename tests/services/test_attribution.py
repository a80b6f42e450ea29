"""Which wave an MO answers: the latest that reached this person, else the one order going out there; in doubt none."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import insert

from gateway.domain.caps import DAY_MS
from gateway.domain.window import Window
from gateway.services import orders
from gateway.services.attribution import ANSWER_MS, EARLY_MS, Asked, wave_answered, waves_of
from gateway.services.orders import Wanted
from gateway.storage.orders import REACHED, Placed, Reached, answers, placed
from gateway.storage.schema import mo, tip
from tests.services.people import ALICE as PERSON
from tests.services.people import BINH as OTHER
from tests.services.people import NOW, arrive, deployment, inbound, rows, said
from tests.services.staff import bound_route
from tests.services.wave_rows import make_wave

DATA = deployment()
ZONE = "Asia/Ho_Chi_Minh"
ALICE, BINH = b"alice", b"binh"
HOME, AWAY = "06577", "00001"
DAY = date(2026, 11, 18)  # of NOW, 18:46 there
ORDER = Placed(7, (HOME,), NOW - DAY_MS, {"days": ["2026-11-17", "2026-11-18"]}, NOW - 2 * DAY_MS)
ASKED = Asked(ALICE, NOW, HOME)


def came(wave: int, ago_ms: int | None) -> Reached:
    return Reached(ALICE, wave, None if ago_ms is None else NOW - ago_ms)


@pytest.mark.parametrize(
    ("mine", "wave"),
    [
        ([], None),
        ([came(1, 0)], 1),
        ([came(1, ANSWER_MS)], 1),
        ([came(1, ANSWER_MS + 1)], None),  # a day too late
        ([came(1, -EARLY_MS)], 1),  # overtook the carrier's yes
        ([came(1, -EARLY_MS - 1)], None),  # sent after the person wrote
        ([came(1, 5), came(2, 4), came(3, 6)], 2),
        ([came(1, None), came(2, 1)], 1),  # on the wire now: the latest
    ],
)
def test_the_latest_wave_within_a_fortnight(mine: list[Reached], wave: int | None) -> None:
    assert wave_answered(ASKED, mine, (), ZONE) == wave


@pytest.mark.parametrize(
    ("asked", "going", "wave"),
    [
        (ASKED, [ORDER], 7),
        (ASKED, [ORDER, replace(ORDER, wave=8)], None),  # two: nobody can tell
        (ASKED, [ORDER, replace(ORDER, wave=8, area=(AWAY,))], 7),
        (replace(ASKED, commune=AWAY), [ORDER], None),
        (replace(ASKED, by_sms=False), [ORDER], None),
        (ASKED, [replace(ORDER, starts_at=NOW)], 7),
        (ASKED, [replace(ORDER, starts_at=NOW + 1)], None),  # has not begun
        (ASKED, [replace(ORDER, rule={"days": ["2026-11-01", "2026-11-04"]})], 7),  # its last day ended 13 days and 19 hours ago
        (ASKED, [replace(ORDER, rule={"days": ["2026-11-01", "2026-11-03"]})], None),
    ],
)
def test_the_one_order_going_out_here(asked: Asked, going: list[Placed], wave: int | None) -> None:
    assert wave_answered(asked, (), going, ZONE) == wave


def test_a_wave_of_ours_goes_before_an_order() -> None:
    assert wave_answered(ASKED, [came(1, DAY_MS)], [ORDER], ZONE) == 1


# --- in the database ---


async def of(database, *asked: Asked) -> list[int | None]:
    async with database.read() as connection:
        return await waves_of(connection, asked, ZONE)


@pytest.mark.parametrize(
    ("state", "found"),
    [*((state, True) for state in ("sent", "delivered", "uncertain", "sending")), ("queued", False), ("failed", False)],
)
async def test_only_what_may_have_come_is_answered(database, state: str, found: bool) -> None:
    wave = await make_wave(database, mts={state: 1}, mt={"bidx": ALICE})
    assert await of(database, ASKED) == [wave.id if found else None]


async def test_each_person_has_their_own(database) -> None:
    first = await make_wave(database, "mot", mts={"sent": 1}, mt={"bidx": ALICE, "sent_at": NOW - DAY_MS})
    second = await make_wave(database, "hai", mts={"sent": 1}, mt={"bidx": BINH})
    assert await of(database, ASKED, Asked(BINH, NOW, HOME), Asked(b"nobody", NOW, HOME)) == [first.id, second.id, None]
    await make_wave(database, "ba", mts={"sent": 1}, mt={"bidx": ALICE, "sent_at": NOW - 1})
    assert await of(database, ASKED, Asked(ALICE, NOW - DAY_MS, HOME)) == [first.id + 2, first.id]
    assert await of(database) == []


async def test_an_order_counts_from_its_handing_over_until_it_is_cancelled(database) -> None:
    from gateway.services import waves

    route = replace(bound_route(), max_unapproved=0)
    wanted = Wanted("dia-ban", {"vi": "Tri an"}, (HOME,), DAY, DAY, Window(420, 1260))
    order, _ = await orders.plan(database, route, DATA.campaign, DATA.communes, wanted, NOW - DAY_MS)
    assert await of(database, ASKED) == [None]
    await orders.hand_over(database, (route,), "dia-ban", NOW - DAY_MS)
    assert await of(database, ASKED) == [order.wave.id]
    await waves.cancel(database, "dia-ban", NOW)
    assert await of(database, ASKED) == [None]


async def test_a_handled_message_and_its_tip_name_the_wave(database) -> None:
    """A form behind a printed code answers no order; the person's own wave it does."""
    person = database.keyring.blind(PERSON, "msisdn")
    wave = await make_wave(database, mts={"sent": 1}, mt={"bidx": person, "sent_at": NOW - DAY_MS})
    await arrive(database, said("LS TN07 mộ ở bờ suối", PERSON), said("LS TN07 mộ ở bờ suối kia", OTHER), said("Hỏi giờ làm việc?", PERSON))
    await inbound(database).process_once(NOW)
    assert [row.wave for row in await rows(database)] == [wave.id, None, wave.id]
    assert [row.wave for row in await rows(database, tip)] == [wave.id, None]


async def test_answers_are_counted_by_what_they_were(database) -> None:
    def row(at: int, action: str | None, wave: int | None = 5) -> dict[str, object]:
        return {
            "route": "r", "channel": "sms", "carrier_id": str(at), "content_key": b"k", "bidx": ALICE, "sender": "+84300000011",
            "receiver": "8088", "text": "LS", "received_at": NOW, "state": "done" if action else "new", "action": action, "wave": wave,
        }  # fmt: skip

    told = [row(1, "tip"), row(2, "tip"), row(3, "optout"), row(4, None), row(5, "tip", None), row(6, "tip", 6)]
    await database.write(lambda connection: connection.execute(insert(mo), told))
    async with database.read() as connection:
        assert await answers(connection, 5) == {"tip": 2, "optout": 1, "new": 1}
        assert await answers(connection, 99) == {}


async def test_looking_a_person_up_reads_their_rows_alone(database) -> None:
    """By an index of people; the planner of PostgreSQL is asked without its shortcut for tiny tables, and has two to choose from."""
    await make_wave(database, mts={"sent": 1_000})

    async def unit(connection) -> str:
        postgresql = database.dialect == "postgresql"
        if postgresql:
            await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            await connection.exec_driver_sql("ANALYZE mt")  # what another test left in the table is no guide
        asked = REACHED.params(people_=[ALICE, BINH]).compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
        rows = await connection.exec_driver_sql(f"{'EXPLAIN' if postgresql else 'EXPLAIN QUERY PLAN'} {asked}")
        return " ".join(str(tuple(row)) for row in rows)

    plan = await database.write(unit)
    assert "mt_member" in plan or (database.dialect == "postgresql" and "mt_person" in plan)


async def test_orders_of_long_ago_are_not_looked_at(database) -> None:
    async with database.read() as connection:
        assert await placed(connection, NOW) == []
