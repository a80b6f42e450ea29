"""Who is in, by what they proved it, and the log that can't be changed afterwards."""

from sqlalchemy import BigInteger, Column, LargeBinary, Table, Text

from gateway.storage.schema.base import Id, metadata
from gateway.storage.seal import Sealed

# A browser that somebody signed in with. What the cookie holds is known here by its keyed hash alone.
web_session = Table(
    "web_session",
    metadata,
    Column("id", Id, primary_key=True),
    Column("token", LargeBinary, nullable=False, unique=True),  # keyed hash
    Column("user", BigInteger, nullable=False, index=True),
    Column("stage", Text, nullable=False),  # factor: the second one is still asked for; enrol: it must be set up; in
    Column("agent", LargeBinary, nullable=False),  # keyed hash of the browser's name: a cookie used from another one ends the session
    Column("words", Sealed("web_session.words")),  # what the list of one's own sessions calls this browser
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Column("confirmed_at", BigInteger, nullable=False),  # when the passphrase was last typed: dangerous acts ask for it again
    Column("ended_at", BigInteger),
    Column("why", Text),  # left, other browser, by another session, by an administrator
)

# The second factor of a user: a secret that a phone keeps too (RFC 6238).
user_factor = Table(
    "user_factor",
    metadata,
    Column("user", BigInteger, primary_key=True, autoincrement=False),
    Column("secret", Sealed("user_factor.secret"), nullable=False),  # base32
    Column("last_step", BigInteger, nullable=False),  # a code counts once (RFC 6238 §5.2)
    Column("created_at", BigInteger, nullable=False),
)

# For who lost the phone: each counts once.
recovery_code = Table(
    "recovery_code",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user", BigInteger, nullable=False, index=True),
    Column("code", LargeBinary, nullable=False),  # keyed hash
    Column("used_at", BigInteger),
)

# Append-only: each row's hash covers the row and the hash before it, keyed, so that a change or a gap shows (tinbao doctor).
audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("user", BigInteger),  # NULL: the program itself, or a command on the machine
    Column("commune", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("object", Text, nullable=False),  # kind:id, as tip:7K3M9P
    Column("detail", Sealed("audit.detail")),  # JSON
    Column("digest", LargeBinary),  # keyed hash of the detail: the chain holds also when the key of an old detail was destroyed
    Column("hash", LargeBinary, nullable=False),
)
