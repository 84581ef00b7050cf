"""Nobody can call two files the same that are not."""

from uuid import uuid4

import pytest
from attacks import (
    CHECK,
    City,
    Refused,
    a_fingerprint,
    a_likeness,
    allowed,
    insert,
    refusal,
)

WORKER, OWNER = "catalogue_worker", "catalogue_owner"
UNEQUAL = Refused(CHECK, "likenesses_exact_is_equal", None)

KNOWN = ("reading_id", "size_bytes", "byte_token", "object_key", "sha256")
TWIN = "SELECT {} FROM fingerprints WHERE asset_id = :id"


@pytest.fixture
def standard(city: City) -> object:
    """A version under which no pair is recorded yet."""
    return city.ask("SELECT id FROM policy_versions WHERE document_id = 'newsroom'")


@pytest.mark.parametrize("role", [WORKER, OWNER])
def test_unequal_files_are_not_exact(city: City, standard: object, role: str) -> None:
    pair = a_likeness(city, city.sealed, city.other, standard_id=standard)
    assert refusal(city, role, insert("likenesses", pair)) == UNEQUAL
    pair = a_likeness(city, city.sealed, city.copy, standard_id=standard)
    allowed(city, role, insert("likenesses", pair))


def test_files_of_one_length_are_exact_by_their_digest_alone(city: City, standard: object) -> None:
    mine = [city.ask(TWIN.format(column), id=city.sealed) for column in KNOWN]
    other = a_fingerprint(city, city.sealed, **dict(zip(KNOWN, mine, strict=True)))
    pair = a_likeness(city, city.sealed, city.copy, standard_id=standard)
    side = "a" if pair["a_asset_id"] == city.sealed else "b"
    pair |= {f"{side}_fingerprint_id": other["id"]}
    same = other | {"sha256": mine[-1]}
    allowed(city, WORKER, insert("fingerprints", same), insert("likenesses", pair))
    wrong = other | {"sha256": bytes(32)}
    steps = insert("fingerprints", wrong), insert("likenesses", pair)
    assert refusal(city, WORKER, *steps) == UNEQUAL


@pytest.mark.parametrize("role", [WORKER, OWNER])
def test_empty_files_are_never_alike(city: City, standard: object, role: str) -> None:
    pair = a_likeness(city, *city.empty, standard_id=standard)
    assert refusal(city, role, insert("likenesses", pair)) == UNEQUAL


@pytest.mark.parametrize("role", [WORKER, OWNER])
def test_nobody_lies_about_one_object(city: City, standard: object, role: str) -> None:
    pair = a_likeness(city, city.sealed, city.copy, standard_id=standard, same_object=True)
    assert refusal(city, role, insert("likenesses", pair)) == UNEQUAL


def test_a_pair_stands_in_one_order(city: City, standard: object) -> None:
    pair = a_likeness(city, city.sealed, city.copy, standard_id=standard)
    turned = pair | {
        "a_asset_id": pair["b_asset_id"],
        "a_fingerprint_id": pair["b_fingerprint_id"],
        "b_asset_id": pair["a_asset_id"],
        "b_fingerprint_id": pair["a_fingerprint_id"],
    }
    assert refusal(city, WORKER, insert("likenesses", turned)).constraint == "ck_likenesses_order"
    alone = pair | {"b_asset_id": pair["a_asset_id"], "b_fingerprint_id": pair["a_fingerprint_id"]}
    alone |= {"same_object": True}
    assert refusal(city, WORKER, insert("likenesses", alone)).constraint == "ck_likenesses_order"


def test_a_pair_is_recorded_once(city: City) -> None:
    pair = a_likeness(city, city.sealed, city.copy)
    assert refusal(city, WORKER, insert("likenesses", pair)).constraint == "uq_likenesses_pair"


def test_a_class_that_the_standard_does_not_know(city: City, standard: object) -> None:
    pair = a_likeness(city, city.sealed, city.copy, standard_id=standard)
    named = pair | {"class": "looks_alike"}
    met = refusal(city, WORKER, insert("likenesses", named)).constraint
    assert met in ("likenesses_measured_pair", "ck_likenesses_class")  # the trigger speaks first


def test_a_pair_does_not_come_before_its_fingerprint_within_one_statement(
    city: City, standard: object
) -> None:
    """The statement's own fingerprint comes later than the pair that the trigger sees."""
    token = city.ask("SELECT byte_token FROM readings WHERE asset_id = :a", a=city.read)
    late = a_fingerprint(city, city.read, reading_id=city.reading_of(city.read), byte_token=token)
    a, b = sorted((city.read, city.sealed))
    ids = {city.read: late["id"], city.sealed: city.fingerprint_of(city.sealed)}
    hashing, values = insert("fingerprints", late)
    pairing = (
        "INSERT INTO likenesses (a_asset_id, a_fingerprint_id, b_asset_id, b_fingerprint_id,"
        " standard_id, class, same_object, evidence, event_id)"
        " VALUES (:a, :fa, :b, :fb, :standard, 'exact_bytes', false, '{}', :event)"
    )
    pair = {"a": a, "fa": ids[a], "b": b, "fb": ids[b], "standard": standard, "event": city.event}
    attack = (f"WITH later AS ({hashing}) {pairing}", values | pair)
    assert refusal(city, WORKER, attack) == UNEQUAL


def test_a_pair_of_nothing(city: City) -> None:
    pair = a_likeness(city, city.sealed, city.copy, a_fingerprint_id=uuid4(), standard_id=uuid4())
    assert refusal(city, WORKER, insert("likenesses", pair)).constraint
