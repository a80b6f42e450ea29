"""/api/v1/webhooks: where this client is told of what happens, signed, and a call to try it out."""

from collections.abc import Callable
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from gateway.services import client_webhooks, clients
from gateway.services.refusal import Refusal
from gateway.web.api.operation import PREFIX, Answer, Call, Operation
from gateway.web.api.problems import Problem
from gateway.web.api.schema import Asked, Told

Event = Literal["tip.received", "mt.settled"]
_NONE: Final = Problem(404, "no-webhook", "No webhook is set. POST one to this address.")
_URL: Final = r"^https?://[A-Za-z0-9][A-Za-z0-9.-]{0,200}(:[1-9][0-9]{0,4})?(/[A-Za-z0-9._~!$&()*+,;=:@%/?-]{0,1500})?$"


class NewWebhook(Asked):
    """Where to call, and of what to tell."""

    url: Annotated[str, StringConstraints(pattern=_URL)] = Field(
        description="http or https; its host must have public addresses, unless the operator named it.",
        examples=["https://example.org/tinbao"],
    )
    events: list[Event] = Field(min_length=1, max_length=2)


class Webhook(Told):
    """Where this client is told of events."""

    url: str
    events: list[Event]


class WebhookMade(Webhook):
    """A webhook that was just set. `secret`: what our calls are signed with; it is shown this once."""

    secret: str


class WebhookTest(Told):
    """A call that is on its way."""

    id: str = Field(description="“id” in the body of the call.")


def operations(told: Callable[[], None]) -> tuple[Operation, ...]:
    """Those of this resource; `told`: there is something to tell an outside system."""

    async def test(call: Call) -> Answer:
        if call.client.webhook_url is None:
            raise _NONE
        id_ = await client_webhooks.ring(call.database, call.client, call.now)
        told()
        return Answer(202, WebhookTest(id=id_))

    return (
        Operation(
            "setWebhook", "POST", "/webhooks", "Set where to be told of events; takes the place of what was set before", "webhooks",
            {201: WebhookMade}, _set, body=NewWebhook,
        ),
        Operation(
            "readWebhook", "GET", "/webhooks", "Where this client is told of events", "webhooks", {200: Webhook}, _read, problems=(404,)
        ),
        Operation("dropWebhook", "DELETE", "/webhooks", "Be told of nothing any more", "webhooks", {204: None}, _drop),
        Operation(
            "testWebhook", "POST", "/webhooks/test", "Have the webhook called once, with an event “test”", "webhooks", {202: WebhookTest},
            test, problems=(404,),
        ),
    )  # fmt: skip


async def _set(call: Call) -> Answer:
    asked: NewWebhook = call.body
    if "tip.received" in asked.events and "tips" not in call.client.scopes:
        raise Refusal("tip.received takes the scope “tips”, which the token lacks; leave it out, or ask for the scope")
    secret = await clients.set_webhook(call.database, call.client, asked.url, tuple(asked.events), call.now)
    kept = [event for event in clients.EVENTS if event in asked.events]
    made = WebhookMade.model_validate({"url": asked.url, "events": kept, "secret": secret.reveal() if secret else ""})
    return Answer(201, made, {"Location": f"{PREFIX}/webhooks"})


async def _read(call: Call) -> Answer:
    if call.client.webhook_url is None:
        raise _NONE
    return Answer(200, Webhook.model_validate({"url": call.client.webhook_url, "events": list(call.client.events)}))


async def _drop(call: Call) -> Answer:
    if call.client.webhook_url is None:
        return Answer(204)
    await clients.set_webhook(call.database, call.client, None, (), call.now)
    return Answer(204)
