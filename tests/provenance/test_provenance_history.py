"""Which version stood when, what two versions differ in, and the story of one value."""

import shutil
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from images import draw
from provenance_city import head_of, named, read_assets, sealed, shown
from sqlalchemy import select
from world import World

from app.assets.events import BytesChanged
from app.kit.jobs import publish
from app.provenance.changes import Assertion, Choice, Retraction
from app.provenance.models import ProvenanceVersionRow
from app.provenance.projection import project
from app.provenance.service import record_of


@pytest.fixture
def asset(town: World) -> UUID:
    [made] = read_assets(town, town.a_source_system(), [{"description": "A bus"}])
    return made


@pytest.fixture
def auditor(town: World) -> dict[str, str]:
    return town.headers("auditor")


def get(api: httpx2.Client, asset: UUID, path: str, headers: dict[str, str]) -> Any:  # noqa: ANN401
    answer = api.get(f"/v1/assets/{asset}/provenance{path}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_two_versions_are_compared_field_by_field(
    town: World, town_api: httpx2.Client, auditor: dict[str, str], asset: UUID
) -> None:
    town.change(asset, [Assertion("title", "A"), Assertion("description", "A tram")])
    town.change(
        asset,
        [Assertion("title", "B"), Assertion("custodian", "Unit")],
        choices=[Choice("description", named(town, asset, "description"), "seen")],
    )
    told = get(town_api, asset, "/versions/3/compare/4", auditor)
    fields = {one["field"]: one for one in told["fields"]}
    assert set(fields) == {"title", "custodian", "description"}
    [title] = fields["title"]["changed"]
    assert (title["before"]["value"], title["after"]["value"]) == ("A", "B")
    assert [s["value"] for s in fields["custodian"]["added"]] == ["Unit"]
    assert (fields["description"]["conflict_before"], fields["description"]["conflict_after"]) == (
        True,
        False,
    )
    assert [r["reason"] for r in told["resolutions_added"]] == ["seen"]
    back = get(town_api, asset, "/versions/4/compare/3", auditor)
    [custodian] = [one for one in back["fields"] if one["field"] == "custodian"]
    assert [s["value"] for s in custodian["removed"]] == ["Unit"]
    assert get(town_api, asset, "/versions/4/compare/4", auditor)["fields"] == []


def test_what_the_file_says_again_is_no_difference(
    town: World, town_api: httpx2.Client, auditor: dict[str, str]
) -> None:
    asset = town.an_asset(description="A bus")
    town.work()
    with town.worker.transaction() as db:
        publish(db, BytesChanged((asset,)))
    touched = town.file_of(asset)
    touched.touch()
    town.work()
    version = head_of(town, asset)[0]
    told = get(town_api, asset, f"/versions/{version - 1}/compare/{version}", auditor)
    assert version == 3
    assert [one["field"] for one in told["fields"]] == []


def test_the_version_that_stood_is_found_by_time_and_by_number(
    town: World, town_api: httpx2.Client, auditor: dict[str, str], asset: UUID
) -> None:
    for title in ("one", "two", "three"):
        town.change(asset, [Assertion("title", title)])
    town.number()
    versions = get(town_api, asset, "/versions", auditor)["items"]
    for newer, one in zip([None, *versions], versions, strict=False):
        time = one["recorded_at"].replace("+00:00", "Z")
        assert get(town_api, asset, f"/as-of?time={time}", auditor) == one
        assert get(town_api, asset, f"/as-of?log_index={one['log_index']}", auditor) == one
        if newer is not None:
            before = newer["log_index"] - 1
            assert get(town_api, asset, f"/as-of?log_index={before}", auditor) == one
        same = get(town_api, asset, f"/versions/{one['version']}", auditor)
        assert same == one


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 422),
        ("?time=2026-01-01T00:00:00Z&log_index=1", 422),
        ("?time=2026-01-01T00:00:00", 422),
        pytest.param(
            f"?time={(datetime.now(UTC) + timedelta(days=1)):%Y-%m-%dT%H:%M:%SZ}",  # noqa: TID251
            422,
            id="tomorrow",
        ),
        ("?log_index=999999999", 422),
        ("?log_index=-1", 422),
        ("?time=2001-01-01T00:00:00Z", 404),
    ],
)
def test_a_moment_that_is_none_is_refused(
    town_api: httpx2.Client, auditor: dict[str, str], asset: UUID, query: str, status: int
) -> None:
    answer = town_api.get(f"/v1/assets/{asset}/provenance/as-of{query}", headers=auditor)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/versions/9",
        "/versions/1/compare/9",
        "/fields/nothing/history",
    ],
)
def test_what_is_not_there_is_not_found(
    town_api: httpx2.Client, auditor: dict[str, str], asset: UUID, path: str
) -> None:
    assert town_api.get(f"/v1/assets/{asset}/provenance{path}", headers=auditor).status_code == 404


@pytest.mark.parametrize(
    "path", ["/versions/1", "/versions/1/compare/2", "/as-of?log_index=0", "/fields/title/history"]
)
def test_another_departments_history_does_not_exist(
    town: World, town_api: httpx2.Client, asset: UUID, path: str
) -> None:
    stranger = town.headers("cataloguer", department=town.a_department())
    answer = town_api.get(f"/v1/assets/{asset}/provenance{path}", headers=stranger)
    assert answer.status_code == 404


def test_the_story_of_a_value_names_what_followed_and_what_was_taken_back(
    town: World, town_api: httpx2.Client, auditor: dict[str, str], asset: UUID
) -> None:
    for value in ("first", "second"):
        town.change(asset, [Assertion("title", value)])
    last = named(town, asset, "title")
    town.change(asset, retractions=[Retraction(last, "of another image")])
    town.number()
    told = get(town_api, asset, "/fields/title/history", auditor)["statements"]
    ends = [(t["statement"]["value"], t["how"], t["superseded_by"], t["reason"]) for t in told]
    assert ends == [
        ("first", "superseded", last, None),
        ("second", "retracted", None, "of another image"),
    ]
    assert [t["said"]["version"] for t in told] == [3, 4]
    assert all(t["said"]["log_index"] is not None for t in told)
    assert {"agent", "person", "roles", "locator"} <= told[0]["statement"].keys()
    [own] = get(town_api, asset, "/fields/description/history", auditor)["statements"]
    assert (own["how"], own["ended"]) == (None, None)


def test_a_new_reading_that_contradicts_opens_the_conflict_again_and_voids_the_seal(
    world: World,
) -> None:
    asset = world.an_asset(description="A bus")
    world.work()
    world.complete_record(asset, description="A tram")
    assert not sealed(world, asset)
    chosen = named(world, asset, "description")
    world.change(asset, choices=[Choice("description", chosen, "seen")])
    assert sealed(world, asset)

    file = world.file_of(asset)
    reread(world, asset, draw(7, {"description": "A BUS"}))  # other bytes that say the same
    assert sealed(world, asset)
    assert not head_of(world, asset)[1].in_conflict("description")

    reread(world, asset, draw(7, {"description": "A lorry"}))
    assert head_of(world, asset)[1].in_conflict("description")
    assert "conflict:title_or_description" in shown(world, asset).missing
    assert not sealed(world, asset)
    assert file == world.file_of(asset)


def reread(world: World, asset: UUID, picture: bytes) -> None:
    """Let other bytes lie there, and have them read."""
    file = world.file_of(asset)
    beside = file.with_suffix(".new")
    beside.write_bytes(picture)
    shutil.move(beside, file)
    with world.worker.transaction() as db:
        publish(db, BytesChanged((asset,)))
    world.work()


def test_versions_play_again_to_the_same_columns(town: World, asset: UUID) -> None:
    town.change(asset, [Assertion("title", "電車", "zh-Hant"), Assertion("creator", "Chan")])
    town.change(asset, choices=[])
    with town.api.transaction() as db:
        rows = db.scalars(
            select(ProvenanceVersionRow).where(ProvenanceVersionRow.asset_id == asset)
        ).all()
        for row in rows:
            columns = project(record_of(row))
            table = ProvenanceVersionRow.__table__.c
            kept = {name for name in columns if name in table}
            told = db.execute(
                select(*(table[name] for name in sorted(kept))).where(
                    table.asset_id == asset, table.version == row.version
                )
            ).one()
            assert told._mapping == {name: columns[name] for name in sorted(kept)}
