"""docs/examples/tinbao_client.py against the running API: what we show to others must work as it stands."""

import asyncio
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from aiohttp import web

from gateway.domain.secret import Secret
from gateway.domain.webhook import signature
from tests.services.people import NOW
from tests.services.tip_rows import make_tip
from tests.web.api.conftest import Door
from tests.web.conftest import serve

FILE = Path(__file__).parents[3] / "docs" / "examples" / "tinbao_client.py"


@pytest.fixture(scope="module")
def example() -> ModuleType:
    """The file as a module."""
    spec = importlib.util.spec_from_file_location("tinbao_client", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


async def test_send_follow_read(door: Door, example: ModuleType) -> None:
    """Every method of it, over a socket."""
    crm = await door.client()
    for _ in range(3):
        await make_tip(door.database)

    def use() -> None:
        client = example.Client(door.url, crm.added.token.reveal())
        texts = [example.Text(f"+84300000{at:03d}", "Mời bà con họp thôn") for at in range(60)]
        sent = client.send(texts, key="hop-thon")
        assert [each["id"] for each in client.send(texts, key="hop-thon")] == [each["id"] for each in sent]
        assert client.message(sent[7]["id"])["state"] == "queued"
        assert [each["id"] for each in client.messages()] == [each["id"] for each in sent]
        assert list(client.messages("sent")) == []
        tips = list(client.tips())
        assert len(tips) == 3
        assert list(client.tips(tips[-1][1])) == []
        assert client.tip(tips[0][0]["code"]) == tips[0][0]
        assert client.routes() == [{"name": "vn", "state": "open"}]
        assert client.me()["name"] == "crm"
        assert len(client.set_webhook("https://example.org/h", ["mt.settled"])) == 43
        assert client.test_webhook().startswith("test:")
        client.drop_webhook()

    await asyncio.to_thread(use)


async def test_errors_are_exceptions(door: Door, example: ModuleType) -> None:
    """With the word for programs; the token and the words stand in none of them."""
    crm = await door.client(scopes=("send",))

    def use() -> None:
        client = example.Client(door.url, crm.added.token.reveal())
        for call, code in (
            (lambda: client.send([example.Text("+99900000000", "kín")]), "bad-body"),
            (lambda: client.message("A" * 16), "scope"),
            (lambda: example.Client(door.url, "crm.no").me(), "bad-token"),
        ):
            with pytest.raises(example.ApiError) as found:
                call()
            assert found.value.code == code
            assert "kín" not in repr(found.value)
        assert crm.added.secret.reveal() not in repr(client)
        assert "kín" not in repr(example.Text("+84300000101", "kín"))

    await asyncio.to_thread(use)


async def test_it_waits_where_the_gateway_says_so(example: ModuleType) -> None:
    """Retry-After, then the same call with the same key; a page of a proxy's own is an error too."""
    keys: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) < 3:
            return web.Response(status=503, headers={"Retry-After": "0"}, text="<html>")
        return web.json_response({"items": [{"id": "A" * 16}]}, status=202)

    app = web.Application()
    app.router.add_post("/api/v1/messages", answer)
    runner, url = await serve(app)
    try:
        client = example.Client(url, "crm.secret")
        [sent] = await asyncio.to_thread(client.send, [example.Text("+84300000101", "a")])
        assert (sent["id"], len(keys), len(set(keys))) == ("A" * 16, 3, 1)
        keys.clear()
        with pytest.raises(example.ApiError):
            await asyncio.to_thread(example.Client(url, "crm.secret", tries=2).send, [example.Text("+84300000101", "a")])
        assert len(keys) == 2
    finally:
        await runner.cleanup()


def test_a_webhook_call_is_opened(example: ModuleType) -> None:
    """As we sign it; changed, by another secret, or of another time it is refused."""
    body = json.dumps({"id": "mt.settled:A:sent", "event": "mt.settled", "at": NOW, "data": {}}).encode()
    now_s = NOW // 1000
    header = signature(Secret("s"), now_s, body)
    assert example.opened("s", header, body, now_s)["event"] == "mt.settled"
    assert example.opened("s", header, body, now_s + 300)
    wrong: list[tuple[Any, ...]] = [
        ("x", header, body, now_s),
        ("s", header, body + b" ", now_s),
        ("s", header, body, now_s + 301),
        ("s", header, body, now_s - 301),
        ("s", header.replace("t=1", "t=2"), body, now_s),
        ("s", header.partition(",")[0], body, now_s),
        ("s", "", body, now_s),
        ("s", "t=ê,v1=ê", body, now_s),
        ("s", ",,,=,=", body, now_s),
    ]
    for each in wrong:
        with pytest.raises(example.BadSignature):
            example.opened(*each)
