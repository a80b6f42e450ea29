"""Receiving at full strength: parts, dialogues, attachments, alerts, corroboration, limits, links that can be changed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_COUNTED = {  # visits so far by their local day: UTC+7, where every deployment so far stands
    "sqlite": (
        "INSERT INTO scan_count (village, placement, day, count) SELECT village, coalesce(placement, ''), "
        "CAST(strftime('%Y%m%d', at / 1000 + 25200, 'unixepoch') AS INTEGER), count(*) FROM scan GROUP BY 1, 2, 3"
    ),
    "postgresql": (
        "INSERT INTO scan_count (village, placement, day, count) SELECT village, coalesce(placement, ''), "
        "CAST(to_char(to_timestamp(at / 1000 + 25200) AT TIME ZONE 'UTC', 'YYYYMMDD') AS INTEGER), count(*) FROM scan GROUP BY 1, 2, 3"
    ),
}


def upgrade() -> None:
    _messages()
    _corroboration()
    _attachments()
    _dialogues()
    _alerts()
    _limits()
    _links()
    _tokens()


def _partial(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    op.create_index(name, table, columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _messages() -> None:
    for column in (
        sa.Column("part_ref", sa.Text(), nullable=True),
        sa.Column("part_number", sa.Integer(), nullable=True),
        sa.Column("part_total", sa.Integer(), nullable=True),
        sa.Column("whole", sa.BigInteger(), nullable=True),
        sa.Column("tip", sa.BigInteger(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
    ):
        op.add_column("mo", column)
    _partial("mo_part", "mo", ["received_at"], "state = 'part'")
    op.execute("UPDATE mo SET tip = (SELECT tip.id FROM tip WHERE tip.mo = mo.id) WHERE action IS NOT NULL")
    _partial("mo_tip", "mo", ["tip"], "tip IS NOT NULL")
    for column in (
        sa.Column("language", sa.Text(), server_default="vi", nullable=False),
        sa.Column("may_call", sa.Boolean(), nullable=True),
        sa.Column("may_publish", sa.Boolean(), nullable=True),
        sa.Column("written_at", sa.BigInteger(), nullable=True),
        sa.Column("linked_at", sa.BigInteger(), nullable=True),
    ):
        op.add_column("tip", column)
    _partial("tip_unlinked", "tip", ["id"], "linked_at IS NULL")
    op.create_index("tip_received", "tip", ["received_at"], unique=False)


def _corroboration() -> None:
    op.create_table(
        "tip_link",
        sa.Column("id", _ID, nullable=False),
        sa.Column("tip", sa.BigInteger(), nullable=False),
        sa.Column("other", sa.BigInteger(), nullable=False),
        sa.Column("likeness", sa.Float(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["other"], ["tip.id"], name=op.f("fk_tip_link_other")),
        sa.ForeignKeyConstraint(["tip"], ["tip.id"], name=op.f("fk_tip_link_tip")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tip_link")),
        sa.UniqueConstraint("tip", "other", name=op.f("uq_tip_link_tip_other")),
    )
    op.create_table(
        "tip_shingle",
        sa.Column("hash", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tip", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["tip"], ["tip.id"], name=op.f("fk_tip_shingle_tip")),
        sa.PrimaryKeyConstraint("hash", "tip", name=op.f("pk_tip_shingle")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_tip_link_other"), "tip_link", ["other"], unique=False)


def _attachments() -> None:
    op.create_table(
        "attachment",
        sa.Column("id", _ID, nullable=False),
        sa.Column("tip", sa.BigInteger(), nullable=False),
        sa.Column("mo", sa.BigInteger(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("media", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("meta", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tip"], ["tip.id"], name=op.f("fk_attachment_tip")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
        sa.UniqueConstraint("tip", "digest", name=op.f("uq_attachment_tip_digest")),
    )
    op.create_index(op.f("ix_attachment_digest"), "attachment", ["digest"], unique=False)


def _dialogues() -> None:
    op.create_table(
        "dialogue",
        sa.Column("id", _ID, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("bidx", sa.LargeBinary(), nullable=False),
        sa.Column("session", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), server_default="vi", nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("slots", sa.LargeBinary(), nullable=True),
        sa.Column("tip", sa.BigInteger(), nullable=True),
        sa.Column("mo", sa.BigInteger(), nullable=True),
        sa.Column("last_input", sa.LargeBinary(), nullable=True),
        sa.Column("last_screen", sa.LargeBinary(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("touched_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("how", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dialogue")),
    )
    _partial("dialogue_session", "dialogue", ["channel", "session"], "session IS NOT NULL", unique=True)
    _partial("dialogue_open", "dialogue", ["touched_at"], "ended_at IS NULL")
    op.create_index("dialogue_person", "dialogue", ["bidx", "touched_at"], unique=False)


def _alerts() -> None:
    op.create_table(
        "duty",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("msisdn", sa.LargeBinary(), nullable=False),
        sa.Column("bidx", sa.LargeBinary(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty")),
        sa.UniqueConstraint("bidx", name=op.f("uq_duty_bidx")),
        sa.UniqueConstraint("name", name=op.f("uq_duty_name")),
    )
    op.create_table(
        "alert",
        sa.Column("id", _ID, nullable=False),
        sa.Column("tip", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("sent", sa.Integer(), server_default="0", nullable=False),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True),
        sa.Column("acknowledged_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tip"], ["tip.id"], name=op.f("fk_alert_tip")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sa.UniqueConstraint("tip", name=op.f("uq_alert_tip")),
    )
    _partial("alert_due", "alert", ["next_at"], "next_at IS NOT NULL")


def _limits() -> None:
    op.create_table(
        "tally",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("since", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", "since", name=op.f("pk_tally")),
        sqlite_with_rowid=False,
    )
    op.create_index("tally_since", "tally", ["since"], unique=False)


def _links() -> None:
    op.create_table(
        "link_override",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=True),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_link_override")),
    )
    op.create_table(
        "mistyped",
        sa.Column("id", _ID, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mistyped")),
    )
    op.create_table(
        "fake_report",
        sa.Column("id", _ID, nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("contact", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fake_report")),
    )
    op.create_table(
        "scan_count",
        sa.Column("village", sa.Text(), nullable=False),
        sa.Column("placement", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("village", "placement", "day", name=op.f("pk_scan_count")),
        sqlite_with_rowid=False,
    )
    op.execute(_COUNTED[op.get_bind().dialect.name])


def _tokens() -> None:
    op.create_table(
        "carrier_token",
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("access", sa.LargeBinary(), nullable=False),
        sa.Column("refresh", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("renewed_at", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("route", name=op.f("pk_carrier_token")),
    )
