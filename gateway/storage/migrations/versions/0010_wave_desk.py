"""Drafts of waves and what the desk notes beside them."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _drafts()
    _lists()
    _events()


def _drafts() -> None:
    op.create_table(
        "wave_draft",
        sa.Column("id", _ID, nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("wave", sa.Text(), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("planner", sa.BigInteger(), nullable=False),
        sa.Column("trouble", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["planner"], ["user.id"], name=op.f("fk_wave_draft_planner")),
        sa.ForeignKeyConstraint(["changed_by"], ["user.id"], name=op.f("fk_wave_draft_changed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wave_draft")),
    )
    op.create_index("wave_draft_wave", "wave_draft", ["wave"])


def _lists() -> None:
    op.create_table(
        "wave_list",
        sa.Column("draft", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("basis", sa.LargeBinary(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("report", sa.LargeBinary(), nullable=False),
        sa.Column("uploaded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["draft"], ["wave_draft.id"], name=op.f("fk_wave_list_draft")),
        sa.PrimaryKeyConstraint("draft", name=op.f("pk_wave_list")),
    )


def _events() -> None:
    op.create_table(
        "wave_event",
        sa.Column("id", _ID, nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("draft", sa.BigInteger(), nullable=True),
        sa.Column("wave", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("user", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["draft"], ["wave_draft.id"], name=op.f("fk_wave_event_draft")),
        sa.ForeignKeyConstraint(["user"], ["user.id"], name=op.f("fk_wave_event_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wave_event")),
    )
    op.create_index(op.f("ix_wave_event_draft"), "wave_event", ["draft"])
    op.create_index(op.f("ix_wave_event_wave"), "wave_event", ["wave"])
