"""/api/v1/routes and /api/v1/me: whether what one sends can go now, and who one is."""

from collections.abc import Sequence
from typing import Final, Literal

from pydantic import Field

from gateway.services.route_standing import route_standings
from gateway.services.routes import Route
from gateway.web.api.limits import WINDOW_S
from gateway.web.api.operation import Answer, Call, Operation
from gateway.web.api.schema import Told

RouteState = Literal["open", "held", "paused"]


class RouteNow(Told):
    """A way by which messages go. held: its carrier refuses us until somebody mends that; paused: it goes on by itself."""

    name: str
    state: RouteState


class Routes(Told):
    """The routes that this client may send by."""

    items: list[RouteNow]


class Me(Told):
    """The client that the token belongs to."""

    name: str
    commune: str
    scopes: list[str]
    route: str | None = Field(description="All it sends goes by this one; null: the gateway chooses.")
    has_webhook: bool
    calls: int = Field(description="That it may make in a window.")
    window_s: int


def operations(routes: Sequence[Route], timezone: str) -> tuple[Operation, ...]:
    """Those of both; `routes`: the enabled ones."""

    async def list_(call: Call) -> Answer:
        return await _routes(routes, timezone, call)

    return (
        Operation("listRoutes", "GET", "/routes", "Whether the routes of this client are open", "read", {200: Routes}, list_),
        _ME,
    )


async def _routes(routes: Sequence[Route], timezone: str, call: Call) -> Answer:
    mine = [route for route in routes if call.client.route in (None, route.name)]
    found = await route_standings(call.database, mine, (), call.now, timezone)
    return Answer(200, Routes(items=[RouteNow.model_validate({"name": each.route, "state": each.state}) for each in found]))


async def _me(call: Call) -> Answer:
    one = call.client
    return Answer(
        200,
        Me(
            name=one.name,
            commune=one.commune,
            scopes=list(one.scopes),
            route=one.route,
            has_webhook=one.webhook_url is not None,
            calls=call.allowance.calls,
            window_s=WINDOW_S,
        ),
    )


_ME: Final = Operation("readMe", "GET", "/me", "Who this token belongs to", None, {200: Me}, _me)
