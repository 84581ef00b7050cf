"""What a policy asks of a record, judged by SQL on a real database (P2)."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from provenance_city import head_of, lacking, named, read_assets, sealed, shown
from world import System, World

from app.ledger.agents import process
from app.people.errors import RoleMissing
from app.provenance.changes import Assertion, Choice, Retraction
from app.provenance.errors import StatementMalformed
from app.provenance.service import NewVersion, seal_complete, write_versions

ANSWERED = "custodian custodian_kind acquisition_method acquisition_date creator date_created"
ANSWERED += " digital_source_type legal_basis rights_statement personal_data_status"
KNOWN = "source_system source_identifier original_name locations department format technical"
# Their absence leaves a condition unknown, and what hangs on it is required then.
ALSO = {
    "custodian_kind": ["missing:contract_reference"],
    "digital_source_type": ["missing:digitisation_source"],
}


@pytest.fixture(scope="module")
def system(town: World) -> System:
    return town.a_source_system()


@pytest.fixture(scope="module")
def pool(town: World, system: System) -> Iterator[UUID]:
    """Read images that say nothing of themselves but their format."""
    return iter(read_assets(town, system, [{}] * 70))


@pytest.fixture
def asset(pool: Iterator[UUID]) -> UUID:
    return next(pool)


def test_a_complete_record_lacks_nothing_and_is_sealed(town: World, asset: UUID) -> None:
    assert not sealed(town, asset)
    town.complete_record(asset)
    assert (lacking(town, asset), sealed(town, asset)) == ([], True)


@pytest.mark.parametrize("field", ANSWERED.split())
def test_taking_back_a_required_answer_names_it_and_ends_the_seal(
    town: World, asset: UUID, field: str
) -> None:
    town.complete_record(asset)
    town.change(asset, retractions=[Retraction(named(town, asset, field), "wrong image")])
    assert lacking(town, asset) == sorted([f"missing:{field}", *ALSO.get(field, [])])
    assert not sealed(town, asset)
    town.change(asset, [Assertion(field, town.answers()[field])])
    assert (lacking(town, asset), sealed(town, asset)) == ([], True)


def rewrite(town: World, asset: UUID, without: str) -> None:
    """Write a version that does not say something, as a faulty room might."""
    version, of = head_of(town, asset)
    kept = replace(of, statements=tuple(s for s in of.statements if s.field != without))
    [[department]] = town.find("SELECT department FROM assets WHERE id = :id", id=asset)
    with town.worker.transaction() as db:
        next_one = NewVersion(asset, version + 1, kept, {"test": True}, department)
        write_versions(db, process("test"), [next_one])
        seal_complete(db, [asset])


@pytest.mark.parametrize("field", KNOWN.split())
def test_what_registration_and_file_say_is_required_too(
    town: World, asset: UUID, field: str
) -> None:
    town.complete_record(asset)
    rewrite(town, asset, without=field)
    assert (lacking(town, asset), sealed(town, asset)) == ([f"missing:{field}"], False)


def test_one_of_title_and_description_is_enough(town: World, asset: UUID) -> None:
    town.complete_record(asset, description="A tram turns")
    town.change(asset, retractions=[Retraction(named(town, asset, "title"), "too long")])
    assert sealed(town, asset)
    town.change(asset, retractions=[Retraction(named(town, asset, "description"), "wrong")])
    assert lacking(town, asset) == ["missing:title_or_description"]
    assert not sealed(town, asset)


UNKNOWN_ALLOWED = "acquisition_method acquisition_date creator date_created"


@pytest.mark.parametrize("field", UNKNOWN_ALLOWED.split())
def test_a_reasoned_unknown_answers_where_the_policy_lets_it(
    town: World, asset: UUID, field: str
) -> None:
    town.complete_record(asset, without=[field])
    town.change(asset, [Assertion(field, unknown_reason="the register burnt")])
    assert (lacking(town, asset), sealed(town, asset)) == ([], True)


@pytest.mark.parametrize(
    "field", [f for f in ANSWERED.split() if f not in (*UNKNOWN_ALLOWED.split(), *ALSO)]
)
def test_a_reasoned_unknown_is_no_answer_elsewhere(town: World, asset: UUID, field: str) -> None:
    town.complete_record(asset, without=[field])
    town.change(asset, [Assertion(field, unknown_reason="the register burnt")])
    assert (lacking(town, asset), sealed(town, asset)) == ([f"source:{field}"], False)


def test_an_unknown_source_type_leaves_it_open_whether_there_is_a_print(
    town: World, asset: UUID
) -> None:
    town.complete_record(asset, without=["digital_source_type"])
    town.change(asset, [Assertion("digital_source_type", unknown_reason="nobody noted it")])
    assert lacking(town, asset) == ["missing:digitisation_source"]
    town.change(asset, [Assertion("digitisation_source", {"call_no": "HKRS 365-1-12"})])
    assert sealed(town, asset)


RECORD = ["disposal_class", "retention_trigger_date"]


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        ({"legal_status": ["government_record"]}, [f"missing:{f}" for f in RECORD]),
        (
            {"legal_status": ["government_record_potential_archival", "convenience_copy"]},
            [f"missing:{f}" for f in [*RECORD, "archival_appraisal"]],
        ),
        (
            {
                "legal_status": ["government_record_potential_archival"],
                "disposal_class": "GARDS 1-2",
                "retention_trigger_date": "2001",
                "archival_appraisal": "archival_value",
            },
            ["source:archival_appraisal"],
        ),
        (
            {
                "legal_status": ["government_record_potential_archival"],
                "disposal_class": "GARDS 1-2",
                "retention_trigger_date": "2001",
                "archival_appraisal": "no_archival_value",
            },
            [],
        ),
        (
            {"legal_status": ["contract_restricted"]},
            ["missing:retention_trigger_date", "missing:contract_reference"],
        ),
        ({"custodian_kind": "contracted_platform"}, ["missing:contract_reference"]),
        ({"legal_status": ["donor_restricted"]}, ["missing:donor_agreement"]),
        (
            {"digital_source_type": "http://cv.iptc.org/newscodes/digitalsourcetype/print"},
            ["missing:digitisation_source"],
        ),
        ({"legal_status": ["undetermined"]}, ["source:legal_status"]),
        ({"legal_status": ["undetermined", "convenience_copy"]}, ["source:legal_status"]),
        ({"legal_basis": ["an-act-nobody-passed"]}, ["source:legal_basis"]),
        ({"legal_basis": ["hk-gc-2-2009", "an-act-nobody-passed"]}, ["source:legal_basis"]),
        ({"personal_data_status": "unknown"}, []),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_one_answer_asks_for_besides(
    town: World, asset: UUID, said: dict[str, Any], codes: list[str]
) -> None:
    town.complete_record(asset, **said)
    assert lacking(town, asset) == sorted(codes)
    assert sealed(town, asset) == (not codes)


def test_a_legal_status_counts_when_a_records_manager_confirms_it(town: World, asset: UUID) -> None:
    town.complete_record(asset, without=["legal_status"])
    assert (lacking(town, asset), sealed(town, asset)) == (["source:legal_status"], False)
    status = Assertion("legal_status", ["institution_owned_non_record"])
    town.change(asset, [status], role="cataloguer")
    assert lacking(town, asset) == ["source:legal_status"]
    town.change(asset, [status])
    assert sealed(town, asset)
    for role in ("registrar", "cataloguer"):
        with pytest.raises(RoleMissing):
            town.change(asset, [status], role=role)
    assert sealed(town, asset)


def test_a_status_that_the_records_manager_did_not_say_is_never_sealed(
    town: World, asset: UUID
) -> None:
    permissive = Assertion("legal_status", ["institution_owned_non_record"], lang="en")
    with pytest.raises(StatementMalformed, match="language"):
        town.change(asset, [permissive], role="registrar")
    town.change(asset, [Assertion("legal_status", permissive.value)], role="cataloguer")
    town.complete_record(asset, legal_status=["archival_record"])
    [[status]] = town.find(
        "SELECT legal_status FROM provenance_versions JOIN provenance_heads"
        " USING (asset_id, version) WHERE asset_id = :id",
        id=asset,
    )
    assert status == ["archival_record"] or not sealed(town, asset)


DEFAULTS = [
    ({"description": "OLYMPUS DIGITAL CAMERA"}, "title", "source:title_or_description"),
    ({"description": "OLYMPUS DIGITAL CAMERA         "}, "title", "source:title_or_description"),
    ({"description": "SONY DSC"}, "title", "source:title_or_description"),
    ({"description": "DCIM_0001"}, "title", "source:title_or_description"),
    ({"description": "default"}, "title", None),  # told by its exact letters
    ({"description": "A tram, SONY DSC"}, "title", None),
    ({"creator": "Gimp 2.10", "software": "Gimp 2.10"}, "creator", "source:creator"),
    ({"creator": "Default"}, "creator", "source:creator"),
    ({"creator": "Chan Siu Ming", "software": "Gimp 2.10"}, "creator", None),
    ({"taken": "1980:01:01 00:00:00"}, "date_created", "source:date_created"),
    ({"taken": "2000:01:01 00:00:00"}, "date_created", "source:date_created"),
    ({"taken": "1970:01:01 10:11:12"}, "date_created", "source:date_created"),
    ({"taken": "0000:00:00 00:00:00"}, "date_created", "missing:date_created"),
    ({"taken": "2000:01:01 00:01:00"}, "date_created", None),
    ({"taken": "2000:01:01 01:00:00"}, "date_created", None),
    ({"taken": "2019:05:02 10:11:12"}, "date_created", None),
]


@pytest.fixture(scope="module")
def of_devices(town: World, system: System) -> list[UUID]:
    return read_assets(town, system, [told for told, _, _ in DEFAULTS])


@pytest.mark.parametrize("case", range(len(DEFAULTS)), ids=lambda n: str(DEFAULTS[n][0]))
def test_what_devices_write_by_themselves_never_answers(
    town: World, of_devices: list[UUID], case: int
) -> None:
    (_, field, code), asset_id = DEFAULTS[case], of_devices[case]
    town.complete_record(asset_id, without=[field])
    assert lacking(town, asset_id) == ([code] if code else [])
    assert sealed(town, asset_id) == (code is None)


CONFLICTS = [
    ({"taken": "2020:01:02 03:04:05"}, "date_created", "date_created"),
    ({"creator": "Wong"}, "creator", "creator"),
    ({"description": "A bus"}, "description", "title_or_description"),
]


@pytest.mark.parametrize("side", ["asserted", "extracted"])
@pytest.mark.parametrize("case", range(len(CONFLICTS)), ids=lambda n: CONFLICTS[n][2])
def test_a_material_conflict_blocks_until_a_person_chooses(
    town: World, system: System, case: int, side: str
) -> None:
    told, field, name = CONFLICTS[case]
    [asset_id] = read_assets(town, system, [told])
    town.complete_record(asset_id, description="A tram")
    if field != "description":
        town.change(asset_id, retractions=[Retraction(named(town, asset_id, "description"), "-")])
    assert (lacking(town, asset_id), sealed(town, asset_id)) == ([f"conflict:{name}"], False)
    chosen = named(town, asset_id, field, side)
    town.change(asset_id, choices=[Choice(field, chosen, "seen on the negative")])
    assert (lacking(town, asset_id), sealed(town, asset_id)) == ([], True)
    [one] = [one for one in shown(town, asset_id).fields if one.field == field]
    assert one.displayed == next(s["value"] for s in one.statements if s["id"] == chosen)


def test_a_field_that_is_not_material_may_differ(town: World, asset: UUID) -> None:
    town.complete_record(asset)
    version, of = head_of(town, asset)
    other = replace(of.statements[0], field="digital_source_type", value="print", id="x")
    both = replace(of, statements=(*of.statements, replace(other, source_kind="extracted")))
    [[department]] = town.find("SELECT department FROM assets WHERE id = :id", id=asset)
    with town.worker.transaction() as db:
        write_versions(db, process("test"), [NewVersion(asset, version + 1, both, {}, department)])
        assert seal_complete(db, [asset]) == 1
