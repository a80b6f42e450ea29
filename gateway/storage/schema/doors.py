"""What waits at the doors for outside systems."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, Table, Text, UniqueConstraint

from gateway.storage.schema.base import Id, metadata
from gateway.storage.seal import Sealed

# Parts of longer texts that a client cut itself: they wait for each other and then leave as one MT. A row goes when its text is whole.
door_part = Table(
    "door_part",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client", BigInteger, ForeignKey("client.id"), nullable=False),
    Column("commune", Text, nullable=False),
    Column("key", LargeBinary, nullable=False),  # keyed hash of what all parts of a text share
    Column("number", Integer, nullable=False),
    Column("part", Sealed("door_part.part"), nullable=False),  # JSON: to whom, which bytes, what is to be told of it
    Column("received_at", BigInteger, nullable=False, index=True),
    UniqueConstraint("client", "key", "number"),
)
