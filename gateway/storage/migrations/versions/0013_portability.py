"""Which operator a number is with, as a carrier said."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "portability",
        sa.Column("bidx", sa.LargeBinary(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("bidx", name=op.f("pk_portability")),
    )
    op.create_index(op.f("ix_portability_asked_at"), "portability", ["asked_at"])
