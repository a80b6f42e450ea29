"""Where the pages of the queue find what they share; how filters and searches stand in an address."""

import base64
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from gateway.services.desk_tips.queue import Filters
from gateway.services.desk_tips.search import LONGEST, SearchMemory
from gateway.storage.seal import Keyring, Unsealable, WrongKey

SEARCH: Final = web.AppKey("search", SearchMemory)
_PLACE: Final = "desk.search"


def filters_in(query: Mapping[str, str]) -> Filters:
    """The filters of an address or a form; whatever else stands there is nothing."""
    return Filters(**{name: query[name][:60] for name in Filters.__dataclass_fields__ if query.get(name)})


def address(path: str, filters: Filters, **more: str) -> str:
    """`path` with filters."""
    query = urlencode({**filters.query, **{name: value for name, value in more.items() if value}})
    return f"{path}?{query}" if query else path


def token_of(keyring: Keyring, said: str) -> str:
    """A search as it may stand in an address: sealed, for names and numbers are searched."""
    return base64.urlsafe_b64encode(keyring.seal(said[:LONGEST].encode(), _PLACE)).decode()


def said_in(keyring: Keyring, token: str) -> str:
    """What was searched; "" for what is no token of ours."""
    try:
        return keyring.open(base64.urlsafe_b64decode(token.encode()), _PLACE).decode()
    except (ValueError, Unsealable, WrongKey):
        return ""
