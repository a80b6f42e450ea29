"""The least HTTP/1.1 server that is honest: keep-alive, lengths, chunked bodies, limits, and a 400 for what is no HTTP.

The fake telco is the yardstick's other end: what it costs a request bounds what can be measured, so it does nothing that isn't asked.
A handler gets the `Exchange` and returns the whole answer, or None where the answer comes later by `Exchange.answer`, or never.
"""

import asyncio
import socket
import ssl
import struct
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from itertools import chain, repeat
from logging import Logger
from typing import Final, cast

import httptools

HEAD_LIMIT: Final = 64 << 10  # bytes of a request line and its headers
BODY_LIMIT: Final = 1 << 20
_CHUNK: Final = bytes(64 << 10)
_RST: Final = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: closing sends RST, not an orderly end

Handler = Callable[["Exchange"], bytes | None]
Routes = Mapping[tuple[bytes, bytes], Handler]  # (method, path)


def answer_of(status: int, body: bytes, content_type: str, headers: Mapping[str, str] | None = None) -> bytes:
    """The bytes of one answer. Its Date is put in as it leaves."""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


class _Date:
    """The Date header, made anew once a second."""

    def __init__(self) -> None:
        self._line, self._until = b"", 0.0

    def __call__(self, now: float) -> bytes:
        """`now`: loop time."""
        if now >= self._until:
            self._line, self._until = f"\r\nDate: {formatdate(time.time(), usegmt=True)}\r\n".encode(), now + 1.0
        return self._line


class Exchange(asyncio.Protocol):
    """A connection, and the request on it: one at a time. httptools calls the on_… methods."""

    def __init__(self, routes: Routes, connections: "set[Exchange]", date: _Date, log: Logger) -> None:
        self._routes, self._connections, self._date, self._log = routes, connections, date, log
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._seen = 0  # bytes of the request under way
        self._url = b""
        self._whole = self._busy = self._keep = False
        self._head_done = False
        self._why = ""
        self._pour: Iterator[bytes] = iter(())  # the rest of an answer that memory should not hold
        self._paused = False
        self.method = self.path = self.query = b""
        self.content_type = ""
        self.body = b""
        self.at = 0.0  # for handlers: when the request came, by a clock of theirs

    # -- for handlers

    @property
    def open(self) -> bool:
        """Whether somebody still waits at the other end."""
        return self._transport is not None and not self._transport.is_closing()

    def answer(self, answer: bytes) -> None:
        """Send the whole answer to the request under way."""
        if self._transport is None or self._transport.is_closing():
            return
        line, _, rest = answer.partition(b"\r\n")
        self._transport.write(b"".join((line, self._date(self._loop.time()), rest)))
        self._busy = False
        if not self._keep:
            self._transport.close()

    def part(self, answer: bytes) -> None:
        """Send the beginning of an answer, and an orderly end."""
        if self.open:
            cast("asyncio.Transport", self._transport).write(answer)
            cast("asyncio.Transport", self._transport).close()

    def flood(self, head: bytes, size: int) -> None:
        """Send `head` and `size` bytes of nothing, as fast as they are taken."""
        if self.open:
            cast("asyncio.Transport", self._transport).write(head)
            self._pour = chain(repeat(_CHUNK, size // len(_CHUNK)), (_CHUNK[: size % len(_CHUNK)],))
            self._keep = self._busy = False
            self.resume_writing()

    def cut(self) -> None:
        """Reset the connection: the client sees RST."""
        if self._transport is not None:
            if (plain := self._transport.get_extra_info("socket")) is not None:
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST)
            self._transport.abort()

    # -- for the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        self._transport = None

    def data_received(self, data: bytes) -> None:
        self._seen += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._refuse(400, self._why or "no HTTP")
            return
        if self._seen > (HEAD_LIMIT + BODY_LIMIT if self._head_done else HEAD_LIMIT):
            self._refuse(413 if self._head_done else 431, "too long")
        elif self._whole:
            self._handle()

    def resume_writing(self) -> None:
        """There is room again for the rest of a flood; the loop calls `pause_writing` in the midst of it."""
        self._paused = False
        while not self._paused and self.open and (chunk := next(self._pour, None)) is not None:
            cast("asyncio.Transport", self._transport).write(chunk)

    def pause_writing(self) -> None:
        self._paused = True

    # -- for the parser

    def on_message_begin(self) -> None:
        self._url, self.body, self.content_type, self._head_done = b"", b"", "", False

    def on_url(self, url: bytes) -> None:
        self._url += url
        if len(self._url) > HEAD_LIMIT:
            self._give_up("a line too long")

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(name) == 12 and name.lower() == b"content-type":
            self.content_type = value.partition(b";")[0].strip().lower().decode("latin-1")

    def on_headers_complete(self) -> None:
        self._head_done = True

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        if self._whole or self._busy:
            self._give_up("a second request before the first was answered")
        self._keep = self._parser.should_keep_alive()  # true only here
        self._whole = True

    def _give_up(self, why: str) -> None:
        self._why = why
        raise ValueError(why)  # ends the parser

    def _handle(self) -> None:
        self._whole, self._busy, self._seen = False, True, 0
        self.method = self._parser.get_method()
        self.path, _, self.query = self._url.partition(b"?")
        handler = self._routes.get((self.method, self.path))
        if handler is None:
            self.answer(answer_of(404, b"there is no such path", "text/plain"))
        elif (found := handler(self)) is not None:
            self.answer(found)

    def _refuse(self, status: int, why: str) -> None:
        self._log.warning("a request failed (%s)", why)  # never its line: that holds a number and a text
        self._keep = False
        self.answer(answer_of(status, b"", "text/plain", {"Connection": "close"}))
        if self._transport is not None:
            self._transport.close()


@dataclass(frozen=True, slots=True)
class Listening:
    """A server that takes connections; `connections` are those open now."""

    port: int
    connections: set[Exchange]


@asynccontextmanager
async def http_server(routes: Routes, host: str, port: int, log: Logger, tls: ssl.SSLContext | None = None) -> AsyncIterator[Listening]:
    """Serve `routes` for the length of the block. Raises OSError where the port is in use."""
    connections: set[Exchange] = set()
    date = _Date()
    server = await asyncio.get_running_loop().create_server(lambda: Exchange(routes, connections, date, log), host, port, ssl=tls)
    try:
        yield Listening(server.sockets[0].getsockname()[1], connections)
    finally:
        server.close()
        for connection in tuple(connections):
            connection.cut()
        await server.wait_closed()
