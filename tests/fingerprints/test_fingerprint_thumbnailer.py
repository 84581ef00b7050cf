"""Small pictures are made in a limited child, of what fits the budget, and carry nothing along."""

import os
import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from imagecodecs import jpegxl_encode
from images import draw
from PIL import Image

from app.fingerprints.jxl import size_of
from app.fingerprints.thumbnailer import Thumbnail, Thumbnailer, _read
from app.readings.sandbox import Limits

CORPUS = Path(__file__).parents[2] / "../shared/corpus/_hostile"
CANVAS = b"\xff\xff\xff\xff"  # 65,535 times 65,535
TINY_GIF = b"GIF89a" + CANVAS + b"\x00\x00\x00," + bytes(4) + CANVAS + b"\x00\x02\x02L\x01\x00;"


@pytest.fixture(scope="module")
def maker() -> Iterator[Thumbnailer]:
    with Thumbnailer() as made:
        yield made


def make(maker: Thumbnailer, folder: Path, content: bytes) -> Thumbnail:
    path = folder / "picture"
    path.write_bytes(content)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        [found] = maker.make([descriptor])
    finally:
        os.close(descriptor)
    return found


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    written = BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()


def a_png(width: int, height: int, rows: int) -> bytes:
    """Write a PNG in RGB whose header says what it likes."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packed = zlib.compress(bytes(rows), 1)

    def chunk(name: bytes, content: bytes) -> bytes:
        checked = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checked)

    parts = [(b"IHDR", header), (b"IDAT", packed), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


PICTURE = Image.new("RGB", (1200, 800), (200, 30, 40))
KINDS = {
    "JPEG": saved(PICTURE, "JPEG"),
    "PNG": saved(PICTURE, "PNG"),
    "PNG with alpha": saved(PICTURE.convert("RGBA"), "PNG"),
    "PNG with a palette": saved(PICTURE.convert("P"), "PNG"),
    "PNG of one bit": saved(PICTURE.convert("1"), "PNG"),
    "PNG of 16 bits": saved(Image.new("I;16", (1200, 800), 40000), "PNG"),
    "TIFF": saved(PICTURE, "TIFF"),
    "TIFF in CMYK": saved(PICTURE.convert("CMYK"), "TIFF"),
    "GIF": saved(PICTURE, "GIF"),
    "WebP": saved(PICTURE, "WEBP"),
    "JPEG 2000": saved(PICTURE, "JPEG2000"),
    "AVIF": saved(PICTURE, "AVIF"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_becomes_a_small_jpeg(maker: Thumbnailer, tmp_path: Path, kind: str) -> None:
    found = make(maker, tmp_path, KINDS[kind])
    assert (found.outcome, found.width, found.height) == ("made", 512, 341)
    with Image.open(BytesIO(found.content)) as small:
        assert (small.format, small.mode, small.size) == ("JPEG", "RGB", (512, 341))


def as_jxl(pixels: object) -> bytes:
    return bytes(jpegxl_encode(np.asarray(pixels), effort=1))


def test_heic_too(maker: Thumbnailer, tmp_path: Path) -> None:
    pillow_heif.register_heif_opener()
    found = make(maker, tmp_path, saved(PICTURE, "HEIF"))
    assert (found.outcome, found.width, found.height) == ("made", 512, 341)


GREY = np.full((800, 1200), 40_000, np.uint16)


@pytest.mark.parametrize(
    ("pixels", "middle"),
    [
        (PICTURE, (200, 30, 40)),
        (PICTURE.convert("RGBA"), (200, 30, 40)),
        (PICTURE.convert("L"), (82, 82, 82)),
        (PICTURE.convert("LA"), (82, 82, 82)),
        (GREY, (156, 156, 156)),
        (np.dstack([GREY] * 3), (156, 156, 156)),
        (GREY.astype(np.float32) / 65_535, (156, 156, 156)),
    ],
    ids=["RGB", "RGBA", "grey", "grey with alpha", "16 bits", "16 bits in RGB", "floats"],
)
def test_jpeg_xl_of_every_depth_too(
    maker: Thumbnailer, tmp_path: Path, pixels: object, middle: tuple[int, int, int]
) -> None:
    found = make(maker, tmp_path, as_jxl(pixels))
    assert (found.outcome, found.width, found.height) == ("made", 512, 341)
    with Image.open(BytesIO(found.content)) as small:
        shown = small.getpixel((256, 170))
    assert isinstance(shown, tuple)
    assert all(abs(one - other) <= 4 for one, other in zip(shown, middle, strict=True)), shown


@pytest.mark.parametrize("size", [(1200, 800), (256, 8), (8, 256), (9000, 8), (640, 480)])
def test_the_header_of_jpeg_xl_tells_its_size(size: tuple[int, int]) -> None:
    assert size_of(BytesIO(as_jxl(Image.new("RGB", size)))) == size
    for rubbish in (b"", b"\xff\x0a", b"\x00\x00\x00\x0cJXL \r\n\x87\n" + b"\x00" * 20):
        with pytest.raises(ValueError, match=r"header|codestream"):
            size_of(BytesIO(rubbish))


def test_nothing_that_the_file_says_of_itself_comes_along(
    maker: Thumbnailer, tmp_path: Path
) -> None:
    told = {"description": "SECRET PLACE", "creator": "SECRET PERSON"}
    secret = Image.open(BytesIO(draw(1, told)))
    content = saved(secret, "JPEG", exif=secret.getexif(), comment=b"SECRET", xmp=b"<x>SECRET</x>")
    assert content.count(b"SECRET") == 4
    found = make(maker, tmp_path, content)
    assert found.outcome == "made"
    assert b"SECRET" not in found.content
    with Image.open(BytesIO(found.content)) as small:
        assert not small.getexif()
        assert set(small.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_a_picture_on_its_side_is_set_upright(maker: Thumbnailer, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    found = make(maker, tmp_path, saved(PICTURE, "JPEG", exif=exif))
    assert (found.width, found.height) == (341, 512)


@pytest.mark.parametrize(
    "content",
    [
        TINY_GIF,
        a_png(30_000, 30_000, 100),
        a_png(2**31 - 1, 2**31 - 1, 1),
        b"\xff\x0a" + (0b11 << 1 | (2**30 - 1) << 3 | 1 << 33).to_bytes(12, "little"),
    ],
    ids=["a tiny gif", "900 megapixels", "as large as a header can say", "a jpeg xl"],
)
def test_what_is_larger_than_the_budget_is_never_decoded(tmp_path: Path, content: bytes) -> None:
    # The child has hardly more than it needs to begin: decoding would fail in another way.
    with Thumbnailer(Limits(memory_bytes=400 << 20, cpu_seconds=10)) as maker:
        found = make(maker, tmp_path, content)
    assert (found.outcome, found.reason, found.content) == ("too_large", None, b"")


@pytest.mark.parametrize(
    "content",
    [b"", b"not a picture", KINDS["JPEG"][:300], b"%!PS-Adobe-3.0\nshowpage", b"<svg/>",
     a_png(100, 100, 10)],
    ids=["nothing", "text", "cut short", "PostScript", "SVG", "too few rows"],
)  # fmt: skip
def test_what_cannot_be_decoded_is_said_to_be_so(
    maker: Thumbnailer, tmp_path: Path, content: bytes
) -> None:
    found = make(maker, tmp_path, content)
    assert (found.outcome, found.reason) == ("undecodable", "not_decodable")


def test_a_picture_that_takes_too_much_costs_no_other_its_own(tmp_path: Path) -> None:
    large = a_png(9000, 6000, 6000 * (1 + 3 * 9000))
    with Thumbnailer(Limits(memory_bytes=220 << 20, cpu_seconds=30)) as maker:
        greedy = make(maker, tmp_path, large)
        after = make(maker, tmp_path, KINDS["JPEG"])
    assert (greedy.outcome, greedy.reason) == ("undecodable", "out_of_memory")
    assert after.outcome == "made"
    with Thumbnailer(wall_seconds=0.05) as hasty:
        slow = make(hasty, tmp_path, large)
        assert (slow.outcome, slow.reason) == ("undecodable", "timed_out")


@pytest.mark.skipif(not CORPUS.is_dir(), reason="no corpus")
def test_every_hostile_file_ends_in_a_stated_outcome(maker: Thumbnailer) -> None:
    paths = sorted(path for path in CORPUS.rglob("*") if path.is_file())
    descriptors = [os.open(path, os.O_RDONLY) for path in paths]
    try:
        found = maker.make(descriptors)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    assert len(found) == len(paths)
    outcomes = {path.name: one for path, one in zip(paths, found, strict=True)}
    assert outcomes["bomb_30000x30000.png"].outcome == "too_large"
    assert {one.outcome for one in found} == {"made", "too_large", "undecodable"}
    for one in found:
        assert (one.outcome == "made") == bool(one.content)
        assert len(one.content) < 1 << 18


def test_a_child_that_does_not_start_is_no_files_fault(tmp_path: Path) -> None:
    with (
        Thumbnailer(Limits(memory_bytes=32 << 20, cpu_seconds=5)) as maker,
        pytest.raises(ChildProcessError),
    ):
        make(maker, tmp_path, KINDS["JPEG"])


@pytest.mark.parametrize(
    "said",
    [
        b"not json\n",
        b"[]\n",
        b'{"outcome": "made", "width": 1, "height": 1}\n<script>',
        b'{"outcome": "made", "width": 0, "height": 1}\n\xff\xd8\xff',
        b'{"outcome": "too_large", "width": 0, "height": 0}\n\xff\xd8\xff',
        b'{"outcome": "eligible", "width": 0, "height": 0}\n',
        b'{"outcome": "made"}\n\xff\xd8\xff',
    ],
)
def test_a_child_that_obeys_its_file_is_not_believed(said: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        _read(said)
