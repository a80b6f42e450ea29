"""Cases, field work, evidence and its custody, registers, appointments, commendations."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from gateway.storage.schema.base import Id, metadata, partial
from gateway.storage.seal import Sealed

# The last number given out in a register of a commune in a year: counting it locks it, so that no number is given out twice.
register_number = Table(
    "register_number",
    metadata,
    Column("commune", Text, primary_key=True),
    Column("register", Text, primary_key=True),  # HS | HV | KT
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("last", Integer, nullable=False),
    sqlite_with_rowid=False,
)

case_file = Table(
    "case_file",
    metadata,
    Column("id", Id, primary_key=True),
    Column("commune", Text, nullable=False),
    Column("number", Text, nullable=False),  # HS-2026-0012
    Column("title", Sealed("case_file.title"), nullable=False),
    Column("state", Text, nullable=False),  # open | field | result | closed
    Column("version", Integer, nullable=False),  # counted up by every step: of two persons who act at once, the second is told
    Column("owner", BigInteger, ForeignKey("user.id"), nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("moved_at", BigInteger, nullable=False),  # into its state
    UniqueConstraint("commune", "number"),
)
Index("case_file_list", case_file.c.commune, case_file.c.state, case_file.c.id)

case_tip = Table(
    "case_tip",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case", BigInteger, ForeignKey("case_file.id"), nullable=False, index=True),
    Column("tip", BigInteger, ForeignKey("tip.id"), nullable=False),
    Column("joined_at", BigInteger, nullable=False),
    Column("left_at", BigInteger),
)
partial("case_tip_now", case_tip.c.tip, where="left_at IS NULL", unique=True)  # a tip belongs to one case at a time

field_work = Table(
    "field_work",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case", BigInteger, ForeignKey("case_file.id"), nullable=False, index=True),
    Column("day", Text, nullable=False),  # yyyy-mm-dd, local
    Column("people", Sealed("field_work.people"), nullable=False),
    Column("state", Text, nullable=False),  # planned | done | cancelled
    Column("safety", Text),  # clear | ordnance; NULL: nobody has looked yet
    Column("safety_by", Sealed("field_work.safety_by")),
    Column("found", Sealed("field_work.found")),
    Column("spot", Sealed("field_work.spot")),  # JSON: WGS84 degrees, radius in metres, datum, as it was written
    Column("created_at", BigInteger, nullable=False),
    Column("done_at", BigInteger),
)

# What a case came to. The outcome counters count these rows (field.md T9), never states; a mistake is withdrawn, not erased.
case_outcome = Table(
    "case_outcome",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case", BigInteger, ForeignKey("case_file.id"), nullable=False, index=True),
    Column("commune", Text, nullable=False),
    Column("kind", Text, nullable=False),  # coordinate | recovered | identified | nothing
    Column("count", Integer, nullable=False),  # remains, persons; 1 for the others
    Column("spot", Sealed("case_outcome.spot")),
    Column("note", Sealed("case_outcome.note")),
    Column("at", BigInteger, nullable=False),
    Column("withdrawn_at", BigInteger),
)
Index("case_outcome_count", case_outcome.c.commune, case_outcome.c.at)

# Pictures of a case: contents lie sealed beside the attachments of tips, under the digest.
case_picture = Table(
    "case_picture",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case", BigInteger, ForeignKey("case_file.id"), nullable=False),
    Column("field_work", BigInteger, ForeignKey("field_work.id")),
    Column("digest", Text, nullable=False),
    Column("media", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("case", "digest"),
)

evidence = Table(
    "evidence",
    metadata,
    Column("id", Id, primary_key=True),
    Column("commune", Text, nullable=False),
    Column("number", Text, nullable=False),  # HV-2026-0034
    Column("kind", Text, nullable=False),  # object | paper | picture
    Column("title", Sealed("evidence.title"), nullable=False),
    Column("details", Sealed("evidence.details"), nullable=False),
    Column("case", BigInteger, ForeignKey("case_file.id"), index=True),
    Column("tip", BigInteger, ForeignKey("tip.id")),
    Column("version", Integer, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    UniqueConstraint("commune", "number"),
)

# The chain of custody. Step 1 is the taking over from whoever had it; the giver of each later step is the receiver of the one before,
# and no step begins while the one before waits for its receiver: a gap can't be written down.
custody = Table(
    "custody",
    metadata,
    Column("id", Id, primary_key=True),
    Column("evidence", BigInteger, ForeignKey("evidence.id"), nullable=False),
    Column("step", Integer, nullable=False),
    Column("giver", Sealed("custody.giver"), nullable=False),
    Column("receiver", Sealed("custody.receiver"), nullable=False),
    Column("receiver_user", BigInteger, ForeignKey("user.id")),  # who alone can confirm; NULL: somebody outside, who signs the sheet
    Column("place", Sealed("custody.place"), nullable=False),
    Column("seal", Text, nullable=False),  # number of the seal on the bag
    Column("condition", Sealed("custody.condition"), nullable=False),
    Column("given_at", BigInteger, nullable=False),
    Column("given_by", BigInteger, ForeignKey("user.id"), nullable=False),
    Column("confirmed_at", BigInteger),
    Column("confirmed_by", BigInteger),
    Column("paper", Text),  # number of the signed sheet by which somebody outside confirmed
    Column("refused_at", BigInteger),  # the receiver did not take it: it stayed with the giver
    UniqueConstraint("evidence", "step"),
)
partial("custody_waiting", custody.c.given_at, where="confirmed_at IS NULL AND refused_at IS NULL")

commendation = Table(
    "commendation",
    metadata,
    Column("id", Id, primary_key=True),
    Column("commune", Text, nullable=False),
    Column("number", Text, nullable=False),  # KT-2026-0003
    Column("case", BigInteger, ForeignKey("case_file.id"), nullable=False, index=True),
    Column("tip", BigInteger, ForeignKey("tip.id"), nullable=False),
    Column("person", Sealed("commendation.person"), nullable=False),
    Column("merit", Sealed("commendation.merit"), nullable=False),
    Column("consent", Text, nullable=False),  # may_publish | explicit
    Column("consent_note", Sealed("commendation.consent_note")),  # how and when the person agreed
    Column("state", Text, nullable=False),  # proposed | signed | refused
    Column("version", Integer, nullable=False),
    Column("proposed_at", BigInteger, nullable=False),
    Column("proposed_by", BigInteger, ForeignKey("user.id"), nullable=False),
    Column("proposed_office", Text, nullable=False),
    Column("signed_at", BigInteger),
    Column("signed_by", BigInteger, ForeignKey("user.id")),
    Column("signed_office", Text),
    UniqueConstraint("commune", "number"),
    UniqueConstraint("case", "tip"),
)

# What is done about a registration for sampling. Nothing genetic: whether it was sent and whether an answer came, never what it says.
dna_care = Table(
    "dna_care",
    metadata,
    Column("request", BigInteger, ForeignKey("dna_request.id"), primary_key=True, autoincrement=False),
    Column("commune", Text, nullable=False),
    Column("state", Text, nullable=False),  # new | accompanied | appointed | sampled | sent | result | declined
    Column("companion", Sealed("dna_care.companion")),  # who stands by the family, usually of Hội LHPN
    Column("relation", Sealed("dna_care.relation")),
    Column("version", Integer, nullable=False),
    Column("moved_at", BigInteger, nullable=False),
)

dna_appointment = Table(
    "dna_appointment",
    metadata,
    Column("id", Id, primary_key=True),
    Column("request", BigInteger, ForeignKey("dna_request.id"), nullable=False, index=True),
    Column("commune", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("place", Sealed("dna_appointment.place"), nullable=False),
    Column("state", Text, nullable=False),  # planned | sampled | moved | cancelled
    Column("may_remind", Boolean, nullable=False),
    Column("reminded_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
)
partial("dna_appointment_ahead", dna_appointment.c.request, where="state = 'planned'", unique=True)

witness = Table(
    "witness",
    metadata,
    Column("id", Id, primary_key=True),
    Column("commune", Text, nullable=False),
    Column("village", Text),
    Column("name", Sealed("witness.name"), nullable=False),
    Column("birth_year", Integer),
    Column("urgency", Text, nullable=False),  # now | soon | usual: how long the person may still be able to tell
    Column("contact", Sealed("witness.contact")),
    Column("knows", Sealed("witness.knows"), nullable=False),
    Column("state", Text, nullable=False),  # waiting | visited | gone
    Column("visitor", Sealed("witness.visitor")),
    Column("visit_by", Text),  # yyyy-mm-dd, local
    Column("version", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("visited_at", BigInteger),
)
Index("witness_list", witness.c.commune, witness.c.state)

battle = Table(
    "battle",
    metadata,
    Column("id", Id, primary_key=True),
    Column("commune", Text, nullable=False),
    Column("name", Sealed("battle.name"), nullable=False),
    Column("first_day", Text, nullable=False),  # yyyy, yyyy-mm or yyyy-mm-dd: no more than is known
    Column("last_day", Text, nullable=False),
    Column("place", Sealed("battle.place"), nullable=False),
    Column("units", Sealed("battle.units"), nullable=False),  # as written, never decoded (field.md §2.5)
    Column("sources", Sealed("battle.sources"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)
Index("battle_list", battle.c.commune)

# What a person of the register, or a battle, has to do with tips and cases.
register_link = Table(
    "register_link",
    metadata,
    Column("id", Id, primary_key=True),
    Column("commune", Text, nullable=False),
    Column("witness", BigInteger, ForeignKey("witness.id"), index=True),
    Column("battle", BigInteger, ForeignKey("battle.id"), index=True),
    Column("tip", BigInteger, ForeignKey("tip.id"), index=True),
    Column("case", BigInteger, ForeignKey("case_file.id"), index=True),
    Column("at", BigInteger, nullable=False),
    Column("left_at", BigInteger),
)

# Everything that was done, append-only. `what`: case | evidence | commendation | adn | witness | battle.
work_event = Table(
    "work_event",
    metadata,
    Column("id", Id, primary_key=True),
    Column("what", Text, nullable=False),
    Column("object", BigInteger, nullable=False),
    Column("commune", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("note", Sealed("work_event.note")),
    Column("by", BigInteger, ForeignKey("user.id"), nullable=False),
    Column("at", BigInteger, nullable=False),
)
Index("work_event_of", work_event.c.what, work_event.c.object, work_event.c.id)
