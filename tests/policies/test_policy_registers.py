"""Legal statuses, and instruments that may authorise."""

from copy import deepcopy
from datetime import date
from typing import Any

import pytest

from app.policies.documents import (
    parse_instruments,
    parse_legal_statuses,
    parse_retention_schedules,
)
from app.policies.errors import PolicyMalformed
from app.policies.packaged import packaged_documents
from app.policies.rules.instruments import LegalInstruments
from app.policies.rules.legal import EFFECTS, LegalStatuses
from app.policies.rules.retention import RetentionSchedules, months

REGISTERS = {d["register"]["id"]: d for d in packaged_documents() if "register" in d}
DAY = date(2026, 10, 1)


def statuses(**changes: dict[str, Any]) -> LegalStatuses:
    document = deepcopy(REGISTERS["legal-status"])
    for code, change in changes.items():
        document["legal_status"][code] = {**document["legal_status"].get(code, {}), **change}
    return parse_legal_statuses(document)


def instruments(**changes: Any) -> LegalInstruments:  # noqa: ANN401
    """Return the register with facts put into its circular."""
    document = deepcopy(REGISTERS["legal-instruments"])
    document["instruments"][0] |= changes
    return parse_instruments(document)


def test_the_register_holds_the_fourteen_statuses() -> None:
    effects = [status.effect for status in statuses().statuses.values()]
    assert [effects.count(effect) for effect in EFFECTS] == [1, 7, 5, 1]
    assert statuses().statuses["erasure_due"].to == "erasure_case"
    assert statuses().statuses["evidential"].release == "hold_officer"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"evidential": {"conditions": ["x"]}}, "only where the effect is conditions"),
        ({"government_record": {"release": "x"}}, "only where the effect is forbids"),
        ({"evidential": {"to": "erasure_case"}}, "only where the effect is diverts"),
        ({"government_record": {"conditions": []}}, "none is named"),
        ({"undetermined": {"effect": "permits"}}, "with the effect forbids"),
    ],
)
def test_a_status_that_contradicts_itself_is_refused(
    change: dict[str, dict[str, Any]], why: str
) -> None:
    with pytest.raises(PolicyMalformed, match=why):
        statuses(**change)


def test_a_register_without_undetermined_is_refused() -> None:
    document = deepcopy(REGISTERS["legal-status"])
    del document["legal_status"]["undetermined"]
    with pytest.raises(PolicyMalformed, match="the register needs `undetermined`"):
        parse_legal_statuses(document)


def test_every_packaged_instrument_is_unverified_and_authorises_nothing() -> None:
    register = instruments()
    assert len(register.instruments) == 4
    assert not any(one.may_authorise(DAY) for one in register.instruments)


@pytest.mark.parametrize(
    ("facts", "asks"),
    [
        ({}, True),
        ({"requires": []}, False),
        ({"effective_from": "2026-10-01"}, True),
        ({"effective_from": "2026-10-02"}, False),
        ({"effective_to": "2026-09-30"}, True),
        ({"effective_from": "2020-01-01", "effective_to": "2020-12-31"}, True),
    ],
    ids=["as it is", "asks nothing", "begins today", "begins tomorrow", "ended", "long over"],
)
def test_an_instrument_asks_from_its_first_day_until_the_register_drops_it(
    facts: dict[str, Any], asks: bool
) -> None:
    asking = [one.id for one in instruments(**facts).asking(DAY)]
    assert ("hk-gc-2-2009" in asking) == asks
    assert "hk-cap-142" not in asking, "it requires nothing"


VERIFIED = {"by": "Records officer", "on": "2026-09-01", "note": "read in full"}


@pytest.mark.parametrize(
    ("begins", "ends", "authorises"),
    [
        (None, None, True),
        ("2026-10-01", "2026-10-01", True),
        ("2026-10-02", None, False),
        (None, "2026-09-30", False),
    ],
    ids=["without dates", "on its only day", "not yet", "no more"],
)
def test_a_verified_instrument_authorises_within_its_dates(
    begins: str | None, ends: str | None, authorises: bool
) -> None:
    register = instruments(verified=VERIFIED, effective_from=begins, effective_to=ends)
    assert register.instruments[0].may_authorise(DAY) is authorises


def test_an_instrument_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(PolicyMalformed, match="effective_to 2025-01-01 is before 2026-01-01"):
        instruments(effective_from="2026-01-01", effective_to="2025-01-01")


def test_two_instruments_of_one_name_are_refused() -> None:
    with pytest.raises(PolicyMalformed, match="named more than once: hk-cap-142"):
        instruments(id="hk-cap-142")


def schedules(**changes: Any) -> RetentionSchedules:  # noqa: ANN401
    """Return the register of schedules with facts put into its first."""
    document = deepcopy(REGISTERS["retention-schedules"])
    document["retention_schedules"][0] |= changes
    return parse_retention_schedules(document)


@pytest.mark.parametrize(
    ("status", "mandate", "on", "may"),
    [
        ("published", ["first"], DAY, True),
        ("example", ["first"], DAY, False),
        ("published", ["first"], date(2024, 1, 1), False),
        ("published", ["first", "hk-cap-142"], DAY, False),
        ("published", ["nobody-knows-it"], DAY, False),
    ],
    ids=["verified", "example", "before its day", "one unverified", "unknown"],
)
def test_a_schedule_authorises_by_verified_instruments_of_a_published_register(
    status: str, mandate: list[str], on: date, *, may: bool
) -> None:
    law = instruments(id="first", verified=VERIFIED, effective_from="2025-01-01", effective_to=None)
    schedule = schedules(mandate=mandate).schedules[0]
    assert schedule.may_authorise(status, law, on) is may


def test_two_schedules_of_one_name_are_refused() -> None:
    with pytest.raises(PolicyMalformed, match="named more than once: example-works-photographs"):
        schedules(id="example-works-photographs")


def test_all_schedules_of_a_class_are_found_by_it() -> None:
    classes = ["EXAMPLE-PRG-30", "EXAMPLE-ADM-7", "EXAMPLE-ADM-7"]
    found = schedules(disposal_classes=classes).by_class()
    ids = {name: [one.id for one in of] for name, of in found.items()}
    assert ids == {
        "EXAMPLE-PRG-30": ["example-event-photographs", "example-works-photographs"],
        "EXAMPLE-ADM-7": ["example-event-photographs"],
    }


@pytest.mark.parametrize(("duration", "number"), [("P0M", 0), ("P18M", 18), ("P7Y", 84)])
def test_law_counts_in_months_or_years(duration: str, number: int) -> None:
    assert months(duration) == number
