"""Pages as Jinja templates with strict headers: one file an answer, no script, no cookie, no third party."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from gateway.deployment import Deployment, shipped

_HEADERS: Final = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
}


@dataclass(frozen=True, slots=True)
class Pages:
    """Rendered pages of one deployment. Made by `load_pages`."""

    _templates: Environment = field(repr=False)
    _common: Mapping[str, Any]  # Any: what templates show
    _policy: str

    def page(self, name: str, status: int = 200, **values: Any) -> web.Response:  # Any: what templates show
        """Template `web/NAME.html.j2` as an answer."""
        text = self._templates.get_template(f"web/{name}.html.j2").render({**self._common, **values})
        headers = _HEADERS | {"Content-Security-Policy": self._policy}
        return web.Response(status=status, text=text, content_type="text/html", charset="utf-8", headers=headers)


def load_pages(deployment: Deployment) -> Pages:
    """The pages of `deployment`, whose own `templates/` wins over those that travel with the product."""
    places: list[Path] = [deployment.path / "templates", shipped("templates")]
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(places), undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["together"] = _together
    style = " ".join(environment.get_template("web/style.css.j2").render().split())
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    campaign = deployment.campaign
    common = {
        "campaign": campaign,
        "villages": tuple(deployment.villages.values()),
        "style": Markup(style),  # noqa: S704 # our own file, no visitor's words
        "price": campaign.price_note(),
        "hotline": campaign.hotline.national if campaign.hotline else "",
        "hotline_link": f"tel:{campaign.hotline.e164}" if campaign.hotline else "",
    }
    return Pages(environment, common, policy)


def _together(text: str) -> str:
    """`text` with no-break spaces: words and digits that belong together."""
    return text.replace(" ", "\u00a0")
