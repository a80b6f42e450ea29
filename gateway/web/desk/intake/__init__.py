"""Tips that staff type in, and what stands beside every tip: map, source, attachments, questions to its informant."""

from aiohttp import web

from gateway.domain.permission import Action
from gateway.web.desk.intake import asking, attachments, entry, forms, lists, maps, offline, pieces
from gateway.web.desk.kit import Area


def _add(app: web.Application) -> None:
    for part in (entry, lists, forms, offline, maps, pieces, attachments, asking):
        part.add(app)


ENTRY = Area("entry", "Nhập tin", "/desk/entry", Action.TIP_ENTER, _add)
