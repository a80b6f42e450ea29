"""What the print room and the hand-over keep."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from gateway.storage.schema.base import Id, metadata, partial
from gateway.storage.schema.receiving import tip
from gateway.storage.seal import Sealed

# --- the print room ---

# What one print shop is to make: a selection of villages and pieces, made in the background, proved, approved by its hash, packed.
print_job = Table(
    "print_job",
    metadata,
    Column("id", Id, primary_key=True),
    Column("commune", Text, nullable=False),
    Column("shop", Text, nullable=False),  # its name in shops.toml
    Column("lang", Text, nullable=False),
    Column("cells", Text, nullable=False),  # JSON: [[village, piece], …]
    Column("state", Text, nullable=False),  # making | made | failed | stopped | approved
    Column("total", Integer, nullable=False, server_default="0"),
    Column("made", Integer, nullable=False, server_default="0"),
    Column("failed", Integer, nullable=False, server_default="0"),
    Column("hash", Text),  # of all its files; what an approval names
    Column("trouble", Text),  # why it stopped, in a word of services/print_room.py
    Column("asked_by", BigInteger, ForeignKey("user.id"), nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("beat_at", BigInteger, nullable=False),  # when its process last said something
    Column("ended_at", BigInteger),
    Column("approved_by", BigInteger, ForeignKey("user.id")),
    Column("approved_at", BigInteger),
    Column("package", Text),  # sha256 of the archive that the shop is given
    Column("handed_at", BigInteger),  # when the shop got it
)
Index("print_job_commune", print_job.c.commune, print_job.c.id)
partial("print_job_running", print_job.c.commune, print_job.c.shop, where="state = 'making'", unique=True)  # one at a time per shop

# One file of a job, or why there is none.
print_file = Table(
    "print_file",
    metadata,
    Column("id", Id, primary_key=True),
    Column("job", BigInteger, ForeignKey("print_job.id"), nullable=False),
    Column("commune", Text, nullable=False),
    Column("village", Text, nullable=False),
    Column("piece", Text, nullable=False),
    Column("theme", Text, nullable=False),
    Column("lang", Text, nullable=False),
    Column("number", Integer, nullable=False),  # its placement's
    Column("file", Text),  # its name, never a path; NULL: it failed
    Column("sha256", Text),
    Column("pages", Integer, nullable=False, server_default="0"),
    Column("codes", Text),  # JSON: what the codes said when they were read back
    Column("findings", Text),  # JSON: [[rule, severity, text], …]
    Column("made_at", BigInteger, nullable=False),
    UniqueConstraint("job", "village", "piece", "theme", "lang", "number"),
)
Index("print_file_spot", print_file.c.commune, print_file.c.village, print_file.c.piece, print_file.c.id)

# What hangs, since when; hung.csv of the deployment holds what came by the command line.
placement_hung = Table(
    "placement_hung",
    metadata,
    Column("code", Text, primary_key=True),
    Column("commune", Text, nullable=False),
    Column("hung_on", Text, nullable=False),  # yyyy-mm-dd
    Column("detail", Sealed("placement_hung.detail"), nullable=False),  # JSON: lat, lon, photo, by, note
    Column("down_on", Text),  # yyyy-mm-dd: taken down
    Column("changed_by", BigInteger, ForeignKey("user.id"), nullable=False),
    Column("changed_at", BigInteger, nullable=False),
)
Index("placement_hung_commune", placement_hung.c.commune)

# --- hand-overs ---

# A package of tips for one receiver. A corrected one is a new row of the same `series`.
hand_over = Table(
    "hand_over",
    metadata,
    Column("id", Id, primary_key=True),
    Column("commune", Text, nullable=False),
    Column("number", Text, nullable=False),  # CG-2026-0001, on every version of the series
    Column("version", Integer, nullable=False),
    Column("series", BigInteger),  # id of the first version; NULL: this is it
    Column("receiver", Text, nullable=False),  # its name in hand_over.toml
    Column("way", Text, nullable=False),  # sealed | paper
    Column("format", Text, nullable=False),  # json | xlsx | pdf
    Column("parts", Text, nullable=False),  # words,fields,attachments,informant
    Column("state", Text, nullable=False),  # prepared | refused | released | received
    Column("note", Sealed("hand_over.note")),  # the covering words
    Column("content_sha256", Text, nullable=False),  # of what was decided on
    Column("sha256", Text),  # of the bytes that leave: the same at every re-send
    Column("receipt", LargeBinary, unique=True),  # keyed hash of the receipt code
    Column("term_days", Integer, nullable=False),
    Column("due_at", BigInteger),  # until when the receipt should be back
    Column("prepared_by", BigInteger, ForeignKey("user.id"), nullable=False),
    Column("prepared_at", BigInteger, nullable=False),
    Column("decided_by", BigInteger, ForeignKey("user.id")),
    Column("decided_at", BigInteger),
    Column("received_on", Text),  # yyyy-mm-dd, as the slip says
    Column("received_by", Sealed("hand_over.received_by")),
    UniqueConstraint("commune", "number", "version"),
)
Index("hand_over_state", hand_over.c.commune, hand_over.c.state, hand_over.c.due_at)

# Its bytes, apart: the list of packages never reads them.
hand_over_bytes = Table(
    "hand_over_bytes",
    metadata,
    Column("hand_over", BigInteger, ForeignKey("hand_over.id"), primary_key=True, autoincrement=False),
    Column("commune", Text, nullable=False),
    Column("content", Sealed("hand_over_bytes.content"), nullable=False),  # base64: what was decided on
    Column("package", Sealed("hand_over_bytes.package")),  # base64: what leaves
)

hand_over_item = Table(
    "hand_over_item",
    metadata,
    Column("hand_over", BigInteger, ForeignKey("hand_over.id"), primary_key=True, autoincrement=False),
    Column("tip", BigInteger, ForeignKey(tip.c.id), primary_key=True, autoincrement=False),
    Column("commune", Text, nullable=False),
    Column("line", Integer, nullable=False),
    Column("is_named", Integer, nullable=False, server_default="0"),  # 1: informant's number goes along, with consent
    Column("status", Text),  # accepted | needs_more | done: what the receiver said
    Column("words", Sealed("hand_over_item.words")),
    Column("answered_at", BigInteger),
)
Index("hand_over_item_tip", hand_over_item.c.tip)

hand_over_event = Table(
    "hand_over_event",
    metadata,
    Column("id", Id, primary_key=True),
    Column("hand_over", BigInteger, ForeignKey("hand_over.id"), nullable=False, index=True),
    Column("commune", Text, nullable=False),
    Column("what", Text, nullable=False),  # prepared, refused, released, taken, sent_again, receipt, answered
    Column("words", Sealed("hand_over_event.words")),
    Column("user", BigInteger, ForeignKey("user.id"), nullable=False),
    Column("at", BigInteger, nullable=False),
)
