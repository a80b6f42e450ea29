"""A new contract: does the carrier take our credentials, which addresses must it be given, does a first SMS come back as delivered."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from gateway.carriers.contracts import tells_hook
from gateway.carriers.protocol import Balance, Carrier, asks_balance
from gateway.carriers.template_data import filled
from gateway.carriers.wire import HttpRequest, HttpResponse, LostAnswer, NotSent
from gateway.domain.failure import Failure, Refused
from gateway.domain.message import OPEN, MtState
from gateway.domain.msisdn import Msisdn
from gateway.services.refusal import Refusal
from gateway.services.routes import Route
from gateway.services.sends import Order, enqueue
from gateway.storage import outbox
from gateway.storage.database import Database

Send = Callable[[HttpRequest], Awaitable[HttpResponse]]
FIELD: Final = "thu"  # what stands in a template's fields
WORDS: Final = "Tin thu cua Tin Bao. Xin khong tra loi."  # GSM 7-bit, one segment, no promise and no question


# --- does it take our credentials? ---


@dataclass(frozen=True, slots=True)
class Probed:
    """What a route's carrier said to a call that sends nothing. `stands`: it took our account; None: it can't be asked so."""

    route: str
    carrier: str
    stands: bool | None
    balance: Balance | None = None
    why: str = ""
    remedy: str = ""

    @property
    def words(self) -> str:
        """One line for a person; never a password."""
        if self.stands is None:
            return f"{self.route} ({self.carrier}): no call of this carrier's sends nothing; only a test message shows more"
        if not self.stands:
            return f"{self.route} ({self.carrier}): {self.why}. {self.remedy}"
        left = f", {self.balance.amount:,f} {self.balance.currency}".rstrip() if self.balance and self.balance.amount is not None else ""
        return f"{self.route} ({self.carrier}): takes our account{f'{left} left' if left else ''}"


async def probe(route: Route, send: Send) -> Probed:
    """Ask the carrier of `route` by the call that sends nothing, where it has one. Never raises for what comes back, or doesn't."""
    name, carrier = route.carrier.NAME, route.carrier
    if not asks_balance(carrier):
        return Probed(route.name, name, None)
    try:
        found = carrier.parse_balance(await send(carrier.build_balance(route.account)))
    except (NotSent, LostAnswer) as why:
        return Probed(
            route.name, name, False, why=f"no answer ({why})", remedy="Look at url, at the firewall and at the carrier's list of addresses"
        )
    if isinstance(found, Balance):
        return Probed(route.name, name, True, found)
    return Probed(route.name, name, False, why=f"it answers {found.code}", remedy=_remedy(found))


def _remedy(refused: Refused) -> str:
    if refused.code in ("http-404", "http-405") or refused.code.startswith("http-3"):
        return "Look at url: nobody knows this path there"
    match refused.kind:
        case Failure.MISCONFIGURED:
            return "Look at user name, password and options, and whether the carrier knows our address"
        case Failure.THROTTLED:
            return "Ask again in a minute"
        case _:
            return "Ask again; if it stays so, ask the carrier what the word means"


async def probe_all(routes: Sequence[Route], send: Send) -> list[Probed]:
    """All of `routes` at the same time, in their order."""
    return list(await asyncio.gather(*(probe(route, send) for route in routes)))


# --- which addresses must it be given? ---


@dataclass(frozen=True, slots=True)
class Callback:
    """An address of ours for the carrier. `kind`: mo, dlr, ussd or zalo. It holds the hook's secret. `note`: what to do with it."""

    kind: str
    url: str = field(repr=False)
    note: str


def callbacks_of(route: Route, base_url: str, hook_secret: str, *, ussd: str = "") -> tuple[Callback, ...]:
    """What the carrier of `route` is to be given. Pure."""
    can = route.carrier.CAPABILITIES
    if not can.addresses.startswith("+"):
        return (Callback("zalo", f"{base_url}/hooks/{route.name}/zalo", "the webhook; give it to the carrier"),) if can.mo else ()
    given = "give it to the carrier"
    found = [("mo", can.mo, given), ("dlr", can.dlr, _report_note(route.carrier, route)), ("ussd", bool(ussd), given)]
    return tuple(Callback(kind, _hook(base_url, route.name, kind, hook_secret), note) for kind, there, note in found if there)


def _report_note(carrier: Carrier, route: Route) -> str:
    return "travels with each message: nothing to do" if tells_hook(carrier, route.account.options) else "give it to the carrier"


def _hook(base_url: str, route: str, kind: str, secret: str) -> str:
    return f"{base_url}/hooks/{route}/{kind}" + (f"?secret={quote(secret, safe='')}" if secret else "")


# --- does a first SMS come back? ---


@dataclass(frozen=True, slots=True)
class Trial:
    """How the test SMS stands: the MT's state, its code where it has one, and whether anything more is to be waited for."""

    state: str
    over: bool


def words_for(route: Route) -> str:
    """What a test says: our words, or those of the registered template where a carrier takes nothing else."""
    template = route.account.options.get("template", "")
    return filled(template, FIELD) if template else WORDS


async def send_test(database: Database, route: Route, to: Msisdn, id_: str, now: int, words: str | None = None) -> None:
    """Queue one message by `route`, `words` or our own. Raises Refusal: the person said stop, the route doesn't reach them."""
    taken = await enqueue(database, route, Order(id_, (to,), words or words_for(route)), now)
    if taken.opted_out:
        raise Refusal(f"{to} said stop and gets nothing more; name another number of your own")


async def standing(database: Database, id_: str, now: int, *, reports: bool) -> Trial:
    """How it stands now, reports that came meanwhile matched. `reports`: the carrier tells of delivery, so "sent" is not the end."""
    await database.write(lambda connection: outbox.match_dlrs(connection, now))
    async with database.read() as connection:
        counts = await outbox.counts(connection, send_id=id_)
    state = next((each for each in MtState if counts[each.value]), MtState.QUEUED)
    return Trial(state.value, state not in OPEN and not (state in (MtState.SENT, MtState.UNCERTAIN) and reports))
