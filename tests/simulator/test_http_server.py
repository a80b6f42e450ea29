"""The telco's server speaks HTTP/1.1 with those who do, and only with them."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession

from gateway.simulator.http_server import BODY_LIMIT, HEAD_LIMIT, Exchange, answer_of, http_server

LOG = logging.getLogger("tests.http")


def echo(exchange: Exchange) -> bytes:
    return answer_of(200, b"|".join((exchange.query, exchange.content_type.encode(), exchange.body)), "text/plain")


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[int, list[Exchange]]]:
    later: list[Exchange] = []
    routes = {(b"GET", b"/echo"): echo, (b"POST", b"/echo"): echo, (b"GET", b"/later"): later.append}
    async with http_server(routes, "127.0.0.1", 0, LOG) as listening:
        yield listening.port, later


async def spoken(port: int, *pieces: bytes) -> bytes:
    """All that comes back for `pieces`, each written apart."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        async with asyncio.timeout(5):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


async def test_a_connection_serves_one_request_after_the_other():
    async with serving() as (port, _), ClientSession() as session:
        for number in range(3):
            async with session.post(
                f"http://127.0.0.1:{port}/echo?n={number}", data=b"x" * number, headers={"Content-Type": "A/b; c=d"}
            ) as answer:
                assert answer.headers["date"].endswith("GMT")
                assert await answer.read() == b"n=%d|a/b|%s" % (number, b"x" * number)


async def test_byte_by_byte_and_in_chunks_is_the_same_request():
    call = b"POST /echo?a=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"
    async with serving() as (port, _):
        whole = await spoken(port, call)
        assert whole.endswith(b"\r\n\r\na=1||abcde")
        assert (await spoken(port, *(bytes([octet]) for octet in call))).endswith(b"a=1||abcde")


@pytest.mark.parametrize(
    ("pieces", "status"),
    [
        ([b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc"], b"400"),  # TLS
        ([b"\x00" * 100_000], b"400"),
        ([b"GET /echo FTP/1.1\r\n\r\n"], b"400"),
        ([b"GET /echo HTTP/1.1\r\nContent-Length: x\r\n\r\n"], b"400"),
        ([b"GET /echo?" + b"x" * (HEAD_LIMIT + 1)], b"400"),
        ([b"GET /echo HTTP/1.1\r\n", *(b"X-%d: %s\r\n" % (n, b"y" * 1000) for n in range(80))], b"431"),
        ([b"POST /echo HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n", b"z" * (HEAD_LIMIT + BODY_LIMIT)], b"413"),
        ([b"GET /elsewhere HTTP/1.1\r\nConnection: close\r\n\r\n"], b"404"),
        ([b"DELETE /echo HTTP/1.1\r\nConnection: close\r\n\r\n"], b"404"),
        ([b"GET /later HTTP/1.1\r\n\r\nGET /echo HTTP/1.1\r\n\r\n"], b"400"),  # it doesn't pipeline
    ],
)
async def test_what_is_no_request_is_refused(pieces: list[bytes], status: bytes):
    async with serving() as (port, _):
        answer = await spoken(port, *pieces)
        assert answer.split(b" ", 2)[1:2] == [status] or answer == b""  # a reset may overtake the words
        assert (await spoken(port, b"GET /echo HTTP/1.1\r\nConnection: close\r\n\r\n")).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_an_answer_may_come_later_and_a_client_may_have_gone():
    async with serving() as (port, later):
        asking = asyncio.create_task(spoken(port, b"GET /later HTTP/1.1\r\nConnection: close\r\n\r\n"))
        while not later:
            await asyncio.sleep(0.001)
        later[0].answer(answer_of(202, b"yes", "text/plain"))
        assert (await asking).endswith(b"yes")
        later[0].answer(answer_of(202, b"again", "text/plain"))
        assert not later[0].open


async def test_the_end_cuts_those_who_wait():
    async with serving() as (port, later):
        asking = asyncio.create_task(spoken(port, b"GET /later HTTP/1.1\r\n\r\n"))
        while not later:
            await asyncio.sleep(0.001)
    assert await asking == b""
