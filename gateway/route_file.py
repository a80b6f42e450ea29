"""A new `[[routes]]` table at the end of gateway.toml: checked as the settings check it, the rest byte for byte, the old file kept."""

import json
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from pydantic import ValidationError

from gateway.domain.fault import Fault
from gateway.secrets_file import FILE as SECRETS
from gateway.secrets_file import keep_secrets, write_anew
from gateway.settings import FILE, BadSettings, RouteSettings, Settings, data_dir_of, load_settings

_GOOD: Final[Mapping[str, Any]] = {  # Any: TOML values; what stands beside a value while it is looked at alone
    "name": "r",
    "carrier": "kannel",
    "url": "http://127.0.0.1:1/s",
    "account": {"username": "u", "password": "p"},
    "pace": {"limit": 0},
}


@dataclass(frozen=True, slots=True)
class NewRoute:
    """A table to be: `values` in their order, ${NAME} for secrets; `secrets`: what goes into the secrets' file."""

    values: Mapping[str, Any] = field(repr=False)  # Any: TOML values
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """The route's."""
        return str(self.values["name"])


@dataclass(frozen=True, slots=True)
class Added:
    """What was written: the settings as they are now, and where the file as it was is kept."""

    settings: Settings
    kept: Path


def wrong_with(key: str, value: object, **beside: object) -> str:
    """Why `value` can't stand under `key` of a route, in one sentence; "": it can."""
    try:
        RouteSettings.model_validate({**_GOOD, **beside, key: value})
    except ValidationError as why:
        errors = why.errors(include_url=False, include_context=False, include_input=False)
        words = next((error["msg"] for error in errors if error["loc"][:1] in ((key,), ())), "")
        return words.replace("Value error, ", "").replace("Input should", "the value should")
    return ""


def table_of(values: Mapping[str, Any], newline: str = "\n") -> str:
    """`values` as a [[routes]] table."""
    return newline.join(["[[routes]]", *(f"{key} = {_toml(value)}" for key, value in values.items()), ""])


def _toml(value: Any) -> str:  # Any: a TOML value
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key} = {_toml(each)}' for key, each in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # JSON's texts, numbers and words are TOML's too


def add_route(config_dir: Path, new: NewRoute, environ: Mapping[str, str]) -> Added:
    """Write `new`: first its secrets, then gateway.toml, each whole or not at all. Raises BadSettings (nothing was written), OSError."""
    path = (config_dir / FILE).resolve()  # what a link leads to, so that it stays a link
    old = path.read_bytes()
    text = _with_table(old, new)
    _try_out(config_dir, text, new, environ)
    kept = _unused(path.with_name(f"{path.name}.before-{new.name}"))
    if path.read_bytes() != old:
        raise BadSettings([Fault(FILE, None, "", "Somebody changed the file meanwhile", "Look at it, then begin anew")])
    mode = stat.S_IMODE(path.stat().st_mode)
    if new.secrets:
        keep_secrets(data_dir_of(config_dir, environ), new.secrets)
    write_anew(kept, old, mode)
    write_anew(path, text, mode)
    return Added(load_settings(config_dir, environ), kept)


def _with_table(old: bytes, new: NewRoute) -> bytes:
    newline = "\r\n" if b"\r\n" in old else "\n"
    gap = newline if old.endswith(b"\n") else newline * 2
    return old + f"{gap}{table_of(new.values, newline)}".encode()


def _try_out(config_dir: Path, text: bytes, new: NewRoute, environ: Mapping[str, str]) -> None:
    """Read the file that is to be, in a folder of its own. Raises BadSettings; what other routes lack of the environment is no matter."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        for each in config_dir.glob("*.toml"):
            shutil.copyfile(each, folder / each.name)
        (folder / FILE).write_bytes(text)
        settings = load_settings(folder, {**environ, **new.secrets})
    at = len(settings.routes) + len(settings.disabled_routes)
    if faults := [fault for fault in settings.route_faults if fault.field.startswith(f"routes.{at}.")]:
        raise BadSettings(faults)
    if not any(route.name == new.name for route in (*settings.routes, *settings.disabled_routes)):
        raise BadSettings([Fault(FILE, None, "routes", "The new table is not read as a route", "Add it by hand")])


def _unused(path: Path) -> Path:
    """`path`, or with a number behind it: nothing that is kept is written over."""
    return next(each for each in (path, *(path.with_name(f"{path.name}-{number}") for number in range(2, 1_000))) if not each.exists())


def variable(route: str, what: str) -> str:
    """The name under which a secret of `route` stands in the environment, e.g. VIETTEL_PASSWORD."""
    word = f"{route}_{what}".upper().replace("-", "_")
    return word if not word[0].isdigit() else f"R_{word}"


__all__ = ["SECRETS", "Added", "NewRoute", "add_route", "table_of", "variable", "wrong_with"]
