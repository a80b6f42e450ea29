"""Invented people and what they send; helpers that several tests of the use cases share."""

from itertools import count
from random import Random

from gateway.carriers.protocol import Account
from gateway.carriers.registry import CARRIERS
from gateway.deployment import Deployment, load_deployment, shipped_deployment
from gateway.domain.pace import Pace
from gateway.domain.secret import Secret
from gateway.services.inbound import Inbound
from gateway.services.intake import own_id
from gateway.services.replies import load_replies
from gateway.services.routes import Route
from gateway.storage.database import Database
from gateway.storage.inbox import NewMo, add_mos
from gateway.storage.schema import mo

NOW = 1_795_000_000_000  # 2026-11-18, epoch ms
ALICE = "+84300000011"
_SEEDS = count(7)  # no two handlers draw the same references, as in earnest
BINH = "+84300000012"


def deployment() -> Deployment:
    return load_deployment(shipped_deployment())


def route(name: str = "gia-lap", prefixes: tuple[str, ...] = ()) -> Route:
    account = Account(name, "http://127.0.0.1:9/", "u", Secret("p"), "8088")
    return Route(name, CARRIERS["simulator"], account, Pace(0), prefixes, 1, "hold", 0, rehearsal=True)


def said(text: str, sender: str = ALICE, *, carrier_id: str | None = None, at: int = NOW, **more) -> NewMo:
    return NewMo(more.pop("route", "gia-lap"), more.pop("channel", "sms"), carrier_id or own_id(), sender, "8088", text, at, **more)


def inbound(database: Database, routes: tuple[Route, ...] | None = None, now: int = NOW) -> Inbound:
    data = deployment()
    return Inbound(database, data, load_replies(data), (route(),) if routes is None else routes, lambda: now, Random(next(_SEEDS)))


async def arrive(database: Database, *arrivals: NewMo):
    async def unit(connection):
        return await add_mos(connection, database.keyring, arrivals)

    return await database.write(unit)


async def rows(database: Database, table=mo):
    async with database.read() as connection:
        return (await connection.execute(table.select().order_by(table.c[next(iter(table.primary_key)).name]))).all()
