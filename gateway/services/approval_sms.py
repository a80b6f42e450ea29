"""Approval by SMS: a code to the approver's registered phone, and the DUYET that comes back from it (ADR 0017).

The code stands for one wave, one approver and one fingerprint; it is good for a day and three tries. From any other phone a DUYET is read
like every text, so nobody learns of waves by asking.
"""

import hmac
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.caps import DAY_MS
from gateway.domain.cost import cost_vnd, vnd
from gateway.domain.document import Document
from gateway.domain.fold import fold
from gateway.domain.msisdn import Msisdn
from gateway.domain.wave import WaveState
from gateway.services import approvals, sends
from gateway.services.refusal import Refusal
from gateway.services.replies import Replies, ReplyName
from gateway.services.routes import Route, route_named
from gateway.services.sends import Order
from gateway.storage import approvals as rows
from gateway.storage import users, wave_mts, waves
from gateway.storage.approvals import Code, NewCode
from gateway.storage.database import Database
from gateway.storage.seal import Keyring
from gateway.storage.users import User
from gateway.storage.waves import Wave

CODE_LIFE_MS: Final = DAY_MS
TRIES: Final = 3
CODES_A_DAY: Final = 3  # to one approver: 9 tries in a million for who can forge a sender
WORD: Final = "duyet"
_CODE: Final = re.compile(r"(?P<wave>.+?)(?P<code>[0-9]{6})")


def six_digits() -> str:
    """A code nobody can guess."""
    return f"{secrets.randbelow(1_000_000):06}"


# --- asking ---


@dataclass(frozen=True, slots=True)
class Asked:
    """A code is on its way to `phone` by `route`."""

    wave: Wave
    approver: User
    phone: Msisdn
    route: str
    expires_at: int


async def ask_by_sms(
    database: Database,
    routes: Sequence[Route],
    replies: Replies,
    name: str,
    approver: str,
    now: int,
    *,
    document: Document | None = None,
    seen: bytes | None = None,
    digits: Callable[[], str] = six_digits,
) -> Asked:
    """Ask `approver`, by the phone registered for that name, to approve a wave. `seen`: the fingerprint that was shown. Raises Refusal."""

    async def unit(connection: AsyncConnection) -> Asked:
        user, phone = await _reachable(connection, approver)
        wave = await approvals.proposed(connection, routes, name, user.id, document)
        hash_ = approvals.fingerprint(wave, routes)
        if seen is not None and seen != hash_:
            raise Refusal(f"wave {name} changed while it was looked at, nobody was asked; look again")
        await _not_too_often(connection, database.keyring, wave, user, phone, now)
        await rows.end_codes(connection, wave.id, now, user.id)
        code = digits()
        new = NewCode(wave.id, user.id, _keyed(database.keyring, wave.id, user.id, hash_, code), hash_, now + CODE_LIFE_MS)
        id_ = await rows.add_code(connection, new)
        route = _route_to(routes, wave, phone)
        text = replies.text(ReplyName.APPROVAL_CODE, code=code, **summary(wave, routes, replies))
        taken = await sends.enqueue_in(connection, database.keyring, route, Order(_send_id(wave.id, id_), (phone,), text), now)
        if taken.opted_out:
            raise Refusal(
                f"the phone of {user.name} said stop or is blocked: it has to send DK first, or {user.name} approves here with --as"
            )
        return Asked(wave, user, phone, route.name, new.expires_at)

    return await database.write(unit)


async def _reachable(connection: AsyncConnection, name: str) -> tuple[User, Msisdn]:
    user = await users.named(connection, name)
    if user is None:
        raise Refusal(f"there is no user {name}; tinbao users list shows all")
    if user.phone is None:
        raise Refusal(f"{user.name} has no phone registered; add it: tinbao users phone “{user.name}” --phone 0300000101")
    return user, user.phone


async def _not_too_often(connection: AsyncConnection, keyring: Keyring, wave: Wave, user: User, phone: Msisdn, now: int) -> None:
    person = keyring.blind(phone.e164, "msisdn")
    if await rows.codes_sent(connection, person, _send_id(wave.id, ""), now - DAY_MS) >= CODES_A_DAY:
        raise Refusal(f"{user.name} got {CODES_A_DAY} codes for wave {wave.name} in 24 hours; {user.name} may approve here with --as")


def _send_id(wave_id: int, code_id: int | str) -> str:
    return f"approval-{wave_id}-{code_id}"


def _route_to(routes: Sequence[Route], wave: Wave, phone: Msisdn) -> Route:
    """The wave's own route, else the first that reaches the phone."""
    own = route_named(routes, wave.route)
    return next((route for route in (own, *routes) if route.reaches(phone)), own)


def summary(wave: Wave, routes: Sequence[Route], replies: Replies) -> dict[str, str]:
    """The fields of the text that asks, but for the code."""
    day = "/".join(part.lstrip("0") for part in reversed((wave.document_date or "").split("-"))) if wave.document_date else ""
    return {
        "wave": wave.name,
        "count": _grouped(wave.audience),
        "segments": _grouped(wave.segments),
        "cost": vnd(cost_vnd(wave.segments, route_named(routes, wave.route).price_vnd), accented=False),
        "window": "ca ngay" if wave.window.first == wave.window.last else str(wave.window),
        "start": replies.moment(wave.starts_at) if wave.starts_at else "",
        "document": f"{wave.document} {day}",
        "mark": approvals.mark_of(approvals.fingerprint(wave, routes)),
    }


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", ".")


def _keyed(keyring: Keyring, wave_id: int, approver_id: int, hash_: bytes, code: str) -> bytes:
    """What is kept of a code: bound to its wave, its approver and what was asked about."""
    return keyring.blind(f"{wave_id}\x1f{approver_id}\x1f{hash_.hex()}\x1f{code}", "approval.code")


# --- answering ---


class Verdict(Enum):
    """What became of a DUYET; the value is the template of its reply."""

    APPROVED = ReplyName.APPROVED
    WRONG = ReplyName.APPROVAL_WRONG
    VOID = ReplyName.APPROVAL_VOID
    CHANGED = ReplyName.APPROVAL_CHANGED
    CLOSED = ReplyName.APPROVAL_CLOSED
    UNKNOWN = ReplyName.APPROVAL_UNKNOWN


@dataclass(frozen=True, slots=True)
class Answer:
    """What is replied. `tries`: how many are left after a wrong code; `state`: of a wave that doesn't wait any more."""

    verdict: Verdict
    wave: str = ""
    count: int = 0
    tries: int = 0
    state: str = ""

    def words(self, replies: Replies) -> str:
        """The reply's text."""
        name: ReplyName = self.verdict.value
        return replies.text(name, wave=self.wave, count=_grouped(self.count), tries=str(self.tries), state=self.state)


_STATES: Final = {
    WaveState.PLANNING: "con dang lap",
    WaveState.APPROVED: "da duyet roi",
    WaveState.RUNNING: "da duyet, dang gui",
    WaveState.PAUSED: "dang tam dung",
    WaveState.DONE: "da gui xong",
    WaveState.CANCELLED: "da huy",
}


def begins_like_an_approval(text: str) -> bool:
    """Whether it may be a DUYET; only then its sender is looked up."""
    return fold(text).startswith(WORD)


async def approve_by_sms(
    connection: AsyncConnection, keyring: Keyring, routes: Sequence[Route], approver: User, text: str, now: int
) -> Answer | None:
    """What `text`, from the phone of `approver`, does; in the caller's transaction. None: it is no answer to us, read it like any text.

    The same text again finds the wave approved and changes nothing.
    """
    since = now - CODE_LIFE_MS  # codes that ended lately are told so
    codes = await rows.codes_of(connection, approver.id, since)
    found = _CODE.fullmatch(_squeezed(text).removeprefix(WORD))
    if found is None:
        return Answer(Verdict.UNKNOWN) if any(_is_good(code, now) for code in codes) else None
    names = sorted({code.wave_name for code in codes if _squeezed(code.wave_name) == found["wave"]})
    for name in names:  # who counts a try or uses a code up holds its wave; what was read before that may be old
        await wave_mts.lock(connection, name)
    named = [code for code in await rows.codes_of(connection, approver.id, since) if code.wave_name in names]
    if not named:
        return Answer(Verdict.UNKNOWN)
    right = next((code for code in named if hmac.compare_digest(code.code, _typed(keyring, approver, code, found["code"]))), None)
    return await _decide(connection, routes, approver, right or named[0], now, is_right=right is not None)


def _squeezed(text: str) -> str:
    """Letters and digits alone: "Đợt-1", "dot 1" and "DOT1" are one wave to a thumb."""
    return "".join(filter(str.isalnum, fold(text)))


def _typed(keyring: Keyring, approver: User, code: Code, digits: str) -> bytes:
    return _keyed(keyring, code.wave, approver.id, code.hash, digits)


def _is_good(code: Code, now: int) -> bool:
    return code.used_at is None and code.expires_at > now and code.tries < TRIES


async def _decide(connection: AsyncConnection, routes: Sequence[Route], approver: User, code: Code, now: int, *, is_right: bool) -> Answer:
    wave = await waves.find(connection, code.wave_name)
    good = _is_good(code, now)
    if wave is None or (wave.state is not WaveState.PLANNED and not (good and wave.state is WaveState.APPROVED)):
        return Answer(Verdict.CLOSED, code.wave_name, state=_STATES[wave.state if wave else WaveState.CANCELLED])
    if not good:
        return Answer(Verdict.VOID, wave.name)
    if not is_right:
        await rows.count_try(connection, code.id)
        left = TRIES - code.tries - 1
        return Answer(Verdict.WRONG, wave.name, tries=left) if left else Answer(Verdict.VOID, wave.name)
    return await _approve(connection, routes, approver, code, wave, now)


async def _approve(connection: AsyncConnection, routes: Sequence[Route], approver: User, code: Code, wave: Wave, now: int) -> Answer:
    try:
        proposed = await approvals.proposed(connection, routes, wave.name, approver.id)
        if approvals.fingerprint(proposed, routes) != code.hash:
            return Answer(Verdict.CHANGED, wave.name)
        await approvals.record(connection, proposed, routes, approver, now, approvals.SMS, code.hash)
    except Refusal:  # approved meanwhile, its route is off, or the approver is none any more: before anything was written
        return Answer(Verdict.CLOSED, wave.name, state=_STATES.get(wave.state, "khong con duyet duoc"))
    await rows.use_code(connection, code.id, now)
    return Answer(Verdict.APPROVED, wave.name, wave.audience)
