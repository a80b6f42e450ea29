"""The access token of a Zalo route, renewed with care: a refresh token works once, and a pair that is lost is lost for good.

    lease (commit) -> spend the refresh token at Zalo -> new pair (commit) -> use it

One process at a time holds the lease; correctness rests on the version that each write goes on from. What can go wrong between:

- Nothing left the machine: the lease is given back, nothing was spent.
- The database takes no more when the pair has come: it is sealed into a file and tried again until it is committed.
- The process dies, or the answer is lost, between Zalo's commit and ours: Zalo has spent the old token and only it knew the new one. Nobody
  can undo that. So renewal begins at half the access token's life: replies go on for some twelve hours with the old one, the next process
  tries the old refresh token once more (Zalo may never have got the call), and if that is refused `trouble` tells the operator what to do.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.carriers.wire import HttpRequest, HttpResponse, LostAnswer, NotSent
from gateway.carriers.zalo import refuses_token, with_token
from gateway.carriers.zalo_token import Denied, Pair, Unclear, build_refresh, parse_pair
from gateway.domain.secret import Secret
from gateway.storage.carrier_tokens import Rescue, TokenRow, first, lease, note, renew, token_row
from gateway.storage.database import Database, StorageDown, now_us

CALL_S: Final = 20.0  # for the renewal's answer; half of it would do, and a lost one costs a person's work
LEASE_MS: Final = 60_000  # longer than a call can take
AGAIN_MS: Final = 30_000  # after a lost answer
DENIED_MS: Final = 600_000  # after Zalo's own no: like a route that is held, tried now and then
MARGIN_MS: Final = 60_000  # a token that dies on the way helps nobody
PATIENCE_S: Final = 5.0  # how long somebody else's renewal is waited for
POLL_S: Final = 0.2
DOWN_S: Final = 1.0
ROUND_S: Final = 30.0
CLOSE_S: Final = CALL_S + 10
_NONE: Final = HttpResponse(200, {}, b'{"error":-216,"message":"no access token"}')  # what Zalo would say of a request without one

Answer = HttpResponse | NotSent | LostAnswer
Send = Callable[[HttpRequest], Awaitable[HttpResponse]]


class Supply(Protocol):
    """Where a TokenSender has its tokens from: `Tokens` here, `carrier_sessions.Sessions` for carriers that log in."""

    @property
    def none(self) -> HttpResponse:
        """What the carrier would say of a request without a token: it holds the route."""

    async def access(self) -> "Access":
        """A token that is good now. Raises NoToken, StorageDown."""

    async def renewed(self, refused: "Access") -> "Access":
        """Another than `refused`. Raises NoToken, StorageDown."""

    def dressed(self, request: HttpRequest, access: "Access") -> HttpRequest:
        """`request` as it leaves."""

    def refuses(self, answer: HttpResponse) -> bool:
        """Whether nothing but the token was wrong."""


class Sender(Protocol):
    """What is asked of the transport."""

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer. Raises NotSent, LostAnswer."""

    def ticks_us(self) -> int:
        """The machine's monotonic clock, µs."""


@dataclass(frozen=True, slots=True)
class App:
    """Our app at Zalo, by which `route` writes. `given`: the refresh token of the settings, used once; then the database's counts."""

    route: str
    app_id: str
    secret: Secret
    given: Secret
    token_url: str


@dataclass(frozen=True, slots=True)
class Access:
    """A token to send with. `version`: of the pair it came with; `renew_at`: half of its life, `good_until` nearly all, epoch ms."""

    token: Secret
    version: int
    renew_at: int
    good_until: int


class NoToken(Exception):
    """There is no token to send with. `passing`: it will be tried again soon by itself; else a person must act. No word of a token."""

    def __init__(self, why: str, *, passing: bool) -> None:
        super().__init__(why)
        self.passing = passing


@dataclass(frozen=True, slots=True)
class _Refresh:
    """What is sealed as a route's refresh token. `given`: keyed hashes of those that came from the settings, so that none is taken twice.

    `begun_at`: since when a renewal has been under way; with a lease that is over: it was cut off. `refused`: Zalo's code.
    """

    token: str = field(repr=False)
    given: tuple[str, ...] = ()
    begun_at: int = 0
    refused: str = ""
    untried: bool = True

    @classmethod
    def read(cls, sealed: str) -> "_Refresh":
        values = json.loads(sealed)
        return cls(**{**values, "given": tuple(values["given"])})

    def __str__(self) -> str:
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class _Leased:
    """We may spend `refresh` of version `seen`."""

    seen: int
    refresh: _Refresh
    was_begun_at: int


class Tokens:
    """The tokens of one route in this process. `send` is the transport's, `clock` epoch ms; `rescue`: a folder of our own."""

    def __init__(self, database: Database, app: App, send: Send, clock: Callable[[], int], rescue: Path) -> None:
        self._database, self._app, self._send, self._clock = database, app, send, clock
        self._rescue = Rescue(rescue, database.keyring)
        self._held: Access | None = None
        self._renewing: asyncio.Task[Access] | None = None
        self._again_at = 0  # after a renewal that failed beside the sending: not with each message again

    @property
    def app_secret(self) -> Secret:
        """For the proof beside a token."""
        return self._app.secret

    @property
    def none(self) -> HttpResponse:
        """Zalo's answer to a request without a token."""
        return _NONE

    def dressed(self, request: HttpRequest, access: Access) -> HttpRequest:
        """`request` with token and proof."""
        return with_token(request, access.token, self._app.secret)

    def refuses(self, answer: HttpResponse) -> bool:
        """Whether Zalo wants another token."""
        return refuses_token(answer)

    async def access(self) -> Access:
        """A token that is good now; past half of its life it is renewed beside the sending. Raises NoToken, StorageDown."""
        held, now = self._held, self._clock()
        if held is None or now >= held.good_until:
            return await self._renewed(held.version if held else -1)
        if now >= max(held.renew_at, self._again_at) and self._renewing is None:
            self._begin(held.version)
        return held

    async def renewed(self, refused: Access) -> Access:
        """Another token than `refused`, which Zalo doesn't take. Raises NoToken, StorageDown."""
        if self._held is not None and self._held.version > refused.version:
            return self._held
        return await self._renewed(refused.version)

    async def mind(self) -> None:
        """A round of upkeep: renew in time, though nobody is written to for months."""
        with suppress(NoToken, StorageDown):
            await self.access()

    async def run(self, stop: asyncio.Event) -> None:
        """Rounds until `stop`. The first takes a token that the operator has just given, so that a wrong one shows at the start."""
        while not stop.is_set():
            await self.mind()
            with suppress(TimeoutError):
                async with asyncio.timeout(ROUND_S):
                    await stop.wait()

    async def close(self) -> None:
        """Let a renewal under way end: its pair must not be lost. Where the database stays away, it lies in the file by then."""
        if (renewing := self._renewing) is not None:
            await asyncio.wait([renewing], timeout=CLOSE_S)
            renewing.cancel()

    async def _renewed(self, after: int) -> Access:
        """A later version than `after`. Shielded: whoever waits may be cancelled, the renewal not."""
        while (found := await asyncio.shield(self._renewing or self._begin(after))).version <= after:
            continue  # it was under way for somebody who knew less
        return found

    def _begin(self, after: int) -> "asyncio.Task[Access]":
        self._renewing = task = asyncio.create_task(self._work(after), name=f"token:{self._app.route}")
        task.add_done_callback(_heard)
        return task

    # --- one renewal ---

    async def _work(self, after: int) -> Access:
        """A token of a later version than `after`: another process's, or one that we get."""
        try:
            await self._bring_in()
            for _ in range(round(PATIENCE_S / POLL_S)):
                found = await self._database.write(lambda connection: self._lease(connection, after))
                if found is not None:
                    self._held = found if isinstance(found, Access) else await self._spend(found)
                    return self._held
                await asyncio.sleep(POLL_S)
            raise NoToken(f"route {self._app.route}: its access token is being renewed elsewhere", passing=True)
        except (NoToken, StorageDown):
            self._again_at = self._clock() + AGAIN_MS
            raise
        finally:
            self._renewing = None

    async def _bring_in(self) -> None:
        """Commit a pair that waits in the file, unless the database went on without it."""
        route = self._app.route
        if (rescued := await asyncio.to_thread(self._rescue.get, route)) is not None:
            await self._database.write(lambda connection: renew(connection, route, *rescued))
            await asyncio.to_thread(self._rescue.drop, route)

    async def _lease(self, connection: AsyncConnection, after: int) -> Access | _Leased | None:
        """None: another process is at it, or it was tried a moment ago. Raises NoToken."""
        now = await now_us(connection) // 1000
        row = await self._row(connection, now)
        refresh = _Refresh.read(row.refresh)
        is_same = refresh.untried and after >= 0  # the operator has given a refresh token; the access token is still the one we had
        if row.renewed_at > after and row.access and row.expires_at > now + MARGIN_MS and not is_same:
            return _access(row)
        if row.lease_until > now and refresh.refused:
            raise self._denied(refresh.refused)
        begun = replace(refresh, begun_at=refresh.begun_at or now)
        if not await lease(connection, self._app.route, row.renewed_at, str(begun), now, now + LEASE_MS):
            return None
        return _Leased(row.renewed_at, begun, refresh.begun_at)

    async def _row(self, connection: AsyncConnection, now: int) -> TokenRow:
        """The route's row, with the settings' refresh token in it if that is new."""
        app, row = self._app, await token_row(connection, self._app.route)
        mark = self._database.keyring.blind(app.given.reveal(), "carrier_token.given").hex() if app.given else ""
        if row is None:
            if not mark:
                raise NoToken(f"route {app.route} has no refresh token: give it one in zalo.refresh_token", passing=False)
            row = TokenRow("", str(_Refresh(app.given.reveal(), (mark,))), 0, 0)
            await first(connection, app.route, row.refresh)
            return await token_row(connection, app.route) or row  # another process may have been first
        known = _Refresh.read(row.refresh)
        if not mark or mark in known.given:
            return row
        refresh = str(_Refresh(app.given.reveal(), (*known.given, mark)))
        newer = replace(row, refresh=refresh, renewed_at=max(now, row.renewed_at + 1), lease_until=0)
        await renew(connection, app.route, row.renewed_at, newer)
        return newer

    def _denied(self, code: str) -> NoToken:
        return NoToken(f"route {self._app.route}: Zalo refuses its refresh token ({code})", passing=False)

    async def _spend(self, leased: _Leased) -> Access:
        app = self._app
        try:
            async with asyncio.timeout(CALL_S):
                response = await self._send(build_refresh(app.token_url, app.app_id, app.secret, Secret(leased.refresh.token)))
        except NotSent as why:  # nothing was spent
            await self._note(leased, replace(leased.refresh, begun_at=leased.was_begun_at), 0)
            raise NoToken(str(why), passing=True) from None
        except (LostAnswer, TimeoutError):
            return await self._unclear(leased, "no answer")
        match parse_pair(response):
            case Pair() as pair:
                return await self._keep(leased, pair)
            case Denied(code):
                await self._note(leased, replace(leased.refresh, begun_at=leased.was_begun_at, refused=code, untried=False), DENIED_MS)
                raise self._denied(code)
            case Unclear(code):
                return await self._unclear(leased, code)

    async def _unclear(self, leased: _Leased, code: str) -> Access:
        """Zalo may have spent the token: the next try will tell."""
        await self._note(leased, leased.refresh, AGAIN_MS)
        raise NoToken(f"route {self._app.route}: the renewal of its access token got no answer of Zalo's ({code})", passing=True)

    async def _note(self, leased: _Leased, refresh: _Refresh, wait_ms: int) -> None:
        async def unit(connection: AsyncConnection) -> None:
            now = await now_us(connection) // 1000
            await note(connection, self._app.route, leased.seen, str(refresh), now + wait_ms)

        with suppress(StorageDown):  # then the lease runs out by itself
            await self._database.write(unit)

    async def _keep(self, leased: _Leased, pair: Pair) -> Access:
        """Commit the pair before it is used; while the database is down it lies sealed in a file."""
        app, now = self._app, self._clock()
        refresh = _Refresh(pair.refresh.reveal(), leased.refresh.given, untried=False)
        version = max(now, leased.seen + 1)
        new = TokenRow(pair.access.reveal(), str(refresh), now + pair.lifetime_s * 1000, version)
        kept = await self._commit(leased.seen, new)
        if kept:
            return _access(new)
        async with self._database.read() as connection:  # the operator has given another token meanwhile
            row = await token_row(connection, app.route)
        return _access(row or new)

    async def _commit(self, seen: int, new: TokenRow) -> bool:
        """Until the database takes it. What it doesn't take at once lies in the file meanwhile."""
        route, is_rescued = self._app.route, False
        while True:
            try:
                kept = await self._database.write(lambda connection: renew(connection, route, seen, new))
                break
            except Exception as why:
                if not is_rescued:
                    with suppress(OSError):  # the disk that is full: then memory has it as long as we live
                        await asyncio.to_thread(self._rescue.put, route, seen, new)
                        is_rescued = True
                if not isinstance(why, StorageDown):
                    raise
                await asyncio.sleep(DOWN_S)
        if is_rescued:
            await asyncio.to_thread(self._rescue.drop, route)
        return kept


def _heard(task: "asyncio.Task[Access]") -> None:
    """Whoever waits has the error; of a renewal in the background the row and `trouble` tell."""
    if not task.cancelled():
        task.exception()


def _access(row: TokenRow) -> Access:
    is_untried = _Refresh.read(row.refresh).untried  # an operator's new refresh token is tried at once, beside the old access token
    half = row.renewed_at + (row.expires_at - row.renewed_at) // 2
    return Access(Secret(row.access), row.renewed_at, 0 if is_untried else half, row.expires_at - MARGIN_MS)


async def trouble(connection: AsyncConnection, route: str, now: int) -> str | None:
    """For the operator: what is wrong with the tokens of `route` and what to do, in one sentence a cause; None: nothing."""
    row = await token_row(connection, route)
    remedy = "Let the OA's administrator grant the app again, set the new refresh token in zalo.refresh_token and restart"
    if row is None:
        return f"route {route} has no token yet: it gets its first when tinbao serve runs with zalo.refresh_token set"
    refresh = _Refresh.read(row.refresh)
    hours = max(0, (row.expires_at - now) // 3_600_000)
    left = f"replies go on for {hours} h with the present one" if row.expires_at > now else "no reply can be sent"
    if refresh.refused:
        cut = ": a renewal was cut off after the refresh token was spent, and the new one is lost" if refresh.begun_at else ""
        return f"route {route}: Zalo refuses to renew its access token (error {refresh.refused}){cut}; {left}. {remedy}"
    if refresh.begun_at and row.lease_until <= now:
        return f"route {route}: a renewal of its access token was cut off and is tried again; {left}. If Zalo refuses: {remedy.lower()}"
    return None


# --- sending with it ---


class TokenSender:
    """The transport as such a route's dispatcher sees it: each request gets the token as it leaves, and one more try with a new one.

    A token that the carrier refuses was no sending: nobody got anything, so the second writing is no repeat.
    """

    def __init__(self, send: Sender, tokens: Supply) -> None:
        self._send, self._tokens = send, tokens
        self._under_way: set[asyncio.Task[None]] = set()

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        """Zalo's answer. Raises NotSent, LostAnswer."""
        return await self._exchange(request, _Progress())

    def begin(self, request: HttpRequest, done: Callable[[Answer], None]) -> Callable[[], None]:
        """The same with `done` called once, later. What is returned gives up."""
        progress = _Progress()

        async def work() -> None:
            answer: Answer
            try:
                answer = await self._exchange(request, progress)
            except (NotSent, LostAnswer) as why:
                answer = why
            except asyncio.CancelledError:  # what only waited for its token has not left
                answer = LostAnswer("given up") if progress.written else NotSent("given up before it was written")
            done(answer)

        task = asyncio.ensure_future(work())
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return lambda: _cancel(task)

    def ticks_us(self) -> int:
        """The machine's monotonic clock, µs."""
        return self._send.ticks_us()

    async def _exchange(self, request: HttpRequest, progress: "_Progress") -> HttpResponse:
        try:
            access = await self._tokens.access()
            answer = await self._written(request, access, progress)
            if not self._tokens.refuses(answer):
                return answer
            progress.written = False
            access = await self._tokens.renewed(access)
        except NoToken as why:
            if why.passing:
                raise NotSent(str(why)) from None
            return self._tokens.none  # holds the route till a person has acted
        except StorageDown as down:
            raise NotSent(str(down)) from None
        return await self._written(request, access, progress)

    async def _written(self, request: HttpRequest, access: Access, progress: "_Progress") -> HttpResponse:
        progress.written = True
        return await self._send(self._tokens.dressed(request, access))


@dataclass(slots=True)
class _Progress:
    """Whether a request is on the wire."""

    written: bool = False


def _cancel(task: "asyncio.Task[None]") -> None:
    task.cancel()
