"""What goes wrong is noticed, what was said is not written down."""

import asyncio
import logging

import pytest
from aiohttp import web

from tests.web.conftest import serve

MARK = "dau-vet-0300000011"


async def _explode(request: web.Request) -> web.Response:
    raise RuntimeError(f"a row held {MARK}")


async def test_an_error_is_logged_by_its_name_alone(caplog: pytest.LogCaptureFixture) -> None:
    """No path, no query, no message, no traceback: any of them may hold a number."""
    app = web.Application()
    app.router.add_get("/{x}", _explode)
    runner, url = await serve(app)
    host, port = url.removeprefix("http://").split(":")
    requests = (f"GET /{MARK}?text={MARK} HTTP/1.1", f"GET /{MARK}\x01 HTTP/9", f"GET /{MARK * 9_000} HTTP/1.1")
    try:
        with caplog.at_level(logging.DEBUG):
            answers = [await _say(host, int(port), request) for request in requests]
    finally:
        await runner.cleanup()
    assert [answer.split()[1] for answer in answers] == [b"500", b"400", b"400"]
    assert not any(MARK.encode() in answer for answer in answers)
    assert "http.RuntimeError" in caplog.text
    assert MARK not in caplog.text


async def _say(host: str, port: int, request: str) -> bytes:
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(f"{request}\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    async with asyncio.timeout(10):
        answer = await reader.read(4_000)
    writer.close()
    return answer
