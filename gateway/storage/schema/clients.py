"""Outside systems that may call us, and what they asked for once."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, Table, Text, UniqueConstraint

from gateway.storage.schema.base import Id, metadata
from gateway.storage.seal import Sealed

# An outside system that plugs in. A revoked one stays: what it sent names it.
client = Table(
    "client",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("commune", Text, nullable=False),
    Column("scopes", Text, nullable=False),  # of send, read, tips, webhooks; joined by commas, in that order
    Column("secret", LargeBinary, nullable=False),  # keyed hash; the secret itself was shown once
    Column("route", Text),  # what it sends goes by this one; NULL: routing chooses
    Column("mo_url", Sealed("client.mo_url")),  # may hold a password of theirs
    Column("mo_method", Text, nullable=False, server_default="GET"),
    Column("webhook_url", Sealed("client.webhook_url")),
    Column("webhook_secret", Sealed("client.webhook_secret")),  # what we sign with: they need the same
    Column("events", Text, nullable=False, server_default=""),  # that the webhook is told; joined by commas
    Column("callback_hosts", Text, nullable=False, server_default=""),  # private hosts where it may be called; joined by commas
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
)

# Which MTs an outside system sent: it may ask for those, and for no others.
client_mt = Table(
    "client_mt",
    metadata,
    Column("mt", BigInteger, ForeignKey("mt.id"), primary_key=True, autoincrement=False),
    Column("client", BigInteger, ForeignKey("client.id"), nullable=False),
    Column("commune", Text, nullable=False),
)
Index("client_mt_client", client_mt.c.client, client_mt.c.mt)

# What was answered to a call that carried an Idempotency-Key: the same call again gets it again, for a day.
client_call = Table(
    "client_call",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client", BigInteger, ForeignKey("client.id"), nullable=False),
    Column("commune", Text, nullable=False),
    Column("key", LargeBinary, nullable=False),  # keyed hash of the key
    Column("body", LargeBinary, nullable=False),  # keyed hash of what was asked
    Column("answer", Sealed("client_call.answer"), nullable=False),  # JSON
    Column("at", BigInteger, nullable=False, index=True),
    UniqueConstraint("client", "key"),
)
