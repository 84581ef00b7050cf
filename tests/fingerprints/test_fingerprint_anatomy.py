"""Digests of an image without what only tells of it: equal to a known tool's, blind to nothing."""

import json
import random
import subprocess
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from images import draw
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo
from world import World

from app.fingerprints.anatomy import digests
from app.fingerprints.anatomy.digests import ImageData, image_data
from app.fingerprints.anatomy.jpeg import parts_of_jpeg
from app.fingerprints.anatomy.parts import Anatomy, Kind, Malformed
from app.fingerprints.anatomy.png import parts_of_png
from app.fingerprints.anatomy.webp import parts_of_webp
from app.kit.settings import settings
from app.readings.exiftool import find_tool

SIDE = 64


def noise(number: int = 1, mode: str = "RGB") -> Image.Image:
    pixels = random.Random(number).randbytes(SIDE * SIDE * len(mode))  # noqa: S311 - no secret
    return Image.frombytes(mode, (SIDE, SIDE), pixels)


def saved(picture: Image.Image, kind: str, **how: object) -> bytes:
    written = BytesIO()
    picture.save(written, kind, **how)
    return written.getvalue()


def animated(number: int) -> bytes:
    return saved(noise(), "PNG", save_all=True, append_images=[noise(number)], duration=100)


PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
LAB = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
FILES: dict[str, tuple[Anatomy, bytes]] = {
    "JPEG": (parts_of_jpeg, saved(noise(), "JPEG", quality=95)),
    "JPEG with restarts": (parts_of_jpeg, saved(noise(), "JPEG", restart_marker_rows=1)),
    "JPEG with Exif": (parts_of_jpeg, draw(3, {"description": "Pier"}, size=(200, 100))),
    "JPEG of four inks": (parts_of_jpeg, saved(noise(mode="CMYK"), "JPEG")),
    "PNG": (parts_of_png, saved(noise(), "PNG")),
    "PNG with alpha": (parts_of_png, saved(noise(mode="RGBA"), "PNG")),
    "WebP": (parts_of_webp, saved(noise(), "WEBP")),
    "WebP with alpha": (parts_of_webp, saved(noise(mode="RGBA"), "WEBP", exif=b"Exif\0\0MM")),
    "WebP without loss": (parts_of_webp, saved(noise(), "WEBP", lossless=True)),
}
MORE: dict[str, tuple[Anatomy, bytes]] = {
    "progressive JPEG": (parts_of_jpeg, saved(noise(), "JPEG", progressive=True)),
    "APNG": (parts_of_png, animated(2)),
}


def found(content: bytes) -> ImageData:
    seen = image_data(content)
    assert seen is not None
    return seen


@pytest.mark.parametrize("name", [*FILES, *MORE])
def test_every_byte_belongs_to_exactly_one_part(name: str) -> None:
    anatomy, content = (FILES | MORE)[name]
    at = 0
    for part in anatomy(content + b"behind the end"):
        assert part.start == at
        assert part.end > part.start
        at = part.end
    assert part.kind is Kind.TRAILER
    assert at == len(content) + len(b"behind the end")


@pytest.mark.parametrize("name", FILES)
def test_the_image_hashes_to_what_exiftool_says(name: str, tmp_path: Path) -> None:
    content = FILES[name][1]
    file = tmp_path / "0001"
    file.write_bytes(content)
    asked = ["-requesttags=imagedatahash", "-imagehashtype=SHA256"]
    words = [word for one in asked for word in ("-api", one[1:])]
    tool = ["perl", str(find_tool(settings().exiftool)), "-config", "", "-j", *words]
    said = subprocess.run([*tool, "-ImageDataHash", str(file)], capture_output=True, check=True)  # noqa: S603
    assert json.loads(said.stdout)[0]["ImageDataHash"] == found(content).image.hex()


def test_metadata_may_come_and_go() -> None:
    picture = noise()
    told = PngInfo()
    told.add_text("Description", "Queen's Pier")
    pairs = [
        (saved(picture, "JPEG"), saved(picture, "JPEG", comment=b"Pier", dpi=(300, 300))),
        (saved(picture, "PNG"), saved(picture, "PNG", pnginfo=told, dpi=(300, 300))),
        (
            saved(picture, "WEBP", icc_profile=PROFILE),
            saved(picture, "WEBP", icc_profile=PROFILE, exif=b"MM"),
        ),
    ]
    for plain, telling in pairs:
        assert plain != telling
        assert found(plain) == found(telling)


def quantised_otherwise(content: bytes) -> bytes:
    at = content.index(b"\xff\xdb") + 6
    return content[:at] + bytes([content[at] + 1]) + content[at + 1 :]


def in_other_colours(content: bytes) -> bytes:
    return content.replace(b"JFIF\0", b"jfif\0", 1)


@pytest.mark.parametrize(
    ("content", "change"),
    [
        pytest.param(FILES["JPEG"][1], quantised_otherwise, id="another quantisation table"),
        pytest.param(FILES["JPEG"][1], in_other_colours, id="no word of what components are"),
    ],
)
def test_equal_scans_that_show_otherwise_are_told_apart(
    content: bytes, change: Callable[[bytes], bytes]
) -> None:
    changed = change(content)
    assert found(changed).image == found(content).image
    assert found(changed).rendering != found(content).rendering


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_another_profile_is_another_rendering(kind: str) -> None:
    one, other = (saved(noise(), kind, icc_profile=icc) for icc in (PROFILE, LAB))
    assert found(one).image == found(other).image
    assert found(one).rendering != found(other).rendering


def test_another_later_frame_is_another_rendering() -> None:
    one, other = found(animated(2)), found(animated(3))
    assert one.image == other.image
    assert one.rendering != other.rendering


@pytest.mark.parametrize("name", FILES)
def test_bytes_behind_the_end_are_told(name: str) -> None:
    content = FILES[name][1]
    assert found(content).trailer is None
    longer = found(content + b"PK\x03\x04")
    assert longer.trailer is not None
    assert longer.trailer != found(content + b"PK\x03\x05").trailer
    assert (longer.image, longer.rendering) == (found(content).image, found(content).rendering)


@pytest.mark.parametrize("name", [*FILES, *MORE])
def test_a_file_cut_anywhere_has_no_digest_of_its_image(name: str) -> None:
    content = (FILES | MORE)[name][1]
    cuts = random.Random(7).sample(range(len(content)), 60)  # noqa: S311 - no secret
    assert not [cut for cut in cuts if image_data(content[:cut]) is not None]


def test_a_format_without_known_anatomy_has_none() -> None:
    for kind in ("GIF", "BMP", "TIFF"):
        assert image_data(saved(noise(), kind)) is None
    assert image_data(b"") is None


def test_a_file_made_of_countless_parts_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "MOST_PARTS", 100)
    chunk = (0).to_bytes(4) + b"teXt" + zlib.crc32(b"teXt").to_bytes(4)
    content = FILES["PNG"][1]
    assert image_data(content[:33] + chunk * 50 + content[33:]) is not None
    assert image_data(content[:33] + chunk * 200 + content[33:]) is None


@pytest.mark.parametrize(
    ("anatomy", "content"),
    [
        pytest.param(parts_of_jpeg, b"\xff\xd8\x00\x00", id="no marker"),
        pytest.param(parts_of_jpeg, b"\xff\xd8\xff\xe1\x00\x00\xff\xd9", id="a length of nothing"),
        pytest.param(
            parts_of_png, b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffIHDR", id="a chunk without end"
        ),
        pytest.param(
            parts_of_webp, b"RIFF\x10\0\0\0WEBPVP8 \xff\xff\0\0" + bytes(8), id="a chunk too long"
        ),
    ],
)
def test_what_is_not_built_so_is_malformed(anatomy: Anatomy, content: bytes) -> None:
    with pytest.raises(Malformed):
        list(anatomy(content))


def test_the_fingerprint_says_what_image_rendering_and_trailer_hash_to(town: World) -> None:
    system = town.a_source_system()
    content = FILES["JPEG"][1] + b"a film behind it"
    asset_id = town.an_asset(system, content)
    town.work()
    [row] = town.find(
        "SELECT image_sha256, rendering_sha256, trailer_sha256 FROM fingerprints"
        " WHERE asset_id = :id",
        id=asset_id,
    )
    expected = found(content)
    assert tuple(row) == (expected.image, expected.rendering, expected.trailer)
