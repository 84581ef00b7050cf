"""The demo's own database: marked when it is made; every other one is refused."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.assets.models import HindranceRow
from app.cli.ground import prepare
from app.cli.remote import NotDone
from app.comparisons.likeness_tasks import STAGE
from app.comparisons.pair_queries import by_class
from app.comparisons.pairing import LOOKING
from app.comparisons.queries import unlooked
from app.fingerprints.models import VisualFingerprintRow
from app.fingerprints.seeing.seen import METHOD as SEEING
from app.kit.connecting import EMBEDDED_NAME, Addresses
from app.kit.db import Database, judging
from app.kit.installation import InstallationRow
from app.kit.postgres.errors import PostgresUnavailable
from app.kit.postgres.lease import lease
from app.kit.settings import settings
from app.ledger.agents import process
from app.people.models import PersonRow
from app.people.roles import Role
from app.people.service import add_person, give_key

PURPOSE = "demo"
OPERATOR = "Demo operator"

# A fingerprint and its reading are of two transactions, and the log says so too: an event without
# a number is as bad as one in the wrong place.
VIOLATIONS = text("""
SELECT count(*) FROM fingerprints f
  LEFT JOIN readings r ON r.asset_id = f.asset_id AND r.id = f.reading_id
  LEFT JOIN log_entries later ON later.event_id = f.event_id
  LEFT JOIN log_entries earlier ON earlier.event_id = r.event_id
 WHERE (f.computed_xid <> r.read_xid AND later.log_index > earlier.log_index) IS NOT TRUE
""")


class NotADemo(NotDone):
    """The database was made for something else; a demo policy must never get into it."""


@contextmanager
def demo_database(home: Path) -> Iterator[Addresses]:
    """Hold the demo's embedded server up; make its database where there is none.

    Raises:
        NotADemo: what lies in the folder is marked otherwise.
    """
    try:
        with lease(home, binaries=settings().pg_bin) as cluster:
            found = Addresses(
                cluster.url("catalogue_api", EMBEDDED_NAME),
                cluster.url("catalogue_worker", EMBEDDED_NAME),
                cluster.url("catalogue_owner", EMBEDDED_NAME),
                cluster.url("postgres", "postgres"),
            )
            refuse_others(cluster.url("postgres", "postgres"), found)
            prepare(found, purpose=PURPOSE)
            with owner(found) as db:
                prove_demo(db)
            yield found
    except PostgresUnavailable as trouble:
        raise NotDone(str(trouble)) from trouble


def refuse_others(administrator: str, found: Addresses) -> None:
    """Refuse a database that is there and marked otherwise, before anything in it is changed."""
    with open_as(administrator) as db:
        there = db.scalar(
            text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": EMBEDDED_NAME}
        )
    if not there:
        return
    with owner(found) as db:
        if db.scalar(text("SELECT to_regclass('public.installation')")) is not None:
            mark = db.scalar(select(InstallationRow.purpose))
            if mark is not None:
                prove_demo(db)


def prove_demo(db: Session) -> None:
    """Prove that a database is marked as a demo.

    Raises:
        NotADemo: it is not.
    """
    mark = db.scalar(select(InstallationRow.purpose))
    if mark != PURPOSE:
        raise NotADemo(
            f"This database is marked {mark!r}, not {PURPOSE!r}: the demo never touches it."
            " Name another folder by CATALOGUE_DATA_DIR."
        )


@contextmanager
def open_as(url: str) -> Iterator[Session]:
    """Open one transaction under one role."""
    database = Database(url, pool_size=1)
    try:
        with database.transaction() as db:
            yield db
    finally:
        database.close()


@contextmanager
def owner(found: Addresses) -> Iterator[Session]:
    """Open one transaction as the owner."""
    assert found.owner is not None  # noqa: S101 - the embedded server has one
    with open_as(found.owner) as db:
        yield db


def operator_key(found: Addresses) -> str:
    """Make an operator's key on the host, as `catalogue key create` does."""
    agent = process("host")
    with open_as(found.api) as db:
        known = select(PersonRow.id).where(PersonRow.name == OPERATOR).limit(1)
        person = db.scalar(known) or add_person(db, agent, OPERATOR)
        one_day = timedelta(days=1)
        roles = [Role.OPERATOR]
        return str(
            give_key(db, agent, person_id=person, roles=roles, department=None, valid_for=one_day)
        )


def proposed_classes(found: Addresses, departments: Sequence[str]) -> dict[str, int]:
    """Count the pairs within these departments by the class that is proposed for them today."""
    with open_as(found.api) as db, judging(db):
        rows = db.execute(by_class(departments)).all()
    return dict(sorted((class_, count) for class_, count in rows))


def unlooked_for(found: Addresses) -> int:
    """Count the images whose likes are to be looked for still, but for those that are put off."""
    put_off = select(HindranceRow.asset_id).where(HindranceRow.stage == STAGE)
    with open_as(found.api) as db, judging(db):
        visuals = unlooked(SEEING, LOOKING).where(VisualFingerprintRow.asset_id.not_in(put_off))
        return db.scalars(select(func.count()).select_from(visuals.subquery())).one()


def order_violations(found: Addresses) -> int:
    """Count fingerprints that do not come after their reading, in transaction or in log."""
    with open_as(found.api) as db, judging(db):
        count: int = db.execute(VIOLATIONS).scalar_one()
    return count
