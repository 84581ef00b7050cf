"""Which of several copies stays: each criterion decides where all before it are equal."""

from typing import Any
from uuid import UUID, uuid4

from quarter import Quarter

from app.comparisons.ranking import CRITERIA, place, reasons
from app.provenance.changes import Assertion


def decided_by(quarter: Quarter, first: UUID, second: UUID) -> str:
    """Say which criterion puts the second before the first."""
    answer = quarter.of(first)
    assert answer.keeper is not None, answer
    assert answer.keeper.asset_id == second
    assert "keeper:ranked_first" in quarter.of(second).reasons
    [name] = [r.criterion for r in answer.keeper.reasons if r.decides]
    return name


def test_each_criterion_decides_in_its_order(quarter: Quarter) -> None:
    archive = quarter.a_store(custody_kind="archive")
    library = quarter.a_store(custody_kind="library_or_museum_repository")
    platform = quarter.a_store(custody_kind="contracted_platform")
    by_archive, by_library, by_tier = (
        quarter.a_pair(quarter.one, archive),
        quarter.a_pair(quarter.one, library),
        quarter.a_pair(platform, quarter.two),
    )
    by_fixity, by_record, by_richness, by_id = (quarter.a_pair() for _ in range(4))
    quarter.work()
    for pair in (by_archive, by_library, by_tier, by_fixity, by_richness, by_id):
        quarter.complete(*pair, contract_reference="C-1")
    quarter.complete(by_record[1])
    quarter.back_date(by_fixity[0], 31)
    quarter.world.change(by_richness[1], [Assertion("place", {"name": "Central"})])
    same = f"registered_at = (SELECT registered_at FROM assets WHERE id = '{by_id[0]}')"  # noqa: S608
    quarter.falsify("assets", same, f"id = '{by_id[1]}'")
    assert decided_by(quarter, *by_archive) == "hold_or_archival_custody"
    assert decided_by(quarter, *by_library) == "trusted_custody"
    assert decided_by(quarter, *by_tier) == "trusted_custody"
    assert decided_by(quarter, *by_fixity) == "keeper_filters"
    assert decided_by(quarter, *by_record) == "keeper_filters"
    assert decided_by(quarter, *by_richness) == "richest_metadata"
    assert decided_by(quarter, by_id[1], by_id[0]) == "asset_id"


def facts(**other: Any) -> dict[str, Any]:  # noqa: ANN401 - a fact of any type
    """Return what is known of a copy."""
    usual = {
        "may_keep": False,
        "archival_custody": False,
        "custody_tier": 2,
        "fixity_recent": True,
        "sealed": True,
        "asserted_count": 3,
        "registered_at": 7,
        "asset_id": UUID(int=5),
    }
    return usual | other


def test_sorting_in_python_agrees_with_the_reasons_that_are_given() -> None:
    better = {
        "may_keep": True,
        "archival_custody": True,
        "custody_tier": 0,
        "fixity_recent": True,
        "sealed": True,
        "asserted_count": 4,
        "registered_at": 6,
        "asset_id": UUID(int=4),
    }
    for at, criterion in enumerate(CRITERIA):
        worse = facts(fixity_recent=False, sealed=False)
        equal = {one.fact: worse[one.fact] for one in CRITERIA[:at]}
        winner = worse | {criterion.fact: better[criterion.fact]} | equal
        assert min(worse, winner, key=place) is winner
        told = reasons(worse, winner)
        assert [one["decides"] for one in told] == [False] * at + [True]


def test_a_copy_is_no_better_than_itself() -> None:
    one = facts(asset_id=uuid4())
    assert [told["decides"] for told in reasons(one, one)] == [False] * len(CRITERIA)
