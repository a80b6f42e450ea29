"""What the tables of all rooms share, and the two that everybody needs: settings and users."""

from typing import Final

from sqlalchemy import BigInteger, Column, ColumnElement, Index, Integer, LargeBinary, MetaData, Table, Text, literal_column

from gateway.storage.seal import Sealed

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Id: Final = BigInteger().with_variant(Integer, "sqlite")  # SQLite's rowid key must be INTEGER exactly
NO_WAVE: Final = 0  # mt.wave of replies and direct sends: the claim finds them by equality like any wave


def partial(name: str, *columns: Column[object], where: str, unique: bool = False) -> Index:
    """A partial index with the same literal WHERE on both engines."""
    condition: ColumnElement[bool] = literal_column(where)
    return Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


setting = Table(
    "setting",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

user = Table(
    "user",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("roles", Text, nullable=False),  # names of domain.permission.Role, joined by commas, in order
    Column("passphrase", Text, nullable=False),  # scrypt with its salt and costs, never the words
    Column("phone", Sealed("msisdn")),
    Column("bidx", LargeBinary, unique=True),  # of the phone: an approval by SMS comes from it
    Column("commune", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
    Column("failures", Integer, nullable=False, server_default="0"),  # wrong passphrases in a row
    Column("locked_until", BigInteger, nullable=False, server_default="0"),
)
