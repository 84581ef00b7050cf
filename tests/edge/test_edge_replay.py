"""Every write of the contract, sent again and all at once under its key: one effect, one answer."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from likes import a_likeness, hashed
from sqlalchemy import text
from world import World

from app.assets.hindrances import STRIKES, strike
from app.catalogue.spool import Announced, begin
from app.main import create_app
from app.overview.service import ask
from app.people.roles import Principal
from app.policies.packaged import packaged_documents
from app.publishing.assignments import propose_assignment
from app.publishing.models import PolicyDraftRow
from app.publishing.service import edition_of, keep_draft, propose
from app.readings.rereading import Asked as AskedFor
from app.readings.rereading import begin as begin_again

WRITES = {
    operation["operationId"]
    for path, item in create_app().openapi()["paths"].items()
    for method, operation in item.items()
    if method not in {"get", "head"} and path.startswith("/v1")
}
CHANGE_NOTHING = {
    "check_eligibility",  # a question that is too long for an address
    "validate_policy",  # the same
    "refuse_deletion",  # always 405
}
BY_PLACE = {"upload_content"}  # bytes are told from a repeat by where they go, not by a key
IN_FLIGHT = {"request-in-flight", "import-in-progress"}
TABLES = (
    "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
)


@dataclass(frozen=True)
class Asked:
    """One request of a person with one key."""

    method: str
    path: str
    headers: dict[str, str]
    json: dict[str, Any] | None = None
    content: bytes | None = None
    adds: dict[str, int] = field(default_factory=dict)  # rows by table, at least
    goes_on: bool = False  # the answer shows work that goes on, and its own table keeps the key

    def send(self, api: httpx2.Client, key: str, **other: str) -> httpx2.Response:
        headers = {**self.headers, "Idempotency-Key": key, **other}
        body = {"json": self.json} if self.content is None else {"content": self.content}
        return api.request(self.method, self.path, headers=headers, **body)


# -- one sentence for each write of the contract: a new one fails until it has its own -------------

Case = Callable[[World], Iterator[Asked]]
CASES: dict[str, Case] = {}


def case(made: Case) -> Case:
    CASES[made.__name__] = made
    return made


@case
def add_department(world: World) -> Iterator[Asked]:
    headers = world.headers("operator")
    for code in ("parks", "roads"):
        body = {"code": code, "label": {"en": code}, "body_kind": "other"}
        yield Asked("POST", "/v1/departments", headers, body, adds={"departments": 1, "events": 1})


@case
def state_body_kind(world: World) -> Iterator[Asked]:
    headers = world.headers("operator")
    while True:
        path = f"/v1/departments/{world.a_department()}/body-kind"
        body = {"body_kind": "charity", "reason": "by its deed"}
        yield Asked("POST", path, headers, body, adds={"events": 1})


@case
def add_person(world: World) -> Iterator[Asked]:
    headers = world.headers("operator")
    while True:
        body = {"name": "Ada Wong"}
        yield Asked("POST", "/v1/persons", headers, body, adds={"persons": 1, "events": 1})


@case
def give_api_key(world: World) -> Iterator[Asked]:
    headers, person = world.headers("operator"), str(world.a_person())
    while True:
        body = {"person_id": person, "roles": ["auditor"]}
        yield Asked("POST", "/v1/api-keys", headers, body, adds={"api_keys": 1, "events": 1})


@case
def revoke_api_key(world: World) -> Iterator[Asked]:
    headers = world.headers("operator")
    while True:
        key_id = world.a_key("auditor").split("_")[1]
        yield Asked("POST", f"/v1/api-keys/{key_id}/revoke", headers, adds={"events": 1})


@case
def add_source_system(world: World) -> Iterator[Asked]:
    headers, department = world.headers("operator"), world.a_department()
    for code in ("shelf", "platform"):
        (world.folder / code).mkdir()
        body = {
            "code": code,
            "department": department,
            "label": {"en": code},
            "root": f"{(world.folder / code).as_uri()}/",
            "custody_kind": "department",
            "failure_domain": code,
            "removable": False,
            "custody_ends_on": "none",
        }
        adds = {"source_systems": 1, "events": 1}
        yield Asked("POST", "/v1/source-systems", headers, body, adds=adds)


def registration(system: str, name: str) -> dict[str, Any]:
    return {
        "source_system": system,
        "source_identifier": name,
        "location": name,
        "original_name": name,
        "legal_status": ["institution_owned_non_record"],
    }


@case
def register_asset(world: World) -> Iterator[Asked]:
    system = world.a_source_system()
    headers = world.headers("registrar", department=system.department)
    for name in ("a.jpg", "b.jpg"):
        body = registration(system.code, name)
        yield Asked(
            "POST", "/v1/assets", headers, body, adds={"assets": 1, "procrastinate_jobs": 2}
        )


def lines(system: str, *names: str) -> bytes:
    said = [registration(system, name) for name in names]
    return b"".join(httpx2.Request("POST", "http://x", json=s).content + b"\n" for s in said)


@case
def import_assets(world: World) -> Iterator[Asked]:
    system = world.a_source_system()
    headers = world.headers("registrar", department=system.department)
    headers["Content-Type"] = "application/x-ndjson"
    for name in ("a.jpg", "longer.jpg"):
        body = lines(system.code, name)
        adds = {"operations": 1, "imports": 1}
        yield Asked("POST", "/v1/imports", headers, content=body, adds=adds, goes_on=True)


@case
def scan_folder(world: World) -> Iterator[Asked]:
    system = world.a_source_system()
    headers = world.headers("registrar", department=system.department)
    headers["Content-Type"] = "application/x-ndjson"
    for name in ("a.jpg", "longer.jpg"):
        path, body = f"/v1/scans?source_system={system.code}", lines(system.code, name)
        adds = {"operations": 1, "imports": 1}
        yield Asked("POST", path, headers, content=body, adds=adds, goes_on=True)


@case
def cancel_operation(world: World) -> Iterator[Asked]:
    system = world.a_source_system()
    headers = world.headers("registrar", department=system.department)
    caller = world.someone("registrar", department=system.department)
    for name in ("one", "another"):
        with world.api.transaction() as db:
            receiving = begin(db, caller, Announced(name, None, None))
        yield Asked("POST", f"/v1/operations/{receiving}/cancel", headers, adds={"events": 1})


@case
def release_set_aside(world: World) -> Iterator[Asked]:
    headers = world.headers("operator")
    while True:
        asset_id = world.an_asset()
        with world.worker.transaction() as db:
            for _ in range(STRIKES):
                strike(db, stage="readings", asset_id=asset_id, reason="It failed.")
        [[one]] = world.find("SELECT id FROM set_aside WHERE asset_id = :id", id=asset_id)
        path, body = f"/v1/set-aside/{one}/release", {"reason": "The file was mended."}
        yield Asked("POST", path, headers, body, adds={"set_aside_releases": 1, "events": 1})


@case
def begin_rereading(world: World) -> Iterator[Asked]:
    headers = world.headers("operator")
    world.an_asset()
    world.work()
    while True:
        body = {"reason": "ExifTool was upgraded."}
        adds = {"rereadings": 1, "reread_assets": 1, "operations": 1, "events": 1}
        yield Asked("POST", "/v1/rereadings", headers, body, adds=adds)


@case
def cancel_rereading(world: World) -> Iterator[Asked]:
    headers = world.headers("operator")
    world.an_asset()
    world.work()
    while True:
        caller = world.someone("operator")
        with world.api.transaction() as db:
            begun = begin_again(db, caller, AskedFor(), "ExifTool was upgraded.")
        yield Asked("POST", f"/v1/rereadings/{begun}/cancel", headers, adds={"events": 1})


@case
def change_provenance(world: World) -> Iterator[Asked]:
    system = world.a_source_system()
    headers = world.headers("cataloguer", department=system.department) | {"If-Match": '"1"'}
    while True:
        path = f"/v1/assets/{world.an_asset(system)}/provenance"
        body = {"assert": [{"field": "title", "value": "A tram"}]}
        adds = {"provenance_versions": 1, "events": 1}
        yield Asked("PATCH", path, headers, body, adds=adds)


@case
def change_records(world: World) -> Iterator[Asked]:
    system = world.a_source_system()
    asset = str(world.an_asset(system))
    headers = world.headers("cataloguer", department=system.department)
    headers["Content-Type"] = "application/x-ndjson"
    for title in ("A", "Longer"):
        said = {"asset_id": asset, "assert": [{"field": "title", "value": title}]}
        body = httpx2.Request("POST", "http://x", json=said).content + b"\n"
        adds = {"operations": 1, "imports": 1}
        yield Asked("POST", "/v1/record-changes", headers, content=body, adds=adds, goes_on=True)


@case
def change_records_alike(world: World) -> Iterator[Asked]:
    system = world.a_source_system()
    world.an_asset(system)
    headers = world.headers("cataloguer", department=system.department)
    for title in ("A", "B"):
        body = {
            "which": {"source_system": system.code},
            "change": {"assert": [{"field": "title", "value": title}]},
            "preview": False,
        }
        adds = {"operations": 1, "imports": 1, "procrastinate_jobs": 1}
        yield Asked("POST", "/v1/record-changes/alike", headers, body, adds=adds)


@case
def rehome_collection(world: World) -> Iterator[Asked]:
    system = world.a_source_system()
    world.an_asset(system)
    to = world.a_source_system(system.department)
    headers = world.headers("records_manager", department=system.department)
    for reason in ("Moved.", "Moved again."):
        body = {
            "which": {"source_system": system.code},
            "move": {"to_system": to.code, "reason": reason},
            "preview": False,
        }
        adds = {"operations": 1, "imports": 1, "procrastinate_jobs": 1}
        yield Asked("POST", "/v1/rehomings", headers, body, adds=adds)


@case
def withdraw_asset(world: World) -> Iterator[Asked]:
    system = world.a_source_system()
    headers = world.headers("records_manager", department=system.department) | {"If-Match": '"1"'}
    while True:
        path, body = f"/v1/assets/{world.an_asset(system)}/withdraw", {"reason": "Not ours."}
        yield Asked("POST", path, headers, body, adds={"withdrawals": 1, "events": 1})


@case
def dismiss_likeness(world: World) -> Iterator[Asked]:
    system = world.a_source_system()
    headers = world.headers("curator", department=system.department)
    while True:
        one, other = world.an_asset(system), world.an_asset(system)
        hashed(world, one, other)
        path = f"/v1/likenesses/{a_likeness(world, one, other)}/dismissal"
        body = {"reason": "Two trams on one day."}
        yield Asked("POST", path, headers, body, adds={"dismissed_pairs": 1, "events": 1})


@case
def add_series(world: World) -> Iterator[Asked]:
    system = world.a_source_system()
    headers = world.headers("cataloguer", department=system.department)
    for code in ("hkrs-156", "hkrs-157"):
        body = {
            "code": code,
            "source_system": system.code,
            "identifier_prefix": f"{code}-",
            "label": {"en": code},
        }
        yield Asked("POST", "/v1/series", headers, body, adds={"series": 1, "events": 1})


@case
def state_for_series(world: World) -> Iterator[Asked]:
    system = world.a_source_system()
    world.an_asset(system)
    headers = world.headers("cataloguer", department=system.department)
    path = f"/v1/series/source-system/{system.code}/provenance"
    for number in range(2):
        headers |= {"If-Match": f'"{number}"'}
        body = {"assert": [{"field": "custodian", "value": f"Unit {number}"}]}
        yield Asked("PATCH", path, headers, body, adds={"operations": 1})


# -- what is to be shown ---------------------------------------------------------------------------


# -- policies: each signature is a row of its own --------------------------------------------------


def overlay(number: int) -> dict[str, Any]:
    newsroom = next(d for d in packaged_documents() if d.get("policy", {}).get("id") == "newsroom")
    header = {"id": f"overlay-{number}", "status": "draft", "effective_from": "2100-01-01"}
    return {"policy": newsroom["policy"] | header, "disposal": {"cooling_off_days": 99}}


def officer(world: World) -> Principal:
    return world.someone("policy_officer")


def drafted(world: World, number: int) -> PolicyDraftRow:
    with world.api.transaction() as db:
        return keep_draft(db, officer(world), edition_of(overlay(number)))[0]


def signature(draft: PolicyDraftRow, what: str) -> tuple[str, dict[str, Any]]:
    path = f"/v1/policies/{draft.document_id}/versions/{draft.version}/{what}"
    return path, {"digest": draft.digest, "reason": "as decided"}


@case
def draft_policy(world: World) -> Iterator[Asked]:
    headers = world.headers("policy_officer")
    for number in count():
        adds = {"policy_drafts": 1, "events": 1}
        yield Asked("POST", "/v1/policies", headers, overlay(number), adds=adds)


@case
def propose_policy(world: World) -> Iterator[Asked]:
    headers = world.headers("policy_officer")
    for number in count():
        path, body = signature(drafted(world, number), "proposals")
        yield Asked("POST", path, headers, body, adds={"policy_proposals": 1, "events": 1})


@case
def approve_policy(world: World) -> Iterator[Asked]:
    headers = world.headers("policy_officer")
    for number in count():
        draft = drafted(world, number)
        with world.api.transaction() as db:
            propose(db, officer(world), draft, "as decided")
        path, body = signature(draft, "approvals")
        adds = {"policy_approvals": 1, "policy_versions": 1, "events": 2}
        yield Asked("POST", path, headers, body, adds=adds)


@case
def stamp_instrument(world: World) -> Iterator[Asked]:
    headers = world.headers("policy_officer")
    for instrument in ("hk-cap-142", "hk-cap-486-s26", "hk-gc-2-2009", "cn-archives-law-2020"):
        path, body = f"/v1/legal-instruments/{instrument}/stamps", {"note": "read", "reason": "r"}
        adds = {"policy_drafts": 1, "policy_proposals": 1, "events": 2}
        yield Asked("POST", path, headers, body, adds=adds)


@case
def propose_department_policy(world: World) -> Iterator[Asked]:
    headers = world.headers("policy_officer")
    while True:
        path = f"/v1/departments/{world.a_department()}/policy-proposals"
        body = {"policy_id": "newsroom", "reason": "as decided"}
        yield Asked("POST", path, headers, body, adds={"policy_proposals": 1, "events": 1})


@case
def approve_department_policy(world: World) -> Iterator[Asked]:
    headers = world.headers("policy_officer")
    while True:
        code = world.a_department()
        with world.api.transaction() as db:
            made = propose_assignment(db, officer(world), code, "newsroom", "as decided")
        path, body = f"/v1/departments/{code}/policy-approvals", {"reason": "as decided"}
        adds = {"policy_approvals": 1, "events": 1}
        yield Asked("POST", path, headers, body | {"proposal_id": str(made)}, adds=adds)


@case
def simulate_policy(world: World) -> Iterator[Asked]:
    headers = world.headers("dashboard")
    world.an_asset()
    while True:
        path = "/v1/policies/hk-city-default/simulations"
        adds = {"operations": 1, "simulations": 1, "procrastinate_jobs": 1}
        yield Asked("POST", path, headers, {"version": "1.0.0"}, adds=adds)


@case
def cancel_simulation(world: World) -> Iterator[Asked]:
    headers, caller = world.headers("dashboard"), world.someone("dashboard")
    world.an_asset()
    said: dict[str, Any] = {"document": None, "version": "1.0.0", "departments": []}
    while True:
        with world.api.transaction() as db:
            made = ask(db, caller, "hk-city-default", **said)
        yield Asked("POST", f"/v1/simulations/{made}/cancel", headers)


def test_every_write_of_the_contract_has_its_sentence() -> None:
    assert CASES.keys() == WRITES - CHANGE_NOTHING - BY_PLACE


def counted(world: World) -> dict[str, int]:
    names = [name for [name] in world.find(TABLES, "catalogue_owner")]
    each = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in names)  # noqa: S608
    return {name: count for name, count in world.find(each, "catalogue_owner")}  # noqa: C416


def grown(world: World, before: dict[str, int]) -> dict[str, int]:
    after = counted(world)
    return {name: after[name] - before[name] for name in after if after[name] != before[name]}


def told(answer: httpx2.Response) -> tuple[object, ...]:
    """Return what two answers to one request share."""
    kept = [answer.headers.get(name) for name in ("Location", "ETag", "Retry-After")]
    return answer.status_code, answer.content, answer.headers.get("Content-Type"), *kept


@pytest.mark.parametrize("operation", sorted(CASES))
def test_a_write_sent_three_times_and_then_all_at_once(
    api: httpx2.Client, world: World, operation: str
) -> None:
    requests = CASES[operation](world)
    asked, before = next(requests), counted(world)
    first, second, third = (asked.send(api, "key-1") for _ in range(3))
    assert first.is_success, first.text
    assert "Idempotency-Replayed" not in first.headers
    effect = grown(world, before)
    kept = {} if asked.goes_on else {"idempotency_keys": 1}
    assert effect.items() >= (asked.adds | kept).items()
    for again in (second, third):
        replayed_as(first, again, goes_on=asked.goes_on)

    asked, before = next(requests), counted(world)
    together = at_once(lambda: until_answered(api, asked, "key-2"))
    assert grown(world, before) == effect
    original = next(one for one in together if one.is_success and not replayed(one))
    for again in together:
        if again is not original:
            replayed_as(original, again, goes_on=asked.goes_on)


def replayed(answer: httpx2.Response) -> bool:
    return answer.headers.get("Idempotency-Replayed") == "true"


def replayed_as(first: httpx2.Response, again: httpx2.Response, *, goes_on: bool) -> None:
    if goes_on:
        assert again.status_code == first.status_code
        assert again.headers["Location"] == first.headers["Location"]
    elif first.headers.get("Cache-Control") == "no-store":
        body = again.json()
        assert (again.status_code, body["code"]) == (409, "answer-withheld")
        assert first.headers["Location"] in body["detail"]
        assert first.json()["key"] not in again.text
    else:
        assert replayed(again)
        assert told(again) == told(first)


def at_once(send: Callable[[], httpx2.Response], many: int = 5) -> list[httpx2.Response]:
    start = threading.Barrier(many)

    def one() -> httpx2.Response:
        start.wait(10)
        return send()

    with ThreadPoolExecutor(many) as pool:
        return [sent.result() for sent in [pool.submit(one) for _ in range(many)]]


def until_answered(api: httpx2.Client, asked: Asked, key: str) -> httpx2.Response:
    for _ in range(100):
        answer = asked.send(api, key)
        if answer.status_code != 409 or answer.json()["code"] not in IN_FLIGHT:
            return answer
        assert answer.headers["Retry-After"]
        time.sleep(0.05)
    raise AssertionError


def test_a_key_stands_for_one_request(api: httpx2.Client, world: World) -> None:
    asked = next(add_department(world))
    asked.send(api, "k")
    other = Asked("POST", asked.path, asked.headers, {"code": "x", "label": {"en": "X"}})
    elsewhere = Asked("POST", "/v1/persons", asked.headers, asked.json)
    query = Asked("POST", f"{asked.path}?a=1", asked.headers, asked.json)
    for different in (other, query):
        refused = different.send(api, "k")
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency-key-reused")
    assert elsewhere.send(api, "k").status_code == 422
    assert asked.send(api, "k", **{"If-Match": '"7"'}).json()["code"] == "idempotency-key-reused"
    turned = dict(reversed(list((asked.json or {}).items())))
    again = Asked("POST", asked.path, asked.headers, turned).send(api, "k")
    assert again.headers["Idempotency-Replayed"] == "true", "the order of members says nothing"


def test_a_key_belongs_to_whoever_sent_it(api: httpx2.Client, world: World) -> None:
    mine, theirs = next(add_person(world)), next(add_person(world))
    theirs = Asked("POST", theirs.path, world.headers("operator"), theirs.json)
    ids = {one.send(api, "the-same").json()["id"] for one in (mine, theirs)}
    assert len(ids) == 2


def test_a_replay_needs_the_right_that_the_change_needed(api: httpx2.Client, world: World) -> None:
    asked = next(add_person(world))
    asked.send(api, "k")
    for headers, status in (({}, 401), (world.headers("auditor"), 403)):
        assert Asked("POST", asked.path, headers, asked.json).send(api, "k").status_code == status
    ended = "UPDATE api_keys SET revoked_at = clock_timestamp()"
    world.find(ended, "catalogue_owner")
    assert asked.send(api, "k").status_code == 401


def test_what_was_refused_may_be_tried_again(api: httpx2.Client, world: World) -> None:
    system = world.a_source_system()
    headers = world.headers("registrar", department=system.department)
    body = registration("not-there-yet", "a.jpg")
    asked = Asked("POST", "/v1/assets", headers, body)
    assert asked.send(api, "k").status_code in {404, 409}
    assert world.find("SELECT 1 FROM idempotency_keys") == []
    world.a_source_system(system.department, code="not-there-yet")
    done = asked.send(api, "k")
    assert (done.status_code, "Idempotency-Replayed" in done.headers) == (201, False)


def test_while_the_first_is_at_work_the_second_is_told_so(api: httpx2.Client, world: World) -> None:
    asked = next(add_person(world))
    mine = asked.headers["Authorization"].split("_")[1]
    held = "SELECT pg_try_advisory_xact_lock(hashtextextended('idempotency/' || :by || '/k', 0))"
    with world.api.transaction() as db:
        assert db.scalar(text(held), {"by": mine})
        waiting = asked.send(api, "k")
        assert (waiting.status_code, waiting.json()["code"]) == (409, "request-in-flight")
        assert waiting.headers["Retry-After"] == "1"
        assert asked.send(api, "another").is_success
    assert asked.send(api, "k").is_success


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "\xe9", "a\tb"])
def test_what_is_no_key(town_api: httpx2.Client, town: World, key: str) -> None:
    headers = [
        (b"Authorization", town.headers("operator")["Authorization"].encode()),
        (b"Idempotency-Key", key.encode("latin-1")),
    ]
    answer = town_api.post("/v1/persons", json={"name": "Ada"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-malformed")


def test_two_keys_are_none(town_api: httpx2.Client, town: World) -> None:
    value = town.headers("operator")["Authorization"].encode()
    twice = [(b"Authorization", value)] + [(b"Idempotency-Key", b"k")] * 2
    answer = town_api.post("/v1/persons", json={"name": "Ada"}, headers=twice)
    assert answer.json()["code"] == "idempotency-key-malformed"


def test_a_secret_is_kept_nowhere(api: httpx2.Client, world: World) -> None:
    secret = next(give_api_key(world)).send(api, str(uuid4())).json()["key"]
    [[dump]] = world.find("SELECT string_agg(k::text, '') FROM idempotency_keys k")
    assert secret not in dump
    assert secret.encode().hex() not in dump
