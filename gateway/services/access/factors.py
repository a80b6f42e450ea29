"""The second factor: who needs one, setting it up, and showing a code of it.

A code is one of a million, so tries are counted with those of the passphrase: five wrong ones in a row lock the name.
"""

import secrets
from dataclasses import dataclass, field
from typing import Final, Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain import totp
from gateway.domain.permission import MAY, Action, Actor
from gateway.services.refusal import Refusal
from gateway.services.users import LOCK_MS, TRIES
from gateway.storage import audit, factors, users, web_sessions
from gateway.storage.database import Database
from gateway.storage.factors import Factor
from gateway.storage.seal import Keyring

Policy = Literal["sensitive", "everybody", "nobody"]
SENSITIVE: Final = "sensitive"
_GUARDED: Final = (  # who sees numbers, says yes for others, or decides who may
    Action.NUMBER_REVEAL, Action.ADN_READ, Action.WAVE_APPROVE, Action.HAND_OVER_DECIDE, Action.USER_MANAGE, Action.AUDIT_READ,
)  # fmt: skip
RECOVERY_CODES: Final = 8
_GROUPS: Final = 3  # of four signs: 20 bits each
_ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # 32, none like another
WRONG_CODE: Final = "Mã chưa đúng hoặc đã dùng rồi. Xin chờ mã mới hiện trên điện thoại rồi gõ lại. Sai năm lần liền thì khóa 15 phút."


def is_needed(actor: Actor, policy: Policy) -> bool:
    """Whether this person must have a second factor."""
    if policy == SENSITIVE:
        return any(MAY[action] & actor.roles for action in _GUARDED)
    return policy == "everybody"


async def has_one(database: Database, actor: Actor) -> bool:
    """Whether this person has set one up."""
    async with database.read() as connection:
        return await factors.of_user(connection, actor.user) is not None


@dataclass(frozen=True, slots=True)
class Phone:
    """Whether a phone is set up, since when (epoch ms), and how many codes on paper are left."""

    since: int | None
    codes_left: int


async def state(database: Database, actor: Actor) -> Phone:
    """What one's own page shows."""
    async with database.read() as connection:
        factor = await factors.of_user(connection, actor.user)
        return Phone(factor.created_at if factor else None, await factors.codes_left(connection, actor.user))


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the phone is shown. `secret`: base32, not stored before a code proves that the phone has it; `address`: for the QR code."""

    secret: str = field(repr=False)
    address: str = field(repr=False)


def enrolment(actor: Actor, issuer: str, secret: str = "") -> Enrolment:
    """A secret for a phone, a new one unless `secret` is given again."""
    chosen = secret or totp.written(secrets.token_bytes(totp.SECRET_BYTES))
    return Enrolment(chosen, totp.address(chosen, actor.name, issuer))


async def set_up(database: Database, actor: Actor, secret: str, code: str, now: int, session: int) -> list[str]:
    """Store the factor once a code shows that the phone keeps it; returns the codes for paper, shown this once. Raises Refusal.

    Every session but `session` ends.
    """
    step = totp.matching_step(secret, _digits(code), now, 0)
    if step is None:
        raise Refusal(WRONG_CODE)
    paper = ["-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(_GROUPS)) for _ in range(RECOVERY_CODES)]
    hashes = [_paper(database.keyring, each) for each in paper]

    async def unit(connection: AsyncConnection) -> None:
        await factors.set_up(connection, Factor(actor.user, secret, step, now), hashes)
        await web_sessions.end_all(connection, actor.user, now, "another phone", besides=session)
        await audit.note(connection, audit.Entry(actor, "factor.set", f"user:{actor.user}"), now)

    await database.write(unit)
    return paper


async def show(database: Database, actor: Actor, code: str, now: int) -> None:
    """A code of the phone, or one from paper. Raises Refusal; five wrong ones in a row lock the name."""
    paper = _paper(database.keyring, code)

    async def unit(connection: AsyncConnection) -> bool:
        if not await users.begin_try(connection, actor.user, now, TRIES, LOCK_MS):
            return False
        if not await _taken(connection, actor, code, paper, now):
            return False
        await users.end_tries(connection, actor.user)
        return True

    if not await database.write(unit):
        raise Refusal(WRONG_CODE)


async def _taken(connection: AsyncConnection, actor: Actor, code: str, paper: bytes, now: int) -> bool:
    factor = await factors.of_user(connection, actor.user)
    if factor is None:
        return False
    step = totp.matching_step(factor.secret, _digits(code), now, factor.last_step)
    if step is not None:
        return await factors.take_step(connection, actor.user, step)
    if await factors.take_code(connection, actor.user, paper, now):
        await audit.note(connection, audit.Entry(actor, "factor.paper_code", f"user:{actor.user}"), now)
        return True
    return False


async def take_away(database: Database, by: Actor | None, user: int, now: int) -> bool:
    """Who lost the phone sets up a new one; all sessions end. False: there was none. The caller has checked that `by` may."""

    async def unit(connection: AsyncConnection) -> bool:
        had = await factors.take_away(connection, user)
        await web_sessions.end_all(connection, user, now, "by an administrator")
        await audit.note(connection, audit.Entry(by, "factor.reset", f"user:{user}"), now)
        return had

    return await database.write(unit)


def _digits(code: str) -> str:
    return "".join(sign for sign in code if sign in "0123456789")


def _paper(keyring: Keyring, code: str) -> bytes:
    return keyring.blind("".join(sign for sign in code.upper() if sign in _ALPHABET), "user.recovery")
