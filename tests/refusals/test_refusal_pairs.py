"""Nobody can call two files the same that are not."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from attacks import (
    CHECK,
    PRIVILEGE,
    City,
    Refused,
    Row,
    Step,
    a_fingerprint,
    a_likeness,
    allowed,
    insert,
    refusal,
)
from psycopg.types.json import Jsonb

WORKER, OWNER = "catalogue_worker", "catalogue_owner"
UNEQUAL = Refused(CHECK, "likenesses_exact_is_equal", None)
NOT_MEASURED = Refused(CHECK, "likenesses_measured_pair", None)
NOT_IDENTICAL = Refused(CHECK, "likenesses_identical_is_equal", None)
NOTHING: Row = {}
OTHER_CLASSES = (
    *("identical_image_data", "derivative_reduced", "derivative_converted", "crop"),
    *("tonal_variant", "retouched_or_composite", "sequence", "re_digitisation", "unrelated"),
)

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
    for wrong in ({"sha256": bytes(32)}, {"size_bytes": other["size_bytes"] + 1}):
        steps = insert("fingerprints", same | wrong), insert("likenesses", pair)
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


# -- classes that rest on a measurement ------------------------------------------------------------


def a_measurement(city: City, one: UUID, other: UUID, **changed: object) -> Row:
    """Measure a pair, as its table has it."""
    pair = a_likeness(city, one, other)
    sides = ("a_asset_id", "a_fingerprint_id", "b_asset_id", "b_fingerprint_id")
    row: Row = {"id": uuid4(), **{side: pair[side] for side in sides}, "method": 99}
    row |= {"nominated_by": Jsonb({}), "outcome": "measured", "measured": Jsonb({"mean": 0})}
    return row | {"tools": Jsonb({}), "event_id": city.event} | changed


def a_picture(city: City, fingerprint_id: UUID, asset_id: UUID, **changed: object) -> Row:
    """Picture a fingerprint, as its table has it, by a method that goes before all others."""
    row: Row = {"id": uuid4(), "asset_id": asset_id, "fingerprint_id": fingerprint_id}
    row |= {"method": 99, "outcome": "decoded", "width": 8, "height": 8, "frames": 1}
    row |= {"bit_depth": 8, "colour": "RGB", "alpha": False, "orientation": 1, "auxiliary": 0}
    row |= {"phash": bytes(8), "dhash": bytes(8), "pdq": bytes(32)}
    row |= {"pdq_quality": 100, "turned_phash": bytes(64), "turned_pdq": bytes(256)}
    row |= {"measures": Jsonb({}), "tools": Jsonb({}), "event_id": city.event}
    return row | changed


def a_digest(city: City, fingerprint_id: UUID, asset_id: UUID, **changed: object) -> Row:
    """Digest all samples of a file, by a method that goes before all others."""
    row: Row = {"fingerprint_id": fingerprint_id, "asset_id": asset_id, "method": 99}
    row |= {"pixels_sha256": bytes(32), "frames": 1, "trailing_bytes": 0}
    return row | {"decoder": "x", "decoder_version": "1", "event_id": city.event} | changed


def judged(city: City, measurement: Row, class_: str, **changed: object) -> Step:
    """Call a measured pair something."""
    sides = {k: measurement[k] for k in measurement if k.startswith(("a_", "b_"))}
    row: Row = {"id": uuid4(), **sides, "standard_id": city.policy, "class": class_}
    row |= {"measurement_id": measurement["id"], "same_object": False}
    return insert("likenesses", row | {"evidence": Jsonb({}), "event_id": city.event} | changed)


def pictured(
    city: City, measurement: Row, looks: Row = NOTHING, samples: Row = NOTHING, differs: str = "b"
) -> list[Step]:
    """Picture and digest both sides of a pair, with what differs about one of them, and measure."""
    steps: list[Step] = []
    for side in "ab":
        cited = measurement[f"{side}_fingerprint_id"], measurement[f"{side}_asset_id"]
        looking, sampling = (looks, samples) if side == differs else (NOTHING, NOTHING)
        steps += [
            insert("visual_fingerprints", a_picture(city, *cited, **looking)),
            insert("pixel_digests", a_digest(city, *cited, **sampling)),
        ]
    return [*steps, insert("measurements", measurement)]


@pytest.mark.parametrize("class_", OTHER_CLASSES)
def test_no_class_but_exact_stands_without_a_measurement(city: City, class_: str) -> None:
    measurement = a_measurement(city, city.sealed, city.other)
    steps = pictured(city, measurement)
    step = judged(city, measurement, class_, measurement_id=None)
    assert refusal(city, OWNER, *steps, step).constraint in {
        "likenesses_measured_pair",
        "ck_likenesses_measured",
    }


@pytest.mark.parametrize("class_", [*OTHER_CLASSES, "undetermined"])
def test_no_class_rests_on_another_pairs_measurement(city: City, class_: str) -> None:
    measurement = a_measurement(city, city.sealed, city.other)
    mine = a_measurement(city, city.sealed, city.copy)
    both = [insert("measurements", row) for row in (measurement, mine)]
    step = judged(city, mine, class_, measurement_id=measurement["id"])
    assert refusal(city, WORKER, *both, step) == NOT_MEASURED


@pytest.mark.parametrize("class_", OTHER_CLASSES)
@pytest.mark.parametrize("outcome", ["undecodable", "timed_out"])
def test_what_was_not_measured_is_undetermined(city: City, class_: str, outcome: str) -> None:
    measurement = a_measurement(city, city.sealed, city.other, outcome=outcome, measured=None)
    entered = pictured(city, measurement)
    assert refusal(city, WORKER, *entered, judged(city, measurement, class_)) == NOT_MEASURED
    allowed(city, WORKER, *entered, judged(city, measurement, "undetermined"))


def test_exact_bytes_rest_on_digests_and_on_no_measurement(city: City) -> None:
    measurement = a_measurement(city, city.sealed, city.copy)
    step = judged(city, measurement, "exact_bytes")
    met = refusal(city, WORKER, insert("measurements", measurement), step)
    assert met.constraint == "ck_likenesses_measured"


DIFFERING: list[Any] = [
    pytest.param({"frames": 2}, NOTHING, id="a second page"),
    pytest.param({"bit_depth": 16}, NOTHING, id="16 bits"),
    pytest.param({"alpha": True}, NOTHING, id="alpha"),
    pytest.param({"auxiliary": 1}, NOTHING, id="a gain map beside"),
    pytest.param({"orientation": 6}, NOTHING, id="another orientation"),
    pytest.param({"icc_sha256": b"1" * 32}, NOTHING, id="another profile"),
    pytest.param({"colour_space": "Adobe RGB"}, NOTHING, id="another colour space"),
    pytest.param(NOTHING, {"pixels_sha256": b"1" * 32}, id="other samples"),
    pytest.param(NOTHING, {"pixels_sha256": None, "reason": "crashed"}, id="no samples"),
    pytest.param(NOTHING, {"trailing_bytes": 5}, id="bytes behind the end"),
    pytest.param(NOTHING, {"trailing_bytes": None}, id="an end that is not known"),
    pytest.param(NOTHING, {"method": 100}, id="samples by another method"),
]


@pytest.mark.parametrize("differs", ["a", "b"])
@pytest.mark.parametrize("role", [WORKER, OWNER])
@pytest.mark.parametrize(("looks", "samples"), DIFFERING)
def test_image_data_is_identical_under_equal_rendering_only(
    city: City, role: str, looks: Row, samples: Row, differs: str
) -> None:
    measurement = a_measurement(city, city.sealed, city.other)
    step = judged(city, measurement, "identical_image_data")
    allowed(city, role, *pictured(city, measurement), step)
    met = refusal(city, role, *pictured(city, measurement, looks, samples, differs), step)
    assert met == NOT_IDENTICAL


@pytest.mark.parametrize("differs", ["image_sha256", "rendering_sha256", "trailer_sha256"])
def test_encoded_data_is_identical_in_all_its_parts_only(city: City, differs: str) -> None:
    parts = {"image_sha256": b"4" * 32, "rendering_sha256": b"5" * 32}
    prints = []
    for number, asset_id in enumerate((city.sealed, city.other)):
        mine = [city.ask(TWIN.format(column), id=asset_id) for column in KNOWN]
        row = a_fingerprint(city, asset_id, **dict(zip(KNOWN, mine, strict=True)))
        prints.append(row | {"sha256": bytes([number]) * 32} | parts)
    changed = prints[1] | {differs: b"6" * 32}
    measurement = a_measurement(city, city.sealed, city.other)
    for row in prints:
        side = "a" if row["asset_id"] == measurement["a_asset_id"] else "b"
        measurement |= {f"{side}_fingerprint_id": row["id"]}
    seen = pictured(city, measurement, NOTHING, {"pixels_sha256": b"1" * 32})
    step = judged(city, measurement, "identical_image_data")
    first, second, other = (insert("fingerprints", row) for row in (*prints, changed))
    allowed(city, WORKER, first, second, *seen, step)
    assert refusal(city, WORKER, first, other, *seen, step) == NOT_IDENTICAL


def test_image_data_that_was_never_looked_at_is_not_identical(city: City) -> None:
    measurement = a_measurement(city, *city.empty)
    step = judged(city, measurement, "identical_image_data")
    assert refusal(city, WORKER, insert("measurements", measurement), step) == NOT_IDENTICAL


CITED = [
    ("a_asset_id", UUID(int=1), "fk_likenesses_a_asset_id_a_fingerprint_id"),
    ("b_asset_id", UUID(int=2**128 - 1), "fk_likenesses_b_asset_id_b_fingerprint_id"),
    ("standard_id", UUID(int=1), "fk_likenesses_standard_id"),
    ("event_id", UUID(int=1), "fk_likenesses_event_id"),
    ("class", "looks_alike", "ck_likenesses_class"),
]


@pytest.mark.parametrize(("column", "untrue", "speaks"), CITED)
def test_what_a_measured_judgement_cites_is_there(
    city: City, column: str, untrue: object, speaks: str
) -> None:
    measurement = a_measurement(city, city.sealed, city.other)
    steps = insert("measurements", measurement), judged(city, measurement, "crop")
    allowed(city, WORKER, *steps)
    step = judged(city, measurement, "crop", **{column: untrue})
    assert refusal(city, WORKER, steps[0], step).constraint == speaks


def test_the_copy_is_one_of_the_two(city: City) -> None:
    measurement = a_measurement(city, city.sealed, city.other)
    step = judged(city, measurement, "crop", copy_asset_id=city.copy)
    met = refusal(city, WORKER, insert("measurements", measurement), step)
    assert met.constraint == "ck_likenesses_copy"


def test_a_judgement_is_recorded_once_for_each_revision(city: City) -> None:
    measurement = a_measurement(city, city.sealed, city.other)
    entered = insert("measurements", measurement)
    again = judged(city, measurement, "tonal_variant")
    first = judged(city, measurement, "crop")
    met = refusal(city, WORKER, entered, first, again)
    assert met.constraint == "uq_likenesses_pair"
    allowed(city, WORKER, entered, first, judged(city, measurement, "crop", revision=2))


def test_only_the_worker_judges_and_only_people_dismiss(city: City) -> None:
    pair = a_likeness(city, city.sealed, city.copy)
    assert refusal(city, "catalogue_api", insert("likenesses", pair)).state == PRIVILEGE
    likeness = city.ask("SELECT id FROM likenesses LIMIT 1")
    dismissal: Row = {"a_sha256": bytes(32), "b_sha256": b"1" * 32, "department": "archive"}
    dismissal |= {"class": "crop", "copy": "neither", "method": 1, "likeness_id": likeness}
    dismissal |= {"reason": "x", "dismissed_by": "x", "event_id": city.event}
    assert refusal(city, WORKER, insert("dismissed_pairs", dismissal)).state == PRIVILEGE
    allowed(city, "catalogue_api", insert("dismissed_pairs", dismissal))
    turned = dismissal | {"a_sha256": b"1" * 32, "b_sha256": bytes(32)}
    met = refusal(city, "catalogue_api", insert("dismissed_pairs", turned))
    assert met.constraint == "ck_dismissed_pairs_order"
