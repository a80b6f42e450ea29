"""`tinbao check`: everything wrong with settings, deployment and templates, at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.context import Door
from gateway.cli.faults import AsJson, show
from gateway.domain.fault import Fault

if TYPE_CHECKING:
    from gateway.deployment import Deployment
    from gateway.settings import Settings


def add_commands(app: typer.Typer) -> None:
    """Add `check`."""
    app.command(help="Name everything that is wrong with settings, data and templates, with its line and its remedy.")(check)


def check(
    ctx: typer.Context,
    online: Annotated[
        bool, typer.Option("--online", help="Also ask each route's carrier whether it takes our account, by a call that sends nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print all faults of the deployment; exit 78 if there is one."""
    door: Door = ctx.obj
    faults: list[Fault] = []
    settings, deployment = _settings(door.config_dir, faults), _deployment(door.config_dir, faults)
    faults += template_faults(door.config_dir)
    villages = len(deployment.villages) if deployment else 0
    placements = len(deployment.placements) if deployment else 0
    routes = [route.name for route in settings.routes] if settings else []
    good = f"Nothing to put right: {villages} villages, {placements} placements, routes {', '.join(routes) or 'none'}"
    machine = door.json or as_json
    more = {"online": _online(settings, faults, quiet=machine)} if online and settings else {}
    show(machine, faults, good, deployment=str(door.config_dir), villages=villages, placements=placements, routes=routes, **more)


def _online(settings: Settings, faults: list[Fault], *, quiet: bool) -> list[dict[str, Any]]:  # Any: JSON leaves here
    """Ask the carriers of all routes whose secrets are set; a line for each that takes our account, or can't be asked so."""
    from gateway.cli.route_probe import fault_of, probed, row_of

    unset = {fault.field.split(".")[1] for fault in settings.route_faults if fault.field.startswith("routes.")}
    lacking = {name for at, name in enumerate(settings.route_names, 1) if str(at) in unset}
    asked = probed(settings, [route.name for route in settings.routes if route.name not in lacking])
    for each in asked:
        if each.stands is False:
            faults.append(fault_of(each))
        elif not quiet:
            typer.echo(each.words)
    return [row_of(each) for each in asked]


def _settings(config_dir: Path, faults: list[Fault]) -> Settings | None:
    from gateway.settings import BadSettings, load_settings

    try:
        settings = load_settings(config_dir, os.environ)
    except BadSettings as why:
        faults += why.faults
        return None
    faults += settings.route_faults
    faults += _key_faults(settings)
    return settings


def _key_faults(settings: Settings) -> Iterator[Fault]:
    """A key that is there must be usable; print, reading and planning do without one."""
    from gateway.keys import VARIABLE, MissingKey, find_key
    from gateway.storage.seal import WrongKey

    if VARIABLE not in os.environ and not settings.key_file.exists():
        return
    try:
        find_key(settings, os.environ)
    except (MissingKey, WrongKey) as why:
        text, _, remedy = str(why).partition(". ")
        yield Fault(settings.key_file.name if VARIABLE not in os.environ else VARIABLE, None, "", text, remedy)


def _deployment(config_dir: Path, faults: list[Fault]) -> Deployment | None:
    from gateway.deployment import BadDeployment, load_deployment

    try:
        deployment = load_deployment(config_dir)
    except BadDeployment as why:
        faults += why.faults
        return None
    faults += deployment.faults
    faults += _print_faults(deployment)
    faults += _file_faults(deployment)
    faults += _unread_faults(config_dir)
    return deployment


def _file_faults(deployment: Deployment) -> Iterator[Fault]:
    """Of the files that are read only where they are needed: by a report, a hand-over, the plan of placements, the erasing of old rows."""
    from gateway import deadline_terms, number_rules, placement_rules, receivers, retention_terms
    from gateway.deployment import BadDeployment

    found: list[Fault] = []
    readers: tuple[Callable[[Path], object], ...] = (
        deadline_terms.load_terms,
        number_rules.load_number_rules,
        receivers.load_receivers,
        placement_rules.load_rules,
        lambda path: retention_terms.load_terms(path, deployment.campaign, found),
    )
    for read in readers:
        try:
            read(deployment.path)
        except BadDeployment as why:
            found += why.faults
    yield from found


def _unread_faults(config_dir: Path) -> Iterator[Fault]:
    """TOML files that nobody reads and whose name misses one that is read by a letter or two: what they say would count for nothing."""
    from gateway.deployment import shipped_deployment

    known = sorted({path.name for path in shipped_deployment().glob("*.toml")} | {"operators.toml"})
    for path in sorted(config_dir.glob("*.toml")):
        if path.name not in known and (near := get_close_matches(path.name, known, 1, 0.85)):
            yield Fault(path.name, None, "", "Nobody reads this file", f"Did you mean “{near[0]}”?")


def _print_faults(deployment: Deployment) -> Iterable[Fault]:
    """Of pieces.toml and the copy of the print pieces."""
    from collateral.load import shop_of
    from collateral.shop.shops import load_shops
    from gateway.deployment import BadDeployment

    try:
        load_shops(shop_of(deployment))
    except BadDeployment as why:
        return why.faults
    return ()


def template_faults(config_dir: Path) -> Iterator[Fault]:
    """Templates that can't be read, and own templates whose name misses the one they are meant to replace by a letter or two."""
    from gateway.deployment import shipped

    ours, own = shipped("templates"), config_dir / "templates"
    names = _templates(ours)
    if not names:
        yield Fault("templates", None, "", "The shipped templates are missing", "Install the product again")
    for folder in (ours, own):
        for name in _templates(folder):
            yield from _unreadable(folder / name, f"templates/{name}")
    known = {Path(name).name.split(".")[0] for name in names}
    for name in _templates(own):
        word = Path(name).name.split(".")[0]
        if word not in known and (near := get_close_matches(word, sorted(known), 1, 0.8)):
            yield Fault(f"templates/{name}", None, "", "It takes the place of no shipped template", f"Did you mean “{near[0]}”?")


def _templates(folder: Path) -> list[str]:
    """Names below `folder`; print texts are TOML, all others jinja2."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.suffix in (".j2", ".toml"))


def _unreadable(path: Path, name: str) -> Iterator[Fault]:
    from jinja2 import Environment, TemplateSyntaxError

    from gateway.toml_file import read_toml

    if path.suffix == ".toml":
        if (fault := read_toml(path).fault) is not None:
            yield replace(fault, file=name)
        return
    try:
        Environment().parse(path.read_text("utf-8"))  # noqa: S701 # parsed only, nothing is rendered
    except TemplateSyntaxError as why:
        yield Fault(name, why.lineno, "", f"The template can't be read: {(why.message or '').rstrip('.')}", "Correct the line")
    except (OSError, UnicodeDecodeError):
        yield Fault(name, None, "", "The template can't be read", "Save it as UTF-8, readable by the user that runs tinbao")
