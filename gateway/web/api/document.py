"""/api/openapi.json: OpenAPI 3.1, drawn from the very descriptions by which calls are checked and answered, so that it can't drift."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from gateway.web.api.operation import KEY_HEADER, KEY_PATTERN, PREFIX, Link, Operation
from gateway.web.api.problems import MEDIA, ProblemDetails
from gateway.web.api.schema import Asked

Json = dict[str, Any]  # Any: JSON
_ASKED: Final[JsonSchemaMode] = "validation"
_TOLD: Final[JsonSchemaMode] = "serialization"
_ABOUT: Final = (
    "Send texts through Tin Báo, see what became of them, read the tips of one's commune. Errors are RFC 9457 problems; lists have "
    "cursors; a POST to /messages may carry an Idempotency-Key, which is remembered for 24 hours."
)
_WORDS: Final = {
    200: "Here it is.", 201: "Made.", 202: "Taken; an answer for each.", 204: "Done.", 400: "The call can't be read.",
    401: "The token is missing, wrong or revoked.", 403: "The token's scopes don't reach so far.", 404: "There is none for this client.",
    405: "This address doesn't take this method.", 413: "The body is too large.", 415: "The body is no JSON.",
    422: "The body isn't what is asked for, or a rule forbids it.", 429: "Too many calls; Retry-After says when to go on.",
    503: "The database takes nothing now; repeat the same call.",
}  # fmt: skip
_HEADERS: Final[Mapping[int, tuple[str, ...]]] = {
    401: ("WWW-Authenticate",), 403: ("WWW-Authenticate",), 405: ("Allow",), 429: ("Retry-After",), 503: ("Retry-After",)
}  # fmt: skip


def document(operations: Sequence[Operation]) -> Json:
    """The whole document as JSON values."""
    refs, schemas = _schemas(operations)
    paths: dict[str, Json] = {}
    for each in operations:
        paths.setdefault(f"{PREFIX}{each.path}", {})[each.method.lower()] = _operation(each, refs, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tin Báo", "version": "1.0.0", "description": _ABOUT},
        "paths": paths,
        "components": {
            "schemas": {name: schema for name, schema in schemas.items() if not name.endswith("Query") and name != "Nothing"},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "NAME.SECRET, as tinbao clients add shows it."}
            },
        },
        "security": [{"token": []}],
    }


def _schemas(operations: Sequence[Operation]) -> tuple[Mapping[type[BaseModel], Json], dict[str, Json]]:
    """(reference of each type, all schemas by name)."""
    asked: list[type[BaseModel]] = [each for one in operations for each in (one.query, one.body) if each is not None]
    told: list[type[BaseModel]] = [each for one in operations for each in one.answers.values() if each is not None]
    wanted = dict.fromkeys(asked, _ASKED) | dict.fromkeys([*told, ProblemDetails], _TOLD)
    found, definitions = models_json_schema(list(wanted.items()), ref_template="#/components/schemas/{model}")
    return {model: found[model, mode] for model, mode in wanted.items()}, definitions["$defs"]


def _operation(one: Operation, refs: Mapping[type[BaseModel], Json], schemas: Mapping[str, Json]) -> Json:
    scope = f"Scope: {one.scope}." if one.scope else "Any token."
    drawn: Json = {
        "operationId": one.name,
        "summary": one.summary,
        "description": scope,
        "parameters": [*_path(one), *_query(one.query, schemas), *([_KEY] if one.takes_key else [])],
        "responses": {str(status): _answer(status, one, refs) for status in one.statuses},
    }
    if one.body is not None:
        drawn["requestBody"] = {"required": True, "content": {"application/json": {"schema": refs[one.body]}}}
    return drawn


_KEY: Final[Json] = {
    "name": KEY_HEADER, "in": "header", "required": False, "schema": {"type": "string", "pattern": KEY_PATTERN},
    "description": "The same key with the same body gets the same answer for 24 hours, and nothing is sent twice.",
}  # fmt: skip


def _path(one: Operation) -> list[Json]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": each.about,
            "schema": {"type": "string", "pattern": f"^{each.pattern}$"},
        }
        for name, each in one.segments.items()
    ]


def _query(model: type[Asked], schemas: Mapping[str, Json]) -> list[Json]:
    schema = schemas[model.__name__]
    found = []
    for name, member in schema.get("properties", {}).items():
        value = {key: each for key, each in member.items() if key not in ("description", "title")}
        drawn = {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": _without_null(value)}
        found.append(drawn | ({"description": member["description"]} if "description" in member else {}))
    return found


def _without_null(schema: Json) -> Json:
    """A parameter is there or not; null can't be written in an address."""
    kinds = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    return kinds[0] if len(kinds) == 1 else schema


def _answer(status: int, one: Operation, refs: Mapping[type[BaseModel], Json]) -> Json:
    is_problem = status not in one.answers
    kind = ProblemDetails if is_problem else one.answers[status]
    drawn: Json = {"description": _WORDS[status]}
    if kind is not None:
        drawn["content"] = {MEDIA if is_problem else "application/json": {"schema": refs[kind]}}
    if not is_problem and one.links:
        drawn["links"] = {each.operation: _link(each) for each in one.links}
    if status in _HEADERS:
        drawn["headers"] = {name: {"required": True, "schema": {"type": "string"}} for name in _HEADERS[status]}
    return drawn


def _link(link: Link) -> Json:
    return {"operationId": link.operation, "parameters": {link.parameter: f"$response.body#{link.value}"}}
