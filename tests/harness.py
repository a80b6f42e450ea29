"""A gateway as its users run it: a deployment folder, the `tinbao` command, a real process."""

import asyncio
import itertools
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from gateway.cli.init import make_deployment
from gateway.deployment import shipped_deployment

ROOT = Path(__file__).resolve().parent.parent
KEY = b64encode(bytes(range(32))).decode()
TINBAO = (sys.executable, str(ROOT / "main.py"))


_PORTS = 1_000  # a worker's own
_worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
_numbers = itertools.count(os.getpid())


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on now, nor takes while a gateway that is killed and started again has let go of them.

    They lie under those that the kernel gives out by itself (32768 and up on Linux), and each worker of a run has its own.
    """
    found: list[int] = []
    while len(found) < count:
        port = 12_000 + _PORTS * (int(_worker) if _worker.isdigit() else 0) + next(_numbers) % _PORTS
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a connection that has just ended is in nobody's way
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                found.append(port)
    return found


def everything(take: Callable[[web.Request], Awaitable[web.Response]]) -> web.RouteDef:
    """Every call, by any method, goes to `take`."""
    return web.route("*", "/{rest:.*}", take)


@asynccontextmanager
async def listening(*routes: web.RouteDef, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """The other side of the wire, on a port of its own. Gives its address, without a path; `everything` is the route of a whole server."""
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        yield f"http{'s' if tls else ''}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@dataclass(frozen=True)
class Gateway:
    """A deployment of a test's own. `tinbao`: how the command is called, and `cwd` from where."""

    folder: Path
    public: int
    desk: int
    tinbao: tuple[str, ...] = TINBAO
    environ: Mapping[str, str] | None = None
    cwd: Path | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.public}"

    def command(self, *arguments: str) -> tuple[str, ...]:
        return (*self.tinbao, "--config", str(self.folder), *arguments)

    def variables(self) -> dict[str, str]:
        return {**os.environ, "TINBAO_KEY": KEY, "PYTHONWARNINGS": "default", **(self.environ or {})}

    def run(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            env=self.variables(),
            cwd=self.cwd,
            capture_output=True,
            text=True,
            timeout=120,
            input=stdin,
            check=False,
        )

    def json(self, *arguments: str) -> dict[str, object]:
        done = self.run(*arguments, "--json")
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    def start(self, log: Path | None = None) -> subprocess.Popen[bytes]:
        out = (log or self.folder / "serve.log").open("ab")
        with out:
            return subprocess.Popen(
                self.command("serve"), env=self.variables(), cwd=self.cwd, stdout=out, stderr=out, start_new_session=True
            )

    @contextmanager
    def serving(self) -> Iterator[subprocess.Popen[bytes]]:
        """A running `tinbao serve`, ready; ended by SIGTERM."""
        process = self.start()
        try:
            wait_for_port(self.public, process)
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise


def wait_for_port(port: int, process: subprocess.Popen[bytes], seconds: float = 30) -> None:
    """Until somebody listens there; the process must live meanwhile."""
    for _ in range(int(seconds / 0.02)):
        if process.poll() is not None:
            raise AssertionError(f"ended with {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        try:
            process.wait(0.02)  # a pause that ends early with the process
        except subprocess.TimeoutExpired:
            continue
    raise AssertionError(f"nothing listens on {port}")


def deployment(folder: Path, *, routes: str, database: str | None = None, **more: object) -> Gateway:
    """A copy of the shipped deployment on free ports with `routes` (TOML tables) in place of its own."""
    public, desk = free_ports(2)
    make_deployment(shipped_deployment(), folder)
    settings = folder / "gateway.toml"
    text = settings.read_text("utf-8")
    head = text[: text.index("[[routes]]")]
    listens = iter((public, desk))
    lines = []
    for line in head.splitlines():
        name = line.partition("=")[0].strip()
        if name == "listen":
            line = f'listen = "127.0.0.1:{next(listens)}"'
        elif name == "base_url":
            line = f'base_url = "http://127.0.0.1:{public}"'
        elif name == "link_base":
            line = f'link_base = "HTTP://127.0.0.1:{public}"'
        elif name == "database" and database:
            line = f'database = "{database}"'
        lines.append(line)
    settings.write_text("\n".join(lines) + "\n" + routes, "utf-8")
    return Gateway(folder, public, desk, **more)  # type: ignore[arg-type]


def route(name: str, carrier: str, url: str, **more: object) -> str:
    """A [[routes]] table; anybody may send by it without approval."""
    values = {"tps": 0, "concurrency": 32, "hook_secret": "s3cret", "max_unapproved": 0} | more
    rest = "\n".join(f"{key} = {json.dumps(value)}" for key, value in values.items())
    return (
        f'\n[[routes]]\nname = "{name}"\ncarrier = "{carrier}"\nurl = "{url}"\n'
        f'account = {{ username = "u", password = "p" }}\nsender_id = "8088"\nprefixes = []\n{rest}\n'
    )


def contacts_csv(count: int, first: int = 0) -> str:
    """A list of `count` invented people on a legal basis, spread over the 30 villages."""
    rows = [f"+84300{first + at:06d},TN{at % 30 + 1:02d},KH 238/KH-UBND" for at in range(count)]
    return "\n".join(["msisdn,village,legal_basis", *rows]) + "\n"


async def eventually(check, seconds: float = 30, pause: float = 0.05):
    """The first truthy answer of the async `check`; waiting for another process has no other way."""
    async with asyncio.timeout(seconds):
        while not (found := await check()):
            await asyncio.sleep(pause)
    return found
