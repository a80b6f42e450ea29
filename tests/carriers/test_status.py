"""What became of it, asked by our own reference: a wrong "not known" must never lead to a second send (DESIGN §3.5)."""

import json

import pytest

from gateway.carriers import infobip, smsgate
from gateway.carriers.protocol import Accepted, Outcome
from gateway.carriers.registry import CARRIERS
from gateway.carriers.wire import HttpResponse
from gateway.domain.failure import Failure, Refused
from tests.carriers.carrier_cases import ACCOUNT, M, P, batch, no, says

SILENT = [
    ("a portal's page", says(200, "<html>Please log in</html>")),
    ("nothing", says(200)),
    ("an empty object", says(200, "{}")),
    ("a list", says(200, "[]")),
    ("a redirect", says(302)),
    ("a wrong password", says(401, '{"message":"unauthorized"}')),
    ("too often", says(429)),
    ("a proxy", says(502)),
    ("busy", says(503)),
]
ASKED = [
    name
    for name, carrier in CARRIERS.items()
    if carrier.CAPABILITIES.status_by == "our_ref" and name in ("infobip", "simulator", "smsgate")
]


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize(("label", "response"), SILENT)
def test_an_answer_that_says_nothing_leaves_it_uncertain(name: str, label: str, response: HttpResponse) -> None:
    """None would mean "never arrived" after ten minutes, and then it goes again."""
    for each in CARRIERS[name].parse_status(response, batch(1)):  # type: ignore[attr-defined] # those that can be asked
        assert isinstance(each, Refused), label
        assert each.maybe_sent, label


def state(word: object, id_: object = "REF00001") -> HttpResponse:
    return says(200, json.dumps({"id": id_, "deviceId": "d", "state": word, "recipients": [{"phoneNumber": "…", "state": word}]}))


@pytest.mark.parametrize(
    ("response", "outcome"),
    [
        *((state(word), Accepted()) for word in ("Pending", "Processed", "Sent", "Delivered")),
        (state("Failed"), no(P, "failed")),
        (state("Cancelled"), no(P, "cancelled")),
        (state("Cancelling"), no(Failure.RETRYABLE, "http-200", maybe_sent=True)),
        (state(["Sent"]), no(Failure.RETRYABLE, "http-200", maybe_sent=True)),
        (state("Sent", "ANOTHER1"), no(Failure.RETRYABLE, "http-200", maybe_sent=True)),
        (state("Sent", None), no(Failure.RETRYABLE, "http-200", maybe_sent=True)),
        (says(404, '{"message":"not found"}'), None),
    ],
)
def test_the_phone(response: HttpResponse, outcome: Outcome | None) -> None:
    """What it doesn't know goes again under the same id, which it would answer with 409 if it knew it after all."""
    assert smsgate.parse_status(response, batch()) == (outcome,)


def test_the_phone_is_asked_beside_its_messages() -> None:
    for url in (
        "http://192.0.2.7:8080/messages",
        "http://192.0.2.7:8080/messages/",
        "http://192.0.2.7:8080/messages?skipPhoneValidation=true",
    ):
        account = type(ACCOUNT)("r", url, "u", ACCOUNT.password, "8088")
        request = smsgate.build_status(account, batch())
        assert (request.method, request.url) == ("GET", "http://192.0.2.7:8080/messages/REF00001")
        assert request.headers["Authorization"].startswith("Basic ")


def logs(*rows: object) -> HttpResponse:
    return says(200, json.dumps({"results": rows}))


def row(ref: str, group: int, name: str = "…") -> dict[str, object]:
    return {"messageId": ref, "to": "…", "status": {"groupId": group, "name": name}}


def test_infobips_logs_tell_what_they_know_and_prove_nothing_by_silence() -> None:
    """They hold 48 hours, and nobody says how soon a message stands there."""
    unsaid = Refused(Failure.RETRYABLE, "http-200", maybe_sent=True)
    found = infobip.parse_status(
        logs(row("REF00002", 2), row("stranger", 3), row("REF00001", 3), row("REF00004", 5, "REJECTED_SENDER"), 7, {"messageId": []}),
        batch(4),
    )
    assert found == (Accepted("REF00001"), no(P, "undeliverable"), unsaid, no(M, "account"))


def test_infobips_logs_are_asked_for_all_names_at_once() -> None:
    account = type(ACCOUNT)("r", "https://x.api.infobip.com/sms/3/messages", "", ACCOUNT.password, "8088")
    request = infobip.build_status(account, batch(2))
    assert request.url == "https://x.api.infobip.com/sms/3/logs?messageId=REF00001&messageId=REF00002&limit=1000"
    assert not request.body
