"""Reports and what they were computed from: frozen when made, never changed afterwards; a correction is a new version."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from gateway.storage.schema.base import Id, metadata
from gateway.storage.schema.receiving import tip
from gateway.storage.seal import Sealed

report = Table(
    "report",
    metadata,
    Column("id", Id, primary_key=True),
    Column("commune", Text, nullable=False),
    Column("kind", Text, nullable=False),  # week | month | quarter | ad-hoc | mid-term | closing
    Column("first", Text, nullable=False),  # ISO 8601, local days, both included
    Column("last", Text, nullable=False),
    Column("reading", Text, nullable=False),  # of "the 25th": cut | calendar; "" where there is one reading only
    Column("version", Integer, nullable=False),  # from 1
    Column("state", Text, nullable=False),  # draft | signed | sent
    Column("due", Text),  # ISO 8601; NULL: no deadline
    Column("words", Sealed("report.words")),  # JSON: what staff wrote in it
    Column("content", Sealed("report.content"), nullable=False),  # JSON: the whole paper as it was made; every file is drawn from it
    Column("made_at", BigInteger, nullable=False),
    Column("made_by", BigInteger, nullable=False),  # of `user`
    Column("number", Text),  # of the signed paper, e.g. 12/BC-UBND
    Column("signed_on", Text),  # ISO 8601, the day on the paper
    Column("signed_at", BigInteger),
    Column("signed_by", BigInteger),
    Column("sent_at", BigInteger),
    Column("sent_by", BigInteger),
    UniqueConstraint("commune", "kind", "first", "last", "version"),
)

report_figure = Table(
    "report_figure",
    metadata,
    Column("report", BigInteger, ForeignKey("report.id"), primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),  # definition:column, as tips:now
    Column("value", BigInteger, nullable=False),
    Column("of", BigInteger),  # the denominator of a rate
    Column("chosen", Boolean, nullable=False),  # the definition that the deployment goes by
    Column("was", BigInteger),  # what an earlier report said of the same days, where that differs
    Column("was_of", BigInteger),
)

# The rows that a figure is the sum of: one row a count, as lines "object TAB n", packed. Tip codes, names of waves, numbers of cases.
report_source = Table(
    "report_source",
    metadata,
    Column("report", BigInteger, ForeignKey("report.id"), primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),  # count:column, as tips:now
    Column("kind", Text, nullable=False),  # tip | wave | placement | case | …
    Column("total", BigInteger, nullable=False),
    Column("lines", LargeBinary, nullable=False),  # zlib
)

# What communes with an installation of their own sent: signed figures, the latest of a period wins.
commune_figures = Table(
    "commune_figures",
    metadata,
    Column("id", Id, primary_key=True),
    Column("commune", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("first", Text, nullable=False),
    Column("last", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("figures", Text, nullable=False),  # JSON
    Column("key", LargeBinary, nullable=False),  # Ed25519: who signed it
    Column("made_at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("received_by", BigInteger, nullable=False),
    UniqueConstraint("commune", "kind", "first", "last", "version"),
)

# Everything that is counted of a tip, so that a board walks over the index and not over sealed words.
Index("tip_counted", tip.c.commune, tip.c.received_at, tip.c.village, tip.c.channel, tip.c.state, tip.c.wave, tip.c.placement, tip.c.code)
