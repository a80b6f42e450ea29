"""What staff do with tips."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from gateway.storage.schema.base import Id, metadata, partial
from gateway.storage.schema.receiving import tip
from gateway.storage.seal import Sealed

# --- tips that staff type in, and what they ask informants ---

entry_batch = Table(
    "entry_batch",
    metadata,
    Column("id", Id, primary_key=True),
    Column("commune", Text, nullable=False),
    Column("key", LargeBinary, nullable=False, unique=True),  # keyed hash of the form's one-time key: a second press is the same list
    Column("user", BigInteger, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("refused", Sealed("entry_batch.refused")),  # JSON, the rows that could not be taken, with their faults
    Column("at", BigInteger, nullable=False),
)

tip_entry = Table(
    "tip_entry",
    metadata,
    Column("id", Id, primary_key=True),
    Column("commune", Text, nullable=False),
    Column("key", LargeBinary, nullable=False, unique=True),  # as above: an entry that is sent again is the same entry
    Column("mo", BigInteger, ForeignKey("mo.id"), nullable=False, unique=True),
    Column("user", BigInteger, nullable=False),
    Column("channel", Text, nullable=False),
    Column("batch", BigInteger, ForeignKey("entry_batch.id")),
    Column("line", Integer),  # in its list
    Column("sheet", Text),  # the number that stands on the paper
    Column("at", BigInteger, nullable=False),
)
Index("tip_entry_commune", tip_entry.c.commune, tip_entry.c.id)
partial("tip_entry_batch", tip_entry.c.batch, tip_entry.c.line, where="batch IS NOT NULL")

# A question to an informant; it waits ten seconds in the outbox, so that it can be taken back.
tip_question = Table(
    "tip_question",
    metadata,
    Column("id", Id, primary_key=True),
    Column("commune", Text, nullable=False),
    Column("tip", BigInteger, ForeignKey("tip.id"), nullable=False, index=True),
    Column("ref", Text, nullable=False, unique=True),  # of its MT
    Column("user", BigInteger, nullable=False),
    Column("name", Text, nullable=False),  # which question of ours it is, "" for words of one's own
    Column("words", Sealed("tip_question.words"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("cancelled_at", BigInteger),
)

# --- the queue: what staff made of a tip, every change, and who has it open ---

# One row a tip that staff have touched. `version` counts changes: an edit names the version that its writer saw.
tip_work = Table(
    "tip_work",
    metadata,
    Column("tip", BigInteger, ForeignKey("tip.id"), primary_key=True, autoincrement=False),
    Column("commune", Text, nullable=False),
    Column("version", Integer, nullable=False, server_default="0"),
    Column("kind", Text),  # one of the eight, where somebody has sorted it
    Column("flags", Text),  # "aged,ordnance"
    Column("assignee", Text),  # a user's name
    Column("result", Text),
    Column("done", Text),  # what was done to verify: "called,on_site"
    Column("corrected", Sealed("tip_work.corrected")),  # JSON, fields as staff corrected them; the machine's stay in tip.fields
    Column("touched_at", BigInteger),
    Column("touched_by", Text),
)
Index("tip_work_kind", tip_work.c.commune, tip_work.c.kind)
Index("tip_work_assignee", tip_work.c.commune, tip_work.c.assignee)

# One action of one person, on one tip or on thousands; undone by another one, never taken away.
tip_batch = Table(
    "tip_batch",
    metadata,
    Column("id", Id, primary_key=True),
    Column("commune", Text, nullable=False),
    Column("user", BigInteger, nullable=False),
    Column("name", Text, nullable=False),  # of the user
    Column("what", Text, nullable=False),  # sort, correct, assign, note, verify, move, link, apart, undo
    Column("tips", Integer, nullable=False, server_default="0"),
    Column("undoes", BigInteger),
    Column("undone_by", BigInteger),  # the batch that undid it
    Column("at", BigInteger, nullable=False),
)
Index("tip_batch_user", tip_batch.c.user, tip_batch.c.id)

# Append-only. `before`, `after`: words of the enums, village codes, user names; what may hold a person's words is sealed beside them.
tip_change = Table(
    "tip_change",
    metadata,
    Column("id", Id, primary_key=True),
    Column("batch", BigInteger, ForeignKey("tip_batch.id"), nullable=False),
    Column("tip", BigInteger, ForeignKey("tip.id"), nullable=False, index=True),
    Column("commune", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("before", Text),
    Column("after", Text),
    Column("was", Sealed("tip_change.words")),
    Column("words", Sealed("tip_change.words")),
)
Index("tip_change_batch", tip_change.c.batch, tip_change.c.what, tip_change.c.tip)

# What a person decided of two tips: linked, or apart. The newer tip first, as in tip_link.
tip_pair = Table(
    "tip_pair",
    metadata,
    Column("tip", BigInteger, ForeignKey("tip.id"), primary_key=True, autoincrement=False),
    Column("other", BigInteger, ForeignKey("tip.id"), primary_key=True, autoincrement=False),
    Column("commune", Text, nullable=False),
    Column("verdict", Text, nullable=False),  # linked | apart | open (a verdict that was taken back)
    Column("user", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
)
Index("tip_pair_other", tip_pair.c.other)

tip_open = Table(
    "tip_open",
    metadata,
    Column("tip", BigInteger, ForeignKey("tip.id"), primary_key=True, autoincrement=False),
    Column("user", BigInteger, primary_key=True, autoincrement=False),
    Column("commune", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

tip_view = Table(
    "tip_view",
    metadata,
    Column("id", Id, primary_key=True),
    Column("commune", Text, nullable=False),
    Column("user", BigInteger, nullable=False),
    Column("name", Sealed("tip_view.name"), nullable=False),
    Column("filters", Text, nullable=False),  # JSON: codes and states, no words
    Column("at", BigInteger, nullable=False),
)
Index("tip_view_user", tip_view.c.user)

# Why somebody looks at numbers, asked once a day.
reveal_reason = Table(
    "reveal_reason",
    metadata,
    Column("user", BigInteger, primary_key=True, autoincrement=False),
    Column("day", Integer, primary_key=True, autoincrement=False),  # yyyymmdd, local
    Column("commune", Text, nullable=False),
    Column("reason", Sealed("reveal_reason.reason"), nullable=False),
    Column("at", BigInteger, nullable=False),
)

# The queue reads these: a page of it touches its own rows, however many tips there are.
Index("tip_queue", tip.c.commune, tip.c.received_at, tip.c.id)
Index("tip_village", tip.c.commune, tip.c.village, tip.c.received_at)
Index("tip_state", tip.c.commune, tip.c.state, tip.c.urgent)
partial("tip_urgent", tip.c.commune, tip.c.received_at, tip.c.id, where="urgent IS NOT NULL")
partial("tip_waiting", tip.c.commune, tip.c.received_at, where="written_at IS NOT NULL")
