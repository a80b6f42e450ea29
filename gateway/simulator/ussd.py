"""The network's side of a USSD session: what a handset dials and types goes to the gateway's hook, in Africa's Talking's convention.

It does on request what a weak signal does: cuts a session, or sends the same call once more.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import urlencode

from gateway.carriers.wire import HttpRequest, HttpResponse
from gateway.domain.screen import room, units
from gateway.domain.segments import alphabet_of

MOST_SESSIONS: Final = 1_000  # handsets that are remembered; the oldest goes first
HARD_LIMIT: Final = 182
_HEADERS: Final = {"Content-Type": "application/x-www-form-urlencoded"}
_NO_ANSWER: Final = "Tong dai khong tra loi."


@dataclass(frozen=True, slots=True)
class Session:
    """One handset's session: the carrier's name of it, all that was typed, whether it is open. `last`: the call that may be repeated."""

    name: str
    typed: tuple[str, ...] = field(default=(), repr=False)
    is_open: bool = True
    last: HttpRequest | None = field(default=None, repr=False)


class Dialler:
    """Sessions by number. `url`: gives the hook with its secret, "" where there is none; `code`: what is dialled."""

    def __init__(self, url: Callable[[], str], code: Callable[[], str]) -> None:
        self._url, self._code = url, code
        self._sessions: dict[str, Session] = {}

    def call(self, number: str, wish: Mapping[str, Any]) -> HttpRequest:  # Any: JSON
        """The call that `wish` ({"do": dial | type | cut | again, "text"}) makes. Raises ValueError in words for the page."""
        if not self._url():
            raise ValueError("Máy tập này không có tổng đài USSD.")
        match wish.get("do"):
            case "dial":
                return self._dial(number)
            case "type":
                return self._type(number, str(wish.get("text", ""))[:HARD_LIMIT])
            case "cut":
                return self._cut(number)
            case "again":
                return self._again(number)
            case _:
                raise ValueError("Không rõ phải làm gì.")

    def shown(self, number: str, answer: HttpResponse | None) -> dict[str, Any]:  # Any: JSON
        """What the handset shows of `answer`; None: the gateway never answered."""
        word, _, screen = (answer.body.decode("utf-8", "replace") if answer else f"END {_NO_ANSWER}").partition(" ")
        session = self._sessions.get(number)
        is_open = word == "CON" and session is not None and session.is_open
        if session is not None and not is_open:
            self._sessions[number] = replace(session, is_open=False)
        return {"screen": screen, "open": is_open, "units": units(screen, alphabet_of(screen)), "room": room(screen, HARD_LIMIT)}

    def _dial(self, number: str) -> HttpRequest:
        while len(self._sessions) >= MOST_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        return self._send(number, Session(f"ATUid_{secrets.token_hex(12)}"), "")

    def _type(self, number: str, text: str) -> HttpRequest:
        session = self._open(number)
        typed = (*session.typed, text)
        return self._send(number, replace(session, typed=typed), "*".join(typed))

    def _send(self, number: str, session: Session, text: str) -> HttpRequest:
        call = self._form(
            {"sessionId": session.name, "serviceCode": self._code(), "phoneNumber": number, "networkCode": "99999", "text": text}
        )
        self._sessions[number] = replace(session, last=call)
        return call

    def _cut(self, number: str) -> HttpRequest:
        session = self._open(number)
        self._sessions[number] = replace(session, is_open=False)
        fields = {"sessionId": session.name, "serviceCode": self._code(), "phoneNumber": number, "status": "Incomplete"}
        return self._form(fields | {"hopsCount": str(len(session.typed) + 1)})

    def _again(self, number: str) -> HttpRequest:
        session = self._open(number)
        if session.last is None:
            raise ValueError("Chưa có lượt nào để gửi lại.")
        return session.last

    def _open(self, number: str) -> Session:
        session = self._sessions.get(number)
        if session is None or not session.is_open:
            raise ValueError(f"Phiên đã kết thúc. Bấm lại {self._code()}.")
        return session

    def _form(self, fields: Mapping[str, str]) -> HttpRequest:
        return HttpRequest("POST", self._url(), _HEADERS, urlencode(fields).encode())
