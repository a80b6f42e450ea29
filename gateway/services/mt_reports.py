"""What became of an MT, told to the client that sent it: by its dlr-url as Kannel would, by its webhook as `mt.settled`.

Nothing on the way of an MT knows of this. Who wants to hear has a row of `mt_report`; the loop compares these rows with their MTs, so
whatever moves an MT (an answer, a report, a person, its end) is told, and sending costs no statement more.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain import kannel_escapes as kannel
from gateway.domain.callback_target import fault_of, host_of
from gateway.domain.jasmin_report import Fate, JasminReport, call_of
from gateway.domain.kannel_escapes import Told
from gateway.domain.message import MtState
from gateway.services.outward import Callback, event, queue
from gateway.services.refusal import Refusal
from gateway.storage import callbacks as rows
from gateway.storage import clients as client_rows
from gateway.storage.callbacks import NewReport, Noted, Report
from gateway.storage.clients import Client
from gateway.storage.database import Database

SETTLED: Final = "mt.settled"
JASMIN: Final = "jasmin:"  # how the keys of calls begin that want Jasmin's answer
A_ROUND: Final = 500
_LATE_MS: Final = 3 * 86_400_000  # after an MT was worth sending: a report that comes later is told to nobody


@dataclass(frozen=True, slots=True)
class WantedReport:
    """What a client wants to hear of an MT (its id): calls to `url`, with Kannel's escapes, for the bits of `mask`.

    `reference`: the client's own name for it.
    """

    mt: int
    mask: int = 0
    url: str | None = field(default=None, repr=False)
    method: str = "GET"
    reference: str | None = field(default=None, repr=False)


def check_report_url(client: Client, url: str) -> None:
    """Raises Refusal for a dlr-url that could not be called once it is filled in. No escape chooses the host."""
    sample = Told("+84300000000", "8088", "ACK/", 0, "0" * 16, "r", client.name)
    if why := fault_of(kannel.fill(url, sample) if "%" not in host_of(url) else "", client.callback_hosts):
        raise Refusal(f"dlr-url: {why}")


async def want_reports(connection: AsyncConnection, client: Client, wanted: Sequence[WantedReport], now: int) -> None:
    """In the unit that queued the MTs: from now on `client` is told of them, where it asked for that or has a webhook for it."""
    told = SETTLED in client.events and client.webhook_url is not None
    new = [
        NewReport(
            each.mt, client.id, client.commune, each.mask & kannel.ALL, each.url, each.method, each.reference, told
        )
        for each in wanted
        if told or (each.url and each.mask & kannel.ALL)
    ]  # fmt: skip
    await rows.want(connection, new, now)


async def want_report(
    connection: AsyncConnection, mt_id: int, client: Client, mask: int, url: str | None, method: str = "GET", *, now: int
) -> None:
    """The same for one MT."""
    await want_reports(connection, client, [WantedReport(mt_id, mask, url, method)], now)


# --- telling ---


async def tell_reports(database: Database, sender_ids: Mapping[str, str], now: int) -> int:
    """Queue what is new of MTs that somebody wants to hear of; how many have moved. Writes only where there is something.

    `sender_ids`: what MTs of a route show as their origin, by the route's name. Raises StorageDown.
    """
    async with database.read() as connection:
        some = await rows.moved(connection, 1) or await rows.held_up(connection, 1)
    if not some:
        return 0

    async def unit(connection: AsyncConnection) -> int:
        moved = await rows.moved(connection, A_ROUND, lock=True)
        known = {each.client.id: each.client for each in await client_rows.everybody(connection) if each.revoked_at is None}
        waiting = {each.mt for each in moved}
        held = [each for each in await rows.held_up(connection, A_ROUND, lock=True) if each.mt not in waiting]
        calls: list[Callback] = []
        noted: list[Noted] = []
        for report, bits in [*((each, _bits(each)) for each in moved), *((each, kannel.BUFFERED) for each in held)]:
            if (client := known.get(report.client)) is not None:
                calls += _calls(client, report, bits, sender_ids.get(report.route, ""), now)
            noted.append(Noted(report.mt, report.told | bits, report.state, now if client is None or rows.is_over(report) else None))
        await queue(connection, *calls, now=now)
        await rows.note(connection, noted)
        return len(noted)

    return await database.write(unit)


def _bits(report: Report) -> int:
    """What Kannel would have said of an MT by now."""
    match MtState(report.state):
        case MtState.SENT:
            return kannel.ACCEPTED
        case MtState.DELIVERED:
            return kannel.ACCEPTED | kannel.DELIVERED
        case MtState.FAILED if report.failure is None:  # the carrier took it, and reported on it
            return kannel.ACCEPTED | kannel.FAILED
        case MtState.FAILED | MtState.EXPIRED | MtState.CANCELLED | MtState.SUPPRESSED:
            return kannel.REJECTED
        case _:  # uncertain: nobody knows yet
            return 0


def _calls(client: Client, report: Report, bits: int, sender_id: str, now: int) -> Iterator[Callback]:
    new = bits & report.mask & ~report.told if report.url else 0
    for bit in (kannel.BUFFERED, kannel.ACCEPTED, kannel.REJECTED, kannel.FAILED, kannel.DELIVERED):
        if new & bit:
            if (jasmin := JasminReport.of(report.url or "")) is not None:
                fate = Fate(report.ref, bit, report.route, report.carrier_ref, report.code or "", report.sent_at, now)
                address, headers, body = call_of(jasmin, report.method, fate)
                yield Callback(client, "dlr", report.method, address, f"{JASMIN}{report.mt}:{bit}", headers, body, bidx=report.bidx)
                continue
            url = kannel.fill(report.url or "", _told(client, report, bit, sender_id, now))
            yield Callback(client, "dlr", report.method, url, f"dlr:{report.mt}:{bit}", bidx=report.bidx)
    if report.event and bits != kannel.BUFFERED:
        data = {
            "mt": report.ref, "reference": report.reference, "state": report.state, "code": report.code or None,
            "segments": report.segments, "sent_at": report.sent_at,
        }  # fmt: skip
        yield event(client, SETTLED, f"{SETTLED}:{report.ref}:{report.state}", now, data)


def _told(client: Client, report: Report, bit: int, sender_id: str, now: int) -> Told:
    """What the dlr-url says. Kannel puts the SMSC's reply into the text: "ACK/" or "NACK/…" of a submission."""
    said = {kannel.ACCEPTED: "ACK/", kannel.REJECTED: f"NACK/{report.code or ''}"}.get(bit, report.code or "")
    return Told(report.msisdn, sender_id, said, now, report.ref, report.route, client.name, bit, report.carrier_ref or "")


async def sweep_reports(database: Database, now: int, keep_ms: int) -> None:
    """Close what nobody will report on any more, and drop what was closed `keep_ms` ago."""
    while await database.write(lambda connection: rows.give_up(connection, now - _LATE_MS, now)):
        pass
    while await database.write(lambda connection: rows.forget_reports(connection, now - keep_ms)):
        pass
