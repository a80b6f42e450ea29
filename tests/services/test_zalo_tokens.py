"""Tokens of a Zalo route against a fake Zalo that lets no refresh token be spent twice: two processes, lost answers, lost commits."""

import asyncio
import sqlite3
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gateway.carriers import zalo as carrier
from gateway.carriers.protocol import Accepted, Account, Batch, Mt
from gateway.carriers.wire import HttpRequest, HttpResponse, LostAnswer, NotSent
from gateway.domain.failure import Failure, Refused
from gateway.domain.msisdn import Msisdn
from gateway.domain.secret import Secret
from gateway.services.zalo_tokens import AGAIN_MS, DENIED_MS, LEASE_MS, App, NoToken, Tokens, TokenSender, trouble
from gateway.simulator.zalo import APP_ID, Zalo, zalo_server
from gateway.storage.carrier_tokens import Rescue, TokenRow, renew, token_row
from gateway.storage.database import now_us, open_database
from gateway.storage.schema import carrier_token
from gateway.transport import HttpSender, http_sender
from tests.harness import ROOT

ROUTE = "zalo"
MAN = "2468135790"
START = 1_795_000_000_000
DAY_MS = 90_000_000  # what an access token lives


@dataclass(slots=True)
class Ground:
    """A Zalo, a database that both sides' clocks agree with, and as many gateways on it as a test wants."""

    zalo: Zalo
    url: str
    keyring: object
    send: HttpSender
    rescue: Path
    now: list[int]
    given: Secret

    def app(self, given: Secret | None = None) -> App:
        return App(ROUTE, APP_ID, self.zalo.app_secret, self.given if given is None else given, f"{self.zalo.url}/v4/oa/access_token")

    @asynccontextmanager
    async def gateway(self, *, given: Secret | None = None, send: Callable | None = None, folder: str = "a") -> AsyncIterator[Tokens]:
        async with open_database(self.url, self.keyring, clock_us=lambda: self.now[0] * 1000) as database:
            tokens = Tokens(database, self.app(given), send or self.send, lambda: self.now[0], self.rescue / folder)
            yield tokens
            await tokens.close()

    async def row(self) -> TokenRow:
        async with open_database(self.url, self.keyring) as database, database.read() as connection:
            return await token_row(connection, ROUTE)

    async def trouble(self) -> str | None:
        async with open_database(self.url, self.keyring) as database, database.read() as connection:
            return await trouble(connection, ROUTE, self.now[0])


@pytest.fixture
async def ground(database_url, engine_name, keyring, tmp_path) -> AsyncIterator[Ground]:
    now = [START]
    if engine_name == "postgresql":  # its clock is its own: the fake Zalo's and ours stand beside it
        async with open_database(database_url, keyring) as database:
            now[0] = await database.write(now_us) // 1000
    async with zalo_server(clock=lambda: now[0] / 1000, retry_s=0.01) as zalo, http_sender(5) as send:
        yield Ground(zalo, database_url, keyring, send, tmp_path / "rescue", now, zalo.first)


async def put_row(ground: Ground, **changes: object) -> None:
    """What the database says of the token, changed by hand: time that has passed on PostgreSQL's own clock."""
    async with open_database(ground.url, ground.keyring) as database:
        await database.write(lambda connection: connection.execute(carrier_token.update().values(**changes)))


def request() -> tuple[HttpRequest, Batch]:
    batch = Batch("REF1", (Mt(1, "REF1", Msisdn(f"zalo:{MAN}"), "Da nhan tin bao", 1),))
    return carrier.build_send(Account(ROUTE, "", APP_ID, Secret(""), ""), batch), batch


async def sent(ground: Ground, tokens: Tokens, send: Callable | None = None):
    plain, batch = request()
    plain = plain._replace(url=f"{ground.zalo.url}/v3.0/oa/message/cs")
    return carrier.parse_send(await TokenSender(send or ground.send, tokens)(plain), batch)[0]


# --- the plain way ---


async def test_the_given_token_becomes_a_pair_and_a_message_goes(ground) -> None:
    ground.zalo.hears(MAN)
    async with ground.gateway() as tokens:
        assert isinstance(await sent(ground, tokens), Accepted)
        assert isinstance(await sent(ground, tokens), Accepted)
    assert [each.text for each in ground.zalo.shown] == ["Da nhan tin bao"] * 2
    assert (ground.zalo.counts.renewals, ground.zalo.counts.denied) == (1, 0)
    assert await ground.trouble() is None


async def test_a_start_takes_the_token_that_is_there(ground) -> None:
    async with ground.gateway() as tokens:
        first = await tokens.access()
    async with ground.gateway() as tokens:
        assert await tokens.access() == first
    assert ground.zalo.counts.renewals == 1


async def test_two_sends_with_an_expired_token_are_one_renewal(ground) -> None:
    """Carriers.md §7.2; the new pair is stored before either goes again."""
    ground.zalo.hears(MAN)
    async with ground.gateway() as tokens:
        await tokens.access()
        ground.zalo.expire_tokens()
        found = await asyncio.gather(*(sent(ground, tokens) for _ in range(10)))
        assert [type(each) for each in found] == [Accepted] * 10
    assert (ground.zalo.counts.renewals, ground.zalo.counts.denied) == (2, 0)
    assert ground.zalo.counts.taken == 10


async def test_two_processes_renew_once(ground) -> None:
    """Two connections of their own: one leases, the other waits and takes what it brought."""
    async with ground.gateway() as one, ground.gateway(folder="b") as two:
        assert (await one.access()).version == (await two.access()).version
        for _ in range(5):
            ground.now[0] += 1_000
            ground.zalo.expire_tokens()
            mine, other = await asyncio.gather(one.renewed(await one.access()), two.renewed(await two.access()))
            assert mine.token == other.token
    assert (ground.zalo.counts.renewals, ground.zalo.counts.denied) == (6, 0)


_PROCESS = """
import asyncio, sys, time
from pathlib import Path
from gateway.domain.secret import Secret
from gateway.services.zalo_tokens import App, Tokens
from gateway.storage.database import open_database
from gateway.storage.seal import Keyring
from gateway.transport import http_sender

async def main(url, zalo, secret, given, folder):
    clock = lambda: time.time_ns() // 1_000_000
    async with open_database(url, Keyring.of(bytes(range(32)))) as database, http_sender(5) as send:
        tokens = Tokens(database, App("zalo", "111", Secret(secret), Secret(given), zalo), send, clock, Path(folder))
        access = await tokens.access()
        for _ in range(3):
            print(access.token.reveal(), flush=True)
            sys.stdin.readline()
            access = await tokens.renewed(access)
        print(access.token.reveal(), flush=True)
        await tokens.close()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_two_programs_renew_once(ground) -> None:
    """The same with two programs: nothing is shared but the database."""
    values = (
        ground.url,
        f"{ground.zalo.url}/v4/oa/access_token",
        ground.zalo.app_secret.reveal(),
        ground.given.reveal(),
        str(ground.rescue),
    )
    programs = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", _PROCESS, *values, stdin=PIPE, stdout=PIPE, cwd=ROOT) for _ in range(2)
    ]
    seen = []
    async with asyncio.timeout(60):
        for at in range(4):
            seen.append({await each.stdout.readline() for each in programs})
            for each in programs if at < 3 else ():  # after its fourth line a program reads no more, and ends
                each.stdin.write(b"\n")
        assert [await each.wait() for each in programs] == [0, 0]
    assert [len(tokens) for tokens in seen] == [1] * 4
    assert (ground.zalo.counts.renewals, ground.zalo.counts.denied) == (4, 0)


async def test_eight_processes_start_at_once(ground) -> None:
    async with ground.gateway() as a, ground.gateway(folder="b") as b, ground.gateway(folder="c") as c, ground.gateway(folder="d") as d:
        found = await asyncio.gather(*(each.access() for each in (a, b, c, d) for _ in range(2)))
    assert len({each.version for each in found}) == 1
    assert (ground.zalo.counts.renewals, ground.zalo.counts.denied) == (1, 0)


async def test_past_half_of_its_life_it_is_renewed_beside_the_sending(ground) -> None:
    async with ground.gateway() as tokens:
        first = await tokens.access()
        ground.now[0] += DAY_MS // 2 + 1
        assert await tokens.access() == first  # nobody waits for it
        await tokens.close()
        assert (await tokens.access()).version > first.version
        await tokens.mind()
    assert ground.zalo.counts.renewals == 2


async def test_a_cancelled_sender_does_not_lose_the_pair(ground) -> None:
    """Zalo has answered, nothing is stored yet, and whoever waited for it goes."""
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def slow(request: HttpRequest) -> HttpResponse:
        answer = await ground.send(request)
        arrived.set()
        await go_on.wait()
        return answer

    async with ground.gateway(send=slow) as tokens:
        waiting = asyncio.create_task(tokens.access())
        await arrived.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        go_on.set()
        await tokens.close()
    async with ground.gateway(folder="b") as tokens:
        await tokens.access()
    assert (ground.zalo.counts.renewals, ground.zalo.counts.denied) == (1, 0)


async def test_a_renewal_that_fails_is_not_begun_with_each_message(ground) -> None:
    calls: list[str] = []

    async def refused(request: HttpRequest) -> HttpResponse:
        calls.append(request.url)
        raise NotSent("no connection")

    async with ground.gateway() as tokens:
        await tokens.access()
    ground.now[0] += DAY_MS // 2 + 1
    async with ground.gateway(send=refused) as tokens:
        for _ in range(5):
            await tokens.access()
            await tokens.close()
        assert len(calls) == 1
        ground.now[0] += AGAIN_MS
        await tokens.access()
        await tokens.close()
    assert len(calls) == 2


# --- what is sealed, and what is shown ---


@pytest.mark.parametrize("engine_name", ["sqlite"])
async def test_tokens_are_sealed_at_rest(ground, tmp_path) -> None:
    async with ground.gateway() as tokens:
        access = await tokens.access()
    raw = b"".join(path.read_bytes() for path in Path(ground.url.removeprefix("sqlite:///")).parent.glob("tinbao.db*"))
    for secret in (access.token, ground.given):
        assert secret.reveal().encode() not in raw
        assert secret.reveal() not in repr((access, ground.app(), tokens))
    with sqlite3.connect(ground.url.removeprefix("sqlite:///")) as plain:
        (count,) = plain.execute("SELECT count(*) FROM carrier_token").fetchone()
    plain.close()
    assert count == 1


# --- what goes wrong ---


async def test_a_refused_connection_spends_nothing(ground) -> None:
    async def refused(_: HttpRequest) -> HttpResponse:
        raise NotSent("no connection")

    async with ground.gateway(send=refused) as tokens:
        with pytest.raises(NoToken) as why:
            await tokens.access()
        assert why.value.passing
    async with ground.gateway() as tokens:
        await tokens.access()
    assert (ground.zalo.counts.renewals, ground.zalo.counts.denied) == (1, 0)


async def test_a_proxy_page_is_asked_again_later(ground) -> None:
    ground.zalo.habits = replace(ground.zalo.habits, page=True)
    async with ground.gateway() as tokens:
        with pytest.raises(NoToken) as why:
            await tokens.access()
        assert why.value.passing
        assert "503" in str(why.value)
        ground.zalo.habits = replace(ground.zalo.habits, page=False)
        await put_row(ground, lease_until=0)
        await tokens.access()
    assert await ground.trouble() is None


async def test_a_process_that_died_before_zalo_heard_it_costs_a_minute(ground) -> None:
    """Its lease runs out, and the old refresh token is tried once more."""

    async def dies(_: HttpRequest) -> HttpResponse:
        raise asyncio.CancelledError

    async with ground.gateway(send=dies) as tokens:
        with pytest.raises(asyncio.CancelledError):
            await tokens.access()
    row = await ground.row()
    assert row.lease_until > ground.now[0] + LEASE_MS - 30_000
    await put_row(ground, lease_until=ground.now[0] - 1)
    assert "cut off and is tried again" in await ground.trouble()
    async with ground.gateway(folder="b") as tokens:
        await tokens.access()
    assert (ground.zalo.counts.renewals, ground.zalo.counts.denied) == (1, 0)
    assert await ground.trouble() is None


async def test_a_lost_pair_leaves_half_a_day_and_a_sentence(ground) -> None:
    """The worst case: Zalo has spent the token, and its answer is gone."""
    ground.zalo.hears(MAN)
    async with ground.gateway() as tokens:
        first = await tokens.access()
        ground.now[0] += DAY_MS // 2 + 1
        ground.zalo.habits = replace(ground.zalo.habits, lose_pairs=True)
        await tokens.mind()
        await tokens.close()
        await put_row(ground, lease_until=0)
        assert "cut off and is tried again; replies go on for 12 h" in await ground.trouble()
        ground.now[0] += AGAIN_MS
        await tokens.mind()
        await tokens.close()
        assert ground.zalo.counts.denied == 1
        told = await ground.trouble()
        assert "a renewal was cut off after the refresh token was spent, and the new one is lost; replies go on for 12 h" in told
        assert "set the new refresh token in zalo.refresh_token and restart" in told
        for _ in range(5):
            assert isinstance(await sent(ground, tokens), Accepted)  # with the old access token
        assert ground.zalo.counts.denied == 1  # and Zalo is not asked with each of them
        assert await tokens.access() == first
    ground.zalo.habits = replace(ground.zalo.habits, lose_pairs=False)
    async with ground.gateway(given=ground.zalo.first) as tokens:  # what the operator did
        assert (await tokens.access()).token == first.token
        await tokens.mind()
        await tokens.close()
        assert (await tokens.access()).version > first.version
    assert await ground.trouble() is None


async def test_a_refused_refresh_token_holds_the_route(ground) -> None:
    ground.zalo.forget_refresh_tokens()
    async with ground.gateway() as tokens:
        for _ in range(3):
            outcome = await sent(ground, tokens)
            assert (outcome.kind, outcome.code, outcome.maybe_sent) == (Failure.MISCONFIGURED, "-216", False)
    assert ground.zalo.counts.denied == 1  # Zalo is not asked again for ten minutes
    assert "Zalo refuses to renew its access token (error -14014); no reply can be sent" in await ground.trouble()
    assert (await ground.row()).lease_until > ground.now[0] + DENIED_MS - 30_000


async def test_a_wrong_secret_is_mended_without_a_new_token(ground) -> None:
    wrong = replace(ground.app(), secret=Secret("sai"))
    async with open_database(ground.url, ground.keyring, clock_us=lambda: ground.now[0] * 1000) as database:
        with pytest.raises(NoToken, match="-14004"):
            await Tokens(database, wrong, ground.send, lambda: ground.now[0], ground.rescue).access()
    await put_row(ground, lease_until=0)
    async with ground.gateway() as tokens:
        await tokens.access()
    assert await ground.trouble() is None


async def test_without_any_token_the_operator_is_told(ground) -> None:
    async with ground.gateway(given=Secret("")) as tokens:
        with pytest.raises(NoToken, match=r"zalo\.refresh_token"):
            await tokens.access()
    assert "has no token yet" in await ground.trouble()


async def test_a_given_token_is_taken_once(ground) -> None:
    """The environment keeps it; a restart must not spend it again, nor an older one after a newer."""
    newer = ground.zalo.first
    for given in (ground.given, newer, ground.given, newer):
        async with ground.gateway(given=given) as tokens:
            await tokens.access()
            await tokens.mind()
            await tokens.close()
    assert (ground.zalo.counts.renewals, ground.zalo.counts.denied) == (2, 0)


async def test_a_new_grant_that_ends_the_old_access_token_is_found_by_all(ground) -> None:
    """A process that still has the old one must not take it for another just because the operator's refresh token came."""
    async with ground.gateway(folder="b") as old:
        before = await old.access()
        ground.zalo.expire_tokens()
        async with ground.gateway(given=ground.zalo.first) as new:
            assert (await new.access()).token == before.token
            ground.zalo.hears(MAN)
            assert isinstance(await sent(ground, old), Accepted)
            assert isinstance(await sent(ground, new), Accepted)
    assert (ground.zalo.counts.renewals, ground.zalo.counts.denied) == (2, 0)


async def test_who_slept_through_the_lease_still_brings_the_only_pair(ground) -> None:
    """B asked with the same token and was refused; what A got then is committed all the same."""
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def slow(request: HttpRequest) -> HttpResponse:
        answer = await ground.send(request)
        arrived.set()
        await go_on.wait()
        return answer

    async with ground.gateway(send=slow) as sleeper, ground.gateway(folder="b") as other:
        waiting = asyncio.create_task(sleeper.access())
        await arrived.wait()
        await put_row(ground, lease_until=0)
        with pytest.raises(NoToken):
            await other.access()
        go_on.set()
        brought = await waiting
        await put_row(ground, lease_until=0)
        assert (await other.access()).token == brought.token
    assert await ground.trouble() is None
    assert (ground.zalo.counts.renewals, ground.zalo.counts.denied) == (1, 1)


async def test_who_is_too_late_overwrites_nothing(ground) -> None:
    async with ground.gateway() as tokens:
        await tokens.access()
    row = await ground.row()
    async with open_database(ground.url, ground.keyring) as database:
        late = replace(row, access="old")
        assert not await database.write(lambda connection: renew(connection, ROUTE, row.renewed_at - 1, late))
    assert await ground.row() == row


@pytest.mark.parametrize("engine_name", ["sqlite"])
async def test_a_pair_that_comes_while_the_database_is_locked_lies_in_a_file(ground) -> None:
    """And the next process finds it there."""
    path = ground.url.removeprefix("sqlite:///")
    holder = sqlite3.connect(path, isolation_level=None)

    async def then_locked(request: HttpRequest) -> HttpResponse:
        answer = await ground.send(request)
        holder.execute("BEGIN IMMEDIATE")
        return answer

    rescue = Rescue(ground.rescue / "a", ground.keyring)
    async with open_database(ground.url, ground.keyring, busy_timeout_s=0.05, clock_us=lambda: ground.now[0] * 1000) as database:
        tokens = Tokens(database, ground.app(), then_locked, lambda: ground.now[0], ground.rescue / "a")
        waiting = asyncio.create_task(tokens.access())
        async with asyncio.timeout(10):
            while rescue.get(ROUTE) is None:
                await asyncio.sleep(0.01)
        kept = rescue.get(ROUTE)
        tokens._renewing.cancel()  # the process dies
        with pytest.raises(asyncio.CancelledError):
            await waiting
        holder.execute("ROLLBACK")
    holder.close()
    (file,) = (ground.rescue / "a").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert kept[1].access.encode() not in file.read_bytes()
    async with ground.gateway() as tokens:
        assert (await tokens.access()).token.reveal() == kept[1].access
    assert list((ground.rescue / "a").iterdir()) == []
    assert (ground.zalo.counts.renewals, ground.zalo.counts.denied) == (1, 0)


# --- as the dispatcher's transport ---


def answered(sender: TokenSender, plain: HttpRequest) -> tuple[asyncio.Future, Callable[[], None]]:
    done: asyncio.Future = asyncio.get_running_loop().create_future()
    return done, sender.begin(plain, done.set_result)


async def test_begin_calls_back_once_with_zalos_answer(ground) -> None:
    ground.zalo.hears(MAN)
    plain, batch = request()
    plain = plain._replace(url=f"{ground.zalo.url}/v3.0/oa/message/cs")
    async with ground.gateway() as tokens:
        sender = TokenSender(ground.send, tokens)
        done, _ = answered(sender, plain)
        assert isinstance(carrier.parse_send(await done, batch)[0], Accepted)
        assert sender.ticks_us() > 0


async def test_who_gives_up_before_the_token_came_has_sent_nothing(ground) -> None:
    async def never(_: HttpRequest) -> HttpResponse:
        await asyncio.Event().wait()
        raise AssertionError

    async with ground.gateway(send=never) as tokens:
        done, give_up = answered(TokenSender(ground.send, tokens), request()[0])
        await asyncio.sleep(0)
        give_up()
        assert isinstance(await done, NotSent)
        tokens._renewing.cancel()


async def test_who_gives_up_while_a_refused_token_is_renewed_has_sent_nothing(ground) -> None:
    """Zalo has said that it took nothing."""
    renewing = asyncio.Event()

    async def stuck(request: HttpRequest) -> HttpResponse:
        renewing.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with ground.gateway() as tokens:
        await tokens.access()
    ground.zalo.expire_tokens()
    plain = request()[0]._replace(url=f"{ground.zalo.url}/v3.0/oa/message/cs")
    async with ground.gateway(send=stuck) as tokens:
        done, give_up = answered(TokenSender(ground.send, tokens), plain)
        await renewing.wait()
        give_up()
        assert isinstance(await done, NotSent)
        tokens._renewing.cancel()


async def test_who_gives_up_on_the_wire_does_not_know(ground) -> None:
    on_wire = asyncio.Event()

    async def stuck(request: HttpRequest) -> HttpResponse:
        on_wire.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with ground.gateway() as tokens:
        done, give_up = answered(TokenSender(stuck, tokens), request()[0])
        await on_wire.wait()
        give_up()
        assert isinstance(await done, LostAnswer)


async def test_a_lost_answer_is_not_sent_again(ground) -> None:
    calls = []

    async def lost(request: HttpRequest) -> HttpResponse:
        calls.append(request)
        raise LostAnswer("reset")

    async with ground.gateway() as tokens:
        with pytest.raises(LostAnswer):
            await TokenSender(lost, tokens)(request()[0])
    assert len(calls) == 1


async def test_while_zalo_cannot_renew_a_reply_waits_its_turn(ground) -> None:
    """NotSent: it goes back to the queue, and no attempt of it can have reached anybody."""
    ground.zalo.habits = replace(ground.zalo.habits, page=True)
    async with ground.gateway() as tokens:
        with pytest.raises(NotSent):
            await sent(ground, tokens)


async def test_a_person_who_was_silent_for_a_week_cannot_be_written_to(ground) -> None:
    ground.zalo.hears(MAN)
    ground.now[0] += carrier.OPEN_MS
    async with ground.gateway() as tokens:
        assert await sent(ground, tokens) == Refused(Failure.PERMANENT, "-230")
