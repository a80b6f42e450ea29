"""What comes in: messages, tips and what belongs to them, dialogues, alerts, visits."""

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from gateway.storage.schema.base import Id, metadata, partial
from gateway.storage.seal import Sealed

mo = Table(
    "mo",
    metadata,
    Column("id", Id, primary_key=True),
    Column("route", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("carrier_id", Text),
    Column("content_key", LargeBinary, nullable=False),  # keyed hash: the same words by the same person
    Column("bidx", LargeBinary, nullable=False),
    Column("sender", Sealed("msisdn"), nullable=False),
    Column("receiver", Text, nullable=False),
    Column("text", Sealed("mo.text"), nullable=False),
    Column("raw", Sealed("mo.raw")),  # a call that could not be read, for the desk
    Column("placement", Text),
    Column("sent_at", BigInteger),
    Column("received_at", BigInteger, nullable=False),
    Column("repeats", Integer, nullable=False, server_default="0"),
    Column("state", Text, nullable=False),  # new | part | done | unreadable
    Column("action", Text),  # what was made of it: a Kind, or why nothing was
    Column("alarm", Text),  # what the desk should look at
    Column("wave", BigInteger),  # the wave it answers, where one can be told
    Column("part_ref", Text),  # what the carrier says of a part of a longer text
    Column("part_number", Integer),  # from 1
    Column("part_total", Integer),
    Column("whole", BigInteger),  # the MO that its words were joined into
    Column("tip", BigInteger),  # the tip that it told or added to
    Column("language", Text),
    # NULLs differ from each other, so this binds only carriers that give an id; other words under the same id are a row of their own.
    UniqueConstraint("route", "carrier_id", "content_key"),
)
partial("mo_new", mo.c.id, where="state = 'new'")
partial("mo_part", mo.c.received_at, where="state = 'part'")  # parts that wait for the others
partial("mo_tip", mo.c.tip, where="tip IS NOT NULL")
partial("mo_wave", mo.c.wave, where="wave IS NOT NULL")
Index("mo_content", mo.c.content_key, mo.c.received_at)
Index("mo_person", mo.c.bidx, mo.c.received_at)

tip = Table(
    "tip",
    metadata,
    Column("id", Id, primary_key=True),
    Column("code", Text, nullable=False, unique=True),
    Column("commune", Text, nullable=False),
    Column("mo", BigInteger, ForeignKey("mo.id"), nullable=False, unique=True),
    Column("channel", Text, nullable=False),
    Column("village", Text),
    Column("placement", Text),
    Column("wave", BigInteger),
    Column("bidx", LargeBinary, nullable=False, index=True),
    Column("sender", Sealed("msisdn"), nullable=False),
    Column("text", Sealed("tip.text"), nullable=False),
    Column("fields", Sealed("tip.fields")),  # JSON, what the reading drew out
    Column("urgent", Text),
    Column("state", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("language", Text, nullable=False, server_default="vi"),
    Column("may_call", Boolean),  # the informant's own word; NULL: not asked, or not answered
    Column("may_publish", Boolean),
    Column("written_at", BigInteger),  # when staff last wrote to its informant: words of the next 24 hours join it
    Column("linked_at", BigInteger),  # when it was compared with the others; NULL: not yet
)
partial("tip_unlinked", tip.c.id, where="linked_at IS NULL")
Index("tip_received", tip.c.received_at)

# Two tips by different people that seem to tell of one thing: corroboration, never merged. One row a pair, the newer tip first.
tip_link = Table(
    "tip_link",
    metadata,
    Column("id", Id, primary_key=True),
    Column("tip", BigInteger, ForeignKey("tip.id"), nullable=False),
    Column("other", BigInteger, ForeignKey("tip.id"), nullable=False, index=True),
    Column("likeness", Float, nullable=False),  # 0..1
    Column("at", BigInteger, nullable=False),
    UniqueConstraint("tip", "other"),
)

tip_shingle = Table(
    "tip_shingle",
    metadata,
    Column("hash", BigInteger, primary_key=True, autoincrement=False),  # keyed: tells nothing of the words
    Column("tip", BigInteger, ForeignKey("tip.id"), primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

# Photos, audio, video. The content lies sealed in a file named after the digest; a partial upload in one named after the upload.
attachment = Table(
    "attachment",
    metadata,
    Column("id", Id, primary_key=True),
    Column("tip", BigInteger, ForeignKey("tip.id"), nullable=False),
    Column("mo", BigInteger),
    Column("digest", LargeBinary, nullable=False, index=True),  # HMAC of the content; while partial, of the upload's name
    Column("media", Text, nullable=False),  # what the bytes are, e.g. image/jpeg; while partial, what was declared
    Column("bytes", BigInteger, nullable=False),
    Column("meta", Sealed("attachment.meta")),  # JSON, what the file says of place, time and camera
    Column("state", Text, nullable=False),  # kept | quarantined | partial
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("tip", "digest"),
)

tip_event = Table(
    "tip_event",
    metadata,
    Column("id", Id, primary_key=True),
    Column("tip", BigInteger, ForeignKey("tip.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("note", Sealed("tip_event.note")),
    Column("at", BigInteger, nullable=False),
)

# A table of its own, in no tip export: relatives who register for sampling (field.md §2.4).
dna_request = Table(
    "dna_request",
    metadata,
    Column("id", Id, primary_key=True),
    Column("code", Text, nullable=False, unique=True),
    Column("commune", Text, nullable=False),
    Column("mo", BigInteger, ForeignKey("mo.id"), nullable=False, unique=True),
    Column("channel", Text, nullable=False),
    Column("village", Text),
    Column("sender", Sealed("msisdn"), nullable=False),
    Column("text", Sealed("dna_request.text"), nullable=False),
    Column("received_at", BigInteger, nullable=False),
)

question = Table(
    "question",
    metadata,
    Column("id", Id, primary_key=True),
    Column("commune", Text, nullable=False),
    Column("mo", BigInteger, ForeignKey("mo.id"), nullable=False, unique=True),
    Column("channel", Text, nullable=False),
    Column("sender", Sealed("msisdn"), nullable=False),
    Column("text", Sealed("question.text"), nullable=False),
    Column("received_at", BigInteger, nullable=False),
)

dialogue = Table(
    "dialogue",
    metadata,
    Column("id", Id, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("bidx", LargeBinary, nullable=False),
    Column("session", Text),  # the carrier's id of a USSD session
    Column("language", Text, nullable=False, server_default="vi"),
    Column("step", Text, nullable=False),
    Column("slots", Sealed("dialogue.slots")),  # JSON
    Column("tip", BigInteger),
    Column("mo", BigInteger),
    Column("last_input", Sealed("dialogue.last")),  # a repeat gets the same screen again
    Column("last_screen", Sealed("dialogue.last")),
    Column("started_at", BigInteger, nullable=False),
    Column("touched_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("how", Text),  # how it ended
)
partial("dialogue_session", dialogue.c.channel, dialogue.c.session, where="session IS NOT NULL", unique=True)
partial("dialogue_open", dialogue.c.touched_at, where="ended_at IS NULL")
Index("dialogue_person", dialogue.c.bidx, dialogue.c.touched_at)

# Who is texted when a tip is urgent. Level 1 first, the next when nobody answers.
duty = Table(
    "duty",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("msisdn", Sealed("msisdn"), nullable=False),
    Column("bidx", LargeBinary, nullable=False, unique=True),
    Column("level", Integer, nullable=False),  # from 1
    Column("commune", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

alert = Table(
    "alert",
    metadata,
    Column("id", Id, primary_key=True),
    Column("tip", BigInteger, ForeignKey("tip.id"), nullable=False, unique=True),
    Column("why", Text, nullable=False),  # remains | uxo
    Column("level", Integer, nullable=False),  # reached so far
    Column("next_at", BigInteger),  # when the list is texted again; NULL once it is acknowledged
    Column("sent", Integer, nullable=False, server_default="0"),  # rounds
    Column("acknowledged_at", BigInteger),
    Column("acknowledged_by", BigInteger),  # of `duty`; people leave the list, so no foreign key
    Column("created_at", BigInteger, nullable=False),
)
partial("alert_due", alert.c.next_at, where="next_at IS NOT NULL")

# How often somebody did something in a time: the key is a keyed hash of a sender or a network, `since` the start of the window.
tally = Table(
    "tally",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("key", LargeBinary, primary_key=True),
    Column("since", BigInteger, primary_key=True, autoincrement=False),
    Column("count", Integer, nullable=False),
    sqlite_with_rowid=False,
)
Index("tally_since", tally.c.since)

link_override = Table(
    "link_override",
    metadata,
    Column("code", Text, primary_key=True),
    Column("target", Text),  # the code it leads to now; NULL: as printed
    Column("disabled_at", BigInteger),
    Column("why", Text, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
)

mistyped = Table(
    "mistyped",
    metadata,
    Column("id", Id, primary_key=True),
    Column("code", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

fake_report = Table(
    "fake_report",
    metadata,
    Column("id", Id, primary_key=True),
    Column("code", Text),
    Column("words", Sealed("fake_report.words"), nullable=False),
    Column("contact", Sealed("fake_report.contact")),
    Column("at", BigInteger, nullable=False),
)

scan = Table(
    "scan",
    metadata,
    Column("id", Id, primary_key=True),
    Column("village", Text, nullable=False),
    Column("placement", Text),
    Column("at", BigInteger, nullable=False),
)
Index("scan_placement", scan.c.placement, scan.c.at)

scan_count = Table(
    "scan_count",
    metadata,
    Column("village", Text, primary_key=True),
    Column("placement", Text, primary_key=True),  # "": only the village is known
    Column("day", Integer, primary_key=True, autoincrement=False),  # yyyymmdd, local
    Column("count", Integer, nullable=False),
    sqlite_with_rowid=False,
)
