"""Pages as Jinja templates in three languages, with strict headers: one file an answer, no cookie, no third party, no script needed."""

import base64
import gzip
import hashlib
import tomllib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from gateway.deployment import Deployment, shipped
from gateway.domain.campaign import Campaign
from gateway.domain.msisdn import Msisdn

_HEADERS: Final = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), microphone=(self), camera=()",
    "Vary": "Accept-Language, Accept-Encoding",
}
HOME: Final = "vi"
NAMES: Final = MappingProxyType({"vi": "Việt", "lo": "ລາວ", "en": "English"})  # as each language calls itself
_SCRIPTS: Final = ("form", "resume")
_KEPT: Final = 512  # rendered village pages in memory, about 6 KB each
_WORTH_PACKING: Final = 1_000  # bytes
Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Speech:
    """The language of an answer. `suffix`: what links carry so that a choice lasts, "" where the phone's own language serves."""

    language: str
    suffix: str = ""


@dataclass(slots=True)
class Pages:
    """Rendered pages of one deployment. Made by `load_pages`."""

    _templates: Environment = field(repr=False)
    _common: Mapping[str, Any]  # Any: what templates show
    _words: Mapping[str, Words]
    _policy: str
    _zone: ZoneInfo
    _packed: OrderedDict[tuple[str, ...], tuple[bytes, bytes]] = field(default_factory=OrderedDict, repr=False)

    @property
    def languages(self) -> tuple[str, ...]:
        """What pages there are, the campaign's first language first."""
        return tuple(self._words)

    def words(self, language: str) -> Words:
        """The sentences of a language, by name."""
        return self._words[language]

    def speech(self, request: web.Request) -> Speech:
        """The visitor's language: what a link chose, else what the phone asks for (RFC 9110 §12.5.4), else Vietnamese."""
        chosen = request.query.get("l", "")
        if chosen in self._words:
            return Speech(chosen, f"?l={chosen}")
        return Speech(_preferred(request.headers.get("Accept-Language", "")[:200], self.languages))

    def text(self, name: str, speech: Speech, /, **values: Any) -> str:  # Any: what templates show
        """Template `web/NAME.html.j2` in a language."""
        words = self._words[speech.language]
        others = [(code, NAMES[code]) for code in self._words if code != speech.language]
        spoken = {"t": words, "lang": speech.language, "l": speech.suffix, "others": others, "number": _number_for(speech.language)}
        return self._templates.get_template(f"web/{name}.html.j2").render({**self._common, **spoken, "path": "", "form": False, **values})

    def page(self, request: web.Request, name: str, status: int = 200, /, **values: Any) -> web.Response:  # Any: what templates show
        """Template `web/NAME.html.j2` as an answer to `request`."""
        body = self.text(name, self.speech(request), **{"path": request.path, **values}).encode()
        return self._answer(request, body, _pack(body), status)

    def kept(self, request: web.Request, name: str, key: tuple[str, ...], values: Callable[[], Mapping[str, Any]]) -> web.Response:
        """A page that is the same for all: rendered and packed once. `key`: what it depends on beside the language."""
        speech = self.speech(request)
        whole = (name, speech.language, speech.suffix, *key)
        if (found := self._packed.get(whole)) is None:
            body = self.text(name, speech, **values()).encode()
            found = self._packed[whole] = (body, _pack(body))
            if len(self._packed) > _KEPT:
                self._packed.popitem(last=False)
        return self._answer(request, *found, 200)

    def moment(self, at_ms: int) -> datetime:
        """A local time."""
        return datetime.fromtimestamp(at_ms / 1000, self._zone)

    def _answer(self, request: web.Request, body: bytes, packed: bytes, status: int) -> web.Response:
        headers = {**_HEADERS, "Content-Security-Policy": self._policy}
        if packed and "gzip" in request.headers.get("Accept-Encoding", ""):
            return web.Response(
                status=status, body=packed, content_type="text/html", charset="utf-8", headers={**headers, "Content-Encoding": "gzip"}
            )
        return web.Response(status=status, body=body, content_type="text/html", charset="utf-8", headers=headers)


def see_other(place: str) -> web.Response:
    """After a form: "back" and "reload" repeat nothing (RFC 9110 §15.4.4)."""
    return web.Response(status=303, headers={"Location": place, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})


def _pack(body: bytes) -> bytes:
    return gzip.compress(body, 6, mtime=0) if len(body) >= _WORTH_PACKING else b""


def _preferred(header: str, languages: tuple[str, ...]) -> str:
    """The language of `languages` that an Accept-Language asks for most."""
    asked: list[tuple[float, str]] = []
    for part in header.split(",")[:10]:
        tag, _, weight = part.partition(";")
        try:
            quality = float(weight.partition("=")[2]) if weight.strip() else 1.0
        except ValueError:
            quality = 0.0
        asked.append((quality, tag.strip().lower().partition("-")[0]))
    known = [(quality, tag) for quality, tag in asked if tag in languages and quality > 0]
    return max(known, key=lambda each: each[0])[1] if known else HOME


def load_pages(deployment: Deployment) -> Pages:
    """The pages of `deployment`, whose own `templates/` wins over those that travel with the product."""
    places: list[Path] = [deployment.path / "templates", shipped("templates")]
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(places), undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["together"] = _together
    style = _small(environment.get_template("web/style.css.j2").render())
    scripts = {name: _small(environment.get_template(f"web/{name}.js.j2").render()) for name in _SCRIPTS}
    campaign = deployment.campaign
    languages = [HOME, *(code for code in campaign.languages if code in NAMES and code != HOME)]
    words = {code: _words(places, code) for code in languages}
    return Pages(environment, _common(deployment, style, scripts), words, _policy(style, scripts), ZoneInfo(campaign.timezone))


def _common(deployment: Deployment, style: str, scripts: Mapping[str, str]) -> dict[str, Any]:  # Any: what templates show
    campaign = deployment.campaign
    return {
        "campaign": campaign,
        "villages": tuple(deployment.villages.values()),
        "style": Markup(style),  # noqa: S704 # our own file, no visitor's words
        "scripts": {name: Markup(text) for name, text in scripts.items()},  # noqa: S704 # as above
        "price": campaign.price_note(),
        "hotline": campaign.hotline,
        "emergency": campaign.emergency or campaign.hotline,
        "is_day_and_night": campaign.emergency is not None,
        "hours": _hours(campaign),
        "host": campaign.link_base.partition("://")[2].lower(),
    }


def _hours(campaign: Campaign) -> tuple[str, str] | None:
    """First and last hour of the hotline as people say them: ("7", "17")."""
    if campaign.hotline_hours is None:
        return None
    first, last = (f"{at.hour}" if at.minute == 0 else f"{at.hour}:{at.minute:02}" for at in campaign.hotline_hours)
    return first, last


def _words(places: list[Path], language: str) -> Words:
    """The sentences of web/LANGUAGE.toml; a deployment's own file wins, sentence by sentence."""
    found: dict[str, str] = {}
    for place in reversed(places):
        path = place / "web" / f"{language}.toml"
        if path.is_file():
            found |= tomllib.loads(path.read_text("utf-8"))
    return MappingProxyType({name: text.replace("~", "\u00a0") for name, text in found.items()})


def _policy(style: str, scripts: Mapping[str, str]) -> str:
    """Content-Security-Policy: our style and our scripts by their hash, nothing from elsewhere."""
    allowed = " ".join(_hash(text) for text in scripts.values())
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {allowed}; connect-src 'self'; img-src blob: data:; "
        "media-src blob: data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _small(text: str) -> str:
    """Without the white space that only readers of the source need."""
    return "\n".join(line for line in map(str.strip, text.splitlines()) if line and not line.startswith("//"))


def _number_for(language: str) -> Callable[[Msisdn], str]:
    """How numbers stand on a page: as dialled at home, or with the country's code for those who read another language."""
    if language == HOME:
        return lambda msisdn: _together(msisdn.national)
    return lambda msisdn: _together(_international(msisdn))


def _international(msisdn: Msisdn) -> str:
    """ "+84 300 000 100"."""
    plain = msisdn.e164
    return f"{plain[:3]} {plain[3:6]} {plain[6:9]} {plain[9:]}" if plain.startswith("+84") and len(plain) == 12 else msisdn.national


def _together(text: str) -> str:
    """`text` with no-break spaces: words and digits that belong together."""
    return text.replace(" ", "\u00a0")
