"""A TOML file as checked values: unknown keys, wrong kinds and broken syntax become faults that name their line."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, ClassVar, Final, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from gateway.domain.fault import Fault
from gateway.domain.fold import nfc
from gateway.domain.toml_place import Path as Place
from gateway.domain.toml_place import TomlPlaces, error_line, error_text

M = TypeVar("M", bound=BaseModel)
_UNKNOWN: Final = ("extra_forbidden", "unexpected_keyword_argument")  # in a model, in a dataclass


class Frozen(BaseModel):
    """A table of a TOML: a misspelt key is an error, not a default. `ALSO` names keys that are taken in place of fields."""

    ALSO: ClassVar[tuple[str, ...]] = ()

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def matching(pattern: str, words: str) -> AfterValidator:
    """A text that `pattern` matches whole; else `words`, since a pattern tells an officer nothing."""
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise ValueError(words)
        return value

    return AfterValidator(check)


@dataclass(frozen=True, slots=True)
class TomlFile:
    """A TOML as read: its `values` and where their keys stand. `fault` says why `values` is empty where it could not be read.

    `folder`: where it lies.
    """

    file: str
    values: Mapping[str, Any]
    places: TomlPlaces
    fault: Fault | None = None
    folder: Path = Path()


def read_toml(path: Path) -> TomlFile:
    """Read the TOML at `path`; never raises for what is, or is not, there."""
    text = ""
    try:
        text = nfc(path.read_bytes().decode("utf-8-sig"))  # Windows' editor writes a byte order mark, which tomllib refuses
        return TomlFile(path.name, tomllib.loads(text), TomlPlaces(text), folder=path.parent)
    except FileNotFoundError:
        fault = Fault(path.name, None, "", "The file is missing", "Copy it from a new deployment: tinbao init DIR")
    except UnicodeDecodeError as why:
        line = why.object.count(b"\n", 0, why.start) + 1
        fault = Fault(path.name, line, "", "The file is not UTF-8", "Save it with the encoding UTF-8")
    except OSError as why:
        fault = Fault(path.name, None, "", f"The file can't be read: {why.strerror}", "Look at its permissions")
    except tomllib.TOMLDecodeError as why:
        words = error_text(str(why))
        line = error_line(str(why)) or _unfinished(text)
        fault = Fault(path.name, line, "", f"This is no TOML: {words}", "Correct the line; texts stand in double quotes")
    return TomlFile(path.name, {}, TomlPlaces(""), fault)


def _unfinished(text: str) -> int:
    """The line after the last that ends a whole TOML: there a text or list begins that is never closed; tomllib names the file's end."""
    lines = text.split("\n")
    for count in range(len(lines) - 1, 0, -1):
        with suppress(tomllib.TOMLDecodeError):
            tomllib.loads("\n".join(lines[:count]))
            return count + 1
    return 1


def validated(model: type[M], toml: TomlFile, values: Mapping[str, Any], faults: list[Fault], under: Place = ()) -> M | None:
    """`values`, which stand at `under` in `toml`, as `model`; None where they can't be. What is wrong goes to `faults`.

    Unknown keys cost only themselves.
    """
    values = deepcopy(dict(values))
    for _ in range(2):
        try:
            return model.model_validate(values)
        except ValidationError as why:
            errors = why.errors(include_url=False, include_context=False, include_input=False)
        unknown = [error["loc"] for error in errors if error["type"] in _UNKNOWN]
        for error in errors:
            loc = error["loc"]
            faults.append(_fault(model, toml, under, tuple(loc), error["type"], error["msg"]))
        if len(unknown) < len(errors):
            return None
        for loc in unknown:
            _drop(values, loc)
    return None


def _fault(model: type[BaseModel], toml: TomlFile, under: Place, loc: Place, kind: str, message: str) -> Fault:
    line = toml.places.line((*under, *loc))
    name = ".".join(str(part + 1 if isinstance(part, int) else part) for part in (*under, *loc))
    if kind in _UNKNOWN:
        near = get_close_matches(str(loc[-1]), sorted(set(_field_names(model))), 1)
        remedy = f"Did you mean “{near[0]}”? Otherwise take it out" if near else "Take it out, or correct its spelling"
        return Fault(toml.file, line, name, "The key is unknown", remedy)
    if kind == "missing":
        return Fault(toml.file, line, name, "The key is missing", "Add it; the shipped deployment shows how")
    text = message.replace("Value error, ", "").replace("Input should", "The value should")
    return Fault(toml.file, line, name, _sentence(text), "Correct it")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".")


def _field_names(model: type[BaseModel]) -> Iterator[str]:
    """Names of the fields of `model` and of all models inside it."""
    yield from getattr(model, "ALSO", ())
    for name, info in model.model_fields.items():
        yield name
        for inner in (info.annotation, *get_args(info.annotation)):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield from _field_names(inner)


def _drop(values: Any, loc: Place) -> None:
    for part in loc[:-1]:
        values = values[part]
    values.pop(loc[-1], None)
