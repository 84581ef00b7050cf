"""Recording versions, and which of them holds today."""

from copy import deepcopy
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.ledger.canonical import digest_of
from app.policies.documents import Kind
from app.policies.errors import (
    NoPolicyInForce,
    PolicyLoosens,
    PolicyMalformed,
    VersionImmutable,
)
from app.policies.models import PolicyVersionRow
from app.policies.packaged import packaged_documents
from app.policies.queries import recorded_so_far
from app.policies.rules.in_force import RegisterVersion
from app.policies.service import (
    document_in_force,
    load_packaged,
    policy_in_force,
    published_versions,
    record_document,
    recorded_document,
    recorded_versions,
    registers_in_force,
    supposed_in_force,
)
from app.policies.supposed import supposed_registers

DRAWN = UUID(int=7)
PACKAGED = {(d.get("policy") or d["register"])["id"]: d for d in packaged_documents()}


def edition(of: str, **header: object) -> dict[str, Any]:
    """Return a packaged document under another header."""
    document = deepcopy(PACKAGED[of])
    document["policy" if "policy" in document else "register"] |= header
    return document


def a_base(**header: object) -> dict[str, Any]:
    """Return a base policy of its own name, which no loader has recorded."""
    return edition("hk-city-default", id="a-base", effective_from="2026-01-01", **header)


def an_overlay(**header: object) -> dict[str, Any]:
    document = edition("newsroom", **{"id": "an-overlay", **header})
    return {"policy": document["policy"], "disposal": {"cooling_off_days": 99}}


def test_the_packaged_documents_are_recorded_once(db: Session) -> None:
    assert load_packaged(db) == 6
    assert load_packaged(db) == 0
    assert set(db.scalars(select(PolicyVersionRow.document_id))) == set(PACKAGED)


def test_only_absent_documents_are_recorded(db: Session) -> None:
    record_document(db, PACKAGED["hk-city-default"])
    record_document(db, a_base())
    assert load_packaged(db) == 5
    assert db.scalar(select(func.count()).select_from(PolicyVersionRow)) == 7


def test_a_digest_survives_the_database(db: Session) -> None:
    version_id = record_document(db, a_base())
    db.expire_all()
    row = db.get_one(PolicyVersionRow, version_id)
    assert row.digest == digest_of(a_base()) == digest_of(row.document)
    assert row.kind == "policy"
    assert row.recorded_at.utcoffset() is not None


def test_the_same_document_again_is_the_same_version(db: Session) -> None:
    assert record_document(db, a_base()) == record_document(db, a_base())


def test_a_recorded_version_can_never_say_anything_else(db: Session) -> None:
    record_document(db, a_base())
    changed = a_base()
    changed["disposal"]["cooling_off_days"] = 15
    with pytest.raises(VersionImmutable, match=r"a-base@1\.0\.0 is recorded with the digest"):
        record_document(db, changed)


def test_the_loader_refuses_a_stored_version_that_says_something_else(db: Session) -> None:
    record_document(db, edition("hk-city-default", authority=["another"]))
    with pytest.raises(VersionImmutable, match=r"hk-city-default@1\.0\.0"):
        load_packaged(db)


@pytest.mark.parametrize("of", ["legal-status", "legal-instruments"])
def test_a_register_is_recorded_like_a_policy(db: Session, of: str) -> None:
    version_id = record_document(db, edition(of, version="1.0.7"))
    assert db.get_one(PolicyVersionRow, version_id).document_id == of


def test_an_overlay_is_recorded_over_its_recorded_base_only(db: Session) -> None:
    with pytest.raises(PolicyMalformed, match=r"a-base@1\.0\.0 is not recorded"):
        record_document(db, an_overlay(extends="a-base@1.0.0"))
    record_document(db, a_base())
    version_id = record_document(db, an_overlay(extends="a-base@1.0.0"))
    assert db.get_one(PolicyVersionRow, version_id).document == an_overlay(extends="a-base@1.0.0")


def test_an_overlay_that_loosens_is_not_recorded(db: Session) -> None:
    load_packaged(db)
    looser = an_overlay() | {"disposal": {"cooling_off_days": 1}}
    with pytest.raises(PolicyLoosens, match="/disposal/cooling_off_days from 14 to 1"):
        record_document(db, looser)
    row = select(PolicyVersionRow).where(PolicyVersionRow.document_id == "an-overlay")
    assert db.scalars(row).all() == []


def test_a_malformed_document_is_not_recorded(db: Session) -> None:
    with pytest.raises(PolicyMalformed):
        record_document(db, a_base(status="final"))


def test_without_a_name_the_citys_policy_is_in_force(db: Session) -> None:
    load_packaged(db)
    assert policy_in_force(db, None) == policy_in_force(db, "hk-city-default")
    held = policy_in_force(db, None)
    assert (held.id, held.version, held.status) == ("hk-city-default", "1.0.0", "example")
    assert held.digest == digest_of(PACKAGED["hk-city-default"])


def test_an_overlay_in_force_is_base_and_overlay_together(db: Session) -> None:
    load_packaged(db)
    held = policy_in_force(db, "hk-film-archive")
    assert held.effective.duplicate_standard.min_verified_copies == 3
    assert held.effective.disposal.permit_valid_hours == 24
    assert "creator" in held.effective.completeness.fields
    assert held.digest == digest_of(PACKAGED["hk-film-archive"])


def test_an_overlay_of_an_overlay_holds_all_three(db: Session) -> None:
    record_document(db, a_base())
    record_document(db, an_overlay(extends="a-base@1.0.0"))
    third = an_overlay(id="a-third", extends="an-overlay@1.0.0")
    record_document(db, third | {"disposal": {"permit_valid_hours": 1}})
    disposal = policy_in_force(db, "a-third").effective.disposal
    assert (disposal.cooling_off_days, disposal.permit_valid_hours) == (99, 1)


def test_versions_are_ordered_as_numbers_and_not_as_text(db: Session) -> None:
    for version in ("1.9.0", "1.10.0", "1.2.11"):
        record_document(db, a_base(version=version))
    assert policy_in_force(db, "a-base").version == "1.10.0"


def test_a_published_version_goes_before_a_higher_example(db: Session) -> None:
    record_document(db, a_base(version="2.0.0"))
    record_document(db, a_base(version="1.0.0", status="published"))
    held = policy_in_force(db, "a-base")
    assert (held.version, held.status) == ("1.0.0", "published")


@pytest.mark.parametrize("status", ["draft", "superseded"])
def test_drafts_and_superseded_versions_are_never_in_force(db: Session, status: str) -> None:
    record_document(db, a_base(status=status))
    with pytest.raises(
        NoPolicyInForce, match="No published or example version of the policy a-base"
    ):
        policy_in_force(db, "a-base")


def test_a_version_is_in_force_from_its_day_on_by_the_databases_date(db: Session) -> None:
    today = db.scalar(text("SELECT current_date::text"))
    tomorrow = db.scalar(text("SELECT (current_date + 1)::text"))
    record_document(db, edition("hk-city-default", id="a-base", effective_from=today))
    later = edition("hk-city-default", id="a-base", effective_from=tomorrow, version="2.0.0")
    record_document(db, later)
    assert policy_in_force(db, "a-base").version == "1.0.0"


def test_a_published_overlay_on_an_example_says_example(db: Session) -> None:
    record_document(db, a_base())
    record_document(db, an_overlay(extends="a-base@1.0.0", status="published"))
    assert policy_in_force(db, "an-overlay").status == "example"


def test_the_registers_in_force_name_their_versions(db: Session) -> None:
    load_packaged(db)
    record_document(db, edition("legal-status", version="1.0.1"))
    registers = registers_in_force(db)
    assert len(registers.legal_statuses.statuses) == 14
    assert "hk-cap-142" in {one.id for one in registers.instruments.instruments}
    assert registers.legal_statuses_version.version == "1.0.1"
    assert registers.instruments_version.version == "1.0.0"
    row = db.get_one(PolicyVersionRow, registers.instruments_version.version_id)
    assert row.digest == registers.instruments_version.digest


def test_a_recorded_document_is_read_once(db: Session) -> None:
    load_packaged(db)
    assert policy_in_force(db, "newsroom").effective is policy_in_force(db, "newsroom").effective
    first, second = registers_in_force(db), registers_in_force(db)
    assert first.legal_statuses is second.legal_statuses
    assert first.instruments is second.instruments


def test_a_policy_takes_no_registers_name(db: Session) -> None:
    named = edition("hk-city-default", id="legal-status")
    with pytest.raises(PolicyMalformed, match="is the name of a register") as refusal:
        record_document(db, named)
    assert refusal.value.pointers.keys() == {"/policy/id"}
    assert recorded_versions(db, "legal-status") == []


def test_a_document_without_a_header_is_named_as_such(db: Session) -> None:
    with pytest.raises(PolicyMalformed, match="a document has a header"):
        record_document(db, {"policy": "the city's"})


def test_what_was_recorded_is_found_by_name_and_version(db: Session) -> None:
    load_packaged(db)
    record_document(db, a_base())
    record_document(db, a_base(version="1.1.0", status="published"))
    assert recorded_document(db, "a-base", "1.0.0") == a_base()
    assert recorded_document(db, "legal-status", "1.0.0") == PACKAGED["legal-status"]
    assert recorded_document(db, "a-base", "9.0.0") is None
    assert sorted(recorded_versions(db, "a-base")) == ["1.0.0", "1.1.0"]
    assert published_versions(db, "a-base") == ["1.1.0"]
    assert document_in_force(db, "policy", "a-base")["policy"]["version"] == "1.1.0"
    with pytest.raises(NoPolicyInForce):
        document_in_force(db, "policy", "nobodys")


def test_every_new_version_changes_the_mark_of_all(db: Session) -> None:
    marks = [db.scalar(select(recorded_so_far()))]
    for version in ("1.0.0", "1.0.1"):
        record_document(db, a_base(version=version))
        marks.append(db.scalar(select(recorded_so_far())))
    record_document(db, a_base(version="1.0.1"))
    assert db.scalar(select(recorded_so_far())) == marks[-1]
    assert len(set(marks)) == 3


def test_a_supposed_policy_holds_as_if_it_were_recorded(db: Session) -> None:
    record_document(db, a_base(status="published"))
    overlay = an_overlay(extends="a-base@1.0.0")
    held = supposed_in_force(db, overlay, DRAWN)
    assert held.effective.disposal.cooling_off_days == 99
    for draft in (a_base(version="2.0.0", status="published"), overlay):
        held = supposed_in_force(db, draft, DRAWN)
        assert (held.version_id, held.id) == (DRAWN, draft["policy"]["id"])
        assert (held.status, held.digest) == (draft["policy"]["status"], digest_of(draft))


def test_a_supposed_overlay_of_a_base_that_no_longer_holds_is_superseded(db: Session) -> None:
    record_document(db, a_base())
    record_document(db, a_base(version="1.1.0"))
    assert supposed_in_force(db, an_overlay(extends="a-base@1.0.0"), DRAWN).status == "superseded"
    assert supposed_in_force(db, an_overlay(extends="a-base@1.1.0"), DRAWN).status == "example"


@pytest.mark.parametrize(
    ("of", "kind"),
    [
        ("legal-status", "legal_status"),
        ("legal-instruments", "legal_instruments"),
        ("retention-schedules", "retention_schedules"),
    ],
)
def test_a_supposed_register_stands_in_the_place_of_one(db: Session, of: str, kind: Kind) -> None:
    load_packaged(db)
    held = registers_in_force(db)
    draft = edition(of, version="1.2.0", status="draft")
    supposed = supposed_registers(held, kind, draft, DRAWN)
    [new] = set(supposed.versions) - set(held.versions)
    assert new == RegisterVersion(DRAWN, of, "1.2.0", digest_of(draft), "draft")
    assert len(set(supposed.versions) & set(held.versions)) == 2
    assert supposed.legal_statuses == held.legal_statuses or of == "legal-status"
