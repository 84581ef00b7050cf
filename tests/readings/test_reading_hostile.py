"""The hostile corpus, where there is one: every file ends in a stated outcome, none in a hang."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from drawn import CORPUS, opened

from app.readings.extraction import Extraction, Outcome
from app.readings.extractor import Extractor

HOSTILE = sorted(path for path in (CORPUS / "_hostile").rglob("*") if path.is_file())
pytestmark = pytest.mark.skipif(not HOSTILE, reason="no corpus")
MADE = CORPUS / "_hostile" / "made"


def read_all(extractor: Extractor, paths: list[Path]) -> dict[Path, Extraction]:
    descriptors = opened(paths)
    try:
        return dict(zip(paths, extractor.read(descriptors), strict=True))
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


@pytest.fixture(scope="module")
def extractor() -> Iterator[Extractor]:
    with Extractor() as one:
        yield one


@pytest.fixture(scope="module")
def readings(extractor: Extractor) -> dict[Path, Extraction]:
    return read_all(extractor, HOSTILE)


def values(found: Extraction, field: str) -> list[object]:
    return [s.value for s in found.statements if s.field == field and s.picked]


def test_every_file_ends_in_a_stated_outcome(readings: dict[Path, Extraction]) -> None:
    assert len(readings) == len(HOSTILE)
    for path, found in readings.items():
        assert (found.outcome is Outcome.UNREADABLE) == (found.reason is not None), path
        fields = [s.field for s in found.statements if s.picked]
        assert len(fields) == len(set(fields)), path
        for statement in found.statements:
            assert "\0" not in repr(statement.value).encode("utf-8").decode("utf-8"), path


@pytest.mark.parametrize(
    ("name", "outcome", "reason"),
    [
        ("empty.jpg", Outcome.UNREADABLE, "empty_file"),
        ("one_byte.tif", Outcome.UNREADABLE, "not_an_image"),
        ("html_named.jpg", Outcome.UNREADABLE, "not_an_image"),
        ("svg_script.svg", Outcome.UNREADABLE, "not_an_image"),
        ("truncated_in_exif.jpg", Outcome.UNREADABLE, "truncated_header"),
        ("bomb_ztxt.png", Outcome.UNREADABLE, "answer_too_long"),
        ("bomb_30000x30000.png", Outcome.NOTHING_FOUND, None),
        ("truncated_half.jpg", Outcome.NOTHING_FOUND, None),
        ("polyglot_zip.jpg", Outcome.NOTHING_FOUND, None),
        ("xmp_billion_laughs.jpg", Outcome.NOTHING_FOUND, None),
        ("caption_200kB.jpg", Outcome.READ, None),
    ],
)
def test_what_each_attack_comes_to(
    readings: dict[Path, Extraction], name: str, outcome: Outcome, reason: str | None
) -> None:
    found = readings[MADE / name]
    assert (found.outcome, found.reason) == (outcome, reason)


def test_type_is_by_content_whatever_the_name(readings: dict[Path, Extraction]) -> None:
    assert readings[MADE / "png_named.jpg"].mime == "image/png"
    assert readings[MADE / "double_ext.jpg.exe"].mime == "image/jpeg"


def test_no_false_date_place_or_orientation_is_picked(readings: dict[Path, Extraction]) -> None:
    for name in ("date_zero.jpg", "date_spaces.jpg", "date_future.jpg"):
        assert not values(readings[MADE / name], "date_created")
    assert not values(readings[MADE / "gps_out_of_range.jpg"], "place")
    (technical,) = values(readings[MADE / "orientation_99.jpg"], "technical")
    assert isinstance(technical, dict)
    assert technical["orientation"] is None
    (island,) = [s for s in readings[MADE / "gps_null_island.jpg"].statements if s.field == "place"]
    assert island.note == "0,0"


def test_an_entity_is_not_resolved(readings: dict[Path, Extraction]) -> None:
    assert b"root:" not in readings[MADE / "xmp_xxe.jpg"].raw


def test_text_that_cannot_be_stored_keeps_its_bytes(readings: dict[Path, Extraction]) -> None:
    for name, field, raw in (
        ("exif_nul_caption.jpg", "description", b"before\0after\0\0x\0"),
        ("lone_surrogate_xp.jpg", "title", None),
        ("invalid_utf8_iptc.jpg", "description", b"caf\xe9 \xff\xfe \xed\xa0\x80"),
    ):
        (found,) = [s for s in readings[MADE / name].statements if s.field == field]
        assert found.note
        assert found.raw_bytes
        assert raw is None or found.raw_bytes == raw


def test_order_and_company_change_nothing(
    extractor: Extractor, readings: dict[Path, Extraction]
) -> None:
    for seed in range(2):
        shuffled = random.Random(seed).sample(HOSTILE, 60)  # noqa: S311
        for path, found in read_all(extractor, shuffled).items():
            assert found == readings[path], path


def test_no_source_was_touched(readings: dict[Path, Extraction]) -> None:
    before = {path: path.stat() for path in HOSTILE}
    with Extractor() as extractor:
        read_all(extractor, HOSTILE[:20])
    for path in HOSTILE[:20]:
        after = path.stat()
        assert (after.st_mtime_ns, after.st_ctime_ns) == (
            before[path].st_mtime_ns,
            before[path].st_ctime_ns,
        )
