"""Walk the catalogue for simulations that somebody asked for."""

from functools import partial
from uuid import UUID

from sqlalchemy import select

from app.kit.jobs import found, in_transaction, on, sweep
from app.kit.operations import OperationRow
from app.overview.events import SimulationAsked
from app.overview.service import KIND
from app.overview.simulating import simulate_part


@on(SimulationAsked)
def simulate(fact: SimulationAsked) -> None:
    """Judge every asset twice, some ten thousand a transaction."""
    for simulation_id in fact.asset_ids:
        walk(simulation_id)


@sweep("simulations")
def simulate_what_was_left() -> None:
    """Go on with simulations whose job was lost."""
    unfinished = select(OperationRow.id).where(
        OperationRow.kind == KIND, OperationRow.finished_at.is_(None)
    )
    for simulation_id in found(unfinished.order_by(OperationRow.created_at)):
        walk(simulation_id)


def walk(simulation_id: UUID) -> None:
    """Judge part after part until the walk is over or stopped."""
    while in_transaction(partial(simulate_part, simulation_id=simulation_id)):
        continue
