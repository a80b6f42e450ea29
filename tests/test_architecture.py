"""The code is held to the picture in docs/architecture.md: imports point down, and the network, the log and tasks stay in their rooms."""

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent
PICTURE: Final = ROOT / "docs" / "architecture.md"
_LINE: Final = re.compile(r"(?P<name>[\w.]+)(?: \[(?P<modules>[\w. ]+)\])?:(?P<below>.*)")

PURE: Final = ("gateway.domain", "gateway.reading", "gateway.carriers")
IO_MODULES: Final = frozenset(
    ("aiohttp", "aiosqlite", "alembic", "asyncio", "asyncpg", "concurrent", "fcntl", "ftplib", "glob", "http", "httptools", "importlib",
     "logging", "multiprocessing", "os", "pathlib", "prometheus_client", "secrets", "select", "selectors", "shelve", "shutil", "signal",
     "smtplib", "socket", "socketserver", "sqlalchemy", "sqlite3", "ssl", "structlog", "subprocess", "sys", "tempfile", "threading",
     "time", "urllib.request", "uvloop")
)  # fmt: skip
CLIENTS: Final = frozenset(
    ("ClientSession", "HTTPConnection", "HTTPSConnection", "create_connection", "create_unix_connection", "open_connection",
     "open_unix_connection", "urlopen")
)  # fmt: skip
LOGGERS: Final = ("logging", "structlog", "gateway.log")
SILENT: Final = frozenset(  # the use cases and what stands below them; and the press, whose command alone speaks
    ("gateway.services", "gateway.carriers", "gateway.storage", "gateway.reading", "gateway.settings", "gateway.deployment",
     "gateway.toml_file", "gateway.domain", "print.work", "print.press", "print.layout", "print.make", "print.values")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Room:
    """A line of the picture. `depth`: its number from the top."""

    name: str
    modules: tuple[str, ...]
    below: tuple[str, ...]
    depth: int


@dataclass(frozen=True, slots=True)
class Module:
    """A file of ours, parsed. `imports`: (module, line) as written, with `from package import module` spelled out."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def where(self) -> str:
        return self.path.relative_to(ROOT).as_posix()


def read_picture(text: str) -> dict[str, Room]:
    """The rooms of the fenced block `rooms`, top first."""
    block = re.search(r"^```rooms\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert block, "docs/architecture.md has no block ```rooms"
    rooms = {}
    for depth, line in enumerate(block[1].splitlines()):
        found = _LINE.fullmatch(line)
        assert found, f"not a room: {line}"
        below = tuple(name.strip() for name in found["below"].split(",") if name.strip())
        rooms[found["name"]] = Room(found["name"], tuple((found["modules"] or found["name"]).split()), below, depth)
    return rooms


@cache
def rooms() -> Mapping[str, Room]:
    return read_picture(PICTURE.read_text("utf-8"))


@cache
def modules() -> Mapping[str, Module]:
    """Every module of ours by its dotted name."""
    files = [ROOT / "main.py", *sorted((ROOT / "gateway").rglob("*.py")), *sorted((ROOT / "collateral").rglob("*.py"))]
    return {name: Module(name, path, ast.parse(path.read_text("utf-8"))) for path in files for name in [_dotted(path)]}


def _dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(module: Module, known: Mapping[str, object]) -> Iterator[tuple[str, int]]:
    """(imported module, line), wherever in the file it stands; `from package import module` gives the module."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module.where}:{node.lineno}: imports are written out in full"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield (inner if inner in known else str(node.module)), node.lineno


def room_of(name: str, picture: Mapping[str, Room]) -> Room | None:
    """The room whose module is the longest beginning of `name`."""
    homes = [(len(own), room) for room in picture.values() for own in room.modules if name == own or name.startswith(f"{own}.")]
    return max(homes, key=lambda home: home[0])[1] if homes else None


def faults_of(module: Module, picture: Mapping[str, Room], known: Mapping[str, object]) -> list[str]:
    """Imports of `module` that the picture does not show."""
    home = room_of(module.name, picture)
    if home is None:
        return [f"{module.where} stands in no room"]
    faults = []
    for name, line in imports_of(module, known):
        if name.split(".")[0] not in ("gateway", "collateral", "main"):
            continue
        there = room_of(name, picture)
        if there is None:
            faults.append(f"{module.where}:{line}: {name} stands in no room")
        elif there is not home and there.name not in home.below:
            faults.append(f"{module.where}:{line}: {home.name} may not import {name} ({there.name})")
    return faults


# --- the picture ---


def test_the_picture_points_down():
    """A room imports only rooms below it in the list."""
    for room in rooms().values():
        for name in room.below:
            assert name in rooms(), f"{room.name} names {name}, which is no room"
            assert rooms()[name].depth > room.depth, f"{room.name} stands below {name}"


def test_every_room_is_there():
    for room in rooms().values():
        for own in room.modules:
            assert own in modules(), f"{room.name}: there is no module {own}"


def test_every_room_says_what_it_is_for():
    table = PICTURE.read_text("utf-8").partition("## What each room is for")[2]
    assert [name for name in rooms() if f"| `{name}` |" not in table] == []


@pytest.mark.parametrize("name", [name for name in modules() if name not in ("gateway", "collateral")])
def test_imports_point_down(name):
    """Neither up nor across."""
    assert faults_of(modules()[name], rooms(), modules()) == []


def test_the_packages_themselves_import_nothing():
    """What stood in them would stand in every room."""
    assert [list(imports_of(modules()[name], modules())) for name in ("gateway", "collateral")] == [[], []]


def test_no_circles():
    """Modules of one room may import each other, one way."""
    graph = {name: {to for to, _ in imports_of(module, modules()) if to in modules()} for name, module in modules().items()}
    ended: set[str] = set()

    def walk(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " -> ".join((*way[way.index(name) :], name))
        if name not in ended:
            for to in sorted(graph[name]):
                walk(to, (*way, name))
            ended.add(name)

    for name in graph:
        walk(name, ())


# --- what else holds ---


def test_pure_rooms_touch_nothing_outside():
    """No socket, file, clock, thread or database in domain, reading and carriers."""
    faults = [
        f"{module.where}:{line}: {name}"
        for module in modules().values()
        if module.name.startswith(PURE)
        for name, line in imports_of(module, modules())
        if name in IO_MODULES or name.split(".")[0] in IO_MODULES
    ]
    assert faults == []


def test_nobody_asks_the_clock_or_chance_below_serve():
    """Time and randomness are arguments (ADR 0015)."""
    kept = ("gateway.domain", "gateway.reading", "gateway.carriers", "gateway.storage", "gateway.services", "gateway.web", "collateral")
    faults = [f"{module.where}: {asked}" for module in modules().values() if module.name.startswith(kept) for asked in _asked(module)]
    assert faults == []


def _asked(module: Module) -> Iterator[str]:
    yield from (name for name, _ in imports_of(module, modules()) if name in ("time", "uuid"))
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name == "random")  # `from random import Random` names a type
        elif (
            isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today") and ast.unparse(node.value) in ("datetime", "date")
        ):
            yield ast.unparse(node)


def test_only_transport_is_a_client_on_the_network():
    calls = {
        f"{module.where}: {name}"
        for module in modules().values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and (name := _called(node)) in CLIENTS
    }
    assert calls == {"gateway/transport.py: create_connection"}


def test_nothing_logs_from_the_use_cases_down():
    faults = [
        f"{module.where}:{line}: {name}"
        for module in modules().values()
        if (room := room_of(module.name, rooms())) and room.name in SILENT
        for name, line in imports_of(module, modules())
        if name in LOGGERS or name.split(".")[0] in LOGGERS
    ]
    assert faults == []


def test_use_cases_and_pages_make_no_statement():
    """They hand a connection on to storage; `/readyz` alone asks for 1."""
    used = {
        (module.where, alias.name)
        for module in modules().values()
        if module.name.startswith(("gateway.services", "gateway.web", "gateway.serve", "gateway.sending", "gateway.metrics"))
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] == "sqlalchemy"
        for alias in node.names
        if alias.name != "AsyncConnection"
    }
    assert used <= {("gateway/web/health.py", "text")}


def test_no_task_is_started_and_forgotten():
    """A task whose result nobody keeps may be collected half-way, and its exception with it."""
    faults = [
        f"{module.where}:{node.lineno}"
        for module in modules().values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _starts_a_bare_task(node.value)
    ]
    assert faults == []


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""


def _starts_a_bare_task(node: ast.Call) -> bool:
    """`asyncio.create_task(…)`, `loop.create_task(…)`, `ensure_future(…)`; a TaskGroup's own holds what it starts."""
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    by_loop = owner is None or ast.unparse(owner) in ("asyncio", "loop", "self._loop", "asyncio.get_running_loop()")
    return _called(node) in ("create_task", "ensure_future") and by_loop


def test_the_wheel_keeps_our_names_to_itself():
    """Nothing called `config` or `templates` lands beside other packages."""
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    mapped = wheel["sources"]
    tops = {mapped.get(name.strip("/"), name.strip("/")).split("/")[0] for name in wheel["include"]}
    assert tops | {target.split("/")[0] for target in wheel["force-include"].values()} == {"gateway", "collateral", "tinbao.py"}


# --- the tests' own test ---


def _module(name: str, source: str) -> Module:
    return Module(name, ROOT / f"{name.replace('.', '/')}.py", ast.parse(source))


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("gateway.domain.x", "from gateway.storage import outbox"),  # up
        ("gateway.carriers.x", "def f():\n    import gateway.storage.schema"),  # across, and inside a function
        ("collateral.qr", "from collateral.batch import make"),
        ("gateway.services.x", "from gateway import log"),
        ("gateway.new_room", ""),
    ],
)
def test_a_wrong_import_is_found(name, source):
    assert len(faults_of(_module(name, source), rooms(), modules())) == 1
