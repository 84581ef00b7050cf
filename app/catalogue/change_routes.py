"""Many records changed in one piece of work: by lines, by a table, or all alike."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from app.catalogue import imports, operations
from app.catalogue.alike import change_alike, work_of
from app.catalogue.errors import TooManyAlike
from app.catalogue.import_routes import RECEIVING, lines_of, take_in
from app.catalogue.schemas import AlikeIn, OperationOut, RecordChangesOut
from app.catalogue.spreadsheets import read_mapping
from app.kit.db import Db
from app.kit.errors import NoSuchResource
from app.kit.refusals import refuses
from app.people.rights import BriefDescriber, Describer, Reader
from app.policies.errors import NoPolicyInForce

router = APIRouter(prefix="/v1/record-changes", tags=["provenance"])
CSV = "text/csv"
MEANING = """Of a table: what its columns mean, as JSON. `columns` lists them, each with `column`
(as the first row calls it) and `field`, where needed `lang`, `certainty`, `unknown` (cells that
mean a reasoned unknown) and `unknown_reason`. `resolve` lists columns that answer about values that
differ: `field`, `column` (its cells name statements by id), `answer` (`choose`, `both_true` or
`device_default`), `reason` or `reason_column`. `source` says that the cells are carried over from
another catalogue: `catalogue` (its name) and `record` (the column of its record numbers). Records
are named by the column `asset_id`, or by `source_system` (a code) and the column
`source_identifier`; `revision` may be a column. `delimiter` is one of `,` `;` `|` or a tab,
`encoding` one of utf-8, big5, big5hkscs, gb18030, gbk. For example `{"asset_id": "Id", "columns":
[{"column": "Caption", "field": "title", "lang": "zh-Hant"}]}`."""


def lines_or_table() -> dict[str, Any]:
    """Describe a body of lines or of rows."""
    told = lines_of("One change a line: which record, at which `revision`, and what changes.")
    body = told["requestBody"]
    assert isinstance(body, dict)  # noqa: S101 - written in import_routes
    body["content"] = body["content"] | {CSV: {"schema": {"type": "string"}}}
    return told


@router.post(
    "",
    operation_id="change_records",
    status_code=202,
    response_model=OperationOut,
    openapi_extra=lines_or_table(),
)
@refuses(*RECEIVING, NoPolicyInForce)
async def change_records(
    request: Request,
    caller: BriefDescriber,
    response: Response,
    preview: Annotated[bool, Query(description="Change nothing, and show what would.")] = False,
    mapping: Annotated[str | None, Query(max_length=6000, description=MEANING)] = None,
) -> object:
    """Change any number of records: NDJSON, a line each, or CSV whose columns `mapping` explains.

    A line is what `change_provenance` takes, with the record's name and, where you send it, the
    `revision` that it must still be at. A bad line refuses itself only; lines have results
    (`/v1/imports/{id}/results`), and what is cancelled or cut short goes on where it stopped. Sent
    twice, a line changes nothing the second time.
    """
    table = read_mapping(mapping) if mapping is not None else None
    instructions = {"preview": preview, "mapping": table and table.model_dump(mode="json")}
    return await take_in(request, caller, response, instructions=instructions, table=table)


@router.post("/alike", operation_id="change_records_alike", status_code=202)
@refuses(TooManyAlike, NoPolicyInForce)
def change_records_alike(
    db: Db, caller: Describer, asked: AlikeIn, response: Response
) -> OperationOut:
    """Change many records alike: those in a list, or all that fit a query, as they stand now.

    Ask with `preview` first: nothing is changed, and the counts and a sample are shown. A record
    that moves on between the listing and its turn is refused, and can be asked for again.
    """
    instructions = {
        "preview": asked.preview,
        "mapping": None,
        "change": asked.change.model_dump(mode="json", by_alias=True, exclude_none=True),
    }
    operation_id = change_alike(db, caller, asked.which, instructions)
    response.headers["Location"] = f"/v1/operations/{operation_id}"
    response.headers["Retry-After"] = "1"
    return operations.show(db, caller, operation_id)


@router.get("/{operation_id}", operation_id="read_record_changes")
def read_record_changes(db: Db, caller: Reader, operation_id: UUID) -> RecordChangesOut:
    """Show how far the work is, and of up to 20 records what is shown before and after."""
    operation = imports.operation_for(db, caller, operation_id)
    if operation.kind not in ("record-changes", "rehoming"):
        raise NoSuchResource(f"Operation {operation_id} changes no records.")
    row = work_of(db, operation_id)
    return RecordChangesOut(
        operation=operations.show(db, caller, operation_id),
        preview=(row.instructions or {})["preview"],
        sample=row.sample,
    )
