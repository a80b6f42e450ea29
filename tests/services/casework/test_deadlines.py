"""Who is late: each step by its own term, in one's own commune, and nothing of what one may not see."""

import time
from datetime import UTC, date, datetime

import pytest

from gateway.deadline_terms import load_terms
from gateway.deployment import BadDeployment
from gateway.domain.case_file import Outcome
from gateway.domain.deadline import DEFAULTS, Step, Terms
from gateway.domain.permission import Role
from gateway.services.casework import adn, cases, commendations, deadlines, evidence, witnesses
from gateway.services.casework.commendations import Proposal
from gateway.services.casework.evidence import HandOver, TakenOver
from gateway.services.casework.witnesses import Visit
from gateway.storage import alerts, tips
from gateway.storage.database import Database
from gateway.storage.registers import NewWitness
from tests.services.casework.people import HERE, THERE, ZONE, came_to, officer, opened, searched, told, verifier
from tests.services.casework.test_adn import registered
from tests.services.people import deployment
from tests.services.tip_rows import make_tip

TERMS = Terms(DEFAULTS)
DAY = 24 * 3_600_000


def at(day: int, hour: int = 9, month: int = 11) -> int:
    """Epoch ms of an hour in Hanoi, November 2026."""
    return int(datetime(2026, month, day, hour - 7 if hour >= 7 else hour, tzinfo=UTC).timestamp() * 1000)


async def late(database: Database, now: int, commune: str | None = HERE) -> dict[Step, int]:
    async with database.read() as connection:
        return deadlines.counted(await deadlines.late(connection, commune, TERMS, ZONE, now))


async def test_a_tip_is_to_be_read_within_two_working_days(database: Database) -> None:
    """Friday evening's is due on Tuesday, whatever the hour; who has read it is not late."""
    code = await told(database, at=at(20, 18))
    assert await late(database, at(24, 23)) == {}
    assert await late(database, at(25)) == {Step.FIRST_READING: 1}
    assert await late(database, at(25), THERE) == {}
    assert await late(database, at(25), None) == {Step.FIRST_READING: 1}
    await database.write(lambda connection: connection.execute(tips.tip.update().where(tips.tip.c.code == code).values(state="sorted")))
    assert await late(database, at(25)) == {}


async def test_an_urgent_tip_is_late_from_the_first_minute(database: Database) -> None:
    tip = await make_tip(database, "gap bom", at=at(20, 10), urgent="uxo")
    await database.write(lambda connection: alerts.raise_(connection, tip, "uxo", at(20, 10)))
    assert await late(database, at(20, 11)) == {Step.URGENT: 1}


async def test_each_step_of_casework_has_its_term(database: Database) -> None:
    """One of each, looked at the day before and the day after."""
    actor = await officer(database, "Vi Văn Mẫu", Role.VERIFIER, Role.CUSTODIAN)
    await opened(database, actor, await told(database, at=at(2)), now=at(2))  # nobody goes out: 10 working days are 16/11
    code = await told(database, at=at(2), may_publish=True)
    case = await opened(database, actor, code, now=at(2))
    await searched(database, actor, case, now=at(3))
    await came_to(database, actor, case, Outcome.RECOVERED, now=at(3))
    await commendations.propose(database, actor, case, Proposal(code, "x", "x", "may_publish"), ZONE, at(3))  # 10: 17/11
    shown = await cases.show_case(database, actor, case)
    await cases.plan_field_work(database, actor, case, shown.case.version, date(2026, 11, 13), "Tổ", at(3))  # reported by 17/11
    piece = await evidence.take_over(database, actor, TakenOver("paper", "x", "x", "x", "x", "x"), ZONE, at(3))
    await evidence.hand_over(database, actor, piece, 1, HandOver(None, "Viện", "x", "x"), at(16))  # confirmed by 17/11
    old = await witnesses.add_witness(database, actor, NewWitness(HERE, "90", "x", 1936), date(2026, 11, 10), at(10))  # 7 days: 17/11
    await witnesses.add_witness(database, actor, NewWitness(HERE, "50", "x", 1976), date(2026, 11, 10), at(10))
    await registered(database)
    await database.write(lambda connection: connection.execute(tips.tip.update().values(state="sorted")))
    assert Step.OLD_WITNESS not in await late(database, at(17, 22))
    assert await late(database, at(18)) == {
        Step.FIELD_WORK: 1, Step.FIELD_REPORT: 1, Step.OLD_WITNESS: 1, Step.CUSTODY: 1, Step.COMMENDATION: 1,
    }  # fmt: skip
    await witnesses.plan_visit(database, actor, old, 1, Visit("Anh Thử", date(2026, 12, 30)), at(18))
    assert Step.OLD_WITNESS in await late(database, at(18))  # a later day does not move the term of the old


async def test_an_appointment_that_went_by_is_late_to_who_may_know(database: Database) -> None:
    """A reader's page does not tell that there is a registration."""
    custodian, reader = await officer(database, "Mã Thị Định", Role.CUSTODIAN), await officer(database, "Đàm Thị Lệ", Role.READER)
    code = await registered(database)
    await adn.accompany(database, custodian, code, 0, "Chị Thử", "mẹ", at(18))
    await adn.appoint(database, custodian, code, 1, ("20/11/2026", "08:00"), "Trạm", False, ZONE, at(18))
    seen = await deadlines.list_late(database, custodian, TERMS, ZONE, at(25))
    assert [(each.step, each.name, each.path) for each in seen if each.step in deadlines.OF_ADN] == [
        (Step.APPOINTMENT, code, f"/desk/adn/{code}")
    ]
    assert not [each for each in await deadlines.list_late(database, reader, TERMS, ZONE, at(25)) if each.step in deadlines.OF_ADN]
    assert set(deadlines.SEEN_WITH) == set(Step)


async def test_people_are_told_what_is_theirs(database: Database) -> None:
    actor = await verifier(database)
    await opened(database, actor, await told(database, at=at(2)), now=at(2))  # a tip of a case was read
    await told(database, at=at(2))
    found = await deadlines.list_late(database, actor, TERMS, ZONE, at(25))
    people = deadlines.by_person(found)
    assert [each.step for each in people[actor.name]] == [Step.FIELD_WORK]
    assert [each.step for each in people[""]] == [Step.FIRST_READING]
    assert list(people) == [actor.name, ""]


async def test_looking_costs_little(database: Database) -> None:
    """Compiled once, asked often, by the head bar of every page."""
    await opened(database, await verifier(database), now=at(2))
    async with database.read() as connection:
        await deadlines.late(connection, HERE, TERMS, ZONE, at(25))
        spent = []
        for _ in range(5):
            began = time.thread_time()
            await deadlines.late(connection, HERE, TERMS, ZONE, at(25))
            spent.append(time.thread_time() - began)
    assert min(spent) < 0.1


def test_the_shipped_terms_are_the_defaults():
    terms = load_terms(deployment().path)
    assert terms.of == DEFAULTS
    assert not terms.is_working(date(2026, 9, 2))
    assert terms.is_working(date(2026, 8, 22))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("[terms]\nfirst_reading = { working_days = 2, days = 2 }", "either"),
        ("[terms]\nfirst_redaing = { days = 2 }", "first_re"),
        ("[terms]\nwitness = { days = -1 }", "witness"),
        ("holidays = ['Tet']", "holidays"),
        ("holidays = [2026-01-01", "deadlines.toml"),
    ],
)
def test_a_faulty_file_names_its_line(tmp_path, words, said):
    (tmp_path / "deadlines.toml").write_text(words)
    with pytest.raises(BadDeployment, match=said) as raised:
        load_terms(tmp_path)
    assert raised.value.faults[0].line is not None


def test_a_deployment_may_set_one_term(tmp_path):
    (tmp_path / "deadlines.toml").write_text("[terms]\nold_witness = { days = 3 }")
    terms = load_terms(tmp_path)
    assert terms.due(Step.OLD_WITNESS, date(2026, 11, 20)) == date(2026, 11, 23)
    assert terms.of[Step.WITNESS] == DEFAULTS[Step.WITNESS]
