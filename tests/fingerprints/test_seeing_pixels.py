"""One digest for all samples at full depth: equal for equal pictures, whatever holds them."""

import struct
from io import BytesIO

import numpy as np
import pillow_heif
import pytest
from imagecodecs import jpeg2k_encode, jpegxl_encode
from photographs import a_chunk, a_dng, a_png, a_tiff, deep_png, deep_tiff, photograph, saved
from PIL import Image

from app.fingerprints.seeing import pixels
from app.fingerprints.seeing.endings import trailing_bytes
from app.fingerprints.seeing.looking import look
from app.fingerprints.seeing.picture import Undecodable
from app.fingerprints.seeing.pixels import digest
from app.fingerprints.shown import TooLarge

PHOTO = photograph()
SAMPLES = np.asarray(PHOTO).astype(np.uint16) * 257 ^ 1
JPEG = saved(PHOTO, "JPEG", quality=90)


def of(content: bytes) -> bytes:
    found = digest(BytesIO(content))
    assert found.sha256 is not None, found.reason
    assert found.reason is None
    return found.sha256


def decoded_again() -> Image.Image:
    return Image.open(BytesIO(JPEG)).convert("RGB")


def test_a_lossless_copy_has_the_pixels_of_its_jpeg() -> None:
    same = decoded_again()
    for kind in ("PNG", "TIFF", "BMP"):
        assert of(saved(same, kind)) == of(JPEG), kind
    assert of(saved(same, "WEBP", lossless=True, exact=True)) == of(JPEG)
    assert of(saved(same, "JPEG2000")) == of(JPEG)
    assert of(saved(same, "JPEG", quality=90)) != of(JPEG)


def test_sixteen_bits_are_digested_as_they_are() -> None:
    assert of(deep_png(SAMPLES)) == of(a_tiff(deep_tiff(SAMPLES)))
    assert of(deep_png(SAMPLES)) == of(bytes(jpeg2k_encode(SAMPLES, level=0)))
    assert of(deep_png(SAMPLES)) != of(saved(PHOTO, "PNG"))
    four = np.dstack([SAMPLES, SAMPLES[:, :, :1]])
    assert of(deep_png(four)) != of(deep_png(SAMPLES))
    grey = Image.fromarray(SAMPLES[:, :, 0])
    assert of(saved(grey, "PNG")) == of(saved(grey, "TIFF"))


def test_floats_and_whole_numbers_of_32_bits_are_digested() -> None:
    floats = SAMPLES[:, :, 0].astype(np.float32)
    assert of(saved(Image.fromarray(floats), "TIFF")) != of(
        saved(Image.fromarray(np.nextafter(floats, np.float32(np.inf))), "TIFF")
    )
    whole = SAMPLES[:, :, 0].astype(np.int32)
    assert of(saved(Image.fromarray(whole), "TIFF")) != of(
        saved(Image.fromarray(whole + 1), "TIFF")
    )


def test_a_palette_is_what_it_stands_for() -> None:
    few = PHOTO.quantize(64)
    assert of(saved(few, "PNG")) == of(saved(few.convert("RGB"), "PNG"))
    clear = few.copy()
    assert of(saved(clear, "PNG", transparency=0)) != of(saved(few, "PNG"))
    assert of(saved(PHOTO.convert("1"), "PNG")) != of(saved(PHOTO.convert("1").convert("L"), "PNG"))


def test_how_long_frames_are_shown_counts() -> None:
    frames = {"save_all": True, "append_images": [photograph(2).quantize()]}
    fast, slow = (saved(PHOTO.quantize(), "GIF", duration=n, **frames) for n in (100, 900))
    assert of(fast) != of(slow)
    found = look(BytesIO(fast))
    assert found.seen.frames == 2
    assert found.pixels is not None
    assert found.pixels.sha256 == found.seen.pixels_sha256 == of(fast)


def test_heic_of_ten_bits_keeps_its_depth() -> None:
    pillow_heif.register_heif_opener()
    made = pillow_heif.from_bytes(
        mode="RGB;16", size=(300, 200), data=SAMPLES.astype("<u2").tobytes()
    )
    written = BytesIO()
    made.save(written, quality=-1)
    found = digest(BytesIO(written.getvalue()))
    assert look(BytesIO(written.getvalue())).seen.bit_depth in (10, 12)
    assert (found.tool, found.reason) == ("pi-heif", None)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (bytes(jpegxl_encode(np.asarray(PHOTO), effort=1)), "rendering_not_read"),
        (a_dng(np.asarray(PHOTO.convert("L"))), "rendering_not_read"),
        (a_tiff(deep_tiff(np.dstack([SAMPLES, SAMPLES]))), None),
    ],
    ids=["JPEG XL", "DNG", "six channels"],
)
def test_where_equal_samples_may_show_otherwise_there_is_no_digest(
    content: bytes, reason: str | None
) -> None:
    try:
        found = digest(BytesIO(content))
    except Undecodable:
        assert reason is None
        return
    assert found.sha256 is None
    assert found.reason == (reason or "too_deep")


def test_a_colour_that_is_transparent_at_sixteen_bits_is_not_guessed() -> None:
    plain = deep_png(SAMPLES)
    keyed = plain[:33] + a_chunk(b"tRNS", struct.pack(">HHH", 1, 2, 3)) + plain[33:]
    found = digest(BytesIO(keyed))
    assert (found.sha256, found.reason) == (None, "too_deep")


def test_pages_are_digested_within_the_budget_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    book = saved(PHOTO, "TIFF", save_all=True, append_images=[PHOTO, PHOTO])
    monkeypatch.setattr(pixels, "PIXELS", 150_000)
    found = look(BytesIO(book))
    assert found.seen.outcome == "decoded"
    assert found.pixels is not None
    assert (found.pixels.sha256, found.pixels.reason) == (None, "over_budget")
    assert found.seen.frames == 3


def test_what_takes_too_much_memory_keeps_its_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    def greedy(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(pixels, "frames_of", greedy)
    found = look(BytesIO(saved(PHOTO, "PNG")))
    assert (found.seen.outcome, found.pixels and found.pixels.reason) == (
        "decoded",
        "out_of_memory",
    )


def test_what_is_no_picture_or_too_large_is_refused() -> None:
    with pytest.raises(Undecodable):
        digest(BytesIO(b"no picture"))
    with pytest.raises(TooLarge):
        digest(BytesIO(a_png(30_000, 30_000, b"\0")))


ENDINGS = {
    "JPEG": JPEG,
    "PNG": saved(PHOTO, "PNG"),
    "WEBP": saved(PHOTO, "WEBP"),
    "GIF": saved(PHOTO.quantize(), "GIF", save_all=True, append_images=[PHOTO.quantize()]),
    "BMP": saved(PHOTO, "BMP"),
    "TIFF": saved(PHOTO, "TIFF"),
    "AVIF": saved(PHOTO, "AVIF"),
    "JPEG2000": saved(PHOTO, "JPEG2000"),
}


@pytest.mark.parametrize("kind", ENDINGS)
def test_bytes_behind_the_end_are_counted(kind: str) -> None:
    content = ENDINGS[kind]
    assert trailing_bytes(kind, BytesIO(content)) == 0
    assert trailing_bytes(kind, BytesIO(content + b"seventeen bytes..")) == 17
    film = struct.pack(">I4s", 24, b"mpvd") + bytes(16)
    if kind in ("AVIF", "JPEG2000"):
        assert trailing_bytes(kind, BytesIO(content + film)) == 24


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("PSD", b"8BPS"),
        ("GIF", b"GIF89a" + bytes(7) + b"\x99"),
        ("GIF", b"GIF89a" + bytes(7)),
        ("BMP", b"BM" + bytes(52)),
        ("BMP", b"BM"),
        ("TIFF", b"II+\0" + bytes(20)),
        ("TIFF", b"II*\0\x08\0\0\0\xff\xff"),
        ("TIFF", b"II*\0\x08\0\0\0" + struct.pack("<HHHII", 1, 273, 2, 1, 0) + bytes(4)),
        ("AVIF", struct.pack(">I4s", 8, b"free") * 1001),
        ("AVIF", struct.pack(">I4s", 80, b"ftyp")),
        ("JPEG", b"\xff\xd8"),
    ],
)
def test_an_end_that_cannot_be_found_is_not_known(kind: str, content: bytes) -> None:
    assert trailing_bytes(kind, BytesIO(content)) is None


def test_ends_of_other_builds_are_found() -> None:
    padded = saved(PHOTO, "TIFF", save_all=True, append_images=[PHOTO])
    assert trailing_bytes("TIFF", BytesIO(padded)) == 0
    assert trailing_bytes("TIFF", BytesIO(padded + bytes(40))) == 44
    stream = b"\xff\x4f\xff\x51 stream \xff\xd9"
    assert trailing_bytes("JPEG2000", BytesIO(stream + b"abc")) == 3
    large = struct.pack(">I4sQ", 1, b"ftyp", 20) + bytes(4)
    assert trailing_bytes("AVIF", BytesIO(large)) == 0
    open_end = struct.pack(">I4s", 8, b"ftyp") + struct.pack(">I4s", 0, b"mdat") + bytes(9)
    assert trailing_bytes("AVIF", BytesIO(open_end)) == 0
    broken = struct.pack(">I4s", 8, b"ftyp") + struct.pack(">I4s", 3, b"meta") + bytes(9)
    assert trailing_bytes("AVIF", BytesIO(broken)) == 17
