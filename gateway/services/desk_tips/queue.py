"""The list: queues, filters, pages by cursor, saved views. Urgent tips stand first whatever is asked."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from textwrap import shorten
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.deployment import Deployment
from gateway.domain.permission import Action, Actor
from gateway.domain.tip_work import Sort, State
from gateway.services.desk_tips.words import hidden_words
from gateway.services.refusal import Refusal
from gateway.storage import tip_desk, tip_queue
from gateway.storage.database import Database
from gateway.storage.tip_desk import View
from gateway.storage.tip_queue import ALL, OPEN_WORK, QUEUES, Counts, Cursor, Row, Wanted

PAGE: Final = 30  # tips
_LINE: Final = 120  # characters of the words in the list
MOST_VIEWS: Final = 20
ME: Final = "me"


@dataclass(frozen=True, slots=True)
class Filters:
    """What a reader asks for, as it stands in an address: codes and states, no words. `since`, `until`: ISO days, both belong to it."""

    queue: str = OPEN_WORK
    village: str = ""
    channel: str = ""
    kind: str = ""
    state: str = ""
    placement: str = ""
    assigned: str = ""
    wave: str = ""
    since: str = ""
    until: str = ""

    @property
    def narrowed(self) -> dict[str, str]:
        """What is asked beside the queue."""
        return {name: value for name, value in asdict(self).items() if value and name != "queue"}

    @property
    def query(self) -> dict[str, str]:
        """For an address."""
        return {name: value for name, value in asdict(self).items() if value}


@dataclass(frozen=True, slots=True)
class Item:
    """A row as the list shows it. `whole`: its words in one line, numbers masked."""

    row: Row
    whole: str = field(repr=False)
    place: str
    state: str
    kind: str

    @property
    def words(self) -> str:
        """The beginning of its words, no word cut in two."""
        return shorten(self.whole, _LINE, placeholder=" …") or self.whole[:_LINE]

    @property
    def code(self) -> str:
        return self.row.code


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of the list. `after`: cursor of the next page, "" at the end."""

    items: tuple[Item, ...]
    counts: Counts
    after: str
    filters: Filters


def checked(filters: Filters) -> Filters:
    """`filters` without what nobody can mean: an address may say anything."""
    kept = filters
    if filters.queue not in QUEUES:
        kept = replace(kept, queue=OPEN_WORK)
    if filters.kind and filters.kind not in list(Sort):
        kept = replace(kept, kind="")
    if filters.state and filters.state not in list(State):
        kept = replace(kept, state="")
    if filters.wave and not (filters.wave.isascii() and filters.wave.isdigit() and len(filters.wave) < 16):
        kept = replace(kept, wave="")
    for name in ("since", "until"):
        if _day(getattr(filters, name)) is None:
            kept = replace(kept, **{name: ""})
    return kept


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def wanted_by(actor: Actor, filters: Filters, timezone: str) -> Wanted:
    """`filters` as rows of this person's commune."""
    zone = ZoneInfo(timezone)
    first, last = _day(filters.since), _day(filters.until)
    return Wanted(
        commune=actor.communes,
        queue=filters.queue,
        village=filters.village,
        channel=filters.channel,
        kind=filters.kind,
        state=filters.state,
        placement=filters.placement,
        assignee=actor.name if filters.assigned == ME else filters.assigned,
        wave=int(filters.wave) if filters.wave else None,
        since=_midnight(first, zone) if first else None,
        until=_midnight(last + timedelta(days=1), zone) if last and last < date.max else None,
    )


def _midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1000)


async def list_tips(
    database: Database, deployment: Deployment, actor: Actor, filters: Filters, after: str = "", limit: int = PAGE
) -> Listed:
    """A page of the tips that this person sees. `after`: the cursor that the page before gave."""
    actor.need(Action.TIP_READ)
    asked = checked(filters)
    wanted = wanted_by(actor, asked, deployment.campaign.timezone)
    async with database.read() as connection:
        rows = await tip_queue.page(connection, wanted, Cursor.read(after), limit + 1)
        counted = await tip_queue.counts(connection, actor.communes)
    more = str(rows[limit - 1].cursor) if len(rows) > limit else ""
    return Listed(tuple(item_of(row, deployment) for row in rows[:limit]), counted, more, asked)


async def waiting_for(database: Database, actor: Actor) -> int:
    """How many tips wait for this person's commune."""
    actor.need(Action.TIP_READ)
    async with database.read() as connection:
        return (await tip_queue.counts(connection, actor.communes)).todo


def item_of(row: Row, deployment: Deployment) -> Item:
    """A row as the list shows it: numbers masked, its place in words."""
    village = deployment.villages.get(row.village or "")
    place = village.name if village else "chưa rõ thôn"
    workflow = deployment.workflow
    return Item(row, hidden_words(row.text), place, workflow.state(row.state), workflow.sort(row.kind))


async def choices(database: Database, actor: Actor) -> tuple[Sequence[tuple[int, str]], Sequence[View]]:
    """(waves that tips answer, saved views) for the filters."""
    actor.need(Action.TIP_READ)
    async with database.read() as connection:
        return await tip_queue.waves_of(connection, actor.communes), await tip_desk.views_of(connection, actor.user)


async def save_view(database: Database, actor: Actor, name: str, filters: Filters, now: int) -> int:
    """Keep the filters under a name, for this person; returns its id. Raises Refusal."""
    actor.need(Action.TIP_READ)
    said = " ".join(name.split())
    if not said or len(said) > 60:
        raise Refusal("Chưa có tên cho cách xem này. Xin đặt tên ngắn, nhiều nhất 60 chữ.")
    kept = json.dumps(checked(filters).query)

    async def unit(connection: AsyncConnection) -> int:
        if await tip_desk.view_count(connection, actor.user) >= MOST_VIEWS:
            raise Refusal(f"Đã có {MOST_VIEWS} cách xem. Xin xóa bớt một cách xem cũ.")
        return await tip_desk.add_view(connection, actor.user, actor.commune, said, kept, now)

    return await database.write(unit)


async def drop_view(database: Database, actor: Actor, view: int) -> None:
    """Take one of this person's views away; another person's is none of theirs."""
    actor.need(Action.TIP_READ)
    await database.write(lambda connection: tip_desk.drop_view(connection, actor.user, view))


def filters_of(view: View) -> Filters:
    """What a saved view asks for."""
    kept = json.loads(view.filters)
    return checked(Filters(**{name: str(kept[name]) for name in Filters.__dataclass_fields__ if name in kept}))


EVERYTHING: Final = Filters(queue=ALL)
