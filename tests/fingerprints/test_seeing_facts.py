"""How a picture is to be shown is known, or makes nothing equal; five traps come out unequal."""

import struct
from io import BytesIO

import numpy as np
import pytest
from photographs import (
    a_chunk,
    a_tiff,
    deep_png,
    deep_tiff,
    longs,
    photograph,
    saved,
    shorts,
)
from PIL import Image, ImageCms

from app.fingerprints.anatomy.digests import image_data
from app.fingerprints.seeing.looking import look
from app.fingerprints.seeing.pixels import digest
from app.fingerprints.seeing.seen import Seen

PHOTO = photograph()
JPEG = saved(PHOTO, "JPEG", quality=90)
PNG = saved(PHOTO, "PNG")
SAMPLES = np.asarray(PHOTO).astype(np.uint16) * 257


def seen(content: bytes) -> Seen:
    return look(BytesIO(content)).seen


def rendering(content: bytes) -> tuple[object, ...]:
    """Return everything by which two files may be found to be the same image."""
    found, pixels, encoded = seen(content), digest(BytesIO(content)), image_data(content)
    facts = (found.frames, found.bit_depth, found.alpha, found.orientation, found.colour_space)
    behind = (encoded and encoded.trailer, pixels.trailing_bytes)
    return (*facts, found.auxiliary, found.icc_sha256, pixels.sha256, *behind)


def with_profile(name: str) -> bytes:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes()  # type: ignore[arg-type]
    return saved(PHOTO, "JPEG", quality=90, icc_profile=profile)


def turned(orientation: int, **options: object) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(PHOTO, "JPEG", quality=90, exif=exif, **options)


def pages(*pictures: Image.Image) -> bytes:
    return saved(pictures[0], "TIFF", save_all=True, append_images=list(pictures[1:]))


def meaning(photometric: int) -> bytes:
    """Write 16 bits in grey, of which 1 says that zero is black and 0 that it is white."""
    entries, strip = deep_tiff(SAMPLES[:, :, :1])
    others = [entry for entry in entries if entry[0] != 262]
    return a_tiff(([*others, shorts(262, photometric)], strip))


OTHER = photograph(2)
GREY_16 = np.asarray(PHOTO.convert("L")).astype(np.uint16) * 257
TRAPS = {
    "16 bits that differ in the lowest": (deep_png(SAMPLES), deep_png(SAMPLES ^ 1)),
    "16 bits of a TIFF": (a_tiff(deep_tiff(SAMPLES)), a_tiff(deep_tiff(SAMPLES ^ 1))),
    "16 bits in grey": (
        saved(Image.fromarray(GREY_16), "PNG"),
        saved(Image.fromarray(GREY_16 ^ 1), "PNG"),
    ),
    "another second page": (pages(PHOTO, OTHER), pages(PHOTO, photograph(3))),
    "no second page": (pages(PHOTO, OTHER), pages(PHOTO)),
    "another second frame": (
        saved(PHOTO.quantize(), "GIF", save_all=True, append_images=[OTHER.quantize()]),
        saved(PHOTO.quantize(), "GIF", save_all=True, append_images=[photograph(3).quantize()]),
    ),
    "another profile": (with_profile("sRGB"), with_profile("XYZ")),
    "a profile and none": (with_profile("sRGB"), JPEG),
    "another orientation": (turned(1), turned(6)),
    "bytes behind a JPEG": (JPEG, JPEG + b"behind it"),
    "bytes behind a GIF": (saved(PHOTO, "GIF"), saved(PHOTO, "GIF") + b"behind it"),
    "bytes behind a TIFF": (pages(PHOTO), pages(PHOTO) + b"behind it"),
    "bytes behind a BMP": (saved(PHOTO, "BMP"), saved(PHOTO, "BMP") + b"behind it"),
    "samples that mean their opposite": (meaning(1), meaning(0)),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_what_looks_the_same_and_is_not_has_other_facts(trap: str) -> None:
    one, other = TRAPS[trap]
    assert seen(one).outcome == seen(other).outcome == "decoded"
    assert rendering(one) != rendering(other)
    assert rendering(one) == rendering(bytes(bytearray(one)))


def with_exif(space: int | None, interop: str | None) -> bytes:
    exif = Image.Exif()
    if space is not None:
        exif.get_ifd(0x8769)[0xA001] = space
    if interop is not None:
        exif.get_ifd(0x8769)[0xA005] = {1: interop}
    return saved(PHOTO, "JPEG", exif=exif)


def with_chunk(name: bytes, content: bytes) -> bytes:
    return PNG[:33] + a_chunk(name, content) + PNG[33:]


@pytest.mark.parametrize(
    ("content", "declared"),
    [
        (JPEG, None),
        (PNG, None),
        (with_exif(1, None), "srgb"),
        (with_exif(65535, None), "exif:65535"),
        (with_exif(65535, "R03"), "exif:65535;interop:R03"),
        (with_exif(None, "R98"), "interop:R98"),
        (with_chunk(b"sRGB", b"\0"), "srgb"),
        (with_chunk(b"gAMA", (45455).to_bytes(4, "big")), "gamma:0.45455;chromaticity:None"),
        (with_chunk(b"cICP", bytes([9, 16, 0, 1])), "cicp:09100001"),
        (saved(PHOTO, "AVIF"), "nclx:0001000d000680"),
    ],
    ids=["JPEG", "PNG", "sRGB", "uncalibrated", "Adobe RGB", "interop alone", "sRGB chunk",
         "gamma", "cICP", "AVIF"],
)  # fmt: skip
def test_the_declared_colour_space_is_said_in_one_way(content: bytes, declared: str | None) -> None:
    assert seen(content).colour_space == declared


def with_segment(marker: int, body: bytes) -> bytes:
    return JPEG[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body + JPEG[2:]


def an_mpo() -> bytes:
    return saved(PHOTO, "MPO", save_all=True, append_images=[OTHER])


@pytest.mark.parametrize(
    ("content", "auxiliary"),
    [
        (JPEG, 0),
        (PNG, 0),
        (an_mpo(), 1),
        (with_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x hdrgm:Version='1.0'/>"), 1),
        (with_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x GCamera:MotionPhoto='1'/>"), 1),
        (a_tiff((deep_tiff(SAMPLES)[0] + [longs(330, 8, 8)], deep_tiff(SAMPLES)[1])), 2),
        (saved(PHOTO, "AVIF").replace(b"iinf", b"iinf", 1), 0),
    ],
    ids=["JPEG", "PNG", "MPO", "gain map", "motion photo", "folders below", "AVIF"],
)
def test_images_beside_the_main_one_are_counted(content: bytes, auxiliary: int) -> None:
    found = seen(content)
    assert (found.outcome, found.auxiliary, found.frames) == ("decoded", auxiliary, 1)


def test_where_nobody_could_look_it_is_not_known() -> None:
    long = JPEG[:2]
    for _ in range(20):
        long += b"\xff\xe5\xff\xff" + bytes(0xFFFD)
    assert seen(long + JPEG[2:]).auxiliary is None
    assert seen(long + JPEG[2:]).outcome == "decoded"


@pytest.mark.parametrize("stated", [0, 9, 700])
def test_an_orientation_that_is_none_of_the_eight_is_none(stated: int) -> None:
    assert seen(turned(stated)).orientation == 1


@pytest.mark.parametrize(
    ("content", "depth", "colour"),
    [
        (saved(PHOTO.convert("1"), "PNG"), 1, "1"),
        (saved(PHOTO.quantize(16), "PNG", bits=4), 8, "P"),
        (deep_png(SAMPLES), 16, "RGB;16"),
        (saved(PHOTO.convert("1"), "TIFF"), 1, "1"),
        (a_tiff(deep_tiff(SAMPLES)), 16, "RGB;16"),
        (saved(PHOTO, "AVIF"), 8, "RGB"),
        (saved(PHOTO, "JPEG2000"), 8, "RGB"),
    ],
)
def test_the_depth_is_the_one_that_is_stored(content: bytes, depth: int, colour: str) -> None:
    assert (seen(content).bit_depth, seen(content).colour) == (depth, colour)
