"""Which operator a number is with, as a carrier said."""

from sqlalchemy import BigInteger, Column, LargeBinary, Table, Text

from gateway.storage.schema.base import metadata

# An answer to a look-up. Of no commune: it says nothing of who wrote to whom. Old ones are asked again and then taken away.
portability = Table(
    "portability",
    metadata,
    Column("bidx", LargeBinary, primary_key=True),  # of the number, which itself stands nowhere here
    Column("operator", Text, nullable=False),  # a name of operators.toml; "": the carrier named a network that the table doesn't have
    Column("asked_at", BigInteger, nullable=False, index=True),
    Column("source", Text, nullable=False),  # the carrier that said so
)
