"""A quarter whose own policy could let copies go, so that every reason for not doing so shows."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from world import System, World

from app.catalogue.registration import Registration
from app.catalogue.service import register
from app.disposals.eligibility import eligibility
from app.disposals.schemas import CountOut, CountsOut, EligibilityOut, GroupBy
from app.disposals.service import ask, counts, eligibility_of
from app.kit.db import judging
from app.kit.jobs import bind
from app.people.roles import Principal
from app.provenance.changes import Assertion, Change
from app.provenance.series import series_for, state_for_series

EVERYTHING: Sequence[GroupBy] = ("department", "source_system", "status", "reason", "month")
IDS = "SELECT source_identifier, id FROM assets WHERE source_system = :code"
OFF = "ALTER TABLE {0} DISABLE TRIGGER {1}"
NUMBERS = count(1)
PERMITTING = frozenset({"institution_owned_non_record"})
ON = "ALTER TABLE {0} ENABLE ALWAYS TRIGGER {1}"
MORE = {"assets": ["assets_former_name_kept"]}  # that refuse a change beside the usual one


class Quarter:
    """A world with one department under a policy that authorises, and two stores of its own."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.department = world.a_department(policy=world.a_demo_policy())
        self.one = world.a_source_system(self.department)
        self.two = world.a_source_system(self.department)
        self.auditor = world.someone("auditor")

    # -- building --------------------------------------------------------------------------------

    def a_store(self, folder: Path | None = None, **facts: object) -> System:
        """Add a store of the department."""
        return self.world.a_source_system(self.department, folder, **facts)

    def a_pair(
        self, first: System | None = None, second: System | None = None
    ) -> tuple[UUID, UUID]:
        """Register two equal files, the earlier in the first store; nothing is read yet."""
        earlier = self.world.an_asset(first or self.one)
        return earlier, self.world.a_copy_of(earlier, second or self.two)

    def some_copies(self, *stores: System) -> list[UUID]:
        """Register as many equal files as stores are named, in their order."""
        first = self.world.an_asset(stores[0])
        return [first, *(self.world.a_copy_of(first, store) for store in stores[1:])]

    def many_copies(self, store: System, picture: bytes, many: int) -> list[UUID]:
        """Register equal files by the hundred, in one transaction."""
        names = [f"{len(picture)}-{2 * next(NUMBERS)}.jpg" for _ in range(many)]
        for name in names:
            (store.folder / name).write_bytes(picture)
        said = [
            Registration(
                source_system=store.code,
                source_identifier=name,
                location=name,
                original_name=name,
                legal_status=sorted(PERMITTING),
            )
            for name in names
        ]
        caller = self.world.someone("registrar", department=store.department)
        with self.world.api.transaction() as db:
            register(db, caller, said)
        known = dict(self.world.find(IDS, code=store.code))
        return [known[name] for name in names]

    def work(self) -> None:
        """Let all jobs be done."""
        self.world.work()

    def by_hand(self) -> None:
        """Let tasks be called here, each by itself, with no job in between."""
        bind(self.world.worker)

    def complete(self, *assets: UUID, **other: object) -> None:
        """Complete records."""
        for asset_id in assets:
            self.world.complete_record(asset_id, **other)  # type: ignore[arg-type]

    def complete_store(self, store: System) -> None:
        """Complete all records of a store at once, by a statement for the series."""
        manager = self.world.someone("records_manager", department=store.department)
        said = [Assertion(field, value) for field, value in self.world.answers().items()]
        with self.world.api.transaction() as db:
            series = series_for(db, manager, "source-system", store.code)
            state_for_series(db, manager, series, Change(said, legal_statuses=PERMITTING))
        self.work()

    def back_date(self, asset_id: UUID, days: int) -> None:
        """Let an asset's bytes have been verified longer ago; only a superuser can."""
        earlier = f"computed_at = computed_at - interval '{days} days'"
        self.falsify("fingerprints", earlier, f"asset_id = '{asset_id}'")

    def age_reading(self, asset_id: UUID, days: int) -> None:
        """Let an asset's readings have been made longer ago; only a superuser can."""
        earlier = f"read_at = read_at - interval '{days} days'"
        self.falsify("readings", earlier, f"asset_id = '{asset_id}'")

    def falsify(self, table: str, change: str, where: str) -> None:
        """Change what is append-only, in this quarter's own database; only a superuser can."""
        update = f"UPDATE {table} SET {change} WHERE {where}"  # noqa: S608 - a test's own words
        guards = [f"{table}_append_only", *MORE.get(table, [])]
        off, on = ([one.format(table, guard) for guard in guards] for one in (OFF, ON))
        steps = [*off, update, *on]
        self.world.ground.administer(*steps, database=self.world.database)

    # -- asking ----------------------------------------------------------------------------------

    def of(self, asset_id: UUID) -> EligibilityOut:
        """Ask about one asset."""
        return self.answers(asset_id)[0]

    def answers(self, *assets: UUID, caller: Principal | None = None) -> list[EligibilityOut]:
        """Ask about these assets at once, as the API does."""
        with self.world.api.transaction() as db:
            return eligibility_of(db, caller or self.auditor, assets)

    def statuses(self, *assets: UUID) -> list[str]:
        """Ask for the statuses of these assets."""
        return [answer.status for answer in self.answers(*assets)]

    def rows(self, only: Sequence[UUID] | None = None) -> dict[UUID, Row[Any]]:
        """Run the one statement itself, over everything or over these only."""
        with self.world.api.transaction() as db:
            question = ask(db)
            with judging(db):
                found = db.execute(eligibility(question, only)).all()
        assert len({row.asset_id for row in found}) == len(found), "an asset has two statuses"
        return {row.asset_id: row for row in found}

    def counts(self, *keys: GroupBy, caller: Principal | None = None) -> CountsOut:
        """Count as a dashboard does."""
        with self.world.api.transaction() as db:
            return counts(db, caller or self.auditor, keys)

    def count_of(self, key: GroupBy, value: str) -> CountOut:
        """Return the one group of this name."""
        [group] = [g for g in self.counts(key).groups if getattr(g, key) == value]
        return group


def codes(row: Row[Any]) -> list[str]:
    """Return what fails of a row of the statement."""
    return [code for code in row.codes if code is not None]


@contextmanager
def out_of_reach(store: System) -> Iterator[None]:
    """Take a store's folder away for a while, as a share that is not mounted."""
    away = store.folder.with_name(f"{store.folder.name}-away")
    store.folder.rename(away)
    yield
    away.rename(store.folder)
