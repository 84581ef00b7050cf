"""Groups for display: images that hang together by direct pairs. Nothing is decided by a group.

They are made anew for each answer and stored nowhere: A like B and B like C does not make A like C.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select, tuple_
from sqlalchemy.orm import Session

from app.assets.models import SourceSystemRow
from app.assets.service import asset_for
from app.comparisons.models import LikenessRow, MeasurementRow
from app.comparisons.pair_queries import (
    PRINT_A,
    PRINT_B,
    RELATED,
    A,
    B,
    dismissed,
    newest_judgement,
    of_newest_bytes,
)
from app.comparisons.schemas import EdgeOut, ElsewhereOut, GroupOut
from app.kit.errors import NoSuchResource
from app.kit.paging import Listing, Page, Walk, read_cursor, sign
from app.people.roles import Principal

MOST_MEMBERS = 100
MOST_EDGES = 1000
STEPS = 8  # pages of first images that one answer looks at


@dataclass(slots=True)
class Component:
    """What is reached from one image over direct pairs, up to a bound."""

    members: set[UUID]
    edges: dict[UUID, Any] = field(default_factory=dict)  # by likeness
    elsewhere: dict[UUID, str] = field(default_factory=dict)  # kinds of holder, by image
    more: bool = False


def edges_of(caller: Principal) -> Select[*tuple[Any, ...]]:
    """Select the pairs that groups are made of, both sides with their departments."""
    return (
        select(
            *(LikenessRow.id, LikenessRow.a_asset_id, LikenessRow.b_asset_id),
            *(LikenessRow.class_, LikenessRow.copy_asset_id),
            A.department.label("a_department"),
            B.department.label("b_department"),
            *(A.source_system.label("a_system"), B.source_system.label("b_system")),
        )
        .join(A, A.id == LikenessRow.a_asset_id)
        .join(B, B.id == LikenessRow.b_asset_id)
        .join(PRINT_A, PRINT_A.id == LikenessRow.a_fingerprint_id)
        .join(PRINT_B, PRINT_B.id == LikenessRow.b_fingerprint_id)
        .outerjoin(MeasurementRow, MeasurementRow.id == LikenessRow.measurement_id)
        .where(RELATED, newest_judgement(), of_newest_bytes(), ~dismissed(caller))
    )


def component_of(db: Session, caller: Principal, asset_id: UUID) -> Component:
    """Follow direct pairs from an image over those that the caller sees, the nearest first."""
    found, frontier = Component({asset_id}), {asset_id}
    while frontier and not found.more:
        touching = or_(LikenessRow.a_asset_id.in_(frontier), LikenessRow.b_asset_id.in_(frontier))
        asked = edges_of(caller).where(touching).order_by(LikenessRow.id).limit(MOST_EDGES)
        reached: set[UUID] = set()
        for row in db.execute(asked):
            reached |= follow(caller, found, row)
        frontier = reached - found.members
        room = MOST_MEMBERS - len(found.members)
        found.more = len(frontier) > room
        frontier = set(sorted(frontier)[:room])
        found.members |= frontier
    return found


def follow(caller: Principal, found: Component, row: Any) -> set[UUID]:  # noqa: ANN401
    """Take a pair in, and return the sides of it that the caller sees."""
    sides = {row.a_asset_id: row.a_department, row.b_asset_id: row.b_department}
    systems = {row.a_asset_id: row.a_system, row.b_asset_id: row.b_system}
    seen = {one for one, department in sides.items() if caller.sees(department)}
    if len(seen) == len(sides):
        found.edges[row.id] = row
    for hidden in sides.keys() - seen:
        found.elsewhere[hidden] = systems[hidden]
    return seen


def shown(db: Session, found: Component) -> GroupOut:
    """Show a group with the pairs among the images that are shown."""
    inside = [
        row for row in found.edges.values() if {row.a_asset_id, row.b_asset_id} <= found.members
    ]
    return GroupOut(
        id=min(found.members),
        asset_ids=sorted(found.members),
        pairs=[
            EdgeOut(
                likeness_id=row.id,
                a_asset_id=row.a_asset_id,
                b_asset_id=row.b_asset_id,
                proposed_class=row.class_,
                copy_asset_id=row.copy_asset_id,
            )
            for row in inside
        ],
        elsewhere=holders(db, found.elsewhere.values()),
        more=found.more,
        decides="nothing",
    )


def holders(db: Session, systems: Iterable[str]) -> list[ElsewhereOut]:
    """Count images of other departments by the kind of who holds them."""
    by_system = Counter(systems)
    kinds = select(SourceSystemRow.code, SourceSystemRow.custody_kind).where(
        SourceSystemRow.code.in_(by_system)
    )
    by_kind: Counter[str] = Counter()
    for code, kind in db.execute(kinds) if by_system else ():
        by_kind[kind] += by_system[code]
    return [ElsewhereOut(custody_kind=kind, images=many) for kind, many in sorted(by_kind.items())]


def group_for(db: Session, caller: Principal, asset_id: UUID) -> GroupOut:
    """Return the group that an image is in.

    Raises:
        NoSuchResource: no such image, or it hangs together with none (HTTP 404).
    """
    asset_for(db, caller, asset_id)
    found = component_of(db, caller, asset_id)
    if not found.edges and not found.elsewhere:
        raise NoSuchResource(f"Asset {asset_id} hangs together with no other image.")
    return shown(db, found)


def list_groups(
    db: Session, caller: Principal, *, limit: int, cursor: str | None
) -> Page[GroupOut]:
    """Return a page of groups by the id of their first image.

    Raises:
        CursorUnknown: the cursor belongs to another list or department.
    """
    listing = Listing("groups", (caller.department,))
    walk = Walk(db, firsts(caller), read_cursor(listing, cursor))
    items: list[GroupOut] = []
    known: dict[UUID, Component] = {}  # by each of its images, which the walk meets one by one
    full = False
    for _ in range(STEPS):
        for place, row in walk.step(limit):
            full = len(items) == limit
            if full:
                break
            walk.passed(place)
            found = known.get(row.asset_id) or component_of(db, caller, row.asset_id)
            known |= dict.fromkeys(found.members, found)
            if min(found.members) == row.asset_id and found.edges:
                items.append(shown(db, found))
        if full or walk.ended:
            break
    after, before = sign(db, listing, walk.around(more=full or not walk.ended))
    return Page(items=items[::-1] if walk.backwards else items, next=after, prev=before)


def firsts(caller: Principal) -> Select[UUID]:
    """Select, by id, the first sides of pairs: all that a group can begin with."""
    pairs = edges_of(caller).subquery("pairs")
    asked = select(pairs.c.a_asset_id.label("asset_id")).distinct()
    if caller.department is not None:
        both = tuple_(pairs.c.a_department, pairs.c.b_department)
        asked = asked.where(both == tuple_(caller.department, caller.department))
    firsts_of = asked.subquery("firsts")
    return select(firsts_of.c.asset_id).order_by(firsts_of.c.asset_id)
