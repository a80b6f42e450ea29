"""Users as rows: one person has one name, one phone, and the roles that they are appointed to."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import BigInteger, Row, bindparam, case, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.fold import fold
from gateway.domain.msisdn import Msisdn
from gateway.domain.permission import Actor, Role
from gateway.storage.schema import user

__all__ = ["NewUser", "Role", "User"]


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user to add. `passphrase`: its stored form; `bidx`: the blind index of `phone`."""

    name: str
    roles: frozenset[Role]
    passphrase: str = field(repr=False)
    commune: str
    phone: Msisdn | None = None
    bidx: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class User:
    """A user as stored. `failures`: wrong passphrases in a row; `locked_until`: epoch ms, 0: not locked."""

    id: int
    name: str
    roles: frozenset[Role]
    passphrase: str = field(repr=False)
    phone: Msisdn | None
    commune: str
    created_at: int
    disabled_at: int | None
    failures: int
    locked_until: int

    @property
    def is_enabled(self) -> bool:
        return self.disabled_at is None

    @property
    def actor(self) -> Actor:
        """This person as who does something."""
        return Actor(self.id, self.name, self.roles, self.commune)


def joined(roles: Collection[Role]) -> str:
    """How roles are stored: names in the order of `Role`, joined by commas."""
    return ",".join(role for role in Role if role in roles)


# --- who is there ---


async def hold(connection: AsyncConnection) -> None:
    """Let nobody else add users until this transaction ends: names that differ by accents alone are no matter of a unique index.

    SQLite's BEGIN IMMEDIATE is that lock already.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(text('LOCK TABLE "user" IN SHARE ROW EXCLUSIVE MODE'))


async def everybody(connection: AsyncConnection) -> list[User]:
    """All users, the disabled ones too, by id."""
    return [_user(row) for row in await connection.execute(select(user).order_by(user.c.id))]


async def named(connection: AsyncConnection, name: str) -> User | None:
    """The user whose name reads like `name`: marks, case and blanks don't count. A commune has a handful of them."""
    wanted = fold(name)
    return next((each for each in await everybody(connection) if fold(each.name) == wanted), None)


async def by_id(connection: AsyncConnection, id_: int) -> User | None:
    """The user of that id."""
    row = (await connection.execute(select(user).where(user.c.id == id_))).one_or_none()
    return _user(row) if row else None


async def by_phone(connection: AsyncConnection, bidx: bytes) -> User | None:
    """The user, also a disabled one, with that phone."""
    row = (await connection.execute(select(user).where(user.c.bidx == bidx))).one_or_none()
    return _user(row) if row else None


async def approvers(connection: AsyncConnection, phones: Collection[bytes]) -> dict[bytes, User]:
    """The enabled approvers among the people of `phones` (blind indexes)."""
    if not phones:
        return {}
    chosen = select(user).where(user.c.bidx.in_(phones), user.c.disabled_at.is_(None))
    found = {bytes(row.bidx): _user(row) for row in await connection.execute(chosen)}
    return {bidx: each for bidx, each in found.items() if Role.APPROVER in each.roles}


def _user(row: Row[Any]) -> User:  # Any: the columns of the table
    phone = Msisdn(row.phone) if row.phone is not None else None
    roles = frozenset(map(Role, filter(None, row.roles.split(","))))
    return User(
        row.id, row.name, roles, row.passphrase, phone, row.commune, row.created_at, row.disabled_at, row.failures,
        row.locked_until,
    )  # fmt: skip


# --- changes ---


async def add(connection: AsyncConnection, new: NewUser, now: int) -> int:
    """Store a new user; returns the id. Ask `named` and `by_phone` first, in the same transaction, after `hold`."""
    values = {
        "name": new.name,
        "roles": joined(new.roles),
        "passphrase": new.passphrase,
        "phone": new.phone.e164 if new.phone else None,
        "bidx": new.bidx,
        "commune": new.commune,
        "created_at": now,
    }
    id_: int = (await connection.execute(insert(user).values(**values).returning(user.c.id))).scalar_one()
    return id_


async def disable(connection: AsyncConnection, id_: int, at: int | None) -> None:
    """From `at` on this user may nothing; None: may again. The row stays, and its phone with it: waves and approvals name it."""
    await connection.execute(update(user).where(user.c.id == id_).values(disabled_at=at))


async def set_roles(connection: AsyncConnection, id_: int, roles: Collection[Role]) -> None:
    """Other roles. That nobody plans and approves is the caller's to see to."""
    await connection.execute(update(user).where(user.c.id == id_).values(roles=joined(roles)))


async def set_passphrase(connection: AsyncConnection, id_: int, passphrase: str) -> None:
    """Another passphrase (its stored form); a lock ends with it."""
    await connection.execute(update(user).where(user.c.id == id_).values(passphrase=passphrase, failures=0, locked_until=0))


async def set_phone(connection: AsyncConnection, id_: int, phone: Msisdn | None, bidx: bytes | None) -> None:
    """Another phone, or none."""
    await connection.execute(update(user).where(user.c.id == id_).values(phone=phone.e164 if phone else None, bidx=bidx))


# --- tries ---

_TRIES: Final = case((user.c.locked_until > 0, 1), else_=user.c.failures + 1)  # after a lock has passed they begin anew
_UNTIL: Final = bindparam("until_", type_=BigInteger)  # inside a CASE, PostgreSQL would take it for an INTEGER
_TRY: Final = (
    update(user)
    .where(user.c.id == bindparam("id_"), user.c.locked_until <= bindparam("now_"))
    .values(failures=_TRIES, locked_until=case((bindparam("most_") <= _TRIES, _UNTIL), else_=0))
)


async def begin_try(connection: AsyncConnection, id_: int, now: int, most: int, lock_ms: int) -> bool:
    """Count a try before it is looked at, so that many at once are no more than many in a row; the last of `most` locks.

    False: locked, this one doesn't count. A right passphrase takes them back: `end_tries`.
    """
    return (await connection.execute(_TRY, {"id_": id_, "now_": now, "most_": most, "until_": now + lock_ms})).rowcount > 0


async def end_tries(connection: AsyncConnection, id_: int) -> None:
    """The passphrase was right: nothing is counted and nothing locked any more."""
    await connection.execute(update(user).where(user.c.id == id_).values(failures=0, locked_until=0))
