"""The policies and registers, for reading only; the room publishing takes the signatures."""

from typing import Annotated

from fastapi import APIRouter, Path

from app.kit.db import Db
from app.kit.paging import Cursor, Limit, Page
from app.policies import pages, service
from app.policies.schemas import (
    LegalInstrumentsOut,
    LegalStatusesOut,
    PolicyVersionOut,
    RetentionSchedulesOut,
)

router = APIRouter(prefix="/v1", tags=["policies"])
PolicyId = Annotated[str, Path(max_length=80, pattern=r"^[a-z][a-z0-9-]*$")]


@router.get("/policies", operation_id="list_policies")
def list_policies(db: Db, limit: Limit = 50, cursor: Cursor = None) -> Page[PolicyVersionOut]:
    """List the policies that hold today, one version of each: the city default and the overlays.

    A published version goes before an example, and among equals the highest version holds. A
    policy with the status `example` may block a disposal and can never authorise one. `document`
    is the text as it was recorded: of an overlay only what it adds to the version it extends.
    """
    return pages.policies_in_force(db, limit=limit, cursor=cursor, show=PolicyVersionOut.of)


@router.get("/policies/{policy_id}/versions", operation_id="list_policy_versions")
def list_policy_versions(
    db: Db, policy_id: PolicyId, limit: Limit = 50, cursor: Cursor = None
) -> Page[PolicyVersionOut]:
    """List all versions of one policy, the last recorded first.

    A recorded version never changes; a decision made under it keeps it. Whoever holds a digest
    can check that the document is still the one that was in force then.
    """
    return pages.policy_versions(
        db, policy_id, limit=limit, cursor=cursor, show=PolicyVersionOut.of
    )


@router.get("/legal-statuses", operation_id="list_legal_statuses")
def list_legal_statuses(db: Db) -> LegalStatusesOut:
    """List what law or deed can make of an image, and what each status lets be done.

    `permits`: after review. `conditions`: when each of them is recorded. `forbids`: never while the
    status stands. `diverts`: never, and an erasure case is opened. Of several the strictest wins.
    """
    return LegalStatusesOut.of(service.registers_in_force(db))


@router.get("/legal-instruments", operation_id="list_legal_instruments")
def list_legal_instruments(db: Db) -> LegalInstrumentsOut:
    """List the legal instruments that a record can name as its basis, and citations to avoid.

    `verified` names the person of the institution who checked citation and text. Without it, or
    outside its dates, an instrument may block a disposal and can never authorise one.
    """
    return LegalInstrumentsOut.of(service.registers_in_force(db))


@router.get("/retention-schedules", operation_id="list_retention_schedules")
def list_retention_schedules(db: Db) -> RetentionSchedulesOut:
    """List how long records of each disposal class stay, counted from what, and what comes then.

    Of several schedules for a class the longest wins. Without a date that can be computed nothing
    is over; nor does a schedule say so whose mandate is not verified, or of an `example` register.
    """
    return RetentionSchedulesOut.of(service.registers_in_force(db))
