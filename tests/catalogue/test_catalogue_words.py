"""Filters by words of a vocabulary: one that nobody knows is refused, and told what is known."""

from typing import Any

import httpx2
import pytest
from world import World

from app.assets import surrounding_tasks
from app.assets.setting_aside import QUEUES
from app.catalogue.searching.wording import whole
from app.comparisons import likeness_tasks
from app.comparisons import tasks as comparisons
from app.fingerprints import tasks as fingerprints
from app.fingerprints.viewing import VISUAL
from app.kit.words import FEW, fault_of_word
from app.provenance import tasks as records
from app.readings import tasks as readings
from app.readings.tries import STOPPED

Json = dict[str, Any]


@pytest.fixture(scope="module")
def headers(town: World) -> dict[str, str]:
    return town.headers("cataloguer", department=town.a_department())


@pytest.mark.parametrize(
    ("name", "word", "nearest"),
    [
        ("missing", "creatr", "creator"),
        ("missing", "x", "title_or_description"),
        ("reason", "missing:creatr", "missing:creator"),
        ("reason", "keeper:unsealed", "keeper:not_sealed"),
        ("reason", "legal:anything", "legal:archival_record"),
        ("conflict", "date", "date_created"),
        ("conflict", "title_or_description", "description"),
        ("legal_status", "Archival_record", "archival_record"),
        ("custodian_kind", "museum", "library_or_museum_repository"),
    ],
)
def test_a_word_that_no_vocabulary_has_is_refused(
    town_api: httpx2.Client, headers: dict[str, str], name: str, word: str, nearest: str
) -> None:
    told = town_api.get("/v1/assets", params={name: word}, headers=headers)
    assert (told.status_code, told.json()["code"]) == (422, "malformed-request")
    [place] = told.json()["errors"]
    assert place["pointer"] == f"/query/{name}"
    assert repr(word) in place["detail"]
    if name != "missing" or word != "x":
        assert nearest in place["detail"]
    assert place["detail"] in told.json()["detail"]


def test_every_unknown_word_is_told_at_once(
    town_api: httpx2.Client, headers: dict[str, str]
) -> None:
    asked = {"missing": "x", "reason": "y", "conflict": "any", "legal_status": "z"}
    told = town_api.get("/v1/assets", params=asked, headers=headers).json()
    places = [one["pointer"] for one in told["errors"]]
    assert places == ["/query/missing", "/query/reason", "/query/legal_status"]


@pytest.mark.parametrize(
    ("name", "word"),
    [
        *(("missing", word) for word in ("creator", "title_or_description", "edit_history")),
        *(("reason", f"{stem}:creator") for stem in ("missing", "source", "conflict")),
        *(("reason", word) for word in ("retention:2031-04-01", "copies:1<2", "last_copy")),
        ("reason", "legal:disposal_class_assigned"),
        *(("conflict", word) for word in ("any", "creator")),
        ("legal_status", "archival_record"),
        ("custodian_kind", "archive"),
        ("format", "no such format"),  # whatever tools call one
    ],
)
def test_a_word_that_is_known_finds_nothing_and_says_so(
    town_api: httpx2.Client, headers: dict[str, str], name: str, word: str
) -> None:
    told = town_api.get("/v1/assets", params={name: word}, headers=headers)
    assert (told.status_code, told.json()["items"]) == (200, [])


def test_a_word_that_a_record_says_is_found_though_nobody_knows_it_any_more(
    town_api: httpx2.Client, town: World
) -> None:
    asset = town.an_asset()
    [[department]] = town.find("SELECT department FROM assets WHERE id = :id", id=asset)
    town.work()
    # As records say it that were made before the vocabulary was closed.
    entered = "UPDATE search_words SET words = words || :word WHERE asset_id = :id"
    [[before]] = town.find("SELECT words::text FROM search_words WHERE asset_id = :id", id=asset)
    assert before
    word = whole("custodian_kind", "Old office").query
    town.find(entered.replace(":word", "CAST(:word AS tsvector)"), word=word, id=asset)
    own = town.headers("cataloguer", department=department)
    asked = {"custodian_kind": "Old office"}
    found = town_api.get("/v1/assets", params=asked, headers=own).json()["items"]
    assert [one["asset_id"] for one in found] == [str(asset)]
    other = town.headers("cataloguer", department=town.a_department())
    assert town_api.get("/v1/assets", params=asked, headers=other).status_code == 422


@pytest.mark.parametrize(
    ("path", "name", "word", "known"),
    [
        ("/v1/set-aside", "stage", "reading", "readings.stopped"),
        ("/v1/rereadings/preview", "unreadable_because", "timeout", "timed_out"),
    ],
)
def test_other_lists_refuse_words_of_theirs_too(
    town_api: httpx2.Client, headers: dict[str, str], path: str, name: str, word: str, known: str
) -> None:
    told = town_api.get(path, params={name: word}, headers=headers)
    assert (told.status_code, told.json()["code"]) == (422, "malformed-request")
    [place] = told.json()["errors"]
    assert place["pointer"] == f"/query/{name}"
    assert known in place["detail"]
    assert town_api.get(path, params={name: known}, headers=headers).status_code == 200


def test_all_queues_are_known_by_the_stages_that_fill_them() -> None:
    filled = {
        *(readings.STAGE, STOPPED, surrounding_tasks.STAGE, fingerprints.STAGE, VISUAL),
        *(comparisons.STAGE, likeness_tasks.STAGE, likeness_tasks.COMPANIONS),
        *(records.ADOPTION, records.WEIGHING, records.SEALS, records.SERIES, records.INDEX),
    }
    assert filled == QUEUES


def test_few_words_are_told_whole_and_of_many_the_nearest() -> None:
    assert fault_of_word("c", ["b", "a"]).endswith("known are a, b")
    many = [f"word{n:02}" for n in range(FEW + 1)]
    assert "word03" in fault_of_word("word3", many).partition("nearest are ")[2]
    assert fault_of_word("zzzz", many).endswith("word00, word01, word02, word03, word04, word05")
