"""Is the process alive, and may traffic come."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import text

from app.kit.db import Db
from app.kit.errors import DatabaseUnavailable
from app.kit.migrations import newest_revision

router = APIRouter(tags=["health"])


class AliveOut(BaseModel):
    """The process answers."""

    status: Literal["alive"]


class ReadyOut(BaseModel):
    """Database there, migrations at head."""

    status: Literal["ready"]
    revision: str


@router.get("/livez", operation_id="livez")
def livez() -> AliveOut:
    """Say that the process answers."""
    return AliveOut(status="alive")


@router.get("/readyz", operation_id="readyz")
def readyz(db: Db) -> ReadyOut:
    """Say whether the database is there and at the revision that this version expects."""
    revision = db.scalar(text("SELECT version_num FROM alembic_version"))
    if revision != newest_revision():
        raise DatabaseUnavailable(
            f"The database is at {revision}, not {newest_revision()}: run `catalogue db upgrade`."
        )
    return ReadyOut(status="ready", revision=revision)
