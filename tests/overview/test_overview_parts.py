"""What a simulation tells of an image hangs on no part that its copies lie in."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from images import draw
from quarter import Quarter
from whatif import Document, Moved, WhatIf
from world import World

from app.overview import simulating
from app.policies.service import record_document
from app.provenance.changes import Assertion

NO_CREATOR = ("/completeness/fields/creator/level", "recommended")
Cases = dict[str, UUID]
Told = dict[UUID, Moved]


@pytest.fixture(scope="module")
def whatif(town: World) -> WhatIf:
    """A quarter of its own, and another department under another policy."""
    return WhatIf(Quarter(town))


@pytest.fixture(scope="module")
def cases(whatif: WhatIf) -> Cases:
    """Copies of which the twin alone becomes complete where nobody asks for a creator."""
    quarter, town = whatif.quarter, whatif.world
    abroad = town.a_source_system(town.a_department(policy=town.a_demo_policy("abroad")))
    incomplete_anyway, twin = quarter.a_pair()
    not_concerned, its_twin = quarter.a_pair()
    forbidden, third_twin = quarter.a_pair()
    unknown = quarter.a_pair()
    elsewhere = town.an_asset(abroad, town.file_of(not_concerned).read_bytes())
    second_twin = town.a_copy_of(not_concerned, quarter.two)  # in another part than the first
    frames = [town.an_asset(quarter.one, draw(931), name=f"f-00{n}.jpg") for n in (11, 12, 13)]
    last_twin = town.a_copy_of(frames[0], quarter.two)
    quarter.work()
    for one in (incomplete_anyway, frames[0]):
        quarter.complete(one, without=["creator", "title"])
    quarter.complete(not_concerned, without=["title"])
    quarter.complete(forbidden, legal_status=["archival_record"])
    quarter.complete(elsewhere, without=["title"])
    twins = (twin, its_twin, second_twin, third_twin, last_twin)
    quarter.complete(*twins, frames[1], without=["creator"])
    for one, without in zip(unknown, (["creator"], ["creator", "title"]), strict=True):
        quarter.complete(one, without=without)
        town.change(one, [Assertion("creator", unknown_reason="lost")])
    return {
        "concerned and decided alike": incomplete_anyway,
        "not concerned": not_concerned,
        "forbidden": forbidden,
        "of another policy": elsewhere,
        "a repeated frame that stays incomplete": frames[0],
        "a repeated frame that becomes complete": frames[1],
        "a repeated frame that nobody described": frames[2],
        "the twin itself": twin,
    }


@pytest.fixture(scope="module", params=[1, 3, 100_000])
def told(whatif: WhatIf, cases: Cases, request: pytest.FixtureRequest) -> Iterator[Told]:
    """Each asset's changes by a simulation in parts of this size."""
    assert cases
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(simulating, "PART", request.param)
        yield whatif.told(whatif.draft(*NO_CREATOR))


@pytest.fixture(scope="module")
def by_hand(whatif: WhatIf, cases: Cases) -> Told:
    """Each asset's changes by the one statement under both policies."""
    assert cases
    return whatif.one_by_one(whatif.draft(*NO_CREATOR))


CASES = (
    "concerned and decided alike",
    "not concerned",
    "forbidden",
    "of another policy",
    "a repeated frame that stays incomplete",
    "a repeated frame that becomes complete",
    "a repeated frame that nobody described",
    "the twin itself",
)


@pytest.mark.parametrize("case", CASES)
def test_a_copy_is_told_what_its_twin_in_another_part_changes(
    told: Told, by_hand: Told, cases: Cases, case: str
) -> None:
    assert told.get(cases[case]) == by_hand[cases[case]]
    assert by_hand[cases[case]].lost


def test_nobody_else_is_told_anything(told: Told, by_hand: Told) -> None:
    assert told == by_hand


RIGHTS = "/completeness/fields/rights_statement"


def test_a_reason_that_is_given_anyway_is_neither_gained_nor_lost(whatif: WhatIf) -> None:
    """No record is sealed without a rights statement, whatever its policy asks."""
    town = whatif.world
    store = town.a_source_system(town.a_department(policy=town.a_demo_policy("laxer")))
    laxer = whatif.draft(f"{RIGHTS}/unknown_allowed", value=True, of="laxer")
    laxer["policy"]["version"] = "1.0.2"
    with town.owner.transaction() as db:
        record_document(db, laxer)
    one = town.an_asset(store)
    town.work()
    draft = whatif.draft(f"{RIGHTS}/level", "recommended", of="laxer")
    told = whatif.told(draft)
    assert "missing:rights_statement" not in told.get(one, Moved()).lost
    assert told == whatif.one_by_one(draft)


ASKED_OF = ("creator", "title_or_description", "date_created", "place")
ANSWER = st.fixed_dictionaries(
    {"level": st.sampled_from(["required", "recommended"]), "unknown_allowed": st.booleans()}
)
DRAFTS = st.fixed_dictionaries(
    {
        "fields": st.dictionaries(st.sampled_from(ASKED_OF), ANSWER, min_size=1, max_size=4),
        "copies": st.integers(1, 3),
        "over": st.booleans(),  # an overlay, tried on one department: it may only tighten
        "of": st.sampled_from(["demo-standard", "abroad"]),
    }
)


def drafted(whatif: WhatIf, drawn: dict[str, Any]) -> tuple[Document, tuple[str, ...]]:
    """Return a drawn draft, and the departments that it is tried on if it is an overlay."""
    asked = {"duplicate_standard": {"min_verified_copies": drawn["copies"]}}
    if drawn["over"]:
        tighter = {"level": "required", "unknown_allowed": False}
        fields = dict.fromkeys(drawn["fields"], tighter)
        header = whatif.draft("/policy/id", "overlay", of=drawn["of"])["policy"]
        header["extends"] = f"{drawn['of']}@1.0.1"
        overlay = {"policy": header, "completeness": {"fields": fields}, **asked}
        return overlay, (whatif.quarter.department,)
    draft = whatif.draft("/duplicate_standard/min_verified_copies", drawn["copies"], drawn["of"])
    for name, answer in drawn["fields"].items():
        draft["completeness"]["fields"][name] |= answer
    return draft, ()


@settings(
    max_examples=2,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(drawn=DRAFTS)
def test_any_draft_is_tried_as_the_one_statement_would_answer(
    whatif: WhatIf, cases: Cases, drawn: dict[str, Any]
) -> None:
    assert cases
    draft, departments = drafted(whatif, drawn)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(simulating, "PART", 2)
        told = whatif.told(draft, departments=list(departments))
    assert told == whatif.one_by_one(draft, departments)
