"""Eligibility: one asset, many, and counts for dashboards."""

import csv
import io
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from app.disposals import hot
from app.disposals.answering import written_check
from app.disposals.hot import Asking
from app.disposals.schemas import CheckIn, CheckOut, CountOut, CountsOut, EligibilityOut, GroupBy
from app.kit.errors import NoSuchResource
from app.kit.reads import AsyncReads
from app.people.rights import PresentedKey

router = APIRouter(prefix="/v1", tags=["eligibility"])
Keys = Annotated[list[GroupBy], Query(max_length=5, description="What to group by; may repeat.")]


JSON = "application/json"


async def asked_by(request: Request, reads: AsyncReads, key: PresentedKey) -> Asking:
    """Say who asks, over which connections; the key is proved with the answer."""
    return Asking(reads, request.app.state.database, key)


Asked = Annotated[Asking, Depends(asked_by)]


@router.get(
    "/assets/{asset_id}/eligibility",
    operation_id="read_eligibility",
    response_model=EligibilityOut,
)
async def read_eligibility(asked: Asked, asset_id: UUID) -> Response:
    """Say whether the image may go and, rule by rule, why not and what would mend it."""
    found = await hot.answers(asked, [asset_id])
    if asset_id not in found:
        raise NoSuchResource(f"There is no asset {asset_id}.")
    return Response(found[asset_id], media_type=JSON)


@router.post("/eligibility/check", operation_id="check_eligibility", response_model=CheckOut)
async def check_eligibility(asked: Asked, check: CheckIn) -> Response:
    """Ask about up to 1,000 images at once. Nothing is changed."""
    wanted = list(dict.fromkeys(check.asset_ids))
    found = await hot.answers(asked, wanted)
    answers = [found[one] for one in wanted if one in found]
    not_found = [one for one in check.asset_ids if one not in found]
    return Response(written_check(answers, not_found), media_type=JSON)


@router.get(
    "/eligibility",
    operation_id="count_eligibility",
    response_model=CountsOut,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def count_eligibility(
    asked: Asked,
    group_by: Keys = ["status"],  # noqa: B006 - FastAPI copies it
    form: Annotated[Literal["json", "csv"], Query(alias="format")] = "json",
) -> CountsOut | Response:
    """Count images and bytes by department, source system, status, reason and month."""
    counted = await hot.counts(asked, group_by)
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
