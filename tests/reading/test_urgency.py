"""Urgent: precise, because a false alarm at night is a true one lost later."""

import pytest

from gateway.reading.urgency import read_urgency
from gateway.reading.words import words_of


@pytest.mark.parametrize(
    ("text", "urgent"),
    [
        ("dao mong gap xuong nguoi", "remains"),
        ("mưa lũ sạt lở lộ ra xương", "remains"),
        ("phat hien hai cot duoi khe", "remains"),
        ("tre con nhat duoc luu dan", "uxo"),
        ("co qua bom chua no canh mo", "uxo"),
        ("gap xuong va luu dan", "uxo"),
        ("di xuong suoi thay mo", None),
        ("thấy ông đi xuống", None),
        ("hy sinh do bom, gap dong doi", None),
        ("thay manh bom va ho bom", None),
        ("xa da quy tap hai cot, thay chua du", None),
        ("nguoi dan gap bo doi", None),
        ("", None),
    ],
)
def test_read_urgency(text, urgent):
    assert read_urgency(words_of(text)) == urgent
