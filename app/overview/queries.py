"""What a simulation asks beside the statements of the rooms below."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Dialect, Row, Select, and_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased
from sqlalchemy.types import Uuid

from app.assets.models import AssetRow
from app.disposals.compiled import ask_about, text_for_some
from app.disposals.eligibility import Question
from app.fingerprints.models import FingerprintRow
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


def of_equal_bytes(asset_ids: Sequence[UUID]) -> Select[bytes, UUID]:
    """Select each set that these assets belong to with all its members, by SHA-256."""
    mine, other = aliased(FingerprintRow), aliased(FingerprintRow)
    same = and_(mine.sha256 == other.sha256, mine.size_bytes == other.size_bytes)
    return (
        select(other.sha256, other.asset_id)
        .join(mine, same)
        .where(mine.asset_id.in_(asset_ids), mine.size_bytes > 0)
        .distinct()
    )


def judged_twice(
    db: Session, before: Question, after: Question, asset_ids: Sequence[UUID]
) -> Sequence[Row[Any]]:
    """Return these assets' answers under both questions, in one snapshot; `side` tells which."""
    db.execute(ask_about(literal(list(asset_ids), ARRAY(Uuid))))
    connection = db.connection()
    questions = (("before", before), ("after", after))
    sides = (side(question, name, connection.dialect) for name, question in questions)
    plainly = {"no_parameters": True}  # a % in it is a %
    text = " UNION ALL ".join(sides)
    return connection.exec_driver_sql(text, execution_options=plainly).all()


def side(question: Question, name: str, dialect: Dialect) -> str:
    """Write one question's statement with its name."""
    asked = text_for_some(question, dialect).decode()
    columns = "asset_id, department, status, codes, size_bytes"
    return f"SELECT '{name}' AS side, {columns} FROM ({asked}) AS of_{name}"  # noqa: S608


def changes_of(simulation_id: UUID, after: UUID | None) -> Select[SimulationChangeRow]:
    """Select the changes of a simulation that are listed, behind an asset."""
    begun = literal(value=True) if after is None else SimulationChangeRow.asset_id > after
    return (
        select(SimulationChangeRow)
        .where(SimulationChangeRow.simulation_id == simulation_id, begun)
        .order_by(SimulationChangeRow.asset_id)
    )
