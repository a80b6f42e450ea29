"""What the pages of casework share: the deployment's terms and time, heads of papers, files to save."""

from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from aiohttp import web

from gateway.deadline_terms import load_terms
from gateway.domain.deadline import Terms
from gateway.papers.page import Letterhead
from gateway.services.casework.common import local_day
from gateway.services.refusal import Refusal
from gateway.web.desk.kit import DESK, Desk, Form, desk

TERMS: Final = web.AppKey("terms", Terms)


def keep_terms(app: web.Application) -> None:
    """Read the deployment's terms, so that a fault in them stops the start."""
    app[TERMS] = terms_of(app[DESK])


def terms_of(here: Desk) -> Terms:
    """The deployment's terms, read once."""
    return _terms(here.deployment.path)


@cache
def _terms(path: Path) -> Terms:
    return load_terms(path)


def zone(request: web.Request) -> str:
    """The time zone of the deployment."""
    return desk(request).deployment.campaign.timezone


def today(request: web.Request) -> date:
    """Today, there."""
    return local_day(desk(request).clock(), zone(request))


def moment(request: web.Request, at_ms: int) -> str:
    """ "09:41 23/11/2026"."""
    return f"{datetime.fromtimestamp(at_ms / 1000, ZoneInfo(zone(request))):%H:%M %d/%m/%Y}"


def whole(request: web.Request, name: str) -> int:
    """A number of the path."""
    return int(request.match_info[name])


def version_of(filled: Form) -> int:
    """Which version of the thing the page showed. Raises Refusal."""
    found = filled.number("version")
    if found is None:
        raise Refusal("Trang này cũ rồi. Xin tải lại trang.")
    return found


def letterhead(here: Desk, commune: str, day: date) -> Letterhead:
    """The head of a paper of the commune's military command (field.md §2.7)."""
    known, campaign = here.deployment.communes.get(commune), here.deployment.campaign
    title, name = (known.title, known.name) if known else (campaign.commune_title, campaign.commune_name)
    province = known.province if known else campaign.province_name  # "tỉnh Lạng Sơn", as communes.csv has it
    return Letterhead(f"BỘ CHQS {province.upper()}", f"BAN CHỈ HUY QUÂN SỰ\n{title}", name, day)


def saved(body: bytes, media: str, name: str) -> web.Response:
    """A file to save or to print, kept in no cache."""
    disposition = f"inline; filename*=UTF-8''{quote(name)}"
    return web.Response(body=body, content_type=media, headers={"Content-Disposition": disposition, "Cache-Control": "no-store"})


def villages(here: Desk, commune: str) -> list[tuple[str, str]]:
    """(code, name) of a commune's villages, for a list to choose from."""
    return [(each.code, each.title) for each in here.deployment.villages.values() if each.commune == commune]
