"""Cases, field work, evidence and its custody, registers, appointments, commendations."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _cases()
    _evidence()
    _adn()
    _registers()


def _partial(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    op.create_index(name, table, columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _cases() -> None:
    op.create_table(
        "register_number",
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("register", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("commune", "register", "year", name="pk_register_number"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "case_file",
        sa.Column("id", _ID, nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("title", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("owner", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("moved_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["owner"], ["user.id"], name="fk_case_file_owner"),
        sa.PrimaryKeyConstraint("id", name="pk_case_file"),
        sa.UniqueConstraint("commune", "number", name="uq_case_file_commune_number"),
    )
    op.create_index("case_file_list", "case_file", ["commune", "state", "id"], unique=False)
    op.create_table(
        "case_tip",
        sa.Column("id", _ID, nullable=False),
        sa.Column("case", sa.BigInteger(), nullable=False),
        sa.Column("tip", sa.BigInteger(), nullable=False),
        sa.Column("joined_at", sa.BigInteger(), nullable=False),
        sa.Column("left_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["case"], ["case_file.id"], name="fk_case_tip_case"),
        sa.ForeignKeyConstraint(["tip"], ["tip.id"], name="fk_case_tip_tip"),
        sa.PrimaryKeyConstraint("id", name="pk_case_tip"),
    )
    _partial("case_tip_now", "case_tip", ["tip"], "left_at IS NULL", unique=True)
    op.create_index("ix_case_tip_case", "case_tip", ["case"], unique=False)
    op.create_table(
        "field_work",
        sa.Column("id", _ID, nullable=False),
        sa.Column("case", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("people", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("safety", sa.Text(), nullable=True),
        sa.Column("safety_by", sa.LargeBinary(), nullable=True),
        sa.Column("found", sa.LargeBinary(), nullable=True),
        sa.Column("spot", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["case"], ["case_file.id"], name="fk_field_work_case"),
        sa.PrimaryKeyConstraint("id", name="pk_field_work"),
    )
    op.create_index("ix_field_work_case", "field_work", ["case"], unique=False)
    op.create_table(
        "case_outcome",
        sa.Column("id", _ID, nullable=False),
        sa.Column("case", sa.BigInteger(), nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("spot", sa.LargeBinary(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["case"], ["case_file.id"], name="fk_case_outcome_case"),
        sa.PrimaryKeyConstraint("id", name="pk_case_outcome"),
    )
    op.create_index("case_outcome_count", "case_outcome", ["commune", "at"], unique=False)
    op.create_index("ix_case_outcome_case", "case_outcome", ["case"], unique=False)
    op.create_table(
        "case_picture",
        sa.Column("id", _ID, nullable=False),
        sa.Column("case", sa.BigInteger(), nullable=False),
        sa.Column("field_work", sa.BigInteger(), nullable=True),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("media", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["case_file.id"], name="fk_case_picture_case"),
        sa.ForeignKeyConstraint(["field_work"], ["field_work.id"], name="fk_case_picture_field_work"),
        sa.PrimaryKeyConstraint("id", name="pk_case_picture"),
        sa.UniqueConstraint("case", "digest", name="uq_case_picture_case_digest"),
    )


def _evidence() -> None:
    op.create_table(
        "evidence",
        sa.Column("id", _ID, nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.LargeBinary(), nullable=False),
        sa.Column("details", sa.LargeBinary(), nullable=False),
        sa.Column("case", sa.BigInteger(), nullable=True),
        sa.Column("tip", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["case_file.id"], name="fk_evidence_case"),
        sa.ForeignKeyConstraint(["tip"], ["tip.id"], name="fk_evidence_tip"),
        sa.PrimaryKeyConstraint("id", name="pk_evidence"),
        sa.UniqueConstraint("commune", "number", name="uq_evidence_commune_number"),
    )
    op.create_index("ix_evidence_case", "evidence", ["case"], unique=False)
    op.create_table(
        "custody",
        sa.Column("id", _ID, nullable=False),
        sa.Column("evidence", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("giver", sa.LargeBinary(), nullable=False),
        sa.Column("receiver", sa.LargeBinary(), nullable=False),
        sa.Column("receiver_user", sa.BigInteger(), nullable=True),
        sa.Column("place", sa.LargeBinary(), nullable=False),
        sa.Column("seal", sa.Text(), nullable=False),
        sa.Column("condition", sa.LargeBinary(), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.Column("given_by", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("confirmed_by", sa.BigInteger(), nullable=True),
        sa.Column("paper", sa.Text(), nullable=True),
        sa.Column("refused_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["evidence"], ["evidence.id"], name="fk_custody_evidence"),
        sa.ForeignKeyConstraint(["given_by"], ["user.id"], name="fk_custody_given_by"),
        sa.ForeignKeyConstraint(["receiver_user"], ["user.id"], name="fk_custody_receiver_user"),
        sa.PrimaryKeyConstraint("id", name="pk_custody"),
        sa.UniqueConstraint("evidence", "step", name="uq_custody_evidence_step"),
    )
    _partial("custody_waiting", "custody", ["given_at"], "confirmed_at IS NULL AND refused_at IS NULL")
    op.create_table(
        "commendation",
        sa.Column("id", _ID, nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("case", sa.BigInteger(), nullable=False),
        sa.Column("tip", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.LargeBinary(), nullable=False),
        sa.Column("merit", sa.LargeBinary(), nullable=False),
        sa.Column("consent", sa.Text(), nullable=False),
        sa.Column("consent_note", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("proposed_at", sa.BigInteger(), nullable=False),
        sa.Column("proposed_by", sa.BigInteger(), nullable=False),
        sa.Column("proposed_office", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=True),
        sa.Column("signed_by", sa.BigInteger(), nullable=True),
        sa.Column("signed_office", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case"], ["case_file.id"], name="fk_commendation_case"),
        sa.ForeignKeyConstraint(["proposed_by"], ["user.id"], name="fk_commendation_proposed_by"),
        sa.ForeignKeyConstraint(["signed_by"], ["user.id"], name="fk_commendation_signed_by"),
        sa.ForeignKeyConstraint(["tip"], ["tip.id"], name="fk_commendation_tip"),
        sa.PrimaryKeyConstraint("id", name="pk_commendation"),
        sa.UniqueConstraint("commune", "number", name="uq_commendation_commune_number"),
        sa.UniqueConstraint("case", "tip", name="uq_commendation_case_tip"),
    )
    op.create_index("ix_commendation_case", "commendation", ["case"], unique=False)


def _adn() -> None:
    op.create_table(
        "dna_care",
        sa.Column("request", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("companion", sa.LargeBinary(), nullable=True),
        sa.Column("relation", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("moved_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["request"], ["dna_request.id"], name="fk_dna_care_request"),
        sa.PrimaryKeyConstraint("request", name="pk_dna_care"),
    )
    op.create_table(
        "dna_appointment",
        sa.Column("id", _ID, nullable=False),
        sa.Column("request", sa.BigInteger(), nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("may_remind", sa.Boolean(), nullable=False),
        sa.Column("reminded_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["request"], ["dna_request.id"], name="fk_dna_appointment_request"),
        sa.PrimaryKeyConstraint("id", name="pk_dna_appointment"),
    )
    _partial("dna_appointment_ahead", "dna_appointment", ["request"], "state = 'planned'", unique=True)
    op.create_index("ix_dna_appointment_request", "dna_appointment", ["request"], unique=False)


def _registers() -> None:
    op.create_table(
        "witness",
        sa.Column("id", _ID, nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("village", sa.Text(), nullable=True),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("birth_year", sa.Integer(), nullable=True),
        sa.Column("urgency", sa.Text(), nullable=False),
        sa.Column("contact", sa.LargeBinary(), nullable=True),
        sa.Column("knows", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("visitor", sa.LargeBinary(), nullable=True),
        sa.Column("visit_by", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("visited_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_witness"),
    )
    op.create_index("witness_list", "witness", ["commune", "state"], unique=False)
    op.create_table(
        "battle",
        sa.Column("id", _ID, nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("first_day", sa.Text(), nullable=False),
        sa.Column("last_day", sa.Text(), nullable=False),
        sa.Column("place", sa.LargeBinary(), nullable=False),
        sa.Column("units", sa.LargeBinary(), nullable=False),
        sa.Column("sources", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_battle"),
    )
    op.create_index("battle_list", "battle", ["commune"], unique=False)
    op.create_table(
        "register_link",
        sa.Column("id", _ID, nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("witness", sa.BigInteger(), nullable=True),
        sa.Column("battle", sa.BigInteger(), nullable=True),
        sa.Column("tip", sa.BigInteger(), nullable=True),
        sa.Column("case", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("left_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["battle"], ["battle.id"], name="fk_register_link_battle"),
        sa.ForeignKeyConstraint(["case"], ["case_file.id"], name="fk_register_link_case"),
        sa.ForeignKeyConstraint(["tip"], ["tip.id"], name="fk_register_link_tip"),
        sa.ForeignKeyConstraint(["witness"], ["witness.id"], name="fk_register_link_witness"),
        sa.PrimaryKeyConstraint("id", name="pk_register_link"),
    )
    op.create_index("ix_register_link_battle", "register_link", ["battle"], unique=False)
    op.create_index("ix_register_link_case", "register_link", ["case"], unique=False)
    op.create_index("ix_register_link_tip", "register_link", ["tip"], unique=False)
    op.create_index("ix_register_link_witness", "register_link", ["witness"], unique=False)
    op.create_table(
        "work_event",
        sa.Column("id", _ID, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("object", sa.BigInteger(), nullable=False),
        sa.Column("commune", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("by", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["user.id"], name="fk_work_event_by"),
        sa.PrimaryKeyConstraint("id", name="pk_work_event"),
    )
    op.create_index("work_event_of", "work_event", ["what", "object", "id"], unique=False)
