"""Calls to outside systems: what is to be told, and to whom."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _calls()
    _reports()


def _calls() -> None:
    op.create_table(
        "callback",
        sa.Column("id", _ID, nullable=False),
        sa.Column("client", sa.BigInteger(), nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("bidx", sa.LargeBinary(), nullable=True),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("url", sa.LargeBinary(), nullable=True),
        sa.Column("headers", sa.LargeBinary(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback")),
        sa.UniqueConstraint("client", "key", name=op.f("uq_callback_client_key")),
    )
    op.create_index(op.f("ix_callback_bidx"), "callback", ["bidx"])
    ended = sa.text("ended_at IS NOT NULL")
    op.create_index("callback_ended", "callback", ["state", "ended_at"], sqlite_where=ended, postgresql_where=ended)
    waiting = sa.text("state = 'waiting'")
    op.create_index("callback_due", "callback", ["target", "due_at", "id"], sqlite_where=waiting, postgresql_where=waiting)


def _reports() -> None:
    op.create_table(
        "mt_report",
        sa.Column("mt", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("client", sa.BigInteger(), nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("bidx", sa.LargeBinary(), nullable=False),
        sa.Column("mask", sa.Integer(), nullable=False),
        sa.Column("url", sa.LargeBinary(), nullable=True),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("reference", sa.LargeBinary(), nullable=True),
        sa.Column("event", sa.Boolean(), nullable=False),
        sa.Column("told", sa.Integer(), server_default="0", nullable=False),
        sa.Column("seen", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["mt"], ["mt.id"], name=op.f("fk_mt_report_mt")),
        sa.PrimaryKeyConstraint("mt", name=op.f("pk_mt_report")),
    )
    op.create_index(op.f("ix_mt_report_bidx"), "mt_report", ["bidx"])
    still_open = sa.text("closed_at IS NULL")
    op.create_index("mt_report_open", "mt_report", ["mt"], sqlite_where=still_open, postgresql_where=still_open)
