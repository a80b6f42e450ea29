"""Ready texts for waves: `templates/sms/waves/NAME.LANGUAGE.txt.j2`; a deployment's own file wins over ours of the same name."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.deployment import Deployment, shipped
from gateway.domain.fold import nfc
from gateway.services.texts import BadText, Template

FOLDER: Final = Path("sms") / "waves"
_FILE: Final = re.compile(r"(?P<name>[a-z0-9][a-z0-9-]*)\.(?P<language>[a-z]{2})\.txt\.j2")
_NOTE: Final = re.compile(r"\s*\{#(?P<note>.*?)#\}\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ReadyText:
    """A text to start from. `note`: what its writer says in a comment at its top, to be shown before it is used; "" if nothing."""

    name: str
    language: str
    template: Template = field(repr=False)
    note: str


def ready_texts(deployment: Deployment) -> Mapping[str, Mapping[str, ReadyText]]:
    """All of them: name -> language -> text, in order of name; Vietnamese first. Raises BadText for a file that can't be read."""
    paths = {path.name: path for folder in (shipped("templates"), deployment.path / "templates") for path in _files(folder / FOLDER)}
    found: dict[str, dict[str, ReadyText]] = {}
    for text in map(_read, (paths[name] for name in sorted(paths))):
        found.setdefault(text.name, {})[text.language] = text
    return {name: dict(sorted(texts.items(), key=lambda pair: (pair[0] != "vi", pair[0]))) for name, texts in found.items()}


def ready_text(deployment: Deployment, name: str) -> Mapping[str, ReadyText]:
    """The ready text `name` by language. Raises BadText: there is none, or a file can't be read."""
    known = ready_texts(deployment)
    if name not in known:
        raise BadText(f"there is no ready text {name}; there are {', '.join(known)}, or put {name}.vi.txt.j2 into templates/sms/waves")
    return known[name]


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.glob("*.txt.j2") if _FILE.fullmatch(path.name))


def _read(path: Path) -> ReadyText:
    named = _FILE.fullmatch(path.name)
    assert named  # noqa: S101 # `_files` lets no other through
    try:
        text = nfc(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError):
        raise BadText(f"templates/sms/waves/{path.name} can't be read; save it as UTF-8, readable by the user that runs tinbao") from None
    note = _NOTE.match(text)
    template = (text[note.end() :] if note else text).strip()
    return ReadyText(named["name"], named["language"], template, " ".join(note["note"].split()) if note else "")
