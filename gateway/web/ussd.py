"""`/hooks/{route}/ussd`: authenticity, the route's convention, one step of the dialogue, and its screen as the convention wants it.

Whatever comes, the handset gets a short screen: an error page of ours would be shown to a resident, or cut the session without a word.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from gateway.carriers.protocol import Malformed
from gateway.carriers.ussd import NOBODY, Phase, Ussd, UssdTurn
from gateway.carriers.wire import HttpResponse
from gateway.services.intake import Intake
from gateway.services.ussd import Screen, UssdSessions
from gateway.storage.database import StorageDown
from gateway.storage.inbox import NewMo
from gateway.storage.spool import SpoolDown
from gateway.web.hooks import CLOCK, INTAKE, Hook, call_of, is_authentic, unread_of


@dataclass(frozen=True, slots=True)
class UssdHook:
    """A route that takes USSD: its hook, whose secret a call must bring, its convention, and what its screens hold."""

    hook: Hook
    convention: Ussd
    screen_septets: int = 160

    @property
    def septets(self) -> int:
        """What is planned for, or less where the convention holds less."""
        return min(self.screen_septets, self.convention.MOST_SEPTETS)


USSD_HOOKS: Final[web.AppKey[Mapping[str, UssdHook]]] = web.AppKey("ussd_hooks")
SESSIONS: Final = web.AppKey("ussd_sessions", UssdSessions)


def add_ussd(app: web.Application, sessions: UssdSessions, hooks: Iterable[UssdHook]) -> None:
    """Put the USSD hooks on `app`, which has the other hooks already. Some conventions append a path of their own."""
    app[SESSIONS], app[USSD_HOOKS] = sessions, {each.hook.route: each for each in hooks}
    for method in ("GET", "POST", "PUT"):
        app.router.add_route(method, "/hooks/{route}/ussd{rest:(/.{0,300})?}", take_turn)


async def take_turn(request: web.Request) -> web.Response:
    """Answer one call with a screen."""
    at = request.app[USSD_HOOKS].get(request.match_info["route"])
    if at is None:
        return web.Response(status=404, text="There is no such route for USSD.\n")
    sessions = request.app[SESSIONS]
    try:
        call = await call_of(request)
    except web.HTTPRequestEntityTooLarge:  # no handset wrote that; what it was is not kept
        return _answer(at.convention.answer_ussd(NOBODY, sessions.refused().words, go_on=False))
    if not is_authentic(at.hook, call, request.app[CLOCK]()):
        return web.Response(status=403, text="The secret of this hook is missing or wrong, or the call came from where it may not.\n")
    turn = at.convention.parse_ussd(call)
    if isinstance(turn, Malformed):
        await _keep_raw(request.app[INTAKE], unread_of(at.hook, "mo", call, f"ussd: {turn.reason}", request.app[CLOCK]()))
        return _answer(at.convention.answer_ussd(NOBODY, sessions.refused().words, go_on=False))
    screen = await _screen(sessions, at, turn)
    return _answer(at.convention.answer_ussd(turn, screen.words, screen.go_on))


async def _screen(sessions: UssdSessions, at: UssdHook, turn: UssdTurn) -> Screen:
    if turn.phase is not Phase.STATUS:
        return await sessions.turn(at.hook.route, turn, at.septets)
    try:
        return Screen("", await sessions.knows(at.hook.route, turn))
    except StorageDown:
        return Screen("", go_on=False)


async def _keep_raw(intake: Intake, unread: NewMo) -> None:
    """A call that can't be read may be a person's voice: it goes to the desk as it came. Where nothing is kept, the screen still goes."""
    try:
        await intake.mo(unread)
    except SpoolDown:
        return


def _answer(response: HttpResponse) -> web.Response:
    return web.Response(status=response.status, headers=dict(response.headers), body=response.body)
