"""`tinbao routes add`: a new contract, question by question; each answer is checked at once, and nothing is written before the last."""

from __future__ import annotations

import os
import re
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from gateway.cli.context import Door, fail
from gateway.cli.faults import MISCONFIGURED, AsJson, print_json, sorted_faults

if TYPE_CHECKING:
    from gateway.carriers.contracts import Contract
    from gateway.carriers.protocol import Carrier
    from gateway.domain.msisdn import Msisdn
    from gateway.route_file import Added, NewRoute

_PACE: Final = re.compile(r"(\d{1,6})\s*(segments|messages|requests)?\s*(?:/\s*(\d{1,5})?\s*s?)?")
_SECRET: Final = re.compile(r"(^|_)(key|secret|token|password|pass)$")  # options that are typed hidden


@dataclass(slots=True)
class Clerk:
    """Who answers: a person at a terminal, who may correct himself, or a script, whose flags are right or end the command."""

    person: bool
    kept: dict[str, str] = field(default_factory=dict, repr=False)  # secrets for the file

    def ask(self, flag: str, question: str, given: str | None, check: Callable[[str], str], default: str | None = None) -> str:
        """The answer as `check` gives it back, which raises ValueError with a sentence. `default`: what no answer means."""
        while True:  # a person may always end it with Ctrl-C
            try:
                return check(self._answer(flag, question, given, default).strip())
            except ValueError as why:
                if given is not None or not self.person:
                    fail(f"{flag}: {why}", 2)
                typer.echo(f"  {why}", err=True)

    def _answer(self, flag: str, question: str, given: str | None, default: str | None) -> str:
        if given is not None:
            return given
        if self.person:
            answer: str = typer.prompt(question, default=default, show_default=bool(default), err=True)
            return answer
        if default is None:
            fail(f"{flag} is missing: {question}", 2)
        return default

    def secret(self, name: str, question: str, *, needed: bool = True) -> str:
        """${name}: what the environment holds under it, else typed hidden or a line of stdin, and kept. "": none, where none is needed."""
        if os.environ.get(name):
            typer.echo(f"{question}: taken from {name} of the environment", err=True)
            return f"${{{name}}}"
        typed = self._hidden(question, needed)
        if typed:
            self.kept[name] = typed
        elif needed:
            fail(f"no {question} was given; type it, hand it over as a line on stdin, or set {name}", 2)
        return f"${{{name}}}" if typed else ""

    def _hidden(self, question: str, needed: bool) -> str:
        if self.person:
            typed: str = typer.prompt(question, hide_input=True, default=None if needed else "", show_default=False, err=True)
        else:
            typed = sys.stdin.readline()
        typed = typed.strip("\r\n")
        if not typed.isprintable():
            fail(f"the {question} holds signs that can't be typed; copy it anew", 2)
        return typed


# --- one answer ---


def _plain(value: str) -> str:
    return value


def _matching(key: str, **beside: object) -> Callable[[str], str]:
    """A check by the settings themselves."""

    def check(value: str) -> str:
        from gateway.route_file import wrong_with

        if wrong := wrong_with(key, value, **beside):
            raise ValueError(wrong)
        return value

    return check


def _one_of(words: Sequence[str]) -> Callable[[str], str]:
    def check(value: str) -> str:
        if value and value not in words:
            raise ValueError(f"take one of: {', '.join(words)}")
        return value

    return check


def _filled(value: str) -> str:
    if not value:
        raise ValueError("it can't be empty")
    return value


def _number(value: str) -> str:
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        raise ValueError("write a number, 0 or more, without dots")
    return value


def pace_of(text: str) -> dict[str, object]:
    """ "30", "30 messages/s" or "10 requests/60" as the pace of a contract. Raises ValueError."""
    found = _PACE.fullmatch(text.strip())
    if found is None or int(found[3] or 1) < 1:
        raise ValueError("write it like 30, 30 segments/s or 10 messages/60; 0 is no limit")
    return {"limit": int(found[1]), "per_s": int(found[3] or 1), "unit": found[2] or "segments"}


def _pace(value: str) -> str:
    pace_of(value)
    return value


def _prefixes(value: str) -> str:
    from gateway.route_file import wrong_with

    if wrong := wrong_with("prefixes", _list(value)):
        raise ValueError(wrong)
    return value


def _list(value: str) -> list[str]:
    return [each.strip() for each in value.split(",") if each.strip()]


# --- all answers ---


@dataclass(frozen=True, slots=True)
class Given:
    """What the flags say; None: to be asked. `options`: NAME=VALUE, none of them a secret."""

    carrier: str | None
    name: str | None
    url: str | None
    username: str | None
    options: Mapping[str, str]
    sender_id: str | None
    pace: str | None
    price: str | None
    budget: str | None
    prefixes: str | None
    description: str | None
    ussd: str | None
    memory_ok: bool


def answers(clerk: Clerk, given: Given, taken: Sequence[str], config_dir: Any) -> NewRoute:  # Any: a Path
    """Everything that the carrier needs, as a new table; `taken`: names of routes that there are."""
    from gateway.carriers.contracts import contract_of, usual_url
    from gateway.carriers.registry import CARRIERS
    from gateway.route_file import NewRoute, variable

    known = (*CARRIERS, "custom")
    if clerk.person and given.carrier is None:
        typer.echo(f"Carriers: {', '.join(sorted(known))}", err=True)
    kind = clerk.ask("--carrier", "Carrier", given.carrier, lambda value: _one_of(sorted(known))(_filled(value)))
    name = clerk.ask("--name", "Name of the route; it stands in addresses and stays", given.name, _free(taken), _new_name(kind, taken))
    contract = contract_of(kind)
    values: dict[str, Any] = {"name": name, "carrier": kind}  # Any: TOML values
    carrier = CARRIERS[kind] if kind != "custom" else _described(clerk, given, values, config_dir)
    _own_risk(clerk, kind, given, values)
    account: dict[str, Any] = {"username": ""}
    if contract.username:
        account["username"] = clerk.ask("--username", contract.username, given.username, _filled)
    username = account["username"]
    values["url"] = clerk.ask(
        "--url", "Address", given.url, _address(clerk, contract, username, kind), usual_url(contract, username) or None
    )
    account["password"] = clerk.secret(variable(name, "password"), contract.password)
    values["account"] = account | _options(clerk, carrier, given.options, name)
    question = "Sender id: a number, or at most 11 letters and digits"
    values["sender_id"] = clerk.ask("--sender-id", question, given.sender_id, _matching("sender_id"), "")
    values["pace"] = pace_of(clerk.ask("--pace", "Pace of the contract, e.g. 30 segments/s", given.pace, _pace, contract.pace))
    question = "Numbers that it reaches, as prefixes, e.g. +8496,+8497; empty: any"
    values["prefixes"] = _list(clerk.ask("--prefixes", question, given.prefixes, _prefixes, ""))
    values["price_vnd"] = int(clerk.ask("--price-vnd", "Price of one segment, VND", given.price, _number, "0"))
    values["daily_budget_vnd"] = int(
        clerk.ask("--daily-budget-vnd", "Most it may cost a day, VND; 0: no limit", given.budget, _number, "0")
    )
    _ussd(clerk, carrier, given, values)
    _hooks(clerk, carrier, kind, name, values)
    return NewRoute(values, dict(clerk.kept))


def _free(taken: Sequence[str]) -> Callable[[str], str]:
    def check(value: str) -> str:
        if value in taken:
            raise ValueError("a route of that name is there already; give it another")
        return _matching("name")(value)

    return check


def _new_name(kind: str, taken: Sequence[str]) -> str:
    """The carrier's own name, or with a number behind it."""
    return next(name for name in (kind, *(f"{kind}-{number}" for number in range(2, 1_000))) if name not in taken)


def _described(clerk: Clerk, given: Given, values: dict[str, Any], config_dir: Any) -> Carrier:  # Any: TOML values, a Path
    from gateway.custom_file import load_custom

    def check(value: str) -> str:
        if not value or "/" in value or "\\" in value:
            raise ValueError("write the name of a file beside gateway.toml")
        carrier, faults = load_custom(config_dir / value)
        if carrier is None or faults:
            raise ValueError(str(faults[0]) if faults else "it describes no carrier")
        return value

    values["description"] = clerk.ask("--description", "File that describes the API, beside gateway.toml", given.description, check)
    carrier, _ = load_custom(config_dir / values["description"])
    if carrier is None:
        fail(f"{values['description']} describes no carrier", 2)
    return carrier


def _own_risk(clerk: Clerk, kind: str, given: Given, values: dict[str, Any]) -> None:  # Any: TOML values
    """A carrier that is known from memory alone needs a word."""
    from gateway.carriers.quality import unproved

    if not unproved(kind):
        return
    words = f"What is known of {kind} rests on memory alone: compare it with the carrier's own page."
    if given.memory_ok or (clerk.person and typer.confirm(f"{words} Go on", err=True)):
        values["memory_ok"] = True
    else:
        fail(f"{words} Then: --memory-ok", 2)


def _address(clerk: Clerk, contract: Contract, username: str, kind: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        from gateway.carriers.contracts import address_of

        address = address_of(contract, _filled(value), username)
        if address.remark:
            typer.echo(f"  the address: {address.remark}", err=True)
        return _matching("url", carrier=kind)(address.url)

    return check


def _options(clerk: Clerk, carrier: Carrier, given: Mapping[str, str], route: str) -> dict[str, str]:
    """What the carrier wants beside name and password; those that are secrets as ${NAME}."""
    from gateway.carriers.protocol import choices_of, misfits_in, needed_by, options_of
    from gateway.route_file import variable

    known, needed, choices = options_of(carrier), needed_by(carrier), choices_of(carrier)
    if unknown := sorted(set(given) - set(known)):
        fail(f"--option {unknown[0]}: {carrier.NAME} knows {', '.join(known) or 'no options'}", 2)
    found: dict[str, str] = {}
    for name, words in known.items():
        if _SECRET.search(name):
            if name in given:
                fail(f"--option {name}: a secret; it is asked for, or is a line on stdin", 2)
            found[name] = clerk.secret(variable(route, name), f"{name}: {words}", needed=name in needed)
            continue

        def check(value: str, name: str = name) -> str:
            _one_of(choices[name])(value) if name in choices else None
            if value and (misfit := next((each for each in misfits_in(carrier, {**found, name: value}) if each.option == name), None)):
                raise ValueError(f"{misfit.sentence}. {misfit.remedy}")
            return _filled(value) if name in needed else value

        among = f" ({' | '.join(choices[name])})" if name in choices else ""
        question = f"{name}: {words}{among}"
        found[name] = clerk.ask(f"--option {name}", question, given.get(name), check, None if name in needed else "")
    return {name: value for name, value in found.items() if value}


def _ussd(clerk: Clerk, carrier: Carrier, given: Given, values: dict[str, Any]) -> None:  # Any: TOML values
    """The convention of its USSD calls, where the contract has any; whoever sends nothing to numbers has none."""
    from gateway.carriers.ussd_registry import USSD

    if not carrier.CAPABILITIES.addresses.startswith("+"):
        return
    question = f"USSD of this contract: {', '.join(sorted(USSD))}; empty: it has none"
    if name := clerk.ask("--ussd", question, given.ussd, _one_of(sorted(USSD)), ""):
        _own_risk(clerk, name, given, values)
        values["ussd"] = name


def _hooks(clerk: Clerk, carrier: Carrier, kind: str, route: str, values: dict[str, Any]) -> None:  # Any: TOML values
    """The secret of the hooks: a fresh one of ours, for Zalo the OA's key."""
    from gateway.route_file import variable

    can = carrier.CAPABILITIES
    name = variable(route, "hook")
    if not can.addresses.startswith("+"):
        values["hook_secret"] = clerk.secret(name, "the OA's secret key, shown on Zalo's webhook page")
        values["zalo"] = {"refresh_token": clerk.secret(variable(route, "refresh_token"), "refresh token of the OA's administrator")}
    elif can.mo or can.dlr or "ussd" in values:
        if not os.environ.get(name):
            clerk.kept[name] = secrets.token_hex(16)  # letters and digits: it stands in addresses
        values["hook_secret"] = f"${{{name}}}"
    if kind == "zalo-zns":
        question = "refresh token of the OA's administrator; empty where a zalo route of the same app has it"
        token = clerk.secret(variable(route, "refresh_token"), question, needed=False)
        values |= {"zalo": {"refresh_token": token}} if token else {}


# --- the command ---


def add(
    ctx: typer.Context,
    carrier: Annotated[str | None, typer.Option(help="A carrier of docs/carriers.md, or custom.")] = None,
    name: Annotated[str | None, typer.Option(help="The route's name; the carrier's, unless given.")] = None,
    url: Annotated[str | None, typer.Option(help="Where the carrier takes messages; a bare host is completed.")] = None,
    username: Annotated[str | None, typer.Option(help="Our name at the carrier.")] = None,
    option: Annotated[list[str] | None, typer.Option(help="NAME=VALUE that the carrier wants more; no secret. May be repeated.")] = None,
    sender_id: Annotated[str | None, typer.Option(help="What a message shows as its origin.")] = None,
    pace: Annotated[str | None, typer.Option(help="The contract's, e.g. 30, 30 segments/s, 10 messages/60; 0: no limit.")] = None,
    price_vnd: Annotated[str | None, typer.Option(help="Price of one segment.")] = None,
    daily_budget_vnd: Annotated[str | None, typer.Option(help="Most that it may cost a day; 0: no limit.")] = None,
    prefixes: Annotated[str | None, typer.Option(help="E.164 prefixes that it reaches, with commas; none: any number.")] = None,
    description: Annotated[str | None, typer.Option(help="Of carrier custom: the file beside gateway.toml that describes the API.")] = None,
    ussd: Annotated[str | None, typer.Option(help="Convention of the contract's USSD calls, as docs/carriers.md names it.")] = None,
    memory_ok: Annotated[bool, typer.Option("--memory-ok", help="Take a carrier of which we know from memory alone.")] = False,
    online: Annotated[
        bool, typer.Option("--online", help="Ask the carrier whether it takes our account, by a call that sends nothing.")
    ] = False,
    test_to: Annotated[str | None, typer.Option(help="Send one test to this number (zalo: user id), and wait for its report.")] = None,
    test_text: Annotated[str | None, typer.Option(help="What the test says; of zalo-zns the template's words, filled in.")] = None,
    wait_s: Annotated[int, typer.Option(min=1, max=3600, help="Seconds to wait for that report.")] = 120,
    as_json: AsJson = False,
) -> None:
    """Ask, check, write, then try it out."""
    from gateway.cli.route_trial import FirstMessage, show_callbacks, try_out

    door: Door = ctx.obj
    machine = door.json or as_json
    clerk = Clerk(sys.stdin.isatty() and not machine)
    taken = _routes_there(door)
    given = Given(
        carrier,
        name,
        url,
        username,
        _pairs(option or []),
        sender_id,
        pace,
        price_vnd,
        daily_budget_vnd,
        prefixes,
        description,
        ussd,
        memory_ok,
    )
    new = answers(clerk, given, taken, door.config_dir)
    number = _test_number(clerk, test_to, new)
    if number is not None:
        _key_there(door)
    if clerk.person and not typer.confirm(f"Write route {new.name} into gateway.toml", default=True, err=True):
        fail("nothing was written")
    added = _written(door, new)
    callbacks = show_callbacks(added, new.name, quiet=machine)
    asks = online or (clerk.person and typer.confirm("Ask the carrier now whether it takes our account", default=True, err=True))
    tried = try_out(door, added, new.name, FirstMessage(number, test_text, wait_s) if number else None, probe=asks, quiet=machine)
    if machine:
        print_json({"route": new.name, "kept": added.kept.name, "variables": sorted(new.secrets), "callbacks": callbacks, **tried.row})
    if not tried.good:
        raise typer.Exit(1)


def _routes_there(door: Door) -> tuple[str, ...]:
    """Names that are taken. The settings must be readable: behind a broken table a new one would only hide."""
    from gateway.deployment import shipped_deployment
    from gateway.settings import load_settings

    if door.config_dir.resolve() == shipped_deployment().resolve():
        fail("the shipped example takes no routes; make a deployment of your own: tinbao init DIR")
    return load_settings(door.config_dir, os.environ).route_names


def _pairs(options: Sequence[str]) -> dict[str, str]:
    pairs = [each.partition("=") for each in options]
    if wrong := next((name for name, mark, _ in pairs if not mark), None):
        fail(f"--option {wrong}: write it as NAME=VALUE", 2)
    return {name: value for name, _, value in pairs}


def _test_number(clerk: Clerk, given: str | None, new: NewRoute) -> Msisdn | None:
    """Where the test goes; None: there is none."""
    from gateway.domain.msisdn import BadMsisdn, Msisdn

    if new.values["carrier"] == "zalo":  # its people have no numbers
        question = "Zalo user id for a test message, of somebody who wrote to the OA this week; empty: none"
        user = clerk.ask("--test-to", question, given, _zalo_user, "")
        return Msisdn(f"zalo:{user}") if user else None

    def check(value: str) -> str:
        try:
            return value and Msisdn.parse(value).e164
        except BadMsisdn as why:
            raise ValueError(f"{why}. Write it like 0300 000 101 or +84300000101") from None

    number = clerk.ask("--test-to", "Number for a test SMS, one of your own; empty: none", given, check, "")
    return Msisdn(number) if number else None


def _zalo_user(value: str) -> str:
    if value and not (value.isascii() and value.isdigit() and len(value) <= 20):
        raise ValueError("write the digits of a Zalo user id, as the desk shows it")
    return value


def _key_there(door: Door) -> None:
    """Without the key nothing can be sent: said before anything is written. Raises MissingKey, WrongKey."""
    from gateway.keys import find_key
    from gateway.settings import load_settings

    find_key(load_settings(door.config_dir, os.environ), os.environ)


def _written(door: Door, new: NewRoute) -> Added:
    from gateway.route_file import SECRETS, add_route
    from gateway.settings import BadSettings

    try:
        added = add_route(door.config_dir, new, os.environ)
    except BadSettings as why:
        for fault in sorted_faults(why.faults):
            typer.echo(str(fault), err=True)
        fail("nothing was written", MISCONFIGURED)
    except OSError as why:
        fail(f"{why.filename or 'gateway.toml'} can't be written: {why.strerror}; nothing of gateway.toml was changed")
    typer.echo(f"Route {new.name} is in gateway.toml; the file as it was is kept as {added.kept.name}", err=True)
    if new.secrets:
        typer.echo(f"Its secrets are in {SECRETS}, which no backup holds: keep a copy where you keep the key", err=True)
    return added
