"""Calls to outside systems: what is to be told, and to whom."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, LargeBinary, Table, Text, UniqueConstraint

from gateway.storage.schema.base import Id, metadata, partial
from gateway.storage.seal import Sealed

# One outward call that must arrive at least once. `due_at` is its lease too: who takes it puts that off, and if nothing is heard it is due.
callback = Table(
    "callback",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client", BigInteger, nullable=False),
    Column("commune", Text, nullable=False),
    Column("kind", Text, nullable=False),  # dlr | mo | event
    Column("key", Text, nullable=False),  # what it tells of: the same thing is queued once
    Column("target", Text, nullable=False),  # keyed hash of scheme, host and port: one that is slow holds up nobody else
    Column("bidx", LargeBinary, index=True),  # of the person it tells of
    Column("method", Text, nullable=False),
    Column("url", Sealed("callback.url")),  # numbers, words; it and the next two are NULL once made or dropped, not once dead
    Column("headers", Sealed("callback.headers")),  # JSON
    Column("body", Sealed("callback.body")),
    Column("state", Text, nullable=False),  # waiting | done | dead | dropped
    Column("due_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("why", Text),  # how the last attempt failed, in words of ours
    Column("created_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    UniqueConstraint("client", "key"),
)
partial("callback_due", callback.c.target, callback.c.due_at, callback.c.id, where="state = 'waiting'")
partial("callback_ended", callback.c.state, callback.c.ended_at, where="ended_at IS NOT NULL")

# MTs of which a client wants to hear: by a dlr-url of their own, by the client's webhook, or both.
mt_report = Table(
    "mt_report",
    metadata,
    Column("mt", BigInteger, ForeignKey("mt.id"), primary_key=True, autoincrement=False),
    Column("client", BigInteger, nullable=False),
    Column("commune", Text, nullable=False),
    Column("bidx", LargeBinary, nullable=False, index=True),
    Column("mask", Integer, nullable=False),  # Kannel's dlr-mask: 1 delivered, 2 failed, 4 buffered, 8 accepted, 16 rejected
    Column("url", Sealed("mt_report.url")),  # with Kannel's escapes; NULL: no call but the webhook's
    Column("method", Text, nullable=False),
    Column("reference", Sealed("mt_report.reference")),  # the client's own name for it
    Column("event", Boolean, nullable=False),  # whether the client's webhook is told
    Column("told", Integer, nullable=False, server_default="0"),  # bits of the mask that were queued
    Column("seen", Text, nullable=False, server_default=""),  # the MT's state that was looked at last
    Column("created_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger),  # nothing more will come
)
partial("mt_report_open", mt_report.c.mt, where="closed_at IS NULL")
