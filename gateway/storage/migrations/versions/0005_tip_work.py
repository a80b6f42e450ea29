"""Work on tips: who has one open, versions, classification, saved views, tips typed in by staff."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _entry_tables()
    _queue_tables()
    _queue_history()
    _queue_desks()
    _queue_indexes()


def _entry_tables() -> None:
    op.create_table(
        "entry_batch",
        sa.Column("id", _ID, nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("user", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("refused", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_entry_batch"),
        sa.UniqueConstraint("key", name="uq_entry_batch_key"),
    )
    op.create_table(
        "tip_entry",
        sa.Column("id", _ID, nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("mo", sa.BigInteger(), nullable=False),
        sa.Column("user", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=True),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("sheet", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tip_entry"),
        sa.UniqueConstraint("key", name="uq_tip_entry_key"),
        sa.UniqueConstraint("mo", name="uq_tip_entry_mo"),
        sa.ForeignKeyConstraint(["mo"], ["mo.id"], name="fk_tip_entry_mo"),
        sa.ForeignKeyConstraint(["batch"], ["entry_batch.id"], name="fk_tip_entry_batch"),
    )
    op.create_index("tip_entry_commune", "tip_entry", ["commune", "id"])
    some = sa.text("batch IS NOT NULL")
    op.create_index("tip_entry_batch", "tip_entry", ["batch", "line"], sqlite_where=some, postgresql_where=some)
    op.create_table(
        "tip_question",
        sa.Column("id", _ID, nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("tip", sa.BigInteger(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("user", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("cancelled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_tip_question"),
        sa.UniqueConstraint("ref", name="uq_tip_question_ref"),
        sa.ForeignKeyConstraint(["tip"], ["tip.id"], name="fk_tip_question_tip"),
    )
    op.create_index("ix_tip_question_tip", "tip_question", ["tip"])


def _queue_tables() -> None:
    op.create_table(
        "tip_work",
        sa.Column("tip", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("flags", sa.Text(), nullable=True),
        sa.Column("assignee", sa.Text(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("done", sa.Text(), nullable=True),
        sa.Column("corrected", sa.LargeBinary(), nullable=True),
        sa.Column("touched_at", sa.BigInteger(), nullable=True),
        sa.Column("touched_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["tip"], ["tip.id"], name="fk_tip_work_tip"),
        sa.PrimaryKeyConstraint("tip", name="pk_tip_work"),
    )
    op.create_index("tip_work_kind", "tip_work", ["commune", "kind"])
    op.create_index("tip_work_assignee", "tip_work", ["commune", "assignee"])
    op.create_table(
        "tip_pair",
        sa.Column("tip", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("other", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("user", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tip"], ["tip.id"], name="fk_tip_pair_tip"),
        sa.ForeignKeyConstraint(["other"], ["tip.id"], name="fk_tip_pair_other"),
        sa.PrimaryKeyConstraint("tip", "other", name="pk_tip_pair"),
    )
    op.create_index("tip_pair_other", "tip_pair", ["other"])


def _queue_history() -> None:
    op.create_table(
        "tip_batch",
        sa.Column("id", _ID, nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("user", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("tips", sa.Integer(), server_default="0", nullable=False),
        sa.Column("undoes", sa.BigInteger(), nullable=True),
        sa.Column("undone_by", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tip_batch"),
    )
    op.create_index("tip_batch_user", "tip_batch", ["user", "id"])
    op.create_table(
        "tip_change",
        sa.Column("id", _ID, nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.Column("tip", sa.BigInteger(), nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("was", sa.LargeBinary(), nullable=True),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["batch"], ["tip_batch.id"], name="fk_tip_change_batch"),
        sa.ForeignKeyConstraint(["tip"], ["tip.id"], name="fk_tip_change_tip"),
        sa.PrimaryKeyConstraint("id", name="pk_tip_change"),
    )
    op.create_index("ix_tip_change_tip", "tip_change", ["tip"])
    op.create_index("tip_change_batch", "tip_change", ["batch", "what", "tip"])


def _queue_desks() -> None:
    op.create_table(
        "tip_open",
        sa.Column("tip", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tip"], ["tip.id"], name="fk_tip_open_tip"),
        sa.PrimaryKeyConstraint("tip", "user", name="pk_tip_open"),
    )
    op.create_table(
        "tip_view",
        sa.Column("id", _ID, nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("user", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("filters", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tip_view"),
    )
    op.create_index("tip_view_user", "tip_view", ["user"])
    op.create_table(
        "reveal_reason",
        sa.Column("user", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user", "day", name="pk_reveal_reason"),
    )


def _queue_indexes() -> None:
    op.create_index("tip_queue", "tip", ["commune", "received_at", "id"])
    op.create_index("tip_village", "tip", ["commune", "village", "received_at"])
    op.create_index("tip_state", "tip", ["commune", "state", "urgent"])
    for name, columns, column in (
        ("tip_urgent", ["commune", "received_at", "id"], "urgent"),
        ("tip_waiting", ["commune", "received_at"], "written_at"),
    ):
        where = sa.text(f"{column} IS NOT NULL")
        op.create_index(name, "tip", columns, sqlite_where=where, postgresql_where=where)
