"""Drafts of waves and what the desk notes beside them."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text

from gateway.storage.schema.base import Id, metadata
from gateway.storage.seal import Sealed

# What a planner is writing. Once it is asked for, it leads to a wave; sent back, it is written on and leads to another.
wave_draft = Table(
    "wave_draft",
    metadata,
    Column("id", Id, primary_key=True),
    Column("commune", Text, nullable=False),
    Column("kind", Text, nullable=False),  # own | partner
    Column("title", Text, nullable=False),
    Column("body", Sealed("wave_draft.body"), nullable=False),  # JSON: texts, audience, hours, money, document
    Column("version", Integer, nullable=False),  # who saves names the one that was read: two planners don't overwrite each other
    Column("state", Text, nullable=False),  # writing | planning | asked | returned | left
    Column("wave", Text),  # name of the wave that it leads to
    Column("tries", Integer, nullable=False, server_default="0"),  # waves that it led to
    Column("planner", BigInteger, ForeignKey("user.id"), nullable=False),
    Column("trouble", Sealed("wave_draft.trouble")),  # why planning stopped
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("changed_by", BigInteger, ForeignKey("user.id"), nullable=False),
    Column("asked_at", BigInteger),
)
Index("wave_draft_wave", wave_draft.c.wave)

# A list of people that a draft is for; gone as soon as its wave is planned.
wave_list = Table(
    "wave_list",
    metadata,
    Column("draft", BigInteger, ForeignKey("wave_draft.id"), primary_key=True, autoincrement=False),
    Column("commune", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("basis", Sealed("wave_list.basis"), nullable=False),  # the legal basis of rows that name none
    Column("data", Sealed("wave_list.data"), nullable=False),  # the file, base64
    Column("report", Sealed("wave_list.report"), nullable=False),  # JSON: counts, and a note a row that was repaired or left out
    Column("uploaded_at", BigInteger, nullable=False),
)

# What was done with a draft and its wave, for the people who decide; append-only.
wave_event = Table(
    "wave_event",
    metadata,
    Column("id", Id, primary_key=True),
    Column("commune", Text, nullable=False),
    Column("draft", BigInteger, ForeignKey("wave_draft.id"), index=True),
    Column("wave", BigInteger, index=True),
    Column("at", BigInteger, nullable=False),
    Column("user", BigInteger, ForeignKey("user.id"), nullable=False),
    Column("what", Text, nullable=False),
    Column("words", Sealed("wave_event.words")),  # why it was sent back, paused, cancelled
)
