"""What is not there is said not to be there, at every address of the contract."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from fuzzing import EVERY_ROLE
from world import System, World

CONTRACT = json.loads((Path(__file__).parents[2] / "openapi" / "openapi.json").read_text("utf-8"))
NO_SUCH = {400, 404, 410}


def addressed() -> Iterator[str]:
    """Yield every address of a GET that names something."""
    yield from (path for path, item in CONTRACT["paths"].items() if "get" in item and "{" in path)


def schemas(path: str) -> dict[str, Any]:
    """Return how each part of an address is written."""
    told = CONTRACT["paths"][path]["get"]["parameters"]
    return {one["name"]: one["schema"] for one in told if one.get("in") == "path"}


def unknown(schema: dict[str, Any]) -> str:
    """Write what nothing is called, as the contract has it written."""
    match schema:
        case {"format": "uuid"}:
            return str(uuid4())
        case {"enum": [first, *_]}:
            return str(first)
        case {"type": "integer"}:
            return str(2**31 - 2)
        case _:
            return "nobody-knows"


def with_unknown(path: str, **known: str) -> str:
    parts = {name: known.get(name) or unknown(schema) for name, schema in schemas(path).items()}
    return path.format(**parts)


@pytest.fixture(scope="module")
def store(town: World) -> System:
    return town.a_source_system()


@pytest.fixture(scope="module")
def headers(town: World, store: System) -> dict[str, str]:
    return town.headers(*EVERY_ROLE, department=store.department)


@pytest.fixture(scope="module")
def asset(town: World, store: System) -> UUID:
    return town.an_asset(store)


def test_nothing_is_told_of_what_is_not_there(
    town_api: httpx2.Client, headers: dict[str, str]
) -> None:
    asked = [with_unknown(path) for path in addressed()]
    assert len(asked) > 30
    told = {at: town_api.get(at, headers=headers) for at in asked}
    wrong = {at: said.status_code for at, said in told.items() if said.status_code not in NO_SUCH}
    assert not wrong
    assert all(one.headers["Content-Type"] == "application/problem+json" for one in told.values())


def test_a_policy_that_nobody_drafted_anew_has_no_drafts_and_is_there(
    town_api: httpx2.Client, headers: dict[str, str]
) -> None:
    for name in ("hk-city-default", "newsroom"):
        told = town_api.get(f"/v1/policies/{name}/drafts", headers=headers)
        assert (told.status_code, told.json()["items"]) == (200, [])


def test_nothing_is_told_of_a_part_of_an_image_that_is_not_there(
    town_api: httpx2.Client, headers: dict[str, str], asset: UUID
) -> None:
    inner = [path for path in addressed() if re.search(r"\{asset_id\}.*\{", path)]
    assert inner
    for path in inner:
        at = with_unknown(path, asset_id=str(asset))
        assert town_api.get(at, headers=headers).status_code in NO_SUCH, at
