"""Sets of equal bytes: who ranks first in each, and what would survive without one of them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, ColumnElement, FromClause, and_, case, func, literal, or_, select

from app.comparisons.facts import days
from app.comparisons.models import LikenessRow
from app.comparisons.ranking import in_rank
from app.provenance.book import Book
from app.readings.models import ReadingRow
from app.readings.queries import still_claims


@dataclass(frozen=True)
class Ranked:
    """The sets of equal bytes: their ranked objects, and what survives without one of them."""

    objects: CTE  # one row an object: number 1 is first in its set
    domains: CTE  # one row a set: failure domains with a verified copy
    lone: CTE  # one row an object: domains in which it is the only verified copy


def rank_in_sets(book: Book, coded: CTE) -> Ranked:
    """Rank the physical objects of each set of equal, non-empty files."""
    same = (coded.c.sha256, coded.c.size_bytes)
    placed = (
        select(
            coded.c.asset_id,
            *same,
            coded.c.object_key,
            coded.c.may_keep,
            func.row_number().over(partition_by=same, order_by=in_rank(coded.c)).label("place"),
        )
        .where(coded.c.sha256.is_not(None), coded.c.size_bytes > 0)
        .cte("placed")
    )
    set_of = (placed.c.sha256, placed.c.size_bytes)
    best = select(
        placed,
        func.min(placed.c.place).over(partition_by=[*set_of, placed.c.object_key]).label("best"),
    ).cte("best_of_object")
    objects = (
        select(
            best.c.asset_id,
            best.c.sha256,
            best.c.size_bytes,
            best.c.object_key,
            best.c.may_keep,
            func.row_number()
            .over(partition_by=[best.c.sha256, best.c.size_bytes], order_by=best.c.place)
            .label("number"),
        )
        .where(best.c.place == best.c.best)
        .cte("objects")
    )
    return Ranked(objects, *survivors(book, coded))


def verified_objects(book: Book, coded: CTE) -> CTE:
    """Select the verified objects of each set, each in one failure domain.

    Verified by the strictest of the policies in force: a count too low never harms. One object
    counts in one domain, though two systems may claim it for two.
    """
    age = min(p.effective.duplicate_standard.keeper_fixity_max_age_days for p in book.every)
    verified = and_(
        coded.c.size_bytes > 0,
        coded.c.sighted == "present",
        coded.c.verified_at > func.statement_timestamp() - days(age),
    )
    key = (coded.c.sha256, coded.c.size_bytes, coded.c.object_key)
    return (
        select(*key, func.min(coded.c.failure_domain).label("failure_domain"))
        .where(verified)
        .group_by(*key)
        .cte("verified_objects")
    )


def survivors(book: Book, coded: CTE) -> tuple[CTE, CTE]:
    """Count failure domains with a verified copy, and those that hang on one object alone."""
    placed = verified_objects(book, coded).c
    set_in_domain = (placed.sha256, placed.size_bytes, placed.failure_domain)
    by_domain = (
        select(
            *set_in_domain,
            func.count().label("objects"),
            func.min(placed.object_key).label("object_key"),
        )
        .group_by(*set_in_domain)
        .cte("by_domain")
    )
    d = by_domain.c
    domains = (
        select(d.sha256, d.size_bytes, func.count().label("count"))
        .group_by(d.sha256, d.size_bytes)
        .cte("domains")
    )
    lone = (
        select(d.sha256, d.size_bytes, d.object_key, func.count().label("count"))
        .where(d.objects == 1)
        .group_by(d.sha256, d.size_bytes, d.object_key)
        .cte("lone")
    )
    return domains, lone


def beside_keepers(coded: CTE, ranked: Ranked, asked: CTE | None = None) -> CTE:
    """Name for each asset the best-ranked other object of its set, and count what would survive.

    Of all of a set only those asked about go on from here; for the others nothing more is found.
    """
    first, second = ranked.objects.alias("first"), ranked.objects.alias("second")
    domains, lone = ranked.domains, ranked.lone

    def same_set(other: Any) -> ColumnElement[bool]:  # noqa: ANN401 - a CTE or its alias
        equal = and_(other.c.sha256 == coded.c.sha256, other.c.size_bytes == coded.c.size_bytes)
        return and_(equal, coded.c.size_bytes > 0)

    own_object = first.c.object_key == coded.c.object_key
    keeper_id = case((own_object, second.c.asset_id), else_=first.c.asset_id)
    left = func.coalesce(domains.c.count, 0) - func.coalesce(lone.c.count, 0)
    joined = (
        select(
            coded,
            keeper_id.label("keeper_id"),
            func.coalesce(
                and_(
                    first.c.asset_id == coded.c.asset_id,
                    first.c.may_keep,
                    second.c.asset_id.is_not(None),
                ),
                literal(value=False),
            ).label("ranked_first"),
            func.coalesce(first.c.may_keep, literal(value=False)).label("set_has_keeper"),
            left.label("survivors"),
        )
        .outerjoin(first, and_(same_set(first), first.c.number == 1))
        .outerjoin(second, and_(same_set(second), second.c.number == 2))
        .outerjoin(domains, same_set(domains))
        .outerjoin(lone, and_(same_set(lone), lone.c.object_key == coded.c.object_key))
    )
    if asked is not None:
        joined = joined.where(coded.c.asset_id.in_(select(asked.c.asset_id)))
    return paired(joined.cte("rows"))


def paired(rows: CTE) -> CTE:
    """Say of each asset whether it was compared with its keeper, and lies where another does."""
    whole = select(rows, direct_pair(rows).label("paired"))
    if "shared" not in rows.c:  # who asks under two books has found that out once for both
        whole = whole.add_columns(shared_object(rows).label("shared"))
    return whole.offset(0).cte("beside_keepers")


def direct_pair(rows: CTE) -> ColumnElement[bool]:
    """Tell whether asset and keeper were compared with each other and found equal."""
    one, two = (
        (LikenessRow.a_asset_id, LikenessRow.b_asset_id),
        (LikenessRow.b_asset_id, LikenessRow.a_asset_id),
    )
    either = or_(
        and_(one[0] == rows.c.asset_id, one[1] == rows.c.keeper_id),
        and_(two[0] == rows.c.asset_id, two[1] == rows.c.keeper_id),
    )
    current = or_(
        LikenessRow.a_fingerprint_id == rows.c.fingerprint_id,
        LikenessRow.b_fingerprint_id == rows.c.fingerprint_id,
    )
    equal = LikenessRow.class_ == "exact_bytes"  # near is never same
    found = select(LikenessRow.id).where(either, current, equal, ~LikenessRow.same_object)
    return found.exists()


def shared_object(rows: FromClause) -> ColumnElement[bool]:
    """Tell whether another asset lies at the same physical object, as far as anybody knows."""
    same = or_(
        ReadingRow.object_key == rows.c.object_key,
        ReadingRow.mountless_token == rows.c.mountless_token,
    )
    other = and_(ReadingRow.asset_id != rows.c.asset_id, still_claims(ReadingRow))
    return select(ReadingRow.id).where(same, other).exists()
