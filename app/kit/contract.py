"""Every operation of the contract says which problems it answers, by status and code."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.routing import BaseRoute

from app.kit import errors
from app.kit.db import unit_of_work
from app.kit.idempotency import HEADER, KEYED, claim
from app.kit.problems import MEDIA, problem_schemas
from app.kit.refusals import Refusal, refused_by

ALWAYS = (errors.HttpMalformed, errors.AddressTooLong, errors.HeadersTooLarge, errors.Unforeseen)
KEY = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "One word, drawn anew for each change. The same request under the same key is"
    " done once: sent again it is answered as the first time, with `Idempotency-Replayed: true`."
    " Kept for at least seven days. A refused request leaves its key free.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$", "minLength": 1, "maxLength": 255},
}
NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` that you have; 304 where it is still the one.",
    "schema": {"type": "string"},
}
TAG = {
    "description": "Of this representation. A change is bound to the version before its first dot.",
    "schema": {"type": "string"},
}
REPLAYED = {
    "description": "`true` where this is the answer of an earlier request with the same key.",
    "schema": {"type": "string", "const": "true"},
}


def complete(contract: dict[str, Any], routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """Add to a generated contract what the framework does not know."""
    schemas = contract["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas.update(problem_schemas())
    contract["components"]["parameters"] = {"IdempotencyKey": KEY, "IfNoneMatch": NONE_MATCH}
    groups: dict[str, Any] = {}
    for route in iter_route_contexts(routes):
        if getattr(route, "operation_id", None):
            for method in route.methods or ():
                operation = contract["paths"][route.path_format][method.lower()]
                groups |= document(operation, route, method)
    contract["components"]["responses"] = groups
    return contract


def document(operation: dict[str, Any], route: RouteContext, method: str) -> dict[str, Any]:
    """Write one operation's problems, and its key where it takes one; return the problems."""
    calls = set(called(route.dependant))
    answers = operation["responses"]
    for status in [status for status in answers if status == "default" or status >= "400"]:
        del answers[status]
    keyed = method in KEYED and any(claim in refused_by(call) for call in calls)
    if keyed:
        operation.setdefault("parameters", []).append(
            {"$ref": "#/components/parameters/IdempotencyKey"}
        )
        for status in answers:
            answers[status].setdefault("headers", {})["Idempotency-Replayed"] = REPLAYED
    if any(getattr(call, "tagged", False) for call in calls):
        operation.setdefault("parameters", []).append(
            {"$ref": "#/components/parameters/IfNoneMatch"}
        )
        answers["200"].setdefault("headers", {})["ETag"] = TAG
        answers["304"] = {"description": "You have it already.", "headers": {"ETag": TAG}}
    by_status = defaultdict(list)
    found = {*implied(operation, route, calls), *declared(route, calls, keyed=keyed)}
    for refusal in sorted(found, key=lambda one: one.code):
        by_status[refusal.status].append(refusal)
    groups = {".".join(one.code for one in group): group for group in by_status.values()}
    for name, group in groups.items():
        answers[str(group[0].status)] = {"$ref": f"#/components/responses/{name}"}
    return {name: shown(group) for name, group in groups.items()}


def declared(route: RouteContext, calls: set[Any], *, keyed: bool) -> Iterator[type[Refusal]]:
    """Name what a route, its room and the rights that it asks for declare to refuse."""
    yield from getattr(route.original_route, "refusals", ())
    for call in calls:
        if keyed or claim not in refused_by(call):
            yield from (one for one in refused_by(call) if one is not claim)


def implied(
    operation: dict[str, Any], route: RouteContext, calls: set[Any]
) -> Iterator[type[Refusal]]:
    """Name what an operation refuses by its form alone."""
    yield from ALWAYS
    taken = {one.get("name") for one in operation.get("parameters", ())}
    if "security" in operation or unit_of_work in calls:
        yield from (errors.DatabaseUnavailable, errors.StorageFull)
    if taken or "requestBody" in operation:
        yield errors.Malformed
    if "{" in (route.path_format or ""):
        yield errors.NoSuchResource
    if "cursor" in taken:
        yield errors.CursorUnknown
    if "if-match" in taken:
        yield from (errors.RevisionRequired, errors.RevisionStale)
    if route.body_field is not None:
        yield from (errors.BodyTooLarge, errors.MediaTypeUnknown, errors.RequestTooSlow)


def called(dependant: Dependant) -> Iterator[Any]:
    """Walk the endpoint and everything that it depends on."""
    yield dependant.call
    for below in dependant.dependencies:
        yield from called(below)


def shown(group: list[type[Refusal]]) -> dict[str, Any]:
    """Show the refusals of one status as a response whose codes are told apart."""
    told = (f"`{one.code}`: {(one.__doc__ or '').splitlines()[0]}" for one in group)
    codes = {"properties": {"code": {"enum": [one.code for one in group]}}}
    schema = {"allOf": [{"$ref": "#/components/schemas/Problem"}, codes]}
    return {"description": "\n\n".join(told), "content": {MEDIA: {"schema": schema}}}
