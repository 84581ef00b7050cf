"""What a simulation asks beside the statements of the rooms below."""

from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, literal, select

from app.assets.models import AssetRow
from app.overview.models import SimulationChangeRow
from app.people.models import DepartmentRow


def newest_asset() -> Select[UUID]:
    """Select the asset registered last."""
    return select(AssetRow.id).order_by(AssetRow.id.desc()).limit(1)


def counted_assets(scope: str | None, *where: ColumnElement[bool]) -> Select[int]:
    """Count the assets that a caller sees."""
    seen = literal(value=True) if scope is None else AssetRow.department == scope
    return select(func.count()).select_from(AssetRow).where(seen, *where)


def within(after: UUID | None, until: UUID) -> ColumnElement[bool]:
    """Tell whether an asset lies in one part of the walk."""
    begun = literal(value=True) if after is None else AssetRow.id > after
    return and_(begun, AssetRow.id <= until)


def end_of_part(after: UUID | None, bound: UUID, size: int) -> Select[UUID]:
    """Select the last asset of a part; none where fewer than `size` are left."""
    return (
        select(AssetRow.id)
        .where(within(after, bound))
        .order_by(AssetRow.id)
        .offset(size - 1)
        .limit(1)
    )


def policies_of_departments() -> Select[str, str | None]:
    """Select each department with the policy that it names; none is the city's."""
    return select(DepartmentRow.code, DepartmentRow.policy_id).order_by(DepartmentRow.code)


def changes_of(simulation_id: UUID, after: UUID | None) -> Select[SimulationChangeRow]:
    """Select the changes of a simulation that are listed, behind an asset."""
    begun = literal(value=True) if after is None else SimulationChangeRow.asset_id > after
    return (
        select(SimulationChangeRow)
        .where(SimulationChangeRow.simulation_id == simulation_id, begun)
        .order_by(SimulationChangeRow.asset_id)
    )
