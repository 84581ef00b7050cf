"""Where the one statement could let both go, count too much, or name the wrong keeper."""

import os
from datetime import date, timedelta

from images import draw
from quarter import Quarter, out_of_reach

from app.comparisons.service import compare_once
from app.comparisons.tasks import pair_large_sets
from app.fingerprints.tasks import fingerprint_files
from app.kit.jobs import in_transaction
from app.provenance.changes import Assertion, Change
from app.provenance.series import series_for, state_for_series
from app.readings.tasks import read_files


def test_two_copies_whose_custody_ends_are_not_both_candidates_because_another_waits_longer(
    quarter: Quarter,
) -> None:
    quarter.world.a_department(policy="hk-film-archive")  # recovers for 180 days, we for 30
    ends = date.today() + timedelta(days=100)  # noqa: DTZ011
    pair = quarter.a_pair(
        quarter.a_store(custody_ends_on=ends), quarter.a_store(custody_ends_on=ends)
    )
    quarter.work()
    quarter.complete(*pair)
    assert quarter.statuses(*pair).count("candidate") < 2


def test_one_file_registered_in_two_failure_domains_is_one_copy(quarter: Quarter) -> None:
    careful = quarter.world.a_department(
        policy=quarter.world.a_demo_policy("careful", min_verified_copies=2)
    )
    near = quarter.world.a_source_system(careful, failure_domain="near")
    far = quarter.world.a_source_system(careful, near.folder, failure_domain="far")
    other = quarter.world.a_source_system(careful)
    first = quarter.world.an_asset(near)
    again = quarter.world.an_asset(
        far, quarter.world.file_of(first).read_bytes(), name=quarter.world.file_of(first).name
    )
    copy = quarter.world.a_copy_of(first, other)
    quarter.work()
    quarter.complete(first, again, copy)
    assert quarter.of(copy).status == "blocked_no_keeper"
    assert "copies:1<2" in quarter.of(copy).reasons


def test_an_unread_asset_counts_once_under_its_reason(quarter: Quarter) -> None:
    quarter.world.an_asset(quarter.one)
    behind = [c for c in map(quarter.of, quarter.rows()) if "processing:unread" in c.reasons]
    assert quarter.count_of("reason", "processing:unread").assets == len(behind)


def test_the_copy_that_stays_is_told_of_no_keeper_of_its_own_whatever_stops_it(
    quarter: Quarter,
) -> None:
    department = quarter.world.a_department()
    first = quarter.world.an_asset(quarter.world.a_source_system(department))
    second = quarter.world.a_copy_of(first)
    quarter.work()
    quarter.complete(first, second)
    assert quarter.of(second).keeper is not None
    assert "keeper:ranked_first" in quarter.of(first).reasons
    assert quarter.of(first).status == "blocked_legal"
    assert quarter.of(first).keeper is None


def test_a_keeper_that_a_series_statement_is_on_its_way_to_is_not_sealed(quarter: Quarter) -> None:
    store = quarter.a_store()
    keeper, copy = quarter.a_pair(store)
    quarter.work()
    quarter.complete(keeper, copy)
    assert quarter.statuses(keeper, copy) == ["retained_keeper", "candidate"]
    manager = quarter.world.someone("records_manager", department=quarter.department)
    with quarter.world.api.transaction() as db:
        series = series_for(db, manager, "source-system", store.code)
        state_for_series(db, manager, series, Change([Assertion("rights_statement", "CNE")]))
    found = quarter.statuses(keeper, copy)
    quarter.work()
    assert found == ["blocked_incomplete", "retained_keeper"]  # the other stays meanwhile


def test_bytes_that_were_read_again_are_no_candidate_before_the_record_holds_the_new_reading(
    quarter: Quarter,
) -> None:
    pair = quarter.a_pair()
    quarter.work()
    quarter.complete(*pair)
    assert quarter.statuses(*pair) == ["retained_keeper", "candidate"]
    quarter.by_hand()
    for asset_id in pair:
        os.utime(quarter.world.file_of(asset_id))
        (file := quarter.world.file_of(asset_id)).write_bytes(file.read_bytes() + b"appended")
    read_files(pair)
    fingerprint_files(pair)
    in_transaction(lambda db: compare_once(db, pair))
    found = quarter.statuses(*pair)
    quarter.work()
    assert "candidate" not in found


def test_a_store_that_answers_again_brings_its_files_back(quarter: Quarter) -> None:
    store = quarter.a_store()
    keeper, copy = quarter.a_pair(store)
    quarter.work()
    quarter.complete(keeper, copy)
    quarter.by_hand()
    with out_of_reach(store):
        read_files([keeper])
    assert quarter.of(keeper).reasons[0] == "processing:unreachable"
    read_files([keeper])
    assert quarter.statuses(keeper, copy) == ["retained_keeper", "candidate"]


def test_a_store_that_was_mounted_anew_between_two_readings_holds_no_second_copy(
    quarter: Quarter,
) -> None:
    there = quarter.a_store()
    again = quarter.a_store(folder=there.folder)
    first = quarter.world.an_asset(there)
    file = quarter.world.file_of(first)
    second = quarter.world.an_asset(again, name=file.name, picture=file.read_bytes())
    quarter.work()
    quarter.complete(first, second)
    assert "candidate" not in quarter.statuses(first, second)
    device = f"'fs:{file.stat().st_dev}:', 'fs:9999:'"
    renamed = (
        f"byte_token = replace(byte_token, {device}), object_key = replace(object_key, {device})"
    )
    for table in ("readings", "fingerprints"):
        quarter.falsify(table, renamed, f"asset_id = '{second}'")
    quarter.falsify("likenesses", "same_object = false", f"b_asset_id = '{second}'")
    assert "candidate" not in quarter.statuses(first, second)


def test_more_than_twenty_copies_are_candidates_of_whoever_ranks_first_today(
    quarter: Quarter,
) -> None:
    store = quarter.a_store()
    copies = quarter.many_copies(store, draw(2101), 21)
    quarter.work()
    quarter.complete_store(store)
    assert sorted(set(quarter.statuses(*copies))) == ["candidate", "retained_keeper"]
    quarter.world.change(copies[7], [Assertion("place", {"name": "Central"})])
    quarter.by_hand()
    pair_large_sets()
    found = quarter.statuses(*copies)
    assert (found[7], found.count("candidate")) == ("retained_keeper", 20)


def test_more_than_twenty_copies_are_paired_with_the_first_that_can_keep_them(
    quarter: Quarter,
) -> None:
    card, store = quarter.a_store(removable=True), quarter.a_store()
    copies = [
        *quarter.many_copies(card, draw(2102), 1),
        *quarter.many_copies(store, draw(2102), 20),
    ]
    quarter.work()
    quarter.complete_store(card)
    quarter.complete_store(store)
    quarter.by_hand()
    pair_large_sets()
    found = quarter.statuses(*copies)
    assert (found.count("retained_keeper"), found.count("candidate")) == (1, 20)
    assert found[0] == "candidate"
