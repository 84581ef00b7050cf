"""Is the process alive, and may traffic come."""

from importlib.metadata import version
from typing import Literal

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from pydantic import BaseModel
from sqlalchemy import text

from app.kit.db import Db
from app.kit.errors import DatabaseUnavailable
from app.kit.metrics import exposition
from app.kit.migrations import newest_revision
from app.kit.waiting import oldest_waiting

router = APIRouter(tags=["health"])


class AliveOut(BaseModel):
    """The process answers."""

    status: Literal["alive"]


class ReadyOut(BaseModel):
    """Database there, migrations at head; how long the oldest job waits, null without one."""

    status: Literal["ready"]
    revision: str
    oldest_waiting_job_seconds: float | None


class VersionOut(BaseModel):
    """What is running here."""

    version: str
    revision: str


@router.get("/livez", operation_id="livez")
def livez() -> AliveOut:
    """Say that the process answers."""
    return AliveOut(status="alive")


@router.get("/readyz", operation_id="readyz")
def readyz(db: Db) -> ReadyOut:
    """Say whether the database is there and at the revision that this version expects.

    A queue that waits long is for the workers' watch, and no reason to send requests elsewhere.
    """
    revision = db.scalar(text("SELECT version_num FROM alembic_version"))
    if revision != newest_revision():
        raise DatabaseUnavailable(
            f"The database is at {revision}, not {newest_revision()}: run `catalogue db upgrade`."
        )
    waited = oldest_waiting(db)
    return ReadyOut(status="ready", revision=revision, oldest_waiting_job_seconds=waited)


@router.get("/v1/version", operation_id="read_version")
def read_version() -> VersionOut:
    """Say which version answers, and which revision of the database it expects."""
    return VersionOut(version=version("provenance-catalogue"), revision=newest_revision())


@router.get(
    "/metrics",
    operation_id="metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(request: Request) -> Response:
    """Show figures for Prometheus: of this process, and of what waits in the database."""
    return Response(exposition(request.app.state.database), media_type=CONTENT_TYPE_PLAIN_0_0_4)
