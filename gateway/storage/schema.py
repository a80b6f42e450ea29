"""Every table, for SQLite and PostgreSQL alike. Times are UTC epoch milliseconds unless a name ends in `_us`.

Sealed columns (`Sealed`) hold ciphertext; what must be found again has a keyed blind index beside it (`bidx`). Partial indexes carry the
hot paths: a row that is finished, paused or due later lies outside them or behind their first columns (ADR 0002).
"""

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
)

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


def _partial(name: str, *columns: Column[object], where: str, unique: bool = False) -> Index:
    """A partial index with the same literal WHERE on both engines."""
    condition: ColumnElement[bool] = literal_column(where)
    return Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


setting = Table(
    "setting",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

contact = Table(
    "contact",
    metadata,
    Column("id", Id, primary_key=True),
    Column("bidx", LargeBinary, nullable=False, unique=True),
    Column("msisdn", Sealed("msisdn"), nullable=False),
    Column("commune", Text, nullable=False),
    Column("village", Text),
    Column("language", Text, nullable=False, server_default="vi"),
    Column("tags", JSON(none_as_null=True)),
    Column("consent", JSON(none_as_null=True)),  # {source, at, mo}: a person's own yes
    Column("legal_basis", Text),  # or what a list was imported on; neither: known, but no audience
    Column("opted_out_at", BigInteger),
    Column("blocked_at", BigInteger),  # the block list: never texted by a wave or a send, whatever the list says
    Column("blocked_why", Text),
    Column("created_at", BigInteger, nullable=False),
)

user = Table(
    "user",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("passphrase", Text, nullable=False),  # scrypt with its salt and costs, never the words
    Column("phone", Sealed("msisdn")),
    Column("bidx", LargeBinary, unique=True),  # of the phone: an approval by SMS comes from it
    Column("commune", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
    Column("failures", Integer, nullable=False, server_default="0"),  # wrong passphrases in a row
    Column("locked_until", BigInteger, nullable=False, server_default="0"),
)

wave = Table(
    "wave",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("commune", Text, nullable=False),
    Column("kind", Text, nullable=False, server_default="own"),
    Column("route", Text, nullable=False),
    Column("language", Text, nullable=False, server_default="vi"),  # whose text goes to people whose own language has none
    Column("state", Text, nullable=False),
    Column("reason", Text),  # why it is paused or cancelled
    Column("window_from", Integer, nullable=False),  # minutes after local midnight
    Column("window_to", Integer, nullable=False),
    Column("starts_at", BigInteger, nullable=False, server_default="0"),
    Column("pace_limit", Integer),  # below the contract's, in the route's units a second
    Column("next_slot_us", BigInteger, nullable=False, server_default="0"),  # of that pace
    Column("ramp", JSON(none_as_null=True)),  # {percent, abort_percent, wait_s}
    Column("ramp_state", Text),  # trial | asking | passed
    Column("max_segments", Integer, nullable=False, server_default="1"),
    Column("audience_rule", JSON(none_as_null=True)),  # whom it is for, as it was asked; no numbers
    Column("audience", Integer, nullable=False),
    Column("segments", Integer, nullable=False),
    Column("cost_ceiling", BigInteger),  # VND
    Column("spent", BigInteger, nullable=False, server_default="0"),  # VND
    Column("document", Text),  # number of the directing document
    Column("document_date", Text),  # ISO 8601
    Column("planner", BigInteger, ForeignKey("user.id")),
    Column("likeness", LargeBinary),  # keyed hash of texts and audience rule: the same again is asked about
    Column("planning", Text),  # whose planning it is: a second planner takes over, the first finds out
    Column("created_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("ended_at", BigInteger),
)
Index("wave_likeness", wave.c.likeness, wave.c.created_at)

wave_text = Table(
    "wave_text",
    metadata,
    Column("wave", BigInteger, ForeignKey("wave.id"), primary_key=True),
    Column("language", Text, primary_key=True),
    Column("template", Sealed("wave.template"), nullable=False),
)

approval = Table(
    "approval",
    metadata,
    Column("id", Id, primary_key=True),
    Column("wave", BigInteger, ForeignKey("wave.id"), nullable=False, index=True),
    Column("planner", BigInteger, ForeignKey("user.id"), nullable=False),
    Column("approver", BigInteger, ForeignKey("user.id"), nullable=False),
    Column("way", Text, nullable=False),  # passphrase | sms
    Column("hash", LargeBinary, nullable=False),  # of all that was approved, then of each of its parts; start computes them again
    Column("document", Text, nullable=False),
    Column("document_date", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

approval_code = Table(
    "approval_code",
    metadata,
    Column("id", Id, primary_key=True),
    Column("wave", BigInteger, ForeignKey("wave.id"), nullable=False, index=True),
    Column("approver", BigInteger, ForeignKey("user.id"), nullable=False),
    Column("code", LargeBinary, nullable=False),  # keyed hash; the digits went to the approver's phone
    Column("hash", LargeBinary, nullable=False),  # of what the approver was asked about
    Column("expires_at", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("used_at", BigInteger),
)

partner_order = Table(
    "partner_order",
    metadata,
    Column("wave", BigInteger, ForeignKey("wave.id"), primary_key=True, autoincrement=False),
    Column("area", JSON, nullable=False),  # official codes of the communes
    Column("ordered_at", BigInteger),
    Column("carrier_ref", Text),
)

# What the partner says it sent: one row a text variant, operator and day.
partner_count = Table(
    "partner_count",
    metadata,
    Column("id", Id, primary_key=True),
    Column("wave", BigInteger, ForeignKey("wave.id"), nullable=False),
    Column("variant", Text, nullable=False),
    Column("operator", Text, nullable=False),
    Column("day", Text, nullable=False),  # ISO 8601, the partner's day
    Column("sent", Integer, nullable=False),
    Column("delivered", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("charged_segments", Integer, nullable=False),
    Column("imported_at", BigInteger, nullable=False),
    UniqueConstraint("wave", "variant", "operator", "day"),
)

request = Table(
    "request",
    metadata,
    Column("our_ref", Text, primary_key=True),
    Column("route", Text, nullable=False),
    Column("body_hash", LargeBinary, nullable=False),  # a repeat must be the same bytes
    Column("state", Text, nullable=False),  # sent | lost | settled, once it was lost; else its MTs tell what came of it
    Column("sent_at", BigInteger, nullable=False),
    Column("resolve_at", BigInteger),  # lost: when to ask or resend next
)
_partial("request_lost", request.c.route, request.c.resolve_at, where="state = 'lost'")

mt = Table(
    "mt",
    metadata,
    Column("id", Id, primary_key=True),
    Column("ref", Text, nullable=False, unique=True),
    Column("wave", BigInteger, nullable=False, server_default=str(NO_WAVE)),
    Column("reply_to", BigInteger),
    Column("send_id", Text),
    Column("bidx", LargeBinary, nullable=False),
    Column("msisdn", Sealed("msisdn"), nullable=False),
    Column("parameters", Sealed("mt.parameters")),  # rendered late with the wave's template
    Column("body", Sealed("mt.body")),  # replies and direct sends
    Column("language", Text),  # which of the wave's texts
    Column("origin", Text),  # the route it was meant for, once it has moved to one of that route's fallback
    Column("operator", Text),  # by prefix, a first guess; for the monthly accounts
    Column("lane", Integer, nullable=False),
    Column("route", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("owner", Text),  # the dispatcher that holds it while claimed or sending
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("segments", Integer, nullable=False),
    Column("charged_segments", Integer),
    Column("request", Text),
    Column("carrier_ref", Text),
    Column("failure", Text),
    Column("code", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("sent_at", BigInteger),
)
_partial("mt_reply", mt.c.reply_to, where="reply_to IS NOT NULL", unique=True)  # one reply per MO
_partial("mt_send", mt.c.send_id, mt.c.bidx, where="send_id IS NOT NULL", unique=True)  # the same id goes to a person once
_partial("mt_member", mt.c.bidx, mt.c.wave, where="wave <> 0", unique=True)  # so does a wave; the caps read it by person
# The one index over queued rows: a second with the same WHERE made PostgreSQL's planner leave this one.
_partial("mt_due", mt.c.route, mt.c.lane, mt.c.wave, mt.c.due_at, mt.c.id, where="state = 'queued'")
_partial("mt_held", mt.c.owner, mt.c.state, where="state IN ('claimed', 'sending')")
_partial("mt_carrier_ref", mt.c.route, mt.c.carrier_ref, where="carrier_ref IS NOT NULL")
_partial("mt_request", mt.c.request, where="state = 'uncertain'")
Index("mt_wave", mt.c.wave, mt.c.state)
Index("mt_person", mt.c.bidx, mt.c.created_at)

attempt = Table(
    "attempt",
    metadata,
    Column("id", Id, primary_key=True),
    Column("mt", BigInteger, ForeignKey("mt.id"), nullable=False, index=True),
    Column("route", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

dlr = Table(
    "dlr",
    metadata,
    Column("id", Id, primary_key=True),
    Column("route", Text, nullable=False),
    Column("ref", Text, nullable=False),
    Column("ours", Boolean, nullable=False),
    Column("recipient", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("at", BigInteger),
    Column("received_at", BigInteger, nullable=False),
    Column("matched_at", BigInteger),
    UniqueConstraint("route", "ref", "recipient", "status"),
)
_partial("dlr_unmatched", dlr.c.received_at, where="matched_at IS NULL")

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
_partial("mo_new", mo.c.id, where="state = 'new'")
_partial("mo_part", mo.c.received_at, where="state = 'part'")  # parts that wait for the others
_partial("mo_tip", mo.c.tip, where="tip IS NOT NULL")
_partial("mo_wave", mo.c.wave, where="wave IS NOT NULL")
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
_partial("tip_unlinked", tip.c.id, where="linked_at IS NULL")
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
_partial("dialogue_session", dialogue.c.channel, dialogue.c.session, where="session IS NOT NULL", unique=True)
_partial("dialogue_open", dialogue.c.touched_at, where="ended_at IS NULL")
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
_partial("alert_due", alert.c.next_at, where="next_at IS NOT NULL")

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

# A carrier whose account is a token that must be renewed: the lease keeps two processes from spending one refresh token.
carrier_token = Table(
    "carrier_token",
    metadata,
    Column("route", Text, primary_key=True),
    Column("access", Sealed("carrier_token.access"), nullable=False),
    Column("refresh", Sealed("carrier_token.refresh"), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("renewed_at", BigInteger, nullable=False),
    Column("lease_until", BigInteger, nullable=False, server_default="0"),
)

route_state = Table(
    "route_state",
    metadata,
    Column("route", Text, primary_key=True),
    Column("next_slot_us", BigInteger, nullable=False, server_default="0"),
    Column("hold_code", Text),  # MISCONFIGURED: held for the operator
    Column("held_at", BigInteger),
    Column("paused_until", BigInteger, nullable=False, server_default="0"),
    Column("pause_why", Text),
    Column("spent_vnd", BigInteger, nullable=False, server_default="0"),
    Column("spent_day", Integer, nullable=False, server_default="0"),  # yyyymmdd, local: the day that spent_vnd counts
)

dispatcher = Table(
    "dispatcher",
    metadata,
    Column("id", Text, primary_key=True),
    Column("heartbeat_at", BigInteger, nullable=False),
)
