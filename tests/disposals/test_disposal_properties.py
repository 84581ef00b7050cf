"""What holds of every answer in every town, whatever is in it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from quarter import Quarter, codes
from world import System

from app.provenance.changes import Assertion

STORES = ("plain", "other", "same_domain", "removable", "ending", "elsewhere")
CANNOT_KEEP = {"removable", "ending"}


@dataclass(frozen=True)
class Copy:
    """One file of a set: where it lies, whether its record is complete, whether it is a link."""

    store: str
    complete: bool
    linked: bool  # to the first file of the set


copies = st.builds(Copy, st.sampled_from(STORES), st.booleans(), st.booleans())
sets_of_copies = st.lists(st.lists(copies, min_size=1, max_size=4), min_size=3, max_size=3)


@pytest.fixture(scope="module")
def stores(quarter: Quarter) -> dict[str, System]:
    """Stores of every kind, one of them another department's."""
    ends = date.today() + timedelta(days=5)  # noqa: DTZ011
    neighbours = quarter.world.a_department(policy="demo-standard")
    return {
        "plain": quarter.one,
        "other": quarter.two,
        "same_domain": quarter.a_store(failure_domain=quarter.one.code),
        "removable": quarter.a_store(removable=True),
        "ending": quarter.a_store(custody_ends_on=ends),
        "elsewhere": quarter.world.a_source_system(neighbours),
    }


def register(quarter: Quarter, stores: dict[str, System], wanted: Sequence[Copy]) -> list[UUID]:
    """Put a set of equal files into the town."""
    first = quarter.world.an_asset(stores[wanted[0].store])
    file = quarter.world.file_of(first)
    found = [first]
    for one in wanted[1:]:
        store, name = stores[one.store], f"{first}-{len(found)}.jpg"
        if one.linked:
            os.link(file, store.folder / name)  # registering writes the same bytes into the link
        found.append(quarter.world.an_asset(store, file.read_bytes(), name=name))
    return found


def expected(wanted: Sequence[Copy]) -> list[str]:
    """Say by hand what each of a set comes to, under a policy that one survivor is enough for."""
    objects = [0 if one.linked else at for at, one in enumerate(wanted)]
    objects[0] = 0
    passes = [one.complete and one.store not in CANNOT_KEEP for one in wanted]
    order = sorted(range(len(wanted)), key=lambda at: (not passes[at], not wanted[at].complete, at))
    first, alone = order[0], len(set(objects)) < 2
    found = []
    for at, one in enumerate(wanted):
        if not one.complete:
            found.append("blocked_incomplete")
        elif at == first and passes[at] and not alone:
            found.append("retained_keeper")
        elif alone or not passes[first] or objects.count(objects[at]) > 1:
            found.append("blocked_no_keeper")
        else:
            found.append("candidate")
    return found


@settings(
    max_examples=3,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(wanted=sets_of_copies)
def test_small_towns_are_judged_as_by_hand(
    quarter: Quarter, stores: dict[str, System], wanted: list[list[Copy]]
) -> None:
    made = [register(quarter, stores, one) for one in wanted]
    quarter.work()
    for told, assets in zip(wanted, made, strict=True):
        quarter.complete(*[a for a, one in zip(assets, told, strict=True) if one.complete])
    for told, assets in zip(wanted, made, strict=True):
        assert quarter.statuses(*assets) == expected(told), told
    everything_holds(quarter)


def everything_holds(quarter: Quarter) -> None:
    """Check what is always true of the whole town."""
    rows = quarter.rows()
    first = {one for one, row in rows.items() if "keeper:ranked_first" in codes(row)}
    for asset_id, row in rows.items():
        if row.status == "candidate":
            assert row.keeper_id in first
            assert rows[row.keeper_id].status != "candidate"
            assert codes(row) == ["awaiting:verdict"]
        assert (asset_id in first) >= (row.status == "retained_keeper")


@pytest.mark.parametrize("many", [2, 3, 5])
def test_of_equal_complete_files_one_stays_and_the_others_are_candidates(
    quarter: Quarter, many: int
) -> None:
    assets = quarter.some_copies(
        *[quarter.one, quarter.two, quarter.one, quarter.two, quarter.one][:many]
    )
    quarter.work()
    quarter.complete(*assets)
    answers = quarter.answers(*assets)
    assert [a.status for a in answers] == ["retained_keeper"] + ["candidate"] * (many - 1)
    assert {a.keeper.asset_id for a in answers if a.keeper} == {assets[0]}
    everything_holds(quarter)


def test_empty_files_are_nobodys_copies(quarter: Quarter) -> None:
    assets = [quarter.world.an_asset(quarter.one, b"", name=f"empty-{n}.jpg") for n in range(2)]
    quarter.work()
    for answer in quarter.answers(*assets):
        assert "last_copy" in answer.reasons
        assert answer.keeper is None
    assert not quarter.world.find("SELECT 1 FROM likenesses WHERE evidence->>'size_bytes' = '0'")


def test_a_copy_may_go_for_a_keeper_of_another_department(quarter: Quarter) -> None:
    museum = quarter.world.a_department(policy="demo-standard")
    keeper = quarter.world.an_asset(quarter.world.a_source_system(museum, custody_kind="archive"))
    copy = quarter.world.an_asset(
        quarter.one, quarter.world.file_of(keeper).read_bytes(), name="lent.jpg"
    )
    quarter.work()
    quarter.complete(keeper, copy)
    answer = quarter.of(copy)
    assert answer.status == "candidate"
    assert answer.keeper is not None
    assert answer.keeper.asset_id == keeper


def test_each_side_is_judged_by_its_own_departments_policy(quarter: Quarter) -> None:
    plain = quarter.world.a_source_system(quarter.world.a_department())
    theirs = quarter.world.an_asset(plain)
    ours = quarter.world.an_asset(
        quarter.one, quarter.world.file_of(theirs).read_bytes(), name="ours.jpg"
    )
    quarter.work()
    quarter.complete(theirs, ours)
    kept, copy = quarter.answers(theirs, ours)
    assert (kept.policy, kept.status) == ("hk-city-default@1.0.0", "blocked_legal")
    assert "keeper:ranked_first" in kept.reasons
    assert (copy.policy, copy.status) == ("demo-standard@1.0.1", "candidate")


def test_the_rules_of_every_policy_line_up_with_the_codes(quarter: Quarter) -> None:
    quarter.world.an_asset(quarter.one)
    for policy in ("hk-film-archive", "newsroom", "hk-city-default", None):
        store = quarter.world.a_source_system(quarter.world.a_department(policy=policy))
        quarter.world.an_asset(store)
    quarter.work()
    found = {answer.policy: answer for answer in quarter.answers(*quarter.rows())}
    assert {"hk-film-archive@1.0.0", "newsroom@1.0.0", "demo-standard@1.0.1"} <= set(found)
    for answer in found.values():
        for rule in answer.rules:
            if (
                rule.reason
                and rule.rule.startswith(("complete:", "agreed:"))
                and rule.reason != "seal:stale"
            ):
                assert rule.reason.split(":")[1] == rule.rule.split(":")[1]
            if rule.reason and rule.rule.startswith("processing:"):
                assert rule.reason.startswith("processing:")
    assert "missing:still_type" in found["hk-film-archive@1.0.0"].reasons
    assert "missing:litigation_check" in found["newsroom@1.0.0"].reasons


def test_a_question_about_one_is_the_question_about_all_seen_from_one(quarter: Quarter) -> None:
    quarter.a_pair()
    quarter.work()
    everything = quarter.rows()
    told = ("status", "codes", "keeper_id", "own_facts", "keeper_facts", "size_bytes")
    some = list(everything)[::9]
    for asset_id, row in quarter.rows(some).items():
        whole = everything[asset_id]
        assert [getattr(row, name) for name in told] == [getattr(whole, name) for name in told]
    for asset_id, whole in everything.items():
        alone = quarter.of(asset_id)
        assert alone.status == whole.status
        assert alone.reasons == list(dict.fromkeys(c.removeprefix("?") for c in codes(whole)))


def test_of_equal_copies_only_those_asked_about_are_answered_for(quarter: Quarter) -> None:
    one, other = quarter.a_pair()
    quarter.work()
    everything = quarter.rows([one, other])
    assert set(everything) == {one, other}
    alone = quarter.rows([one])
    assert set(alone) == {one}
    told = ("status", "codes", "keeper_id", "own_facts", "keeper_facts")
    assert all(getattr(alone[one], name) == getattr(everything[one], name) for name in told)


def test_the_same_question_twice_has_the_same_answer(quarter: Quarter) -> None:
    quarter.a_pair()
    quarter.work()
    ids = list(quarter.rows())
    without = {"as_of", "log_index"}
    first, second = (
        [a.model_dump_json(exclude=without) for a in quarter.answers(*ids)] for _ in range(2)
    )
    assert first == second


def test_a_change_that_takes_the_keepers_completeness_takes_the_candidate(quarter: Quarter) -> None:
    pair = quarter.a_pair()
    quarter.work()
    quarter.complete(*pair)
    assert quarter.statuses(*pair) == ["retained_keeper", "candidate"]
    quarter.world.change(pair[0], [Assertion("legal_status", ["undetermined"])])
    assert quarter.statuses(*pair) == ["blocked_incomplete", "retained_keeper"]
