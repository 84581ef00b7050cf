"""What a policy asks of a record, judged by SQL on a real database (P2)."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from ground import Ground
from provenance_city import a_city, head_of, lacking, named, read_assets, sealed, shown
from world import System, World

from app.ledger.agents import process
from app.policies.packaged import packaged_documents
from app.policies.service import record_document
from app.provenance.changes import Assertion, Choice, Retraction
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
def city(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_city(ground, tmp_path_factory.mktemp("city")) as world:
        yield world


@pytest.fixture(scope="module")
def system(city: World) -> System:
    return city.a_source_system()


@pytest.fixture(scope="module")
def pool(city: World, system: System) -> Iterator[UUID]:
    """Read images that say nothing of themselves but their format."""
    return iter(read_assets(city, system, [{}] * 70))


@pytest.fixture
def asset(pool: Iterator[UUID]) -> UUID:
    return next(pool)


def test_a_complete_record_lacks_nothing_and_is_sealed(city: World, asset: UUID) -> None:
    assert not sealed(city, asset)
    city.complete_record(asset)
    assert (lacking(city, asset), sealed(city, asset)) == ([], True)


@pytest.mark.parametrize("field", ANSWERED.split())
def test_taking_back_a_required_answer_names_it_and_ends_the_seal(
    city: World, asset: UUID, field: str
) -> None:
    city.complete_record(asset)
    city.change(asset, retractions=[Retraction(named(city, asset, field), "wrong image")])
    assert sorted(lacking(city, asset)) == sorted([f"missing:{field}", *ALSO.get(field, [])])
    assert not sealed(city, asset)
    city.change(asset, [Assertion(field, city.answers()[field])])
    assert (lacking(city, asset), sealed(city, asset)) == ([], True)


def rewrite(city: World, asset: UUID, without: str) -> None:
    """Write a version that does not say something, as a faulty room might."""
    version, of = head_of(city, asset)
    kept = replace(of, statements=tuple(s for s in of.statements if s.field != without))
    [[department]] = city.find("SELECT department FROM assets WHERE id = :id", id=asset)
    with city.worker.transaction() as db:
        next_one = NewVersion(asset, version + 1, kept, {"test": True}, department)
        write_versions(db, process("test"), [next_one])
        seal_complete(db, [asset])


@pytest.mark.parametrize("field", KNOWN.split())
def test_what_registration_and_file_say_is_required_too(
    city: World, asset: UUID, field: str
) -> None:
    city.complete_record(asset)
    rewrite(city, asset, without=field)
    assert (lacking(city, asset), sealed(city, asset)) == ([f"missing:{field}"], False)


def test_one_of_title_and_description_is_enough(city: World, asset: UUID) -> None:
    city.complete_record(asset, description="A tram turns")
    city.change(asset, retractions=[Retraction(named(city, asset, "title"), "too long")])
    assert sealed(city, asset)
    city.change(asset, retractions=[Retraction(named(city, asset, "description"), "wrong")])
    assert lacking(city, asset) == ["missing:title_or_description"]
    assert not sealed(city, asset)


UNKNOWN_ALLOWED = "acquisition_method acquisition_date creator date_created"


@pytest.mark.parametrize("field", UNKNOWN_ALLOWED.split())
def test_a_reasoned_unknown_answers_where_the_policy_lets_it(
    city: World, asset: UUID, field: str
) -> None:
    city.complete_record(asset, without=[field])
    city.change(asset, [Assertion(field, unknown_reason="the register burnt")])
    assert (lacking(city, asset), sealed(city, asset)) == ([], True)


@pytest.mark.parametrize(
    "field", [f for f in ANSWERED.split() if f not in (*UNKNOWN_ALLOWED.split(), *ALSO)]
)
def test_a_reasoned_unknown_is_no_answer_elsewhere(city: World, asset: UUID, field: str) -> None:
    city.complete_record(asset, without=[field])
    city.change(asset, [Assertion(field, unknown_reason="the register burnt")])
    assert (lacking(city, asset), sealed(city, asset)) == ([f"source:{field}"], False)


def test_an_unknown_source_type_leaves_it_open_whether_there_is_a_print(
    city: World, asset: UUID
) -> None:
    city.complete_record(asset, without=["digital_source_type"])
    city.change(asset, [Assertion("digital_source_type", unknown_reason="nobody noted it")])
    assert lacking(city, asset) == ["missing:digitisation_source"]
    city.change(asset, [Assertion("digitisation_source", {"call_no": "HKRS 365-1-12"})])
    assert sealed(city, asset)


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
    city: World, asset: UUID, said: dict[str, Any], codes: list[str]
) -> None:
    city.complete_record(asset, **said)
    assert lacking(city, asset) == codes
    assert sealed(city, asset) == (not codes)


def test_a_legal_status_counts_when_a_records_manager_confirms_it(city: World, asset: UUID) -> None:
    city.complete_record(asset, without=["legal_status"])
    assert (lacking(city, asset), sealed(city, asset)) == (["source:legal_status"], False)
    status = Assertion("legal_status", ["institution_owned_non_record"])
    city.change(asset, [status], role="cataloguer")
    assert lacking(city, asset) == ["source:legal_status"]
    city.change(asset, [status])
    assert sealed(city, asset)
    city.change(asset, [status], role="registrar")
    assert (lacking(city, asset), sealed(city, asset)) == (["source:legal_status"], False)


def test_a_status_that_the_records_manager_did_not_say_is_never_sealed(
    city: World, asset: UUID
) -> None:
    permissive = Assertion("legal_status", ["institution_owned_non_record"], lang="en")
    city.change(asset, [permissive], role="registrar")
    city.complete_record(asset, legal_status=["archival_record"])
    [[status]] = city.find(
        "SELECT legal_status FROM provenance_versions JOIN provenance_heads"
        " USING (asset_id, version) WHERE asset_id = :id",
        id=asset,
    )
    assert status == ["archival_record"] or not sealed(city, asset)


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
    ({"taken": "2000:01:01 00:01:00"}, "date_created", "source:date_created"),
    ({"taken": "2000:01:01 01:00:00"}, "date_created", None),
    ({"taken": "2019:05:02 10:11:12"}, "date_created", None),
]


@pytest.fixture(scope="module")
def of_devices(city: World, system: System) -> list[UUID]:
    return read_assets(city, system, [told for told, _, _ in DEFAULTS])


@pytest.mark.parametrize("case", range(len(DEFAULTS)), ids=lambda n: str(DEFAULTS[n][0]))
def test_what_devices_write_by_themselves_never_answers(
    city: World, of_devices: list[UUID], case: int
) -> None:
    (_, field, code), asset_id = DEFAULTS[case], of_devices[case]
    city.complete_record(asset_id, without=[field])
    assert lacking(city, asset_id) == ([code] if code else [])
    assert sealed(city, asset_id) == (code is None)


CONFLICTS = [
    ({"taken": "2020:01:02 03:04:05"}, "date_created", "date_created"),
    ({"creator": "Wong"}, "creator", "creator"),
    ({"description": "A bus"}, "description", "title_or_description"),
]


@pytest.mark.parametrize("side", ["asserted", "extracted"])
@pytest.mark.parametrize("case", range(len(CONFLICTS)), ids=lambda n: CONFLICTS[n][2])
def test_a_material_conflict_blocks_until_a_person_chooses(
    city: World, system: System, case: int, side: str
) -> None:
    told, field, name = CONFLICTS[case]
    [asset_id] = read_assets(city, system, [told])
    city.complete_record(asset_id, description="A tram")
    if field != "description":
        city.change(asset_id, retractions=[Retraction(named(city, asset_id, "description"), "-")])
    assert (lacking(city, asset_id), sealed(city, asset_id)) == ([f"conflict:{name}"], False)
    chosen = named(city, asset_id, field, side)
    city.change(asset_id, choices=[Choice(field, chosen, "seen on the negative")])
    assert (lacking(city, asset_id), sealed(city, asset_id)) == ([], True)
    [one] = [one for one in shown(city, asset_id).fields if one.field == field]
    assert one.displayed == next(s["value"] for s in one.statements if s["id"] == chosen)


def test_a_field_that_is_not_material_may_differ(city: World, asset: UUID) -> None:
    city.complete_record(asset)
    version, of = head_of(city, asset)
    other = replace(of.statements[0], field="digital_source_type", value="print", id="x")
    both = replace(of, statements=(*of.statements, replace(other, source_kind="extracted")))
    with city.worker.transaction() as db:
        write_versions(db, process("test"), [NewVersion(asset, version + 1, both, {}, "x")])
        assert seal_complete(db, [asset]) == 1


FILM = {
    "production_title": "The Wild, Wild Rose",
    "still_type": "lobby_card",
    "rights_holder": "MP & GI",
}
NEWS: dict[str, Any] = {
    "credit_line": "Chan / Daily",
    "supplier": "Daily",
    "usage_terms": "until 2030",
    "published": "unpublished",
    "litigation_check": "clear",
    "place": {"name": "Central"},
}


@pytest.mark.parametrize(
    ("policy", "extra", "restricted"),
    [
        ("hk-film-archive", FILM, {"still_type": "selfie"}),
        ("newsroom", NEWS, {"published": "leaked", "litigation_check": "pending"}),
    ],
)
def test_an_overlay_asks_for_its_own_fields_too(
    city: World, policy: str, extra: dict[str, Any], restricted: dict[str, Any]
) -> None:
    system = city.a_source_system(city.a_department(policy=policy))
    [asset_id] = read_assets(city, system, [{}])
    city.complete_record(asset_id)
    assert sorted(lacking(city, asset_id)) == sorted(f"missing:{field}" for field in extra)
    city.complete_record(asset_id, **extra)
    assert (lacking(city, asset_id), sealed(city, asset_id)) == ([], True)
    for field, value in restricted.items():
        city.change(asset_id, [Assertion(field, value)])
        assert (lacking(city, asset_id), sealed(city, asset_id)) == ([f"source:{field}"], False)
        city.change(asset_id, [Assertion(field, extra[field])])
    assert shown(city, asset_id).policy.startswith(policy)


def test_the_film_archive_asks_for_the_print_unless_the_image_was_born_digital(
    city: World,
) -> None:
    system = city.a_source_system(city.a_department(policy="hk-film-archive"))
    [asset_id] = read_assets(city, system, [{}])
    city.complete_record(asset_id, **FILM, digital_source_type="humanEdits")
    assert lacking(city, asset_id) == ["missing:digitisation_source"]
    city.complete_record(asset_id, **FILM, digital_source_type="print", acquisition_method="deposit")
    assert sorted(lacking(city, asset_id)) == [
        "missing:digitisation_batch",
        "missing:digitisation_source",
        "missing:donor_agreement",
    ]


def test_a_newsroom_says_where_a_published_picture_ran_and_how_it_was_edited(city: World) -> None:
    system = city.a_source_system(city.a_department(policy="newsroom"))
    [asset_id] = read_assets(city, system, [{}])
    said = NEWS | {"published": "published", "digital_source_type": "humanEdits"}
    city.complete_record(asset_id, **said)
    assert lacking(city, asset_id) == ["missing:publication_links", "missing:edit_history"]
    city.change(asset_id, [Assertion("place", unknown_reason="at sea")])
    assert lacking(city, asset_id) == ["missing:publication_links", "missing:edit_history"]


def a_policy(city: World, name: str, **complete: Any) -> str:  # noqa: ANN401 - parts of a document
    """Publish a base policy of its own completeness."""
    policy = deepcopy(packaged_documents()[0])
    policy["policy"] |= {"id": name, "effective_from": "2026-01-01"}
    for part, changed in complete.items():
        policy["completeness"][part] |= changed
    with city.owner.transaction() as db:
        record_document(db, policy)
    return name


def test_a_policy_may_leave_conflicts_and_software_names_to_its_readers(city: World) -> None:
    lenient = a_policy(
        city,
        "lenient",
        conflicts={"unresolved_material_conflict_blocks": False},
        device_defaults={"creator_is_software_name": False, "text": [], "dates": []},
    )
    system = city.a_source_system(city.a_department(policy=lenient))
    [asset_id] = read_assets(
        city, system, [{"creator": "Gimp", "software": "Gimp", "taken": "1970:01:01 00:00:00"}]
    )
    city.complete_record(asset_id, without=["creator"])
    assert (lacking(city, asset_id), sealed(city, asset_id)) == ([], True)


def test_a_policy_laxer_than_the_floor_leaves_the_record_unsealed_and_fails_nothing(
    city: World,
) -> None:
    custodian = packaged_documents()[0]["completeness"]["fields"]["custodian"]
    lax = a_policy(city, "lax", fields={"custodian": custodian | {"unknown_allowed": True}})
    system = city.a_source_system(city.a_department(policy=lax))
    [asset_id] = read_assets(city, system, [{}])
    city.complete_record(asset_id, without=["custodian"])
    city.change(asset_id, [Assertion("custodian", unknown_reason="never noted")])
    assert not sealed(city, asset_id)
