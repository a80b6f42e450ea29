"""Who is written to, in which wave, by which request, and what became of it."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from gateway.storage.schema.base import NO_WAVE, Id, metadata, partial
from gateway.storage.seal import Sealed

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
partial("request_lost", request.c.route, request.c.resolve_at, where="state = 'lost'")

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
partial("mt_reply", mt.c.reply_to, where="reply_to IS NOT NULL", unique=True)  # one reply per MO
partial("mt_send", mt.c.send_id, mt.c.bidx, where="send_id IS NOT NULL", unique=True)  # the same id goes to a person once
partial("mt_member", mt.c.bidx, mt.c.wave, where="wave <> 0", unique=True)  # so does a wave; the caps read it by person
# The one index over queued rows: a second with the same WHERE made PostgreSQL's planner leave this one.
partial("mt_due", mt.c.route, mt.c.lane, mt.c.wave, mt.c.due_at, mt.c.id, where="state = 'queued'")
partial("mt_held", mt.c.owner, mt.c.state, where="state IN ('claimed', 'sending')")
partial("mt_carrier_ref", mt.c.route, mt.c.carrier_ref, where="carrier_ref IS NOT NULL")
partial("mt_request", mt.c.request, where="state = 'uncertain'")
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
partial("dlr_unmatched", dlr.c.received_at, where="matched_at IS NULL")

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
