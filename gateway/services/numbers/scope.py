"""From an actor and a period to the rows that may be counted."""

from datetime import timedelta

from gateway.deployment import Deployment
from gateway.domain.period import Period
from gateway.domain.permission import Action, Actor
from gateway.domain.window import moment_of
from gateway.services.reports import stretches
from gateway.storage.numbers import Scope


def commune_for(actor: Actor, commune: str | None) -> str | None:
    """Whose rows `actor` counts: those asked for, else all that they see. Raises Forbidden."""
    actor.need(Action.NUMBERS_READ, commune)
    return actor.communes if commune is None else commune


def scope_of(deployment: Deployment, period: Period, commune: str | None) -> Scope:
    """The rows of a period, all of it on the deployment's calendar."""
    zone = deployment.campaign.timezone
    start, end = moment_of(period.first, 0, zone), moment_of(period.last + timedelta(days=1), 0, zone)
    villages = tuple(each.code for each in deployment.villages.values() if each.commune == commune)
    return Scope(start, end, 0, period.first.isoformat(), period.last.isoformat(), commune, villages)


def day_scopes(deployment: Deployment, period: Period, commune: str | None) -> list[Scope]:
    """The same rows in stretches of one offset from UTC, for sums by day: nearly always one."""
    whole = scope_of(deployment, period, commune)
    return [
        Scope(start, until, offset, whole.first, whole.last, commune, whole.villages)
        for start, until, offset in stretches(period.first, period.last, deployment.campaign.timezone)
    ]


def placements_in(deployment: Deployment, commune: str | None) -> list[str]:
    """Codes of the placements, of one commune or of all."""
    villages = deployment.villages
    return [
        each.code
        for each in deployment.placements
        if commune is None or (each.village in villages and villages[each.village].commune == commune)
    ]
