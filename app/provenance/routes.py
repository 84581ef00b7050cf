"""Records: read, changed with If-Match, stated once for a series."""

from uuid import UUID

from fastapi import APIRouter, Response

from app.assets.errors import RegistrationWithdrawn
from app.kit.db import Db
from app.kit.refusals import refuses
from app.kit.revisions import IfMatch, content_tag, required_revision, tagged
from app.people.rights import Reader, Speaker
from app.policies.errors import NoPolicyInForce
from app.policies.service import registers_in_force
from app.provenance.errors import (
    FieldNeedsAnswer,
    HoldsOneValue,
    MustBeAsserted,
    NoSuchStatement,
    NothingToSettle,
    StatementMalformed,
)
from app.provenance.schemas import ChangeIn, ProvenanceOut
from app.provenance.service import change_provenance
from app.provenance.showing import show_provenance

CHANGING = (
    NoPolicyInForce,
    RegistrationWithdrawn,
    StatementMalformed,
    MustBeAsserted,
    NoSuchStatement,
    FieldNeedsAnswer,
    NothingToSettle,
    HoldsOneValue,
)
router = APIRouter(prefix="/v1", tags=["provenance"])


@router.get("/assets/{asset_id}/provenance", operation_id="read_provenance")
@refuses(NoPolicyInForce)
@tagged
def read_provenance(db: Db, caller: Reader, asset_id: UUID, response: Response) -> ProvenanceOut:
    """Show the record: who said what, what the file says, what differs, what is missing."""
    shown = show_provenance(db, caller, asset_id)
    response.headers["ETag"] = content_tag(db, shown, shown.version)
    return shown


@router.patch("/assets/{asset_id}/provenance", operation_id="change_provenance")
@refuses(*CHANGING)
def patch_provenance(
    db: Db,
    caller: Speaker,
    asset_id: UUID,
    change: ChangeIn,
    response: Response,
    if_match: IfMatch = None,
) -> ProvenanceOut:
    """Assert, retract or resolve, against the version that you read. A new version is written.

    A records manager confirms a legal status by asserting the same value. A registrar corrects its
    own statements only; conflicts are resolved by cataloguers, about the law by records managers.
    With `source` a statement is `imported`, carried over from another catalogue: shown behind
    assertions and before the file's words. The same record carried over again corrects it.
    """
    statuses = frozenset(registers_in_force(db).legal_statuses.statuses)
    change_provenance(db, caller, asset_id, required_revision(if_match), change.change(statuses))
    shown = show_provenance(db, caller, asset_id)
    response.headers["ETag"] = content_tag(db, shown, shown.version)
    return shown
