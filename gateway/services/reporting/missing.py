"""Whose monthly report has not gone up by its day (HT "thực hiện đầy đủ chế độ báo cáo", field.md H71)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from gateway.deployment import Deployment
from gateway.domain.period import Period, month_of
from gateway.domain.permission import Action, Actor
from gateway.domain.text_signs import unaccented
from gateway.number_rules import NumberRules
from gateway.storage import report_book
from gateway.storage.database import Database
from gateway.storage.report_book import DRAFT, SENT


@dataclass(frozen=True, slots=True)
class Missing:
    """A commune whose report is due or overdue. `state`: none | draft | signed; `days`: past the day it was due, below 0 before it."""

    commune: str
    period: Period
    state: str
    days: int


def due_period(today: date, rules: NumberRules) -> Period:
    """The month whose report was due last, or is due within three days."""
    soon = today + timedelta(days=3)
    period = month_of(soon, rules.reading, rules.day)
    while period.due is not None and period.due > soon:
        period = month_of(period.first - timedelta(days=1), rules.reading, rules.day)
    return period


async def missing(database: Database, deployment: Deployment, actor: Actor, rules: NumberRules, today: date) -> list[Missing]:
    """The communes of `actor` that have not sent the report due last; none before the campaign's first is due. Raises Forbidden."""
    actor.need(Action.NUMBERS_READ)
    return await missing_in(database, deployment, rules, today, actor.communes)


async def missing_in(database: Database, deployment: Deployment, rules: NumberRules, today: date, commune: str | None) -> list[Missing]:
    """The same for one commune, or for all (None), without an actor: for the doctor and the duty list."""
    period = due_period(today, rules)
    if period.due is None or period.due < deployment.campaign.day_one:
        return []
    first, last = period.first.isoformat(), period.last.isoformat()
    async with database.read() as connection:
        rows = await report_book.of_period(connection, period.kind.value, first, last)
        foreign = await report_book.taken(connection, period.kind.value, first, last)
    asked = deployment.communes if commune is None else [commune]
    days = (today - period.due).days
    sent = {code for code, row in rows.items() if row.state == SENT} | set(foreign)
    return [Missing(code, period, rows[code].state if code in rows else "none", days) for code in asked if code not in sent]


async def any_reports(database: Database) -> bool:
    """Whether this installation makes or takes reports at all: where it doesn't, none is missed."""
    async with database.read() as connection:
        return await report_book.any_reports(connection)


def duty_text(found: Sequence[Missing], names: dict[str, str]) -> str:
    """An SMS to who is on duty, GSM-7: "Bao cao thang 11 nam 2026 (han 25/11) con thieu: xa A, xa B". "" where nothing is missing."""
    if not found:
        return ""
    period = found[0].period
    due = f"{period.due:%d/%m}" if period.due else ""
    communes = [names.get(each.commune, each.commune) for each in found]
    shown = ", ".join(communes[:3]) + (f" va {len(communes) - 3} xa khac" if len(communes) > 3 else "")
    return unaccented(f"Tin Bao: bao cao {period.name} (han {due}) con thieu: {shown}")


STATE_WORDS = {"none": "chưa lập", DRAFT: "bản thảo", "signed": "đã ký, chưa gửi"}
