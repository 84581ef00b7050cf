"""Tags and links: nothing sent twice or overwritten unseen, and pages name their neighbours."""

import re

import httpx2
import pytest
from world import World

from app.kit.revisions import etag, required_revision


def test_what_the_caller_has_is_not_sent_again(api: httpx2.Client, world: World) -> None:
    asset = world.an_asset()
    headers = world.headers("auditor")
    for path in (f"/v1/assets/{asset}", f"/v1/assets/{asset}/provenance"):
        first = api.get(path, headers=headers)
        tag = first.headers["ETag"]
        for sent in (tag, f'"x", {tag}', f"W/{tag}", "*"):
            again = api.get(path, headers=headers | {"If-None-Match": sent})
            assert (again.status_code, again.content) == (304, b""), sent
            assert again.headers["ETag"] == tag
        for sent in ('"x"', tag[:-2] + '"', "rubbish", ""):
            again = api.get(path, headers=headers | {"If-None-Match": sent})
            assert (again.status_code, again.content) == (200, first.content), sent


def test_a_page_that_changed_without_a_new_version_is_sent(
    api: httpx2.Client, world: World
) -> None:
    asset = world.an_asset()
    headers = world.headers("auditor")
    path = f"/v1/assets/{asset}/provenance"
    before = api.get(path, headers=headers)
    tighter = "UPDATE policy_versions SET version = '9.9.9' WHERE document_id = 'hk-city-default'"
    world.find("ALTER TABLE policy_versions DISABLE TRIGGER ALL", "postgres")
    world.find(tighter, "postgres")
    after = api.get(path, headers=headers | {"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert after.json()["version"] == before.json()["version"]
    assert after.headers["ETag"] != before.headers["ETag"]


def test_a_key_of_ones_own_is_shown_with_its_tag(api: httpx2.Client, world: World) -> None:
    headers = world.headers("operator")
    key_id = world.a_key("auditor").split("_")[1]
    path = f"/v1/api-keys/{key_id}"
    tag = api.get(path, headers=headers).headers["ETag"]
    assert api.get(path, headers=headers | {"If-None-Match": tag}).status_code == 304
    api.post(f"{path}/revoke", headers=headers)
    assert api.get(path, headers=headers | {"If-None-Match": tag}).json()["revoked_at"]


@pytest.mark.parametrize("written", [etag(7), etag(7, "a b", "ü"), '"7.abc"'])
def test_a_change_is_bound_to_the_version_in_the_tag(written: str) -> None:
    assert required_revision(written) == 7
    assert written.isascii()


def test_pages_name_their_neighbours(api: httpx2.Client, world: World) -> None:
    system = world.a_source_system()
    ids = [str(world.an_asset(system)) for _ in range(3)]
    headers = world.headers("auditor")
    seen: list[str] = []
    links: dict[str, str] = {}
    path = f"/v1/assets?limit=1&department={system.department}"
    for _ in range(3):
        page = api.get(path, headers=headers)
        seen += [one["asset_id"] for one in page.json()["items"]]
        links = {
            rel: there
            for there, rel in re.findall(r'<([^>]+)>; rel="(\w+)"', page.headers.get("Link", ""))
        }
        assert {rel for rel in ("next", "prev") if page.json()[rel]} == links.keys()
        path = links.get("next", "")
    assert seen == ids
    assert path == ""
    back = api.get(links["prev"], headers=headers).json()["items"]
    assert [one["asset_id"] for one in back] == ids[1:2]
    other = links["prev"].replace(f"department={system.department}", "department=other")
    assert api.get(other, headers=headers).json()["code"] == "cursor-unknown"


def test_registries_come_in_pages_too(api: httpx2.Client, world: World) -> None:
    systems = [world.a_source_system() for _ in range(3)]
    keys = [world.a_key("auditor").split("_")[1] for _ in range(2)]
    operator = world.headers("operator")
    for path, name, expected in (
        ("/v1/departments", "code", {one.department for one in systems}),
        ("/v1/source-systems", "code", {one.code for one in systems}),
        ("/v1/api-keys", "id", set(keys)),
    ):
        seen: list[str] = []
        there = f"{path}?limit=1"
        while there:
            page = api.get(there, headers=operator)
            assert page.json().keys() == {"items", "next", "prev"}
            seen += [one[name] for one in page.json()["items"]]
            assert len(page.json()["items"]) == 1
            found = re.search(r'<([^>]+)>; rel="next"', page.headers.get("Link", ""))
            there = found[1] if found else ""
        assert len(seen) == len(set(seen))
        assert expected <= set(seen)
        assert name == "id" or seen == sorted(seen)
        other = api.get(f"{path}?cursor=x", headers=operator)
        assert (other.status_code, other.json()["code"]) == (400, "cursor-unknown")
        assert api.get(f"{path}?limit=501", headers=operator).status_code == 422


def test_a_cursor_of_the_whole_city_is_none_of_a_department(
    api: httpx2.Client, world: World
) -> None:
    mine, _ = world.a_source_system(), world.a_source_system()
    page = api.get("/v1/departments?limit=1", headers=world.headers("operator")).json()
    headers = world.headers("operator", department=mine.department)
    answer = api.get(f"/v1/departments?limit=1&cursor={page['next']}", headers=headers)
    assert answer.json()["code"] == "cursor-unknown"


def test_an_operation_that_has_not_moved_is_not_sent_again(
    api: httpx2.Client, world: World
) -> None:
    system = world.a_source_system()
    headers = world.headers("registrar", department=system.department)
    line = f'{{"source_system": "{system.code}"}}\n'.encode()
    begun = api.post("/v1/imports", content=line, headers=headers)
    path = f"/v1/operations/{begun.json()['id']}"
    waiting = api.get(path, headers=headers)
    world.work()
    done = api.get(path, headers=headers | {"If-None-Match": waiting.headers["ETag"]})
    assert (done.status_code, done.json()["state"]) == (200, "done")
    assert done.headers["ETag"] != waiting.headers["ETag"]
    again = api.get(path, headers=headers | {"If-None-Match": done.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
