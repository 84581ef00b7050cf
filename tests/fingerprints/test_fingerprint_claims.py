"""A digest from outside is a claim: kept as it came, compared only after the reading."""

import base64
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from contents import Uploader, repr_digest
from images import draw
from world import World, a_while_later

from app.kit.jobs import bind
from app.readings import queries
from app.readings.tasks import read_all_that_was_left

CONTENT, OTHER = draw(1), draw(2)
CHECKS = "SELECT source, algorithm, outcome FROM claim_checks WHERE asset_id = :id ORDER BY 1, 2"


@pytest.fixture(scope="module")
def someone(server: object, town: World) -> Iterator[Uploader]:
    with server.client(town.urls("catalogue_api")) as http:  # type: ignore[attr-defined]
        yield Uploader.of(town, http)


def checks(town: World, asset_id: UUID) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in town.find(CHECKS, id=asset_id)]


def test_claims_that_hold_are_said_to_hold(town: World, someone: Uploader) -> None:
    asset_id = someone.registers(
        claims=[
            {"algorithm": "md5", "value": hashlib.md5(CONTENT).hexdigest().upper()},  # noqa: S324
            {"algorithm": "blake3", "value": "ab" * 32},
        ]
    )
    claimed = f"{repr_digest(CONTENT)}, {repr_digest(CONTENT, 'sha-512')}, crc32c=:AAAAAA==:"
    assert someone.sends(asset_id, CONTENT, Repr_Digest=claimed).status_code == 201
    assert checks(town, asset_id) == []
    town.work()
    assert checks(town, asset_id) == [
        ("registration", "blake3", "unchecked"),
        ("registration", "md5", "matches"),
        ("upload", "sha256", "matches"),
        ("upload", "sha512", "matches"),
    ]
    told = [detail["outcome"] for kind, detail in someone.events(asset_id) if kind == "fix"]
    assert sorted(told) == ["matches", "matches", "matches", "unchecked"]
    assert someone.sees(asset_id)["content"] == "kept"


@pytest.mark.parametrize("algorithm", ["sha-256", "sha-512"])
def test_a_content_that_is_not_what_it_claims_is_set_aside_and_may_be_sent_again(
    town: World, someone: Uploader, algorithm: str
) -> None:
    asset_id = someone.registers()
    claim = repr_digest(CONTENT, algorithm)
    assert someone.sends(asset_id, OTHER, Repr_Digest=claim).status_code == 201
    town.work()
    assert someone.sees(asset_id)["content"] == "refused"
    answer = someone.sees(asset_id, "/eligibility")
    assert answer["status"] == "not_assessed"
    assert {"processing:refused", "processing:claim_differs"} <= set(answer["reasons"])
    kinds = [kind for kind, _ in someone.events(asset_id)]
    assert kinds[:6] == ["ing", "acc", "mee", "mes", "fix", "x:upload-refused"]
    assert someone.stands(asset_id) == ("0", "?0")
    assert someone.sends(asset_id, CONTENT, Repr_Digest=claim).status_code == 201
    town.work()
    assert someone.sees(asset_id)["content"] == "kept"
    found = someone.sees(asset_id, "/fingerprints")["items"]
    assert [one["sha256"] for one in found] == [
        hashlib.sha256(CONTENT).hexdigest(),
        hashlib.sha256(OTHER).hexdigest(),
    ]
    reasons = someone.sees(asset_id, "/eligibility")["reasons"]
    assert not [code for code in reasons if code.startswith("processing")]
    [where] = town.find(
        "SELECT s ->> 'locator' AS locator FROM provenance_versions v JOIN provenance_heads h"
        " USING (asset_id, version), jsonb_array_elements(v.statements) s"
        " WHERE v.asset_id = :id AND s ->> 'field' = 'locations'",
        id=asset_id,
    )
    [[upload_id]] = town.find(
        "SELECT id FROM uploads WHERE asset_id = :id AND state = 'kept'", id=asset_id
    )
    assert where[0] == f"upload:{upload_id}"


def test_what_was_set_aside_is_no_keeper_and_no_copy(town: World, someone: Uploader) -> None:
    wrong = base64.b64encode(bytes(32)).decode()
    sound, aside = someone.registers(), someone.registers()
    content = draw(31, size=(60, 40))
    assert someone.sends(sound, content).status_code == 201
    assert someone.sends(aside, content, Repr_Digest=f"sha-256=:{wrong}:").status_code == 201
    town.work()
    town.complete_record(aside)  # so that it has the better record of the two
    town.work()
    reasons = someone.sees(sound, "/eligibility")["reasons"]
    assert {"keeper:not_present", "copies:0<2"} <= set(reasons)
    assert someone.sees(aside, "/eligibility")["status"] == "not_assessed"


def test_a_file_by_reference_that_is_not_what_was_claimed_is_no_candidate(
    town: World, someone: Uploader
) -> None:
    name = "claimed-otherwise.jpg"
    (someone.system.folder / name).write_bytes(CONTENT)
    claims = [{"algorithm": "sha1", "value": "00" * 20}]
    asset_id = someone.registers(location=name, source_identifier=name, claims=claims)
    town.work()
    assert checks(town, asset_id) == [("registration", "sha1", "differs")]
    answer = someone.sees(asset_id, "/eligibility")
    assert answer["status"] == "not_assessed"
    assert "processing:claim_differs" in answer["reasons"]
    assert someone.sees(asset_id)["content"] == "referenced"


def test_a_content_that_came_anew_is_read_though_its_job_was_lost(
    town: World, someone: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = someone.registers()
    claim = repr_digest(CONTENT)
    assert someone.sends(asset_id, OTHER, Repr_Digest=claim).status_code == 201
    town.work()
    assert someone.sends(asset_id, CONTENT, Repr_Digest=claim).status_code == 201
    town.find("DELETE FROM procrastinate_jobs WHERE status = 'todo'")
    bind(town.worker)
    for left_alone, readings in ((timedelta(hours=1), 1), (timedelta(0), 2), (timedelta(0), 2)):
        monkeypatch.setattr(queries, "LEFT_ALONE", left_alone)
        with a_while_later():
            read_all_that_was_left()
        count = "SELECT count(*) FROM readings WHERE asset_id = :id"
        assert town.find(count, id=asset_id) == [(readings,)]
    town.work()
