"""How numbers and times stand on the desk's pages."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.web.desk.formats import ago, filters, number, percent, vnd

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
NOW = int(datetime(2026, 11, 23, 9, 41, tzinfo=ZONE).timestamp() * 1000)
MINUTE, HOUR = 60_000, 3_600_000


def test_numbers():
    assert [number(each) for each in (0, 999, 1_234_567, -1000)] == ["0", "999", "1.234.567", "-1.000"]
    assert (number(1234.56, 1), vnd(350_000)) == ("1.234,6", "350.000\u00a0đ")
    assert [percent(each) for each in (0.041, 1, None)] == ["4,1\u00a0%", "100,0\u00a0%", "–"]


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (0, "vừa xong"),
        (-5 * MINUTE, "vừa xong"),
        (5 * MINUTE, "5 phút trước"),
        (3 * HOUR, "3 giờ trước"),
        (12 * HOUR, "hôm qua 21:41"),
        (72 * HOUR, "20/11/2026"),
    ],
)
def test_how_long_ago(passed, words):
    assert ago(NOW - passed, NOW, ZONE) == words


def test_days_and_times_are_local():
    made = filters(ZONE, lambda: NOW)
    assert (made["day"](NOW), made["day"](date(2026, 2, 1)), made["clock_time"](NOW)) == ("23/11/2026", "01/02/2026", "09:41")
    assert (made["moment"](NOW), made["weekday"](NOW)) == ("09:41, 23/11/2026", "thứ hai")
    assert made["iso"](NOW) == "2026-11-23T09:41:00+07:00"
