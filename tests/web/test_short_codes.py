"""Calls of V-COM, a classic SOAP partner and a RapidPro sender at a running listener: stored, and answered to the letter."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import select

from gateway.carriers.protocol import bound
from gateway.carriers.registry import CARRIERS
from gateway.domain.secret import Secret
from gateway.services.attachments import Attachments
from gateway.services.intake import open_intake
from gateway.services.scans import Scans
from gateway.storage.database import Database
from gateway.storage.schema import dlr
from gateway.storage.spool import Spool
from gateway.web.app import create_app
from gateway.web.hooks import Hook
from tests.carriers.more_fakes import NOW_MS
from tests.carriers.test_more import SAID, VCOM_MO, soap_answer, soap_mo
from tests.services.people import deployment, inbound, rows
from tests.web.conftest import SECRET, serve


@dataclass
class Codes:
    """A listener with three routes, and a client for it."""

    url: str
    database: Database
    session: aiohttp.ClientSession

    async def post(self, path: str, data: bytes, **headers: str) -> tuple[int, str, bytes]:
        async with self.session.post(self.url + path, data=data, headers=headers) as answer:
            return answer.status, answer.headers["Content-Type"], await answer.read()


@pytest.fixture
async def codes(database: Database, tmp_path: Path, keyring) -> AsyncIterator[Codes]:
    partner = bound(CARRIERS["classic-soap"], {"received": "1"})
    hooks = [
        Hook("vcom", CARRIERS["vcom"], Secret("in-the-path"), key=Secret("sk")),
        Hook("soap", partner, Secret(SECRET)),
        Hook("tra-loi", partner, Secret(SECRET), in_response=True),
        Hook("pro", CARRIERS["rapidpro"], Secret(SECRET)),
    ]
    handler, spool = inbound(database), Spool(tmp_path / "spool", keyring)
    opened = open_intake(database, spool, at_once=handler.at_once, in_response={"tra-loi"}, patience_s=20)
    async with opened as intake, aiohttp.ClientSession() as session:
        app = create_app(
            deployment=deployment(), database=database, intake=intake, scans=Scans(), hooks=hooks, clock=lambda: NOW_MS,
            is_dispatching=lambda: True, attachments=Attachments(database, tmp_path / "attachments"),
        )  # fmt: skip
        runner, url = await serve(app)
        yield Codes(url, database, session)
        await runner.cleanup()


async def test_a_vcom_mo_is_stored_and_answered_in_their_words(codes: Codes) -> None:
    told = await codes.post("/hooks/vcom/mo", json.dumps(VCOM_MO).encode())
    assert told == (200, "application/json", b'{"data":{"code":200,"status":"success","message":""}}')
    (row,) = await rows(codes.database)
    assert (row.carrier_id, row.sender, row.receiver, row.text) == ("R1", "+84901234567", "8179", "TIN ngap thon 3")


async def test_of_a_hundred_vcom_calls_with_one_true_checksum_one_is_stored(codes: Codes) -> None:
    """Each no comes under HTTP 200, as they want it, and leaves no row."""
    for at in range(100):
        forged = VCOM_MO | ({} if at == 41 else {"request_id": f"F{at}"})
        status, _, body = await codes.post("/hooks/vcom/mo?secret=in-the-path", json.dumps(forged).encode())
        assert (status, next(iter(json.loads(body)))) == (200, "data" if at == 41 else "errors")
    assert [row.carrier_id for row in await rows(codes.database)] == ["R1"]


async def test_a_soap_mo_is_answered_under_its_operation(codes: Codes) -> None:
    call = soap_mo("receiverMO", **SAID)
    told = await codes.post(f"/hooks/soap/mo?secret={SECRET}", call.body)
    assert told == (200, "text/xml; charset=utf-8", soap_answer("receiverMO", "1"))
    (row,) = await rows(codes.database)
    assert (row.carrier_id, row.text) == ("77", "TIN mộ & bia")
    assert (await codes.post("/hooks/soap/mo?secret=sai", call.body))[0] == 403


async def test_a_soap_reply_rides_in_the_answer(codes: Codes) -> None:
    call = soap_mo("moReceiver", **SAID | {"Message": "LS TN07 co 2 mo"})
    status, _, body = await codes.post(f"/hooks/tra-loi/mo?secret={SECRET}", call.body)
    assert status == 200
    assert b"<moReceiverReturn>0|" in body


async def test_a_soap_call_that_can_not_be_read_is_kept_for_the_desk(codes: Codes) -> None:
    assert (await codes.post(f"/hooks/soap/mo?secret={SECRET}", b"<!DOCTYPE x><x/>"))[0] == 200
    assert [row.state for row in await rows(codes.database)] == ["unreadable"]


@pytest.mark.parametrize(("word", "status"), [("sent", "accepted"), ("delivered", "delivered"), ("failed", "failed")])
async def test_a_rapidpro_report_tells_its_status_in_the_address(codes: Codes, word: str, status: str) -> None:
    told = await codes.post(f"/hooks/pro/dlr/{word}?secret={SECRET}", b"id=REF00001")
    assert told == (200, "application/json", b'{"message":"Accepted"}')
    async with codes.database.read() as connection:
        (row,) = (await connection.execute(select(dlr.c.ref, dlr.c.ours, dlr.c.status))).all()
    assert (row.ref, row.ours, row.status) == ("REF00001", True, status)


async def test_a_rapidpro_mo(codes: Codes) -> None:
    assert (await codes.post(f"/hooks/pro/mo?secret={SECRET}", "from=%2B84300000101&text=LS mộ".encode()))[0] == 200
    assert [(row.sender, row.text) for row in await rows(codes.database)] == [("+84300000101", "LS mộ")]
