"""Each number of a dashboard is the list behind it (P24)."""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import product

import pytest
from httpx2 import Client
from quarter import EVERYTHING, Quarter

from app.disposals.schemas import EligibilityOut, GroupBy
from app.disposals.service import counts
from app.people.roles import Principal


@pytest.fixture(scope="module")
def full(quarter: Quarter) -> Quarter:
    """A quarter with something of everything, of two departments."""
    pair = quarter.a_pair()
    quarter.world.an_asset(quarter.one, b"no image", name="notes.txt")
    quarter.world.an_asset(quarter.world.a_source_system(quarter.world.a_department()))
    quarter.work()
    quarter.complete(*pair)
    return quarter


def keys_of(answer: EligibilityOut, month: str, by: Sequence[GroupBy]) -> Iterator[tuple[str, ...]]:
    """Yield the groups that an answer belongs to."""
    found = answer.model_dump() | {"month": month, "reason": answer.reasons}
    values = [found[key] if key == "reason" else [found[key]] for key in by]
    yield from product(*values)


@pytest.mark.parametrize(
    "by",
    [
        ["status"],
        ["department"],
        ["source_system"],
        ["month"],
        ["reason"],
        list(EVERYTHING),
        ["status", "reason"],
    ],
    ids="+".join,
)
@pytest.mark.parametrize("scoped", [False, True], ids=["the city", "one department"])
def test_each_count_is_the_list_behind_it(full: Quarter, by: list[GroupBy], scoped: bool) -> None:
    caller = full.world.someone("dashboard", department=full.department) if scoped else full.auditor
    rows = full.rows()
    assets: Counter[tuple[str, ...]] = Counter()
    sizes: dict[tuple[str, ...], int] = defaultdict(int)
    for answer in full.answers(*rows, caller=caller):
        row = rows[answer.asset_id]
        for group in set(keys_of(answer, f"{row.registered_at:%Y-%m}", by)):
            assets[group] += 1
            sizes[group] += row.size_bytes
    counted = full.counts(*by, caller=caller)
    named = {tuple(getattr(g, key) for key in by): g for g in counted.groups}
    assert {group: g.assets for group, g in named.items()} == dict(assets)
    assert {group: g.bytes for group, g in named.items()} == dict(sizes)
    assert len(named) == len(counted.groups)


def test_an_empty_city_counts_nothing_at_a_moment_of_its_own(quarter: Quarter) -> None:
    nobody = quarter.world.someone("dashboard", department=quarter.world.a_department())
    counted = quarter.counts("status", caller=nobody)
    assert counted.groups == []
    assert counted.log_index >= -1
    with quarter.world.api.transaction() as db:
        moment = counts(db, nobody, ["department"]).as_of
    assert moment >= counted.as_of


def headers(quarter: Quarter, *roles: str, department: str | None = None) -> dict[str, str]:
    """Return a new key's headers."""
    return quarter.world.headers(*roles, department=department)


def test_csv_says_what_json_says(full: Quarter, town_api: Client) -> None:
    asked = {"group_by": ["status", "department"]}
    key = headers(full, "dashboard")
    json = town_api.get("/v1/eligibility", params=asked, headers=key).json()
    answer = town_api.get("/v1/eligibility", params=asked | {"format": "csv"}, headers=key)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(r["status"], r["department"], int(r["assets"]), int(r["bytes"])) for r in rows] == [
        (g["status"], g["department"], g["assets"], g["bytes"]) for g in json["groups"]
    ]
    assert {r["log_index"] for r in rows} == {str(json["log_index"])}


def test_up_to_a_thousand_are_answered_and_the_unknown_are_listed(
    full: Quarter, town_api: Client
) -> None:
    rows = full.rows()
    mine = [str(one) for one, row in rows.items() if row.department == full.department]
    others = [str(one) for one, row in rows.items() if row.department != full.department]
    key = headers(full, "cataloguer", department=full.department)
    asked = {"asset_ids": [*others, *mine, mine[0]]}
    found = town_api.post("/v1/eligibility/check", json=asked, headers=key).json()
    assert [a["asset_id"] for a in found["answers"]] == mine
    assert found["not_found"] == others
    none = town_api.post("/v1/eligibility/check", json={"asset_ids": others}, headers=key).json()
    assert none == {"answers": [], "not_found": others}
    assert town_api.get(f"/v1/assets/{others[0]}/eligibility", headers=key).status_code == 404
    assert (
        town_api.get(f"/v1/assets/{mine[0]}/eligibility", headers=key).json()["asset_id"] == mine[0]
    )


def test_who_sees_no_content_may_still_ask_for_statuses(full: Quarter, town_api: Client) -> None:
    [one, *_] = full.rows()
    path = f"/v1/assets/{one}"
    assert (
        town_api.get(f"{path}/eligibility", headers=headers(full, "dashboard")).status_code == 200
    )
    assert town_api.get(f"{path}/likenesses", headers=headers(full, "dashboard")).status_code == 403
    assert isinstance(full.auditor, Principal)
