"""Imports and the long work behind them."""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from app.catalogue import imports
from app.catalogue.schemas import ImportResultOut, OperationOut
from app.kit.db import Database, Db
from app.kit.errors import BodyTooLarge
from app.people.rights import Counter, Reader, Registrar

router = APIRouter(prefix="/v1", tags=["imports"])
LARGEST = 64 * 1024 * 1024
NDJSON = "application/x-ndjson"


async def body_lines(request: Request) -> list[bytes]:
    """Read the body piece by piece, refusing early what is too large."""
    pieces: list[bytes] = []
    size = 0
    stream: AsyncIterator[bytes] = request.stream()
    async for piece in stream:
        size += len(piece)
        if size > LARGEST:
            raise BodyTooLarge(f"An import holds at most {LARGEST} bytes; send several.")
        pieces.append(piece)
    return list(imports.split_lines(pieces))


@router.post(
    "/imports",
    operation_id="import_assets",
    status_code=202,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                NDJSON: {"schema": {"type": "string", "description": "One registration a line."}}
            },
        }
    },
)
def import_assets(
    db: Db,
    caller: Registrar,
    lines: Annotated[list[bytes], Depends(body_lines)],
    response: Response,
) -> OperationOut:
    """Register up to 10,000 copies, one JSON object a line; a bad line refuses itself only.

    The lines are kept before this answers. Follow the operation; results come line by line.
    """
    import_id = imports.receive(db, caller, lines)
    response.headers["Location"] = f"/v1/operations/{import_id}"
    response.headers["Retry-After"] = "1"
    return OperationOut.model_validate(imports.operation_for(db, caller, import_id))


@router.get("/operations/{operation_id}", operation_id="read_operation")
def read_operation(db: Db, caller: Counter, operation_id: UUID) -> OperationOut:
    """Show how far a piece of long work is."""
    return OperationOut.model_validate(imports.operation_for(db, caller, operation_id))


@router.get(
    "/imports/{import_id}/results",
    operation_id="list_import_results",
    response_class=Response,
    responses={200: {"content": {NDJSON: {"schema": ImportResultOut.model_json_schema()}}}},
)
def list_import_results(
    request: Request, db: Db, caller: Reader, import_id: UUID
) -> StreamingResponse:
    """Stream what became of each line so far, one JSON object a line, in their order."""
    imports.import_for(db, caller, import_id)
    database: Database = request.app.state.database

    def lines() -> Iterator[str]:
        # A session of its own: the request's is closed before the first line leaves.
        with database.transaction() as own:
            rows = own.scalars(imports.results_of(import_id).execution_options(yield_per=500))
            for row in rows:
                yield ImportResultOut.model_validate(row).model_dump_json() + "\n"

    return StreamingResponse(lines(), media_type=NDJSON)
