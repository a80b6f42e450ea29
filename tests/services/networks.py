"""A table of operators for invented numbers: 030 is given to nobody, so here 0300 to 0303 are."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.domain.msisdn import Msisdn
from gateway.domain.operator import Operator, table_of
from gateway.storage.database import Database, open_database
from gateway.storage.seal import Keyring

TABLE = table_of(
    [
        Operator("Viettel", ("0300",), ("45204",)),
        Operator("VinaPhone", ("0301",), ("45202",)),
        Operator("iTel", ("0302",), host="VinaPhone"),
        Operator("MobiFone", ("0303",), ("45201",)),
        Operator("Wintel", (), host="VinaPhone"),
    ]
)
VIETTEL, VINA, ITEL, MOBI = (Msisdn(each) for each in ("+84300000101", "+84301000102", "+84302000103", "+84303000104"))
LAO, UNKNOWN = Msisdn("+8562055500000"), Msisdn("+84309000105")


@asynccontextmanager
async def with_networks(url: str, keyring: Keyring) -> AsyncIterator[Database]:
    """The database at `url`, which puts MTs to the networks of TABLE."""
    async with open_database(url, keyring, operators=TABLE) as opened:
        yield opened
