"""Each USSD convention's calls as its carrier makes them, and how its handset reads our answers: one `Phone` a convention.

`dial`, `type`, `hang_up` give the call; a repeat is the same call again. `read` gives (screen, whether it goes on).
"""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import ClassVar
from urllib.parse import quote, urlencode

from gateway.carriers.wire import HookCall, HttpResponse

NUMBER = "84300000011"
CODE = "*8088#"
Read = Callable[[HttpResponse], tuple[str, bool]]


def get(fields: Mapping[str, str], path: str = "/hooks/r/ussd") -> HookCall:
    return HookCall("GET", path, urlencode(fields).encode(), {"host": "gateway.example"})


def form(fields: Mapping[str, str]) -> HookCall:
    return HookCall("POST", "/hooks/r/ussd", b"", {"content-type": "application/x-www-form-urlencoded"}, urlencode(fields).encode())


def posted(body: object, path: str = "/hooks/r/ussd", method: str = "POST") -> HookCall:
    return HookCall(method, path, b"", {"content-type": "application/json"}, json.dumps(body).encode())


def rpc(method: str, members: Mapping[str, str]) -> HookCall:
    inside = "".join(f"<member><name>{name}</name><value><string>{value}</string></value></member>" for name, value in members.items())
    params = f"<params><param><value><struct>{inside}</struct></value></param></params>"
    body = f"<?xml version='1.0'?><methodCall><methodName>{method}</methodName>{params}</methodCall>"
    return HookCall("POST", "/hooks/r/ussd", b"", {"content-type": "text/xml"}, body.encode())


@dataclass
class Phone(ABC):
    """A handset behind one convention; it keeps what its carrier would keep."""

    session: str = "S-1"
    number: str = NUMBER
    typed: list[str] = field(default_factory=list)
    calls: int = 0

    def dial(self) -> HookCall:
        self.typed, self.calls = [], 1
        return self.call("new", "")

    def type(self, text: str) -> HookCall:
        self.typed.append(text)
        self.calls += 1
        return self.call("answer", text)

    def hang_up(self) -> HookCall | None:
        """None: this carrier never tells."""
        self.calls += 1
        return self.call("end", "")

    @abstractmethod
    def call(self, phase: str, text: str) -> HookCall | None:
        """The carrier's call; None: it makes none."""

    @abstractmethod
    def read(self, answer: HttpResponse) -> tuple[str, bool]:
        """(screen, whether it goes on)."""


def _json(answer: HttpResponse) -> dict:
    assert answer.headers["content-type"].startswith("application/json")
    return json.loads(answer.body)


class AfricasTalking(Phone):
    def call(self, phase, text):
        fields = {"sessionId": self.session, "serviceCode": CODE, "phoneNumber": f"+{self.number}", "networkCode": "99999"}
        if phase == "end":
            return form(fields | {"status": "Incomplete", "input": "*".join(self.typed), "hopsCount": "2", "errorMessage": ""})
        return form(fields | {"text": "*".join(self.typed)})

    def read(self, answer):
        word, _, screen = answer.body.decode().partition(" ")
        assert word in ("CON", "END")
        return screen, word == "CON"


class Advanta(AfricasTalking):
    def call(self, phase, text):
        if phase == "end":
            return None
        so_far = "*".join(["8088", *self.typed])
        return get({"SESSIONID": self.session, "USSDCODE": CODE, "MSISDN": self.number, "INPUT": f"*{so_far}#"})


class Infobip(Phone):
    def call(self, phase, text):
        path = {"new": "start", "answer": "response", "end": "end"}[phase]
        fields = {"msisdn": self.number, "imsi": "452", "text": text or CODE, "shortCode": CODE, "language": None, "ussdGwId": "11"}
        body = {"exitCode": 0, "reason": "ok"} if phase == "end" else fields
        return posted(body, f"/hooks/r/ussd/session/{quote(self.session)}/{path}", "PUT" if phase == "end" else "POST")

    def read(self, answer):
        body = _json(answer)
        assert (body["responseExitCode"], body["responseMessage"]) == (200, "")
        return body["ussdMenu"], not body["shouldClose"]


class Hubtel(Phone):
    def call(self, phase, text):
        type_ = {"new": "Initiation", "answer": "Response", "end": "Release"}[phase]
        return posted({"Mobile": self.number, "SessionId": self.session, "ServiceCode": "8088", "Type": type_,
                       "Message": text or CODE, "Operator": "viettel", "Sequence": self.calls, "ClientState": "x"})  # fmt: skip

    def read(self, answer):
        body = _json(answer)
        assert body["ClientState"] == "x"
        return body["Message"], {"Response": True, "Release": False}[body["Type"]]


class Nalo(Phone):
    def call(self, phase, text):
        if phase == "end":
            return None
        return posted({"USERID": "ABC12345", "MSISDN": self.number, "USERDATA": text or CODE, "MSGTYPE": phase == "new",
                       "NETWORK": "MTN", "SESSIONID": self.session})  # fmt: skip

    def read(self, answer):
        body = _json(answer)
        assert (body["USERID"], body["MSISDN"]) == ("ABC12345", self.number)
        assert len(body["MSG"]) <= 120
        return body["MSG"], body["MSGTYPE"]


class Arkesel(Phone):
    def call(self, phase, text):
        if phase == "end":
            return None
        return posted({"sessionID": self.session, "userID": "U", "newSession": phase == "new", "msisdn": self.number,
                       "userData": text or CODE, "network": "MTN"})  # fmt: skip

    def read(self, answer):
        body = _json(answer)
        assert (body["sessionID"], body["userID"], body["msisdn"]) == (self.session, "U", self.number)
        return body["message"], body["continueSession"]


class DMark(Phone):
    def call(self, phase, text):
        if phase == "end":
            return None
        return get({"transactionId": self.session, "msisdn": self.number, "ussdServiceCode": CODE, "transactionTime": "1795000000",
                    "ussdRequestString": text or CODE, "creationTime": "1795000000", "response": str(phase != "new").lower()})  # fmt: skip

    def read(self, answer):
        body = _json(answer)
        return body["responseString"], {"request": True, "end": False}[body["action"]]


class Airtel(Phone):
    def call(self, phase, text):
        if phase == "end":
            return get({"SessionID": self.session, "msisdn": self.number, "clean": "clean-session", "error": "523"})
        return get({"SessionID": self.session, "MSISDN": self.number, "MSC": "msc1", "input": text or "8088"})

    def read(self, answer):
        assert (answer.headers["charge"], answer.headers["amount"]) == ("N", "0")
        return answer.body.decode(), {"FC": True, "FB": False}[answer.headers["Freeflow"]]


class Cellulant(Phone):
    def call(self, phase, text):
        code = {"new": "BEG", "answer": "null", "end": "ABO"}[phase]
        return get({"MSISDN": self.number, "INPUT": text or CODE, "opCode": code, "ABORT": "0", "sessionID": self.session})

    def read(self, answer):
        _level, screen, value, service, state, extra = answer.body.decode().split("|")
        assert (value, service, extra) == ("null", "null", "null")
        return screen, {"null": True, "end": False}[state]


class IMImobile(Phone):
    def call(self, phase, text):
        said = {"new": CODE, "answer": text, "end": "Map Dialog User Abort User Reason: User specific reason"}[phase]
        return get({"msisdn": self.number, "msg": said, "code": CODE, "tid": f"T{self.calls}", "dcs": "15"})

    def read(self, answer):
        return answer.body.decode(), {"1": True, "0": False}[answer.headers["X-USSD-SESSION"]]


def _members(answer: HttpResponse) -> dict[str, str]:
    found = re.findall(r"<name>(.*?)</name><value><string>(.*?)</string></value>", answer.body.decode(), re.DOTALL)
    return {name: unescape(value) for name, value in found}


class MtnRwanda(Phone):
    def call(self, phase, text):
        if phase == "end":
            return None
        return rpc("handleUSSD", {"TransactionId": self.session, "TransactionTime": "20261118T10:00:00", "MSISDN": self.number,
                                  "USSDServiceCode": "8088", "USSDRequestString": text or CODE})  # fmt: skip

    def read(self, answer):
        members = _members(answer)
        assert (members["TransactionId"], members["MSISDN"], "USSDRequestString" in members) == (self.session, self.number, False)
        return members["USSDResponseString"], {"request": True, "end": False}[members["action"]]


class TrueAfrican(Phone):
    def call(self, phase, text):
        fields = {"new": {"msisdn": self.number, "shortcode": "8088"}, "answer": {"response": text}, "end": {}}[phase]
        return rpc({"new": "USSD.INIT", "answer": "USSD.CONT", "end": "USSD.END"}[phase], {"session": self.session, **fields})

    def read(self, answer):
        members = _members(answer)
        assert (members["session"], members["status"]) == (self.session, members["type"])
        return members["message"], {"cont": True, "end": False}[members["status"]]


class Mtech(Phone):
    def call(self, phase, text):
        first = {"mobile_number": self.number, "page_id": "0", "gate": "gateid", "data": "testmenu"}
        fields = {"new": first, "answer": {"page_id": "indexX", "data": text}, "end": {"status": "1"}}[phase]
        return get({"session_id": self.session, **fields})

    def read(self, answer):
        body = answer.body.decode()
        assert f"<session_id>{self.session}</session_id>" in body
        assert "\n" not in body
        div = re.search("<div>(.*?)</div>", body)[1]
        return unescape(div.replace("<br />", "\n")), "<navigation>" in body


class Vodacom(Phone):
    def call(self, phase, text):
        if phase == "end":
            return None
        return get({"request": text or CODE, "msisdn": self.number, "ussdSessionId": self.session, "provider": "Vodacom"})

    def read(self, answer):
        body = answer.body.decode()
        return unescape(re.search("<headertext>(.*?)</headertext>", body, re.DOTALL)[1]), "<option " in body


class Kannel(Phone):
    """The "usual" flow names no session."""

    ops: ClassVar = {"new": 1, "answer": 18}
    more = ""
    end = 17

    def call(self, phase, text):
        if phase not in self.ops:
            return None
        meta = f"?smpp?ussd_service_op=%{self.ops[phase]:02x}{self.more}"
        return get({"from": f"+{self.number}", "text": text, "cs": "UTF-8", "coding": "0", "meta": meta})

    def read(self, answer):
        op = re.search("ussd_service_op=%([0-9a-f]{2})", answer.headers["X-Kannel-Meta-Data"])
        return answer.body.decode(), {2: True, self.end: False}[int(op[1], 16)]


class KannelMica(Kannel):
    ops: ClassVar = {"new": 1, "answer": 0x12, "end": 0x81}
    more = "&user_message_reference=%12%34"
    end = 0x17


class Kannel6d(Kannel):
    ops: ClassVar = {"new": 1, "answer": 2, "end": 0x11}
    more = "&its_session_info=%12%34"

    def read(self, answer):
        info = re.search("its_session_info=%12%(3[0-9])", answer.headers["X-Kannel-Meta-Data"])
        return answer.body.decode(), {"34": True, "35": False}[info[1]]


PHONES: Mapping[str, type[Phone]] = {
    "advanta": Advanta,
    "africastalking": AfricasTalking,
    "airtel": Airtel,
    "arkesel": Arkesel,
    "cellulant": Cellulant,
    "dmark": DMark,
    "hubtel": Hubtel,
    "imimobile": IMImobile,
    "infobip": Infobip,
    "kannel-6d": Kannel6d,
    "kannel-mica": KannelMica,
    "kannel-usual": Kannel,
    "mtech": Mtech,
    "mtn-rwanda": MtnRwanda,
    "nalo": Nalo,
    "trueafrican": TrueAfrican,
    "vodacom": Vodacom,
}
NO_SESSION = {"imimobile", "kannel-usual"}  # the number stands for it
FIRST_ONLY = {"trueafrican", "mtech"}  # the number comes with the first call alone
EITHER = {"airtel", "mtn-rwanda"}  # a first call looks like any other
