"""The desk's templates and its static files, read once. A deployment's own `templates/desk/` wins over what travels with the product."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from gateway.deployment import Deployment, shipped
from gateway.domain.permission import Action
from gateway.web.desk.formats import filters

_MEDIA: Final = MappingProxyType(
    {
        ".css": "text/css",
        ".js": "text/javascript",
        ".svg": "image/svg+xml",
        ".png": "image/png",
        ".webmanifest": "application/manifest+json",
    }
)


@dataclass(frozen=True, slots=True)
class Static:
    """A file as it is served. `digest`: of its content, so that it can be kept for ever under an address that names it."""

    body: bytes
    media: str
    digest: str


class Templates:
    """Made by `load_templates`."""

    def __init__(self, environment: ImmutableSandboxedEnvironment, files: Mapping[str, Static]) -> None:
        self._environment, self.files = environment, files

    def render(self, name: str, values: Mapping[str, Any]) -> str:  # Any: what templates show
        """A template with its values."""
        return self._environment.get_template(name).render(values)


def load_templates(deployment: Deployment, clock: Callable[[], int]) -> Templates:
    """What pages are made from. `clock`: UTC epoch ms."""
    places = [deployment.path / "templates", shipped("templates")]
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(places), undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    files = {path.name: _static(path) for place in reversed(places) for path in _files(place / "desk" / "static")}
    environment.filters.update(filters(ZoneInfo(deployment.campaign.timezone), clock))
    environment.globals.update(Action=Action, static=lambda name: static_path(files, name), campaign=deployment.campaign)
    return Templates(environment, MappingProxyType(files))


def static_path(files: Mapping[str, Static], name: str) -> str:
    """Where the file `name` is served, with what it holds in the address."""
    return f"/desk/static/{name}?v={files[name].digest}"


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.suffix in _MEDIA) if folder.is_dir() else []


def _static(path: Path) -> Static:
    body = path.read_bytes()
    return Static(body, _MEDIA[path.suffix], hashlib.sha256(body).hexdigest()[:12])
