"""Imports, scans and the long work behind them."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from app.assets.service import system_for
from app.catalogue import imports, operations, spool
from app.catalogue.errors import (
    EncodingUnknown,
    ImportGap,
    ImportInProgress,
    ImportOtherwise,
    ImportTooLarge,
    OperationOver,
)
from app.catalogue.reception import Reception, announced, part_of
from app.catalogue.schemas import ImportOutcome, ImportResultOut, OperationOut, OperationState
from app.catalogue.service import one_form
from app.catalogue.spool import Scan
from app.catalogue.spreadsheets import AsIs, MappingIn, TableLines
from app.kit.db import Database, Db
from app.kit.errors import BodyTooLarge, Malformed, NoSuchResource
from app.kit.operations import FINISHED
from app.kit.paging import Cursor, Limit, Page
from app.kit.refusals import refuses
from app.kit.revisions import content_tag, tagged
from app.kit.text import Line
from app.people.rights import BriefRegistrar, Counter, Describer, Reader
from app.people.roles import REGISTERING, Principal
from app.people.service import prove_role
from app.storage.errors import LocationMalformed

router = APIRouter(prefix="/v1", tags=["imports"])
NDJSON = "application/x-ndjson"
RESULTS_AT_ONCE = 1_000
RECEIVING = (
    BodyTooLarge,
    EncodingUnknown,
    ImportGap,
    ImportInProgress,
    ImportOtherwise,
    ImportTooLarge,
    Malformed,
    OperationOver,
)


def lines_of(what: str) -> dict[str, object]:
    """Describe a body of lines and the headers of one that is sent in parts."""
    parameters = [
        ("Idempotency-Key", "Names the import, so that it can be continued and is never doubled."),
        ("Content-Range", "`bytes 0-499/1234`: a part; `bytes */1234`: how far are you?"),
        ("Content-Encoding", "`gzip`, or nothing."),
    ]
    return {
        "requestBody": {
            "required": True,
            "content": {NDJSON: {"schema": {"type": "string", "description": what}}},
        },
        "parameters": [
            {"in": "header", "name": name, "schema": {"type": "string"}, "description": why}
            for name, why in parameters
        ],
    }


@router.post(
    "/imports",
    operation_id="import_assets",
    status_code=202,
    response_model=OperationOut,
    openapi_extra=lines_of("One registration a line."),
)
@refuses(*RECEIVING)
async def import_assets(request: Request, caller: BriefRegistrar, response: Response) -> object:
    """Register any number of copies, one JSON object a line; a bad line refuses itself only.

    Lines are kept and registered while they come. Send an `Idempotency-Key`, and an import whose
    connection broke is continued by sending it again, or the rest of it by `Content-Range`.
    """
    return await take_in(request, caller, response)


@router.post(
    "/scans",
    operation_id="scan_folder",
    status_code=202,
    response_model=OperationOut,
    openapi_extra=lines_of("One registration a line, with the `token` of the file."),
)
@refuses(*RECEIVING, LocationMalformed, NoSuchResource)
async def scan_folder(
    request: Request,
    caller: BriefRegistrar,
    response: Response,
    source_system: Annotated[Line, Query(max_length=63)],
    beneath: Annotated[str, Query(max_length=12000, description="A folder; empty: all.")] = "",
) -> object:
    """Say which files a scan of a folder saw: new, moved, changed or known, a line each.

    When all has come, what is known there and was not seen is looked for, and reported missing if
    its store answers and does not have it. Folders out of reach change nothing.
    """
    database: Database = request.app.state.database

    def scanned() -> Scan:
        with database.transaction() as db:
            root = system_for(db, caller, source_system).root
        return Scan(source_system, one_form(beneath, root) if beneath else "")

    return await take_in(request, caller, response, await run_in_threadpool(scanned))


async def take_in(
    request: Request,
    caller: Principal,
    response: Response,
    scan: Scan | None = None,
    *,
    instructions: Mapping[str, Any] | None = None,
    table: MappingIn | None = None,
) -> OperationOut:
    """Take a body in and show the operation that does its work."""
    database: Database = request.app.state.database
    part = part_of(request.headers.get("Content-Range"))
    said = announced(request, part, scan, instructions)
    reception = await run_in_threadpool(Reception, database, caller, said, part)
    import_id = await reception.take(request, TableLines(table) if table else AsIs())
    response.headers["Location"] = f"/v1/operations/{import_id}"
    response.headers["Retry-After"] = "1"
    if reception.replayed:
        response.headers["Idempotency-Replayed"] = "true"

    def shown() -> OperationOut:
        with database.transaction() as db:
            return operations.show(db, caller, import_id)

    return await run_in_threadpool(shown)


@router.get("/operations", operation_id="list_operations")
def list_operations(
    db: Db,
    caller: Counter,
    state: Annotated[OperationState | None, Query()] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[OperationOut]:
    """List long work, the newest first."""
    return operations.list_all(db, caller, state, limit=limit, cursor=cursor)


@router.get("/operations/{operation_id}", operation_id="read_operation")
@tagged
def read_operation(db: Db, caller: Counter, operation_id: UUID, response: Response) -> OperationOut:
    """Show how far a piece of long work is."""
    shown = operations.show(db, caller, operation_id)
    if shown.state not in FINISHED:
        response.headers["Retry-After"] = "1"
    response.headers["ETag"] = content_tag(db, shown)
    return shown


@router.post("/operations/{operation_id}/cancel", operation_id="cancel_operation", status_code=202)
@refuses(OperationOver)
def cancel_operation(
    db: Db, caller: Describer, operation_id: UUID, response: Response
) -> OperationOut:
    """Stop an import or a change of many records: lines without a result get `cancelled`.

    What was registered or changed stays. An import is stopped by a registrar.
    """
    operation = imports.operation_for(db, caller, operation_id)
    if operation.kind not in imports.BULK:
        raise Malformed("Only imports, scans and changes of records can be cancelled.")
    if operation.kind == "import":
        prove_role(caller, REGISTERING)
    spool.cancel(db, caller, operation_id)
    response.headers["Retry-After"] = "1"
    return operations.show(db, caller, operation_id)


@router.get(
    "/imports/{import_id}/results",
    operation_id="list_import_results",
    response_class=Response,
    responses={200: {"content": {NDJSON: {"schema": ImportResultOut.model_json_schema()}}}},
)
def list_import_results(
    request: Request,
    db: Db,
    caller: Reader,
    import_id: UUID,
    after: Annotated[int, Query(ge=0, le=2**31 - 1, description="Begin behind this line.")] = 0,
    outcome: Annotated[ImportOutcome | None, Query(description="These alone.")] = None,
) -> StreamingResponse:
    """Stream what became of each line so far, one JSON object a line, in their order."""
    imports.import_for(db, caller, import_id)
    database: Database = request.app.state.database

    def lines() -> Iterator[str]:
        # Sessions of its own, a short one for each thousand: the request's is closed before the
        # first line leaves, and a slow reader holds no transaction open.
        last, more = after, True
        while more:
            asked = imports.results_after(import_id, last, outcome).limit(RESULTS_AT_ONCE)
            with database.transaction() as own:
                rows = own.scalars(asked).all()
            said = [ImportResultOut.model_validate(row).model_dump_json() for row in rows]
            yield "".join(f"{one}\n" for one in said)
            last, more = (rows[-1].line if rows else last), len(rows) == RESULTS_AT_ONCE

    return StreamingResponse(lines(), media_type=NDJSON)
