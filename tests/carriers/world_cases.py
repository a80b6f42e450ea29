"""What carriers of the world are documented to say, and what it means: tables that `test_contract.py` loops over."""

import json

from gateway.carriers import africastalking, playsms, twilio, vonage
from gateway.carriers.protocol import Accepted
from gateway.carriers.wire import HttpResponse
from tests.carriers.carrier_cases import BY_STATUS, Case, M, P, R, T, U, no, says
from tests.carriers.vietnam_cases import listed

NUMBER = "+84300000001"  # of the first MT of a batch

SMSGATE: list[Case] = [
    ("accepted", says(202, json.dumps({"id": "REF00001", "state": "Pending", "recipients": []})), Accepted()),
    ("accepted by an older version", says(201, '{"id":"REF00001","state":"Pending"}'), Accepted()),
    ("taken already: no failure, nothing to resend", says(409, '{"message":"message already exists"}'), Accepted()),
    ("the phone says no at once", says(202, '{"id":"REF00001","state":"Failed"}'), no(P, "failed")),
    ("somebody cancelled it there", says(202, '{"id":"REF00001","state":"Cancelled"}'), no(P, "cancelled")),
    ("a state of no table", says(202, '{"id":"REF00001","state":"Flying"}'), no(R, "http-202", maybe_sent=True)),
    ("a bad number", says(400, '{"message":"invalid phone number"}'), no(P, "http-400")),
    ("a wrong password", says(401, "Unauthorized"), no(M, "http-401")),
    ("a router's page under 202", says(202, "<html>"), no(R, "http-202", maybe_sent=True)),
    *BY_STATUS,
]

JASMIN: list[Case] = [
    ("queued", says(200, 'Success "07033084-5cfd-4812-90a4-e4d24ffb6e3d"'), Accepted("07033084-5cfd-4812-90a4-e4d24ffb6e3d")),
    ("a parameter", says(400, 'Error "Argument [to] has an invalid value"'), no(P, "parameter")),
    ("a password", says(403, 'Error "Authentication failure for username:u"'), no(M, "refused")),
    ("no money", says(403, 'Error "Cannot charge submit_sm, check RouterPB log file for details"'), no(M, "refused")),
    ("a full pipe, under the same status", says(403, 'Error "User throughput exceeded"'), no(T, "throughput")),
    ("no route", says(412, 'Error "No route found"'), no(U, "no-route")),
    ("no connector", says(500, 'Error "Cannot send submit_sm, check SMPPClientManagerPB log file for details"'), no(R, "failed")),
    ("403 without its words", says(403, "Forbidden"), no(M, "http-403")),
    ("a yes without its id", says(200, "Success"), no(R, "http-200", maybe_sent=True)),
    *BY_STATUS,
]


def twilio_says(code: object, status: int = 400, **headers: str) -> HttpResponse:
    return says(status, json.dumps({"code": int(str(code)), "message": "…", "more_info": "…", "status": status}), **headers)


TWILIO: list[Case] = [
    ("queued", says(201, json.dumps({"sid": "SM" + "a" * 32, "status": "queued", "num_segments": "1"})), Accepted("SM" + "a" * 32)),
    *listed(twilio, twilio_says),
    ("too many, and for how long", twilio_says(20429, 429, retry_after="4"), no(T, "20429", 4.0)),
    ("a code of no table", twilio_says(99999), no(R, "99999", unknown=True)),
    ("a sid under an error", says(500, '{"sid":"SM1"}'), no(R, "http-500", maybe_sent=True)),
    ("a yes without a sid", says(201, "{}"), no(R, "http-201", maybe_sent=True)),
    *BY_STATUS,
]


def vonage_says(*statuses: object) -> HttpResponse:
    parts: list[dict[str, object]] = [
        {"status": status, "message-id": f"m{at}", "to": NUMBER[1:]} | ({} if status == "0" else {"error-text": "…"})
        for at, status in enumerate(statuses, 1)
    ]
    return says(200, json.dumps({"message-count": str(len(parts)), "messages": parts}))


VONAGE: list[Case] = [
    ("accepted", vonage_says("0"), Accepted("m1", 1)),
    ("accepted in three parts", vonage_says("0", "0", "0"), Accepted("m1", 3)),
    *listed(vonage, vonage_says),
    ("all parts refused", vonage_says("9", "9"), no(M, "9")),
    ("one part of two refused: nobody knows what a handset shows", vonage_says("0", "5"), no(R, "5", maybe_sent=True)),
    ("a code of no table", vonage_says("77"), no(R, "77", unknown=True)),
    ("no entry", says(200, '{"message-count":"0","messages":[]}'), no(R, "http-200", maybe_sent=True)),
    ("an entry that is none", says(200, '{"messages":[7]}'), no(R, "http-200", maybe_sent=True)),
    *BY_STATUS,
]

PLIVO: list[Case] = [
    ("queued", says(202, '{"message":"message(s) queued","message_uuid":["u-1"],"api_id":"…"}'), Accepted("u-1")),
    ("more ids than numbers: none can be told", says(202, '{"message_uuid":["u-1","u-2"]}'), Accepted()),
    ("a bad number", says(400, '{"error":"dst is not valid"}'), no(P, "http-400")),
    ("a wrong token", says(401, "Unauthorized"), no(M, "http-401")),
    ("no credit", says(402, '{"error":"insufficient credit"}'), no(M, "http-402")),
    ("a yes without ids", says(202, '{"message":"queued"}'), no(R, "http-202", maybe_sent=True)),
    *[case for case in BY_STATUS if case[1].status != 400],
]


def at_says(code: object, **more: object) -> HttpResponse:
    row = {"statusCode": int(str(code)), "number": NUMBER, "status": "…", "cost": "0", "messageId": "None"} | more
    return says(201, json.dumps({"SMSMessageData": {"Message": "Sent to 1/1", "Recipients": [row]}}))


AFRICASTALKING: list[Case] = [
    ("sent", at_says(101, messageId="ATXid_1"), Accepted("ATXid_1")),
    ("processed", at_says(100), Accepted()),
    ("queued", at_says(102), Accepted()),
    *[(f"code {code}", at_says(code), no(kind, code)) for code, kind in africastalking.CODES.items() if kind and code != "refused"],
    ("no recipient, and why", says(201, '{"SMSMessageData":{"Message":"InvalidSenderId","Recipients":[]}}'), no(M, "refused")),
    ("another's number", at_says(101, number="+84300009999"), no(R, "left-out", maybe_sent=True)),
    ("a code of no table", at_says(999), no(R, "999", unknown=True)),
    ("XML", says(201, "<AfricasTalkingResponse/>"), no(R, "http-201", maybe_sent=True)),
    *BY_STATUS,
]


def playsms_says(error: object, **more: object) -> HttpResponse:
    row = {"status": "OK", "error": error, "smslog_id": "5", "queue": "q", "to": NUMBER[1:]} | more
    return says(200, json.dumps({"data": [row], "error_string": None}))


PLAYSMS: list[Case] = [
    ("taken", playsms_says("0"), Accepted("5")),
    ("taken, a plus before the number", playsms_says("0", to=NUMBER), Accepted("5")),
    *listed(playsms, playsms_says),
    ("the whole call refused", says(200, '{"status":"ERR","error":"100","data":[]}'), no(M, "100")),
    ("another's number", playsms_says("0", to="84300009999"), no(R, "left-out", maybe_sent=True)),
    ("a yes to nobody", says(200, '{"status":"OK","error":"0"}'), no(R, "http-200", maybe_sent=True)),
    *BY_STATUS,
]


def infobip_says(group: int, name: str = "…", ref: str = "REF00001") -> HttpResponse:
    named = dict(enumerate(("ACCEPTED", "PENDING", "UNDELIVERABLE", "DELIVERED", "EXPIRED", "REJECTED"))).get(group, "…")
    row = {"messageId": ref, "destination": NUMBER[1:], "status": {"groupId": group, "groupName": named, "id": 7, "name": name}}
    return says(200, json.dumps({"bulkId": "b", "messages": [row]}))


INFOBIP_400 = {"errorCode": "E400", "description": "…", "action": "…", "violations": [], "resources": []}  # v3's way; v2 said requestError
INFOBIP: list[Case] = [
    ("accepted", infobip_says(0, "MESSAGE_ACCEPTED"), Accepted("REF00001")),
    ("pending", infobip_says(1, "PENDING_ACCEPTED"), Accepted("REF00001")),
    ("delivered at once", infobip_says(3), Accepted("REF00001")),
    ("undeliverable", infobip_says(2, "UNDELIVERABLE_REJECTED_OPERATOR"), no(P, "undeliverable")),
    ("expired", infobip_says(4), no(R, "expired")),
    ("rejected", infobip_says(5, "REJECTED_DESTINATION"), no(P, "rejected")),
    ("rejected for our sender", infobip_says(5, "REJECTED_SENDER"), no(M, "account")),
    ("rejected for want of money", infobip_says(5, "REJECTED_NOT_ENOUGH_CREDITS"), no(M, "account")),
    ("a group of no table", infobip_says(9), no(R, "left-out", maybe_sent=True)),
    ("another's name", infobip_says(1, ref="REF99999"), no(R, "left-out", maybe_sent=True)),
    ("400", says(400, json.dumps(INFOBIP_400)), no(P, "http-400")),
    *[case for case in BY_STATUS if case[1].status != 400],
]
CASES: dict[str, list[Case]] = {
    "africastalking": AFRICASTALKING,
    "infobip": INFOBIP,
    "jasmin": JASMIN,
    "playsms": PLAYSMS,
    "plivo": PLIVO,
    "smsgate": SMSGATE,
    "twilio": TWILIO,
    "vonage": VONAGE,
}
