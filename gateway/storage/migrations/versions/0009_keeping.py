"""Requests of persons, retention, keys that can be destroyed."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "data_key",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("doomed_at", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("destroyed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_data_key"),
    )
    op.create_table(
        "backup",
        sa.Column("id", _ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("keys_folder", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_backup"),
    )
    op.create_table(
        "erased",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("row", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "row", name="pk_erased"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "person_request",
        sa.Column("id", _ID, nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("bidx", sa.LargeBinary(), nullable=True),
        sa.Column("msisdn", sa.LargeBinary(), nullable=True),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.Column("identity", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("answer_by", sa.BigInteger(), nullable=False),
        sa.Column("done_by", sa.BigInteger(), nullable=False),
        sa.Column("extended_at", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("user", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_person_request"),
    )
    op.create_index("ix_person_request_bidx", "person_request", ["bidx"])
    op.create_index("person_request_open", "person_request", ["commune", "state", "done_by"])
    op.create_table(
        "person_request_event",
        sa.Column("id", _ID, nullable=False),
        sa.Column("request", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("user", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["request"], ["person_request.id"], name="fk_person_request_event_request"),
        sa.PrimaryKeyConstraint("id", name="pk_person_request_event"),
    )
    op.create_index("ix_person_request_event_request", "person_request_event", ["request"])
    op.create_table(
        "breach",
        sa.Column("id", _ID, nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=True),
        sa.Column("kinds", sa.Text(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("what", sa.LargeBinary(), nullable=False),
        sa.Column("measures", sa.LargeBinary(), nullable=False),
        sa.Column("told_agency_at", sa.BigInteger(), nullable=True),
        sa.Column("told_people_at", sa.BigInteger(), nullable=True),
        sa.Column("user", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_breach"),
    )
