"""The doors for outside systems on the public listener: dialects of gateways that they speak already."""

from aiohttp import web

from gateway.services.doors import Doors
from gateway.web.doors import jasmin, kannel
from gateway.web.doors.door import DOORS


def add_doors(app: web.Application, doors: Doors) -> None:
    """Put the doors on `app`. They stand there whether or not a client exists: who calls can't tell."""
    app[DOORS] = doors
    kannel.add(app)
    jasmin.add(app)
