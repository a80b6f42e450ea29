"""Outside systems that may plug in: add one, revoke it, know it by its name and secret.

A secret is 32 random bytes, so a keyed hash is enough to keep of it: nobody can try it out, and a check costs microseconds, which a door
that takes hundreds of calls a second needs. It is shown once, when it is made.
"""

import hmac
import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final
from weakref import WeakKeyDictionary

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.callback_target import fault_of
from gateway.domain.secret import Secret
from gateway.services.refusal import Refusal
from gateway.storage import audit, clients
from gateway.storage.clients import EVENTS, SCOPES, Client, KnownClient, NewClient
from gateway.storage.database import Database
from gateway.storage.seal import Keyring

__all__ = ["EVENTS", "SCOPES", "Client"]

KNOWN_MS: Final = 5_000  # how long a process goes by what it read last: so soon a revoke takes effect everywhere
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_HOST: Final = re.compile(r"[a-z0-9](?:[a-z0-9.:-]{0,251}[a-z0-9])?")
_SECRET_BYTES: Final = 32
_NOBODY: Final = secrets.token_bytes(32)  # what an unknown name is compared with: it must take as long


@dataclass(frozen=True, slots=True)
class Wanted:
    """A client to add, as it was asked for."""

    name: str
    commune: str
    scopes: tuple[str, ...]
    route: str | None = None
    mo_url: str | None = field(default=None, repr=False)
    mo_method: str = "GET"
    webhook_url: str | None = field(default=None, repr=False)
    events: tuple[str, ...] = ()
    callback_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Added:
    """A new client and what it proves itself with; neither secret can be read again. `webhook_secret`: what our calls are signed with."""

    client: Client
    secret: Secret
    webhook_secret: Secret | None

    @property
    def token(self) -> Secret:
        """What it sends as its bearer token."""
        return Secret(f"{self.client.name}.{self.secret.reveal()}")


# --- who calls ---


@dataclass(frozen=True, slots=True)
class _Book:
    read_at: int
    clients: Mapping[str, KnownClient] = field(repr=False)


_books: Final[WeakKeyDictionary[Database, _Book]] = WeakKeyDictionary()


async def authenticated(database: Database, name: str, secret: Secret, now: int) -> Client | None:
    """The client that `name` and `secret` belong to. An unknown name, a wrong secret and a revoked client take the same work."""
    known = (await _book(database, now)).clients.get(name)
    is_right = hmac.compare_digest(_hash(database.keyring, secret), known.secret if known else _NOBODY)
    return known.client if known and is_right and known.revoked_at is None else None


async def by_token(database: Database, token: Secret, now: int) -> Client | None:
    """The client of a bearer token, `<name>.<secret>`."""
    name, _, secret = token.reveal().partition(".")
    return await authenticated(database, name, Secret(secret), now)


async def any_clients(database: Database, now: int | None = None) -> bool:
    """Whether there is an outside system at all. With `now` it asks what this process knows, at most 5 s old."""
    if now is not None:
        return any(each.revoked_at is None for each in (await _book(database, now)).clients.values())
    async with database.read() as connection:
        return await clients.are_there(connection)


async def _book(database: Database, now: int) -> _Book:
    """All clients as they were at most 5 s ago. There are a handful of them."""
    book = _books.get(database)
    if book is None or not 0 <= now - book.read_at < KNOWN_MS:
        async with database.read() as connection:
            known = {each.client.name: each for each in await clients.everybody(connection)}
        book = _books[database] = _Book(now, known)
    return book


def forget_book(database: Database) -> None:
    """This process goes by the client as it is now; others follow within 5 s."""
    _books.pop(database, None)


def _hash(keyring: Keyring, secret: Secret) -> bytes:
    return keyring.blind(secret.reveal(), "client.secret")


# --- the list ---


async def everybody(database: Database) -> list[KnownClient]:
    """All clients, the revoked ones too."""
    async with database.read() as connection:
        return await clients.everybody(connection)


async def add(database: Database, wanted: Wanted, now: int) -> Added:
    """A new client with its secrets; noted. Raises Refusal."""
    check(wanted)
    secret, webhook = new_secret(), new_secret() if wanted.webhook_url else None
    new = NewClient(
        wanted.name, wanted.commune, tuple(scope for scope in SCOPES if scope in wanted.scopes), _hash(database.keyring, secret),
        wanted.route, wanted.mo_url, wanted.mo_method, wanted.webhook_url, webhook,
        (wanted.events or EVENTS) if wanted.webhook_url else (), wanted.callback_hosts,
    )  # fmt: skip

    async def unit(connection: AsyncConnection) -> Client:
        if await clients.named(connection, new.name):
            raise Refusal(f"there is a client {new.name} already, perhaps a revoked one; take another name")
        found = await clients.add(connection, new, now)
        await note(connection, "client.add", found, now)
        return found

    client = await database.write(unit)
    forget_book(database)
    return Added(client, secret, webhook)


async def standing(connection: AsyncConnection, name: str) -> Client:
    """The client of that name, unless it was revoked. Raises Refusal."""
    known = await clients.named(connection, name)
    if known is None:
        raise Refusal(f"there is no client {name[:40]}; tinbao clients list shows all")
    if known.revoked_at is not None:
        raise Refusal(f"{known.client.name} was revoked already")
    return known.client


async def revoke(database: Database, name: str, now: int) -> Client:
    """From now on this client may nothing; what it sent stays. Noted. Raises Refusal."""

    async def unit(connection: AsyncConnection) -> Client:
        found = await standing(connection, name)
        await clients.revoke(connection, found.id, now)
        await note(connection, "client.revoke", found, now)
        return found

    client = await database.write(unit)
    forget_book(database)
    return client


async def set_webhook(database: Database, client: Client, url: str | None, events: tuple[str, ...], now: int) -> Secret | None:
    """Where `client` is told of `events`; None: nowhere. Returns the new secret that the calls are signed with. Raises Refusal."""
    check_url(url, client.callback_hosts)
    known_words("event", events, EVENTS)
    secret = new_secret() if url else None
    kept = tuple(event for event in EVENTS if event in events) if url else ()

    async def unit(connection: AsyncConnection) -> None:
        await clients.set_webhook(connection, client.id, url, secret, kept)
        await note(connection, "client.webhook", client, now)

    await database.write(unit)
    forget_book(database)
    return secret


async def note(connection: AsyncConnection, action: str, client: Client, now: int, **more: object) -> None:
    """A row of the audit log on `client`; `more`: of its detail."""
    detail = {"name": client.name, "scopes": list(client.scopes)} | more
    await audit.note(connection, audit.Entry(None, action, f"client:{client.id}", detail, client.commune), now)


# --- what may be asked for ---


def new_secret() -> Secret:
    """43 characters A-Za-z0-9_- that nobody can guess."""
    return Secret(secrets.token_urlsafe(_SECRET_BYTES))


def check(wanted: Wanted) -> None:
    """Raises Refusal: no client can be like that."""
    if not _NAME.fullmatch(wanted.name):
        raise Refusal("a client's name is 1 to 40 of a-z, 0-9 and -, with no - at an end; write it like so-van-hoa")
    if not wanted.scopes:
        raise Refusal(f"a client needs a scope; take of: {', '.join(SCOPES)}")
    known_words("scope", wanted.scopes, SCOPES)
    known_words("event", wanted.events, EVENTS)
    if wanted.mo_method not in ("GET", "POST"):
        raise Refusal("MOs are handed on by GET or POST; take one of the two")
    for host in wanted.callback_hosts:
        if not _HOST.fullmatch(host):
            raise Refusal("a callback host is a host's name or address alone, in small letters, as crm.noibo; leave scheme and path out")
    check_url(wanted.mo_url, wanted.callback_hosts)
    check_url(wanted.webhook_url, wanted.callback_hosts)


def known_words(kind: str, words: tuple[str, ...], known: tuple[str, ...]) -> None:
    """Raises Refusal for a word that is none of `known`."""
    if unknown := next((word for word in words if word not in known), None):
        raise Refusal(f"“{unknown[:40]}” is no {kind}; take of: {', '.join(known)}")


def check_url(url: str | None, allowed: Collection[str] = ()) -> None:
    """Raises Refusal for an address that can't be called back; where its name leads is looked at when it is called."""
    if url is not None and (why := fault_of(url, allowed)):
        raise Refusal(why)
