"""How long a record stays: the longest schedule wins, and what nobody can compute is not over."""

from copy import deepcopy
from typing import Any
from uuid import UUID

import pytest
from quarter import Quarter
from world import VERIFIED, World

from app.policies.packaged import packaged_documents
from app.policies.service import record_document
from app.provenance.changes import Assertion

SCHEDULES = packaged_documents()[-1]["retention_schedules"]


def schedule(name: str, **facts: object) -> dict[str, Any]:
    """Return a schedule of one class whose mandate is verified."""
    usual = {"id": name, "mandate": [VERIFIED], "disposal_classes": [name.upper()]}
    return dict(deepcopy(SCHEDULES[0]) | usual | facts)


@pytest.fixture(scope="module")
def quarter(town: World) -> Quarter:
    """A quarter with a published register of schedules, one a class."""
    made = Quarter(town)
    register = deepcopy(packaged_documents()[-1])
    firm = {"version": "1.0.1", "status": "published", "effective_from": "2026-01-01"}
    register["register"] |= firm
    register["retention_schedules"] = [
        schedule("ten", duration="P10Y"),
        schedule("months", duration="P18M"),
        schedule("both-short", duration="P1Y", disposal_classes=["BOTH"]),
        schedule("both-long", duration="P40Y", disposal_classes=["BOTH", "LONG/2"]),
        schedule("review", action="review"),
        schedule("ever", action="retain_permanently", disposal_classes=["EVER", "BOTH-EVER"]),
        schedule("ever-ten", disposal_classes=["BOTH-EVER"]),
        schedule("of-birth", trigger_field="date_created", duration="P1Y"),
        schedule("loose", mandate=["hk-cap-142"], duration="P1Y"),
    ]
    with town.owner.transaction() as db:
        record_document(db, register)
    return made


@pytest.fixture
def single(quarter: Quarter) -> UUID:
    asset_id = quarter.world.an_asset(quarter.one)
    quarter.work()
    return asset_id


def reasons(
    quarter: Quarter, asset_id: UUID, name: str, trigger: str | None, own: str | None = None
) -> list[str]:
    """Return what retention says of a government record of a class, a trigger and its own day."""
    said: dict[str, Any] = {"disposal_class": name}
    if trigger:
        said["retention_trigger_date"] = trigger
    if own:
        said["retention_until"] = own
    quarter.complete(asset_id, legal_status=["government_record"], **said)
    found = quarter.of(asset_id).reasons
    return [
        one
        for one in found
        if one.startswith("retention:")
        or one in {"legal:retention_elapsed", "legal:disposal_action_is_destroy"}
    ]


UNKNOWN, DESTROYED = "legal:retention_elapsed", "legal:disposal_action_is_destroy"


@pytest.mark.parametrize(
    ("name", "trigger", "said"),
    [
        ("TEN", "2010-05-02", []),
        ("TEN", "2020-05-02", ["retention:2030-05-02"]),
        ("TEN", "2020", ["retention:2030-12-31"]),
        ("TEN", "2020-05~", ["retention:2031-06-30"]),
        ("TEN", "2020/2024-03", ["retention:2034-03-31"]),
        ("TEN", "2020/..", [UNKNOWN]),
        ("TEN", "2001-21", [UNKNOWN]),
        ("TEN", None, [UNKNOWN]),
        ("TEN", "2020-02-29", ["retention:2030-02-28"]),
        ("MONTHS", "2026-01-31", ["retention:2027-07-31"]),
        ("BOTH", "1990", ["retention:2030-12-31"]),
        ("LONG/2", "1990", ["retention:2030-12-31"]),
        ("BOTH", "1980", []),
        ("REVIEW", "1990", ["legal:disposal_action_is_destroy"]),
        ("EVER", "1990", ["retention:permanent", "legal:disposal_action_is_destroy"]),
        ("BOTH-EVER", "1990", ["retention:permanent", "legal:disposal_action_is_destroy"]),
        ("OF-BIRTH", None, []),
        ("LOOSE", "1990", [UNKNOWN, "legal:disposal_action_is_destroy"]),
        (
            "LOOSE",
            "2099-05-02",
            [
                "retention:2100-05-02",
                "legal:disposal_action_is_destroy",
            ],
        ),
        ("UNHEARD-OF", "1990", [UNKNOWN, "legal:disposal_action_is_destroy"]),
    ],
)
def test_the_longest_schedule_wins_and_silence_never_ends_a_period(
    quarter: Quarter,
    single: UUID,
    name: str,
    trigger: str | None,
    said: list[str],
) -> None:
    assert reasons(quarter, single, name, trigger) == said


@pytest.mark.parametrize(
    ("name", "trigger", "own", "day", "why", "said"),
    [
        ("TEN", "2020-05-02", None, "2030-05-02", "schedules", ["retention:2030-05-02"]),
        ("TEN", "2020-05-02", "2040", "2040-12-31", "record", ["retention:2040-12-31"]),
        ("TEN", "2020-05-02", "2020", "2030-05-02", "schedules", ["retention:2030-05-02"]),
        ("TEN", "2010-05-02", "2040", "2040-12-31", "record", ["retention:2040-12-31"]),
        ("TEN", "2010-05-02", "2015", "2020-05-02", "schedules", []),
        ("TEN", "2010-05-02", "2015/..", None, "no_date", [UNKNOWN]),
        ("TEN", None, "2040", None, "no_date", [UNKNOWN]),
        ("BOTH", "1980", None, "2020-12-31", "schedules", []),
        ("EVER", "1990", "2040", None, "permanent", ["retention:permanent", DESTROYED]),
        ("UNHEARD-OF", "1990", None, None, "no_schedule", [UNKNOWN, DESTROYED]),
        ("UNHEARD-OF", "1990", "2040", "2040-12-31", "record", [UNKNOWN, DESTROYED]),
    ],
)
def test_the_day_until_which_a_record_is_kept_is_told_and_its_own_is_never_shortened(
    quarter: Quarter,
    single: UUID,
    name: str,
    trigger: str | None,
    own: str | None,
    day: str | None,
    why: str,
    said: list[str],
) -> None:
    assert reasons(quarter, single, name, trigger, own) == said
    found = quarter.of(single)
    assert (found.retention_until and found.retention_until.isoformat()) == day
    assert found.retention_reason.code == why
    assert found.retention_reason.basis == "retention-schedules@1.0.1#/retention_schedules"


@pytest.mark.parametrize(
    ("own", "day", "why", "said"),
    [
        ("2040-05", "2040-05-31", "record", ["retention:2040-05-31"]),
        ("2015", "2015-12-31", "record", []),
        ("2040/..", None, "no_date", [UNKNOWN]),
    ],
)
def test_a_record_that_no_schedule_need_know_is_kept_until_the_day_that_it_names(
    quarter: Quarter, single: UUID, own: str, day: str | None, why: str, said: list[str]
) -> None:
    quarter.complete(single, retention_until=own)
    found = quarter.of(single)
    assert found.reasons == [*said, "last_copy"]
    assert (found.retention_until and found.retention_until.isoformat()) == day
    assert found.retention_reason.code == why


def test_a_record_of_no_class_and_no_day_is_kept_until_no_day(
    quarter: Quarter, single: UUID
) -> None:
    quarter.complete(single)
    found = quarter.of(single)
    assert (found.retention_until, found.retention_reason.code) == (None, "no_class")
    assert found.reasons == ["last_copy"]


def test_a_cameras_clock_ends_no_period(quarter: Quarter) -> None:
    asset_id = quarter.world.an_asset(quarter.one, taken="1990:01:01 10:00:00")
    quarter.work()
    quarter.complete(
        asset_id,
        without=["date_created"],
        legal_status=["government_record"],
        disposal_class="OF-BIRTH",
    )
    assert UNKNOWN in quarter.of(asset_id).reasons


def test_a_date_in_conflict_ends_no_period(quarter: Quarter) -> None:
    asset_id = quarter.world.an_asset(quarter.one, taken="1991:01:01 10:00:00")
    quarter.work()
    quarter.complete(asset_id, legal_status=["government_record"], disposal_class="OF-BIRTH")
    quarter.world.change(asset_id, [Assertion("date_created", "1990-01-01")])
    assert {"conflict:date_created", UNKNOWN} <= set(quarter.of(asset_id).reasons)


def test_a_register_of_examples_may_block_and_never_authorise(world: World) -> None:
    own = Quarter(world)
    asset_id = own.world.an_asset(own.one)
    own.work()
    assert reasons(own, asset_id, "EXAMPLE-ADM-7", "1990") == [
        UNKNOWN,
        "legal:disposal_action_is_destroy",
    ]
    assert "retention:2032-01-01" in reasons(own, asset_id, "EXAMPLE-ADM-7", "2025-01-01")
