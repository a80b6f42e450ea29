"""Users and their passphrases: add, check, lock out.

What scrypt is given is the passphrase's keyed hash: with a stolen database alone, without the installation's key, nobody can so much as
try passphrases out (ADR 0017).
"""

import asyncio
import secrets
import threading
import unicodedata
from collections.abc import Collection
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain import passphrase as passphrases
from gateway.domain.caps import DAY_MS
from gateway.domain.fold import nfc
from gateway.domain.msisdn import Msisdn
from gateway.services.refusal import Refusal
from gateway.storage import users
from gateway.storage.database import Database
from gateway.storage.seal import Keyring
from gateway.storage.users import NewUser, Role, User

TRIES: Final = 5
LOCK_MS: Final = DAY_MS // 96  # 15 minutes
SALT_BYTES: Final = 16
NOT_YOU: Final = (  # one sentence for all of it: whether a name exists is nobody's business
    "the name or the passphrase is wrong, or the name may not be used now; after five wrong passphrases in a row a name is locked for "
    "15 minutes. Wait and type it once more, or ask who keeps the list: tinbao users list"
)
_BETWEEN: Final = " .'-"  # what a name may hold beside letters, their marks and digits: nothing that hides or turns what is shown
_NAME_MOST: Final = 40
_NOBODY: Final = f"$scrypt$ln=17,r=8,p=1${'A' * 22}${'A' * 43}"  # what an unknown name is checked against: it must take as long
_ONE_AT_A_TIME: Final = threading.Lock()  # each computing takes 128 MiB


async def check(database: Database, name: str, passphrase: str, now: int, role: Role | None = None) -> User:
    """The user that `name` and `passphrase` belong to. Raises Refusal, always the same; five wrong ones in a row lock the name.

    `role`: what the user must be; only who has the passphrase is told otherwise.
    """

    async def begin(connection: AsyncConnection) -> User | None:
        user = await users.named(connection, name)
        if user is None or not user.is_enabled:
            return None
        return user if await users.begin_try(connection, user.id, now, TRIES, LOCK_MS) else None

    user = await database.write(begin)
    secret = _secret(database.keyring, passphrase)
    right = await asyncio.to_thread(_fits, secret, user.passphrase if user else _NOBODY)
    if user is None or not right:
        raise Refusal(NOT_YOU)
    await database.write(lambda connection: users.end_tries(connection, user.id))
    if role is not None and role not in user.roles:
        raise Refusal(f"{user.name} is no {role.value}; tinbao users list shows who is")
    return user


async def add(
    database: Database, name: str, roles: Role | Collection[Role], passphrase: str, phone: Msisdn | None, commune: str, now: int
) -> User:
    """A new user. Raises Refusal: a name, roles, a passphrase or a phone that can't be taken."""
    called, given = _called(name), _together(roles)
    stored = await _chosen(database.keyring, passphrase, called)
    bidx = _bidx(database.keyring, phone)

    async def unit(connection: AsyncConnection) -> User:
        await users.hold(connection)
        if other := await users.named(connection, called):
            raise Refusal(f"there is a user {other.name} already; take a name that differs in more than accents and capitals")
        await _free(connection, bidx, phone)
        id_ = await users.add(connection, NewUser(called, given, stored, commune, phone, bidx), now)
        return _known(await users.by_id(connection, id_), called)

    return await database.write(unit)


async def disable(database: Database, name: str, now: int) -> User:
    """From now on this user may nothing. Raises Refusal."""
    return await _switch(database, name, now)


async def enable(database: Database, name: str) -> User:
    """Take a `disable` back. Raises Refusal."""
    return await _switch(database, name, None)


async def change_roles(database: Database, name: str, roles: Collection[Role]) -> User:
    """Appoint the user to other roles, in the place of all they had. Raises Refusal."""
    given = _together(roles)

    async def unit(connection: AsyncConnection) -> User:
        user = _known(await users.named(connection, name), name)
        await users.set_roles(connection, user.id, given)
        return _known(await users.by_id(connection, user.id), name)

    return await database.write(unit)


async def change_passphrase(database: Database, name: str, passphrase: str) -> User:
    """Give the user another passphrase; a lock ends with it. Who asks must have been checked, or hold the key. Raises Refusal."""
    user = await find(database, name)
    stored = await _chosen(database.keyring, passphrase, user.name)
    await database.write(lambda connection: users.set_passphrase(connection, user.id, stored))
    return user


async def change_phone(database: Database, name: str, phone: Msisdn | None) -> User:
    """Give the user another phone, or none. Raises Refusal."""
    bidx = _bidx(database.keyring, phone)

    async def unit(connection: AsyncConnection) -> User:
        await users.hold(connection)
        user = _known(await users.named(connection, name), name)
        await _free(connection, bidx, phone, besides=user.id)
        await users.set_phone(connection, user.id, phone, bidx)
        return _known(await users.by_id(connection, user.id), name)

    return await database.write(unit)


async def find(database: Database, name: str) -> User:
    """The user of that name. Raises Refusal."""
    async with database.read() as connection:
        return _known(await users.named(connection, name), name)


async def everybody(database: Database) -> list[User]:
    """All users, the disabled ones too."""
    async with database.read() as connection:
        return await users.everybody(connection)


# --- parts ---


async def _switch(database: Database, name: str, at: int | None) -> User:
    async def unit(connection: AsyncConnection) -> User:
        user = _known(await users.named(connection, name), name)
        if user.is_enabled is (at is None):
            raise Refusal(f"{user.name} is {'enabled' if user.is_enabled else 'disabled'} already")
        await users.disable(connection, user.id, at)
        return _known(await users.by_id(connection, user.id), name)

    return await database.write(unit)


def _known(user: User | None, name: str) -> User:
    if user is None:
        raise Refusal(f"there is no user {name}; tinbao users list shows all")
    return user


def _together(roles: Role | Collection[Role]) -> frozenset[Role]:
    """Roles that one person may have at once. Raises Refusal."""
    given = frozenset({roles}) if isinstance(roles, Role) else frozenset(roles)
    if not given:
        raise Refusal("a user needs a role; tinbao users add --help names them")
    if {Role.PLANNER, Role.APPROVER} <= given:
        raise Refusal("nobody is planner and approver at once: who plans a wave must not approve it. Take one of the two")
    return given


async def _free(connection: AsyncConnection, bidx: bytes | None, phone: Msisdn | None, besides: int | None = None) -> None:
    """One phone, one person: under two names one could plan and approve alone."""
    other = await users.by_phone(connection, bidx) if bidx is not None else None
    if other is not None and other.id != besides:
        raise Refusal(f"the phone {phone} belongs to {other.name}; a person has one name")


def _called(name: str) -> str:
    called = " ".join(nfc(name).split())
    is_named = any(map(str.isalpha, called)) and all(c in _BETWEEN or unicodedata.category(c)[0] in "LMN" for c in called)
    if not is_named or len(called) > _NAME_MOST:
        raise Refusal(f"“{called[:_NAME_MOST]}” is no name; write letters, digits, blanks, dots and dashes, at most {_NAME_MOST}")
    return called


async def _chosen(keyring: Keyring, passphrase: str, name: str) -> str:
    """The stored form of a new passphrase. Raises Refusal."""
    if why := passphrases.weakness(passphrases.cleaned(passphrase), name):
        raise Refusal(why)
    return await asyncio.to_thread(_stored, _secret(keyring, passphrase), secrets.token_bytes(SALT_BYTES))


def _secret(keyring: Keyring, passphrase: str) -> bytes:
    return keyring.blind(passphrases.cleaned(passphrase), "user.passphrase")


def _bidx(keyring: Keyring, phone: Msisdn | None) -> bytes | None:
    return keyring.blind(phone.e164, "msisdn") if phone else None


def _stored(secret: bytes, salt: bytes) -> str:
    with _ONE_AT_A_TIME:
        return passphrases.stored_form(secret, salt)


def _fits(secret: bytes, stored: str) -> bool:
    with _ONE_AT_A_TIME:
        try:
            return passphrases.fits(secret, stored)
        except ValueError as damage:
            raise Refusal(str(damage)) from None
