"""RAW formats and JPEG XL, built byte by byte: told by content; what is broken is stated."""

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from built import box, cr3, picture, raf, tiff
from drawn import drawn, opened
from imagecodecs import jpegxl_encode
from PIL import Image

from app.readings.extensions import extension_lies
from app.readings.extraction import Extraction, Outcome
from app.readings.extractor import Extractor

WIDTH, HEIGHT = 48, 32
OUTCOMES = {"truncated_header", "unknown_format", "not_an_image", None}
XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:Headline="A pier"/></rdf:RDF>
</x:xmpmeta>"""


def of_a_maker(make: bytes, compression: int) -> bytes:
    """Build a TIFF as cameras do: a preview first, beneath it the sensor's picture."""
    sensor = picture(WIDTH, HEIGHT, bits=14, samples=1, photometric=32803, compression=compression)
    preview = [*picture(16, 12, kind=1), (0x10F, make), (0x110, b"Drawn")]
    return tiff(preview, beneath=[sensor])


def jxl() -> bytes:
    """Encode a grey picture as a bare codestream."""
    return bytes(jpegxl_encode(np.asarray(Image.new("L", (WIDTH, HEIGHT))), usecontainer=False))


def boxed_jxl() -> bytes:
    """Put the codestream in boxes, with a word about it."""
    brand = box(b"JXL ", bytes.fromhex("0d0a870a")) + box(b"ftyp", b"jxl \0\0\0\0jxl ")
    return brand + box(b"xml ", XMP) + box(b"jxlc", jxl())


def panasonic() -> bytes:
    """Build an RW2: the sensor with its borders, the directory behind sixteen bytes of its own."""
    edges = [(0x02, WIDTH + 8), (0x03, HEIGHT + 8), (0x04, 4), (0x05, 4)]
    plain = tiff([*edges, (0x06, HEIGHT + 4), (0x07, WIDTH + 4), (0x10F, b"LUX")])
    its_own = bytes.fromhex("88e774d8f8251d4d947a6e77822b5d6a")
    return b"IIU\0" + (24).to_bytes(4, "little") + its_own + plain[8:]


def fuji() -> bytes:
    return raf(WIDTH, HEIGHT, drawn(".jpg", ("-IFD0:Make=FUJIFILM",), (16, 12)))


# What is built, and what is said of it: name, type, PUID; the ending that cameras give it.
KINDS: dict[str, tuple[Callable[[], bytes], str, str | None, str]] = {
    "NEF": (lambda: of_a_maker(b"NIKON", 34713), "image/x-nikon-nef", None, "nef"),
    "ARW": (lambda: of_a_maker(b"SONY", 32767), "image/x-sony-arw", None, "arw"),
    "PEF": (lambda: of_a_maker(b"PENTAX", 65535), "image/x-pentax-pef", None, "pef"),
    "RW2": (panasonic, "image/x-panasonic-rw2", "fmt/662", "rw2"),
    "RAF": (fuji, "image/x-fujifilm-raf", "fmt/642", "raf"),
    "CR3": (
        lambda: cr3([*picture(WIDTH, HEIGHT), (0x10F, b"Canon")]),
        *("image/x-canon-cr3", "fmt/1595", "cr3"),
    ),
    "JXL": (boxed_jxl, "image/jxl", "fmt/1485", "jxl"),
    "JXL Codestream": (jxl, "image/jxl", "fmt/1484", "jxl"),
}


@pytest.fixture(scope="module")
def reader() -> Iterator[Extractor]:
    with Extractor() as one:
        yield one


def said(reader: Extractor, folder: Path, *contents: bytes) -> list[Extraction]:
    paths = [folder / str(at) for at, _ in enumerate(contents)]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    descriptors = opened(paths)
    try:
        return reader.read(descriptors)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def value(found: Extraction, field: str) -> Any:  # noqa: ANN401 - any JSON value
    (one,) = [each.value for each in found.statements if each.field == field]
    return one


@pytest.mark.parametrize("kind", KINDS)
def test_the_format_is_told_by_content(reader: Extractor, tmp_path: Path, kind: str) -> None:
    make, mime, puid, ending = KINDS[kind]
    [found] = said(reader, tmp_path, make())
    told = value(found, "format")
    assert (found.format, found.mime) == (told["name"], told["mime"]) == (kind, mime)
    assert told.get("puid") == puid
    assert not extension_lies(f"tram.{ending}", mime)
    assert extension_lies("tram.png", mime)
    assert extension_lies("tram.pdf", mime)


@pytest.mark.parametrize("kind", KINDS)
def test_the_size_is_the_sensors_not_the_previews(
    reader: Extractor, tmp_path: Path, kind: str
) -> None:
    [found] = said(reader, tmp_path, KINDS[kind][0]())
    technical = value(found, "technical")
    assert (technical["width"], technical["height"]) == (WIDTH, HEIGHT)


@pytest.mark.parametrize(
    ("kind", "make"),
    [("NEF", "NIKON"), ("ARW", "SONY"), ("RW2", "LUX"), ("RAF", "FUJIFILM"), ("CR3", "Canon")],
)
def test_the_camera_is_told_from_wherever_its_format_keeps_it(
    reader: Extractor, tmp_path: Path, kind: str, make: str
) -> None:
    [found] = said(reader, tmp_path, KINDS[kind][0]())
    assert found.outcome is Outcome.READ
    assert value(found, "capture_device")["make"] == make


def test_a_word_in_a_box_of_jpeg_xl_is_read(reader: Extractor, tmp_path: Path) -> None:
    [boxed, bare] = said(reader, tmp_path, boxed_jxl(), jxl())
    assert (boxed.outcome, value(boxed, "title")) == (Outcome.READ, "A pier")
    assert bare.outcome is Outcome.NOTHING_FOUND


def broken(content: bytes) -> Iterator[bytes]:
    """Yield a file cut short, overwritten in places and led astray, the same each time."""
    dice = random.Random(len(content))  # noqa: S311 - no secret
    yield from (content[: len(content) * part // 8] for part in range(1, 8))
    for _ in range(8):
        damaged = bytearray(content)
        for _ in range(dice.randint(1, 24)):
            damaged[dice.randrange(8, len(damaged))] = dice.choice(
                (0, 0x7F, 0xFF, dice.randrange(256))
            )
        yield bytes(damaged)
    yield content[:16] + b"\xff" * len(content)


@pytest.mark.parametrize("kind", KINDS)
def test_a_broken_one_ends_as_a_stated_outcome_and_costs_no_other(
    reader: Extractor, tmp_path: Path, kind: str
) -> None:
    content = KINDS[kind][0]()
    child = reader._warm_child().process.pid
    *found, whole = said(reader, tmp_path, *broken(content), content)
    assert {one.reason for one in found} <= OUTCOMES
    assert all((one.outcome is Outcome.UNREADABLE) == (one.reason is not None) for one in found)
    assert whole.format == kind
    assert reader._warm_child().process.pid == child
