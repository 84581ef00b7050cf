"""What files say enters records, what is complete is sealed, and all of it cites its event."""

from collections.abc import Iterator
from copy import deepcopy
from uuid import UUID, uuid4

import pytest
from images import draw
from provenance_city import (
    head_of,
    lacking,
    named,
    read_and_adopt,
    read_assets,
    registered,
    sealed,
    shown,
)
from world import System, World, a_while_later

from app.kit.errors import NoSuchResource, RevisionStale
from app.kit.jobs import bind
from app.policies.packaged import packaged_documents
from app.policies.service import document_in_force, record_document
from app.provenance.adoption import adopted
from app.provenance.changes import Assertion, Change, Choice, Retraction
from app.provenance.errors import NotSealed
from app.provenance.service import (
    adopt_readings,
    change_provenance,
    prove_sealed,
    seal_complete,
    write_versions,
)
from app.provenance.tasks import adopt_what_was_left
from app.readings.tasks import read_files


@pytest.fixture(scope="module")
def system(town: World) -> System:
    return town.a_source_system()


@pytest.fixture(scope="module")
def pool(town: World, system: System) -> Iterator[UUID]:
    return iter(read_assets(town, system, [{"description": "A bus"}] * 60))


@pytest.fixture
def asset(pool: Iterator[UUID]) -> UUID:
    return next(pool)


# -- adoption ------------------------------------------------------------------------------------


def test_a_reading_is_adopted_once(town: World, asset: UUID) -> None:
    before = head_of(town, asset)
    with town.worker.transaction() as db:
        adopt_readings(db, [asset])
    assert head_of(town, asset) == before


def test_an_asset_without_a_reading_has_nothing_to_adopt(town: World, system: System) -> None:
    [unread] = registered(town, system, [draw(1)])
    with town.worker.transaction() as db:
        adopt_readings(db, [unread])
    assert head_of(town, unread)[0] == 1


def test_a_file_that_says_nothing_leaves_the_record_as_it_was(town: World, system: System) -> None:
    [silent] = registered(town, system, [b""])
    read_and_adopt(town, [silent])
    assert head_of(town, silent)[0] == 1
    assert shown(town, silent).complete is False


def test_adopting_what_does_not_exist_is_refused(town: World) -> None:
    with pytest.raises(NoSuchResource), town.worker.transaction() as db:
        adopt_readings(db, [uuid4()])


def test_a_new_reading_takes_the_place_of_the_old(town: World, asset: UUID) -> None:
    town.change(asset, [Assertion("title", "Kept")])

    rewrite_file(town, asset, draw(7, {"creator": "Wong"}))
    read_and_adopt(town, [asset])
    _, of = head_of(town, asset)
    extracted = {s.field: s.value for s in of.statements if s.source_kind == "extracted"}
    assert extracted["creator"] == ["Wong"]
    assert "description" not in extracted
    assert of.displayed("title") == "Kept"
    assert len(adopted(of)) == 1


def rewrite_file(town: World, asset: UUID, picture: bytes) -> None:
    town.file_of(asset).write_bytes(picture)


def test_a_choice_of_the_files_word_outlives_reading_the_same_word_again(
    town: World, asset: UUID
) -> None:
    town.complete_record(asset, description="A tram")
    chosen = named(town, asset, "description", "extracted")
    town.change(asset, choices=[Choice("description", chosen, "seen on the print")])
    rewrite_file(town, asset, draw(9, {"description": "A bus"}))
    read_and_adopt(town, [asset])
    _, of = head_of(town, asset)
    assert sealed(town, asset)
    assert of.displayed("description") == "A bus"


def test_a_reading_that_contradicts_what_was_settled_opens_it_again(
    town: World, asset: UUID
) -> None:
    town.complete_record(asset, description="A tram")
    chosen = named(town, asset, "description", "extracted")
    town.change(asset, choices=[Choice("description", chosen, "seen on the print")])
    assert sealed(town, asset)
    rewrite_file(town, asset, draw(9, {"description": "A lorry"}))
    read_and_adopt(town, [asset])
    assert lacking(town, asset) == ["conflict:title_or_description"]
    assert not sealed(town, asset)


def test_a_file_that_became_unreadable_ends_the_seal(town: World, asset: UUID) -> None:
    town.complete_record(asset, without=["description"], title="A tram")
    assert sealed(town, asset)
    rewrite_file(town, asset, b"no image any more")
    read_and_adopt(town, [asset])
    assert not sealed(town, asset)
    assert not shown(town, asset).complete
    with town.api.transaction() as db:
        assert seal_complete(db, [asset]) == 0


# -- seals ---------------------------------------------------------------------------------------


def test_an_edit_makes_the_seal_stale_and_a_new_one_is_made(town: World, asset: UUID) -> None:
    town.complete_record(asset)
    with town.api.transaction() as db:
        first = prove_sealed(db, asset)
    town.change(asset, [Assertion("description", "A bus")])
    with town.api.transaction() as db:
        second = prove_sealed(db, asset)
    assert (second.provenance_version, second.asset_id) == (first.provenance_version + 1, asset)
    assert second.id != first.id
    town.change(asset, retractions=[Retraction(named(town, asset, "creator"), "of another")])
    with pytest.raises(NotSealed, match="missing:creator"), town.api.transaction() as db:
        prove_sealed(db, asset)


def test_sealing_twice_makes_one_seal(town: World, asset: UUID) -> None:
    town.complete_record(asset)
    with town.worker.transaction() as db:
        assert seal_complete(db, [asset]) == 0
    assert len(town.find("SELECT id FROM seals WHERE asset_id = :id", id=asset)) == 1


def test_a_complete_record_of_an_unread_file_is_not_proved(town: World, system: System) -> None:
    [unread] = registered(town, system, [draw(1)])
    with pytest.raises(NotSealed), town.api.transaction() as db:
        prove_sealed(db, unread)


def test_a_seal_that_a_register_contradicts_proves_nothing(world: World) -> None:
    [asset] = read_assets(world, world.a_source_system(), [{}])
    world.complete_record(asset)
    assert sealed(world, asset)
    with world.owner.transaction() as db:
        register = deepcopy(dict(document_in_force(db, "legal_instruments", "legal-instruments")))
        left = [one for one in register["instruments"] if one["id"] != world.legal_basis]
        assert len(left) == len(register["instruments"]) - 1
        register["register"]["version"] = "9.0.0"
        record_document(db, register | {"instruments": left})
    with pytest.raises(NotSealed, match="source:legal_basis"), world.api.transaction() as db:
        prove_sealed(db, asset)


def test_a_stale_revision_is_refused_by_the_service_itself(town: World, asset: UUID) -> None:
    [[department]] = town.find("SELECT department FROM assets WHERE id = :id", id=asset)
    caller = town.someone("cataloguer", department=department)
    with pytest.raises(RevisionStale, match="version 2, not 1"), town.api.transaction() as db:
        change_provenance(db, caller, asset, 1, Change())


def test_no_version_is_nothing_to_write(town: World, system: System) -> None:
    with town.api.transaction() as db:
        write_versions(db, town.someone("registrar", department=system.department).agent, [])


# -- the sweep -----------------------------------------------------------------------------------


def test_the_sweep_adopts_what_a_lost_job_left(town: World, system: System) -> None:
    [lost] = registered(town, system, [draw(3, {"description": "Lost"})])
    bind(town.worker)
    read_files([lost])
    town.lose_jobs()
    adopt_what_was_left()
    assert head_of(town, lost)[0] == 1, "its own job has two minutes for it"
    with a_while_later():
        adopt_what_was_left()
        assert head_of(town, lost)[1].displayed("description") == "Lost"
        adopt_what_was_left()
    assert head_of(town, lost)[0] == 2


def test_the_sweep_seals_again_when_the_policy_moves_on(world: World) -> None:
    system = world.a_source_system()
    [asset] = read_assets(world, system, [{}])
    world.complete_record(asset)
    policy = packaged_documents()[0]
    policy["policy"] |= {"version": "1.0.1"}
    with world.owner.transaction() as db:
        record_document(db, policy)
    assert not sealed(world, asset)
    with pytest.raises(NotSealed, match="a seal"), world.api.transaction() as db:
        prove_sealed(db, asset)
    bind(world.worker)
    world.lose_jobs()
    with a_while_later():
        adopt_what_was_left()
    assert sealed(world, asset)


# -- P11 -----------------------------------------------------------------------------------------

CITING = (
    "SELECT t.asset_id, e.xid::text::numeric % 4294967296 = t.xmin::text::numeric AS together,"
    " e.asset_id = t.asset_id AS of_it, e.kind FROM {} t LEFT JOIN events e ON e.id = t.event_id"
)


@pytest.mark.parametrize(
    ("table", "kinds"),
    [("provenance_versions", {"ing", "mem"}), ("seals", {"x:seal"}), ("readings", {"mee"})],
)
def test_everything_written_cites_an_event_of_its_own_transaction(
    town: World, asset: UUID, table: str, kinds: set[str]
) -> None:
    town.complete_record(asset)
    rows = town.find(CITING.format(table))
    assert rows
    assert all(row.together and row.of_it for row in rows)
    assert {row.kind for row in rows} <= kinds


def test_every_asset_cites_its_registration(town: World, asset: UUID) -> None:
    rows = town.find(CITING.format("(SELECT *, id AS asset_id, xmin FROM assets)"))
    assert asset in {row.asset_id for row in rows}
    assert {(row.together, row.of_it, row.kind) for row in rows} == {(True, True, "ing")}
