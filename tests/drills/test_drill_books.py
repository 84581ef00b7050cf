"""The audit sees what it looks for: each promise broken by force shows up under its name."""

from collections.abc import Iterator

import pytest
from drill_books import books
from ground import Ground
from sqlalchemy import Engine, create_engine, text
from world import opened_world, sources_within

# Only a superuser can, and only by switching every guard off.
FORCED = """
DO $$ DECLARE t regclass; BEGIN
  FOR t IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
  LOOP EXECUTE format('ALTER TABLE %s DISABLE TRIGGER ALL', t); END LOOP;
END $$
"""
TELL = """
INSERT INTO events (id, kind, asset_id, agent, document, recorded_at, xid, cluster)
SELECT uuidv7(), '{}', id, 'force', '{{}}', now(), pg_current_xact_id(), 0 FROM assets LIMIT 1
"""
TELL_AGAIN = """
INSERT INTO events SELECT uuidv7(), kind, asset_id, department, agent, person_id, document,
                          recorded_at, xid, cluster FROM events WHERE kind = 'ing' LIMIT 1
"""
HASH_AT_ONCE = """
UPDATE fingerprints f SET computed_xid = r.read_xid FROM readings r WHERE r.id = f.reading_id
"""
CASES = {
    "a promised copy is gone": ("lost", "DELETE FROM assets WHERE source_identifier = 'one.jpg'"),
    "a comparison is gone": ("lost", "DELETE FROM compared"),
    "a look is gone": ("lost", "DELETE FROM sightings"),
    "a first version is gone": ("lost", "DELETE FROM provenance_versions WHERE version = 1"),
    "a registration is told twice": ("duplicated", TELL_AGAIN),
    "hashed with its reading": ("order_violations", HASH_AT_ONCE),
    "a number is left out": ("order_violations", "DELETE FROM log_entries WHERE log_index = 3"),
    "numbered backwards": ("order_violations", "UPDATE log_entries SET log_index = 99 - log_index"),
    "a version is left out": (
        "order_violations",
        "DELETE FROM provenance_versions WHERE version = 2",
    ),
    "read without a reading": ("events_without_state", "DELETE FROM readings"),
    "hashed without a fingerprint": ("events_without_state", "DELETE FROM fingerprints"),
    "compared without a row": ("events_without_state", "DELETE FROM compared"),
    "a pair without a row": ("events_without_state", "DELETE FROM likenesses"),
    "a loss without a sighting": ("events_without_state", "DELETE FROM sightings"),
    "a seal that is none": ("events_without_state", TELL.format("x:seal")),
    "a version that is none": ("events_without_state", TELL.format("mem")),
    "another digest": ("events_without_state", "UPDATE fingerprints SET sha256 = sha256(sha256)"),
    "another change": (
        "events_without_state",
        "UPDATE provenance_versions SET change = '{}' WHERE version > 1",
    ),
    "a copy never told": ("state_without_events", "DELETE FROM events WHERE kind = 'ing'"),
    "a reading never told": ("state_without_events", "DELETE FROM events WHERE kind = 'mee'"),
    "a digest never told": ("state_without_events", "DELETE FROM events WHERE kind = 'mes'"),
    "a comparison never told": ("state_without_events", "DELETE FROM events WHERE kind = 'ffa'"),
}


@pytest.fixture(scope="module")
def done(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database at rest: two equal files, read and compared, and one that is missing."""
    folder = tmp_path_factory.mktemp("books")
    with sources_within(folder), opened_world(ground, folder) as world:
        store = world.a_source_system()
        world.a_copy_of(world.an_asset(store, name="one.jpg", description="A tram"), store)
        world.file_of(world.an_asset(store, name="gone.jpg")).unlink()
        world.work()
        engine = create_engine(world.urls("postgres"))
        yield engine
        engine.dispose()


def balance(engine: Engine, promised: list[str], breach: str | None = None) -> dict[str, int]:
    """Break a promise by force, audit, and take it back."""
    with engine.connect() as connection:
        if breach:
            connection.execute(text(FORCED))
            connection.exec_driver_sql(breach)
        found = books(connection, promised)
        connection.rollback()
    return {name: sum(part.values()) for name, part in found.items()}


def test_the_books_of_a_sound_catalogue_balance(done: Engine) -> None:
    found = balance(done, ["one.jpg", "gone.jpg"])
    assert found == dict.fromkeys(found, 0)


@pytest.mark.parametrize(("name", "breach"), CASES.values(), ids=CASES)
def test_a_breach_by_force_shows_in_the_books(done: Engine, name: str, breach: str) -> None:
    assert balance(done, ["one.jpg", "gone.jpg"], breach)[name] > 0


def test_an_acknowledged_line_that_is_not_there_is_lost(done: Engine) -> None:
    assert balance(done, ["never.jpg"])["lost"] == 1
