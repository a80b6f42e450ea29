"""A real Jasmin 0.11.0 on free ports, with the RabbitMQ and Redis that it needs, set up by what docs/smpp/ ships.

Jasmin lives in a virtual environment of its own: its dependencies are years older than ours.
"""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, STDOUT, Popen

from tests.harness import ROOT, free_ports, wait_for_port

SHIPPED = ROOT / "docs" / "smpp"
_RABBIT = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
_PINNED = ("jasmin==0.11.0", "setuptools==65.5.0")  # 0.11.1 sends no reports: its listener looks for them where they are not
# jasmind locks a file of one name for all of a machine, which a killed one leaves behind: here each run has its own.
_START = (
    "import lockfile, runpy, sys\n"
    "lock, folder = lockfile.FileLock, sys.argv[1]\n"
    "lockfile.FileLock = lambda path: lock(folder + '/jasmind')\n"
    "del sys.argv[1]\n"
    "runpy.run_module('jasmin.bin.jasmind', run_name='__main__')\n"
)


def programs() -> list[str]:
    """What is missing of RabbitMQ and Redis."""
    return [name for name, path in (("rabbitmq-server", _RABBIT.exists()), ("redis-server", shutil.which("redis-server"))) if not path]


def python_with_jasmin() -> Path:
    """The Python of Jasmin's environment, made once and kept."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tinbao-peers" / _PINNED[0]
    python = cache / "bin" / "python"
    if not (cache / "ready").exists():
        subprocess.run([shutil.which("python3.11") or sys.executable, "-m", "venv", "--clear", cache], check=True)  # Jasmin runs on 3.11
        subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *_PINNED], check=True, timeout=600)
        (cache / "ready").touch()  # last: an installation that was cut short begins anew
    return python


@dataclass(frozen=True, slots=True)
class Ports:
    """Where everything listens."""

    smsc: int
    send: int
    amqp: int
    redis: int
    jcli: int
    rest: tuple[int, ...]

    @classmethod
    def free(cls, smsc: int, send: int) -> "Ports":
        amqp, redis, jcli, *rest = free_ports(9)
        return cls(smsc, send, amqp, redis, jcli, tuple(rest))


@asynccontextmanager
async def jasmin(folder: Path, hook: str, ports: Ports) -> AsyncIterator[None]:
    """Jasmin for the length of the block, bound to the telco's `ports.smsc`; texts go to `hook`, a gateway's address without a path."""
    folder.mkdir(parents=True)
    python = await asyncio.to_thread(python_with_jasmin)
    async with AsyncExitStack() as stack:
        for start in (_rabbit, _redis, _jasmind):
            await start(folder, python, ports, stack)
        await _told(ports, hook)
        yield


async def _rabbit(folder: Path, python: Path, ports: Ports, stack: AsyncExitStack) -> None:
    """Its names' server runs in our hands too: by itself it would stay behind as a daemon."""
    epmd, dist = ports.rest[:2]
    environ = {
        "HOME": str(folder),
        "ERL_EPMD_PORT": str(epmd),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RUNNING_UNDER_SYSTEMD": "true",  # the process is the broker itself, not a shell around it
        "RABBITMQ_NODENAME": f"tinbao{ports.amqp}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(ports.amqp),
        "RABBITMQ_DIST_PORT": str(dist),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "RABBITMQ_MNESIA_BASE": str(folder / "rabbit"),
        "RABBITMQ_LOG_BASE": str(folder / "rabbit-log"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "no-plugins"),
        "RABBITMQ_CONFIG_FILE": str(folder / "none"),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
    }
    names = await _started(stack, folder, "epmd", ("epmd", "-port", str(epmd), "-address", "127.0.0.1"), environ)
    await asyncio.to_thread(wait_for_port, epmd, names)
    broker = await _started(stack, folder, "rabbit", (str(_RABBIT),), environ)
    await asyncio.to_thread(wait_for_port, ports.amqp, broker, 90)


async def _redis(folder: Path, python: Path, ports: Ports, stack: AsyncExitStack) -> None:
    command = ("redis-server", "--port", str(ports.redis), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder))
    await asyncio.to_thread(wait_for_port, ports.redis, await _started(stack, folder, "redis", command, {}))


async def _jasmind(folder: Path, python: Path, ports: Ports, stack: AsyncExitStack) -> None:
    """Read from the shipped file, whose ports and folders become this run's."""
    config = folder / "jasmin.cfg"
    config.write_text(_filled(python, ports), "utf-8")
    for name in ("log", "store"):
        (folder / name).mkdir()
    environ = {"LOG_PATH": str(folder / "log"), "STORE_PATH": str(folder / "store"), "CONFIG_PATH": str(folder), "PYTHONWARNINGS": "ignore"}
    throwers = ("--enable-dlr-thrower", "--enable-dlr-lookup")  # the third, of texts to us, runs by itself
    command = (str(python), "-c", _START, str(folder), "-c", str(config), *throwers)
    process = await _started(stack, folder, "jasmind", command, environ)
    for port in (ports.send, ports.jcli):
        await asyncio.to_thread(wait_for_port, port, process, 60)


def _filled(python: Path, ports: Ports) -> str:
    (spec,) = python.parent.parent.glob("lib/python3*/site-packages/txamqp/specs/standard/amqp0-9-1.stripped.xml")
    ours = iter(ports.rest[2:])
    at = {"amqp-broker": ports.amqp, "redis-client": ports.redis, "http-api": ports.send, "jcli": ports.jcli}
    section, lines = "", []
    for line in (SHIPPED / "jasmin.cfg").read_text("utf-8").splitlines():
        section = line.strip("[]") if line.startswith("[") else section
        name = line.partition(" = ")[0]
        if name == "port":
            line = f"port = {at.get(section) or next(ours)}"
        elif name == "spec":
            line = f"spec = {spec}"
        lines.append(line)
    return "\n".join(lines) + "\n"


async def _told(ports: Ports, hook: str) -> None:
    """What docs/smpp/jasmin.jcli says, a line at a time: the console takes the next when it has asked for it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", ports.jcli)
    try:
        async with asyncio.timeout(60):
            await _asked(reader)
            for line in ("jcliadmin", "jclipwd", *_lines(ports, hook)):
                writer.write(f"{line}\r\n".encode())
                await _asked(reader)
    finally:
        writer.close()


async def _asked(reader: asyncio.StreamReader) -> None:
    """Until the console waits for a line. It asks for the name only where a terminal tells its size, so the greeting's end counts too."""
    seen = b""
    while not seen.rstrip(b"\r\n").endswith((b"required.", b"Password: ", b"> ", b" : ")):
        seen += await reader.read(4096)

    assert b"Error" not in seen, seen
    assert b"nknown" not in seen, seen


def _lines(ports: Ports, hook: str) -> list[str]:
    lines = [line for line in (SHIPPED / "jasmin.jcli").read_text("utf-8").splitlines() if line and not line.startswith("#")]
    ours = {"host smpp.telco.example": "host 127.0.0.1", "port 2775": f"port {ports.smsc}"}
    return [ours.get(line, line).replace("http://127.0.0.1:8080", hook) for line in lines]


async def _started(stack: AsyncExitStack, folder: Path, name: str, command: Sequence[str], environ: Mapping[str, str]) -> Popen[bytes]:
    """A process of this run, ended with the block; what it says is in `NAME.out`."""
    with (folder / f"{name}.out").open("wb") as out:
        process = Popen(command, stdin=DEVNULL, stdout=out, stderr=STDOUT, cwd=folder, env={**os.environ, **environ})
    stack.push_async_callback(asyncio.to_thread, _end, process)
    return process


def _end(process: Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
