"""Eligibility: one asset, many, and counts for dashboards."""

import csv
import io
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.disposals import service
from app.disposals.schemas import CheckIn, CheckOut, CountOut, CountsOut, EligibilityOut, GroupBy
from app.kit.db import Db
from app.people.rights import Counter

router = APIRouter(prefix="/v1", tags=["eligibility"])
Keys = Annotated[list[GroupBy], Query(max_length=5, description="What to group by; may repeat.")]


@router.get("/assets/{asset_id}/eligibility", operation_id="read_eligibility")
def read_eligibility(db: Db, caller: Counter, asset_id: UUID) -> EligibilityOut:
    """Say whether the image may go and, rule by rule, why not and what would mend it."""
    return service.eligibility_of_one(db, caller, asset_id)


@router.post("/eligibility/check", operation_id="check_eligibility")
def check_eligibility(db: Db, caller: Counter, check: CheckIn) -> CheckOut:
    """Ask about up to 1,000 images at once. Nothing is changed."""
    answers = service.eligibility_of(db, caller, check.asset_ids)
    found = {answer.asset_id for answer in answers}
    return CheckOut(answers=answers, not_found=[one for one in check.asset_ids if one not in found])


@router.get(
    "/eligibility",
    operation_id="count_eligibility",
    response_model=CountsOut,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
def count_eligibility(
    db: Db,
    caller: Counter,
    group_by: Keys = ["status"],  # noqa: B006 - FastAPI copies it
    form: Annotated[Literal["json", "csv"], Query(alias="format")] = "json",
) -> CountsOut | Response:
    """Count images and bytes by department, source system, status, reason and month."""
    counted = service.counts(db, caller, group_by)
    if form == "json":
        return counted
    return Response(as_csv(counted), media_type="text/csv; charset=utf-8")


def as_csv(counted: CountsOut) -> str:
    """Write counts as CSV; every row says at which log index and moment they held."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow([*CountOut.model_fields, "log_index", "as_of"])
    for group in counted.groups:
        values = group.model_dump().values()
        rows.writerow([*values, counted.log_index, counted.as_of.isoformat()])
    return out.getvalue()
