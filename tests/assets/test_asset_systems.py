"""Source systems: one owner, one root, and facts that do not change."""

from typing import Any

import httpx2
import pytest
from sqlalchemy.exc import IntegrityError
from world import AGENT, World

from app.assets.errors import RootsOverlap, SourceSystemTaken
from app.assets.service import SourceSystem, add_assets, add_source_system
from app.kit.errors import NoSuchResource
from app.kit.settings import settings
from app.storage.errors import OutsideRoots


@pytest.fixture
def department(town: World) -> str:
    return town.a_department()


@pytest.fixture
def facts(town: World, department: str) -> dict[str, Any]:
    """What an operator says of a system; its folder is there."""
    folder = town.folder / f"root-of-{department}"
    folder.mkdir()
    return {
        "code": f"store-{department}",
        "department": department,
        "label": {"en": "Store"},
        "root": f"{folder.as_uri()}/",
        "custody_kind": "archive",
        "failure_domain": "vault 1",
        "removable": False,
        "custody_ends_on": "2031-12-31",
    }


@pytest.fixture
def operator(town: World) -> dict[str, str]:
    return town.headers("operator")


def test_a_system_is_added_once(
    town_api: httpx2.Client, operator: dict[str, str], facts: dict[str, Any]
) -> None:
    answers = [town_api.post("/v1/source-systems", json=facts, headers=operator) for _ in "ab"]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json() == answers[1].json() == facts


@pytest.mark.parametrize(
    "other",
    [{"failure_domain": "vault 2"}, {"removable": True}, {"custody_ends_on": "none"}],
    ids=str,
)
def test_a_code_stands_for_its_facts(
    town_api: httpx2.Client, operator: dict[str, str], facts: dict[str, Any], other: dict[str, Any]
) -> None:
    town_api.post("/v1/source-systems", json=facts, headers=operator)
    answer = town_api.post("/v1/source-systems", json=facts | other, headers=operator)
    assert (answer.status_code, answer.json()["code"]) == (409, "source-system-exists")


@pytest.mark.parametrize("missing", ["label", "custody_kind", "removable", "custody_ends_on"])
def test_no_fact_of_a_system_is_assumed(
    town_api: httpx2.Client, operator: dict[str, str], facts: dict[str, Any], missing: str
) -> None:
    del facts[missing]
    answer = town_api.post("/v1/source-systems", json=facts, headers=operator).json()
    assert [e["pointer"] for e in answer["errors"]] == [f"/{missing}"]


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"root": "https://example.org/"}, 422),
        ({"root": "file://host/x/"}, 422),
        ({"root": "file:///etc/"}, 409),
        ({"code": "Store"}, 422),
        ({"department": "nowhere"}, 404),
        ({"label": {"fr": "x"}}, 422),
        ({"custody_kind": "cupboard"}, 422),
    ],
    ids=str,
)
def test_a_system_out_of_bounds_is_refused(
    town_api: httpx2.Client,
    operator: dict[str, str],
    facts: dict[str, Any],
    wrong: dict[str, Any],
    status: int,
) -> None:
    answer = town_api.post("/v1/source-systems", json=facts | wrong, headers=operator)
    assert answer.status_code == status


def test_custody_that_does_not_end_says_so(
    town_api: httpx2.Client, operator: dict[str, str], facts: dict[str, Any]
) -> None:
    facts["custody_ends_on"] = "none"
    answer = town_api.post("/v1/source-systems", json=facts, headers=operator)
    assert answer.json()["custody_ends_on"] == "none"


def test_a_department_knows_of_its_own_systems(
    town: World, town_api: httpx2.Client, operator: dict[str, str], facts: dict[str, Any]
) -> None:
    town_api.post("/v1/source-systems", json=facts, headers=operator)
    owner = town.headers("cataloguer", department=facts["department"])
    mine = town_api.get("/v1/source-systems", headers=owner).json()["items"]
    assert [one["code"] for one in mine] == [facts["code"]]
    every = town_api.get("/v1/source-systems?limit=500", headers=operator).json()["items"]
    codes = [one["code"] for one in every]
    assert facts["code"] in codes
    assert codes == sorted(codes)
    stranger = town.headers("cataloguer", department=town.a_department())
    assert town_api.get("/v1/source-systems", headers=stranger).json()["items"] == []
    assert town_api.post("/v1/source-systems", json=facts, headers=owner).status_code == 403


def as_system(facts: dict[str, Any], **other: object) -> SourceSystem:
    return SourceSystem(**(facts | {"custody_ends_on": None} | other))


@pytest.mark.parametrize("where", ["same", "beneath", "above"])
def test_two_departments_never_share_a_root(town: World, facts: dict[str, Any], where: str) -> None:
    inner = town.folder / f"root-of-{facts['department']}" / "inner"
    inner.mkdir()
    outer_uri, inner_uri = facts["root"], f"{inner.as_uri()}/"
    first, second = {
        "same": (outer_uri, outer_uri),
        "beneath": (outer_uri, inner_uri),
        "above": (inner_uri, outer_uri),
    }[where]
    other = {"department": town.a_department(), "code": f"other-{facts['code']}"}
    with town.api.transaction() as db:
        add_source_system(db, AGENT, as_system(facts, root=first))
    with pytest.raises(RootsOverlap), town.api.transaction() as db:
        add_source_system(db, AGENT, as_system(facts, root=second, **other))


def test_one_department_may_divide_its_root(town: World, facts: dict[str, Any]) -> None:
    with town.api.transaction() as db:
        add_source_system(db, AGENT, as_system(facts))
        _, new = add_source_system(db, AGENT, as_system(facts, code=f"{facts['code']}-2"))
    assert new


def test_a_neighbour_whose_name_begins_alike_is_no_overlap(
    town: World, facts: dict[str, Any]
) -> None:
    longer = town.folder / f"root-of-{facts['department']}-2"
    longer.mkdir()
    with town.api.transaction() as db:
        add_source_system(db, AGENT, as_system(facts))
        other = {"department": town.a_department(), "code": f"next-{facts['code']}"}
        assert add_source_system(db, AGENT, as_system(facts, root=f"{longer.as_uri()}/", **other))


def test_a_root_is_kept_with_its_links_resolved(town: World, facts: dict[str, Any]) -> None:
    link = town.folder / f"link-{facts['department']}"
    link.symlink_to(town.folder / f"root-of-{facts['department']}")
    with town.api.transaction() as db:
        row, _ = add_source_system(db, AGENT, as_system(facts, root=f"{link.as_uri()}/"))
        assert row.root == facts["root"]


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"department": "nowhere"}, NoSuchResource),
        ({"root": "file:///"}, OutsideRoots),
        ({"code": "BAD CODE"}, IntegrityError),
    ],
    ids=str,
)
def test_the_service_and_the_database_refuse_what_no_route_sends(
    town: World, facts: dict[str, Any], wrong: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal), town.api.transaction() as db:
        add_source_system(db, AGENT, as_system(facts, **wrong))


def test_the_whole_disk_overlaps_with_everybody(
    town: World, facts: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    town.a_source_system()
    monkeypatch.setenv("CATALOGUE_ALLOWED_ROOTS", '["/"]')
    settings.cache_clear()
    with pytest.raises(RootsOverlap), town.api.transaction() as db:
        add_source_system(db, AGENT, as_system(facts, root="file:///"))
    monkeypatch.undo()
    settings.cache_clear()


def test_a_code_is_taken_by_the_first(town: World, facts: dict[str, Any]) -> None:
    with town.api.transaction() as db:
        add_source_system(db, AGENT, as_system(facts))
    with pytest.raises(SourceSystemTaken), town.api.transaction() as db:
        add_source_system(db, AGENT, as_system(facts, failure_domain="vault 9"))


def test_adding_no_asset_adds_none(town: World) -> None:
    with town.api.transaction() as db:
        assert add_assets(db, AGENT, []) == set()
