"""What a contract brings with it, carrier by carrier: where messages are taken, what name and password are called, a usual pace.

For those who sit down with the papers of a contract: `tinbao routes add` asks in these words. Source: carriers.md, the pages that each
module names. "" for a name: this carrier knows none. `{username}` in an address is filled in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from gateway.carriers.protocol import Account, Batch, Carrier, Mt
from gateway.domain.msisdn import Msisdn
from gateway.domain.secret import Secret


@dataclass(frozen=True, slots=True)
class Contract:
    """`url`: where the vendor takes messages, "" where only the contract says it. `path`: what it must end in, where not all of `url`'s."""

    url: str
    username: str
    password: str
    pace: str = "0"
    path: str = ""


CONTRACTS: Final[Mapping[str, Contract]] = {
    "abenla": Contract("https://api.abenla.com/api/SendSms", "loginName", "the password for sending SMS"),
    "africastalking": Contract("https://api.africastalking.com/version1/messaging", "username", "API key"),
    "classic-soap": Contract("", "user name", "password"),
    "custom": Contract("", "user name", "password"),
    "esms": Contract("https://rest.esms.vn/MainService.svc/json/SendMultipleMessage_V4_post_json/", "ApiKey", "SecretKey"),
    "esms-ads": Contract("https://rest.esms.vn/MainService.svc/json/SendMultipleSMSBrandname_json/", "ApiKey", "SecretKey"),
    "esms-zns": Contract("https://rest.esms.vn/MainService.svc/json/SendZaloMessage_V6/", "ApiKey", "SecretKey"),
    "fpt": Contract("https://app.sms.fpt.net", "client id", "client secret"),
    "incom": Contract("https://apiv2.incomsms.vn/MtService/SendSms", "Username", "Password"),
    "infobip": Contract("https://api.infobip.com/sms/3/messages", "", "API key"),
    "jasmin": Contract("http://127.0.0.1:1401/send", "username", "password"),
    "kannel": Contract("http://127.0.0.1:13013/cgi-bin/sendsms", "username of the sendsms-user", "its password", path="/sendsms"),
    "mobifone": Contract("https://smsbrandname.mobifone.vn/smsg/", "userName", "password"),
    "playsms": Contract("http://127.0.0.1/index.php", "username", "webservices token", path="/index.php"),
    "plivo": Contract("https://api.plivo.com/v1/Account/{username}/Message/", "Auth ID", "Auth Token"),
    "rapidpro": Contract("", "user name", "password"),
    "simulator": Contract("http://127.0.0.1:9000/sms", "username", "password"),
    "smsgate": Contract(
        "https://api.sms-gate.app/3rdparty/v1/messages", "username of the app", "its password", "10 messages/60", "/messages"
    ),
    "speedsms": Contract("https://api.speedsms.vn/index.php/sms/send", "", "access token", "60 requests/60"),
    "stringee": Contract("https://api.stringee.com/v1/sms", "SID of the API key", "its secret"),
    "traccar": Contract("", "", "the token that the app shows", "10 messages/60"),
    "twilio": Contract(
        "https://api.twilio.com/2010-04-01/Accounts/{username}/Messages.json",
        "Account SID, or a key's SID",
        "Auth Token, or the key's secret",
        path="/Messages.json",
    ),
    "vcom": Contract("https://sms-api.v-com.vn/api/v2/send-mt", "client_id", "secure key"),
    "vietguys": Contract("https://cloudsms.vietguys.biz:4438/api/index.php", "account (u)", "API token (pwd)"),
    "viettel": Contract("http://apismsbrand.viettel.vn:8998/bulkapi", "User", "Password"),
    "vmg": Contract("https://api.brandsms.vn/api/SMSBrandname/SendSMS", "", "token"),
    "vnpt": Contract("http://113.185.0.35:8888/smsmarketing/api", "APIUSER", "APIPASS"),
    "vonage": Contract("https://rest.nexmo.com/sms/json", "api_key", "api_secret"),
    "zalo": Contract("https://openapi.zalo.me/v3.0/oa/message/cs", "app id", "app secret key", "10 requests/1"),
    "zalo-zns": Contract("https://business.openapi.zalo.me/message/template", "app id", "app secret key", "10 requests/1"),
}
UNKNOWN: Final = Contract("", "user name", "password")


class BadAddress(ValueError):
    """No address that messages can go to; the text says why, with the remedy, and never repeats it."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where messages go. `remark`: what is odd about it, or was added to it; ""."""

    url: str
    remark: str = ""


def contract_of(name: str) -> Contract:
    """What is known of a contract with carrier `name`."""
    return CONTRACTS.get(name, UNKNOWN)


def usual_url(contract: Contract, username: str) -> str:
    """The vendor's address for `username`; "" where it can't be told before."""
    return contract.url.replace("{username}", quote(username, safe="")) if username else "" if "{" in contract.url else contract.url


def address_of(contract: Contract, typed: str, username: str = "") -> Address:
    """`typed` as the address of sending. A bare host, or the beginning of the vendor's path, is completed. Raises BadAddress."""
    parts = _parts(typed.strip())
    if parts.query.lower() == "wsdl":
        return Address(
            urlunsplit((parts.scheme, parts.netloc, parts.path, "", "")), "?wsdl is the description, messages go beside it: taken away"
        )
    usual = urlsplit(usual_url(contract, username)).path
    ending = contract.path or usual
    path = parts.path.rstrip("/")
    if not ending or path.endswith(ending.rstrip("/")):
        return Address(urlunsplit(parts))
    if not path and contract.path and not usual.startswith(contract.path) and parts.netloc == urlsplit(contract.url).netloc:
        ending = usual
    if f"{ending}/".startswith(f"{path}/"):
        return Address(urlunsplit((parts.scheme, parts.netloc, ending, parts.query, "")), f"{ending} was added")
    return Address(urlunsplit(parts), f"it doesn't end in {ending}, as the vendor's page has it")


def _parts(typed: str) -> SplitResult:
    if "://" not in typed:
        raise BadAddress("The address has no http:// or https:// in front. Write https:// before it, or http:// if the vendor says so")
    try:
        parts = urlsplit(typed)
        port = parts.port
    except ValueError:
        raise BadAddress("The address can't be read. Copy it anew from the contract") from None
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname or port == 0:
        raise BadAddress("The address leads nowhere. It begins with http:// or https:// and a host")
    if parts.username is not None or parts.password is not None:
        raise BadAddress("The address holds a user name or password. Take them out: they are asked for by themselves")
    if parts.fragment or not typed.isascii() or not typed.isprintable() or " " in typed:
        raise BadAddress("The address holds a sign that none may hold. Copy it anew, without blanks, accents and #")
    return parts


# --- what reports need ---

_HOOK: Final = "http://127.0.0.1/hooks/r/dlr"


def tells_hook(carrier: Carrier, options: Mapping[str, str]) -> bool:
    """Whether the address for reports travels with each message, so that nobody must be given it."""
    account = Account("r", "http://127.0.0.1/s", "u", Secret("p"), "8088", _HOOK, options=options)
    built = carrier.build_send(account, Batch("R", (Mt(1, "R", Msisdn("+84300000000"), "a", 1),)))
    said = f"{built.url} {built.body.decode('utf-8', 'replace')}"
    return any(form in said for form in (_HOOK, quote(_HOOK, safe="")))
