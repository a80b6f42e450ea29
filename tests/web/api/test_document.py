"""/api/openapi.json says what the handlers do: drawn from the same descriptions, and compared with what the router knows."""

import re
from typing import Any

import pytest

from gateway.web.api import DOCUMENT, OPERATIONS
from gateway.web.api.document import document
from gateway.web.api.operation import PREFIX
from tests.web.api.conftest import Door, text

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"])


async def test_the_document_lists_what_the_router_serves(door: Door) -> None:
    """Every route under /api/ and every operation: the same pairs of method and path."""
    shown = (await door.call("GET", DOCUMENT)).body
    drawn = {(method.upper(), path) for path, methods in shown["paths"].items() for method in methods}
    served = {
        (route.method, route.resource.canonical)
        for route in door.app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith("/api/")
    }
    assert drawn | {("GET", DOCUMENT)} == served
    assert shown["openapi"] == "3.1.0"
    assert shown == document(door.app[OPERATIONS])


async def test_each_operation_is_drawn_whole(door: Door) -> None:
    """Parameters, body, scope and every status that it may answer with."""
    shown = document(door.app[OPERATIONS])
    for operation in door.app[OPERATIONS]:
        drawn = shown["paths"][PREFIX + operation.path][operation.method.lower()]
        names = {(each["in"], each["name"]) for each in drawn["parameters"]}
        wanted = {("path", name) for name in re.findall(r"\{(\w+)\}", operation.path)}
        wanted |= {("query", name) for name in operation.query.model_fields}
        wanted |= {("header", "Idempotency-Key")} if operation.takes_key else set()
        assert names == wanted
        assert set(drawn["responses"]) == {str(status) for status in operation.statuses}
        assert ("requestBody" in drawn) is (operation.body is not None)
        assert operation.scope is None or operation.scope in drawn["description"]


async def test_links_name_operations_and_their_parameters(door: Door) -> None:
    by_name = {each.name: each for each in door.app[OPERATIONS]}
    for operation in door.app[OPERATIONS]:
        for link in operation.links:
            leads_to = by_name[link.operation]
            assert link.parameter in {*leads_to.segments, *leads_to.query.model_fields}


def _refs(value: Any) -> set[str]:  # Any: JSON
    if isinstance(value, dict):
        own = {value["$ref"]} if "$ref" in value else set[str]()
        return own.union(*map(_refs, value.values()))
    return set[str]().union(*map(_refs, value)) if isinstance(value, list) else set()


async def test_every_reference_leads_somewhere(door: Door) -> None:
    shown = document(door.app[OPERATIONS])
    schemas = shown["components"]["schemas"]
    used = {ref.removeprefix("#/components/schemas/") for ref in _refs(shown)}
    assert used == set(schemas)  # nothing is missing, nothing is there for nobody


async def test_what_is_asked_is_closed_and_what_is_told_is_whole(door: Door) -> None:
    """Unknown members are no mistake of the document's; every member of an answer is always there."""
    schemas = document(door.app[OPERATIONS])["components"]["schemas"]
    for name, schema in schemas.items():
        if name.startswith("New"):
            assert schema["additionalProperties"] is False, name
        elif name not in ("Fault", "ProblemDetails"):
            assert set(schema["required"]) == set(schema["properties"]), name


async def test_answers_have_the_members_of_the_document(door: Door) -> None:
    crm = await door.client()
    schemas = document(door.app[OPERATIONS])["components"]["schemas"]
    ref = (await crm.send(text())).body["items"][0]["id"]
    for path, name in (("/me", "Me"), ("/routes", "Routes"), (f"/messages/{ref}", "Message"), ("/tips", "TipPage")):
        assert set((await crm.get(path)).body) == set(schemas[name]["properties"])
