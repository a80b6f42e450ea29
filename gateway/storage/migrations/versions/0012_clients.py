"""Outside systems that may call us, and what they asked for once."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _clients()
    _sent()
    _calls()
    _parts()


def _clients() -> None:
    op.create_table(
        "client",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("route", sa.Text(), nullable=True),
        sa.Column("mo_url", sa.LargeBinary(), nullable=True),
        sa.Column("mo_method", sa.Text(), server_default="GET", nullable=False),
        sa.Column("webhook_url", sa.LargeBinary(), nullable=True),
        sa.Column("webhook_secret", sa.LargeBinary(), nullable=True),
        sa.Column("events", sa.Text(), server_default="", nullable=False),
        sa.Column("callback_hosts", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client")),
        sa.UniqueConstraint("name", name=op.f("uq_client_name")),
    )


def _sent() -> None:
    op.create_table(
        "client_mt",
        sa.Column("mt", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("client", sa.BigInteger(), nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["mt"], ["mt.id"], name=op.f("fk_client_mt_mt")),
        sa.ForeignKeyConstraint(["client"], ["client.id"], name=op.f("fk_client_mt_client")),
        sa.PrimaryKeyConstraint("mt", name=op.f("pk_client_mt")),
    )
    op.create_index("client_mt_client", "client_mt", ["client", "mt"])


def _calls() -> None:
    op.create_table(
        "client_call",
        sa.Column("id", _ID, nullable=False),
        sa.Column("client", sa.BigInteger(), nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["client"], ["client.id"], name=op.f("fk_client_call_client")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_call")),
        sa.UniqueConstraint("client", "key", name=op.f("uq_client_call_client_key")),
    )
    op.create_index(op.f("ix_client_call_at"), "client_call", ["at"])


def _parts() -> None:
    op.create_table(
        "door_part",
        sa.Column("id", _ID, nullable=False),
        sa.Column("client", sa.BigInteger(), nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("part", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["client"], ["client.id"], name=op.f("fk_door_part_client")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_door_part")),
        sa.UniqueConstraint("client", "key", "number", name=op.f("uq_door_part_client_key_number")),
    )
    op.create_index(op.f("ix_door_part_received_at"), "door_part", ["received_at"])
