"""Invented users: who plans and who approves, made at little cost; and a wave that waits for approval."""

from dataclasses import replace
from itertools import count

from gateway.domain.msisdn import Msisdn
from gateway.domain.passphrase import Cost, stored_form
from gateway.services.routes import Route
from gateway.storage import users
from gateway.storage.database import Database
from gateway.storage.users import NewUser, Role, User
from gateway.storage.waves import Wave
from tests.services.people import NOW, route
from tests.services.wave_rows import make_wave

WORDS = "con trâu đen gặm cỏ"
LAN, HUNG = "Nông Thị Lan", "Hoàng Văn Hùng"  # the one plans, the other approves
LANS_PHONE, HUNGS_PHONE = Msisdn("+84300000201"), Msisdn("+84300000202")
_SALTS = count(1)


async def make_user(database: Database, name: str, *roles: Role, phone: Msisdn | None = None, commune: str = "06577") -> User:
    """A user whose passphrase is WORDS, hashed at a cost that tests can pay."""
    secret = database.keyring.blind(WORDS, "user.passphrase")
    stored = stored_form(secret, next(_SALTS).to_bytes(16, "big"), Cost(ln=2))
    bidx = database.keyring.blind(phone.e164, "msisdn") if phone else None

    async def unit(connection) -> User:
        found = await users.by_id(
            connection, await users.add(connection, NewUser(name, frozenset(roles), stored, commune, phone, bidx), NOW)
        )
        assert found is not None
        return found

    return await database.write(unit)


async def two_persons(database: Database) -> tuple[User, User]:
    """A planner and an approver, each with a phone."""
    planner = await make_user(database, LAN, Role.PLANNER, phone=LANS_PHONE)
    return planner, await make_user(database, HUNG, Role.APPROVER, phone=HUNGS_PHONE)


def bound_route(name: str = "gia-lap", limit: int = 3, **changes) -> Route:
    """A route that takes so many recipients a day without approval; a segment costs 350 VND."""
    return replace(route(name), **({"max_unapproved": limit, "price_vnd": 350} | changes))


async def waiting_wave(database: Database, planner: User | None, name: str = "dot-1", people: int = 5, **changes) -> Wave:
    """A planned wave over the limit of `bound_route`, with its document."""
    paper = {"document": "238/KH-UBND", "document_date": "2026-06-15"}
    await make_wave(database, name, mts={"queued": people}, planner=planner.id if planner else None, **(paper | changes))
    async with database.read() as connection:
        from gateway.storage import waves

        found = await waves.find(connection, name)
    assert found is not None
    return found
