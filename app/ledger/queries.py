"""Questions to the ledger."""

from uuid import UUID

from sqlalchemy import ScalarSelect, Select, func, select

from app.ledger.models import EventRow, LogEntryRow


def newest_log_index() -> ScalarSelect[int]:
    """Select the last number visible in the statement's own snapshot; -1 for an empty log."""
    return select(func.coalesce(func.max(LogEntryRow.log_index), -1)).scalar_subquery()


def events_of(asset_id: UUID) -> Select[EventRow, int]:
    """Select an asset's events, oldest first, each with its number once it has one."""
    return (
        select(EventRow, LogEntryRow.log_index)
        .outerjoin(LogEntryRow, LogEntryRow.event_id == EventRow.id)
        .where(EventRow.asset_id == asset_id)
        .order_by(EventRow.id)
    )
