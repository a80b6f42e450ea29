"""The print room and hand-overs."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _jobs()
    _hung()
    _hand_overs()


def _jobs() -> None:
    op.create_table(
        "print_job",
        sa.Column("id", _ID, nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("lang", sa.Text(), nullable=False),
        sa.Column("cells", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("made", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("hash", sa.Text(), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("beat_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("approved_by", sa.BigInteger(), nullable=True),
        sa.Column("approved_at", sa.BigInteger(), nullable=True),
        sa.Column("package", sa.Text(), nullable=True),
        sa.Column("handed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["approved_by"], ["user.id"], name=op.f("fk_print_job_approved_by")),
        sa.ForeignKeyConstraint(["asked_by"], ["user.id"], name=op.f("fk_print_job_asked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_print_job")),
    )
    op.create_index("print_job_commune", "print_job", ["commune", "id"], unique=False)
    op.create_index(
        "print_job_running",
        "print_job",
        ["commune", "shop"],
        unique=True,
        sqlite_where=sa.text("state = 'making'"),
        postgresql_where=sa.text("state = 'making'"),
    )
    op.create_table(
        "print_file",
        sa.Column("id", _ID, nullable=False),
        sa.Column("job", sa.BigInteger(), nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("village", sa.Text(), nullable=False),
        sa.Column("piece", sa.Text(), nullable=False),
        sa.Column("theme", sa.Text(), nullable=False),
        sa.Column("lang", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("file", sa.Text(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("pages", sa.Integer(), server_default="0", nullable=False),
        sa.Column("codes", sa.Text(), nullable=True),
        sa.Column("findings", sa.Text(), nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["job"], ["print_job.id"], name=op.f("fk_print_file_job")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_print_file")),
        sa.UniqueConstraint(
            "job", "village", "piece", "theme", "lang", "number", name=op.f("uq_print_file_job_village_piece_theme_lang_number")
        ),
    )
    op.create_index("print_file_spot", "print_file", ["commune", "village", "piece", "id"], unique=False)


def _hung() -> None:
    op.create_table(
        "placement_hung",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("hung_on", sa.Text(), nullable=False),
        sa.Column("detail", sa.LargeBinary(), nullable=False),
        sa.Column("down_on", sa.Text(), nullable=True),
        sa.Column("changed_by", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["changed_by"], ["user.id"], name=op.f("fk_placement_hung_changed_by")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_placement_hung")),
    )
    op.create_index("placement_hung_commune", "placement_hung", ["commune"], unique=False)


def _hand_overs() -> None:
    op.create_table(
        "hand_over",
        sa.Column("id", _ID, nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("series", sa.BigInteger(), nullable=True),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("parts", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("content_sha256", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("receipt", sa.LargeBinary(), nullable=True),
        sa.Column("term_days", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("prepared_by", sa.BigInteger(), nullable=False),
        sa.Column("prepared_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("received_on", sa.Text(), nullable=True),
        sa.Column("received_by", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["decided_by"], ["user.id"], name=op.f("fk_hand_over_decided_by")),
        sa.ForeignKeyConstraint(["prepared_by"], ["user.id"], name=op.f("fk_hand_over_prepared_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_over")),
        sa.UniqueConstraint("commune", "number", "version", name=op.f("uq_hand_over_commune_number_version")),
        sa.UniqueConstraint("receipt", name=op.f("uq_hand_over_receipt")),
    )
    op.create_index("hand_over_state", "hand_over", ["commune", "state", "due_at"], unique=False)
    op.create_table(
        "hand_over_bytes",
        sa.Column("hand_over", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("package", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["hand_over"], ["hand_over.id"], name=op.f("fk_hand_over_bytes_hand_over")),
        sa.PrimaryKeyConstraint("hand_over", name=op.f("pk_hand_over_bytes")),
    )
    op.create_table(
        "hand_over_item",
        sa.Column("hand_over", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tip", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("is_named", sa.Integer(), server_default="0", nullable=False),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["hand_over"], ["hand_over.id"], name=op.f("fk_hand_over_item_hand_over")),
        sa.ForeignKeyConstraint(["tip"], ["tip.id"], name=op.f("fk_hand_over_item_tip")),
        sa.PrimaryKeyConstraint("hand_over", "tip", name=op.f("pk_hand_over_item")),
    )
    op.create_index("hand_over_item_tip", "hand_over_item", ["tip"], unique=False)
    op.create_table(
        "hand_over_event",
        sa.Column("id", _ID, nullable=False),
        sa.Column("hand_over", sa.BigInteger(), nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.Column("user", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["hand_over"], ["hand_over.id"], name=op.f("fk_hand_over_event_hand_over")),
        sa.ForeignKeyConstraint(["user"], ["user.id"], name=op.f("fk_hand_over_event_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_over_event")),
    )
    op.create_index(op.f("ix_hand_over_event_hand_over"), "hand_over_event", ["hand_over"], unique=False)
