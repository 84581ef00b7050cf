"""Both judgements of a part of the catalogue in one statement, which reads each fact once.

A record is judged by the demands that differ; the pair by the one statement's own rules, twice,
over the facts that were read for both.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Dialect,
    FromClause,
    Row,
    Select,
    Uuid,
    and_,
    case,
    column,
    func,
    literal,
    literal_column,
    or_,
    select,
    table,
    true,
    union,
    union_all,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session
from sqlalchemy.sql import visitors

from app.assets.models import AssetRow, SourceSystemRow
from app.assets.surrounding_models import SurroundingsRow
from app.comparisons.facts import custody_tier, days
from app.comparisons.ranking import may_keep
from app.disposals.compiled import as_text
from app.disposals.eligibility import Question, confront
from app.disposals.legal import conditions_of, effect_rank
from app.disposals.sets import shared_object
from app.disposals.surroundings import code_of, place
from app.fingerprints.models import FingerprintRow
from app.overview.concerned import SIDES, in_part, newly, of_these, own_status
from app.overview.differing import INCOMPLETE
from app.overview.newest import Newest
from app.overview.supposing import Supposition
from app.people.models import DepartmentRow
from app.provenance.models import ProvenanceHeadRow, ProvenanceVersionRow
from app.provenance.queries import IN_HEAD

AFTER, UNTIL = "__after__", "__until__"
FIRST = UUID(int=0)  # before every asset
SAMPLE = 200  # ids of one group that are shown, where more are not needed
LAST_COPY = "blocked_no_keeper"  # whatever its record is free for
KEYS = ("department", "was", "becomes", "newly", "codes_before", "codes_after")


def changes_between(
    db: Session, supposition: Supposition, after: UUID | None, until: UUID, most: int
) -> Sequence[Row[Any]]:
    """Return what would change in a part: by department, statuses and codes, in assets and bytes.

    `assets` holds up to `most` ids where each may be listed, else a sample.
    """
    if not any(group.concerned for group in supposition.groups):
        return ()
    connection = db.connection()
    text = text_of_part(supposition, connection.dialect, most)
    asked = {"after": after or FIRST, "until": until}
    return connection.exec_driver_sql(text, asked).all()


@lru_cache(maxsize=4)
def text_of_part(supposition: Supposition, dialect: Dialect, most: int) -> str:
    """Write the statement; its parameters are where the part begins and ends."""
    whole = everyone(supposition)
    shapes = {"everyone": whole, "members": members(shape("everyone", whole), supposition)}
    facts = shape("members", shapes["members"])
    for side in SIDES:
        shapes[f"of_{side}"] = answers(facts, supposition, side)
    asked = changed(shapes, most)
    parts = (f"{name} AS MATERIALIZED ({as_text(one, dialect)})" for name, one in shapes.items())
    text = f"WITH {', '.join(parts)} {as_text(asked, dialect)}"
    return text.replace(AFTER, "%(after)s::uuid").replace(UNTIL, "%(until)s::uuid")


def shape(name: str, statement: Select[Any]) -> FromClause:
    """Return a table by name that has a statement's columns: what is written before stands."""
    columns = statement.selected_columns
    return table(name, *(column(one.name, one.type) for one in columns))


def everyone(supposition: Supposition) -> Select[Any]:
    """Select the assets concerned in a part, and those of equal bytes whose keeper may change.

    `in_set`: the pair is judged; `told`: it is this part that tells of the asset.
    """
    book, groups = supposition.before.book, supposition.groups
    newest = Newest(literal_column(AFTER, Uuid), literal_column(UNTIL, Uuid))
    parts = [in_part(book, group, newest) for group in groups if group.concerned]
    here = union_all(*parts).cte("here")
    recompleting = any(group.differs.of_completeness for group in groups)
    touched = sets_touched(here, anyone=recompleting)
    others = other_members(here, touched)
    beside = union_all(*(of_these(book, group, others) for group in groups)).cte("beside")
    first = first_recompleted(here, beside)
    mine = and_(~beside.c.concerned, newest.within(first.c.asset_id))
    one = select(here, touched.c.sha256.is_not(None).label("in_set"), true().label("told"))
    other = select(
        beside,
        true().label("in_set"),
        func.coalesce(mine, literal(value=False)).label("told"),
    )
    both = union_all(
        one.select_from(here.outerjoin(touched, same_set(here, touched))),
        other.select_from(beside.outerjoin(first, same_set(beside, first))),
    ).subquery("both")
    return select(both)


def same_set(one: FromClause, other: FromClause) -> ColumnElement[bool]:
    """Tell whether two are of equal bytes."""
    return and_(one.c.sha256 == other.c.sha256, one.c.hashed_bytes == other.c.hashed_bytes)


def sets_touched(here: CTE, *, anyone: bool) -> CTE:
    """Select the sets of equal bytes in which a pair decides, or may be judged otherwise.

    `anyone`: of all who are concerned, for a twin in another part may become a better keeper.
    """
    undecided = or_(own_status(here, "before").is_(None), own_status(here, "after").is_(None))
    matters = or_(literal(value=anyone), here.c.passing, newly(here).is_not(None), undecided)
    found = select(here.c.sha256, here.c.hashed_bytes).where(here.c.several, matters)
    return (
        found.where(here.c.sha256.is_not(None), here.c.hashed_bytes > 0).distinct().cte("touched")
    )


def other_members(here: CTE, touched: CTE) -> CTE:
    """Select who else was found to have the bytes of these sets."""
    same = and_(
        FingerprintRow.sha256 == touched.c.sha256,
        FingerprintRow.size_bytes == touched.c.hashed_bytes,
    )
    known = select(here.c.asset_id).where(here.c.asset_id == FingerprintRow.asset_id)
    found = select(FingerprintRow.asset_id).join(touched, same).where(~known.exists())
    return found.distinct().cte("others")


def first_recompleted(here: CTE, beside: CTE) -> CTE:
    """Select of each set the first member that becomes complete or incomplete."""
    moved = [
        select(one.c.asset_id, one.c.sha256, one.c.hashed_bytes).where(newly(one).is_not(None))
        for one in (here, beside)
    ]
    both = union(*moved).subquery("recompleted")
    first: Any = func.array_agg(aggregate_order_by(both.c.asset_id, both.c.asset_id.asc()))
    keys = (both.c.sha256, both.c.hashed_bytes)
    return select(*keys, first[1].label("asset_id")).group_by(*keys).cte("first_of_set")


def members(everyone: FromClause, supposition: Supposition) -> Select[Any]:
    """Select those whose pair is judged, with what ranks them and stands around them."""
    e = everyone.c
    lies = place()
    statement = select(
        *(one for one in e if one.name not in OF_NO_PAIR),
        shared_object(everyone).label("shared"),
        SourceSystemRow.failure_domain,
        SourceSystemRow.removable,
        SourceSystemRow.custody_ends_on,
        (SourceSystemRow.custody_kind == "archive").label("archival_custody"),
        code_of(lies, "container").label("container"),
        code_of(lies, "companion").label("companion"),
        *(of_side for side in SIDES for of_side in measured(supposition, side)),
    )
    statement = (
        statement.select_from(everyone)
        .join(SourceSystemRow, SourceSystemRow.code == e.source_system)
        .join(DepartmentRow, DepartmentRow.code == e.department)
        .join(ProvenanceHeadRow, ProvenanceHeadRow.asset_id == e.asset_id)
        .join(ProvenanceVersionRow, IN_HEAD)
        .outerjoin(lies, true())
        .outerjoin(SurroundingsRow, SurroundingsRow.asset_id == e.asset_id)
        .where(e.in_set)
    )

    def known(one: Any, **_: Any) -> ColumnElement[Any] | None:  # noqa: ANN401 - a part of it
        if getattr(one, "table", None) is AssetRow.__table__:
            return literal_column("everyone.asset_id", Uuid)
        return None

    changed: Select[Any] = visitors.replacement_traverse(statement, {}, known)  # type: ignore[call-overload]
    return changed


# What the pair is judged without; each row is written and read several times.
OF_NO_PAIR = {"hashed_bytes", "in_set", "passing", "concerned", "several"}


def measured(supposition: Supposition, side: str) -> list[ColumnElement[Any]]:
    """Return what one book makes of custody and of legal statuses."""
    question = asked_by(supposition, side)
    return [
        custody_tier(question.book).label(f"custody_tier_{side}"),
        effect_rank(question.book.registers).label(f"effect_rank_{side}"),
        conditions_of(question.book.registers, question.today).label(f"conditions_{side}"),
    ]


def asked_by(supposition: Supposition, side: str) -> Question:
    """Return the question of one side."""
    return supposition.before if side == "before" else supposition.after


def answers(facts: FromClause, supposition: Supposition, side: str) -> Select[Any]:
    """Select what the one statement says under one of the two books."""
    question = asked_by(supposition, side)
    coded = coded_for(facts, question, side)
    told = select(facts.c.asset_id).where(facts.c.told).cte("told")
    found = confront(question, coded, told)
    return select(found.c.asset_id, found.c.status, found.c.codes)


def coded_for(facts: FromClause, question: Question, side: str) -> CTE:
    """Return the facts as the one statement has them, with what one side's record comes to."""
    f = facts.c
    theirs = {name for one in f if (name := one.name).endswith(("_before", "_after"))}
    own = {"processed", "stands", "told", *(one.name for one in f if "_blocked_" in one.name)}
    standard = question.book.city.effective.duplicate_standard
    recent = func.statement_timestamp() - days(standard.keeper_fixity_max_age_days)
    incomplete = or_(f[f"alike_{INCOMPLETE}"], f[f"{side}_{INCOMPLETE}"])
    known: dict[str, ColumnElement[Any]] = {
        **{one.name: one for one in f if one.name not in theirs | own},
        "policy_version_id": f[f"policy_{side}"],
        "fixity_recent": func.coalesce(f.verified_at > recent, literal(value=False)),
        "sealed": and_(f.stands, ~incomplete),
        **{name: f[f"{name}_{side}"] for name in ("codes", *MEASURES)},
    }
    return select(
        *(one.label(name) for name, one in known.items()),
        own_status(facts, side).label("own_status"),
        may_keep(question.book, known).label("may_keep"),
    ).cte("coded")


MEASURES = ("custody_tier", "effect_rank", "conditions")


def changed(shapes: dict[str, Select[Any]], most: int) -> Select[Any]:
    """Group what is told of by what changes; ids in full where a status or completeness moves."""
    e, before, after = (shape(name, shapes[name]) for name in ("everyone", "of_before", "of_after"))
    sides = zip(SIDES, (before, after), ("was", "becomes"), strict=True)
    said = [
        part
        for side, found, status in sides
        for part in (
            func.coalesce(found.c.status, own_status(e, side), LAST_COPY).label(status),
            func.coalesce(found.c.codes, e.c[f"codes_{side}"]).label(f"codes_{side}"),
        )
    ]
    one = (
        select(e.c.asset_id, e.c.department, e.c.size_bytes, newly(e).label("newly"), *said)
        .select_from(
            e.outerjoin(before, before.c.asset_id == e.c.asset_id).outerjoin(
                after, after.c.asset_id == e.c.asset_id
            )
        )
        .where(e.c.told)
        .offset(0)
        .subquery("said")
    )
    keys = [one.c[name] for name in KEYS]
    ids: Any = func.array_agg(one.c.asset_id)
    moves = or_(one.c.newly.is_not(None), one.c.was != one.c.becomes)
    return (
        select(
            *keys,
            func.count().label("many"),
            func.sum(func.coalesce(one.c.size_bytes, 0)).label("bytes"),
            case((moves, ids[1:most]), else_=ids[1:SAMPLE]).label("assets"),
        )
        .where(or_(moves, one.c.codes_before.is_distinct_from(one.c.codes_after)))
        .group_by(*keys)
    )
