"""Texts with typed fields: Jinja2, sandboxed and strict, rendered late."""

import json
from functools import lru_cache
from typing import Final

from jinja2 import StrictUndefined, TemplateError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from gateway.domain.fold import nfc

_ENVIRONMENT: Final = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)  # an SMS is no HTML
Template = str


class BadText(ValueError):
    """A text that can't be sent as written; the message says where and what to do."""


@lru_cache(maxsize=64)
def _compiled(template: Template):  # type: ignore[no-untyped-def] # jinja2's own Template
    return _ENVIRONMENT.from_string(template)


def render(template: Template, parameters: str) -> str:
    """`template` with the fields of `parameters` (a JSON object), NFC. Raises BadText."""
    try:
        return nfc(str(_compiled(template).render(json.loads(parameters))))
    except TemplateError as error:
        raise BadText(f"the text can't be filled in: {error.message}") from None


def fields_of(template: Template) -> frozenset[str]:
    """The names that `template` asks for. Raises BadText with the line of a syntax error."""
    try:
        return frozenset(meta.find_undeclared_variables(_ENVIRONMENT.parse(template)))
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        raise BadText(f"line {line}: {error.message}" if line else str(error.message)) from None
