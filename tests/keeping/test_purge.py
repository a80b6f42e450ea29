"""What has outlived its term goes, what belongs to a case stays, a dry run says the same, and the writer is never held up for long."""

from datetime import date

import pytest
from sqlalchemy import insert, select

from gateway.domain.campaign import Phase
from gateway.domain.retention import USUAL, Kept, Term, Terms, months_earlier, months_later
from gateway.retention_terms import load_terms
from gateway.services.keeping import purge as purging
from gateway.services.keeping.purge import purge
from gateway.storage.schema import case_file, case_tip, fake_report, mo, mt, tip, user, wave_draft, wave_list
from gateway.storage.sealed_columns import ERASED
from tests.keeping.test_keys import chance, database_now
from tests.services.people import ALICE
from tests.services.tip_rows import make_tip
from tests.services.wave_rows import make_wave

DAY = 86_400_000
YEARS = 4 * 366 * DAY
CLOSED = Terms(date(2020, 1, 1))


async def old_things(database) -> tuple[int, int]:
    """An old tip and an old one of a case, old and new MTs, an old report of a fake; (the tip, that of the case)."""
    now = await database_now(database)
    plain = await make_tip(database, "cu lam roi", at=now - YEARS)
    cased = await make_tip(database, "thuoc ho so", at=now - YEARS)
    await make_tip(database, "moi", at=now)

    async def unit(connection) -> None:
        who = (
            await connection.execute(
                insert(user).values(name="x", roles="verifier", passphrase="", commune="06577", created_at=0).returning(user.c.id)
            )
        ).scalar_one()
        values = {
            "commune": "06577",
            "number": "HS-1",
            "title": "t",
            "state": "open",
            "version": 1,
            "owner": who,
            "opened_at": 0,
            "moved_at": 0,
        }
        case = (await connection.execute(insert(case_file).values(**values).returning(case_file.c.id))).scalar_one()
        await connection.execute(insert(case_tip).values(case=case, tip=cased, joined_at=0))
        await connection.execute(insert(fake_report).values(words="gia mao", at=now - YEARS))
        for at in (now - YEARS, now):
            await _list_of_people(connection, who, at)

    await database.write(unit)
    await make_wave(database, "cu", mts={"delivered": 3, "queued": 2}, mt={"created_at": now - YEARS})
    await make_wave(database, "moi", mts={"delivered": 1}, mt={"created_at": now})
    return plain, cased


async def _list_of_people(connection, planner: int, at: int) -> None:
    draft = {"commune": "06577", "kind": "own", "title": "t", "body": "{}", "version": 1, "state": "writing", "planner": planner}
    added = insert(wave_draft).values(**draft, created_at=at, changed_at=at, changed_by=planner).returning(wave_draft.c.id)
    one = (await connection.execute(added)).scalar_one()
    values = {"name": "ds.csv", "sha256": "", "basis": "b", "data": "KzQy", "report": "{}", "uploaded_at": at}
    await connection.execute(insert(wave_list).values(draft=one, commune="06577", **values))


async def test_the_dry_run_says_what_goes_and_it_goes(own, where):
    now = await database_now(own)
    plain, cased = await old_things(own)
    due = {each.kind: each.rows for each in await purging.look(own, CLOSED, now)}
    assert due == {
        Kept.SENT: 3,
        Kept.RECEIVED: 0,
        Kept.TIP: 1,
        Kept.DIALOGUE: 0,
        Kept.DNA: 0,
        Kept.FAKE_REPORT: 1,
        Kept.LIST: 1,
        Kept.REQUEST: 0,
    }
    done = await purge(own, where.attachments, CLOSED, now, chance())
    assert done.rows == {kind: rows for kind, rows in due.items() if rows}
    async with own.read() as connection:
        tips = {row.id: (row.text, row.sender) for row in await connection.execute(select(tip.c.id, tip.c.text, tip.c.sender))}
        mos = sorted(await connection.scalars(select(mo.c.text)))
        numbers = [row.msisdn for row in await connection.execute(select(mt.c.msisdn).where(mt.c.state == "delivered"))]
        lists = list(await connection.scalars(select(wave_list.c.uploaded_at)))
        queued = list(await connection.scalars(select(mt.c.msisdn).where(mt.c.state == "queued")))
    assert tips[plain] == (ERASED, ERASED)
    assert tips[cased] == ("thuoc ho so", ALICE)
    assert mos == ["moi", "thuoc ho so", ERASED]
    assert numbers.count(ERASED) == 3
    assert ERASED not in queued
    assert [each > now - DAY for each in lists] == [True]
    again = await purge(own, where.attachments, CLOSED, now, chance())
    assert again.rows == {}


async def test_many_go_in_pieces(own, where):
    """A piece is a unit of its own: others write in between."""
    now = await database_now(own)
    await make_wave(own, "cu", mts={"delivered": 950}, mt={"created_at": now - YEARS})
    done = await purge(own, where.attachments, CLOSED, now, chance())
    assert done.rows == {Kept.SENT: 950}


# --- terms ---


def test_nothing_of_the_campaign_goes_before_its_closing():
    """Raw messages stay 24 months after 27/7/2027, dialogues three months after their own day."""
    terms = Terms(date(2027, 7, 27))
    before = 1_850_000_000_000  # August 2028
    assert terms.before(Kept.TIP, before) is None
    assert terms.before(Kept.DIALOGUE, before) is not None
    after = 1_885_000_000_000  # September 2029
    assert terms.before(Kept.TIP, after) is not None


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2027, 7, 27), 24, date(2029, 7, 27)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2026, 1, 1), 12, date(2027, 1, 1)),
    ],
)
def test_months_are_the_calendars(day, months, expected):
    assert months_later(day, months) == expected
    assert months_earlier(expected, months) <= day


class Named:
    phases = (Phase(1, "x", date(2026, 1, 1), date(2027, 7, 27)),)


def test_the_deployments_terms_win_and_faults_are_named(tmp_path):
    faults = []
    assert load_terms(tmp_path, Named, faults) == Terms(date(2027, 7, 27), USUAL)
    (tmp_path / "retention.toml").write_text("closing = 2028-01-01\n[keep]\ntip = { months = 6 }\n")
    found = load_terms(tmp_path, Named, faults)
    assert (found.closing, found.by_kind[Kept.TIP], faults) == (date(2028, 1, 1), Term(6), [])
    (tmp_path / "retention.toml").write_text("[keep]\ntips = { months = 6 }\ndna = { months = 0 }\n")
    load_terms(tmp_path, Named, faults)
    assert {fault.file for fault in faults} == {"retention.toml"}
    assert len(faults) == 2
