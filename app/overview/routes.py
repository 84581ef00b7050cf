"""Simulations: what a policy would change, before anybody signs it."""

from collections.abc import Iterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import StreamingResponse

from app.kit.db import Database, Db
from app.kit.errors import Malformed
from app.kit.operations import FINISHED
from app.kit.refusals import refuses
from app.overview import queries, service
from app.overview.errors import SimulationOver
from app.overview.schemas import SimulationChangeOut, SimulationIn, SimulationOut
from app.people.rights import Counter, Simulator
from app.policies.errors import PolicyLoosens, PolicyMalformed

router = APIRouter(prefix="/v1", tags=["policies"])
PolicyId = Annotated[str, Path(max_length=80, pattern=r"^[a-z][a-z0-9-]*$")]
NDJSON = "application/x-ndjson"
AT_ONCE = 1_000


@router.post("/policies/{policy_id}/simulations", operation_id="simulate_policy", status_code=202)
@refuses(Malformed, PolicyMalformed, PolicyLoosens)
def simulate_policy(
    db: Db, caller: Simulator, policy_id: PolicyId, said: SimulationIn, response: Response
) -> SimulationOut:
    """Ask what a policy would change over the whole catalogue. Nothing is changed by it.

    Send a draft, or name a recorded version; also of a register, under its own name: legal-status,
    legal-instruments or retention-schedules. Images of other departments than yours are counted
    for nobody but their own and the city's. A policy that weighs statements otherwise (who
    confirms, how far moments may lie apart) is tried on the answers as they stand now.
    """
    made = service.ask(db, caller, policy_id, **said.model_dump())
    response.headers["Location"] = f"/v1/simulations/{made}"
    response.headers["Retry-After"] = "1"
    return service.show(db, caller, made)


@router.get("/simulations/{simulation_id}", operation_id="read_simulation")
def read_simulation(
    db: Db, caller: Counter, simulation_id: UUID, response: Response
) -> SimulationOut:
    """Show what a simulation has found, and how far it is."""
    shown = service.show(db, caller, simulation_id)
    if shown.state not in FINISHED:
        response.headers["Retry-After"] = "1"
    return shown


@router.post(
    "/simulations/{simulation_id}/cancel", operation_id="cancel_simulation", status_code=202
)
@refuses(SimulationOver)
def cancel_simulation(db: Db, caller: Simulator, simulation_id: UUID) -> SimulationOut:
    """Stop a simulation; what it has counted so far can still be read."""
    service.stop(db, caller, simulation_id)
    return service.show(db, caller, simulation_id)


@router.get(
    "/simulations/{simulation_id}/changes",
    operation_id="list_simulation_changes",
    response_class=Response,
    responses={200: {"content": {NDJSON: {"schema": SimulationChangeOut.model_json_schema()}}}},
)
def list_simulation_changes(
    request: Request, db: Db, caller: Counter, simulation_id: UUID
) -> StreamingResponse:
    """Stream images that would be judged otherwise, one JSON object a line, by id.

    Of groups that change alike 200 are listed in each part of the walk, and 10,000 in all; the
    counts of the simulation are of every image.
    """
    service.simulation_for(db, caller, simulation_id)
    database: Database = request.app.state.database

    def lines() -> Iterator[str]:
        # Sessions of its own: the request's is closed before the first line leaves.
        last: UUID | None = None
        more = True
        while more:
            with database.transaction() as own:
                rows = own.scalars(queries.changes_of(simulation_id, last).limit(AT_ONCE)).all()
            said = [SimulationChangeOut.model_validate(row).model_dump_json() for row in rows]
            yield "".join(f"{one}\n" for one in said)
            last, more = (rows[-1].asset_id if rows else last), len(rows) == AT_ONCE

    return StreamingResponse(lines(), media_type=NDJSON)
