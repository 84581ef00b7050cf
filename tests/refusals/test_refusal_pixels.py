"""The database compares for itself before two images are said to have the same image data."""

from io import BytesIO
from uuid import UUID

import numpy as np
import pytest
from photographs import a_tiff, deep_tiff, photograph, saved
from PIL import Image
from sqlalchemy.exc import DBAPIError
from world import System, World

from app.fingerprints.tasks import fingerprint_files
from app.fingerprints.viewing import digest_pixels
from app.kit.jobs import bind
from app.readings.tasks import read_files

PHOTO = photograph()
JPEG = saved(PHOTO, "JPEG", quality=90)
SAME = Image.open(BytesIO(JPEG)).convert("RGB")
PNG = saved(SAME, "PNG")
SAMPLES = np.asarray(PHOTO).astype(np.uint16) * 257
FINGERPRINT = "SELECT id FROM fingerprints WHERE asset_id = :id"
MEASURED = """
INSERT INTO measurements (a_asset_id, a_fingerprint_id, b_asset_id, b_fingerprint_id, method,
  nominated_by, outcome, measured, tools, event_id)
SELECT :a, :fa, :b, :fb, 1, '{}', 'measured', '{}', '{}', (SELECT id FROM events LIMIT 1)
RETURNING id
"""
LIKENESS = """
INSERT INTO likenesses (a_asset_id, a_fingerprint_id, b_asset_id, b_fingerprint_id, standard_id,
  class, evidence, same_object, measurement_id, event_id)
SELECT :a, :fa, :b, :fb, (SELECT id FROM policy_versions WHERE document_id = 'hk-city-default'),
  'identical_image_data', '{}', false, :measurement, (SELECT id FROM events LIMIT 1)
"""


@pytest.fixture(scope="module")
def store(town: World) -> System:
    return town.a_source_system()


def say_identical(town: World, store: System, *contents: bytes, digested: bool = True) -> None:
    """Say of two files that their image data is identical, as a worker's mistake would."""
    pair = sorted(town.an_asset(store, content) for content in contents)
    bind(town.worker)
    read_files(pair)
    fingerprint_files(pair)
    if digested:
        digest_pixels(pair)
    a, b = pair
    sides: dict[str, UUID] = {"a": a, "b": b}
    for name, asset_id in (("fa", a), ("fb", b)):
        [[sides[name]]] = town.find(FINGERPRINT, id=asset_id)
    [[measurement]] = town.find(MEASURED, **sides)
    town.find(LIKENESS, **sides, measurement=measurement)


@pytest.mark.parametrize(
    "other",
    [PNG, saved(SAME, "TIFF"), saved(SAME, "BMP"), JPEG[:2] + b"\xff\xfe\0\6told" + JPEG[2:]],
    ids=["PNG", "TIFF", "BMP", "the JPEG with other metadata"],
)
def test_equal_samples_under_equal_rendering_are_identical(
    town: World, store: System, other: bytes
) -> None:
    say_identical(town, store, JPEG, other)


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved(SAME, "PNG", exif=exif)


PAIRS = {
    "16 bits": (a_tiff(deep_tiff(SAMPLES)), a_tiff(deep_tiff(SAMPLES ^ 1))),
    "a second page": (
        saved(SAME, "TIFF", save_all=True, append_images=[PHOTO]),
        saved(SAME, "TIFF", save_all=True, append_images=[photograph(2)]),
    ),
    "a profile": (PNG, saved(SAME, "PNG", icc_profile=b"another profile")),
    "an orientation": (PNG, turned()),
    "bytes behind a BMP": (PNG, saved(SAME, "BMP") + b"behind it"),
    "bytes behind a PNG": (JPEG, PNG + b"behind it"),
    "an end that is not known": (PNG, PNG[:-12]),
    "another picture": (PNG, saved(photograph(2), "PNG")),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_what_is_shown_otherwise_is_refused(town: World, store: System, pair: str) -> None:
    with pytest.raises(DBAPIError, match="identical_image_data is said of equal images"):
        say_identical(town, store, *PAIRS[pair])


def test_samples_that_nobody_digested_are_not_equal(town: World, store: System) -> None:
    with pytest.raises(DBAPIError, match="identical_image_data is said of equal images"):
        say_identical(town, store, JPEG, PNG, digested=False)
