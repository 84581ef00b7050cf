"""Refusals, faults and malformed requests as problems (RFC 9457)."""

from errno import EDQUOT, ENOSPC
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from psycopg import Error as PostgresError
from psycopg import OperationalError as PostgresUnavailable
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app.kit.errors import (
    DatabaseUnavailable,
    HttpMalformed,
    Malformed,
    MethodNotAllowed,
    NoSuchResource,
    RefusedByDatabase,
    StorageFull,
    Unforeseen,
)
from app.kit.places import pointer as pointer
from app.kit.problem_pages import problem_index, problem_page
from app.kit.refusals import Refusal
from app.kit.tracing import Tracing

log = structlog.get_logger(__name__)
MEDIA = "application/problem+json"
INTEGRITY = "23"  # SQLSTATE class of a violated constraint
DISK_FULL = "53100"
NO_ROOM = frozenset({ENOSPC, EDQUOT})


class ProblemPlace(BaseModel):
    """What is wrong where; the pointer is empty for the whole."""

    pointer: str
    detail: str


class Problem(BaseModel):
    """A refusal (RFC 9457): what, why, and by `type` a page that says what would mend it."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[ProblemPlace]
    trace_id: str


def problem_schemas() -> dict[str, Any]:
    """Return the schemas that the documented refusals refer to."""
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**problem.pop("$defs"), "Problem": problem}


def answer(
    request: Request, refusal: Refusal, headers: dict[str, str] | None = None
) -> JSONResponse:
    """Say a refusal as application/problem+json."""
    problem = Problem(
        type=f"{request.base_url}problems/{refusal.code}",
        title=(type(refusal).__doc__ or refusal.code).splitlines()[0],
        status=refusal.status,
        code=refusal.code,
        detail=refusal.detail,
        errors=[ProblemPlace(pointer=at, detail=why) for at, why in refusal.pointers.items()],
        trace_id=request.state.trace_id,
    )
    return JSONResponse(problem.model_dump(), refusal.status, headers, media_type=MEDIA)


def refused(request: Request, error: Exception) -> JSONResponse:
    """Answer a refusal of ours."""
    assert isinstance(error, Refusal)  # noqa: S101 - registered for this class only
    return answer(request, error, getattr(error, "headers", None))


def malformed(request: Request, error: Exception) -> JSONResponse:
    """Answer a request that does not fit its schema, pointing at each place."""
    assert isinstance(error, RequestValidationError)  # noqa: S101
    places: dict[str, str] = {}
    for one in error.errors():
        at = pointer(inside(one["loc"], error.body))
        why = str(one["msg"]).removeprefix("Value error, ")
        places[at] = f"{places[at]}, or: {why}" if at in places else why
    sentence = f"{len(places)} part(s) of the request do not fit; `errors` names each."
    return answer(request, Malformed(sentence, pointers=places))


def inside(place: tuple[int | str, ...], body: Any) -> tuple[int | str, ...]:  # noqa: ANN401
    """Leave out what the caller did not write.

    That is the framework's word for a body, and its names for the alternatives of a value.
    """
    if place[:1] != ("body",):
        return place
    steps: list[int | str] = []
    for step in place[1:]:
        if isinstance(body, dict):
            steps.append(step)
            body = body.get(step)
        elif isinstance(body, list) and isinstance(step, int):
            steps.append(step)
            body = body[step] if step < len(body) else None
    return tuple(steps)


def http_error(request: Request, error: Exception) -> JSONResponse:
    """Answer what the router itself refuses."""
    assert isinstance(error, HTTPException)  # noqa: S101
    headers = dict(error.headers or {})
    match error.status_code:
        case 404:
            return answer(request, NoSuchResource("There is no such address; see /docs."))
        case 405:
            headers["Allow"] = ", ".join(allowed(request))
            return answer(
                request, MethodNotAllowed(f"{request.method} is not known here."), headers
            )
        case _:
            return answer(request, Malformed("The request body cannot be read as JSON."), headers)


def allowed(request: Request) -> list[str]:
    """List every method of an address; the framework lists those of the first route it finds."""
    here = request.scope["path"]
    return sorted(
        method
        for route in iter_route_contexts(request.app.routes)
        if getattr(route, "path_regex", None) and route.path_regex.match(here)
        for method in route.methods or ()
    )


def database_error(request: Request, error: Exception) -> JSONResponse:
    """Answer a violated constraint as a refusal and an absent database as such."""
    cause = error if isinstance(error, PostgresError) else getattr(error, "orig", None)
    state = cause.sqlstate or "" if isinstance(cause, PostgresError) else ""
    if state.startswith(INTEGRITY) and isinstance(cause, PostgresError):
        name = cause.diag.constraint_name or "a constraint"
        return answer(request, RefusedByDatabase(f"The database refused this: {name}."))
    if state == DISK_FULL:
        return storage_full(request, error)
    if isinstance(error, OperationalError | PoolTimeout | PostgresUnavailable):
        log.warning("database_unavailable", error=str(cause or error))
        late = DatabaseUnavailable("The database did not answer in time; try again shortly.")
        return answer(request, late, {"Retry-After": "2"})
    return unforeseen(request, error)


def storage_full(request: Request, error: Exception) -> JSONResponse:
    """Answer that there is no room; any other trouble with files is a fault of ours."""
    if isinstance(error, OSError) and error.errno not in NO_ROOM:
        return unforeseen(request, error)
    log.error("storage_full", error=str(getattr(error, "orig", error)))
    full = StorageFull("A disk of this service is full; try again when there is room.")
    return answer(request, full, {"Retry-After": "30"})


def unforeseen(request: Request, error: Exception) -> JSONResponse:
    """Answer a fault of ours: a trace id for the caller, the whole story in the log."""
    trace_id = request.state.trace_id
    log.error("unforeseen", trace_id=trace_id, path=request.url.path, exc_info=error)
    return answer(request, Unforeseen(f"A fault of this service; quote {trace_id} when you ask."))


def gone(request: Request, error: Exception) -> JSONResponse:
    """Answer whoever hung up in the middle of a body: nobody hears it, no fault of ours."""
    return answer(request, HttpMalformed("The rest of the request never came."))


def install_problems(app: FastAPI) -> None:
    """Make every error of this application a problem that carries its request's trace id."""
    app.add_middleware(Tracing)
    app.add_exception_handler(Refusal, refused)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(DBAPIError, database_error)
    app.add_exception_handler(ClientDisconnect, gone)
    app.add_exception_handler(PoolTimeout, database_error)
    app.add_exception_handler(PostgresError, database_error)
    app.add_exception_handler(OSError, storage_full)
    app.add_exception_handler(Exception, unforeseen)
    app.get("/problems", include_in_schema=False)(problem_index)
    app.get("/problems/{code}", include_in_schema=False)(problem_page)
