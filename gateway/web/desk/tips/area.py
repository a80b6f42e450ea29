"""What the pages of the queue share, and the area itself."""

from typing import Final

from aiohttp import web

from gateway.domain.permission import Action, Actor
from gateway.services.desk_tips.queue import waiting_for
from gateway.services.desk_tips.search import SearchMemory
from gateway.web.desk.kit import Area, Desk
from gateway.web.desk.tips.acts import add_acts
from gateway.web.desk.tips.detail import add_detail
from gateway.web.desk.tips.keys import SEARCH
from gateway.web.desk.tips.listing import add_listing
from gateway.web.desk.tips.pairs import add_pairs


def add_tips(app: web.Application) -> None:
    """Put the queue on `app`, with a memory to search it by, which is emptied when the desk closes."""
    memory = app[SEARCH] = SearchMemory()

    async def close(_app: web.Application) -> None:
        await memory.close()

    app.on_cleanup.append(close)
    for add in (add_listing, add_pairs, add_acts, add_detail):
        add(app)


async def _badge(desk: Desk, who: Actor) -> int:
    return await waiting_for(desk.database, who)


TIPS: Final = Area("tips", "Tin báo", "/desk/tips", Action.TIP_READ, add_tips, _badge)
