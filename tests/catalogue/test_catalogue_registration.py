"""Registering a copy: known, described, and nothing hashed."""

import hashlib
import json
from collections.abc import Callable
from copy import deepcopy
from itertools import count
from threading import Barrier, Thread
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from images import draw
from world import System, World

from app.catalogue.registration import Registration
from app.catalogue.service import Registered, register
from app.kit.refusals import Refusal
from app.policies.packaged import packaged_documents
from app.policies.service import record_document

NUMBERS = count(1)
Json = dict[str, Any]
Post = Callable[[Json], httpx2.Response]


@pytest.fixture(scope="module")
def system(town: World) -> System:
    return town.a_source_system()


@pytest.fixture(scope="module")
def registrar(town: World, system: System) -> dict[str, str]:
    return town.headers("registrar", department=system.department)


@pytest.fixture
def body(system: System) -> Json:
    """What a caller says of a copy that nobody registered before."""
    name = f"picture-{next(NUMBERS)}.jpg"
    (system.folder / name).write_bytes(draw(1))
    return {
        "source_system": system.code,
        "source_identifier": name,
        "location": name,
        "original_name": name,
        "legal_status": ["undetermined"],
    }


@pytest.fixture
def post(town_api: httpx2.Client, registrar: dict[str, str]) -> Post:
    return lambda body: town_api.post("/v1/assets", json=body, headers=registrar)


def test_a_new_copy_is_created_with_what_its_record_lacks(post: Post, body: Json) -> None:
    answer = post(body)
    assert answer.status_code == 201
    said = answer.json()
    assert answer.headers["Location"] == f"/v1/assets/{said['asset_id']}"
    assert (said["provenance_version"], said["complete"]) == (1, False)
    assert {"missing:custodian", "missing:format", "source:legal_status"} <= set(said["missing"])


def test_the_same_again_is_the_same_asset(post: Post, body: Json) -> None:
    first, second = post(body), post(body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["asset_id"] == second.json()["asset_id"]


def test_the_order_of_a_set_makes_no_other_registration(post: Post, body: Json) -> None:
    post(body | {"legal_status": ["evidential", "convenience_copy"]})
    turned = ["convenience_copy", "evidential", "evidential"]
    assert post(body | {"legal_status": turned}).status_code == 200


@pytest.mark.parametrize(
    "other",
    [
        {"original_name": "other.jpg"},
        {"location": "elsewhere.jpg"},
        {"legal_status": ["evidential"]},
        {"statements": [{"field": "title", "value": "A tram"}]},
        {"claims": [{"algorithm": "md5", "value": "0" * 32}]},
    ],
    ids=lambda other: next(iter(other)),
)
def test_the_same_name_with_other_facts_is_a_contradiction(
    post: Post, body: Json, other: Json
) -> None:
    asset_id = post(body).json()["asset_id"]
    answer = post(body | other)
    assert (answer.status_code, answer.json()["code"]) == (409, "registered-otherwise")
    assert asset_id in answer.json()["detail"]


def test_another_departments_system_does_not_exist(
    town: World, town_api: httpx2.Client, body: Json
) -> None:
    stranger = town.headers("registrar", department=town.a_department())
    answers = [
        town_api.post("/v1/assets", json=body | {"source_system": code}, headers=stranger).json()
        for code in (body["source_system"], "nowhere")
    ]
    assert [answer["status"] for answer in answers] == [404, 404]
    said = [answer["detail"].replace(body["source_system"], "nowhere") for answer in answers]
    assert said[0] == said[1]


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"location": "/etc/passwd"}, "/location"),
        ({"location": "../secret.jpg"}, "/location"),
        ({"location": "a/%2e%2e/b"}, "/location"),
        ({"location": "a%00b"}, "/location"),
        ({"location": "100%.jpg"}, "/location"),
        ({"location": ""}, "/location"),
        ({"location": "a\0"}, "/location"),
        ({"original_name": ""}, "/original_name"),
        ({"source_identifier": "x" * 2001}, "/source_identifier"),
        ({"legal_status": []}, "/legal_status"),
        ({"legal_status": ["mine"]}, "/legal_status"),
        ({"statements": [{"field": "title", "value": "A"}, {"field": "no"}]}, "/statements/1"),
        ({"statements": [{"field": "date_created", "value": "soon"}]}, "/statements/0"),
        ({"claims": [{"algorithm": "crc", "value": "0" * 8}]}, "/claims/0/algorithm"),
        ({"claims": [{"algorithm": "md5", "value": "no hex"}]}, "/claims/0/value"),
        ({"sha256": "0" * 64}, "/sha256"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_cannot_be_registered_is_refused_with_its_place(
    post: Post, body: Json, wrong: Json, pointer: str
) -> None:
    answer = post(body | wrong)
    assert answer.status_code == 422
    assert [e["pointer"] for e in answer.json()["errors"]] == [pointer]


def test_a_legal_status_is_never_assumed(post: Post, body: Json) -> None:
    del body["legal_status"]
    answer = post(body)
    assert answer.json()["errors"][0]["pointer"] == "/legal_status"


@pytest.mark.parametrize(
    "wrong",
    [
        {"source_identifier": "檔" * 700},
        {"statements": [{"field": "place", "value": {"level": 2**60}}]},
        {"statements": [{"field": "place", "value": {"level": -(2**53)}}]},
        {"statements": [{"field": "place", "value": {"lat": 22.3, "far": 1e308, "near": 5e-324}}]},
        {"statements": [{"field": "place", "value": {"\U0001f4f7": "\u2028\ufffe"}}]},
    ],
    ids=["long name", "large number", "large negative", "large and small", "odd letters"],
)
def test_an_unusual_registration_is_taken_or_refused_and_is_never_a_fault(
    post: Post, body: Json, wrong: Json
) -> None:
    assert post(body | wrong).status_code in (201, 422)


@pytest.mark.parametrize(
    "text", ['"\\ud800"', '{"\\udc00": 1}', "1e400", "NaN", "[" * 2000 + "]" * 2000]
)
def test_what_cannot_be_stored_is_refused(
    town_api: httpx2.Client, registrar: dict[str, str], body: Json, text: str
) -> None:
    written = json.dumps(body)[:-1] + f', "statements": [{{"field": "place", "value": {text}}}]}}'
    sent = registrar | {"Content-Type": "application/json"}
    assert town_api.post("/v1/assets", content=written, headers=sent).status_code == 422


def test_a_name_that_is_no_utf_8_is_kept_byte_for_byte(
    world: World, api: httpx2.Client, body: Json
) -> None:
    system = world.a_source_system()
    name = "颱風.jpg".encode("big5")
    (system.folder / name.decode("utf-8", "surrogateescape")).write_bytes(draw(2))
    assert name == b"\xbb\xe4\xad\xb7.jpg"
    said = body | {"source_system": system.code, "location": "%bb%E4%ad%B7.jpg"}
    registrar = world.headers("registrar", "cataloguer", department=system.department)
    asset_id = api.post("/v1/assets", json=said, headers=registrar).json()["asset_id"]
    world.work()
    shown = api.get(f"/v1/assets/{asset_id}", headers=registrar).json()
    assert (shown["reading"], shown["location"]) == ("nothing_found", "%BB%E4%AD%B7.jpg")


def test_registering_hashes_nothing_and_keeps_claims_as_claims(
    town: World, system: System, post: Post, body: Json
) -> None:
    content = (system.folder / body["location"]).read_bytes()
    wrong = hashlib.sha256(b"another file").hexdigest()
    claims = [{"algorithm": "sha256", "value": wrong}]
    asset_id = post(body | {"claims": claims}).json()["asset_id"]
    [[change]] = town.find(
        "SELECT change FROM provenance_versions WHERE asset_id = :id", id=asset_id
    )
    assert change == {"registered": True, "claims": claims}
    assert town.find("SELECT id FROM fingerprints WHERE asset_id = :id", id=asset_id) == []
    assert town.find("SELECT * FROM sightings WHERE asset_id = :id", id=asset_id) == []
    for algorithm in ("md5", "sha1", "sha256", "sha512"):
        assert not mentions(town, hashlib.new(algorithm, content).digest())


def mentions(town: World, digest: bytes) -> bool:
    """Tell whether a digest stands anywhere in the database, as hex or as bytes."""
    tables = town.find(
        "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'",
        role="catalogue_owner",
    )
    return any(
        town.find(
            f"SELECT FROM {table} t WHERE strpos(lower(t::text), :hex) > 0 LIMIT 1",
            role="catalogue_owner",
            hex=digest.hex(),
        )
        for [table] in tables
    )


def test_eight_at_once_register_one_asset(post: Post, body: Json, town: World) -> None:
    start, answers = Barrier(8), []

    def send() -> None:
        start.wait()
        answers.append(post(body))

    threads = [Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    [asset_id] = {answer.json()["asset_id"] for answer in answers}
    found = town.find("SELECT kind FROM events WHERE asset_id = :id", id=asset_id)
    assert [row.kind for row in found] == ["ing"]


def test_each_of_a_batch_is_registered_for_itself(town: World, system: System, body: Json) -> None:
    good = Registration(**body)
    other = Registration(**(body | {"original_name": "other.jpg"}))
    bad = Registration(**(body | {"location": "../x"}))
    nowhere = Registration(**(body | {"source_system": "nowhere"}))
    caller = town.someone("registrar", department=system.department)
    with town.api.transaction() as db:
        outcomes = register(db, caller, [bad, good, good, other, nowhere])
        assert register(db, caller, []) == []
    told = [one.code if isinstance(one, Refusal) else one.new for one in outcomes]
    assert told == ["location-malformed", True, True, "registered-otherwise", "not-found"]
    first, second = (one for one in outcomes if isinstance(one, Registered))
    assert first.asset_id == second.asset_id


CARDS = {"kind": "imported", "catalogue": "Cards", "record": "7"}


def carried(field: str, value: object) -> Json:
    return {"field": field, "value": value, "source": CARDS}


def test_a_catalogues_words_come_with_the_registration_as_imported(
    town_api: httpx2.Client, registrar: dict[str, str], post: Post, body: Json
) -> None:
    said = body | {"statements": [carried("title", "A tram"), {"field": "creator", "value": "Lee"}]}
    answer = post(said)
    assert (answer.status_code, post(said).status_code) == (201, 200), answer.text
    at = f"/v1/assets/{answer.json()['asset_id']}/provenance"
    fields = town_api.get(at, headers=registrar).json()["fields"]
    places = {
        s["field"]: (s["source_kind"], s["locator"])
        for field in fields
        for s in field["statements"]
        for field in fields
        for s in field["statements"]
    }
    assert places["title"] == ("imported", "catalogue:Cards#7")
    assert places["creator"] == ("asserted", "api")


def test_the_law_is_not_carried_over_by_a_registration(post: Post, body: Json) -> None:
    said = body | {"statements": [carried("title", "A tram"), carried("legal_basis", ["deed"])]}
    refused = post(said)
    assert (refused.status_code, refused.json()["code"]) == (422, "must-be-asserted")
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/statements/1"]


def test_what_a_policy_leaves_to_a_role_is_not_carried_over_by_a_registration(
    town: World, body: Json
) -> None:
    city = deepcopy(packaged_documents()[0])
    city["policy"] |= {"id": "own-word", "status": "published", "effective_from": "2026-01-01"}
    city["completeness"]["fields"]["creator"]["confirmed_by_role"] = "curator"
    with town.owner.transaction() as db:
        record_document(db, city)
    store = town.a_source_system(town.a_department(policy="own-word"))
    said = body | {"source_system": store.code, "statements": [carried("creator", "Lee")]}
    caller = town.someone("registrar", department=store.department)
    with town.api.transaction() as db:
        [refused] = register(db, caller, [Registration(**said)])
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.detail.split(" and name")[0]) == (
        "must-be-asserted",
        "creator is asserted, not carried over: leave `source` out, as a curator,",
    )


def test_a_registration_without_a_source_says_what_it_always_said(body: Json) -> None:
    plain = Registration(**body, statements=[{"field": "title", "value": "A tram"}]).facts()
    assert plain["statements"] == [
        {"field": "title", "value": "A tram", "lang": None, "unknown_reason": None}
        | {"certainty": None, "evidence": None}
    ]
    assert Registration(**body, statements=[carried("title", "A tram")]).facts() != plain


def test_an_asset_is_shown_and_never_deleted_by_address(
    town_api: httpx2.Client, town: World, post: Post, body: Json
) -> None:
    auditor = town.headers("auditor")
    at = f"/v1/assets/{post(body).json()['asset_id']}"
    shown = town_api.get(at, headers=auditor)
    assert (shown.headers["ETag"][:3], shown.json()["legal_status"]) == ('"1.', ["undetermined"])
    assert shown.json()["reading"] is None
    refused = town_api.delete(at, headers=auditor)
    assert (refused.status_code, refused.json()["code"]) == (405, "deletion-not-here")
    stranger = town.headers("cataloguer", department=town.a_department())
    for path in (at, f"{at}/events", f"/v1/assets/{uuid4()}"):
        assert town_api.get(path, headers=stranger).status_code == 404


def test_what_happened_to_an_asset_is_listed_with_its_place_in_the_log(
    town_api: httpx2.Client, town: World, post: Post, body: Json
) -> None:
    asset_id = post(body).json()["asset_id"]
    at, auditor = f"/v1/assets/{asset_id}/events", town.headers("auditor")
    [before] = town_api.get(at, headers=auditor).json()["items"]
    assert (before["kind"], before["log_index"]) == ("ing", None)
    assert before["detail"]["registered"]["source_identifier"] == body["source_identifier"]
    town.number()
    [after] = town_api.get(at, headers=auditor).json()["items"]
    assert after["log_index"] >= 0
