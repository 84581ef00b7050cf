"""What cannot be true of looks, samples, measures or repetitions is refused by its name."""

from uuid import uuid4

import pytest
from attacks import City, Row, Step, a_fingerprint, a_likeness, allowed, insert, refusal
from psycopg.types.json import Jsonb

WORKER, OWNER = "catalogue_worker", "catalogue_owner"
KNOWN = ("reading_id", "size_bytes", "byte_token", "object_key", "sha256")
LOOKS = ("phash", "dhash", "pdq", "pixels_sha256", "words")
UNSEEN: Row = dict.fromkeys(LOOKS)
SEEN = (
    *("width", "height", "frames", "orientation", "alpha", "colour", "phash", "dhash"),
    *("pdq", "pdq_quality", "turned_phash", "turned_pdq"),
)


def a_hash(city: City) -> Row:
    """Hash a file anew, with the digests of its parts."""
    asked = "SELECT {} FROM fingerprints WHERE asset_id = :id"
    known = {name: city.ask(asked.format(name), id=city.sealed) for name in KNOWN}
    parts = dict.fromkeys(("image_sha256", "rendering_sha256", "trailer_sha256"), b"4" * 32)
    return a_fingerprint(city, city.sealed, **known, **parts)


def cited(city: City) -> Row:
    """Name the fingerprint that a row is about."""
    return {"asset_id": city.sealed, "fingerprint_id": city.fingerprint_of(city.sealed)}


def a_look(city: City) -> Row:
    """Look at a file, by a method of the test's own."""
    row: Row = {"id": uuid4(), **cited(city), "method": 99, "outcome": "decoded"}
    row |= {"width": 8, "height": 8, "frames": 1, "bit_depth": 8, "colour": "RGB", "alpha": False}
    row |= {"orientation": 1, "auxiliary": 0, "icc_sha256": bytes(32), "pixels_sha256": bytes(32)}
    row |= {"phash": bytes(8), "dhash": bytes(8), "pdq": bytes(32), "pdq_quality": 100}
    row |= {"turned_phash": bytes(64), "turned_pdq": bytes(256), "low_information": None}
    row |= {"words": [1], "measures": Jsonb({}), "tools": Jsonb({})}
    return row | {"event_id": city.event}


def no_look(city: City) -> Row:
    """Say that a file could not be decoded."""
    return a_look(city) | UNSEEN | {"outcome": "undecodable", "reason": "crashed"}


def a_digest(city: City) -> Row:
    """Digest all samples of a file."""
    row: Row = {**cited(city), "method": 99, "pixels_sha256": bytes(32), "reason": None}
    row |= {"frames": 1, "trailing_bytes": 0, "decoder": "x", "decoder_version": "1"}
    return row | {"event_id": city.event}


def a_search(city: City) -> Row:
    """Say that an image's likes were looked for."""
    look = "SELECT id FROM visual_fingerprints WHERE asset_id = :id ORDER BY id DESC LIMIT 1"
    row: Row = {"asset_id": city.sealed, "visual_id": city.ask(look, id=city.sealed)}
    return row | {"method": 99, "nominated": 0, "passed_over": 0, "event_id": city.event}


def a_measurement(city: City) -> Row:
    """Measure a pair."""
    pair = a_likeness(city, city.sealed, city.other)
    row: Row = {name: pair[name] for name in pair if name.startswith(("a_", "b_"))}
    row |= {"id": uuid4(), "method": 99, "nominated_by": Jsonb({}), "outcome": "measured"}
    row |= {"measured": Jsonb({}), "difference_map": b"map", "tools": Jsonb({})}
    return row | {"event_id": city.event}


def a_dismissal(city: City) -> Row:
    """Dismiss a pair."""
    row: Row = {"a_sha256": bytes(32), "b_sha256": b"1" * 32, "department": "archive"}
    row |= {"class": "crop", "copy": "neither", "method": 1, "reason": "x", "dismissed_by": "x"}
    row |= {"likeness_id": city.ask("SELECT id FROM likenesses LIMIT 1")}
    return row | {"event_id": city.event}


def a_repetition(city: City) -> Row:
    """Tell that a frame is repeated."""
    row: Row = {**cited(city), "standard_id": city.policy, "sequence": "container"}
    return row | {"identical": 5, "evidence": Jsonb({}), "event_id": city.event}


SOUND = {
    "fingerprints": a_hash,
    "visual_fingerprints": a_look,
    "pixel_digests": a_digest,
    "looked_alike": a_search,
    "measurements": a_measurement,
    "dismissed_pairs": a_dismissal,
    "repetitions": a_repetition,
}
WRITERS = {"dismissed_pairs": "catalogue_api"}
# Table, what stands there instead, and the constraint that speaks.
UNTRUE: list[tuple[str, Row, str]] = [
    ("fingerprints", {"image_sha256": b"short"}, "image_sha256"),
    ("fingerprints", {"rendering_sha256": b"short"}, "rendering_sha256"),
    ("fingerprints", {"trailer_sha256": b"short"}, "trailer_sha256"),
    ("fingerprints", {"image_sha256": None, "trailer_sha256": None}, "parts"),
    ("fingerprints", {"image_sha256": None, "rendering_sha256": None}, "parts"),
    ("visual_fingerprints", {"outcome": "guessed", **UNSEEN}, "outcome"),
    ("visual_fingerprints", {"icc_sha256": b"short"}, "icc_sha256"),
    ("visual_fingerprints", {"pixels_sha256": b"short"}, "pixels_sha256"),
    ("visual_fingerprints", {"phash": b"short"}, "phash"),
    ("visual_fingerprints", {"dhash": b"short"}, "dhash"),
    ("visual_fingerprints", {"pdq": b"short"}, "pdq"),
    ("visual_fingerprints", {"pdq_quality": 101}, "pdq_quality"),
    ("visual_fingerprints", {"turned_phash": b"short"}, "turned_phash"),
    ("visual_fingerprints", {"turned_pdq": b"short"}, "turned_pdq"),
    ("visual_fingerprints", {"low_information": "dull"}, "low_information"),
    ("visual_fingerprints", {"words": list(range(513))}, "words"),
    *(("visual_fingerprints", {name: None}, "decoded") for name in SEEN),
    *(("visual_fingerprints", {name: 0}, "decoded") for name in ("width", "height", "frames")),
    ("visual_fingerprints", {"orientation": 9}, "decoded"),
    ("visual_fingerprints", {"auxiliary": -1}, "decoded"),
    ("pixel_digests", {"pixels_sha256": b"short"}, "pixels_sha256"),
    ("pixel_digests", {"reason": "and yet none"}, "reason"),
    ("pixel_digests", {"pixels_sha256": None}, "reason"),
    ("pixel_digests", {"frames": 0}, "frames"),
    ("pixel_digests", {"trailing_bytes": -1}, "trailing_bytes"),
    *(("pixel_digests", {name: None}, "decoder") for name in ("frames", "decoder_version")),
    ("pixel_digests", {"decoder": None}, "decoder"),
    ("looked_alike", {"nominated": -1}, "nominated"),
    ("looked_alike", {"passed_over": -1}, "passed_over"),
    ("measurements", {"outcome": "guessed", "measured": None}, "outcome"),
    ("measurements", {"outcome": "crashed"}, "measured"),
    ("measurements", {"measured": None}, "measured"),
    ("measurements", {"difference_map": bytes(262145)}, "difference_map"),
    ("dismissed_pairs", {"a_sha256": b"\0"}, "a_sha256"),
    ("dismissed_pairs", {"b_sha256": b"1"}, "b_sha256"),
    ("dismissed_pairs", {"copy": "both"}, "copy"),
    ("repetitions", {"sequence": "folder"}, "sequence"),
    ("repetitions", {"identical": 1}, "identical"),
]
NOWHERE = [
    ("visual_fingerprints", "fingerprint_id", "asset_id_fingerprint_id"),
    ("pixel_digests", "fingerprint_id", "asset_id_fingerprint_id"),
    ("looked_alike", "visual_id", "asset_id_visual_id"),
    ("measurements", "a_fingerprint_id", "a_asset_id_a_fingerprint_id"),
    ("measurements", "b_fingerprint_id", "b_asset_id_b_fingerprint_id"),
    ("dismissed_pairs", "likeness_id", "likeness_id"),
    ("repetitions", "fingerprint_id", "asset_id_fingerprint_id"),
    ("repetitions", "standard_id", "standard_id"),
    *((table, "event_id", "event_id") for table in SOUND if table != "fingerprints"),
]
ONCE = {
    "visual_fingerprints": "uq_visual_fingerprints_fingerprint_id_method",
    "pixel_digests": "pk_pixel_digests",
    "looked_alike": "pk_looked_alike",
    "measurements": "uq_measurements_pair",
    "dismissed_pairs": "uq_dismissed_pairs_evidence",
    "repetitions": "uq_repetitions_asset_id_fingerprint_id",
}


def entered(city: City, table: str, row: Row) -> tuple[str, Step]:
    """Return the role that writes such rows, and the step."""
    return WRITERS.get(table, WORKER), insert(table, row)


@pytest.mark.parametrize("table", SOUND)
def test_what_may_be_true_is_let_in(city: City, table: str) -> None:
    allowed(city, *entered(city, table, SOUND[table](city)))


@pytest.mark.parametrize(("table", "untrue", "speaks"), UNTRUE)
def test_what_cannot_be_true_is_refused_by_name(
    city: City, table: str, untrue: Row, speaks: str
) -> None:
    met = refusal(city, *entered(city, table, SOUND[table](city) | untrue))
    assert met.constraint == f"ck_{table}_{speaks}"


@pytest.mark.parametrize("left", LOOKS)
def test_what_was_not_decoded_has_no_looks(city: City, left: str) -> None:
    row = no_look(city)
    allowed(city, *entered(city, "visual_fingerprints", row))
    met = refusal(city, *entered(city, "visual_fingerprints", row | {left: a_look(city)[left]}))
    assert met.constraint == "ck_visual_fingerprints_decoded"


@pytest.mark.parametrize(("table", "column", "speaks"), NOWHERE)
def test_what_is_cited_is_there(city: City, table: str, column: str, speaks: str) -> None:
    row = SOUND[table](city) | {column: uuid4()}
    assert refusal(city, *entered(city, table, row)).constraint == f"fk_{table}_{speaks}"


def test_a_pair_is_dismissed_by_a_department_that_there_is(city: City) -> None:
    row = a_dismissal(city) | {"department": "nowhere"}
    met = refusal(city, *entered(city, "dismissed_pairs", row))
    assert met.constraint == "fk_dismissed_pairs_department"


@pytest.mark.parametrize("table", ONCE)
def test_what_is_known_is_not_entered_again(city: City, table: str) -> None:
    row = SOUND[table](city)
    again = row | {"id": uuid4()} if "id" in row else row
    role, step = entered(city, table, row)
    assert refusal(city, role, step, insert(table, again)).constraint == ONCE[table]


def test_a_pair_is_measured_in_one_order(city: City) -> None:
    row = a_measurement(city)
    sides = {"a_" + name: row["b_" + name] for name in ("asset_id", "fingerprint_id")}
    sides |= {"b_" + name: row["a_" + name] for name in ("asset_id", "fingerprint_id")}
    met = refusal(city, WORKER, insert("measurements", row | sides))
    assert met.constraint == "ck_measurements_order"


@pytest.mark.parametrize(
    ("untrue", "speaks"),
    [
        ({"score": 1.5}, "ck_likenesses_score"),
        ({"score": -0.5}, "ck_likenesses_score"),
        ({"revision": 0}, "ck_likenesses_revision"),
        ({"a_fingerprint_id": uuid4()}, "likenesses_measured_pair"),
    ],
    ids=["above one", "below nothing", "no revision", "another fingerprint"],
)
def test_a_judgement_says_what_can_be(city: City, untrue: Row, speaks: str) -> None:
    measurement = a_measurement(city)
    row: Row = {name: measurement[name] for name in measurement if name.startswith(("a_", "b_"))}
    row |= {"id": uuid4(), "standard_id": city.policy, "class": "crop", "same_object": False}
    row |= {"measurement_id": measurement["id"], "score": 0.5, "revision": 1}
    row |= {"evidence": Jsonb({}), "event_id": city.event}
    first = insert("measurements", measurement)
    allowed(city, WORKER, first, insert("likenesses", row))
    assert refusal(city, WORKER, first, insert("likenesses", row | untrue)).constraint == speaks
