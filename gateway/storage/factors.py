"""Second factors as rows: the secret a phone keeps too, and codes on paper for who lost the phone."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import recovery_code, user_factor


@dataclass(frozen=True, slots=True)
class Factor:
    """A phone's secret (base32). `last_step`: of the newest code that was taken."""

    user: int
    secret: str = field(repr=False)
    last_step: int
    created_at: int


async def of_user(connection: AsyncConnection, user: int) -> Factor | None:
    """The factor of `user`, if there is one."""
    row = (await connection.execute(select(user_factor).where(user_factor.c.user == user))).one_or_none()
    return Factor(row.user, row.secret, row.last_step, row.created_at) if row else None


async def have_one(connection: AsyncConnection) -> set[int]:
    """The users who have a factor."""
    return set(await connection.scalars(select(user_factor.c.user)))


async def set_up(connection: AsyncConnection, factor: Factor, codes: Iterable[bytes]) -> None:
    """A new factor with its codes (keyed hashes), in the place of what there was."""
    await take_away(connection, factor.user)
    values = {"user": factor.user, "secret": factor.secret, "last_step": factor.last_step, "created_at": factor.created_at}
    await connection.execute(insert(user_factor).values(**values))
    await connection.execute(insert(recovery_code), [{"user": factor.user, "code": code} for code in codes])


async def take_away(connection: AsyncConnection, user: int) -> bool:
    """No factor any more, and no code; False: there was none."""
    await connection.execute(delete(recovery_code).where(recovery_code.c.user == user))
    return (await connection.execute(delete(user_factor).where(user_factor.c.user == user))).rowcount > 0


_TAKE_STEP: Final = (
    update(user_factor)
    .where(user_factor.c.user == bindparam("user_"), user_factor.c.last_step < bindparam("step_"))
    .values(last_step=bindparam("step_"))
)


async def take_step(connection: AsyncConnection, user: int, step: int) -> bool:
    """The code of `step` was shown; False: that one or a later one was before."""
    return (await connection.execute(_TAKE_STEP, {"user_": user, "step_": step})).rowcount > 0


async def take_code(connection: AsyncConnection, user: int, code: bytes, now: int) -> bool:
    """A code on paper was shown; False: there is none such, or it was used."""
    mine = (recovery_code.c.user == user, recovery_code.c.code == code, recovery_code.c.used_at.is_(None))
    return (await connection.execute(update(recovery_code).where(*mine).values(used_at=now))).rowcount > 0


async def codes_left(connection: AsyncConnection, user: int) -> int:
    """How many codes on paper are still good."""
    left = select(func.count()).where(recovery_code.c.user == user, recovery_code.c.used_at.is_(None))
    return int(await connection.scalar(left) or 0)
