"""`tinbao demo`: the whole product on one machine, with a simulated telco over real HTTP."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway.cli.context import Door, fail, opened, run

if TYPE_CHECKING:
    from gateway.cli.context import Opened
    from gateway.services.planning import Plan
    from gateway.simulator.telco import Telco

MARK: Final = ".tinbao-demo"  # the folder is ours: the next demo may begin anew in it
ROUTE: Final = "gia-lap"
WAVE: Final = "dien-tap"
CONTACTS: Final = "contacts_example.csv"
TEXT: Final = (
    "UBND xa Thong Nhat: Ai biet mo liet si, soan: LS {{ ma_thon }} noi dung gui {{ dau_so }} ({{ gia }}). "
    "Khong tu y dao boi. Tu choi nhan tin: TC gui {{ dau_so }}"
)
POSTERS: Final = ("TN01", "TN07", "TN28")
TIPS: Final = (  # invented people, numbers no carrier has given out
    ("0300000011", "LS TN07 co 1 ngoi mo liet si o chan doi sau truong hoc cu, nguoi gia ke chon nam 1979"),
    ("0300000012", "ls tn13 bo toi ke co hai chu bo doi chon duoi goc cay nghien dau ban"),
    ("0300000013", "LS TN09 Ho co bom bi, dau dan canh mo bo doi o khe Co Hong"),
    ("0300000014", "ADN TN18 con gai cua em gai liet si, xin lay mau"),
    ("0300000015", "HOI lay mau ADN o dau, may gio"),
    ("0300000016", "TC"),
)
PASSPHRASE: Final = "ruộng bậc thang mùa gặt"  # noqa: S105 # of this demo's desk alone, whose data is invented and begins anew each time
STAFF: Final = (  # two persons, for one alone can't send a wave
    ("Lập Ví Dụ", ("planner", "reader", "verifier", "print", "reporter")),
    ("Duyệt Ví Dụ", ("approver", "custodian")),
)


def add_commands(app: typer.Typer) -> None:
    """Add `demo`."""
    app.command("demo", help="Show the whole product working on this machine: a wave out, tips in, posters printed. Ctrl-C ends it.")(demo)


def demo(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Option(help="Where its data and posters go; made anew each time.")] = Path("tinbao-demo"),
    once: Annotated[bool, typer.Option("--once", help="End as soon as it is ready.")] = False,
) -> None:
    run(_demo(ctx.obj, folder.resolve(), once))


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the three listeners are; the usual ones if they are free."""

    public: int
    desk: int
    telco: int


async def _demo(door: Door, folder: Path, once: bool) -> None:
    from gateway.log import configure
    from gateway.sending import stop_on_signals
    from gateway.serve import serve
    from gateway.simulator.telco import Hook, telco

    configure(json=door.json)
    ports = Ports(*(_free(port) for port in (8080, 8081, 9000)))
    config = _prepare(door.config_dir, folder, ports)
    stop, ready = stop_on_signals(), asyncio.Event()
    hook = Hook(f"http://127.0.0.1:{ports.public}/hooks/{ROUTE}/mo?secret=dien-tap")
    async with opened(Door(config, door.json)) as it, telco(ports.telco, hook=hook) as there, asyncio.TaskGroup() as tasks:
        tasks.create_task(serve(it.settings, it.deployment, it.database, stop, ready), name="serve")
        async with _ending(stop):
            await _either(ready, stop)
            await _play(it, there, folder, stop)
            if not stop.is_set():
                typer.echo(_invitation(it, ports, folder))
                await (asyncio.sleep(0) if once else stop.wait())


@asynccontextmanager
async def _ending(stop: asyncio.Event) -> AsyncIterator[None]:
    """However the block ends, the gateway drains."""
    try:
        yield
    finally:
        stop.set()


async def _either(*events: asyncio.Event) -> None:
    """Until one of `events` is set."""
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for each in waiting:
        each.cancel()


def _free(usual: int) -> int:
    """`usual`, or a free port where another program has it."""
    for port in (usual, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    return usual


def _prepare(source: Path, folder: Path, ports: Ports) -> Path:
    """A deployment of the demo's own in `folder`, on free ports, whose printed codes lead to this machine."""
    from gateway.cli.init import make_deployment

    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).exists():
            fail(f"{folder} is not empty and no demo made it; name another with --folder", 2)
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()
    config = folder / "deployment"
    make_deployment(source, config)
    settings = config / "gateway.toml"
    lines = settings.read_text("utf-8").splitlines()
    here = {
        "base_url": f'"http://127.0.0.1:{ports.public}"',
        "link_base": f'"HTTP://127.0.0.1:{ports.public}"',
    }
    listens = iter((f'"127.0.0.1:{ports.public}"', f'"127.0.0.1:{ports.desk}"'))
    settings.write_text("\n".join(_moved(line, here, listens, ports) for line in lines) + "\n", "utf-8")
    return config


def _moved(line: str, here: dict[str, str], listens: object, ports: Ports) -> str:
    name = line.partition("=")[0].strip()
    if name in here:
        return f"{name} = {here[name]}"
    if name == "[desk]":
        return f'{line}\nsecond_factor = "nobody"'
    if name == "listen":
        return f"listen = {next(listens)}"  # type: ignore[call-overload] # an iterator of two
    return line.replace("127.0.0.1:9000", f"127.0.0.1:{ports.telco}")


async def _play(it: Opened, there: Telco, folder: Path, stop: asyncio.Event) -> None:
    """The desk's people, the wave, the tips, the posters."""
    await _staff(it)
    await _wave(it, stop)
    for sender, text in TIPS:
        there.send_mo(sender, text)
    await there.quiet()
    await _tips(it, len(TIPS), stop)
    await _posters(it, folder / "posters", stop)


async def _staff(it: Opened) -> None:
    from gateway.domain.permission import Role
    from gateway.sending import now_ms
    from gateway.services import users

    for name, roles in STAFF:
        await users.add(it.database, name, frozenset(map(Role, roles)), PASSPHRASE, None, it.deployment.campaign.commune, now_ms())


async def _wave(it: Opened, stop: asyncio.Event) -> None:
    """Plan a wave to the example contacts, start it, show a bar until it is out."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from gateway.domain.message import OPEN
    from gateway.sending import now_ms, routes_of
    from gateway.services import planning, waves
    from gateway.services.routes import route_named
    from gateway.storage import wave_mts
    from gateway.storage import waves as stored

    routes = routes_of(it.settings)
    route = route_named(routes, ROUTE)
    planned = await planning.plan(it.database, route, it.deployment.campaign, it.deployment.villages, _plan(it), now_ms())
    wave = await waves.start(it.database, routes, WAVE, now_ms())
    columns = (TextColumn("Wave to {task.fields[villages]} villages"), BarColumn(), MofNCompleteColumn(), TextColumn("delivered"))
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("wave", total=planned.audience, villages=len(planned.tally.villages))
        while not stop.is_set():
            async with it.database.read() as connection:
                counts = await wave_mts.by_state(connection, wave.id)
            progress.update(task, completed=counts["delivered"])
            if counts["delivered"] >= planned.audience or not (any(counts[state.value] for state in OPEN) or counts["sent"]):
                break
            await asyncio.sleep(0.1)
    await it.database.write(lambda connection: stored.finish(connection, now_ms()))


def _plan(it: Opened) -> Plan:
    """The wave to the example contacts, at any hour: a rehearsal may run at night."""
    from gateway.domain.audience import AudienceRule, ListFile
    from gateway.domain.window import Window
    from gateway.services.planning import Plan

    data = (it.deployment.path / CONTACTS).read_bytes()
    rule = AudienceRule(list=ListFile(CONTACTS, hashlib.sha256(data).hexdigest()))
    return Plan(WAVE, {"vi": TEXT}, rule, Window(0, 0), BytesIO(data))


async def _tips(it: Opened, expected: int, stop: asyncio.Event) -> None:
    """Wait until what came in is read and answered; say what became of it."""
    from gateway.storage import inbox

    while not stop.is_set():
        async with it.database.read() as connection:
            actions = await inbox.actions(connection)
        if sum(actions.values()) >= expected:
            each = (f"{count} {action}" for action, count in sorted(actions.items()))
            typer.echo(f"Messages in, each answered: {', '.join(each)}", err=True)
            return
        await asyncio.sleep(0.05)


async def _posters(it: Opened, out: Path, stop: asyncio.Event) -> None:
    """Print three villages' posters, every code read back."""
    from collateral.batch import Failed, make, tickets_for
    from collateral.load import load_shop

    shop = load_shop(it.deployment.path)
    await asyncio.to_thread(out.mkdir, parents=True, exist_ok=True)
    for village in POSTERS:
        for ticket in tickets_for(shop, village, "poster-a3", "", "vi"):
            if stop.is_set():
                return
            made = ticket if isinstance(ticket, Failed) else await asyncio.to_thread(make, shop, ticket, out)  # one thread at a time
            typer.echo(f"not printed: {made.error}" if isinstance(made, Failed) else f"Printed {made.file}", err=True)


def _invitation(it: Opened, ports: Ports, folder: Path) -> str:
    here = f"http://127.0.0.1:{ports.public}"
    placement = next(iter(it.deployment.placements_of("TN07")))
    return "\n".join(
        (
            "",
            "ready",
            f"  a phone to text from     http://127.0.0.1:{ports.telco}/handset",
            f"  a printed code leads to  {here}/Q/{placement.code}",
            f"  a village's page         {here}/V/TN07",
            f"  the posters              {folder / 'posters'}",
            f"  the desk                 http://127.0.0.1:{ports.desk}/desk/ as {' or '.join(name for name, _ in STAFF)}, “{PASSPHRASE}”",
            f"  the tips                 tinbao --config {folder / 'deployment'} tips list",
            "All villages, people and numbers are invented. Ctrl-C ends the demo.",
        )
    )
