"""Officers of two communes, and cases brought as far as a test needs them."""

from datetime import date

from gateway.domain.case_file import Outcome, Safety
from gateway.domain.permission import Actor, Role
from gateway.services.casework import cases
from gateway.services.casework.common import Spot
from gateway.storage.database import Database
from gateway.storage.schema import tip
from tests.services.people import NOW
from tests.services.staff import make_user
from tests.services.tip_rows import make_tip

ZONE = "Asia/Ho_Chi_Minh"
HERE, THERE = "06577", "18754"  # our commune, and one that is none of our business
SPOT = Spot(21.6512, 106.8533, 12, "WGS84", "21.6512, 106.8533")


async def officer(database: Database, name: str, *roles: Role, commune: str = HERE) -> Actor:
    """Somebody of the desk."""
    return (await make_user(database, name, *roles, commune=commune)).actor


async def verifier(database: Database, name: str = "Vi Văn Mẫu", commune: str = HERE) -> Actor:
    return await officer(database, name, Role.VERIFIER, commune=commune)


async def told(database: Database, text: str = "co 2 mo bo doi canh suoi", **more) -> str:
    """The code of a new tip."""
    id_ = await make_tip(database, text, **more)
    async with database.read() as connection:
        return (await connection.execute(tip.select().where(tip.c.id == id_))).one().code


async def opened(database: Database, actor: Actor, *codes: str, now: int = NOW) -> int:
    """A case of `codes`, or of a tip of its own."""
    return await cases.open_case(database, actor, codes or [await told(database, commune=actor.commune)], "Mộ cạnh suối", ZONE, now)


async def version(database: Database, actor: Actor, case: int) -> int:
    return (await cases.show_case(database, actor, case)).case.version


async def searched(database: Database, actor: Actor, case: int, safety: Safety = Safety.CLEAR, now: int = NOW) -> None:
    """Somebody went out and wrote down what was found."""
    await cases.plan_field_work(database, actor, case, await version(database, actor, case), date(2026, 11, 20), "Tổ khảo sát", now)
    shown = await cases.show_case(database, actor, case)
    report = cases.Report(safety, "Công binh Ban CHQS", "Thấy nấm đất, bia gỗ", SPOT)
    await cases.report_field_work(database, actor, case, shown.case.version, shown.field_work[-1].id, report, now)


async def came_to(database: Database, actor: Actor, case: int, kind: Outcome, count: int = 1, now: int = NOW) -> None:
    """The case came to something."""
    spot = SPOT if kind is Outcome.COORDINATE else None
    await cases.add_outcome(database, actor, case, await version(database, actor, case), kind, count, spot, "", now)
