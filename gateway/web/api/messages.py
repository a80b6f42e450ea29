"""/api/v1/messages: send up to a hundred texts at once, and see what became of those one sent."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from gateway.domain.message import MtState
from gateway.domain.msisdn import BadMsisdn, Msisdn
from gateway.services import client_reading, client_sends
from gateway.services.client_sends import Keyed, KeyReused, Outcome
from gateway.services.door_sends import Outside
from gateway.services.refusal import Refusal
from gateway.services.routes import Route
from gateway.storage.client_rows import SentMt
from gateway.web.api.cursors import read_cursor, write_cursor
from gateway.web.api.operation import KEY_HEADER, PREFIX, Answer, Call, Link, Operation, Segment
from gateway.web.api.problems import Fault, Problem, plain
from gateway.web.api.schema import Asked, Cursor, GivenTime, Told, exact_time, ms_of, time_of

MOST: Final = 100  # in one call
REF: Final = Segment(r"[A-Z2-7]{16}", "The id that sending gave.")
State = Literal["queued", "claimed", "sending", "sent", "delivered", "failed", "uncertain", "expired", "cancelled", "suppressed"]
Number = Annotated[str, StringConstraints(pattern=r"^(\+[1-9][0-9]{7,14}|0[1-9][0-9]{8})$")]


class NewMessage(Asked):
    """One text to one person."""

    to: Number = Field(description="E.164 with +, or a number of Viet Nam as it is dialled there.", examples=["+84300000101"])
    text: str = Field(min_length=1, max_length=1600, description="At most ten segments.", examples=["Mời bà con dự họp thôn tối nay."])
    due_at: GivenTime | None = Field(default=None, description="Not before; RFC 3339 with its offset, at most 7 days ahead.")
    validity_min: int | None = Field(default=None, ge=1, le=10_080, description="Minutes from then after which it is given up; else a day.")
    route: Annotated[str, StringConstraints(min_length=1, max_length=60)] | None = Field(
        default=None, description="Left out, the gateway chooses."
    )
    reference: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = Field(
        default=None, description="Your own name for it: the same one to the same person is sent once, ever."
    )


class NewMessages(Asked):
    """What to send; taken in one transaction."""

    messages: list[NewMessage] = Field(min_length=1, max_length=MOST)


class Sent(Told):
    """What became of one message, in the order of the call. Either `id` is there, or `refused` says why it doesn't go."""

    id: str | None
    to: str = Field(description="Masked.")
    reference: str | None
    route: str | None
    segments: int | None
    again: bool = Field(description="It was there already under its reference.")
    refused: str | None


class SentMessages(Told):
    """An answer for each message."""

    items: list[Sent]


class Message(Told):
    """A message that this client sent."""

    id: str
    to: str = Field(description="Masked.")
    state: State
    route: str
    segments: int
    created_at: str
    due_at: str | None
    expires_at: str
    sent_at: str | None
    failure: str | None = Field(description="Why it failed: permanent, unroutable, retryable, throttled or misconfigured.")
    code: str | None = Field(description="The carrier's own code.")


class MessagePage(Told):
    """Messages, the oldest first. `next` goes on behind the last, now or later; `more`: whether there is something there now."""

    items: list[Message]
    next: str | None
    more: bool


class MessageQuery(Asked):
    """Which page."""

    cursor: Cursor | None = Field(default=None, description="“next” of the page before.")
    limit: int = Field(default=50, ge=1, le=MOST)
    state: State | None = Field(default=None, description="Only messages that stand so now.")


def operations(routes: Sequence[Route], sent: Callable[[], Awaitable[None]]) -> tuple[Operation, ...]:
    """Those of this resource. `routes`: the enabled ones; `sent`: tells the dispatcher that there is work."""

    async def send(call: Call) -> Answer:
        answer = await _send(routes, call)
        await sent()
        return answer

    return (
        Operation(
            "sendMessages", "POST", "/messages", "Send up to 100 texts; an answer for each", "send", {202: SentMessages}, send,
            body=NewMessages, takes_key=True, links=(Link("readMessage", "id", "/items/0/id"),),
        ),
        Operation(
            "listMessages", "GET", "/messages", "Messages that this client sent, the oldest first", "read", {200: MessagePage}, _list,
            query=MessageQuery, links=(Link("readMessage", "id", "/items/0/id"), Link("listMessages", "cursor", "/next")),
        ),
        Operation(
            "readMessage", "GET", "/messages/{id}", "One message that this client sent", "read", {200: Message}, _read,
            segments={"id": REF},
        ),
    )  # fmt: skip


async def _send(routes: Sequence[Route], call: Call) -> Answer:
    given: list[NewMessage] = call.body.messages
    texts = _texts(given)
    keyed = Keyed(call.key, call.raw) if call.key else None
    try:
        made = await client_sends.send(call.database, routes, call.client, texts, keyed, call.now)
    except KeyReused:
        raise Problem(422, "key-reused", f"This {KEY_HEADER} came with another body before. Take a new one.") from None
    if all(each.refused for each in made):
        faults = tuple(Fault(detail=each.refused or "", pointer=f"/messages/{at}") for at, each in enumerate(made))
        raise Problem(422, "refused", "None of the messages can go; each says why.", faults)
    headers = {"Location": f"{PREFIX}/messages/{made[0].ref}"} if len(made) == 1 else {}
    rows = [_sent(*each) for each in zip(given, texts, made, strict=True)]
    return Answer(202, SentMessages(items=rows), headers)


def _texts(given: Sequence[NewMessage]) -> list[Outside]:
    """As the use case takes them. Raises Problem that names every number and time that doesn't exist."""
    texts, faults = list[Outside](), list[Fault]()
    for at, each in enumerate(given):
        try:
            to, due = Msisdn.parse(each.to), ms_of(each.due_at)
        except BadMsisdn as why:
            faults.append(Fault(detail=f"{why}; write it like +84300000101", pointer=f"/messages/{at}/to"))
        except Refusal as why:
            faults.append(Fault(detail=str(why), pointer=f"/messages/{at}/due_at"))
        else:
            texts.append(Outside(to, each.text, due, each.validity_min, each.route, each.reference))
    if faults:
        raise Problem(422, "bad-body", "The body isn't what is asked for; each fault is named with its place.", tuple(faults))
    return texts


def _sent(given: NewMessage, outside: Outside, made: Outcome) -> Sent:
    return Sent(
        id=made.ref,
        to=str(outside.to),
        reference=given.reference,
        route=made.route,
        segments=made.segments,
        again=made.again,
        refused=made.refused,
    )


async def _list(call: Call) -> Answer:
    asked: MessageQuery = call.query
    bound = (call.client.id, "messages", asked.state)
    after = read_cursor(call.database.keyring, asked.cursor, *bound)
    found = await client_reading.sent(call.database, call.client, after, asked.limit + 1, asked.state)
    page = found[: asked.limit]
    onward = write_cursor(call.database.keyring, page[-1].id, *bound) if page else asked.cursor
    return Answer(200, MessagePage(items=[_message(each) for each in page], next=onward, more=len(found) > len(page)))


async def _read(call: Call) -> Answer:
    found = await client_reading.sent_one(call.database, call.client, call.path["id"])
    if found is None:
        raise plain(404)
    return Answer(200, _message(found))


def _message(row: SentMt) -> Message:
    return Message(
        id=row.ref,
        to=str(row.to),
        state=MtState(row.state).value,
        route=row.route,
        segments=row.segments,
        created_at=exact_time(row.created_at),
        due_at=time_of(row.due_at) if row.due_at else None,
        expires_at=exact_time(row.expires_at),
        sent_at=time_of(row.sent_at),
        failure=row.failure,
        code=row.code,
    )
