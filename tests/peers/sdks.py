"""The vendors' own Python SDKs, pointed at our fakes by the seams they offer. Each `…_says` gives what the SDK makes of an answer."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import infobip_api_client as infobip
from africastalking.Service import AfricasTalkingException
from africastalking.SMS import SMSService
from infobip_api_client.exceptions import ApiException
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from vonage_http_client.auth import Auth
from vonage_http_client.http_client import HttpClient, HttpClientOptions
from vonage_sms import PartialFailureError, Sms, SmsError, SmsMessage

SID = "AC" + "0" * 32


@dataclass(frozen=True)
class Told:
    """What an SDK tells its caller of one recipient. `code`: the vendor's word for a no, "" where the SDK found none."""

    taken: bool
    ref: str | None = None
    code: str = ""


@dataclass(frozen=True)
class Order:
    """One text for `numbers` (E.164), named by `refs`, with a report to `dlr_url` and a life of `validity_min`."""

    numbers: Sequence[str]
    refs: Sequence[str]
    text: str
    sender: str
    password: str
    dlr_url: str = ""
    validity_min: int | None = None


class _Moved(TwilioHttpClient):
    """An HTTP client of one's own is Twilio's way to another address."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base

    def request(self, method, url, *arguments, **more):
        return super().request(method, self._base + urlsplit(url).path, *arguments, **more)


def by_twilio(base: str, order: Order) -> list[Told]:
    client = Client(SID, order.password, http_client=_Moved(base))
    more = {"status_callback": order.dlr_url} if order.dlr_url else {}
    if order.validity_min is not None:
        more["validity_period"] = order.validity_min * 60
    told = []
    for number in order.numbers:
        try:
            made = client.messages.create(to=number, from_=order.sender, body=order.text, **more)
            told.append(Told(bool(made.sid), made.sid))
        except TwilioRestException as no:
            told.append(Told(taken=False, code=str(no.code or "")))
    return told


def vonage_auth(secret: str, signature_secret: str | None = None) -> Auth:
    return Auth(api_key="u", api_secret=secret, signature_secret=signature_secret, signature_method="sha256")


def by_vonage(base: str, order: Order) -> list[Told]:
    """It speaks TLS only; REQUESTS_CA_BUNDLE names whom to trust."""
    options = HttpClientOptions(rest_host=urlsplit(base).netloc, max_retries=0, pool_maxsize=1)
    sms = Sms(HttpClient(vonage_auth(order.password), options))
    told = []
    for number, ref in zip(order.numbers, order.refs, strict=True):
        message = SmsMessage(
            to=number[1:],
            from_=order.sender,
            text=order.text,
            client_ref=ref,
            type="text" if order.text.isascii() else "unicode",
            ttl=order.validity_min and order.validity_min * 60_000,
            status_report_req=True if order.dlr_url else None,
            callback=order.dlr_url or None,
        )
        told.append(_told_by_vonage(sms, message))
    return told


def _told_by_vonage(sms: Sms, message: SmsMessage) -> Told:
    try:
        answer = sms.send(message)
    except PartialFailureError as no:
        return Told(taken=False, code=next(each["status"] for each in no.response["messages"] if each["status"] != "0"))
    except SmsError as no:
        found = re.search(r"error code (\S+):", str(no))
        return Told(taken=False, code=found[1] if found else "")
    return Told(all(each.status == "0" for each in answer.messages), answer.messages[0].message_id)


def by_infobip(base: str, order: Order) -> list[Told]:
    settings = infobip.Configuration(host=base, api_key=order.password)
    webhooks = None
    if order.dlr_url:
        report = infobip.SmsMessageDeliveryReporting(url=order.dlr_url, intermediate_report=True)
        webhooks = infobip.SmsWebhooks(delivery=report, content_type="application/json")
    options = None
    if order.validity_min is not None:
        period = infobip.ValidityPeriod(amount=order.validity_min, time_unit=infobip.ValidityPeriodTimeUnit.MINUTES)
        options = infobip.SmsMessageOptions(validity_period=period)
    message = infobip.SmsMessage(
        sender=order.sender,
        destinations=[infobip.SmsDestination(to=to[1:], message_id=ref) for to, ref in zip(order.numbers, order.refs, strict=True)],
        content=infobip.SmsMessageContent(infobip.SmsTextContent(text=order.text)),
        options=options,
        webhooks=webhooks,
    )
    with infobip.ApiClient(settings) as client:
        try:
            answer = infobip.SmsApi(client).send_sms_messages(infobip.SmsRequest(messages=[message]))
        except ApiException as no:
            return [Told(taken=False, code=f"http-{no.status}")] * len(order.numbers)
    rows = {each.message_id: each.status for each in answer.messages}
    return [_told_by_infobip(ref, rows.get(ref)) for ref in order.refs]


def _told_by_infobip(ref: str, status) -> Told:
    if status is None:
        return Told(taken=False)
    group = status.group_name.value.lower()
    return Told(taken=True, ref=ref) if group in ("accepted", "pending", "delivered") else Told(taken=False, code=group)


class _MovedSms(SMSService):
    """The SDK's sandbox is reached in this place too."""

    def __init__(self, base: str, username: str, key: str) -> None:
        self._there = base
        super().__init__(username, key)

    def _init_service(self) -> None:
        self._baseUrl = self._contentUrl = f"{self._there}/version1"


def by_africastalking(base: str, order: Order) -> list[Told]:
    try:
        answer = _MovedSms(base, "u", order.password).send(order.text, list(order.numbers), order.sender)
    except AfricasTalkingException:
        return [Told(taken=False)] * len(order.numbers)
    rows = answer["SMSMessageData"]["Recipients"]
    if not rows:
        return [Told(taken=False, code="refused")] * len(order.numbers)
    by_number = {row["number"]: row for row in rows}
    return [_told_by_africastalking(by_number.get(number)) for number in order.numbers]


def _told_by_africastalking(row) -> Told:
    if row is None:
        return Told(taken=False)
    if row["statusCode"] in (100, 101, 102):
        return Told(taken=True, ref=None if row["messageId"] == "None" else row["messageId"])
    return Told(taken=False, code=str(row["statusCode"]))


BY_SDK: dict[str, Callable[[str, Order], list[Told]]] = {
    "africastalking": by_africastalking,
    "infobip": by_infobip,
    "twilio": by_twilio,
    "vonage": by_vonage,
}
PATHS = {
    "africastalking": "/version1/messaging",
    "infobip": "/sms/3/messages",
    "twilio": f"/2010-04-01/Accounts/{SID}/Messages.json",
    "vonage": "/sms/json",
}
CERTIFICATE = Path("tls") / "certificate.pem"
