"""Ask what a policy would change over the whole catalogue, follow it, stop it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from app.disposals.demands import NOT_YET_BUILT
from app.kit.db import new_ids
from app.kit.errors import Malformed, NoSuchResource
from app.kit.jobs import publish
from app.kit.operations import FINISHED, OperationRow, begin_operation
from app.ledger.canonical import digest_of
from app.overview import queries
from app.overview.errors import SimulationOver
from app.overview.events import SimulationAsked
from app.overview.models import SimulationPartRow, SimulationRow
from app.overview.schemas import MovedOut, NewlyOut, ReasonMovedOut, SideOut, SimulationOut
from app.overview.tally import Tally
from app.people.roles import Principal
from app.policies.documents import header_in
from app.policies.errors import PolicyLoosens, PolicyMalformed
from app.policies.service import REGISTERS, check_document, recorded_document
from app.publishing.service import edition_of

KIND = "policy-simulation"


def ask(
    db: Session,
    caller: Principal,
    policy_id: str,
    *,
    document: dict[str, Any] | None,
    version: str | None,
    departments: Sequence[str],
) -> UUID:
    """Begin a simulation; a job walks the catalogue. Nothing that is judged changes.

    Raises:
        Malformed: neither or both of document and version, or a document of another name.
        NoSuchResource: no such version, or no such department for this caller (HTTP 404).
        PolicyMalformed, PolicyLoosens: naming each fault, each rule that loosens.
    """
    supposed = supposed_document(db, policy_id, document, version)
    prove_departments(db, caller, departments, of_register=policy_id in REGISTERS)
    total = db.scalar(queries.counted_assets(caller.department)) or 0
    simulation_id = begin(db, caller, supposed, departments, total)
    if total:
        publish(db, SimulationAsked((simulation_id,)))
    return simulation_id


def prove_departments(
    db: Session, caller: Principal, departments: Sequence[str], *, of_register: bool
) -> None:
    """Prove that these departments exist for the caller; a register is never for some alone."""
    if of_register and departments:
        why = "A register holds for the whole city; only a policy is tried on departments."
        raise Malformed(why, pointers={"/departments": why})
    known = dict(db.execute(queries.policies_of_departments()).all())
    if unknown := [code for code in departments if code not in known or not caller.sees(code)]:
        raise NoSuchResource(f"There is no department {unknown[0]!r}.")


def begin(
    db: Session,
    caller: Principal,
    supposed: dict[str, Any],
    departments: Sequence[str],
    total: int,
) -> UUID:
    """Write what is supposed and for whom, and the operation that walks to the newest asset."""
    [simulation_id] = new_ids(db, 1)
    begin_operation(
        db,
        operation_id=simulation_id,
        kind=KIND,
        total=total,
        department=caller.department,
        requested_by=caller.agent.name,
    )
    _, header = header_in(supposed)
    db.execute(
        insert(SimulationRow).values(
            id=simulation_id,
            policy_id=header["id"],
            version=header["version"],
            digest=digest_of(supposed),
            document=supposed,
            departments=sorted(set(departments)),
            department=caller.department,
            bound=db.scalar(queries.newest_asset()),
        )
    )
    return simulation_id


def supposed_document(
    db: Session, policy_id: str, document: dict[str, Any] | None, version: str | None
) -> dict[str, Any]:
    """Return the policy or register that is supposed to hold: a draft as it would be published.

    Raises:
        Malformed, NoSuchResource, PolicyMalformed, PolicyLoosens: see `ask`.
    """
    if (document is None) == (version is None):
        raise Malformed("Send a draft as `document`, or name a recorded `version`.")
    if document is None:
        recorded = recorded_document(db, policy_id, str(version))
        if recorded is None:
            raise NoSuchResource(f"No version {version} of a policy {policy_id} is recorded.")
        return dict(recorded)
    try:
        edition = edition_of(document)
        named = check_document(db, edition)[1].id
    except (PolicyMalformed, PolicyLoosens) as refusal:
        refusal.pointers = {f"/document{at}": why for at, why in refusal.pointers.items()}
        raise
    if named != policy_id:
        header, _ = header_in(edition)
        at = {f"/document{header}/id": f"is {named}, and the address names {policy_id}"}
        raise Malformed("The document is of another policy.", pointers=at)
    return edition


def simulation_for(
    db: Session, caller: Principal, simulation_id: UUID
) -> tuple[SimulationRow, OperationRow]:
    """Return a simulation of the caller's scope with its operation.

    Raises:
        NoSuchResource: no such simulation for this caller (HTTP 404).
    """
    row = db.get(SimulationRow, simulation_id)
    if row is None or not caller.sees(row.department or ""):
        raise NoSuchResource(f"There is no simulation {simulation_id}.")
    return row, db.get_one(OperationRow, simulation_id)


def stop(db: Session, caller: Principal, simulation_id: UUID) -> None:
    """Stop a simulation; what was counted so far stays to be read.

    Raises:
        NoSuchResource: no such simulation for this caller (HTTP 404).
        SimulationOver: it has ended.
    """
    simulation_for(db, caller, simulation_id)
    locked = select(OperationRow).where(OperationRow.id == simulation_id).with_for_update()
    operation = db.scalars(locked.execution_options(populate_existing=True)).one()
    if operation.state in FINISHED:
        raise SimulationOver(f"Simulation {simulation_id} is {operation.state}.")
    stopped = update(OperationRow).where(OperationRow.id == simulation_id)
    db.execute(stopped.values(state="cancelled", finished_at=func.clock_timestamp()))
    db.expire_all()


def show(db: Session, caller: Principal, simulation_id: UUID) -> SimulationOut:
    """Show what a simulation has found so far.

    Raises:
        NoSuchResource: no such simulation for this caller (HTTP 404).
    """
    row, operation = simulation_for(db, caller, simulation_id)
    mine = SimulationPartRow.simulation_id == simulation_id
    parts = db.scalars(select(SimulationPartRow).where(mine).order_by(SimulationPartRow.part)).all()
    tally = Tally()
    for part in parts:
        tally.read(part.counts)
    first, last = (parts[0], parts[-1]) if parts else (None, None)
    return SimulationOut.model_validate(
        {
            **{name: getattr(operation, name) for name in FOLLOWED},
            "policy": f"{row.policy_id}@{row.version}",
            "policy_digest": row.digest,
            "departments": row.departments,
            **told(tally),
            "listed": row.listed,
            "rules_not_yet_built": list(NOT_YET_BUILT),
            "first_log_index": first and first.log_index,
            "last_log_index": last and last.log_index,
            "first_as_of": first and first.as_of,
            "last_as_of": last and last.as_of,
        }
    )


FOLLOWED = ("id", "state", "total", "done", "requested_by", "created_at", "finished_at")


def told(tally: Tally) -> dict[str, list[Any]]:
    """Say what was counted by department: completeness, status, reason."""
    newly: dict[tuple[Any, ...], SideOut] = {}
    statuses: dict[tuple[Any, ...], SideOut] = {}
    for (department, was, becomes, one), assets, size in tally.of("changes"):
        if one is not None:
            add(newly, (department, one), assets, size)
        if was != becomes:
            add(statuses, (department, was, becomes), assets, size)
    sides: dict[str, dict[tuple[Any, ...], SideOut]] = {"gained": {}, "lost": {}}
    for kind, found in sides.items():
        for key, assets, size in tally.of(kind):
            add(found, key, assets, size)
    none = SideOut(assets=0, bytes=0)
    return {
        "newly": [
            NewlyOut(department=key[0], newly=key[1], **side.model_dump())
            for key, side in newly.items()
        ],
        "statuses": [
            MovedOut(department=key[0], was=key[1], becomes=key[2], **side.model_dump())
            for key, side in statuses.items()
        ],
        "reasons": [
            ReasonMovedOut(
                department=key[0],
                reason=key[1],
                gained=sides["gained"].get(key, none),
                lost=sides["lost"].get(key, none),
            )
            for key in sorted({*sides["gained"], *sides["lost"]})
        ],
    }


def add(into: dict[tuple[Any, ...], SideOut], key: tuple[Any, ...], assets: int, size: int) -> None:
    """Add to what was counted under one key."""
    known = into.get(key, SideOut(assets=0, bytes=0))
    into[key] = SideOut(assets=known.assets + assets, bytes=known.bytes + size)
