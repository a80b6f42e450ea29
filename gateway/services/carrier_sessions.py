"""The session of a route whose carrier wants a log-in (FPT, MobiFone), shared by all processes: a second log-in may end the first.

    lease (commit) -> log in -> session (commit) -> use it

The table, its lease and its versions are those of Zalo's tokens (`zalo_tokens`), and so is the sending with it, `TokenSender`. It is
simpler here, for nothing is spent: a session that is lost, or whose commit failed, is opened once more.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.carriers.protocol import Account
from gateway.carriers.session import LogsIn, Session
from gateway.carriers.wire import HttpRequest, HttpResponse, LostAnswer, NotSent
from gateway.domain.failure import Failure, Refused
from gateway.domain.secret import Secret
from gateway.services.zalo_tokens import Access, NoToken, Send
from gateway.storage.carrier_tokens import TokenRow, first, lease, note, renew, token_row
from gateway.storage.database import Database, now_us

CALL_S: Final = 20.0
LEASE_MS: Final = 30_000  # longer than a log-in takes
AGAIN_MS: Final = 5_000  # after one without an answer
DENIED_MS: Final = 600_000  # after the carrier's own no: an account may be locked by a password tried too often
MARGIN_MS: Final = 5_000
PATIENCE_S: Final = 5.0  # how long somebody else's log-in is waited for
POLL_S: Final = 0.2
_NONE: Final = HttpResponse(401, {}, b"")


@dataclass(frozen=True, slots=True)
class _Condition:
    """What is sealed beside a session. `mark`: a keyed hash of the account it belongs to; `refused`: the carrier's word against it."""

    mark: str
    refused: str = ""

    @classmethod
    def read(cls, sealed: str) -> "_Condition":
        return cls(**json.loads(sealed)) if sealed else cls("")

    def __str__(self) -> str:
        return json.dumps(asdict(self))


class Sessions:
    """The session of one route in this process. `clock`: epoch ms; `chance`: 32 random hex digits at each call."""

    def __init__(
        self, database: Database, account: Account, carrier: LogsIn, send: Send, clock: Callable[[], int], chance: Callable[[], str]
    ) -> None:
        self._database, self._account, self._carrier, self._send = database, account, carrier, send
        self._clock, self._chance = clock, chance
        self._held: Access | None = None
        self._opening: asyncio.Task[Access] | None = None
        whose = "\n".join((carrier.NAME, account.url, account.username, account.password.reveal()))
        self._mark = database.keyring.blind(whose, "carrier_token.account").hex()

    @property
    def none(self) -> HttpResponse:
        """Every carrier's word for a log-in that only a person can mend."""
        return _NONE

    def dressed(self, request: HttpRequest, access: Access) -> HttpRequest:
        """`request` within the session."""
        return self._carrier.with_session(request, access.token)

    def refuses(self, answer: HttpResponse) -> bool:
        """Whether the carrier wants a new log-in."""
        return self._carrier.refuses_session(answer)

    async def access(self) -> Access:
        """A session that is good now. Raises NoToken, StorageDown."""
        held = self._held
        return held if held is not None and self._clock() < held.good_until else await self._later_than(held.version if held else -1)

    async def renewed(self, refused: Access) -> Access:
        """Another session than `refused`. Raises NoToken, StorageDown."""
        held = self._held
        return held if held is not None and held.version > refused.version else await self._later_than(refused.version)

    async def _later_than(self, version: int) -> Access:
        """Shielded: whoever waits may be cancelled, the log-in that others wait for not."""
        while (found := await asyncio.shield(self._opening or self._begin(version))).version <= version:
            continue  # it was under way for somebody who knew less
        return found

    def _begin(self, after: int) -> "asyncio.Task[Access]":
        self._opening = task = asyncio.create_task(self._open(after), name=f"session:{self._account.name}")
        task.add_done_callback(lambda done: None if done.cancelled() else done.exception())
        return task

    async def _open(self, after: int) -> Access:
        """Another process's session of a later version than `after`, or one of our own."""
        try:
            for _ in range(round(PATIENCE_S / POLL_S)):
                found = await self._database.write(lambda connection: self._look(connection, after))
                if found is not None:
                    self._held = found if isinstance(found, Access) else await self._log_in(found)
                    return self._held
                await asyncio.sleep(POLL_S)
            raise NoToken(f"route {self._account.name}: another process is logging in", passing=True)
        finally:
            self._opening = None

    async def _look(self, connection: AsyncConnection, after: int) -> Access | TokenRow | None:
        """A session in the database; else its row, leased to us; None: somebody else has it."""
        route, now = self._account.name, await now_us(connection) // 1000
        row = await token_row(connection, route)
        if row is None:
            row = TokenRow("", str(_Condition(self._mark)), 0, 0)
            await first(connection, route, row.refresh)
        condition = _Condition.read(row.refresh)
        if condition.mark != self._mark:  # the settings name another account now
            row, condition = replace(row, access="", lease_until=0), _Condition(self._mark)
            await note(connection, route, row.renewed_at, str(condition), 0)
        if row.renewed_at > after and row.access and row.expires_at > now + MARGIN_MS:
            return _access(row)
        if row.lease_until > now and condition.refused:
            raise self._denied(condition.refused)
        leased = await lease(connection, route, row.renewed_at, str(replace(condition, refused="")), now, now + LEASE_MS)
        return row if leased else None

    def _denied(self, code: str) -> NoToken:
        return NoToken(f"route {self._account.name}: {self._carrier.NAME} refuses the log-in ({code})", passing=False)

    async def _log_in(self, row: TokenRow) -> Access:
        chance = self._chance()
        try:
            async with asyncio.timeout(CALL_S):
                found = self._carrier.parse_login(await self._send(self._carrier.build_login(self._account, chance)), chance)
        except (NotSent, LostAnswer, TimeoutError):
            found = Refused(Failure.RETRYABLE, "no answer")
        if isinstance(found, Session):
            return await self._keep(row, found)
        if found.kind is Failure.MISCONFIGURED:
            await self._note(row, found.code, DENIED_MS)
            raise self._denied(found.code)
        await self._note(row, "", AGAIN_MS)
        raise NoToken(f"route {self._account.name}: the log-in got no yes ({found.code})", passing=True)

    async def _keep(self, row: TokenRow, session: Session) -> Access:
        """Commit it, so that the others use it too. Raises StorageDown: then it is opened anew."""
        now = self._clock()
        new = TokenRow(session.value.reveal(), str(_Condition(self._mark)), now + session.lifetime_s * 1000, max(now, row.renewed_at + 1))
        await self._database.write(lambda connection: renew(connection, self._account.name, row.renewed_at, new))
        return _access(new)

    async def _note(self, row: TokenRow, refused: str, wait_ms: int) -> None:
        async def unit(connection: AsyncConnection) -> None:
            until = await now_us(connection) // 1000 + wait_ms
            await note(connection, self._account.name, row.renewed_at, str(_Condition(self._mark, refused)), until)

        await self._database.write(unit)


def _access(row: TokenRow) -> Access:
    return Access(Secret(row.access), row.renewed_at, row.expires_at, row.expires_at - MARGIN_MS)
