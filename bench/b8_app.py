"""The product's web process with two routes more: what B8 is measured against."""

import sys
from typing import Any
from uuid import UUID

import uvicorn
from fastapi import FastAPI, Response
from pydantic_core import to_json

from app.kit.reads import AsyncReads, Connection
from app.main import create_app as product
from app.people.rights import PresentedKey
from app.people.roles import COUNTING
from app.people.service import holder, prove_role

ROW = "SELECT id, source_system, department, original_name FROM assets WHERE id = %s"
KEY = (
    "SELECT secret_sha256, person_id, department, roles FROM api_keys"
    " WHERE id = %s AND revoked_at IS NULL AND expires_at > clock_timestamp()"
)


def written(row: Any) -> Response:  # noqa: ANN401 - a row of the driver
    """Write one row as JSON."""
    return Response(to_json(row), media_type="application/json")


async def guarded(asset_id: UUID, reads: AsyncReads, key: PresentedKey) -> Response:
    """Check the key as every route does, and return one row."""

    async def once(connection: Connection) -> Any:  # noqa: ANN401
        async with connection.pipeline():
            kept = await connection.execute(KEY, (key.id,), prepare=True)
            row = await connection.execute(ROW, (asset_id,), prepare=True)
        return await kept.fetchone(), await row.fetchone()

    kept, row = await reads.run(once)
    prove_role(holder(key, kept), COUNTING)
    return written(row)


async def bare(asset_id: UUID, reads: AsyncReads) -> Response:
    """Return one row to anybody."""

    async def once(connection: Connection) -> Any:  # noqa: ANN401
        return await (await connection.execute(ROW, (asset_id,), prepare=True)).fetchone()

    return written(await reads.run(once))


def create_app() -> FastAPI:
    """Add the references to the product's own application, over the same pool."""
    app = product()
    app.get("/v1/assets/{asset_id}/guarded", include_in_schema=False)(guarded)
    app.get("/v1/assets/{asset_id}/bare", include_in_schema=False)(bare)
    return app


if __name__ == "__main__":  # as `catalogue serve` does
    uvicorn.run(
        "b8_app:create_app",
        factory=True,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        log_config=None,
        access_log=False,
        server_header=False,
    )
