"""Officers and tips that the tests of the queue share."""

import json
from itertools import count

from gateway.domain.permission import Actor, Role
from gateway.reading import gazetteer_of, place_names_of, read
from gateway.services.follow_ups import drawn_out
from tests.services.people import ALICE, NOW, deployment
from tests.services.tip_rows import make_tip

DEPLOYMENT = deployment()
PLACES, NAMES = gazetteer_of(DEPLOYMENT), place_names_of(DEPLOYMENT)
HERE, ELSEWHERE = "06577", "06001"
_IDS = count(1)
NA_LAI = (
    "ls na lai co 2 ngoi mo bo doi canh mieu tho cong, nguoi gia trong thon noi chon thang 2 nam 79, hinh nhu c3 d2 e777. lh 0300000015"
)


def officer(*roles: Role, commune: str = HERE, name: str = "") -> Actor:
    at = next(_IDS)
    return Actor(at, name or f"Hoàng Văn Thí Dụ {at}", frozenset(roles or (Role.READER,)), commune)


READER = officer(Role.READER)
VERIFIER = officer(Role.VERIFIER)
STRANGER = officer(Role.READER, Role.VERIFIER, Role.CUSTODIAN, commune=ELSEWHERE)


async def tell(database, text: str = NA_LAI, sender: str = ALICE, **changes) -> int:
    """A tip with what the reader draws out of it; returns its id."""
    reading = read(text, "sms", PLACES, DEPLOYMENT.keywords.aliases, (), NAMES)
    values = {"fields": json.dumps(drawn_out(reading), ensure_ascii=False), "village": reading.village, "urgent": reading.urgent}
    return await make_tip(database, text, sender, **(values | changes))


async def code_of(database, tip_id: int) -> str:
    from gateway.storage.tip_queue import held_by_id

    async with database.read() as connection:
        return (await held_by_id(connection, tip_id)).code


__all__ = ["DEPLOYMENT", "ELSEWHERE", "HERE", "NA_LAI", "NOW", "READER", "STRANGER", "VERIFIER", "code_of", "officer", "tell"]
