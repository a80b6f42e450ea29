"""Calls to outside systems: each thing told at least once, by one call, signed, in its time, and to nobody inside our network."""

import asyncio
import hashlib
import hmac
import json
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web
from sqlalchemy import event as sqlalchemy_event

from gateway.carriers.wire import LostAnswer, NotSent, PrivateTarget
from gateway.domain.message import DlrStatus
from gateway.services import callbacks as service
from gateway.services.callbacks import GIVE_UP_MS, LEASE_MS, Callback, Callbacks, queue, wait_ms, want_report, want_reports
from gateway.services.mt_reports import WantedReport, check_report_url
from gateway.services.outward import event
from gateway.services.refusal import Refusal
from gateway.storage import callbacks as rows
from gateway.storage import clients, erasing, inbox, outbox
from gateway.storage.clients import Client
from gateway.storage.database import Database
from gateway.storage.inbox import NewDlr
from gateway.storage.schema import callback, mt_report
from tests.harness import eventually
from tests.services.outside_rows import HOST, SECRET, Clock, a_client, an_mt, calling, calls, moves, refusing, rounds, theirs
from tests.services.people import ALICE, NOW

DLR = "/dlr?st=%d&id=%I&smsc=%i&from=%p&to=%P&said=%A&fid=%F"


async def tell(database: Database, client: Client, url: str, key: str = "k1", **more) -> None:
    """Queue one plain call."""
    call = Callback(client, "dlr", more.pop("method", "GET"), url, key, **more)
    await database.write(lambda connection: queue(connection, call, now=NOW))


async def wants(database: Database, client: Client, mt_id: int, mask: int, url: str | None, **more) -> None:
    wanted = WantedReport(mt_id, mask, url, **more)
    await database.write(lambda connection: want_reports(connection, client, [wanted], NOW))


def values(path: str) -> dict[str, str]:
    return {name: found[0] for name, found in parse_qs(urlsplit(path).query).items()}


# --- one call ---


async def test_a_call_arrives_once(database: Database) -> None:
    """The same thing queued twice is called once, and what it held is gone when it is over."""
    clock = Clock()
    client = await a_client(database)
    async with theirs() as server, calling(database, clock) as made:
        for _ in range(2):
            await tell(database, client, f"{server.url}/a?x=1", method="POST", headers={"X-A": "b"}, body="xin chào")
        await rounds(made, clock)
        clock.now += LEASE_MS * 2
        await rounds(made, clock)
    assert [(method, path, body) for method, path, _, body in server.seen] == [("POST", "/a?x=1", "xin chào")]
    assert server.seen[0][2]["X-A"] == "b"
    (row,) = await calls(database)
    assert (row.state, row.url, row.headers, row.body, row.ended_at) == ("done", None, None, None, NOW)


async def test_the_loop_wakes(database: Database) -> None:
    """What is queued while it runs is called by itself; the stop ends it."""
    client, stop = await a_client(database), asyncio.Event()
    async with theirs() as server, calling(database, Clock()) as made:
        running = asyncio.create_task(made.run(stop))
        await tell(database, client, f"{server.url}/a")
        made.wake.set()
        await eventually(lambda: _is(database, "done"))
        stop.set()
        await running
    assert len(server.seen) == 1


async def _is(database: Database, state: str) -> bool:
    return [row.state for row in await calls(database)] == [state]


async def test_killed_between_call_and_settle_it_is_called_again(database: Database) -> None:
    """The process dies with the answer in its hands: when the lease is over, another calls again, and not before."""
    clock = Clock()
    client = await a_client(database)
    async with theirs() as server:
        async with calling(database, clock) as dead:
            await tell(database, client, f"{server.url}/a")
            await dead.once(clock.now)
            await dead.wake.wait()  # the answer is here
            dead._finished.clear()  # and the process is not
        async with calling(database, clock) as made:
            await rounds(made, clock)
            assert (len(server.seen), [row.state for row in await calls(database)]) == (1, ["waiting"])
            clock.now += LEASE_MS
            await rounds(made, clock)
    assert (len(server.seen), [row.state for row in await calls(database)]) == (2, ["done"])


async def test_a_process_that_stops_cuts_what_is_under_way_and_it_goes_again(database: Database) -> None:
    clock, silent = Clock(), asyncio.Event()

    async def hang(request: web.Request) -> web.Response:
        await silent.wait()
        return web.Response()

    client = await a_client(database)
    async with theirs(hang) as server, calling(database, clock) as made:
        await tell(database, client, f"{server.url}/a")
        await made.once(clock.now)
        await eventually(lambda: _called(server, 1))
        for task in tuple(made._calls):
            task.cancel()
        await made.close()
        silent.set()
        clock.now += LEASE_MS
        await rounds(made, clock)
    assert len(server.seen) == 2


async def test_a_call_that_comes_back_after_others_were_settled_is_settled_too(database: Database) -> None:
    """Else it would be made again when its lease is over."""
    clock, answers = Clock(), asyncio.Event()

    async def slow(request: web.Request) -> web.Response:
        await answers.wait()
        return web.Response()

    client = await a_client(database)
    async with theirs(slow) as late, theirs() as quick, calling(database, clock) as made:
        await tell(database, client, f"{late.url}/a", "late")
        await made.once(clock.now)
        await eventually(lambda: _called(late, 1))
        await tell(database, client, f"{quick.url}/b", "quick")
        await made.once(clock.now)
        await eventually(lambda: _settled(database, made, clock, 1))
        answers.set()
        await eventually(lambda: _settled(database, made, clock, 2))
    assert (len(late.seen), len(quick.seen)) == (1, 1)


async def _settled(database: Database, made: Callbacks, clock: Clock, times: int) -> bool:
    await made.once(clock.now)
    return sum(row.state == "done" for row in await calls(database)) >= times


async def _called(server, times: int) -> bool:
    return len(server.seen) >= times


def test_waits_double_to_an_hour() -> None:
    assert [wait_ms(attempts) // 1000 for attempts in (1, 2, 3, 4, 9, 10, 99)] == [10, 20, 40, 80, 2560, 3600, 3600]


async def test_it_backs_off_and_dies_after_three_days(database: Database) -> None:
    """A server that says 500 is called again after 10 s, 20 s, 40 s …; after three days the call is dead, and keeps what it holds."""
    clock = Clock()
    client = await a_client(database)

    async def broken(request: web.Request) -> web.Response:
        return web.Response(status=500)

    at: list[int] = []
    async with theirs(broken) as server, calling(database, clock) as made:
        await tell(database, client, f"{server.url}/a")
        while (row := (await calls(database))[0]).state == "waiting":
            clock.now = row.due_at
            at.append(clock.now - NOW)
            await rounds(made, clock)
    assert [after // 1000 for after in at[:5]] == [0, 10, 30, 70, 150]
    assert max(later - earlier for earlier, later in pairwise(at)) == 3_600_000
    assert GIVE_UP_MS <= at[-1] < GIVE_UP_MS + 3_600_000
    assert (row.state, row.why, row.url) == ("dead", "HTTP 500", f"{server.url}/a")
    assert len(server.seen) == len(at) == row.attempts


@pytest.mark.parametrize(
    ("raised", "why"),
    [
        (NotSent("127.0.0.1:1: no connection"), "no connection"),
        (LostAnswer("127.0.0.1:1: no answer within 10 s"), "no whole answer"),
        (PrivateTarget("inside"), "its address leads into a private network"),
    ],
)
async def test_why_it_failed_is_said_in_our_words(database: Database, raised: Exception, why: str) -> None:
    """Never the address, which holds numbers."""
    clock = Clock()
    client = await a_client(database)
    made = Callbacks(database, refusing(raised), refusing(raised), (), {}, clock)
    await tell(database, client, "https://crm.example/a?n=84300000011")
    await rounds(made, clock)
    (row,) = await calls(database)
    assert (row.state, row.why, row.due_at) == ("waiting", why, NOW + 10_000)


async def test_a_redirect_is_not_followed(database: Database) -> None:
    """It could lead inside; it is a failure like any other."""
    clock = Clock()
    client = await a_client(database)

    async def elsewhere(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/secret"})

    async with theirs(elsewhere) as server, calling(database, clock) as made:
        await tell(database, client, f"{server.url}/a")
        await rounds(made, clock)
    assert [path for _, path, _, _ in server.seen] == ["/a"]
    assert [(row.state, row.why) for row in await calls(database)] == [("waiting", "HTTP 302")]


async def test_a_revoked_client_is_told_nothing(database: Database) -> None:
    clock = Clock()
    client = await a_client(database)
    async with theirs() as server, calling(database, clock) as made:
        await tell(database, client, f"{server.url}/a")
        await database.write(lambda connection: clients.revoke(connection, client.id, NOW))
        await rounds(made, clock)
    assert server.seen == []
    assert [(row.state, row.url) for row in await calls(database)] == [("dropped", None)]


# --- where a call may lead ---


@pytest.mark.parametrize(("by_client", "by_settings", "arrives"), [(1, 1, True), (1, 0, False), (0, 1, False), (0, 0, False)])
async def test_inside_only_where_both_lists_name_it(database: Database, by_client: int, by_settings: int, arrives: bool) -> None:
    """`localhost.localdomain`-like names too: what counts is where the name leads when it is called."""
    clock = Clock()
    client = await a_client(database, callback_hosts=(HOST,) if by_client else ())
    async with theirs() as server, calling(database, clock, (HOST,) if by_settings else ()) as made:
        await tell(database, client, f"{server.url}/a")
        await rounds(made, clock)
    (row,) = await calls(database)
    assert (len(server.seen), row.state == "done") == (int(arrives), arrives)
    if not arrives:
        assert "private network" in row.why


@pytest.mark.parametrize(
    "url",
    ["ftp://crm.example/a", "https://u:p@crm.example/", "//crm.example", "https:///a", "http://10.0.0.1/", "http://x.example/a b", "x"],
)
async def test_an_address_that_cannot_be_called_is_dead_at_once(database: Database, url: str) -> None:
    """Queued all the same, so that the doctor names it; it keeps what it tells, for when the address is put right."""
    client = await a_client(database, callback_hosts=())
    await tell(database, client, url)
    (row,) = await calls(database)
    assert (row.state, row.url, row.target) == ("dead", url, "")
    assert row.why
    assert url not in row.why


def test_a_dlr_url_is_refused_at_the_door() -> None:
    client = Client(1, "crm", "thong-nhat", ("send",))
    check_report_url(client, "https://crm.example/dlr?st=%d&n=%p&said=%A")
    for url in ("gopher://x/", "http://127.0.0.1/dlr", "http://[::1]/", "http://localhost:80/", "http://%i/"):
        with pytest.raises(Refusal, match="dlr-url"):
            check_report_url(client, url)


# --- webhooks ---


def verified(header: str, body: str, secret: str) -> bool:
    """As a client would, by its own means."""
    parts = dict(part.split("=", 1) for part in header.split(","))
    signed = hmac.new(secret.encode(), f"{parts['t']}.{body}".encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(signed, parts["v1"])


async def test_a_webhook_is_signed_anew_each_time(database: Database) -> None:
    """With the time of the very attempt, by the secret as it is now, to the address as it is now."""
    clock, answers = Clock(), iter([503, 200])

    async def second(request: web.Request) -> web.Response:
        return web.Response(status=next(answers))

    async with theirs(second) as server, calling(database, clock) as made:
        client = await a_client(database, webhook_url=f"{server.url}/old")
        told = event(client, "tip.received", "tip.received:TB1", NOW, {"tip": "TB1", "note": "đã nhận"})
        await database.write(lambda connection: queue(connection, told, now=NOW))
        await rounds(made, clock)
        clock.now += 10_000
        await database.write(lambda c: clients.set_webhook(c, client.id, f"{server.url}/new", client.webhook_secret, client.events))
        await rounds(made, clock)
    (_, first, head, body), (_, then, later, same) = server.seen
    assert (first, then, body == same) == ("/old", "/new", True)
    for headers, at in ((head, NOW), (later, NOW + 10_000)):
        assert headers["Tinbao-Signature"].startswith(f"t={at // 1000},v1=")
        assert verified(headers["Tinbao-Signature"], body, SECRET)
        assert not verified(headers["Tinbao-Signature"], f"{body} ", SECRET)
        assert not verified(headers["Tinbao-Signature"], body, "another")
    assert json.loads(body) == {
        "id": "tip.received:TB1", "event": "tip.received", "at": NOW, "data": {"tip": "TB1", "note": "đã nhận"}
    }  # fmt: skip


# --- what became of an MT ---


async def test_a_dlr_url_is_called_as_kannel_would(database: Database) -> None:
    """Accepted, then delivered; each once, with Kannel's values."""
    clock = Clock()
    client = await a_client(database)
    mt_id = await an_mt(database)
    async with theirs() as server, calling(database, clock) as made:
        await wants(database, client, mt_id, 31, f"{server.url}{DLR}")
        await rounds(made, clock)
        assert server.seen == []
        await moves(database, mt_id, state="sent", carrier_ref="tel-42", sent_at=NOW)
        await rounds(made, clock)
        await moves(database, mt_id, state="delivered", code="000")
        await later(made, clock)
        await later(made, clock)
    told = [values(path) for _, path, _, _ in server.seen]
    same = {"id": "AAAABBBBCCCCDDDD", "smsc": "gia-lap", "from": ALICE, "to": "8088", "fid": "tel-42"}
    assert told == [{"st": "8", "said": "ACK/", **same}, {"st": "1", "said": "000", **same}]


async def later(made: Callbacks, clock: Clock) -> None:
    made._look_at = 0.0  # as if the pause between two looks were over
    await rounds(made, clock)


@pytest.mark.parametrize(
    ("mask", "mt_values", "told"),
    [
        (31, {"state": "delivered"}, ["8", "1"]),  # faster than we looked: nothing is left out
        (1, {"state": "delivered"}, ["1"]),
        (2, {"state": "delivered"}, []),
        (3, {"state": "failed"}, ["2"]),  # the carrier took it and reported
        (31, {"state": "failed", "failure": "permanent", "code": "x"}, ["16"]),  # the carrier refused it
        (31, {"state": "expired"}, ["16"]),
        (31, {"state": "cancelled"}, ["16"]),
        (31, {"state": "suppressed"}, ["16"]),
        (31, {"state": "uncertain"}, []),  # nobody knows
        (31, {"state": "sending"}, []),
        (24, {"state": "sent"}, ["8"]),
    ],
)
async def test_the_mask(database: Database, mask: int, mt_values: dict[str, str], told: list[str]) -> None:
    clock = Clock()
    client = await a_client(database, events=())
    async with theirs() as server, calling(database, clock) as made:
        await wants(database, client, await an_mt(database, **mt_values), mask, f"{server.url}{DLR}")
        await rounds(made, clock)
        await later(made, clock)
    assert sorted(values(path)["st"] for _, path, _, _ in server.seen) == sorted(told)


async def test_what_waits_at_the_carrier_is_told_once(database: Database) -> None:
    """No state of an MT says that a phone is off: the report does."""
    clock = Clock()
    client = await a_client(database, events=())
    mt_id = await an_mt(database, state="sent")
    async with theirs() as server, calling(database, clock) as made:
        await wants(database, client, mt_id, 5, f"{server.url}{DLR}")
        report = NewDlr("gia-lap", "AAAABBBBCCCCDDDD", True, 0, DlrStatus.BUFFERED.value, "4", NOW, NOW)
        await database.write(lambda connection: inbox.add_dlrs(connection, [report]))
        await database.write(lambda connection: outbox.match_dlrs(connection, NOW))
        for _ in range(3):
            await later(made, clock)
    assert [values(path)["st"] for _, path, _, _ in server.seen] == ["4"]


async def test_a_failed_one_may_be_delivered_after_all(database: Database) -> None:
    clock = Clock()
    client = await a_client(database, events=())
    mt_id = await an_mt(database, state="failed")
    async with theirs() as server, calling(database, clock) as made:
        await wants(database, client, mt_id, 3, f"{server.url}{DLR}")
        await later(made, clock)
        await moves(database, mt_id, state="delivered")
        await later(made, clock)
    assert [values(path)["st"] for _, path, _, _ in server.seen] == ["2", "1"]


async def test_mt_settled_tells_no_number_and_no_word(database: Database) -> None:
    """Its own name, the client's, state, code and times; the client asks the API for more."""
    clock = Clock()
    async with theirs() as server, calling(database, clock) as made:
        client = await a_client(database, webhook_url=f"{server.url}/hook")
        mt_id = await an_mt(database)
        await wants(database, client, mt_id, 0, None, reference="thư-1")
        await moves(database, mt_id, state="sent", sent_at=NOW, code="ok")
        await later(made, clock)
        await moves(database, mt_id, state="delivered")
        await later(made, clock)
        await later(made, clock)
    told = [json.loads(body) for _, _, _, body in server.seen]
    assert [(each["event"], each["data"]["state"]) for each in told] == [("mt.settled", "sent"), ("mt.settled", "delivered")]
    assert told[0]["data"] == {
        "mt": "AAAABBBBCCCCDDDD", "reference": "thư-1", "state": "sent", "code": "ok", "segments": 1, "sent_at": NOW,
    }  # fmt: skip
    assert len({each["id"] for each in told}) == 2
    whole = json.dumps([server.seen])
    assert ALICE[3:] not in whole
    assert "xin chao" not in whole


async def test_who_asked_for_nothing_costs_no_row(database: Database) -> None:
    client = await a_client(database)  # it has no webhook
    mt_id = await an_mt(database)
    await wants(database, client, mt_id, 0, None)
    await wants(database, client, mt_id, 31, None)
    async with database.read() as connection:
        assert (await connection.execute(mt_report.select())).all() == []
    await database.write(lambda connection: want_report(connection, mt_id, client, 31, "https://crm.example/", now=NOW))
    async with database.read() as connection:
        assert len((await connection.execute(mt_report.select())).all()) == 1


async def test_a_report_that_is_over_keeps_no_address(database: Database) -> None:
    clock = Clock()
    client = await a_client(database)
    async with theirs() as server, calling(database, clock) as made:
        await wants(database, client, await an_mt(database, state="delivered"), 1, f"{server.url}{DLR}")
        await later(made, clock)
    async with database.read() as connection:
        (row,) = (await connection.execute(mt_report.select())).all()
    assert (row.closed_at, row.url, row.reference, row.told) == (NOW, None, None, 9)


# --- many ---


async def test_slow_targets_hold_nobody_back(database: Database) -> None:
    """A hundred servers that never answer, with ten calls each, before one that does, with forty."""
    clock, client = Clock(), await a_client(database)
    hanging, answered = asyncio.Event(), list[str]()

    async def send(request):
        if "slow" in request.url:
            await hanging.wait()
            raise LostAnswer("none")
        answered.append(request.url)
        return service.HttpResponse(200)

    slow = [Callback(client, "mo", "GET", f"https://slow{at}.example/{n}", f"s{at}.{n}") for at in range(100) for n in range(10)]
    quick = [Callback(client, "mo", "GET", f"https://quick.example/{n}", f"q{n}") for n in range(40)]
    await database.write(lambda connection: queue(connection, *slow, *quick, now=NOW))
    made = Callbacks(database, send, send, (), {}, clock)
    for _ in range(40):
        await made.once(clock.now)
        await asyncio.sleep(0)
    assert sorted(answered) == sorted(each.url for each in quick)
    assert len(made._calls) == 100  # one a slow server: it has not earned more
    hanging.set()
    await made.close()


async def test_a_silent_target_is_left_alone_for_a_while(database: Database) -> None:
    """Its other calls wait too: they would meet the same."""
    clock, client = Clock(), await a_client(database)
    tried: list[str] = []

    async def send(request):
        tried.append(request.url)
        raise NotSent("refused")

    made = Callbacks(database, send, send, (), {}, clock)
    some = [Callback(client, "mo", "GET", f"https://down.example/{n}", f"d{n}") for n in range(20)]
    await database.write(lambda connection: queue(connection, *some, now=NOW))
    await rounds(made, clock)
    assert len(tried) == 1
    clock.now += 5_000
    await rounds(made, clock)
    assert len(tried) == 2


# --- what it costs, and what is kept ---


async def test_without_a_client_it_asks_once_in_five_seconds(database: Database) -> None:
    """And writes nothing."""
    clock, statements = Clock(), list[str]()
    made = Callbacks(database, refusing(NotSent("")), refusing(NotSent("")), (), {}, clock)
    engine = database._reader.sync_engine
    listen = lambda connection, cursor, statement, *more: statements.append(statement)  # noqa: E731
    sqlalchemy_event.listen(engine, "before_cursor_execute", listen)
    try:
        for _ in range(100):
            await made.once(clock.now)
            clock.now += 40
    finally:
        sqlalchemy_event.remove(engine, "before_cursor_execute", listen)
    assert [each for each in statements if "client" in each and "callback." not in each] == statements
    assert len(statements) == 1


async def test_what_is_over_is_forgotten_in_time(database: Database) -> None:
    """Told: after a week; given up: after thirty days; what waits is never forgotten."""
    clock, client = Clock(), await a_client(database)
    made = Callbacks(database, refusing(NotSent("")), refusing(NotSent("")), (), {}, clock)
    for name in ("done", "dead", "dropped", "waiting"):
        await tell(database, client, "https://crm.example/", name)
        ended = None if name == "waiting" else NOW
        changed = callback.update().where(callback.c.key == name).values(state=name, ended_at=ended, due_at=NOW * 2)
        await database.write(lambda connection, changed=changed: connection.execute(changed))
    for days, left in ((6, ["done", "dead", "dropped", "waiting"]), (8, ["dead", "waiting"]), (31, ["waiting"])):
        clock.now = NOW + days * 86_400_000
        await made.once(clock.now)
        assert [row.key for row in await calls(database)] == left


async def test_the_address_is_sealed_and_shown_nowhere(database: Database) -> None:
    client = await a_client(database)
    call = Callback(client, "mo", "GET", "https://crm.example/mo?n=84300000011", "k1", body="bí mật")
    assert "84300000011" not in repr(call)
    await database.write(lambda connection: queue(connection, call, now=NOW))
    (taken,) = await database.write(lambda connection: rows.take(connection, _target(database), NOW, 9, NOW + 1))
    assert "84300000011" not in repr(taken)
    assert taken.url == "https://crm.example/mo?n=84300000011"


def _target(database: Database) -> str:
    return database.keyring.blind("https://crm.example:443", "callback.target").hex()


async def test_who_is_erased_is_told_of_no_more(database: Database) -> None:
    """Their number and words leave the queue; the call is dropped, and its report's address goes too."""
    clock, client = Clock(), await a_client(database, events=())
    bidx = inbox.person(database.keyring, ALICE)
    async with theirs() as server, calling(database, clock) as made:
        await tell(database, client, f"{server.url}/mo?from={ALICE}", bidx=bidx, body="xin chao")
        await wants(database, client, await an_mt(database), 31, f"{server.url}{DLR}")
        counts, _ = await database.write(lambda connection: erasing.take_out(connection, erasing.Belongings(bidx)))
        await rounds(made, clock)
    assert {"callback.url", "callback.headers", "callback.body", "mt_report.url"} <= counts.keys()
    assert server.seen == []
    assert [(row.state, row.body) for row in await calls(database)] == [("dropped", None)]
