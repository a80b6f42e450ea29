"""Questions to informants as rows: the MT each is, and whether it was taken back while it waited."""

from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import bindparam, insert, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.storage.schema import mt, tip, tip_question, user

WITHDRAWN: Final = "withdrawn"  # kind of tip_event: a question was taken back before it left; the note is its words


@dataclass(frozen=True, slots=True)
class Question:
    """A question as the thread shows it. `state`: of its MT; `name`: which of ours it is, or ""."""

    id: int
    tip: int
    code: str
    commune: str
    ref: str
    name: str
    words: str = field(repr=False)
    at: int
    due_at: int
    cancelled_at: int | None
    state: str | None
    who: str | None


_QUESTIONS: Final = (
    select(
        tip_question.c.id, tip_question.c.tip, tip.c.code, tip.c.commune, tip_question.c.ref, tip_question.c.name, tip_question.c.words,
        tip_question.c.at, tip_question.c.due_at, tip_question.c.cancelled_at, mt.c.state, user.c.name.label("who"),
    )
    .join(tip, tip.c.id == tip_question.c.tip)
    .outerjoin(mt, mt.c.ref == tip_question.c.ref)
    .outerjoin(user, user.c.id == tip_question.c.user)
)  # fmt: skip
_OF_TIP: Final = _QUESTIONS.where(tip_question.c.tip == bindparam("tip_")).order_by(tip_question.c.id)
_ONE: Final = _QUESTIONS.where(tip_question.c.id == bindparam("id_"))
_CANCEL_MT: Final = (
    update(mt)
    .where(mt.c.ref == bindparam("ref_"), mt.c.state == literal_column("'queued'"))
    .values(state=literal_column("'cancelled'"), owner=None, code="withdrawn")
)
_CANCEL: Final = update(tip_question).where(tip_question.c.id == bindparam("id_")).values(cancelled_at=bindparam("at_"))


def _question(row: Any) -> Question:  # Any: a row
    return Question(*row)


async def add(connection: AsyncConnection, values: dict[str, Any]) -> int:  # Any: a row's values
    """Store a question; returns its id."""
    return int((await connection.execute(insert(tip_question).values(**values).returning(tip_question.c.id))).scalar_one())


async def of_tip(connection: AsyncConnection, tip_id: int) -> list[Question]:
    """What was asked about a tip, the first question first."""
    return [_question(row) for row in await connection.execute(_OF_TIP, {"tip_": tip_id})]


async def one(connection: AsyncConnection, id_: int) -> Question | None:
    """A question, or None."""
    row = (await connection.execute(_ONE, {"id_": id_})).one_or_none()
    return None if row is None else _question(row)


async def cancel(connection: AsyncConnection, question: Question, now: int) -> bool:
    """Take a question back; False: it has left, or is about to."""
    if (await connection.execute(_CANCEL_MT, {"ref_": question.ref})).rowcount != 1:
        return False
    await connection.execute(_CANCEL, {"id_": question.id, "at_": now})
    return True
