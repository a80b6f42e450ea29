"""The settings of `gateway.toml`: typed, complete, loud. All that is wrong is said at once, each with its line and its remedy.

`${NAME}` takes a secret from the environment. One that is not set keeps only its route from working: print, reading and the desk need no
telco secret, so such faults wait in `Settings.route_faults` until a command asks for routes (`need_routes`).
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field, IPvAnyNetwork, SecretStr, field_validator, model_validator

from gateway.carriers.custom import NAME as CUSTOM
from gateway.carriers.protocol import Carrier, bound, choices_of, looks_up, misfits_in, needed_by, options_of
from gateway.carriers.quality import unproved
from gateway.carriers.zalo_token import TOKEN_URL
from gateway.custom_file import load_custom
from gateway.deployment import checked_timezone, shipped_deployment
from gateway.domain.fault import Fault
from gateway.domain.operator import Operators
from gateway.domain.pace import Pace
from gateway.domain.toml_place import Path as Place
from gateway.operator_file import load_operators, shipped_operators
from gateway.secrets_file import filled_up
from gateway.toml_file import Frozen, TomlFile, matching, read_toml, validated

FILE: Final = "gateway.toml"
_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_DATABASE: Final = "a database is sqlite:///path/to/file.db or postgresql://user@host/name"
_SENDER: Final = "a sender id is a number, or at most 11 of A-Z a-z 0-9 . _ - and space"
_CALLBACK_HOST: Final = "a host is a name or an address alone, in small letters: no scheme, no port, no path"
_LOOPBACK: Final = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))


class BadSettings(Exception):
    """Settings that must stop the start; str() is one line a fault. The exit code is 78 (sysexits EX_CONFIG)."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise ValueError("an address begins with http:// or https:// and holds no user name")
    if parts.fragment or not value.isprintable() or " " in value or parts.port == 0:  # .port raises where it is no number, or above 65535
        raise ValueError("an address holds no blanks and no #, and its port is a number")
    return value


def _no_slash(value: str) -> str:
    if "?" in value:
        raise ValueError("an address that others are put behind ends before the ?")
    return _http_url(value).rstrip("/")


def _listen(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise ValueError("write host:port, e.g. 127.0.0.1:8080")
    return value


HttpUrl = Annotated[str, AfterValidator(_http_url)]
BaseUrl = Annotated[str, AfterValidator(_no_slash)]
Listen = Annotated[str, AfterValidator(_listen)]


class ServiceSettings(Frozen):
    """`[service]`: the public side."""

    base_url: BaseUrl
    link_base: BaseUrl
    listen: Listen
    database: Annotated[str, matching(r"sqlite:///(?!:memory:).+|postgresql://.+", _DATABASE)] = Field(repr=False)  # may hold a password
    timezone: str = "Asia/Ho_Chi_Minh"
    key_file: str = "var/tinbao.key"
    spool: str = "var/spool"  # folder: hook calls that the database could not take in time
    drain_s: float = Field(default=10, gt=0, le=300)  # after SIGTERM: how long what is on the wire may still come back
    carrier_timeout_s: float = Field(default=30, gt=0, le=300)
    trusted_proxies: tuple[IPvAnyNetwork, ...] = ()  # whose X-Forwarded-For is believed; nobody's by default
    callback_hosts: tuple[
        Annotated[str, matching(r"[a-z0-9][a-z0-9.:-]*", _CALLBACK_HOST)], ...
    ] = ()  # private ones; a client names them too
    api_calls_a_minute: int = Field(default=600, ge=1, le=1_000_000)  # of one client over REST, by each process

    @field_validator("timezone")
    @classmethod
    def _exists(cls, value: str) -> str:
        return checked_timezone(value)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the public listener."""
        return split_listen(self.listen)


class DeskSettings(Frozen):
    """`[desk]`: a listener of its own, on this machine only unless told otherwise."""

    listen: Listen = "127.0.0.1:8081"
    hosts: tuple[Annotated[str, matching(r"[^\s/@]+", "a host is a name, or name:port, as it stands in the browser")], ...] = ()
    session_idle_min: int = Field(default=30, ge=1, le=12 * 60)  # without use; then one signs in again
    session_hours: int = Field(default=12, ge=1, le=24)  # in all
    second_factor: Literal["sensitive", "everybody", "nobody"] = "sensitive"  # who signs in with a phone's code too

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the desk's listener."""
        return split_listen(self.listen)

    @property
    def names(self) -> tuple[str, ...]:
        """The names that the desk answers to: `hosts`, where it listens, and this machine's own."""
        return tuple(dict.fromkeys([*map(str.lower, self.hosts), self.address[0].lower(), "localhost", "127.0.0.1", "[::1]"]))


class AccountSettings(Frozen):
    """Our contract's credentials at a carrier. What else its module's OPTIONS name stands beside them, as text."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, SecretStr]

    username: str
    password: SecretStr

    @property
    def options(self) -> dict[str, str]:
        """What the carrier wants beside name and password."""
        return {name: value.get_secret_value() for name, value in (self.__pydantic_extra__ or {}).items()}


class ZaloSettings(Frozen):
    """`zalo = { … }` of a route of carrier zalo, whose account is our app's id and secret, and whose hook_secret is the OA's secret key."""

    refresh_token: SecretStr = SecretStr("")  # as the OA's administrator got it; each is used once, the ones that follow are the database's
    token_url: HttpUrl = Field(default=TOKEN_URL, repr=False)


class RouteSettings(Frozen):
    """A `[[routes]]` table. `pace` is always there: `tps` is short for so many segments a second."""

    ALSO: ClassVar = ("tps",)

    name: Annotated[str, matching(r"[a-z0-9][a-z0-9-]{0,31}", "a name has a-z, 0-9 and dashes, at most 32")]
    enabled: bool = True
    carrier: str
    url: HttpUrl = Field(repr=False)  # some carriers want secrets in it
    account: AccountSettings
    sender_id: Annotated[str, matching(r"(\+?\d{3,15}|[A-Za-z0-9 ._-]{1,11})?", _SENDER)] = ""  # 3GPP TS 23.040 §9.1.2.5: 11 septets
    pace: Pace
    prefixes: tuple[
        Annotated[str, matching(r"\+\d{1,15}", "a prefix is + and digits, e.g. +8496")], ...
    ] = ()  # E.164; the longest match wins; empty: any
    concurrency: int = Field(default=64, ge=1, le=1024)
    hook_secret: SecretStr = SecretStr("")
    hooks_from: tuple[IPvAnyNetwork, ...] = ()  # whose hook calls are taken; empty: anybody's who knows the secret
    on_lost_answer: Literal["resend", "ask", "hold"] = "hold"
    reply_by: Literal["mt", "response"] = "mt"  # how the reply to an MO goes; in our answer to its call, where the carrier takes it so
    max_unapproved: int = Field(default=20, ge=0)  # recipients a door may reach without an approved wave; 0: no limit
    price_vnd: int = Field(default=0, ge=0)  # of one segment, by the contract
    daily_budget_vnd: int = Field(default=0, ge=0)  # what the route may cost on one local day; 0: no limit
    fallback: tuple[str, ...] = ()  # routes for numbers that this one can't reach, in this order
    priority: int = Field(default=100, ge=0, le=1_000)  # among the routes that reach a number the lowest is chosen
    operators: tuple[str, ...] = ()  # names of operators.toml: the choice takes this route for their numbers only; empty: for any
    best_for: tuple[str, ...] = ()  # among routes of one priority it is chosen first for these operators' numbers
    price_by_operator_vnd: dict[str, Annotated[int, Field(ge=0)]] = Field(default={})  # where a segment costs another price
    unicode: bool = True  # whether the contract takes texts that need UCS-2
    long: bool = True  # whether it takes texts of more than one segment
    look_up: bool = False  # whether this contract is asked whose number it is now; it may cost
    description: str = ""  # of carrier custom: the TOML beside this one that says how its API looks
    validity_min: int | None = Field(default=None, ge=1, le=7 * 24 * 60)  # how long the carrier tries; unset: as long as it likes
    zalo: ZaloSettings | None = None  # of a route to Zalo
    memory_ok: bool = False  # send though what is known of the carrier, or of the USSD convention, rests on memory alone
    ussd: str = ""  # the convention of the route's USSD, a name in carriers.ussd_registry; "": it has none
    screen_septets: int = Field(default=160, ge=60, le=182)  # what a USSD screen holds (carriers.md §5.1)

    @model_validator(mode="before")
    @classmethod
    def _spelt_out(cls, data: Any) -> Any:  # Any: a TOML table before it is checked
        if not isinstance(data, dict):
            return data
        data = dict(data)
        if "tps" in data:
            if "pace" in data:
                raise ValueError("tps and pace say the same: keep one of them")
            data["pace"] = {"limit": data.pop("tps")}
        return data

    @field_validator("pace")
    @classmethod
    def _possible(cls, value: Pace) -> Pace:
        if value.limit < 0 or value.per_s <= 0:
            raise ValueError("a pace is not negative; limit 0 means no limit")
        return value

    @property
    def rehearsal(self) -> bool:
        """Whether the route leads to no subscriber: its carrier is the simulator."""
        return self.carrier == "simulator"

    @model_validator(mode="after")
    def _rehearses_at_home(self) -> "RouteSettings":
        if self.rehearsal and not _is_loopback(urlsplit(self.url).hostname or ""):
            raise ValueError("a simulator route must stay on this machine: its url must begin with http://127.0.0.1")
        return self

    @property
    def hook_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Networks whose hook calls are taken; empty: any. Those of a rehearsal route come from this machine only."""
        return self.hooks_from or (_LOOPBACK if self.rehearsal else ())


class _File(Frozen):
    model_config = ConfigDict(extra="forbid")
    service: dict[str, Any]  # Any: tables that are checked one by one, so that one fault does not hide another
    desk: dict[str, Any] = Field(default_factory=dict)
    routes: list[dict[str, Any]] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Settings:
    """What `gateway.toml` and the environment say. `routes` are the enabled ones, in the file's order; paths are absolute."""

    config_dir: Path
    data_dir: Path
    service: ServiceSettings
    desk: DeskSettings
    routes: tuple[RouteSettings, ...]
    disabled_routes: tuple[RouteSettings, ...] = ()
    route_faults: tuple[Fault, ...] = ()
    described: Mapping[str, Carrier] = field(default_factory=dict, repr=False)
    operators: Operators = field(default_factory=shipped_operators, repr=False)
    route_names: tuple[str, ...] = ()  # of all of them, the disabled too, in the file's order

    def carrier(self, route: RouteSettings) -> Carrier:
        """The module, or the description, that speaks for `route`."""
        from gateway.carriers.registry import CARRIERS  # late: those who only need the deployment don't load the carriers

        return self.described.get(route.name) or bound(CARRIERS[route.carrier], route.account.options)

    @property
    def database(self) -> str:
        """The database's URL; a SQLite path in it is absolute."""
        prefix = "sqlite:///"
        if not self.service.database.startswith(prefix):
            return self.service.database
        return prefix + (self.data_dir / self.service.database.removeprefix(prefix)).as_posix()

    @property
    def key_file(self) -> Path:
        """Where the key lies unless TINBAO_KEY holds it."""
        return self.data_dir / self.service.key_file

    @property
    def spool_dir(self) -> Path:
        """Folder of hook calls that wait for the database."""
        return self.data_dir / self.service.spool

    def route(self, name: str) -> RouteSettings | None:
        """The enabled route called `name`."""
        return next((route for route in self.routes if route.name == name), None)

    def need_routes(self) -> tuple[RouteSettings, ...]:
        """The enabled routes. Raises BadSettings where a secret of theirs is not set, or where there is none."""
        if self.route_faults:
            raise BadSettings(self.route_faults)
        if not self.routes:
            raise BadSettings([Fault(FILE, None, "routes", "No route is enabled", "Set enabled = true on one, or add it")])
        return self.routes


def load_settings(config_dir: Path, environ: Mapping[str, str]) -> Settings:
    """Read `config_dir`/gateway.toml. Raises BadSettings with all faults at once."""
    toml = read_toml(config_dir / FILE)
    environ, faults = filled_up(data_dir_of(config_dir, environ), environ)
    faults += [toml.fault] if toml.fault else []
    file = None if toml.fault else validated(_File, toml, toml.values, faults)
    if file is None:
        raise BadSettings(faults)
    service = validated(ServiceSettings, toml, _filled(toml, file.service, ("service",), environ, faults), faults, ("service",))
    desk = validated(DeskSettings, toml, _filled(toml, file.desk, ("desk",), environ, faults), faults, ("desk",))
    if service is not None and desk is not None and service.listen == desk.listen and service.address[1]:
        faults.append(
            Fault(FILE, toml.places.line(("desk", "listen")), "desk.listen", "The public side listens there", "Take another port")
        )
    unset: list[Fault] = []
    described: dict[str, Carrier] = {}
    routes = _routes(toml, file.routes, environ, faults, unset, described)
    operators, odd = load_operators(config_dir)
    faults += [*odd, *_operator_faults(toml, file.routes, routes, operators)]
    if faults or service is None or desk is None:
        raise BadSettings([*faults, *unset])
    on, off = (tuple(route for route in routes if route.enabled is enabled) for enabled in (True, False))
    names = tuple(route.name for route in routes)
    return Settings(config_dir, data_dir_of(config_dir, environ), service, desk, on, off, tuple(unset), described, operators, names)


def data_dir_of(config_dir: Path, environ: Mapping[str, str]) -> Path:
    """Where a deployment's data lie: in its folder; those of the shipped one, which may be read-only, in the user's state folder."""
    if config_dir.resolve() != shipped_deployment().resolve():
        return config_dir.resolve()
    if os.name == "nt":
        return Path(environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "tinbao"
    return Path(environ.get("XDG_STATE_HOME") or Path(environ.get("HOME") or Path.home()) / ".local" / "state") / "tinbao"


def split_listen(listen: str) -> tuple[str, int]:
    """ "127.0.0.1:8080" or "[::1]:8080" -> host, port."""
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


# -- ${NAME} -----------------------------------------------------------------------------------------------------------------------------


def _filled(toml: TomlFile, table: Mapping[str, Any], place: Place, environ: Mapping[str, str], unset: list[Fault]) -> dict[str, Any]:
    """`table` with ${NAME} replaced; a NAME that is not set becomes "" and a fault in `unset`."""
    return {key: _value(toml, value, (*place, key), environ, unset) for key, value in table.items()}


def _value(toml: TomlFile, value: Any, place: Place, environ: Mapping[str, str], unset: list[Fault]) -> Any:  # Any: a TOML value
    if isinstance(value, dict):
        return _filled(toml, value, place, environ, unset)
    if isinstance(value, list):
        return [_value(toml, item, (*place, at), environ, unset) for at, item in enumerate(value)]
    if not isinstance(value, str):
        return value
    for name in _VARIABLE.findall(value):
        if not environ.get(name):
            field = ".".join(str(part + 1 if isinstance(part, int) else part) for part in place)
            remedy = f"Set it before the start: export {name}=…"
            unset.append(Fault(FILE, toml.places.line(place), field, f"The environment has no {name}", remedy))
    return _VARIABLE.sub(lambda found: environ.get(found[1], ""), value)


# -- routes ------------------------------------------------------------------------------------------------------------------------------


def _routes(
    toml: TomlFile,
    tables: Sequence[Mapping[str, Any]],
    environ: Mapping[str, str],
    faults: list[Fault],
    unset: list[Fault],
    described: dict[str, Carrier],
) -> list[RouteSettings]:
    """The good routes; custom carriers go to `described`. What a disabled route lacks of the environment is no fault."""
    routes: list[RouteSettings] = []
    for at, table in enumerate(tables):
        place: Place = ("routes", at)
        missing: list[Fault] = []
        values = _filled(toml, table, place, environ, missing)
        if table.get("enabled", True) is not False:
            unset += missing
        route = validated(RouteSettings, toml, values, faults, place)
        if route is None:
            continue
        if any(route.name == other.name for other in routes):
            faults.append(_at(toml, at, "name", f"Two routes are called {route.name}", "Give each route its own name"))
        faults += _described(toml, at, route, described)
        faults += _unkept(
            toml, at, route, described.get(route.name), secret_unset=any(fault.field.endswith("hook_secret") for fault in missing)
        )
        routes.append(route)
    names = [table.get("name") for table in tables]
    for route in routes:
        faults += _bad_fallback(toml, names, routes, route)
    return routes


def _bad_fallback(toml: TomlFile, names: Sequence[object], routes: Sequence[RouteSettings], route: RouteSettings) -> Iterator[Fault]:
    """What is wrong with the routes that `route` falls back on. A tighter one behind a wider one would let the limit be gone round."""
    at = names.index(route.name)
    by_name = {each.name: each for each in routes}
    for onward in route.fallback:
        limit = by_name[onward].max_unapproved if onward in by_name else 0
        if onward == route.name or onward not in names:
            yield _at(toml, at, "fallback", f"“{onward}” is no other route", "Name a route of this file")
        elif limit and not 0 < route.max_unapproved <= limit:
            text = f"“{onward}” takes {limit} recipients without approval, and would get more from here"
            yield _at(toml, at, "fallback", text, f"Write max_unapproved = {limit} or less here")


def _operator_faults(
    toml: TomlFile, tables: Sequence[Mapping[str, Any]], routes: Sequence[RouteSettings], operators: Operators
) -> Iterator[Fault]:
    """What routes say of operators that the table doesn't have."""
    names = [table.get("name") for table in tables]
    for route in routes:
        for key in ("operators", "best_for", "price_by_operator_vnd"):
            for name in getattr(route, key):
                if operators.names and name not in operators.names:
                    text, remedy = f"There is no operator “{name}”", f"Take one of: {', '.join(operators.names)}"
                    yield _at(toml, names.index(route.name), key, text, remedy)


def _at(toml: TomlFile, at: int, key: str, text: str, remedy: str) -> Fault:
    return Fault(FILE, toml.places.line(("routes", at, key)), f"routes.{at + 1}.{key}", text, remedy)


def _unkept(toml: TomlFile, at: int, route: RouteSettings, described: Carrier | None, *, secret_unset: bool) -> list[Fault]:
    """What the route asks of its carrier that the carrier can't keep."""
    from gateway.carriers.registry import CARRIERS  # late: those who only need the deployment don't load the carriers

    carrier = described or CARRIERS.get(route.carrier)
    if carrier is None and route.carrier == CUSTOM:
        return []  # its description has faults of its own
    if carrier is None:
        known = ", ".join(sorted([*CARRIERS, CUSTOM]))
        return [_at(toml, at, "carrier", f"There is no carrier “{route.carrier}”", f"Take one of: {known}")]
    can, found = carrier.CAPABILITIES, list[Fault]()
    if route.ussd and route.ussd not in _ussd_names():
        remedy = f"Take one of: {', '.join(_ussd_names())}"
        found.append(_at(toml, at, "ussd", f"There is no USSD convention “{route.ussd}”", remedy))
    if route.on_lost_answer == "resend" and can.dedupe_window_s <= 0:
        text = f"{route.carrier} never recognises a repeat: to resend would send twice"
        found.append(_at(toml, at, "on_lost_answer", text, 'Write on_lost_answer = "hold"'))
    if route.on_lost_answer == "ask" and can.status_by != "our_ref":
        text = f"{route.carrier} can't be asked by our own reference"
        found.append(_at(toml, at, "on_lost_answer", text, 'Write on_lost_answer = "hold"'))
    if route.reply_by == "response" and not can.reply_in_response:
        text = f"{route.carrier} sends nobody what we answer to its calls"
        found.append(_at(toml, at, "reply_by", text, 'Write reply_by = "mt"'))
    if route.look_up and not looks_up(carrier):
        text = f"{route.carrier} tells nobody whose number it is"
        found.append(_at(toml, at, "look_up", text, "Write look_up = false"))
    open_hooks = not route.hook_secret.get_secret_value() and not route.hooks_from
    if route.enabled and (can.mo or can.dlr or route.ussd) and open_hooks and not secret_unset:
        text = "Anybody could call this route's hooks"
        found.append(_at(toml, at, "hook_secret", text, 'Set hook_secret, or hooks_from = ["the carrier\'s network"]'))
    found += _memory_faults(toml, at, route)
    found += _account_faults(toml, at, route, carrier)
    return found + _zalo_faults(toml, at, route, secret_unset=secret_unset)


def _described(toml: TomlFile, at: int, route: RouteSettings, described: dict[str, Carrier]) -> list[Fault]:
    """What is wrong with the description of a custom carrier; a good one goes to `described`."""
    if (route.carrier == CUSTOM) is not bool(route.description):
        text = "Only a route of carrier custom has a description, and it must have one"
        return [_at(toml, at, "description", text, 'Write carrier = "custom" and description = "FILE.toml"')]
    if not route.description:
        return []
    if Path(route.description).name != route.description:
        return [
            _at(toml, at, "description", "The description lies in another folder", "Put it beside gateway.toml and write its name alone")
        ]
    carrier, faults = load_custom(toml.folder / route.description)
    if carrier is not None:
        described[route.name] = carrier
    return list(faults)


def _memory_faults(toml: TomlFile, at: int, route: RouteSettings) -> Iterator[Fault]:
    """A carrier or convention that nobody has seen a page of is off until somebody says that it may go."""
    if route.enabled and not route.memory_ok and (name := unproved(route.carrier) or unproved(route.ussd)):
        text = f"What is known of {name} rests on memory alone"
        remedy = "Compare it with the carrier's own page, then write memory_ok = true; till then enabled = false"
        yield _at(toml, at, "memory_ok", text, remedy)


def _account_faults(toml: TomlFile, at: int, route: RouteSettings, carrier: Carrier) -> Iterator[Fault]:
    """What stands in the account that the carrier doesn't know, and what it needs and doesn't find."""
    known, given = options_of(carrier), route.account.options
    for name in given:
        if name not in known:
            remedy = f"Take one of: {', '.join(known)}" if known else "Take it out"
            yield _at(toml, at, "account", f"{route.carrier} knows no “{name}” in its account", remedy)
    for name in needed_by(carrier):
        if not given.get(name):
            yield _at(toml, at, "account", f"{route.carrier} needs {name}: {known[name]}", f'Write account = {{ …, {name} = "…" }}')
    for misfit in misfits_in(carrier, given):
        yield _at(toml, at, "account", f"{misfit.option}: {misfit.sentence}", misfit.remedy)
    for name, words in choices_of(carrier).items():
        if name in given and given[name] not in words:
            yield _at(toml, at, "account", f"{name} is none of the words that {route.carrier} takes", f"Take one of: {', '.join(words)}")


def _zalo_faults(toml: TomlFile, at: int, route: RouteSettings, *, secret_unset: bool) -> list[Fault]:
    if route.carrier not in ("zalo", "zalo-zns"):
        text = f"A route of carrier {route.carrier} has no tokens of Zalo's"
        return [_at(toml, at, "zalo", text, "Take the zalo table out")] if route.zalo is not None else []
    found = list[Fault]()
    for key, url in (("url", route.url), ("zalo", (route.zalo or ZaloSettings()).token_url)):
        if urlsplit(url).scheme.lower() != "https" and not _is_loopback(urlsplit(url).hostname or ""):
            found.append(_at(toml, at, key, "The tokens would travel in clear", "Write an address that begins with https://"))
    is_oa = route.carrier == "zalo"
    if is_oa and route.enabled and not route.hook_secret.get_secret_value() and route.hooks_from and not secret_unset:
        text = "Zalo's calls are known by their signature alone"
        found.append(_at(toml, at, "hook_secret", text, "Set hook_secret to the OA's secret key, shown on Zalo's webhook page"))
    return found


def _ussd_names() -> list[str]:
    from gateway.carriers.ussd_registry import USSD  # late, as above

    return sorted(USSD)
