"""The handset's page brings everything with it, and its policy allows nothing else."""

import base64
import hashlib
import re

import pytest

from gateway.carriers.wire import HttpRequest
from gateway.simulator.handset import number
from gateway.simulator.telco import telco
from gateway.transport import http_sender


async def test_the_page_needs_nothing_from_outside():
    async with telco() as it, http_sender(5) as send:
        answer = await send(HttpRequest("GET", f"{it.url}/handset"))
    html, policy = answer.body.decode(), answer.headers["content-security-policy"]
    assert answer.status == 200
    assert 'lang="vi"' in html
    assert "http:" not in html
    assert "https:" not in html
    assert "innerHTML" not in html  # what comes is set as text
    assert policy.startswith("default-src 'none';")
    for kind in ("script", "style"):
        (words,) = re.findall(rf"<{kind}>(.*?)</{kind}>", html, re.DOTALL)
        assert f"{kind}-src 'sha256-{base64.b64encode(hashlib.sha256(words.encode()).digest()).decode()}'" in policy
    assert not re.search(r"\son\w+=|\sstyle=", html)  # neither would run under the policy


@pytest.mark.parametrize("text", ["0300 000 101", "0300000101", "+84 300 000 101", "84300000101"])
def test_a_number_as_people_write_it(text: str):
    assert number(text) == "+84300000101"


@pytest.mark.parametrize("text", ["", "8088", "xin chào", "0" * 40])
def test_no_number_is_told_how_to_write_one(text: str):
    with pytest.raises(ValueError, match="Hãy viết như"):
        number(text)
