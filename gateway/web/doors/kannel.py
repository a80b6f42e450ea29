"""`GET|POST /cgi-bin/sendsms` as Kannel's smsbox has it. A 202 says that the message lies in the outbox, committed.

The first words are Kannel's, by which its clients tell answers apart; what follows them is ours. A yes has none of ours, not even a line
end: a Kannel in front of us compares it whole. It takes "3: Queued for later delivery" for a no, so what waits for its hour is "0:" too.
"""

from collections.abc import Sequence
from typing import Final

from aiohttp import web

from gateway.carriers.door_fields import Unfit, word
from gateway.carriers.door_kannel import read_fields, read_submit
from gateway.services.door_sends import Denied, NoRoom, NoRoute
from gateway.services.doors import Answer, TooFast
from gateway.services.refusal import Refusal
from gateway.storage.database import StorageDown
from gateway.web.doors.door import DOORS, bounded_call, hold_back
from gateway.web.hooks import CLOCK

ACCEPTED: Final = "0: Accepted for delivery"
_AGAIN: Final = "Temporal failure, try again later."


def add(app: web.Application) -> None:
    """Put the door on `app`."""
    for method in ("GET", "POST"):
        app.router.add_route(method, "/cgi-bin/sendsms", sendsms)


async def sendsms(request: web.Request) -> web.Response:
    """Take one call of a Kannel client."""
    call, doors, now = await bounded_call(request), request.app[DOORS], request.app[CLOCK]()
    try:
        fields = read_fields(call)
        client = await doors.known(word(fields, "username"), word(fields, "password"), now)
        if client is None:
            return _say(403, "Authorization failed for sendsms")
        submit = read_submit(fields, client.callback_hosts)
        await hold_back(doors, client, len(submit.to), now)
        answers = await doors.submit(client, submit, now)
    except Unfit as unfit:
        return _say(400, f"Field misformed, rejected: {unfit}")
    except (StorageDown, TooFast):
        return _come_again(request)
    return _answer(answers)


def _come_again(request: web.Request) -> web.Response:
    """ "Try again later". A Kannel that has us as its SMSC throws away what it is answered so, and keeps what it got no answer to."""
    if request.headers.get("User-Agent", "").startswith("Kannel/") and request.transport is not None:
        request.transport.abort()
    return _say(503, _AGAIN)


def _answer(answers: Sequence[Answer]) -> web.Response:
    refused = [(at, each) for at, each in enumerate(answers, 1) if isinstance(each, Refusal)]
    if not refused:
        return _say(202, ACCEPTED)
    if len(refused) < len(answers):
        told = [f"number {at} of {len(answers)} was refused: {why}" for at, why in refused]
        return _say(202, "\n".join((ACCEPTED, *told)))
    return _refused(refused[0][1])


def _refused(why: Refusal) -> web.Response:
    match why:
        case Denied():
            return _say(403, f"Number(s) has/have been denied: {why}")
        case NoRoute():
            return _say(403, f"Not routable. Do not try again: {why}")
        case NoRoom():
            return _say(403, f"Sending refused: {why}")
    return _say(400, f"Field misformed, rejected: {why}")


def _say(status: int, words: str) -> web.Response:
    return web.Response(status=status, text=words, headers={"Cache-Control": "no-store"})
