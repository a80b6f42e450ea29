"""The one place that opens sockets towards carriers: each request is written exactly once (DESIGN §3.4).

Ready-made clients repeat a GET by themselves when a kept-alive connection drops, and follow redirects with the credentials: a second SMS,
or a password given away. Here a request goes out on one connection, once, and ends in one of three ways:

    HttpResponse      the carrier's whole answer, whatever its status
    NotSent           nothing left this machine: no connection, no name, no trust, or a request that can't be written
    LostAnswer        bytes went out and no usable answer came: the carrier may have acted

It runs on any event loop; on uvloop a request costs some 15 µs of CPU, a tenth of what a general client takes.
"""

import asyncio
import select
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, TypeVar, cast
from urllib.parse import urlsplit

import httptools

from gateway.carriers.wire import HttpRequest, HttpResponse, LostAnswer, NotSent

__all__ = ["HttpSender", "LostAnswer", "NotSent", "http_sender"]

ANSWER_LIMIT: Final = 1 << 20  # bytes of one answer on the wire, its head included; carriers answer in hundreds
IDLE_S: Final = 5.0  # carriers close idle connections after 10 s and more: ours go first, or a request meets the closing
MOST_ORIGINS: Final = 1_000  # remembered; then those at rest are forgotten
_PORTS: Final = {"http": 80, "https": 443}
T = TypeVar("T")
Answer = HttpResponse | NotSent | LostAnswer
Done = Callable[[Answer], None]
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]  # host and port -> addresses to connect to, in order; raises NotSent, OSError


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where connections lead."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


@lru_cache(maxsize=256)
def _place(base: str) -> tuple[_Origin, str]:
    """Origin and path of a URL without its query. Raises ValueError where it is no http(s) URL."""
    parts = urlsplit(base)
    if parts.scheme not in _PORTS or not parts.hostname or parts.username is not None:
        raise ValueError("no absolute http or https URL")
    return _Origin(parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]), parts.path or "/"


def _message(request: HttpRequest) -> tuple[_Origin, bytes]:
    """Where `request` goes, and its bytes. Raises NotSent; the text never repeats a query."""
    base, mark, query = request.url.partition("?")
    try:
        origin, path = _place(base)
    except ValueError as why:
        raise NotSent(f"the carrier's URL can't be used: {why}") from None
    lines = [f"{request.method} {path}{mark}{query} HTTP/1.1", f"Host: {origin}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    if request.body or request.method != "GET":
        lines.append(f"Content-Length: {len(request.body)}")
    head = "\r\n".join([*lines, "", ""])
    breaks = len(lines) + 1
    if not _is_encoded(request.url) or head.count("\r") != breaks or head.count("\n") != breaks:
        raise NotSent(f"{origin}: the request holds a character that would break its lines")
    try:
        return origin, head.encode("latin-1") + request.body
    except UnicodeEncodeError:  # its text would repeat the header
        raise NotSent(f"{origin}: a header's value is not Latin-1") from None


def _is_encoded(url: str) -> bool:
    """Whether `url` is percent-encoded: nothing in it ends the request line, and it has no fragment."""
    return url.isascii() and url.isprintable() and " " not in url and "#" not in url


class _Connection(asyncio.Protocol):
    """One connection, one exchange at a time. httptools calls the on_… methods; a parser serves one message."""

    def __init__(self, origin: _Origin, still_open: "set[_Connection]") -> None:
        self._origin = origin
        self._open = still_open  # all connections of the sender
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._done: Done | None = None  # whoever waits for the answer under way
        self._timer: asyncio.TimerHandle | None = None
        self._idle_since = 0.0
        self._readable: Callable[[], bool] = bool
        self._status = self._seen = 0  # of the answer under way
        self._keep = self._framed = False
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self.gone: asyncio.Future[None] = self._loop.create_future()

    # -- for the pool

    def exchange(self, message: bytes, timeout_s: float, done: Done) -> None:
        """Write `message`, once. `done` is called once, later, with the answer or LostAnswer. Raises NotSent."""
        if self._transport is None or self._transport.is_closing():
            raise NotSent(f"{self._origin}: the connection was closed at once")
        self._parser = httptools.HttpResponseParser(self)
        self._status = self._seen = 0
        self._keep = self._framed = False
        self._headers, self._body = {}, []
        self._done = done
        self._timer = self._loop.call_later(timeout_s, self._fail, f"no answer within {timeout_s:g} s")
        self._transport.write(message)

    def rest(self) -> bool:
        """After an exchange: whether the connection may serve another. If not, it is cut."""
        if self._keep and self._done is None and self._transport is not None and not self._transport.is_closing():
            self._idle_since = self._loop.time()
            return True
        self.cut()
        return False

    def fresh(self) -> bool:
        """Whether an idle connection is still good. A server's closing that the loop has not read yet shows at the socket."""
        if self._transport is None or self._transport.is_closing() or self._loop.time() - self._idle_since > IDLE_S:
            return False
        return not self._readable()

    def cut(self) -> None:
        """Drop the connection at once, and with it whatever it was doing."""
        self._settle()
        if self._transport is not None:
            self._transport.abort()

    def end(self, why: str = "the sender was closed before the whole answer came") -> None:
        """Give up: an exchange under way is lost."""
        self._fail(why)

    # -- for the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # by its methods: uvloop's inherits from nothing
        self._readable = _watch(transport.get_extra_info("socket").fileno())
        self._open.add(self)

    def data_received(self, data: bytes) -> None:
        if self._parser is None:  # nobody asked: a late or a second answer must not become the next one's
            self.cut()
            return
        self._seen += len(data)
        if self._seen > ANSWER_LIMIT:
            self._fail(f"the answer is longer than {ANSWER_LIMIT} bytes")
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._keep = False
            self._fail("the answer is not HTTP")

    def eof_received(self) -> None:
        if self._status >= 200 and not self._framed and self._done is not None:
            self._finish()  # RFC 9112 §6.3: without a length the end of the connection ends the body
        else:
            self._fail("the connection was closed before the whole answer came")

    def connection_lost(self, exc: Exception | None) -> None:
        self._open.discard(self)
        self.gone.set_result(None)
        self._fail("the connection was lost before the whole answer came")

    # -- for the parser

    def on_message_begin(self) -> None:
        if self._done is None:  # bytes behind a whole answer: never trust this connection again
            self._keep = False

    def on_header(self, name: bytes, value: bytes) -> None:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        self._headers[key] = f"{self._headers[key]}, {text}" if key in self._headers else text

    def on_headers_complete(self) -> None:
        if self._done is not None and self._parser is not None:
            self._status = self._parser.get_status_code()
            self._framed = "content-length" in self._headers or "transfer-encoding" in self._headers

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        if self._done is None or self._parser is None:
            return
        if self._status < 200:  # 100 and 103 go before the answer
            self._status = 0
            self._headers.clear()
            return
        self._keep = self._parser.should_keep_alive()  # only here: once the callback has returned it always says no
        self._finish()

    def _finish(self) -> None:
        done = self._done
        self._settle()
        if done is not None:
            done(HttpResponse(self._status, self._headers, b"".join(self._body)))

    def _fail(self, why: str) -> None:
        done = self._done
        self.cut()
        if done is not None:
            done(LostAnswer(f"{self._origin}: {why}"))

    def _settle(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._done = self._parser = None


def _watch(descriptor: int) -> Callable[[], bool]:
    """Tells whether a read would return at once: on an idle connection that is a closing, or bytes nobody asked for."""
    if not hasattr(select, "poll"):  # Windows
        return lambda: bool(select.select([descriptor], [], [], 0)[0])
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return lambda: bool(poll.poll(0))


@dataclass(slots=True)
class _Pool:
    """Connections to one origin: those at rest, the latest used first; how many more may be opened or used; who waits for one."""

    free: int
    idle: deque[_Connection] = field(default_factory=deque)
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)

    def take(self) -> _Connection | None:
        """A connection at rest that is still good; the others are cut."""
        while self.idle:
            connection = self.idle.pop()
            if connection.fresh():
                return connection
            connection.cut()
        return None

    async def enter(self) -> None:
        """Wait for one of the connections to be free."""
        if self.free > 0:
            self.free -= 1
            return
        place = asyncio.get_running_loop().create_future()
        self.waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():  # it was given to us all the same
                self.leave()
            raise

    def leave(self) -> None:
        """Let the next one in."""
        while self.waiting:
            place = self.waiting.popleft()
            if not place.done():
                place.set_result(None)
                return
        self.free += 1


class HttpSender:
    """Sends requests, each exactly once. `timeout_s` bounds the way to a connection, and then, again, the answer.

    `resolve` chooses the addresses of a host; without it the system does.
    """

    def __init__(self, timeout_s: float, connections: int = 64, tls: ssl.SSLContext | None = None, resolve: Resolve | None = None) -> None:
        self._timeout_s = timeout_s
        self._resolve = resolve
        self._connections = connections  # for each origin
        self._tls = tls
        self._pools: dict[_Origin, _Pool] = {}
        self._open: set[_Connection] = set()
        self._begun: set[asyncio.Task[None]] = set()
        self._closed = False

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        """The carrier's answer; redirects are answers too. Raises NotSent or LostAnswer. Cancelling cuts the connection."""
        origin, message = _message(request)
        pool = self._pool(origin)
        await self._enter(origin, pool)
        try:
            connection = pool.take() or await self._connect(origin)
            try:
                answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
                connection.exchange(message, self._timeout_s, lambda came: None if answer.done() else answer.set_result(came))
                came = await answer
            finally:
                if connection.rest():
                    pool.idle.append(connection)
        finally:
            pool.leave()
        if isinstance(came, HttpResponse):
            return came
        raise came

    def begin(self, request: HttpRequest, done: Done) -> Callable[[], None]:
        """The same for callers with thousands at once, without a task each where a connection is at rest: `done` is called once, later.

        What is returned gives up: `done` gets LostAnswer.
        """
        try:
            origin, message = _message(request)
        except NotSent as why:
            asyncio.get_running_loop().call_soon(done, why)
            return lambda: None
        pool = self._pool(origin)
        connection = pool.take() if pool.free > 0 and not self._closed else None
        if connection is None:
            return self._begin_slowly(request, done)
        pool.free -= 1

        def came(answer: Answer) -> None:
            if connection.rest():
                pool.idle.append(connection)
            pool.leave()
            done(answer)

        connection.exchange(message, self._timeout_s, came)
        return lambda: connection.end("given up")

    @staticmethod
    def ticks_us() -> int:
        """The machine's monotonic clock, µs: who writes the requests says by which clock."""
        return time.monotonic_ns() // 1000

    def _begin_slowly(self, request: HttpRequest, done: Done) -> Callable[[], None]:
        """With a task: a connection must be opened, or waited for."""

        async def work() -> None:
            answer: Answer
            try:
                answer = await self(request)
            except (NotSent, LostAnswer) as why:
                answer = why
            except asyncio.CancelledError:
                answer = LostAnswer("given up")
            done(answer)

        task = asyncio.ensure_future(work())
        self._begun.add(task)
        task.add_done_callback(self._begun.discard)

        def give_up() -> None:
            task.cancel()

        return give_up

    def _pool(self, origin: _Origin) -> _Pool:
        pool = self._pools.get(origin)
        if pool is None:
            if len(self._pools) >= MOST_ORIGINS:  # of carriers there are a few; who is called back may bring any number
                self._pools = {each: kept for each, kept in self._pools.items() if kept.idle or kept.free < self._connections}
            pool = self._pools[origin] = _Pool(self._connections)
        return pool

    async def _enter(self, origin: _Origin, pool: _Pool) -> None:
        if self._closed:
            raise NotSent(f"{origin}: the sender is closed")
        if pool.free > 0:
            await pool.enter()  # returns at once
            return
        try:
            async with asyncio.timeout(self._timeout_s):
                await pool.enter()
        except TimeoutError:
            raise NotSent(f"{origin}: no free connection within {self._timeout_s:g} s") from None

    async def _connect(self, origin: _Origin) -> _Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeout_s):
                addresses = (origin.host,) if self._resolve is None else await self._resolve(origin.host, origin.port)
                _, connection = await first_open(
                    addresses,
                    lambda address: loop.create_connection(
                        lambda: _Connection(origin, self._open),
                        address,
                        origin.port,
                        ssl=self._context() if origin.scheme == "https" else None,
                        server_hostname=origin.host if origin.scheme == "https" else None,
                    ),
                )
        except (OSError, UnicodeError) as why:  # TimeoutError and SSLError are OSErrors; UnicodeError: a host that is no name
            raise NotSent(f"{origin}: no connection ({type(why).__name__})") from why
        return connection

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls

    async def close(self) -> None:
        """Cut every connection; what was under way ends as LostAnswer."""
        self._closed = True
        ending = tuple(self._open)
        for connection in ending:
            connection.end()
        if self._begun:
            await asyncio.wait(self._begun, timeout=1.0)
        if ending:
            await asyncio.wait([connection.gone for connection in ending], timeout=1.0)


async def first_open(addresses: Sequence[str], connect: Callable[[str], Awaitable[T]]) -> T:
    """What `connect` makes of the first address that takes it. Raises the last one's OSError."""
    for address in addresses[:-1]:
        with suppress(OSError):
            return await connect(address)
    return await connect(addresses[-1])


@asynccontextmanager
async def http_sender(
    timeout_s: float, connections: int = 64, tls: ssl.SSLContext | None = None, resolve: Resolve | None = None
) -> AsyncIterator[HttpSender]:
    """A sender for the length of the block. `connections` a carrier; `tls`: trust other than the system's, for a carrier's own CA."""
    sender = HttpSender(timeout_s, connections, tls, resolve)
    try:
        yield sender
    finally:
        await sender.close()
