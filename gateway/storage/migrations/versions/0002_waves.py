"""Waves that are approved, paced and paid for: users, approvals, partner orders, texts by language."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _people()
    _waves()
    _approvals()
    _orders()
    _messages()
    for column in (
        sa.Column("pause_why", sa.Text(), nullable=True),
        sa.Column("spent_vnd", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("spent_day", sa.Integer(), server_default="0", nullable=False),
    ):
        op.add_column("route_state", column)


def _people() -> None:
    op.add_column("contact", sa.Column("blocked_at", sa.BigInteger(), nullable=True))
    op.add_column("contact", sa.Column("blocked_why", sa.Text(), nullable=True))
    op.create_table(
        "user",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("passphrase", sa.Text(), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("bidx", sa.LargeBinary(), nullable=True),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("locked_until", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("name", name=op.f("uq_user_name")),
        sa.UniqueConstraint("bidx", name=op.f("uq_user_bidx")),
    )


def _waves() -> None:
    op.create_table(
        "wave_text",
        sa.Column("wave", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("template", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["wave"], ["wave.id"], name=op.f("fk_wave_text_wave")),
        sa.PrimaryKeyConstraint("wave", "language", name=op.f("pk_wave_text")),
    )
    op.execute("INSERT INTO wave_text (wave, language, template) SELECT id, 'vi', template FROM wave")  # sealed for the same place
    with op.batch_alter_table("wave") as wave:
        wave.drop_column("template")
        for column in (
            sa.Column("kind", sa.Text(), server_default="own", nullable=False),
            sa.Column("language", sa.Text(), server_default="vi", nullable=False),
            sa.Column("reason", sa.Text(), nullable=True),
            sa.Column("starts_at", sa.BigInteger(), server_default="0", nullable=False),
            sa.Column("pace_limit", sa.Integer(), nullable=True),
            sa.Column("next_slot_us", sa.BigInteger(), server_default="0", nullable=False),
            sa.Column("ramp", sa.JSON(none_as_null=True), nullable=True),
            sa.Column("ramp_state", sa.Text(), nullable=True),
            sa.Column("max_segments", sa.Integer(), server_default="1", nullable=False),
            sa.Column("audience_rule", sa.JSON(none_as_null=True), nullable=True),
            sa.Column("cost_ceiling", sa.BigInteger(), nullable=True),
            sa.Column("spent", sa.BigInteger(), server_default="0", nullable=False),
            sa.Column("document", sa.Text(), nullable=True),
            sa.Column("document_date", sa.Text(), nullable=True),
            sa.Column("planner", sa.BigInteger(), nullable=True),
            sa.Column("likeness", sa.LargeBinary(), nullable=True),
            sa.Column("planning", sa.Text(), nullable=True),
        ):
            wave.add_column(column)
        wave.create_foreign_key(op.f("fk_wave_planner"), "user", ["planner"], ["id"])
    op.create_index("wave_likeness", "wave", ["likeness", "created_at"], unique=False)


def _approvals() -> None:
    op.create_table(
        "approval",
        sa.Column("id", _ID, nullable=False),
        sa.Column("wave", sa.BigInteger(), nullable=False),
        sa.Column("planner", sa.BigInteger(), nullable=False),
        sa.Column("approver", sa.BigInteger(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("document_date", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["wave"], ["wave.id"], name=op.f("fk_approval_wave")),
        sa.ForeignKeyConstraint(["planner"], ["user.id"], name=op.f("fk_approval_planner")),
        sa.ForeignKeyConstraint(["approver"], ["user.id"], name=op.f("fk_approval_approver")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
    )
    op.create_index(op.f("ix_approval_wave"), "approval", ["wave"], unique=False)
    op.create_table(
        "approval_code",
        sa.Column("id", _ID, nullable=False),
        sa.Column("wave", sa.BigInteger(), nullable=False),
        sa.Column("approver", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["wave"], ["wave.id"], name=op.f("fk_approval_code_wave")),
        sa.ForeignKeyConstraint(["approver"], ["user.id"], name=op.f("fk_approval_code_approver")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_code")),
    )
    op.create_index(op.f("ix_approval_code_wave"), "approval_code", ["wave"], unique=False)


def _orders() -> None:
    op.create_table(
        "partner_order",
        sa.Column("wave", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("area", sa.JSON(), nullable=False),
        sa.Column("ordered_at", sa.BigInteger(), nullable=True),
        sa.Column("carrier_ref", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["wave"], ["wave.id"], name=op.f("fk_partner_order_wave")),
        sa.PrimaryKeyConstraint("wave", name=op.f("pk_partner_order")),
    )
    op.create_table(
        "partner_count",
        sa.Column("id", _ID, nullable=False),
        sa.Column("wave", sa.BigInteger(), nullable=False),
        sa.Column("variant", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("delivered", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("charged_segments", sa.Integer(), nullable=False),
        sa.Column("imported_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["wave"], ["wave.id"], name=op.f("fk_partner_count_wave")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_count")),
        sa.UniqueConstraint("wave", "variant", "operator", "day", name=op.f("uq_partner_count_wave_variant_operator_day")),
    )


def _messages() -> None:
    op.add_column("mo", sa.Column("wave", sa.BigInteger(), nullable=True))
    op.add_column("tip", sa.Column("wave", sa.BigInteger(), nullable=True))
    given = sa.text("wave IS NOT NULL")
    op.create_index("mo_wave", "mo", ["wave"], unique=False, sqlite_where=given, postgresql_where=given)
    with op.batch_alter_table("mt") as mt:
        mt.add_column(sa.Column("language", sa.Text(), nullable=True))
        mt.add_column(sa.Column("origin", sa.Text(), nullable=True))
        mt.add_column(sa.Column("operator", sa.Text(), nullable=True))
        mt.drop_constraint(op.f("uq_mt_reply_to"), type_="unique")
        mt.drop_constraint(op.f("uq_mt_send_id_bidx"), type_="unique")
    for name, columns, where in (
        ("mt_reply", ["reply_to"], "reply_to IS NOT NULL"),
        ("mt_send", ["send_id", "bidx"], "send_id IS NOT NULL"),
        ("mt_member", ["bidx", "wave"], "wave <> 0"),
    ):
        op.create_index(name, "mt", columns, unique=True, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
