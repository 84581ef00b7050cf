"""B10: simulating a policy over the whole catalogue, against one scan with one filter."""

import sys
import time
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any
from uuid import UUID

from measuring import FULL, Claim, alternating, machine, middle, say
from prototypes import someone
from seeding import administrator, seeded

from app.cli.demo_policy import POLICY_ID
from app.kit.connecting import Addresses
from app.kit.db import Database
from app.kit.jobs import bind
from app.overview.service import ask
from app.overview.simulating import simulate_part
from app.people.roles import Role
from app.policies.service import CITY_DEFAULT, document_in_force

MANY = 1_000_000 if FULL else 100_000
HOME = Path("build/bench/catalogue")  # kept: seeding costs more than measuring
ROUNDS = 5
SCANS = {
    "records": "SELECT count(*) FROM provenance_versions WHERE rights_statement = 'InC'",
    "assets": "SELECT count(*) FROM assets WHERE department = 'demo'",
}
Draft = Callable[[dict[str, Any]], None]


def no_unknown_creator(document: dict[str, Any]) -> None:
    """Ask more of one field, as most drafts do."""
    document["completeness"]["fields"]["creator"]["unknown_allowed"] = False


def a_new_field(document: dict[str, Any]) -> None:
    """Ask for a field that nobody has answered: every complete record becomes incomplete."""
    document["completeness"]["fields"]["place"] |= {"level": "required", "unknown_allowed": False}


def one_copy_more(document: dict[str, Any]) -> None:
    """Ask for another copy: the pairs decide for every record that is complete."""
    document["duplicate_standard"]["min_verified_copies"] += 1


DRAFTS: dict[str, tuple[str, Draft]] = {
    "one field asked more of": (POLICY_ID, no_unknown_creator),
    "a field asked of all, the city's": (CITY_DEFAULT, a_new_field),
    "a field asked of all, where copies could go": (POLICY_ID, a_new_field),
    "one copy more": (POLICY_ID, one_copy_more),
}


def main() -> None:
    """Measure and print the claims."""
    many = int(sys.argv[1]) if len(sys.argv) > 1 else MANY
    with seeded(HOME.absolute(), many) as found:
        api, worker = Database(found.api, pool_size=2), Database(found.worker, pool_size=2)
        bind(worker)
        on = machine()
        claims = []
        for name, (policy_id, change) in DRAFTS.items():
            sides = [walk(api, worker, policy_id, change), scan(found, "records")]
            walked, records = alternating(ROUNDS, *sides, scan(found, "assets"))[:2]
            ours, reference = middle(walked), middle(records)
            ratio = ours / reference
            more = {
                "rounds": [[round(one, 4) for one in side] for side in (walked, records)],
                "assets_scan": middle([scan(found, "assets")() for _ in range(ROUNDS)]),
            }
            title = f"B10 simulation, {name}, s"
            claims.append(Claim(title, ours, reference, ratio, 10.0, ratio <= 10, many, more))
        for database in (api, worker):
            database.close()
    say(claims, on)


def walk(api: Database, worker: Database, policy_id: str, change: Draft) -> Callable[[], float]:
    """Return a round: one whole simulation as the worker does it, in seconds."""
    caller = someone(api, Role.DASHBOARD, None)

    def once() -> float:
        with api.transaction() as db:
            draft = deepcopy(dict(document_in_force(db, "policy", policy_id)))
            change(draft)
            draft["policy"] |= {"version": "2000.0.0", "status": "published"}
            said: dict[str, Any] = {"document": draft, "version": None, "departments": []}
            simulation_id = ask(db, caller, policy_id, **said)
        started = time.perf_counter()
        while part(worker, simulation_id):
            continue
        return time.perf_counter() - started

    return once


def part(worker: Database, simulation_id: UUID) -> bool:
    """Walk one part."""
    with worker.transaction() as db:
        return simulate_part(db, simulation_id)


def scan(found: Addresses, table: str) -> Callable[[], float]:
    """Return a round: one sequential scan, in seconds."""

    def once() -> float:
        with administrator(found) as db:
            db.execute("SET enable_indexscan = off; SET enable_indexonlyscan = off")
            db.execute("SET enable_bitmapscan = off")
            started = time.perf_counter()
            db.execute(SCANS[table]).fetchone()
            return time.perf_counter() - started

    return once


if __name__ == "__main__":
    main()
