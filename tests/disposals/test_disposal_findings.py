"""Where the one statement could let both go, count too much, or name the wrong keeper."""

import os
from datetime import date, timedelta
from uuid import UUID

import pytest
from town import Town, out_of_reach
from world import VERIFIED

from app.comparisons.service import compare_once
from app.disposals.routes import as_csv
from app.fingerprints.tasks import fingerprint_files
from app.kit.jobs import in_transaction
from app.provenance.changes import Assertion, Change
from app.provenance.series import series_for, state_for_series
from app.readings.tasks import read_files


def test_two_copies_whose_custody_ends_are_not_both_candidates_because_another_waits_longer(
    town: Town,
) -> None:
    town.world.a_department(policy="hk-film-archive")  # recovers for 180 days, we for 30
    ends = date.today() + timedelta(days=100)  # noqa: DTZ011
    pair = town.a_pair(town.a_store(custody_ends_on=ends), town.a_store(custody_ends_on=ends))
    town.work()
    town.complete(*pair)
    assert town.statuses(*pair).count("candidate") < 2


def test_one_file_registered_in_two_failure_domains_is_one_copy(town: Town) -> None:
    careful = town.world.a_department(policy=town.world.a_demo_policy("careful", min_verified_copies=2))
    near = town.world.a_source_system(careful, failure_domain="near")
    far = town.world.a_source_system(careful, near.folder, failure_domain="far")
    other = town.world.a_source_system(careful)
    first = town.world.an_asset(near)
    again = town.world.an_asset(far, town.world.file_of(first).read_bytes(), name=town.world.file_of(first).name)
    copy = town.world.a_copy_of(first, other)
    town.work()
    town.complete(first, again, copy)
    assert town.of(copy).status == "blocked_no_keeper"
    assert "copies:1<2" in town.of(copy).reasons


def test_an_unread_asset_counts_once_under_its_reason(town: Town) -> None:
    town.world.an_asset(town.one)
    behind = [c for c in map(town.of, town.rows()) if "processing:unread" in c.reasons]
    assert town.count_of("reason", "processing:unread").assets == len(behind)


def test_the_copy_that_stays_is_told_of_no_keeper_of_its_own_whatever_stops_it(town: Town) -> None:
    department = town.world.a_department()
    first = town.world.an_asset(town.world.a_source_system(department))
    second = town.world.a_copy_of(first)
    town.work()
    town.complete(first, second)
    assert town.of(second).keeper is not None
    assert "keeper:ranked_first" in town.of(first).reasons
    assert town.of(first).status == "blocked_legal"
    assert town.of(first).keeper is None


def test_a_keeper_that_a_series_statement_is_on_its_way_to_is_not_sealed(town: Town) -> None:
    store = town.a_store()
    keeper, copy = town.a_pair(store)
    town.work()
    town.complete(keeper, copy)
    assert town.statuses(keeper, copy) == ["retained_keeper", "candidate"]
    manager = town.world.someone("records_manager", department=town.department)
    with town.world.api.transaction() as db:
        series = series_for(db, manager, "source-system", store.code)
        state_for_series(db, manager, series, Change([Assertion("rights_statement", "CNE")]))
    found = town.statuses(keeper, copy)
    town.work()
    assert found == ["blocked_incomplete", "blocked_no_keeper"]


def test_bytes_that_were_read_again_are_no_candidate_before_the_record_holds_the_new_reading(
    town: Town,
) -> None:
    pair = town.a_pair()
    town.work()
    town.complete(*pair)
    assert town.statuses(*pair) == ["retained_keeper", "candidate"]
    town.by_hand()
    for asset_id in pair:
        os.utime(town.world.file_of(asset_id))
        (file := town.world.file_of(asset_id)).write_bytes(file.read_bytes() + b"appended")
    read_files(pair)
    fingerprint_files(pair)
    in_transaction(lambda db: compare_once(db, pair))
    found = town.statuses(*pair)
    town.work()
    assert "candidate" not in found


def test_a_store_that_answers_again_brings_its_files_back(town: Town) -> None:
    store = town.a_store()
    keeper, copy = town.a_pair(store)
    town.work()
    town.complete(keeper, copy)
    town.by_hand()
    with out_of_reach(store):
        read_files([keeper])
    assert town.of(keeper).reasons[0] == "processing:unreachable"
    read_files([keeper])
    assert town.statuses(keeper, copy) == ["retained_keeper", "candidate"]


def test_a_store_that_was_mounted_anew_between_two_readings_holds_no_second_copy(town: Town) -> None:
    there = town.a_store()
    again = town.a_store(folder=there.folder)
    first = town.world.an_asset(there)
    file = town.world.file_of(first)
    second = town.world.an_asset(again, name=file.name, picture=file.read_bytes())
    town.work()
    town.complete(first, second)
    assert "candidate" not in town.statuses(first, second)
    device = f"'fs:{file.stat().st_dev}:', 'fs:9999:'"
    renamed = f"byte_token = replace(byte_token, {device}), object_key = replace(object_key, {device})"
    for table in ("readings", "fingerprints"):
        town.falsify(table, renamed, f"asset_id = '{second}'")
    town.falsify("likenesses", "same_object = false", f"b_asset_id = '{second}'")
    assert "candidate" not in town.statuses(first, second)


def test_more_than_twenty_copies_are_candidates_of_whoever_ranks_first_today(town: Town) -> None:
    copies = town.some_copies(town.one, *[town.two] * 21)
    town.work()
    favourite = copies[7]
    town.complete(*copies)
    town.world.change(favourite, [Assertion("place", {"name": "Central"})])
    found = town.answers(*copies)
    assert [a.status for a in found].count("retained_keeper") == 1
    assert [a.status for a in found].count("candidate") == 21
