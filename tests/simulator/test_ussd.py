"""The handset dials: what it sends is Africa's Talking's convention, and a weak signal does what it does on the air."""

from urllib.parse import parse_qs

import pytest

from gateway.carriers import ussd_africastalking as convention
from gateway.carriers.ussd import Phase
from gateway.carriers.wire import HookCall, HttpRequest, HttpResponse
from gateway.simulator.ussd import MOST_SESSIONS, Dialler

NUMBER = "+84300000101"


def dialler(url: str = "http://127.0.0.1:1/hooks/r/ussd?secret=x") -> Dialler:
    return Dialler(lambda: url, lambda: "*8088#")


def fields(call: HttpRequest) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(call.body.decode(), keep_blank_values=True).items()}


def turn(call: HttpRequest):
    return convention.parse_ussd(
        HookCall(call.method, "/hooks/r/ussd", b"secret=x", {name.lower(): v for name, v in call.headers.items()}, call.body)
    )


def test_what_is_typed_grows_behind_stars():
    phone = dialler()
    calls = [phone.call(NUMBER, {"do": "dial"})]
    calls += [phone.call(NUMBER, {"do": "type", "text": text}) for text in ("1", "7", "canh suoi * 2")]
    assert [fields(call)["text"] for call in calls] == ["", "1", "1*7", "1*7*canh suoi * 2"]
    assert len({fields(call)["sessionId"] for call in calls}) == 1
    assert [turn(call).phase for call in calls] == [Phase.NEW] + [Phase.ANSWER] * 3


def test_a_repeat_is_the_same_call_and_a_cut_the_end_event():
    phone = dialler()
    phone.call(NUMBER, {"do": "dial"})
    call = phone.call(NUMBER, {"do": "type", "text": "1"})
    assert phone.call(NUMBER, {"do": "again"}) == call
    assert turn(phone.call(NUMBER, {"do": "cut"})).phase is Phase.END
    with pytest.raises(ValueError, match="kết thúc"):
        phone.call(NUMBER, {"do": "type", "text": "1"})


def test_a_last_screen_closes_the_session_and_the_next_dial_is_a_new_one():
    phone = dialler()
    first = phone.call(NUMBER, {"do": "dial"})
    assert phone.shown(NUMBER, HttpResponse(200, {}, b"CON 1 Bao tin")) == {"screen": "1 Bao tin", "open": True, "units": 9, "room": 182}
    assert phone.shown(NUMBER, HttpResponse(200, {}, b"END Xin cam on"))["open"] is False
    with pytest.raises(ValueError, match="kết thúc"):
        phone.call(NUMBER, {"do": "again"})
    assert fields(phone.call(NUMBER, {"do": "dial"}))["sessionId"] != fields(first)["sessionId"]


def test_a_gateway_that_says_nothing_ends_the_session():
    phone = dialler()
    phone.call(NUMBER, {"do": "dial"})
    assert phone.shown(NUMBER, None) == {"screen": "Tong dai khong tra loi.", "open": False, "units": 23, "room": 182}


@pytest.mark.parametrize("wish", [{}, {"do": "dance"}, {"do": "type"}, {"do": "cut"}, {"do": 1}])
def test_what_cannot_be_done_is_said_in_words(wish: dict):
    with pytest.raises(ValueError, match=r"\w"):
        dialler().call(NUMBER, wish)
    with pytest.raises(ValueError, match="không có tổng đài"):
        dialler("").call(NUMBER, {"do": "dial"})


def test_memory_is_bounded():
    phone = dialler()
    for number in range(MOST_SESSIONS + 50):
        phone.call(f"+8430{number:07}", {"do": "dial"})
    with pytest.raises(ValueError, match="kết thúc"):
        phone.call("+84300000000", {"do": "again"})
