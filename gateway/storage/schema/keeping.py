"""What is kept, how long, and what persons ask of it: data keys that can be destroyed, backups made, requests of persons, breaches."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from gateway.storage.schema.base import Id, metadata
from gateway.storage.seal import Sealed

# Random keys beside the one that comes from the master key. A destroyed one has no `wrapped` any more, here or in a backup (ADR 0029).
data_key = Table(
    "data_key",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),  # 2..65535, as it stands in each sealed value; never used again
    Column("wrapped", LargeBinary),  # by the master key; NULL: destroyed
    Column("made_at", BigInteger, nullable=False),
    Column("starts_at", BigInteger, nullable=False),  # sealed with from then on: made ahead, so that every process knows it by then
    Column("doomed_at", BigInteger),  # to be destroyed as soon as what must stay is sealed anew
    Column("why", Text),
    Column("destroyed_at", BigInteger),
)

backup = Table(
    "backup",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("folder", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("keys_folder", Text, nullable=False),  # where the file of data keys lies, which is written anew when one is destroyed
    Column("bytes", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
)

# Rows whose term was over and whose words were taken out.
erased = Table(
    "erased",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("row", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# A person's request about what we hold of them (field.md §2.4).
person_request = Table(
    "person_request",
    metadata,
    Column("id", Id, primary_key=True),
    Column("commune", Text, nullable=False),
    Column("kind", Text, nullable=False),  # access | correct | delete | withdraw | object
    Column("channel", Text, nullable=False),
    Column("bidx", LargeBinary, index=True),
    Column("msisdn", Sealed("msisdn")),
    Column("name", Sealed("person_request.name")),
    Column("words", Sealed("person_request.words")),
    Column("identity", Text),  # how it was made sure who asks; NULL: not yet
    Column("state", Text, nullable=False),  # new | answered | done | refused
    Column("received_at", BigInteger, nullable=False),
    Column("answer_by", BigInteger, nullable=False),  # the first answer
    Column("done_by", BigInteger, nullable=False),
    Column("extended_at", BigInteger),
    Column("answered_at", BigInteger),
    Column("closed_at", BigInteger),
    Column("answer", Sealed("person_request.answer")),
    Column("user", BigInteger, nullable=False),  # who wrote it down
)
Index("person_request_open", person_request.c.commune, person_request.c.state, person_request.c.done_by)

person_request_event = Table(
    "person_request_event",
    metadata,
    Column("id", Id, primary_key=True),
    Column("request", BigInteger, ForeignKey("person_request.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("note", Sealed("person_request_event.note")),
    Column("user", BigInteger),
    Column("at", BigInteger, nullable=False),
)

breach = Table(
    "breach",
    metadata,
    Column("id", Id, primary_key=True),
    Column("commune", Text, nullable=False),
    Column("found_at", BigInteger, nullable=False),  # the clock of 72 hours runs from here
    Column("began_at", BigInteger),
    Column("kinds", Text, nullable=False),  # of data, by comma
    Column("people", Integer, nullable=False),  # concerned; 0: not known yet
    Column("what", Sealed("breach.what"), nullable=False),
    Column("measures", Sealed("breach.measures"), nullable=False),
    Column("told_agency_at", BigInteger),
    Column("told_people_at", BigInteger),
    Column("user", BigInteger, nullable=False),
    Column("made_at", BigInteger, nullable=False),
)
