"""List assets by typed filters and words; a status is computed for the answer and never stored."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.assets.models import AssetRow
from app.catalogue.queries import catalogued
from app.catalogue.schemas import AssetOut, AssetPageOut, AssetPartOut
from app.catalogue.searching.asked import AssetQuery
from app.catalogue.searching.facets import count_facets
from app.catalogue.searching.filters import narrow
from app.catalogue.searching.orders import ids_in_order
from app.catalogue.searching.vocabularies import prove_words
from app.catalogue.searching.walking import Filled, fill
from app.kit.paging import Listing, Walk, read_cursor, sign
from app.people.roles import Principal
from app.provenance.searched import SearchFactsRow


def list_assets(db: Session, caller: Principal, asked: AssetQuery) -> AssetPageOut:
    """Return a page of the caller's assets, by keyset over the order asked for.

    Raises:
        CursorUnknown: the cursor belongs to another filter, order or department.
        QueryMalformed: `q` cannot be read.
        Malformed: a filter's word is none of its vocabulary.
    """
    prove_words(db, caller, asked)
    listing = Listing("assets", (caller.department, *asked.binding()))
    found = narrow(db, caller, asked)
    at = read_cursor(listing, asked.cursor)
    walk = Walk(db, ids_in_order(found, asked.sort, at), at)
    filled = fill(db, walk, asked) if asked.judged else turn(walk, asked.limit)
    after, before = sign(db, listing, walk.around(more=filled.more))
    return AssetPageOut(
        items=shown(db, caller, filled.ids, asked.fields),
        next=after,
        prev=before,
        partial=filled.partial,
        index_behind=bool(found.indexed or asked.facets) and index_behind(db, caller),
        facets=count_facets(db, found, asked) if asked.facets else {},
    )


def turn(walk: Walk, limit: int) -> Filled:
    """Return the next page where nothing is judged."""
    rows = walk.step(limit)
    for place, _ in rows:
        walk.passed(place)
    ids = [row.asset_id for _, row in rows]
    return Filled(ids[::-1] if walk.backwards else ids, more=not walk.ended, partial=False)


def shown(
    db: Session, caller: Principal, ids: Sequence[UUID], fields: Sequence[str]
) -> list[AssetOut] | list[AssetPartOut]:
    """Show assets in this order: whole, or some of their fields."""
    rows = db.execute(catalogued(caller).where(AssetRow.id.in_(ids))).all() if ids else []
    by_id = {row.asset_id: AssetOut.model_validate(row) for row in rows}
    whole = [by_id[asset_id] for asset_id in ids]
    if not fields:
        return whole
    wanted = {"asset_id", *fields}
    return [AssetPartOut(**part_of(one, wanted)) for one in whole]


def part_of(one: AssetOut, wanted: set[str]) -> dict[str, Any]:
    """Return some of an asset's fields."""
    return {name: getattr(one, name) for name in AssetOut.model_fields if name in wanted}


def index_behind(db: Session, caller: Principal) -> bool:
    """Tell whether the index lacks records of the caller's."""
    lagging = select(SearchFactsRow.asset_id).where(~SearchFactsRow.indexed)
    if caller.department is not None:
        lagging = lagging.where(SearchFactsRow.department == caller.department)
    return db.scalars(lagging.limit(1)).first() is not None
