"""What stands around an asset, as SQL: members of packages stay, companions stay together."""

from sqlalchemy import ColumnElement, case, func, literal, or_, select
from sqlalchemy.sql.selectable import LateralFromClause

from app.assets.models import AssetRow, LocationRow
from app.assets.surrounding_models import SurroundingsRow


def place() -> LateralFromClause:
    """Return where an asset of a statement lies, to be joined."""
    return (
        select(LocationRow.ordinal)
        .where(LocationRow.asset_id == AssetRow.id)
        .order_by(LocationRow.ordinal.desc())
        .limit(1)
        .lateral("place")
    )


def code_of(lies: LateralFromClause, what: str) -> ColumnElement[str | None]:
    """Return the code of what ties an asset, the first of several kinds.

    Where nobody looked since it lies there nothing is known, which is no leave to go; nor is it
    where a look came to no end. That is a kind of its own, and the last by name.
    """
    kinds = getattr(SurroundingsRow, f"{what}_kinds")
    unknown = or_(
        SurroundingsRow.asset_id.is_(None), SurroundingsRow.location_ordinal != lies.c.ordinal
    )
    return case(
        (lies.c.ordinal.is_(None), None),
        (or_(unknown, kinds[1] == "unknown"), literal(f"?{what}:unknown")),
        (func.cardinality(kinds) > 0, literal(f"{what}:").concat(kinds[1])),
    )
