"""Who is late with what: by the deployment's terms, for one page, for the first page's count and for reports."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.deadline import Late, Step, Terms
from gateway.domain.permission import Action, Actor
from gateway.services.casework.common import local_day
from gateway.services.casework.witnesses import OLD
from gateway.storage import late as rows
from gateway.storage.database import Database
from gateway.storage.late import ToVisit, Waiting, Which

_WAITING: Final = (
    (Step.URGENT, Which.URGENT, "/desk/tips/{name}"),
    (Step.FIRST_READING, Which.UNREAD, "/desk/tips/{name}"),
    (Step.FIELD_WORK, Which.IDLE_CASES, "/desk/cases/{id}"),
    (Step.CUSTODY, Which.UNCONFIRMED, "/desk/cases/evidence/{id}"),
    (Step.COMMENDATION, Which.UNSIGNED, "/desk/commendations/{id}"),
    (Step.COMPANION, Which.ALONE, "/desk/adn/{name}"),
    (Step.APPOINTMENT, Which.GONE_BY, "/desk/adn/{name}"),
)
OF_ADN: Final = frozenset({Step.COMPANION, Step.APPOINTMENT})  # a restricted book: only its readers learn that it is late
SEEN_WITH: Final = {  # whoever may not do this learns nothing of the step
    Step.URGENT: Action.TIP_READ,
    Step.FIRST_READING: Action.TIP_READ,
    Step.FIELD_WORK: Action.CASE_READ,
    Step.FIELD_REPORT: Action.CASE_READ,
    Step.CUSTODY: Action.CASE_READ,
    Step.COMMENDATION: Action.COMMEND_SIGN,
    Step.OLD_WITNESS: Action.REGISTER_WORK,
    Step.WITNESS: Action.REGISTER_WORK,
    Step.HAND_OVER: Action.HAND_OVER_PREPARE,
    Step.COMPANION: Action.ADN_READ,
    Step.APPOINTMENT: Action.ADN_READ,
}


async def list_late(database: Database, actor: Actor, terms: Terms, timezone: str, now: int) -> list[Late]:
    """What is late of what `actor` may see, the latest first."""
    async with database.read() as connection:
        found = await late(connection, actor.communes, terms, timezone, now)
    return [each for each in found if actor.may(SEEN_WITH[each.step])]


async def late(connection: AsyncConnection, communes: str | None, terms: Terms, timezone: str, now: int) -> list[Late]:
    """All that is late in a commune (None: in all), the latest first. For people filter it by `SEEN_WITH`; for counts use `counted`."""
    today = local_day(now, timezone)
    found: list[Late] = []
    for step, which, path in _WAITING:
        # An urgent tip is late from the first minute; of the others only rows can be late that began before today.
        before = now if step is Step.URGENT else _midnight(today, timezone)
        waiting = await rows.waiting(connection, which, communes, before)
        found += _late(step, waiting, path, terms, timezone, today)
    overdue = await rows.waiting(connection, Which.NO_RECEIPT, communes, now)
    found += [_hand_over(each, terms, timezone, today) for each in overdue]
    found += await _field_reports(connection, communes, terms, today)
    found += _visits(await rows.to_visit(connection, communes), terms, timezone, today)
    return sorted(found, key=lambda each: (each.step is not Step.URGENT, -each.days, each.due, each.name))


def counted(found: Sequence[Late]) -> dict[Step, int]:
    """How many are late by step: for reports, which name nobody."""
    return {step: number for step in Step if (number := sum(each.step is step for each in found))}


def by_person(found: Sequence[Late]) -> dict[str, list[Late]]:
    """What is late by who has it; "" where nobody has."""
    people: dict[str, list[Late]] = {}
    for each in sorted(found, key=lambda late_: (late_.who == "", late_.who)):
        people.setdefault(each.who, []).append(each)
    return people


def _late(step: Step, waiting: Sequence[Waiting], path: str, terms: Terms, timezone: str, today: date) -> Iterator[Late]:
    for each in waiting:
        due = terms.due(step, local_day(each.at, timezone))
        days = terms.days_late(step, due, today)
        if days or step is Step.URGENT:
            yield Late(step, each.name, path.format(name=each.name, id=each.id), each.commune, each.who or "", due, days)


def _hand_over(each: Waiting, terms: Terms, timezone: str, today: date) -> Late:
    """Its own clock says when it was due."""
    due = local_day(each.at, timezone)
    days = terms.days_late(Step.HAND_OVER, due, today)
    return Late(Step.HAND_OVER, each.name, f"/desk/hand-overs/{each.id}", each.commune, each.who or "", due, days)


async def _field_reports(connection: AsyncConnection, communes: str | None, terms: Terms, today: date) -> list[Late]:
    found = []
    for each in await rows.planned_before(connection, communes, today.isoformat()):
        due = terms.due(Step.FIELD_REPORT, date.fromisoformat(each.day))
        if days := terms.days_late(Step.FIELD_REPORT, due, today):
            found.append(Late(Step.FIELD_REPORT, each.number, f"/desk/cases/{each.case}", each.commune, each.who, due, days))
    return found


def _visits(waiting: Sequence[ToVisit], terms: Terms, timezone: str, today: date) -> Iterator[Late]:
    """A day that was agreed on counts where it lies before the term's."""
    for each in waiting:
        step = Step.OLD_WITNESS if is_pressing(each, today) else Step.WITNESS
        due = terms.due(step, local_day(each.created_at, timezone))
        if each.visit_by is not None:
            due = min(due, date.fromisoformat(each.visit_by)) if step is Step.OLD_WITNESS else date.fromisoformat(each.visit_by)
        if days := terms.days_late(step, due, today):
            yield Late(step, f"số {each.id}", f"/desk/registers/witnesses/{each.id}", each.commune, each.visitor or "", due, days)


def is_pressing(each: ToVisit, today: date) -> bool:
    """Over 80 this year, or very ill."""
    return each.urgency == "now" or (each.birth_year is not None and today.year - each.birth_year >= OLD)


def _midnight(today: date, timezone: str) -> int:
    """When `today` begins there (epoch ms)."""
    return int(datetime(today.year, today.month, today.day, tzinfo=ZoneInfo(timezone)).timestamp() * 1000)
