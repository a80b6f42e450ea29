"""The call that sends nothing, against the real thing: smsbox checks the password before it misses the receiver, and no phone rings."""

from collections.abc import Mapping
from pathlib import Path

from gateway.carriers import kannel
from gateway.carriers.protocol import Account, Balance
from gateway.domain.failure import Failure, Refused
from gateway.domain.secret import Secret
from gateway.transport import http_sender
from tests.harness import free_ports
from tests.peers.kannel import kannel as running_kannel


async def test_kannel_tells_a_right_password_from_a_wrong_one(tmp_path: Path) -> None:
    (sendsms,) = free_ports(1)
    said: Mapping[str, Balance | Refused] = {}
    async with running_kannel(tmp_path / "kannel", "http://127.0.0.1:9/hooks/r/mo?secret=s", sendsms) as phones:
        async with http_sender(timeout_s=10) as send:
            for password in ("p", "wrong"):
                account = Account("r", f"http://127.0.0.1:{sendsms}/cgi-bin/sendsms", "u", Secret(password), "8088")
                said = {**said, password: kannel.parse_balance(await send(kannel.build_balance(account)))}
        assert phones.unread == []
    assert said == {"p": Balance(None), "wrong": Refused(Failure.MISCONFIGURED, "authorization")}
