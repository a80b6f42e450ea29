"""A telephone number in full: one at a time, with a reason once a day, and noted each time."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.msisdn import BadMsisdn, Msisdn
from gateway.domain.permission import Action, Actor
from gateway.services.desk_tips import words as told
from gateway.services.desk_tips.edits import mine
from gateway.services.refusal import Refusal
from gateway.storage import audit, tip_desk
from gateway.storage.audit import Entry
from gateway.storage.database import Database
from gateway.storage.limits import within
from gateway.storage.tip_queue import Held

SENDER: Final = "sender"
CONTACT: Final = "contact_phone"
WHICH: Final = (SENDER, CONTACT)
SHOWN_S: Final = 30
REASON_LIMIT: Final = 300  # characters
A_DAY: Final = 100  # numbers that one person looks at
_DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Revealed:
    """A number to be shown for SHOWN_S seconds."""

    number: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class WhyAsked:
    """This person has given no reason today; nothing was shown."""


async def reveal(database: Database, actor: Actor, code: str, which: str, reason: str, timezone: str, now: int) -> Revealed | WhyAsked:
    """The number of who told the tip (SENDER), or the one they named (CONTACT). `reason`: needed once a day. Raises Forbidden, Refusal."""
    day = int(datetime.fromtimestamp(now / 1000, ZoneInfo(timezone)).strftime("%Y%m%d"))
    why = " ".join(reason.split())[:REASON_LIMIT]

    async def unit(connection: AsyncConnection) -> Revealed | WhyAsked:
        tip = await mine(connection, actor, Action.NUMBER_REVEAL, code)
        kept = await tip_desk.reason(connection, actor.user, day)
        if kept is None and len(why) < 5:
            return WhyAsked()
        number = _number(tip, which)
        by = database.keyring.blind(str(actor.user), "number.reveal")
        if not await within(connection, "number.reveal", by, _DAY_MS, A_DAY, now):
            raise Refusal(f"Đã xem {A_DAY} số trong 24 giờ. Xin báo người phụ trách nếu cần xem thêm.")
        if kept is None:
            await tip_desk.add_reason(connection, actor.user, day, actor.commune, why, now)
        entry = Entry(actor, Action.NUMBER_REVEAL, f"tip:{tip.code}", {"which": which, "reason": kept or why}, tip.commune)
        await audit.note(connection, entry, now)
        return Revealed(number)

    return await database.write(unit)


def _number(tip: Held, which: str) -> str:
    """Raises Refusal where there is none."""
    by_hand, read = told.parsed(tip.corrected), told.parsed(tip.fields)
    stored = tip.sender if which == SENDER else by_hand.get(CONTACT, read.get(CONTACT)) if which == CONTACT else None
    try:
        return Msisdn.parse(str(stored or "")).national
    except BadMsisdn:
        raise Refusal("Tin này không có số điện thoại để xem.") from None
