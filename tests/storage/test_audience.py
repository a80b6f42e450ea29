"""The statements of planning: pages by the index, lists stored and moved, what left lately; on both engines."""

import pytest
from sqlalchemy import insert, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.domain.audience import LeftOut
from gateway.storage import audience, outbox, waves
from gateway.storage.audience import PAGE, Listed, Who
from gateway.storage.database import Database
from gateway.storage.schema import contact, mt, wave
from tests.services.people import NOW, rows
from tests.services.wave_rows import make_wave


def listed(database: Database, number: int, **changes: object) -> Listed:
    e164 = f"+84300{number:06d}"
    values = {
        "bidx": database.keyring.blind(e164, "msisdn"), "msisdn": database.keyring.seal(e164.encode(), "msisdn"), "commune": "06577",
        "village": "TN01", "language": "vi", "tags": None, "consent": None, "legal_basis": "KH 238",
    }  # fmt: skip
    return Listed(**(values | changes))  # type: ignore[arg-type]


async def store(database: Database, *people: Listed) -> None:
    await database.write(lambda connection: audience.remember(connection, people, NOW))


async def test_a_list_is_stored_sealed(database: Database) -> None:
    """As any other contact: what the one path seals the other opens."""
    tags = audience.tags_json(("ho-dan", "cựu chiến binh"))
    await store(database, listed(database, 1, tags=tags, consent='{"source": "họp thôn", "at": 1}'))
    (row,) = await rows(database, contact)
    assert (row.msisdn, row.tags, row.consent["source"]) == ("+84300000001", ["ho-dan", "cựu chiến binh"], "họp thôn")


async def test_a_later_list_adds_and_takes_nothing_away(database: Database) -> None:
    """Village and language are the newer list's; tags, consent and basis stay where it says nothing."""
    await store(database, listed(database, 1, tags='["a"]', consent='{"source": "x"}'))
    await store(database, listed(database, 1, village="TN02", language="lo", legal_basis=None, consent='{"source": "y"}'))
    (row,) = await rows(database, contact)
    assert (row.village, row.language, row.tags, row.consent, row.legal_basis) == ("TN02", "lo", ["a"], {"source": "x"}, "KH 238")


async def test_pages_and_lookups_see_the_same_people(database: Database) -> None:
    people = [listed(database, at, village=f"TN0{at % 3 + 1}") for at in range(60)]
    await store(database, *people)
    who = Who(villages=("TN01", "TN03"))
    found, after = [], b""
    async with database.read() as connection:
        while page := await audience.page(connection, who, after, 7):
            found += page
            after = page[-1].bidx
        asked = await audience.among(connection, who, [each.bidx for each in people])
        kinds = await audience.kinds(connection, who)
    assert found == asked
    assert [each.bidx for each in found] == sorted(each.bidx for each in people if each.village != "TN02")
    assert sorted(kinds) == [("TN01", "vi", 20), ("TN03", "vi", 20)]


@pytest.mark.parametrize("count", [1, 3_000])
async def test_what_left_lately(database: Database, count: int) -> None:
    """By person, looked up one by one or as a stretch of the index; other waves, older times and what never left say nothing."""
    first, second = await make_wave(database, "a"), await make_wave(database, "b")
    people = sorted(database.keyring.blind(f"{at}", "msisdn") for at in range(count))

    async def unit(connection) -> None:
        await connection.execute(update(wave).values(started_at=NOW))
        values = [
            (people[0], first.id, "sent", NOW - 5), (people[0], second.id, "uncertain", NOW - 3), (people[-1], 999, "sent", NOW - 4),
        ]  # fmt: skip
        if count > 1:
            values += [
                (people[1], first.id, "sent", NOW - 50),
                (people[2], first.id, "failed", NOW - 4),
                (people[3], first.id, "sending", None),
            ]
        for at, (person, id_, state, sent_at) in enumerate(values):
            row = {
                "ref": f"L{at}", "wave": id_, "bidx": person, "msisdn": "+84300000000", "lane": 0, "route": "r", "state": state,
                "due_at": 0, "expires_at": NOW, "segments": 1, "created_at": NOW, "sent_at": sent_at,
            }  # fmt: skip
            await connection.execute(insert(mt), row)

    await database.write(unit)
    async with database.read() as connection:
        recent = await audience.recent_waves(connection, NOW - 10)
        left = await audience.left_since(connection, people, recent, NOW - 10, NOW)
    assert sorted(recent) == [first.id, second.id]
    assert sorted(left.pop(people[0])) == [NOW - 5, NOW - 3]
    assert left == ({people[3]: [NOW]} if count > 1 else {})


async def test_a_wave_that_ended_long_ago_is_not_asked(database: Database) -> None:
    old = await make_wave(database, "cu")
    await database.write(
        lambda connection: connection.execute(update(wave).where(wave.c.id == old.id).values(started_at=1, ended_at=NOW - 20))
    )
    async with database.read() as connection:
        assert await audience.recent_waves(connection, NOW - 10) == []


async def test_a_page_is_read_off_the_index(database: Database) -> None:
    """In its order, without a sort: a million people are walked through once, not once a page."""
    async with database.read() as connection:
        if database.dialect == "sqlite":
            statement = audience._people(Who(villages=("TN01",))).where(contact.c.bidx > b"\x01").limit(PAGE)
            text = str(statement.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": False}))
            plan = (
                await connection.exec_driver_sql(
                    f"EXPLAIN QUERY PLAN {text.replace('(__[POSTCOMPILE_village_1])', '(?)')}", ("TN01", b"", 1, 0)
                )
            ).all()
            assert not any("TEMP B-TREE" in row[-1] for row in plan)
            assert any("USING INDEX" in row[-1] for row in plan)
        else:
            for way in ("seqscan", "bitmapscan", "sort"):
                await connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
            statement = audience._people(Who()).where(contact.c.bidx > b"\x01").limit(PAGE)
            text = str(statement.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}))
            plan = "\n".join(row[0] for row in (await connection.exec_driver_sql(f"EXPLAIN {text}")).all())
            assert "Index Scan using uq_contact_bidx" in plan


def test_references_of_a_page_lie_side_by_side():
    """The first four of sixteen characters are the page's, the others each one's own; sorted, so that the index is filled in order."""
    refs = outbox.new_refs(2_001)
    assert refs == sorted(set(refs))
    assert len(refs) == 2_001
    assert {len(ref) for ref in refs} == {16}
    assert {ref[:4] for ref in refs} == {refs[0][:4]}
    assert outbox.new_refs(0) == []
    assert len({outbox.new_refs(1)[0][:4] for _ in range(20)}) > 1


async def test_planning_s_own_row_is_its_progress(database: Database) -> None:
    """Only the planner whose token stands there writes it."""
    frame = waves.NewWave("p", "06577", "r", {"vi": "x"}, (await make_wave(database)).window, {}, planning="mine")
    id_ = await database.write(lambda connection: waves.create(connection, frame, NOW))
    rule = {"found": {LeftOut.CAPPED.value: 1}}
    for token, written in (("another", False), ("mine", True)):
        assert await database.write(lambda connection, token=token: audience.note_progress(connection, id_, token, rule, 3, 4)) is written
    async with database.read() as connection:
        stored = await waves.find(connection, "p")
    assert (stored.audience, stored.segments, stored.audience_rule) == (3, 4, rule)
    assert len(await rows(database, mt)) == 0
