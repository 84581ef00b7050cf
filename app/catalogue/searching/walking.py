"""A page of judged images: candidates are walked until it is full or a request's work is done."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from app.catalogue.searching.asked import AssetQuery
from app.catalogue.searching.judged import chosen, needs_status, sifted
from app.disposals.service import ask
from app.kit.paging import Walk

SMALLEST_STEP, LARGEST_STEP = 100, 1_000  # candidates looked at together: few at first
MOST_LOOKED_AT = 5_000  # a request
MOST_JUDGED = 5_000  # by completeness alone
MOST_JUDGED_WHOLE = 500  # by everything that forbids


@dataclass
class Filled:
    """The ids of a page, in order; `partial`: the work ended before the page was full."""

    ids: list[UUID]
    more: bool
    partial: bool


def fill(db: Session, walk: Walk, asked: AssetQuery) -> Filled:
    """Walk until the page is full, the candidates end, or the work of one request is done."""
    question = ask(db)
    judged = looked_at = 0
    most = MOST_JUDGED_WHOLE if needs_status(asked) else MOST_JUDGED
    step = min(max(SMALLEST_STEP, asked.limit), most)
    ids: list[UUID] = []
    while not walk.ended and judged < most and looked_at < MOST_LOOKED_AT:
        rows = walk.step(min(step, most - judged))
        step = min(2 * step, LARGEST_STEP, most)
        candidates = sifted(db, asked, [row.asset_id for _, row in rows])
        fitting = chosen(db, question, asked, candidates)
        looked_at += len(rows)
        judged += len(candidates)
        for at, (place, row) in enumerate(rows):
            walk.passed(place)
            if row.asset_id not in fitting:
                continue
            ids.append(row.asset_id)
            if len(ids) == asked.limit:
                rest = {later.asset_id for _, later in rows[at + 1 :]}
                more = bool(rest & fitting) or not walk.ended
                return Filled(in_order(walk, ids), more, partial=False)
    return Filled(in_order(walk, ids), more=not walk.ended, partial=not walk.ended)


def in_order(walk: Walk, ids: list[UUID]) -> list[UUID]:
    """Return ids in the order of the list, whichever way it was walked."""
    return ids[::-1] if walk.backwards else ids
