"""Counts of what was found, by one property after the other, over so many images and no more."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    Text,
    case,
    cast,
    extract,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from app.catalogue.schemas import FacetOut, FacetValueOut
from app.catalogue.searching.asked import AssetQuery, FacetName
from app.catalogue.searching.filters import Narrowed, joined
from app.catalogue.searching.judged import Judgement, chosen, judge, sifted
from app.catalogue.searching.parts import F
from app.disposals.service import ask

MOST_COUNTED = 20_000  # images, by what is stored
MOST_JUDGED = 500  # images, by what is computed
VALUES = 50  # of one facet, the most frequent
JUDGED: tuple[FacetName, ...] = ("status", "missing", "reason")


def count_facets(db: Session, found: Narrowed, asked: AssetQuery) -> dict[str, FacetOut]:
    """Count by each facet that is asked for.

    Beyond a bound only the first that are found are counted, and `exact` is false. Where a filter
    is computed, everything is counted among the candidates that were judged.
    """
    names = list(dict.fromkeys(asked.facets))
    stored = [name for name in names if name not in JUDGED]
    computed = [name for name in names if name in JUDGED]
    counted: dict[str, FacetOut] = {}
    if asked.judged or computed:
        ids, judged, exact = candidates(db, found, asked)
        counted |= {
            name: facet(of_judged(name, judged.values()), len(ids), exact) for name in computed
        }
        if asked.judged:
            only = Narrowed([F.asset_id.in_(ids)], facts=True)
            counted |= by_columns(db, only, stored, exact=exact)
            stored = []
    if stored:
        counted |= by_columns(db, found, stored, exact=True)
    return {name: counted[name] for name in names}


def candidates(
    db: Session, found: Narrowed, asked: AssetQuery
) -> tuple[list[UUID], dict[UUID, Judgement], bool]:
    """Judge the first candidates; say which fit, and whether these are all."""
    some = joined(select(F.asset_id), found, facts=True).limit(MOST_JUDGED + 1)
    ids = list(db.scalars(some))
    exact = len(ids) <= MOST_JUDGED
    ids = ids[:MOST_JUDGED]
    question = ask(db)
    if asked.judged:
        fitting = chosen(db, question, asked, sifted(db, asked, ids))
        ids = [one for one in ids if one in fitting]
    whole = any(name in asked.facets for name in ("status", "reason"))
    wanted = ids and any(name in JUDGED for name in asked.facets)
    return ids, judge(db, question, ids, whole=whole) if wanted else {}, exact


def of_judged(name: FacetName, judged: Iterable[Judgement]) -> list[tuple[str | None, int]]:
    """Count judged images by what was found of them."""

    def said(one: Judgement) -> Sequence[str | None]:
        match name:
            case "status":
                return [one.status]
            case "reason":
                return sorted(set(one.reasons))
            case _:
                codes = sorted(set(one.missing))
                return [
                    code.removeprefix("missing:") for code in codes if code.startswith("missing:")
                ]

    tally = Counter(value for one in judged for value in said(one))
    return sorted(tally.items(), key=lambda pair: (-pair[1], pair[0] or ""))


def by_columns(
    db: Session, found: Narrowed, names: Sequence[FacetName], *, exact: bool
) -> dict[str, FacetOut]:
    """Count by what is stored: one pass over the first that are found."""
    if not names:
        return {}
    columns: list[Any] = [
        *(F.department, F.source_system, F.format, F.outcome, F.legal_status),
        *(F.digital_source_type, F.custodian_kind, F.created_from, F.created_to),
    ]
    hits = joined(select(*columns), found, facts=True).limit(MOST_COUNTED + 1).cte("hits")
    every = db.execute(counting(hits, names)).all()
    total = next(row.assets for row in every if row.facet == "")
    exact = exact and total <= MOST_COUNTED
    return {
        name: facet([(row.value, row.assets) for row in every if row.facet == name], total, exact)
        for name in names
    }


def counting(hits: CTE, names: Sequence[FacetName]) -> CompoundSelect[Any]:
    """Select the counts of all facets, each value a row, and the total under no name."""
    total = select(
        literal("").label("facet"), cast(null(), Text).label("value"), func.count().label("assets")
    )
    return union_all(total.select_from(hits), *(one_facet(hits, name) for name in names))


def one_facet(hits: CTE, name: FacetName) -> Select[Any]:
    """Select the counts of one facet, the most frequent values first."""
    each = select(value_of(hits, name).label("value")).select_from(hits).subquery(f"each_{name}")
    counted = (
        select(literal(name).label("facet"), each.c.value, func.count().label("assets"))
        .group_by(each.c.value)
        .order_by(func.count().desc(), each.c.value)
        .limit(VALUES)
    )
    return select(counted.subquery(f"by_{name}"))


def value_of(hits: CTE, name: FacetName) -> ColumnElement[Any]:
    """Return what a facet counts by; a date that is unknown or of several years has no year."""
    match name:
        case "legal_status":
            return func.unnest(hits.c.legal_status)
        case "year":
            first, last = (extract("year", hits.c[end]) for end in ("created_from", "created_to"))
            return case((first == last, cast(cast(first, Integer), Text)))
        case "reading":
            return hits.c.outcome
        case _:
            return hits.c[name]


def facet(values: Sequence[tuple[str | None, int]], counted: int, exact: bool) -> FacetOut:
    """Show one facet."""
    shown = [FacetValueOut(value=value, assets=assets) for value, assets in values[:VALUES]]
    return FacetOut(values=shown, counted=counted, exact=exact)
