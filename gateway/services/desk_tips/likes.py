"""Tips that may tell of one place: side by side with what they share marked, linked or set apart by a person. Both stay whole."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.deployment import Deployment
from gateway.domain.masked import masked
from gateway.domain.permission import Action, Actor
from gateway.reading.repair import repair
from gateway.reading.words import Word, clean, words_of
from gateway.services.corroboration import Pair, likeness, pairs_of
from gateway.services.desk_tips.edits import Saved, mine
from gateway.services.desk_tips.words import Piece
from gateway.services.refusal import Refusal
from gateway.storage import audit, tip_changes, tip_desk, tip_queue
from gateway.storage.audit import Entry
from gateway.storage.database import Database
from gateway.storage.tip_changes import LINK, Batch, Logged
from gateway.storage.tip_desk import APART, LINKED, UNDECIDED
from gateway.storage.tip_queue import Held, Row

SHOWN: int = 12  # likes beside one tip


@dataclass(frozen=True, slots=True)
class Beside:
    """A like tip. `likeness`: 0..1; `verdict`: linked, apart or "": nobody has said; `pieces`: its words, shared ones numbered 1."""

    row: Row
    place: str
    likeness: float
    verdict: str
    pieces: tuple[Piece, ...] = field(repr=False)

    @property
    def code(self) -> str:
        return self.row.code


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Two tips with the words that both have."""

    one: Held
    other: Held
    one_pieces: tuple[Piece, ...] = field(repr=False)
    other_pieces: tuple[Piece, ...] = field(repr=False)
    likeness: float
    verdict: str


async def beside(connection: AsyncConnection, deployment: Deployment, tip: Held) -> list[Beside]:
    """Tips of the same commune that the machine or a person put beside `tip`, likest first."""
    likes = (await tip_desk.beside(connection, tip.id))[:SHOWN]
    rows = {row.id: row for row in await tip_queue.rows_of(connection, [like.tip for like in likes], tip.commune)}
    own = pairs_of(tip.text)
    found = []
    for like in likes:
        if row := rows.get(like.tip):
            village = deployment.villages.get(row.village or "")
            shared = own & pairs_of(row.text)
            alike = like.likeness if like.likeness is not None else likeness(own, pairs_of(row.text))
            verdict = like.verdict if like.verdict in (LINKED, APART) else ""
            found.append(Beside(row, village.name if village else "chưa rõ thôn", alike, verdict or "", marked(row.text, shared)))
    return found


def marked(text: str, shared: Iterable[Pair]) -> tuple[Piece, ...]:
    """The words of a tip, numbers masked, with the stretches that another one shares numbered 1."""
    shown = clean(repair(text).text)
    hidden, at, pieces = masked(shown), 0, []
    for start, end in _stretches(words_of(shown), set(shared)):
        pieces += [Piece(hidden[at:start]), Piece(hidden[start:end], 1)]
        at = end
    return tuple(piece for piece in (*pieces, Piece(hidden[at:])) if piece.text)


def _stretches(words: Sequence[Word], shared: set[Pair]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for one, other in pairwise(words):
        if (one.plain, other.plain) in shared:
            if found and found[-1][1] >= one.start:
                found[-1] = (found[-1][0], other.end)
            else:
                found.append((one.start, other.end))
    return found


async def side_by_side(database: Database, actor: Actor, code: str, other: str) -> SideBySide:
    """Two tips next to each other. Raises Forbidden."""
    async with database.read() as connection:
        one, two = await mine(connection, actor, Action.TIP_READ, code), await mine(connection, actor, Action.TIP_READ, other)
        said = await tip_desk.verdict(connection, one.id, two.id)
    first, second = pairs_of(one.text), pairs_of(two.text)
    shared = first & second
    verdict = said if said in (LINKED, APART) else ""
    return SideBySide(one, two, marked(one.text, shared), marked(two.text, shared), likeness(first, second), verdict or "")


async def decide(database: Database, actor: Actor, code: str, other: str, verdict: str, now: int) -> Saved:
    """Link two tips, or set them apart; both keep everything they have. Undone like any other change. Raises Forbidden, Refusal."""
    if verdict not in (LINKED, APART):
        raise Refusal("Chưa chọn “Nối hai tin” hay “Không phải”. Xin chọn lại.")

    async def unit(connection: AsyncConnection) -> Saved:
        one, two = await mine(connection, actor, Action.TIP_SORT, code), await mine(connection, actor, Action.TIP_SORT, other)
        if one.id == two.id or one.commune != two.commune:
            raise Refusal("Chỉ nối được hai tin khác nhau của cùng một xã.")
        await tip_changes.hold(connection, [one.id, two.id])
        before = await tip_desk.verdict(connection, one.id, two.id) or UNDECIDED
        if before == verdict:
            raise Refusal("Hai tin này đã được ghi như vậy rồi.")
        batch = await tip_changes.begin(connection, Batch(one.commune, actor.user, actor.name, "link", now))
        await tip_desk.decide(connection, one.id, two.id, one.commune, verdict, actor.user, now)
        pairs = ((one, two), (two, one))
        logged = [Logged(a.id, a.commune, LINK, before=f"{before}:{b.id}", after=f"{verdict}:{b.id}") for a, b in pairs]
        await tip_changes.log(connection, batch, logged)
        await tip_changes.finish(connection, batch, actor.name, now)
        entry = Entry(actor, Action.TIP_SORT, f"tip:{one.code}", {"what": "link", "other": two.code, "verdict": verdict}, one.commune)
        await audit.note(connection, entry, now)
        return Saved(batch)

    return await database.write(unit)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A pair that nobody has said anything of."""

    one: Row
    other: Row
    likeness: float
    cursor: int


async def undecided(database: Database, actor: Actor, below: int | None = None, limit: int = 20) -> list[Waiting]:
    """Pairs of this person's commune that wait for a word, newest first."""
    actor.need(Action.TIP_READ)
    async with database.read() as connection:
        found = await tip_desk.undecided(connection, actor.communes, below if below is not None else 2**62, limit)
        ids = {each for _, pair in found for each in (pair.tip, pair.other)}
        rows = {row.id: row for row in await tip_queue.rows_of(connection, ids, actor.communes)}
    return [Waiting(rows[pair.tip], rows[pair.other], pair.likeness, id_) for id_, pair in found if pair.tip in rows and pair.other in rows]
