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
    with caplog.at_level(logging.DEBUG):
        for request in (
            f"GET /{MARK}?text={MARK} HTTP/1.1\r\nHost: x\r\n\r\n",
            f"GET /{MARK}\x00 HTTP/9\r\n\r\n",
            f"GET /{MARK * 9_000} HTTP/1.1\r\n\r\n",
        ):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(request.encode())
            async with asyncio.timeout(10):
                answer = await reader.read(4_000)
            assert answer.startswith((b"HTTP/1.1 500", b"HTTP/1.0 400", b"HTTP/1.1 400"))
            assert MARK.encode() not in answer
            writer.close()
    await runner.cleanup()
    assert "http.RuntimeError" in caplog.text
    assert MARK not in caplog.text
