"""Rare but lawful builds of files are followed to their end, and endless ones are given up."""

import struct
from io import BytesIO
from itertools import repeat
from typing import Any

import numpy as np
import pytest
from imagecodecs import jpeg2k_encode, jpegxl_encode
from photographs import a_dng, a_tiff, deep_tiff, longs, photograph, saved, shorts
from PIL import Image, UnidentifiedImageError

from app.fingerprints import jxl
from app.fingerprints.anatomy.digests import image_data
from app.fingerprints.anatomy.jpeg import parts_of_jpeg
from app.fingerprints.anatomy.parts import Kind, Malformed
from app.fingerprints.anatomy.webp import parts_of_webp
from app.fingerprints.seeing import endings, raw
from app.fingerprints.seeing.endings import trailing_bytes
from app.fingerprints.seeing.facts import depth_of_av1
from app.fingerprints.seeing.jpeg import MOST_SEGMENTS, head_of
from app.fingerprints.seeing.looking import look
from app.fingerprints.seeing.picture import Undecodable
from app.fingerprints.seeing.pixels import digest
from app.fingerprints.shown import opened, prepare

PHOTO = photograph()
JPEG, WEBP = saved(PHOTO, "JPEG"), saved(PHOTO, "WEBP")
SAMPLES = np.asarray(PHOTO).astype(np.uint16) * 257 ^ 1
XL = bytes(jpegxl_encode(np.asarray(PHOTO), effort=1))


def kinds(parts: Any) -> list[Kind]:  # noqa: ANN401 - of any anatomy
    return [part.kind for part in parts]


def test_fill_bytes_and_lone_markers_belong_to_a_jpeg() -> None:
    filled = JPEG[:2] + b"\xff\xff" + JPEG[2:]
    assert len(list(parts_of_jpeg(filled))) == len(list(parts_of_jpeg(JPEG))) + 1
    assert trailing_bytes("JPEG", BytesIO(filled)) == 0
    assert head_of(filled)[0] == head_of(JPEG)[0] + 2
    alone = JPEG[:2] + b"\xff\x01" + JPEG[2:]
    assert kinds(parts_of_jpeg(alone)).count(Kind.RENDERING) == (
        kinds(parts_of_jpeg(JPEG)).count(Kind.RENDERING) + 1
    )


def test_a_jpeg_of_nothing_but_segments_has_no_scan() -> None:
    segments = b"\xff\xd8" + b"\xff\xfe\0\2" * (MOST_SEGMENTS + 1)
    with pytest.raises(Malformed, match="no scan"):
        head_of(segments)


def test_an_empty_chunk_of_a_webp_is_no_part() -> None:
    longer = WEBP[:4] + struct.pack("<I", len(WEBP)) + WEBP[8:] + b"junk" + bytes(4)
    assert len(list(parts_of_webp(longer))) == len(list(parts_of_webp(WEBP))) + 1
    assert trailing_bytes("WEBP", BytesIO(longer)) == 0


@pytest.mark.parametrize("samples", [SAMPLES, SAMPLES.astype(np.float32) / 65535])
def test_deeper_samples_of_a_jxl_are_brought_to_eight_bits(samples: np.ndarray[Any, Any]) -> None:
    content = BytesIO(bytes(jpegxl_encode(samples, effort=1, lossless=True)))
    found = np.asarray(jxl.picture_of(content)).astype(int)
    assert found.shape == (200, 300, 3)
    assert abs(found - np.asarray(PHOTO)).max() <= 1


def boxed(*boxes: tuple[bytes, bytes], large: bool = False) -> BytesIO:
    """Write boxes behind the signature of a container; large: with sizes of eight bytes."""
    written = jxl.CONTAINER
    for kind, content in boxes:
        if large:
            written += struct.pack(">I4sQ", 1, kind, 16 + len(content)) + content
        else:
            written += struct.pack(">I4s", 8 + len(content), kind) + content
    return BytesIO(written)


@pytest.mark.parametrize(
    "file",
    [
        BytesIO(XL),
        boxed((b"ftyp", b"jxl \0\0\0\0jxl "), (b"jxlc", XL)),
        boxed((b"ftyp", b"jxl \0\0\0\0jxl "), (b"jxlc", XL), large=True),
        boxed((b"jxlp", bytes(4) + XL)),
    ],
    ids=["bare", "boxed", "in large boxes", "in parts"],
)
def test_the_size_of_a_jxl_is_read_wherever_its_codestream_lies(file: BytesIO) -> None:
    assert jxl.size_of(file) == (300, 200)


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (boxed(*repeat((b"free", b""), 65)), "no codestream"),
        (boxed((b"jxlc", b"\xff\xd8 no codestream")), "no codestream"),
        (BytesIO(jxl.CONTAINER + struct.pack(">I4s", 4, b"free")), "no codestream"),
        (boxed((b"free", b"")), "ends in its header"),
        (BytesIO(jxl.CODESTREAM + b"\0"), "ends in its header"),
    ],
    ids=["boxes only", "another stream", "a box shorter than itself", "cut", "cut in its size"],
)
def test_a_jxl_without_a_size_is_refused(file: BytesIO, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        jxl.size_of(file)


@pytest.mark.parametrize(("ratio", "width"), [(1, 64), (3, 85), (7, 128)])
def test_a_jxl_may_say_its_width_as_a_ratio(ratio: int, width: int) -> None:
    bits = 1 | (64 // 8 - 1) << 1 | ratio << 6
    assert jxl.size_of(BytesIO(jxl.CODESTREAM + bits.to_bytes(4, "little"))) == (width, 64)


def test_a_small_jxl_may_say_both_sides() -> None:
    bits = 1 | (64 // 8 - 1) << 1 | (24 // 8 - 1) << 9
    assert jxl.size_of(BytesIO(jxl.CODESTREAM + bits.to_bytes(4, "little"))) == (24, 64)


def test_what_is_too_long_to_be_looked_through_ends_nobody_knows_where(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(endings, "WHOLE", len(JPEG) - 1)
    assert trailing_bytes("JPEG", BytesIO(JPEG)) is None


def test_a_tiff_of_absurdly_many_folders_ends_nobody_knows_where(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pages = a_tiff(*[deep_tiff(SAMPLES[:2, :2])] * 4)
    assert trailing_bytes("TIFF", BytesIO(pages)) == 0
    monkeypatch.setattr(endings, "MOST_FOLDERS", 3)
    assert trailing_bytes("TIFF", BytesIO(pages)) is None


def test_an_av1_stream_that_says_no_depth_has_none() -> None:
    assert depth_of_av1(b"ftypavif no configuration") is None


def test_a_moving_picture_of_absurdly_many_frames_is_too_large() -> None:
    frame = b"," + bytes(4) + b"\1\0\1\0" + b"\0\2\2L\1\0"
    moving = b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff" + frame * 5_001 + b";"
    assert look(BytesIO(moving)).seen.outcome == "too_large"


def test_a_second_page_beyond_the_budget_is_too_large() -> None:
    page, strip = deep_tiff(SAMPLES[:2, :2])
    vast = [entry for entry in page if entry[0] not in (256, 257)]
    content = BytesIO(
        a_tiff((page, strip), ([*vast, longs(256, 30_000), longs(257, 30_000)], strip))
    )
    assert look(content).seen.outcome == "too_large"


def test_colours_multiplied_by_their_alpha_are_others_than_they_are_alone() -> None:
    entries, strip = deep_tiff(np.dstack([SAMPLES, SAMPLES[:, :, :1]]))
    alone, multiplied = (
        digest(BytesIO(a_tiff(([*entries, shorts(338, n)], strip)))) for n in (2, 1)
    )
    assert alone.sha256 is not None
    assert multiplied.sha256 is not None
    assert alone.sha256 != multiplied.sha256


def test_inks_of_sixteen_bits_are_not_decoded() -> None:
    entries, strip = deep_tiff(np.dstack([SAMPLES, SAMPLES[:, :, :1]]))
    inks = [shorts(262, 5) if entry[0] == 262 else entry for entry in entries]
    with pytest.raises(Undecodable):
        digest(BytesIO(a_tiff((inks, strip))))


def planar(samples: np.ndarray[Any, Any]) -> bytes:
    """Write a TIFF whose three channels lie one behind the other, each in a strip of its own."""
    entries, _ = deep_tiff(samples)
    planes = samples.transpose(2, 0, 1).astype("<u2").tobytes()
    content = bytearray(a_tiff(([*entries, shorts(284, 2)], planes)))
    folder = struct.unpack_from("<I", content, 4)[0]
    each = len(planes) // 3
    for number in range(struct.unpack_from("<H", content, folder)[0]):
        at = folder + 2 + 12 * number
        tag, _, _, value = struct.unpack_from("<HHII", content, at)
        if tag in (273, 279):
            struct.pack_into("<HHII", content, at, tag, 4, 3, len(content))
            strips = [value + each * plane for plane in range(3)] if tag == 273 else [each] * 3
            content += struct.pack("<3I", *strips)
    return bytes(content)


@pytest.mark.parametrize(
    "content",
    [planar(SAMPLES), bytes(jpeg2k_encode((SAMPLES // 2).astype(np.int16), level=0))],
    ids=["channel by channel", "with a sign"],
)
def test_samples_that_are_laid_out_otherwise_are_not_digested(content: bytes) -> None:
    found = digest(BytesIO(content))
    assert (found.sha256, found.reason) == (None, "too_deep")


def test_where_white_is_nothing_equal_samples_show_another_picture() -> None:
    grey = SAMPLES[:20, :30, 0]
    size = [longs(256, 30), longs(257, 20), longs(278, 20), shorts(277, 1)]
    strip = grey.astype("<u2").tobytes()
    kinds_of = ([*size, shorts(258, 16), shorts(259, 1), shorts(262, kind)] for kind in (0, 1))
    inverted, plain = (digest(BytesIO(a_tiff((entries, strip)))) for entries in kinds_of)
    assert plain.sha256 is not None
    assert inverted.sha256 not in (None, plain.sha256)


OTHERS = {
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n",
    "a portable pixmap": b"P6 1 1 255\nabc",
}


@pytest.mark.parametrize("kind", OTHERS)
def test_formats_that_are_not_named_are_opened_by_nobody(kind: str) -> None:
    """Of some the readers run programs; that their header would be understood is no reason."""
    prepare()
    assert Image.open(BytesIO(OTHERS[kind])).size
    with pytest.raises(UnidentifiedImageError):
        opened(BytesIO(OTHERS[kind]))


def test_an_entry_that_leads_past_the_end_says_nothing() -> None:
    assert raw.numbers(BytesIO(b"short"), "<", 4, 2, struct.pack("<I", 3)) == ()


def test_a_raw_picture_is_as_upright_as_its_camera_says() -> None:
    grey = np.asarray(PHOTO.convert("L"))
    upright = a_dng(grey)
    count = struct.unpack_from("<H", upright, struct.unpack_from("<I", upright, 4)[0])[0]
    assert count > 0
    turned = with_orientation(grey, 6)
    pixels, facts = raw.decoded(BytesIO(turned))
    assert pixels.shape[0] > pixels.shape[1]
    assert (facts.width, facts.height) == (200, 300)


def with_orientation(grey: np.ndarray[Any, Any], orientation: int) -> bytes:
    """Write a camera raw file that asks to be turned: its first entry but the sizes is replaced."""
    content = bytearray(a_dng(grey))
    start = struct.unpack_from("<I", content, 4)[0]
    count = struct.unpack_from("<H", content, start)[0]
    entries = [bytes(content[start + 2 + 12 * n : start + 14 + 12 * n]) for n in range(count)]
    entries.append(struct.pack("<HHIHH", 274, 3, 1, orientation, 0))
    entries.sort(key=lambda entry: struct.unpack_from("<H", entry)[0])
    folder = len(content)
    struct.pack_into("<I", content, 4, folder)
    return bytes(content) + struct.pack("<H", count + 1) + b"".join(entries) + bytes(4)


def test_parts_of_a_build_with_fill_bytes_hash_as_without() -> None:
    filled = JPEG[:2] + b"\xff" + JPEG[2:]
    assert image_data(filled) == image_data(JPEG)
    assert Image.open(BytesIO(filled)).size == PHOTO.size
