"""Each request goes out exactly once, whatever the other side does with it: a raw server that counts, and lies as told."""

import asyncio
import datetime
import ipaddress
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.carriers.wire import HttpRequest, HttpResponse
from gateway.transport import ANSWER_LIMIT, HttpSender, LostAnswer, NotSent, http_sender

MARK = "84300000101"  # stands in every query: no error may repeat it
OK = b"HTTP/1.1 202 Accepted\r\nContent-Length: 25\r\nContent-Type: text/plain\r\n\r\n0: Accepted for delivery\n"


class Liar:
    """A server that reads whole requests, counts them, and then does `act(transport, nth)`."""

    def __init__(self, act: Callable[[asyncio.Transport, int], None]) -> None:
        self.act = act
        self.seen: list[bytes] = []
        self.connections = self.open = self.most = 0
        self.closed = asyncio.Event()
        self.url = ""


class _Peer(asyncio.Protocol):
    def __init__(self, liar: Liar) -> None:
        self.liar = liar
        self.got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.liar.connections += 1
        self.liar.open += 1
        self.liar.most = max(self.liar.most, self.liar.open)

    def data_received(self, data: bytes) -> None:
        self.got += data
        while b"\r\n\r\n" in self.got:
            head, _, rest = self.got.partition(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
            if len(rest) < length:
                return
            self.got = rest[length:]
            self.liar.seen.append(head + b"\r\n\r\n" + rest[:length])
            self.liar.act(self.transport, len(self.liar.seen))

    def connection_lost(self, exc: Exception | None) -> None:
        self.liar.open -= 1
        self.liar.closed.set()


@asynccontextmanager
async def lying(act: Callable[[asyncio.Transport, int], None], tls: ssl.SSLContext | None = None) -> AsyncIterator[Liar]:
    liar = Liar(act)
    server = await asyncio.get_running_loop().create_server(lambda: _Peer(liar), "127.0.0.1", 0, ssl=tls)
    liar.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}/sms"
    try:
        yield liar
    finally:
        server.close()


def get(liar: Liar, text: str = "xin chao") -> HttpRequest:
    return HttpRequest("GET", f"{liar.url}?to=%2B{MARK}&text={text.replace(' ', '%20')}")


def reset(transport: asyncio.Transport, nth: int) -> None:
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def answer(*parts: bytes, close: bool = False) -> Callable[[asyncio.Transport, int], None]:
    def act(transport: asyncio.Transport, nth: int) -> None:
        for part in parts:
            transport.write(part)
        if close:
            transport.close()

    return act


async def lost(send: HttpSender, request: HttpRequest) -> str:
    """The text of the LostAnswer that `request` ends in; neither it nor its cause repeats the query."""
    with pytest.raises(LostAnswer) as caught:
        await send(request)
    assert MARK not in f"{caught.value!r} {caught.value} {caught.value.__cause__!r} {caught.value.__context__!r}"
    return str(caught.value)


async def test_a_telco_that_reads_counts_and_resets_gets_each_get_once():
    """1,000 GETs, 1,000 times on the wire, and each may have been sent."""
    async with lying(reset) as liar, http_sender(5, connections=16) as send:
        outcomes = await asyncio.gather(*(send(get(liar, f"n{number}")) for number in range(1000)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [LostAnswer] * 1000
    assert len(liar.seen) == len(set(liar.seen)) == 1000


async def test_a_kept_connection_that_resets_under_the_second_get_is_no_reason_to_repeat_it():
    """The trap that doubles an SMS: the first request made the connection, the second meets its end."""

    def act(transport: asyncio.Transport, nth: int) -> None:
        transport.write(OK) if nth % 2 else reset(transport, nth)

    async with lying(act) as liar, http_sender(5) as send:
        for _ in range(100):
            assert (await send(get(liar))).status == 202
            assert "lost before the whole answer" in await lost(send, get(liar))
    assert (len(liar.seen), liar.connections) == (200, 100)


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (answer(close=True), "closed before the whole answer"),
        (answer(), "no answer within 0.05 s"),
        (answer(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", close=True), "closed before the whole answer"),
        (answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal", close=True), "closed before the whole answer"),
        (answer(b"HTTP/1.1 200 OK\r\nContent-Len", close=True), "closed before the whole answer"),
        (answer(b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n", b"x" * 5_000_000), f"longer than {ANSWER_LIMIT} bytes"),
        (answer(b"HTTP/1.1 200 OK\r\n", b"X: " + b"y" * 2_000_000), f"longer than {ANSWER_LIMIT} bytes"),
        (answer(b"220 mail.example ESMTP\r\n"), "not HTTP"),
        (answer(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"), ""),
        (answer(b"HTTP/1.1 100 Continue\r\n\r\n", close=True), "closed before the whole answer"),
    ],
    ids=["drop", "stall", "half a body", "half a chunk", "half a head", "5 MB", "endless head", "not HTTP", "upgrade", "only 100"],
)
async def test_no_usable_answer_is_a_lost_answer(act: Callable[[asyncio.Transport, int], None], words: str):
    """One request on the wire each time; the connection is cut and the next request takes another."""
    async with lying(act) as liar, http_sender(0.05) as send:
        assert words in await lost(send, get(liar))
        await liar.closed.wait()
        liar.act = answer(OK)
        assert (await send(get(liar))).status == 202
    assert (len(liar.seen), liar.connections) == (2, 2)


@pytest.mark.parametrize(
    ("act", "body", "connections"),
    [
        (answer(OK), b"0: Accepted for delivery\n", 1),
        (answer(*(OK[at : at + 1] for at in range(len(OK)))), b"0: Accepted for delivery\n", 1),
        (answer(b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n0: \r\n2\r\nok\r\n0\r\n\r\n"), b"0: ok", 1),
        (answer(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok"), b"ok", 1),
        (answer(b"HTTP/1.1 202 Accepted\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"), b"ok", 3),
        (answer(b"HTTP/1.1 202 Accepted\r\n\r\nto the end", close=True), b"to the end", 3),
        (answer(b"HTTP/1.0 202 Accepted\r\nContent-Length: 2\r\n\r\nok", close=True), b"ok", 3),
        (answer(OK, close=True), b"0: Accepted for delivery\n", 3),  # promised to stay and left: seen before the next request is written
        (
            answer(OK, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother"),
            b"0: Accepted for delivery\n",
            3,
        ),  # must not answer the next one
    ],
    ids=["whole", "byte by byte", "chunked", "100 first", "close", "until the end", "HTTP/1.0", "leaves", "two answers"],
)
async def test_three_requests_get_their_own_answers(act: Callable[[asyncio.Transport, int], None], body: bytes, connections: int):
    async with lying(act) as liar, http_sender(5) as send:
        got = [await send(get(liar, f"n{number}")) for number in range(3)]
    assert [(response.status, response.body) for response in got] == [(202, body)] * 3
    assert (len(liar.seen), liar.connections) == (3, connections)


async def test_a_redirect_is_an_answer():
    """Following it would carry the password along."""
    async with lying(answer(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")) as liar, http_sender(5) as send:
        assert await send(get(liar)) == HttpResponse(302, {"location": "/elsewhere", "content-length": "0"}, b"")
    assert len(liar.seen) == 1


async def test_what_is_written():
    """Prebuilt bytes: nothing that the carrier did not ask for."""
    async with lying(answer(OK)) as liar, http_sender(5) as send:
        await send(HttpRequest("POST", f"{liar.url}?a=1", {"Content-Type": "application/json"}, b"{}"))
        host = liar.url.split("/")[2]
    assert liar.seen == [
        f"POST /sms?a=1 HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}".encode()
    ]


async def test_repeated_headers_are_joined():
    async with lying(answer(b"HTTP/1.1 204 No Content\r\nX-A: 1\r\nx-a: 2\r\n\r\n")) as liar, http_sender(5) as send:
        assert (await send(get(liar))).headers == {"x-a": "1, 2"}


async def test_cancelling_cuts_the_connection():
    async with lying(answer()) as liar, http_sender(5) as send:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await send(get(liar))
        await liar.closed.wait()
        liar.act = answer(OK)
        assert (await send(get(liar))).status == 202
    assert (len(liar.seen), liar.connections) == (2, 2)


async def test_no_more_connections_than_allowed():
    async with lying(answer(OK)) as liar, http_sender(5, connections=3) as send:
        got = await asyncio.gather(*(send(get(liar, f"n{number}")) for number in range(60)))
    assert {response.status for response in got} == {202}
    assert (len(liar.seen), liar.most) == (60, 3)


async def test_waiting_in_vain_for_a_free_connection_is_not_sent():
    async with lying(answer()) as liar, http_sender(0.05, connections=1) as send:
        outcomes = await asyncio.gather(send(get(liar)), send(get(liar)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {LostAnswer, NotSent}
    assert len(liar.seen) == 1


async def test_closing_the_sender_loses_what_was_under_way():
    async with lying(answer()) as liar:
        async with http_sender(5) as send:
            under_way = asyncio.ensure_future(send(get(liar)))
            while not liar.seen:
                await asyncio.sleep(0)
        with pytest.raises(LostAnswer, match="closed"):
            await under_way
        with pytest.raises(NotSent, match="closed"):
            await send(get(liar))


@pytest.mark.parametrize(
    "request_",
    [
        HttpRequest("GET", f"http://127.0.0.1:1/sms?to={MARK}"),
        HttpRequest("GET", f"http://{'a' * 70}.example/sms?to={MARK}"),
        HttpRequest("GET", f"ftp://127.0.0.1/sms?to={MARK}"),
        HttpRequest("GET", f"http://u:p@127.0.0.1/sms?to={MARK}"),
        HttpRequest("GET", f"http://127.0.0.1:99999/sms?to={MARK}"),
        HttpRequest("GET", f"http://127.0.0.1:1/sms?to={MARK}&text=a b"),
        HttpRequest("GET", f"http://127.0.0.1:1/sms?to={MARK}&text=à"),
        HttpRequest("GET", f"http://127.0.0.1:1/sms?to={MARK} HTTP/1.1\r\nX: y"),
        HttpRequest("GET", f"http://127.0.0.1:1/sms?to={MARK}", {"X": f"{MARK}\r\nY: z"}),
        HttpRequest("GET", f"http://127.0.0.1:1/sms?to={MARK}", {"X": f"{MARK} đ"}),
    ],
    ids=["refused", "no name", "no http", "credentials", "no port", "blank", "accent", "header injected", "header value", "not Latin-1"],
)
async def test_nothing_left_this_machine(request_: HttpRequest):
    async with http_sender(5) as send:
        with pytest.raises(NotSent) as caught:
            await send(request_)
    assert MARK not in f"{caught.value!r} {caught.value.__cause__!r} {caught.value}"


@pytest.fixture(scope="module")
def self_signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody signed, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "telco.example")])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
    path = tmp_path_factory.mktemp("tls") / "telco.pem"
    plain = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM) + plain)
    return path


async def test_a_certificate_that_nobody_signed_is_refused(self_signed: Path):
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(self_signed)
    async with lying(answer(OK), tls) as liar, http_sender(5) as send:
        with pytest.raises(NotSent, match="SSLCertVerificationError"):
            await send(get(liar))
    assert liar.seen == []


async def test_a_trusted_certificate_carries_requests_on_one_connection(self_signed: Path):
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(self_signed)
    async with lying(answer(OK), tls) as liar, http_sender(5, tls=ssl.create_default_context(cafile=str(self_signed))) as send:
        assert [(await send(get(liar))).status for _ in range(3)] == [202] * 3
    assert len(liar.seen) == 3
