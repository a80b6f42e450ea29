"""`tinbao wave approve`: the second person's yes, here or by SMS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.context import Door, fail, opened, run
from gateway.cli.faults import AsJson
from gateway.cli.passphrase import ask
from gateway.cli.stated import Day, Number, both_or_none, stated_document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.cli.context import Opened
    from gateway.domain.document import Document
    from gateway.services.approvals import Proposal


def add_commands(wave: typer.Typer) -> None:
    """Add `approve` to `wave`."""
    wave.command("approve", help="Approve another person's wave: shows what it is, then asks for the passphrase, or asks by SMS.")(approve)


def approve(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The wave.", show_default=False)],
    as_: Annotated[str | None, typer.Option("--as", help="The approver, here at the keyboard.")] = None,
    by_sms: Annotated[str | None, typer.Option("--by-sms", help="The approver to ask by SMS; DUYET and a code answer it.")] = None,
    document: Number = None,
    document_date: Day = None,
    as_json: AsJson = False,
) -> None:
    door: Door = ctx.obj
    if (as_ is None) is (by_sms is None):
        fail("name the approver: --as NAME to type the passphrase here, --by-sms NAME to ask by SMS", 2)
    both_or_none(document, document_date)
    result = run(_approve(door, name, as_, by_sms, document, document_date))
    if as_json or door.json:
        typer.echo(json.dumps(result, ensure_ascii=False))
    elif as_ is not None:
        typer.echo(f"{name} is approved by {result['approver']}; next: tinbao wave start {name}")
    else:
        typer.echo(f"{result['approver']} was asked at {result['phone']}; the answer may come within 24 hours")


async def _approve(door: Door, name: str, here: str | None, away: str | None, number: str | None, day: str | None) -> dict[str, Any]:
    """What was done, as JSON. Any: JSON."""
    from gateway.sending import now_ms, routes_of
    from gateway.services import approvals, users

    async with opened(door) as it:
        routes = routes_of(it.settings)
        paper = stated_document(number, day, it.deployment.campaign.timezone)
        proposal = await approvals.look(it.database, routes, name, paper)
        for line in lines_of(proposal, it.deployment.campaign.timezone):
            typer.echo(line, err=True)
        if here is None:
            return await _ask_by_sms(it, proposal, away or "", paper)
        user = await users.check(it.database, here, ask(f"Passphrase of {here}"), now_ms())
        done = await approvals.approve(it.database, routes, name, user, now_ms(), document=paper, seen=proposal.hash)
        return {
            "wave": name, "approver": user.name, "way": done.way, "fingerprint": done.hash.hex(), "document": done.document,
            "document_date": done.document_date, "at": done.at,
        }  # fmt: skip


async def _ask_by_sms(it: Opened, proposal: Proposal, approver: str, document: Document | None) -> dict[str, Any]:  # Any: JSON
    from gateway.sending import now_ms, routes_of
    from gateway.services.approval_sms import ask_by_sms
    from gateway.services.replies import load_replies

    asked = await ask_by_sms(
        it.database, routes_of(it.settings), load_replies(it.deployment), proposal.wave.name, approver, now_ms(), document=document,
        seen=proposal.hash,
    )  # fmt: skip
    return {
        "wave": asked.wave.name, "approver": asked.approver.name, "phone": str(asked.phone), "route": asked.route,
        "expires_at": asked.expires_at,
    }  # fmt: skip


def lines_of(proposal: Proposal, timezone: str) -> list[str]:
    """What the approver reads before the passphrase: all that the fingerprint stands for."""
    from gateway.domain.cost import vnd

    wave, route = proposal.wave, proposal.route
    ways = " → ".join((route.name, *route.fallback))
    ceiling = f"ceiling {vnd(wave.cost_ceiling)}" if wave.cost_ceiling is not None else "no ceiling"
    return [
        f"wave {wave.name}, {wave.kind.value}, planned by {proposal.planner.name if proposal.planner else 'nobody named'}",
        *(f"text [{language}]: {template}" for language, template in wave.texts.items()),
        *(f"e.g. [{each.language}]: {each.text} ({each.segments} segments)" for each in proposal.samples),
        f"audience: {wave.audience:,} people{_whom(wave.audience_rule)}",
        f"segments: {wave.segments:,}, at most {wave.max_segments} a message; cost {vnd(proposal.cost)}, {ceiling}",
        f"hours: {wave.window}, {_start(wave.starts_at, timezone)}; pace: {_pace(wave.pace_limit)}; {_ramp(proposal)}",
        f"route: {ways}, from {route.account.sender_id or 'the carrier’s number'}, {vnd(route.price_vnd)} a segment",
        f"document: {wave.document or 'none'} {wave.document_date or ''}".rstrip(),
        f"fingerprint: {proposal.mark}",
    ]


def _whom(rule: Mapping[str, Any]) -> str:  # Any: JSON
    """The rule in its own words: "; villages TN01, TN02; list to-dan.csv"."""
    from gateway.domain.audience import FOUND

    return "".join(f"; {name.replace('_', ' ')} {_said(value)}" for name, value in rule.items() if name != FOUND and value is not None)


def _said(value: Any) -> str:  # Any: JSON
    if isinstance(value, dict):
        return str(value.get("name", json.dumps(value, ensure_ascii=False)))
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _start(starts_at: int, timezone: str) -> str:
    from gateway.services.tips import local_time

    return f"from {local_time(starts_at, timezone)}" if starts_at else "from its start"


def _pace(limit: int | None) -> str:
    return f"at most {limit} a second" if limit is not None else "the contract's"


def _ramp(proposal: Proposal) -> str:
    ramp = proposal.wave.ramp
    if ramp is None:
        return "no ramp"
    return f"ramp: first {ramp.percent:g} %, stopped above {ramp.abort_percent:g} % failures, reports awaited {ramp.wait_s:g} s"
