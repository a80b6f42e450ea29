"""The duty list: whom an urgent tip wakes, level by level. Numbers are sealed, and masked wherever the list is shown."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.fold import fold, nfc
from gateway.domain.msisdn import Msisdn
from gateway.services.refusal import Refusal
from gateway.storage import duty
from gateway.storage.database import Database
from gateway.storage.duty import OnDuty

LEVELS: Final = 9
_NAME_MOST: Final = 40
_BETWEEN: Final = " .'-"


async def everybody(database: Database) -> list[OnDuty]:
    """The list, the first level first."""
    async with database.read() as connection:
        return await duty.everybody(connection)


async def add(database: Database, name: str, msisdn: Msisdn, level: int, commune: str, now: int) -> OnDuty:
    """Put somebody on the list. Raises Refusal: a name, a level or a number that can't be taken."""
    called = _called(name)
    if not 1 <= level <= LEVELS:
        raise Refusal(f"level {level} is outside 1..{LEVELS}; level 1 is texted first, the next ten minutes later")
    bidx = database.keyring.blind(msisdn.e164, "msisdn")

    async def unit(connection: AsyncConnection) -> OnDuty:
        for other in await duty.everybody(connection):
            if fold(other.name) == fold(called):
                raise Refusal(f"{other.name} is on the duty list already; take another name, or remove {other.name} first")
        if (owner := await duty.by_phone(connection, bidx)) is not None:
            raise Refusal(f"{owner.name} has this number on the duty list; a person stands there once")
        return await duty.add(connection, called, msisdn, bidx, level, commune, now)

    return await database.write(unit)


async def remove(database: Database, name: str) -> OnDuty:
    """Take somebody off the list; marks, case and blanks of the name don't count. Raises Refusal."""

    async def unit(connection: AsyncConnection) -> OnDuty:
        found = next((each for each in await duty.everybody(connection) if fold(each.name) == fold(name)), None)
        if found is None:
            raise Refusal("nobody of that name is on the duty list; tinbao duty list shows all")
        await duty.remove(connection, found.id)
        return found

    return await database.write(unit)


def _called(name: str) -> str:
    called = " ".join(nfc(name).split())
    if not 0 < len(called) <= _NAME_MOST or not all(c.isalnum() or c in _BETWEEN for c in called):
        raise Refusal(f"a name has letters, digits and spaces, at most {_NAME_MOST}; write it as on paper")
    return called
