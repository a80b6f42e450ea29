"""`tinbao check --online`: each enabled route's carrier is asked by a call that sends nothing. The network only when asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from gateway.cli.context import run
from gateway.domain.fault import Fault

if TYPE_CHECKING:
    from gateway.services.onboarding import Probed
    from gateway.settings import Settings

LONGEST_S: Final = 15.0  # to a connection, and again for an answer


def probed(settings: Settings, names: Sequence[str]) -> list[Probed]:
    """The routes called `names`, asked at the same time. What other routes lack of the environment is no matter."""
    return run(_probed(settings, names))


async def _probed(settings: Settings, names: Sequence[str]) -> list[Probed]:
    from gateway.sending import routes_of
    from gateway.services.onboarding import probe_all
    from gateway.transport import http_sender

    asked = tuple(each for each in settings.routes if each.name in names)
    if not asked:
        return []
    async with http_sender(timeout_s=min(settings.service.carrier_timeout_s, LONGEST_S)) as send:
        return await probe_all(routes_of(replace(settings, routes=asked, route_faults=())), send)


def row_of(each: Probed) -> dict[str, Any]:  # Any: JSON leaves here
    """A probe for JSON."""
    balance = each.balance
    left = {"balance": str(balance.amount), "currency": balance.currency} if balance is not None and balance.amount is not None else {}
    return {"route": each.route, "carrier": each.carrier, "stands": each.stands, **left, **({"why": each.why} if each.why else {})}


def fault_of(each: Probed) -> Fault:
    """A probe that failed."""
    return Fault("gateway.toml", None, f"routes {each.route}", f"{each.carrier}: {each.why}", each.remedy)
