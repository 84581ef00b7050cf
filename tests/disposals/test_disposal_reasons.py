"""Golden answers: for each reason, an image that it concerns, with status and all its codes."""

import os
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from uuid import UUID

import pytest
from quarter import Quarter, out_of_reach

from app.assets.sniffing import BEGINNING
from app.disposals.explaining import mend_of
from app.disposals.schemas import EligibilityOut
from app.fingerprints.tasks import fingerprint_files
from app.provenance.changes import Assertion, Change
from app.provenance.series import series_for, state_for_series
from app.readings.tasks import read_files

FORBIDDING = ["archival_record", "legal_deposit", "held_for_others", "evidential", "erasure_due"]
CONDITIONS: Mapping[str, Sequence[str]] = {
    "convenience_copy": [
        "record_copy_identified_and_verified",
        "department_asserts_non_record",
        "instrument_allows_convenience_copies",
    ],
    "accessioned_collection_item": ["deaccession_decision_minuted"],
    "library_collection_copy": ["withdrawal_policy_satisfied"],
    "donor_restricted": ["agreement_permits_disposal_or_written_consent"],
    "contract_restricted": ["contract_permits_or_expired"],
    "government_record": ["retention_elapsed", "disposal_action_is_destroy"],
    "government_record_potential_archival": ["retention_elapsed", "disposal_action_is_destroy"],
}
EVIDENCE = {
    "disposal_class": "GARDS-7",
    "retention_trigger_date": "2019",
    "archival_appraisal": "no_archival_value",
    "contract_reference": "C-17",
    "donor_agreement": "D-4",
}
WRONG = [
    "Public Records Ordinance, Cap. 480",
    "PUBLIC RECORDS   ORDINANCE",
    "cap480",
    "《公共檔案條例》(第480章)",
    "公共档案条例",
    "香港法例第 480 章",
    "香港法例第４８０章",
    "Public Records\nOrdinance",
]
RIGHT = [
    "Sex Discrimination Ordinance, Cap. 480",
    "《性別歧視條例》(第480章)",
    "《性别歧视条例》第４８０章",
    "Cap. 4801",
    "General Circular No. 2/2009",
]


def outcomes(answer: EligibilityOut) -> dict[str, str]:
    """Return how the rules came out that gave a reason."""
    return {rule.reason: rule.outcome for rule in answer.rules if rule.reason is not None}


def test_a_complete_exact_copy_is_a_candidate_with_its_keeper_and_the_reasons(
    quarter: Quarter,
) -> None:
    earlier, later = quarter.a_pair()
    quarter.work()
    quarter.complete(earlier, later)
    keeper, copy = quarter.answers(earlier, later)
    assert (keeper.status, keeper.reasons, keeper.keeper) == (
        "retained_keeper",
        ["keeper:ranked_first"],
        None,
    )
    assert (copy.status, copy.reasons) == ("candidate", ["awaiting:verdict"])
    assert copy.keeper is not None
    assert copy.keeper.asset_id == earlier
    assert [r.criterion for r in copy.keeper.reasons if r.decides] == ["earliest_registration"]
    assert copy.keeper.reasons[-1].this > copy.keeper.reasons[-1].keeper
    assert not copy.deletable
    assert copy.rules_not_yet_built
    assert copy.policy == "demo-standard@1.0.1"


def test_under_the_plain_city_default_a_complete_copy_says_that_the_policy_is_an_example(
    quarter: Quarter,
) -> None:
    store = quarter.world.a_source_system(quarter.world.a_department())
    earlier = quarter.world.an_asset(store)
    later = quarter.world.a_copy_of(earlier)
    quarter.work()
    quarter.complete(earlier, later)
    answer = quarter.of(later)
    assert (answer.status, answer.reasons) == (
        "blocked_legal",
        ["policy:example", "policy:no_authority", "copies:1<2", "awaiting:verdict"],
    )


def test_before_anything_was_done_every_step_of_processing_is_named(quarter: Quarter) -> None:
    asset_id = quarter.world.an_asset(quarter.one)
    answer = quarter.of(asset_id)
    assert answer.status == "not_assessed"
    found = outcomes(answer)
    assert found["processing:unread"] == "unknown"  # the rule after it cannot know
    assert [r for r in answer.reasons if r.startswith("processing:")] == [
        "processing:unread",
        "processing:not_fingerprinted",
        "processing:not_compared",
    ]
    assert found["last_copy"] == "unknown"
    assert {"missing:creator", "missing:format", "source:legal_status", "seal:stale"} <= set(found)
    assert answer.keeper is None


def test_each_step_that_is_done_takes_its_reason_away(quarter: Quarter) -> None:
    quarter.by_hand()
    asset_id = quarter.world.an_asset(quarter.one)
    read_files([asset_id])
    assert quarter.of(asset_id).reasons[0] == "processing:not_fingerprinted"
    fingerprint_files([asset_id])
    answer = quarter.of(asset_id)
    assert answer.reasons[0] == "processing:not_compared"
    assert outcomes(answer)["last_copy"] == "fail"
    quarter.work()
    assert not [r for r in quarter.of(asset_id).reasons if r.startswith("processing:")]


def test_an_unreadable_file_is_hashed_for_fixity_and_never_a_candidate(quarter: Quarter) -> None:
    store = quarter.a_store()
    pair = [quarter.world.an_asset(store, b"no image", name=name) for name in ("a.txt", "b.txt")]
    quarter.work()
    quarter.complete(*pair)
    for answer in quarter.answers(*pair):
        assert answer.status == "not_assessed"
        assert answer.reasons[0] == "processing:unreadable"
        assert "processing:not_fingerprinted" not in answer.reasons
        assert "seal:stale" in answer.reasons


def test_a_file_that_is_not_there_or_cannot_be_reached_or_changed_says_so(quarter: Quarter) -> None:
    quarter.by_hand()
    store = quarter.a_store()
    gone, far, other = (quarter.world.an_asset(store) for _ in range(3))
    quarter.world.file_of(gone).unlink()
    read_files([gone, other])
    with out_of_reach(store):
        read_files([far])
    os.utime(quarter.world.file_of(other), (1, 1))
    fingerprint_files([other])
    found = [
        [r for r in answer.reasons if r.startswith("processing:")]
        for answer in quarter.answers(gone, far, other)
    ]
    assert "processing:missing" in found[0]
    assert "processing:unreachable" in found[1]
    assert found[2][0] == "processing:changed"
    assert set(quarter.statuses(gone, far, other)) == {"not_assessed"}
    quarter.work()
    assert not [r for r in quarter.of(other).reasons if r.startswith("processing:")]


@pytest.mark.parametrize("field", ["creator", "custodian", "rights_statement", "legal_basis"])
def test_a_field_that_nobody_answered_is_named(quarter: Quarter, single: UUID, field: str) -> None:
    asset_id = quarter.world.an_asset(quarter.one)
    quarter.work()
    quarter.world.complete_record(asset_id, without=[field])
    answer = quarter.of(asset_id)
    assert answer.status == "blocked_incomplete"
    assert answer.reasons == [f"missing:{field}", "seal:stale", "last_copy"]
    quarter.world.change(asset_id, [Assertion(field, quarter.world.answers()[field])])
    assert quarter.of(asset_id).status == "blocked_no_keeper"


def test_a_legal_status_that_no_records_manager_confirmed_is_of_the_wrong_source(
    quarter: Quarter,
) -> None:
    asset_id = quarter.world.an_asset(quarter.one)
    quarter.work()
    quarter.world.complete_record(asset_id, without=["legal_status"])
    assert quarter.of(asset_id).reasons == ["source:legal_status", "seal:stale", "last_copy"]


def test_a_file_and_a_person_that_differ_are_in_conflict(quarter: Quarter) -> None:
    asset_id = quarter.world.an_asset(quarter.one, creator="Wong Tai Sin")
    quarter.work()
    quarter.complete(asset_id)
    answer = quarter.of(asset_id)
    assert answer.status == "blocked_incomplete"
    assert answer.reasons == ["conflict:creator", "seal:stale", "last_copy"]


def test_a_series_statement_on_its_way_makes_the_seal_stale(quarter: Quarter) -> None:
    store = quarter.a_store()
    asset_id = quarter.world.an_asset(store)
    quarter.work()
    quarter.complete(asset_id)
    manager = quarter.world.someone("records_manager", department=quarter.department)
    with quarter.world.api.transaction() as db:
        series = series_for(db, manager, "source-system", store.code)
        state_for_series(db, manager, series, Change([Assertion("place", {"name": "Central"})]))
    assert quarter.of(asset_id).reasons == ["seal:stale", "last_copy"]
    quarter.work()
    assert quarter.of(asset_id).reasons == ["last_copy"]


@pytest.mark.parametrize("status", FORBIDDING)
def test_a_status_that_forbids_or_diverts_is_named(
    quarter: Quarter, single: UUID, status: str
) -> None:
    quarter.complete(single, legal_status=[status, "institution_owned_non_record"])
    answer = quarter.of(single)
    assert answer.status == "blocked_legal"
    assert answer.reasons == [f"legal:{status}", "last_copy"]


def test_an_undetermined_status_is_no_answer_and_forbids(quarter: Quarter, single: UUID) -> None:
    quarter.complete(single, legal_status=["undetermined"])
    answer = quarter.of(single)
    assert answer.status == "blocked_incomplete"
    assert answer.reasons == [
        "source:legal_status",
        "seal:stale",
        "legal:undetermined",
        "last_copy",
    ]


@pytest.mark.parametrize("status", CONDITIONS)
def test_a_condition_without_evidence_is_unknown_and_stops(
    quarter: Quarter, single: UUID, status: str
) -> None:
    quarter.complete(single, legal_status=[status], **EVIDENCE)
    answer = quarter.of(single)
    assert answer.status == "blocked_legal"
    wanted = [f"legal:{condition}" for condition in CONDITIONS[status]]
    assert sorted(answer.reasons) == sorted([*wanted, "last_copy"])
    assert {outcomes(answer)[code] for code in wanted} == {"unknown"}
    assert "legal:external_authority_agreement" not in answer.reasons


@pytest.mark.parametrize(
    ("status", "field", "condition"),
    [
        ("government_record", "disposal_class", "disposal_class_assigned"),
        (
            "government_record_potential_archival",
            "archival_appraisal",
            "appraised_no_archival_value",
        ),
        ("contract_restricted", "contract_reference", "contract_terms_recorded"),
    ],
)
def test_a_condition_that_evidence_could_meet_fails_without_it(
    quarter: Quarter, status: str, field: str, condition: str
) -> None:
    asset_id = quarter.world.an_asset(quarter.one)
    quarter.work()
    given = {k: v for k, v in EVIDENCE.items() if k != field}
    quarter.complete(asset_id, legal_status=[status], **given)
    answer = quarter.of(asset_id)
    assert outcomes(answer)[f"legal:{condition}"] == "fail"
    assert f"missing:{field}" in answer.reasons


def test_personal_data_that_nobody_looked_for_stops(quarter: Quarter, single: UUID) -> None:
    quarter.complete(single, personal_data_status="unknown")
    answer = quarter.of(single)
    assert (answer.status, answer.reasons) == (
        "blocked_legal",
        ["personal_data:unknown", "last_copy"],
    )


def test_a_word_of_before_the_terms_is_no_answer_about_personal_data(
    quarter: Quarter, single: UUID
) -> None:
    quarter.complete(single, personal_data_status="present")
    assert "personal_data:unknown" not in quarter.of(single).reasons
    quarter.world.find("ALTER TABLE provenance_versions DISABLE TRIGGER ALL", "postgres")
    quarter.world.find(
        "UPDATE provenance_versions SET codes = array_replace("
        "codes, 'personal_data_status=present', 'personal_data_status=Unknown')"
        " WHERE asset_id = :a",
        "postgres",
        a=single,
    )
    assert "personal_data:unknown" in quarter.of(single).reasons


@pytest.mark.parametrize("citation", WRONG)
def test_a_citation_that_is_known_to_be_wrong_is_rejected(
    quarter: Quarter, single: UUID, citation: str
) -> None:
    quarter.complete(single, legal_basis=[citation])
    assert "legal:rejected_citation" in quarter.of(single).reasons
    counted = quarter.count_of("reason", "legal:rejected_citation")
    assert counted.assets == 1


@pytest.mark.parametrize("citation", RIGHT)
def test_a_citation_that_only_looks_like_a_wrong_one_is_not_rejected(
    quarter: Quarter, single: UUID, citation: str
) -> None:
    quarter.complete(single, legal_basis=[citation])
    found = quarter.of(single).reasons
    assert "legal:rejected_citation" not in found
    assert "policy:unverified_instrument" in found


def test_an_unverified_instrument_may_block_and_never_authorise(
    quarter: Quarter, single: UUID
) -> None:
    quarter.complete(single, legal_basis=[quarter.world.legal_basis, "hk-cap-142"])
    answer = quarter.of(single)
    assert (answer.status, answer.reasons) == (
        "blocked_legal",
        ["policy:unverified_instrument", "last_copy"],
    )


def test_a_single_image_is_the_last_copy(quarter: Quarter, single: UUID) -> None:
    quarter.complete(single)
    answer = quarter.of(single)
    assert (answer.status, answer.reasons) == ("blocked_no_keeper", ["last_copy"])


def test_a_keeper_that_vanished_is_not_present(quarter: Quarter) -> None:
    keeper, copy = quarter.a_pair(second=quarter.a_store(removable=True))
    quarter.work()
    quarter.complete(keeper, copy)
    quarter.by_hand()
    quarter.world.file_of(keeper).unlink()
    read_files([keeper])
    answer = quarter.of(copy)
    assert answer.status == "blocked_no_keeper"
    assert {"keeper:not_present", "keeper:none_passes"} <= set(answer.reasons)


def test_a_keeper_whose_bytes_nobody_verified_lately_is_stale(quarter: Quarter) -> None:
    pair = quarter.a_pair()
    quarter.work()
    quarter.complete(*pair)
    for asset_id in pair:
        quarter.back_date(asset_id, 31)
    for answer in quarter.answers(*pair):
        assert answer.status == "blocked_no_keeper"
        assert {"keeper:fixity_stale", "copies:0<1"} <= set(answer.reasons)


def test_bytes_verified_within_the_window_are_fresh(quarter: Quarter) -> None:
    pair = quarter.a_pair()
    quarter.work()
    quarter.complete(*pair)
    for asset_id in pair:
        quarter.back_date(asset_id, 29)
    assert quarter.statuses(*pair) == ["retained_keeper", "candidate"]


def test_a_keeper_without_a_complete_record_is_not_sealed(quarter: Quarter) -> None:
    keeper, copy = quarter.a_pair(second=quarter.a_store(removable=True))
    quarter.work()
    quarter.complete(copy)
    assert "keeper:not_sealed" in quarter.of(copy).reasons
    assert quarter.statuses(keeper, copy) == ["blocked_incomplete", "blocked_no_keeper"]


@pytest.mark.parametrize("days_left", [0, 30])
def test_a_keeper_whose_custody_ends_within_the_window_cannot_keep(
    quarter: Quarter, days_left: int
) -> None:
    ends = date.today() + timedelta(days=days_left)  # noqa: DTZ011 - as the database counts days
    pair = quarter.a_pair(
        quarter.a_store(custody_ends_on=ends), quarter.a_store(custody_ends_on=ends)
    )
    quarter.work()
    quarter.complete(*pair)
    for answer in quarter.answers(*pair):
        assert answer.status == "blocked_no_keeper"
        assert "keeper:custody_ending" in answer.reasons


def test_custody_that_ends_after_the_window_is_custody(quarter: Quarter) -> None:
    ends = date.today() + timedelta(days=32)  # noqa: DTZ011
    pair = quarter.a_pair(
        quarter.a_store(custody_ends_on=ends), quarter.a_store(custody_ends_on=ends)
    )
    quarter.work()
    quarter.complete(*pair)
    assert quarter.statuses(*pair) == ["retained_keeper", "candidate"]


def test_what_can_be_taken_away_cannot_keep(quarter: Quarter) -> None:
    pair = quarter.a_pair(quarter.a_store(removable=True), quarter.a_store(removable=True))
    quarter.work()
    quarter.complete(*pair)
    for answer in quarter.answers(*pair):
        assert answer.status == "blocked_no_keeper"
        assert "keeper:removable_location" in answer.reasons


def test_a_keeper_under_weaker_law_cannot_keep(quarter: Quarter) -> None:
    keeper, copy = quarter.a_pair()
    quarter.work()
    quarter.complete(keeper)
    quarter.complete(copy, rights_statement="CNE")
    assert quarter.of(copy).reasons == ["keeper:legal_weaker", "awaiting:verdict"]
    quarter.complete(copy, legal_status=["archival_record"])
    assert {"legal:archival_record", "keeper:legal_weaker"} <= set(quarter.of(copy).reasons)
    assert quarter.statuses(keeper, copy) == ["retained_keeper", "blocked_legal"]


def test_a_keeper_under_stricter_law_keeps_and_its_own_law_is_its_status(quarter: Quarter) -> None:
    keeper, copy = quarter.a_pair()
    quarter.work()
    quarter.complete(keeper, legal_status=["archival_record"])
    quarter.complete(copy)
    assert quarter.statuses(keeper, copy) == ["blocked_legal", "candidate"]
    assert "keeper:ranked_first" in quarter.of(keeper).reasons


def test_a_copy_that_was_not_compared_with_its_keeper_has_no_pair_with_it(quarter: Quarter) -> None:
    keeper = quarter.world.an_asset(quarter.one)
    quarter.work()
    quarter.complete(keeper)
    copy = quarter.world.a_copy_of(keeper, quarter.two)
    quarter.by_hand()
    read_files([copy])
    fingerprint_files([copy])
    found = quarter.of(copy)
    assert {"processing:not_compared", "keeper:no_direct_pair"} <= set(found.reasons)
    assert found.status == "not_assessed"
    quarter.work()


def test_two_names_of_one_object_are_never_candidates_for_each_other(quarter: Quarter) -> None:
    first = quarter.world.an_asset(quarter.one)
    linked = quarter.two.folder / "linked.jpg"
    os.link(quarter.world.file_of(first), linked)
    second = quarter.world.an_asset(quarter.two, linked.read_bytes(), name="linked.jpg")
    quarter.work()
    quarter.complete(first, second)
    for answer in quarter.answers(first, second):
        assert answer.status == "blocked_no_keeper"
        assert {"last_copy", "location:shared"} <= set(answer.reasons)


def in_a_folder_with(quarter: Quarter, *names: str) -> tuple[UUID, UUID]:
    """Register two equal files, the later in a folder where these files lie too."""
    folder = quarter.a_store()
    for name in names:
        (folder.folder / name).touch()
    keeper = quarter.world.an_asset(quarter.one)
    content = quarter.world.file_of(keeper).read_bytes()
    copy = quarter.world.an_asset(folder, content, name="a.jpg")
    return keeper, copy


@pytest.mark.parametrize(
    ("beside", "reasons"),
    [
        (["bagit.txt"], ["container:bag"]),
        (["0=ocfl_object_1.1"], ["container:ocfl"]),
        (["mets.xml"], ["container:mets"]),
        (["a.xmp"], ["companion:sidecar"]),
        (["a.cr3"], ["companion:raw_jpeg"]),
        (["a.mov"], ["companion:live_photo"]),
        (["a.xmp", "bagit.txt"], ["container:bag", "companion:sidecar"]),
        (["b.jpg", "bag.txt"], []),
    ],
    ids=lambda value: "+".join(value) or "neither",
)
def test_what_is_tied_where_it_lies_is_no_candidate(
    quarter: Quarter, beside: list[str], reasons: list[str]
) -> None:
    keeper, copy = in_a_folder_with(quarter, *beside)
    quarter.work()
    quarter.complete(keeper, copy)
    kept, answer = quarter.answers(keeper, copy)
    assert (kept.status, kept.reasons) == ("retained_keeper", ["keeper:ranked_first"])
    assert answer.status == ("blocked_no_keeper" if reasons else "candidate")
    assert answer.reasons == [*reasons, "awaiting:verdict"]
    assert {outcomes(answer)[reason] for reason in reasons} <= {"fail"}


def test_where_nobody_has_looked_nothing_may_go(quarter: Quarter) -> None:
    keeper, copy = in_a_folder_with(quarter)
    quarter.work()
    quarter.complete(keeper, copy)
    assert quarter.of(copy).status == "candidate"
    elsewhere = "UPDATE surroundings SET location_ordinal = 2 WHERE asset_id = :id"
    quarter.world.find(elsewhere, id=copy)
    answer = quarter.of(copy)
    assert answer.status == "blocked_no_keeper"
    unknown = {"container:unknown": "unknown", "companion:unknown": "unknown"}
    assert outcomes(answer) == unknown | {"awaiting:verdict": "fail"}


def test_where_a_look_came_to_no_end_nothing_may_go(quarter: Quarter) -> None:
    keeper, copy = in_a_folder_with(quarter)
    (quarter.world.file_of(copy).parent / "page.xml").write_bytes(b"<!--" + bytes(BEGINNING))
    quarter.work()
    quarter.complete(keeper, copy)
    answer = quarter.of(copy)
    assert answer.status == "blocked_no_keeper"
    assert outcomes(answer) == {"container:unknown": "unknown", "awaiting:verdict": "fail"}


def test_a_name_that_is_gone_no_longer_shares_its_object(quarter: Quarter) -> None:
    first = quarter.world.an_asset(quarter.one)
    file = quarter.world.file_of(first)
    linked = quarter.two.folder / "outlived.jpg"
    os.link(file, linked)
    second = quarter.world.an_asset(quarter.two, linked.read_bytes(), name=linked.name)
    quarter.work()
    assert "location:shared" in quarter.of(second).reasons
    file.unlink()
    assert "location:shared" in quarter.of(second).reasons, "nobody has looked yet"
    quarter.by_hand()
    read_files([first])
    assert "location:shared" not in quarter.of(second).reasons
    assert quarter.of(first).status == "not_assessed"


def test_fewer_copies_than_the_policy_asks_for_are_counted_out(quarter: Quarter) -> None:
    policy = quarter.world.a_demo_policy("two-stay", min_verified_copies=2)
    store = quarter.world.a_source_system(quarter.world.a_department(policy=policy))
    first = quarter.world.an_asset(store)
    second = quarter.world.a_copy_of(first)
    quarter.work()
    quarter.complete(first, second)
    assert quarter.of(second).reasons == ["copies:1<2", "awaiting:verdict"]
    third = quarter.world.a_copy_of(first)
    quarter.work()
    quarter.complete(third)
    assert quarter.statuses(first, second, third) == ["retained_keeper", "candidate", "candidate"]


def test_every_reason_says_in_three_scripts_what_would_mend_it(
    quarter: Quarter, single: UUID
) -> None:
    assert single in quarter.rows()
    for answer in quarter.answers(*quarter.rows()):
        for rule in answer.rules:
            assert (rule.reason is None) == (rule.outcome == "pass") == (rule.mend is None)
            assert rule.mend is None or set(rule.mend) == {"en", "zh-Hant", "zh-Hans"}
    assert mend_of("legal:undetermined") != mend_of("legal:evidential")
