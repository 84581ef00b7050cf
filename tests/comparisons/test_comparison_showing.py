"""What people see of likenesses: by class, from their side, without what others keep."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx2 import Client
from likes import MAP, a_likeness, hashed
from world import System, World

LISTED = "/v1/assets/{}/likenesses"
DISMISSED = {"reason": "Two trams on one day."}


@pytest.fixture
def store(town: World) -> System:
    """A store of a department of its own."""
    return town.a_source_system()


def some(town: World, store: System, many: int) -> list[UUID]:
    """Register, read and hash some images."""
    found = [town.an_asset(store) for _ in range(many)]
    hashed(town, *found)
    return found


def listed(
    api: Client, key: dict[str, str], asset_id: UUID, **asked: str | bool | list[str]
) -> list[dict[str, Any]]:
    """List an image's likenesses."""
    answer = api.get(LISTED.format(asset_id), headers=key, params=asked)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def dismiss(api: Client, key: dict[str, str], likeness: UUID) -> Any:  # noqa: ANN401
    """Dismiss a likeness."""
    return api.post(f"/v1/likenesses/{likeness}/dismissal", headers=key, json=DISMISSED)


def test_a_pair_is_shown_from_either_side_with_what_stands_beside_it(
    town: World, town_api: Client, store: System
) -> None:
    one, other = (town.an_asset(store, taken=f"2019:05:02 10:11:1{n}") for n in range(2))
    hashed(town, one, other)
    likeness = a_likeness(town, one, other, "derivative_reduced", copy=one)
    key = town.headers("cataloguer", department=store.department)
    [mine], [theirs] = (listed(town_api, key, side) for side in (one, other))
    assert (mine["id"], mine["other_asset_id"]) == (str(likeness), str(other))
    assert (mine["direction"], theirs["direction"]) == ("this_is_the_copy", "other_is_the_copy")
    assert mine["other"] == theirs["this"]
    assert mine["other"]["source_system"] == store.code
    assert mine["score"] == 0.9
    assert mine["measurement"]["measured"] == {"mean": 1.0}
    assert mine["standard"].startswith("hk-city-default@")
    assert mine["evidence"]["reasons"] == [{"test": "by hand"}]
    read = town_api.get(f"/v1/likenesses/{likeness}", headers=key).json()
    assert read["this"]["asset_id"] == str(min(one, other))


def test_unrelated_is_remembered_and_shown_when_named(
    town: World, town_api: Client, store: System
) -> None:
    one, other, third = some(town, store, 3)
    a_likeness(town, one, other, "unrelated")
    a_likeness(town, one, third, "crop", copy=third)
    key = town.headers("cataloguer", department=store.department)
    assert [found["proposed_class"] for found in listed(town_api, key, one)] == ["crop"]
    both = listed(town_api, key, one, **{"class": ["unrelated", "crop"]})
    assert [found["proposed_class"] for found in both] == ["crop", "unrelated"]
    wrong = town_api.get(LISTED.format(one), headers=key, params={"class": "twins"})
    assert wrong.status_code == 422


def test_the_difference_is_a_png_that_is_sent_once(
    town: World, town_api: Client, store: System
) -> None:
    one, other = some(town, store, 2)
    a_likeness(town, one, other)
    key = town.headers("cataloguer", department=store.department)
    [shown] = listed(town_api, key, one)
    where = shown["measurement"]["difference"]
    got = town_api.get(where, headers=key)
    assert (got.status_code, got.headers["content-type"], got.content) == (200, "image/png", MAP)
    again = town_api.get(where, headers=key | {"If-None-Match": got.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert town_api.get(f"/v1/likenesses/{uuid4()}/difference", headers=key).status_code == 404
    third = some(town, store, 1)[0]
    unmeasured = a_likeness(town, one, third, "undetermined", outcome="timed_out")
    [shown] = listed(town_api, key, third)
    assert shown["measurement"]["difference"] is None
    none = town_api.get(f"/v1/likenesses/{unmeasured}/difference", headers=key)
    assert none.status_code == 404


def test_of_another_departments_side_only_the_kind_of_holder_is_told(
    town: World, town_api: Client, store: System
) -> None:
    archive = town.a_source_system(custody_kind="archive")
    one = town.an_asset(store)
    other = town.an_asset(archive, taken="2001:02:03 04:05:06")
    hashed(town, one, other)
    likeness = a_likeness(town, one, other, copy=other)
    key = town.headers("curator", department=store.department)
    answer = town_api.get(LISTED.format(one), headers=key)
    [seen] = answer.json()["items"]
    assert seen["other"] == {
        **dict.fromkeys(("asset_id", "department", "source_system", "captured")),
        "custody_kind": "archive",
    }
    assert (seen["other_asset_id"], seen["evidence"], seen["measurement"]) == (None, {}, None)
    assert seen["direction"] == "other_is_the_copy"
    single = town_api.get(f"/v1/likenesses/{likeness}", headers=key)
    group = town_api.get(f"/v1/groups/{one}", headers=key)
    for told in (answer.text, single.text, group.text):
        for secret in (str(other), archive.code, archive.department, "2001-02-03"):
            assert secret not in told
    assert group.json()["elsewhere"] == [{"custody_kind": "archive", "images": 1}]
    assert town_api.get(f"/v1/likenesses/{likeness}/difference", headers=key).status_code == 404
    stranger = town.headers("curator", department=town.a_department())
    for path in (f"/v1/likenesses/{likeness}", LISTED.format(one), f"/v1/groups/{one}"):
        assert town_api.get(path, headers=stranger).status_code == 404
    assert dismiss(town_api, stranger, likeness).status_code == 404
    auditor = town.headers("auditor")
    [whole] = listed(town_api, auditor, one)
    assert whole["other_asset_id"] == str(other)


def test_what_was_dismissed_comes_back_when_its_evidence_changes(
    town: World, town_api: Client, store: System
) -> None:
    one, other = some(town, store, 2)
    likeness = a_likeness(town, one, other)
    key = town.headers("curator", department=store.department)
    made = dismiss(town_api, key, likeness)
    assert made.status_code == 200, made.text
    assert made.json()["reason"] == DISMISSED["reason"]
    assert listed(town_api, key, one) == listed(town_api, key, other) == []
    [hidden] = listed(town_api, key, one, dismissed=True)
    assert hidden["dismissed"]
    # A copy of one of them is another pair of the same two contents.
    twin = town.a_copy_of(other, store)
    hashed(town, twin)
    a_likeness(town, one, twin)
    assert listed(town_api, key, twin) == []
    judged_otherwise = (
        "INSERT INTO likenesses (a_asset_id, a_fingerprint_id, b_asset_id, b_fingerprint_id,"
        " standard_id, class, measurement_id, revision, same_object, evidence, event_id)"
        " SELECT a_asset_id, a_fingerprint_id, b_asset_id, b_fingerprint_id, standard_id,"
        " 'sequence', measurement_id, 2, false, '{}', event_id FROM likenesses WHERE id = :id"
    )
    town.find(judged_otherwise, id=likeness)
    [back] = listed(town_api, key, one)
    assert (back["proposed_class"], back["dismissed"]) == ("sequence", False)


def test_a_dismissal_is_a_departments_own_and_a_reviewers(
    town: World, town_api: Client, store: System
) -> None:
    elsewhere = town.a_source_system()
    one, other = town.an_asset(store), town.an_asset(elsewhere)
    hashed(town, one, other)
    likeness = a_likeness(town, one, other)
    key = town.headers("curator", department=store.department)
    cataloguer = town.headers("cataloguer", department=store.department)
    assert dismiss(town_api, cataloguer, likeness).status_code == 403
    assert dismiss(town_api, key, likeness).status_code == 200
    assert dismiss(town_api, key, likeness).json()["code"] == "already-dismissed"
    theirs = town.headers("curator", department=elsewhere.department)
    assert listed(town_api, key, one) == []
    assert len(listed(town_api, theirs, other)) == 1
    assert dismiss(town_api, theirs, likeness).status_code == 200


def test_equal_bytes_are_dismissed_by_nobody(town: World, town_api: Client, store: System) -> None:
    one = town.an_asset(store)
    town.a_copy_of(one, store)
    town.work()
    key = town.headers("curator", department=store.department)
    [pair] = [
        found for found in listed(town_api, key, one) if found["proposed_class"] == "exact_bytes"
    ]
    assert dismiss(town_api, key, pair["id"]).json()["code"] == "exact-not-dismissed"


def test_groups_are_for_the_eye_and_are_paged_by_their_first_image(
    town: World, town_api: Client, store: System
) -> None:
    a, b, c, d, e, f, g = some(town, store, 7)
    first = a_likeness(town, a, b)
    a_likeness(town, b, c, "crop")
    a_likeness(town, d, e)
    a_likeness(town, f, g, "undetermined")
    a_likeness(town, c, d, "unrelated")
    key = town.headers("curator", department=store.department)
    page = town_api.get("/v1/groups", headers=key, params={"limit": 1}).json()
    [shown] = page["items"]
    assert (shown["id"], shown["asset_ids"]) == (str(a), [str(a), str(b), str(c)])
    assert len(shown["pairs"]) == 2
    assert (shown["decides"], shown["more"], shown["elsewhere"]) == ("nothing", False, [])
    rest = town_api.get("/v1/groups", headers=key, params={"limit": 1, "cursor": page["next"]})
    [shown] = rest.json()["items"]
    assert shown["asset_ids"] == [str(d), str(e)]
    back = town_api.get(
        "/v1/groups", headers=key, params={"limit": 1, "cursor": rest.json()["prev"]}
    )
    assert [one["id"] for one in back.json()["items"]] == [str(a)]
    by_another = town_api.get(f"/v1/groups/{c}", headers=key).json()
    assert by_another["id"] == str(a)
    assert town_api.get(f"/v1/groups/{f}", headers=key).status_code == 404
    dismiss(town_api, key, first)
    after = town_api.get(f"/v1/groups/{c}", headers=key).json()
    assert after["asset_ids"] == [str(b), str(c)]


def test_a_group_stops_growing_at_a_bound(
    town: World, town_api: Client, store: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *others = some(town, store, 5)
    for other in others:
        a_likeness(town, first, other)
    monkeypatch.setattr("app.comparisons.groups.MOST_MEMBERS", 3)
    key = town.headers("curator", department=store.department)
    shown = town_api.get(f"/v1/groups/{first}", headers=key).json()
    assert len(shown["asset_ids"]) == 3
    assert len(shown["pairs"]) == 2
    assert shown["more"]
