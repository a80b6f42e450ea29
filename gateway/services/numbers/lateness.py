"""How much is late, by step: counts only, for people who read numbers and no names."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta

from gateway.deployment import Deployment
from gateway.domain.deadline import Step, Terms
from gateway.domain.permission import Action, Actor
from gateway.domain.print_cell import BANNER_DAYS
from gateway.services.casework.deadlines import OF_ADN, counted, late
from gateway.storage import numbers
from gateway.storage.database import Database


async def late_counts(database: Database, actor: Actor, terms: Terms, timezone: str, now: int) -> Mapping[Step, int]:
    """How many are late by step in what `actor` counts; of the restricted book only for its readers. Raises Forbidden."""
    actor.need(Action.NUMBERS_READ)
    async with database.read() as connection:
        found = counted(await late(connection, actor.communes, terms, timezone, now))
    return found if actor.may(Action.ADN_READ) else {step: n for step, n in found.items() if step not in OF_ADN}


async def hanging_long(database: Database, deployment: Deployment, actor: Actor, today: date) -> Mapping[str, int]:
    """How many of each piece hang longer than a banner may, whatever the piece is. Raises Forbidden."""
    actor.need(Action.NUMBERS_READ)
    last = today - timedelta(days=BANNER_DAYS)
    async with database.read() as connection:
        hanging = set(await numbers.hung_since(connection, actor.communes, last.isoformat()))
    return Counter(each.piece for each in deployment.placements if each.code in hanging) if hanging else {}
