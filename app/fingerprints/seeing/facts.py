"""How a picture is to be shown, as its header says it; what is not known makes nothing equal."""

import hashlib
import re
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from PIL import Image

from app.fingerprints.anatomy.parts import Malformed
from app.fingerprints.seeing.jpeg import beside_in, head_of
from app.fingerprints.shown import WITH_ALPHA, TooLarge

MOST_FRAMES = 5_000
HEAD = 1 << 20  # bytes in which boxes and chunks before the pixels are looked for
ORIENTATION, EXIF, INTEROP, COLOUR_SPACE, BITS, SUB_IFDS = 274, 0x8769, 0xA005, 0xA001, 258, 330
SRGB = "srgb"
EIGHT = {"JPEG", "MPO", "GIF", "BMP", "WEBP", "PSD"}
BOXED = {"HEIF", "AVIF"}
# Auxiliary images that are no transparency, gain maps derived from two images (ISO 21496-1).
_AUXILIARY = re.compile(rb"auxC....(?!urn:mpeg:mpegB:cicp:systems:auxiliary:alpha)", re.DOTALL)
_DERIVED = re.compile(rb"infe.{8}tmap", re.DOTALL)
_NCLX = re.compile(rb"colrnclx(.{7})", re.DOTALL)
_DEPTH = re.compile(rb"av1C.(.)(.)", re.DOTALL)
_SIZ = re.compile(rb"\xff\x4f\xff\x51.{38}(.)", re.DOTALL)
_CICP = re.compile(rb"\x00\x00\x00\x04cICP(.{4})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Facts:
    """How a file says that its picture is to be shown; None: not known."""

    format: str
    width: int  # pixels, upright
    height: int
    frames: int
    bit_depth: int | None
    colour: str
    alpha: bool
    orientation: int
    colour_space: str | None
    auxiliary: int | None
    icc_sha256: bytes | None


def facts_of(image: Image.Image, file: BinaryIO) -> Facts:
    """Read the facts of an opened image, of which nothing is decoded yet.

    Raises:
        TooLarge: more frames than are looked at.
        Exception: of the decoders' own kinds.
    """
    file.seek(0)
    head = file.read(HEAD)
    kind = image.format or "JXL"
    turned = orientation_of(image)
    size = image.size
    if turned >= 5 and kind != "TIFF":  # of which Pillow has the upright size already
        size = size[1], size[0]
    profile = image.info.get("icc_profile")
    facts = Facts(
        format="JPEG" if kind == "MPO" else kind,
        width=size[0],
        height=size[1],
        frames=frames_of(image),
        bit_depth=depth_of(image, head),
        colour=image.mode,
        alpha=image.mode in WITH_ALPHA or "transparency" in image.info,
        orientation=turned,
        colour_space=colour_space_of(image, head),
        auxiliary=auxiliary_of(image, head),
        icc_sha256=hashlib.sha256(profile).digest() if profile else None,
    )
    deeper = (facts.bit_depth or 8) > 8 and not image.mode.startswith(("I", "F"))
    return replace(facts, colour=f"{facts.colour};{facts.bit_depth}") if deeper else facts


def orientation_of(image: Image.Image) -> int:
    """Return the orientation that is stated, 1 where none of the eight is."""
    stated = image.getexif().get(ORIENTATION, 1)
    return stated if isinstance(stated, int) and 1 <= stated <= 8 else 1


def frames_of(image: Image.Image) -> int:
    """Count frames or pages; further pictures of an MPO and layers are none.

    Raises:
        TooLarge: there are more than are looked at.
    """
    if image.format == "TIFF":
        return pages_of(image)
    if image.format in ("MPO", "PSD"):
        return 1
    frames = getattr(image, "n_frames", 1)
    if frames > MOST_FRAMES:
        raise TooLarge
    return int(frames)


def pages_of(image: Image.Image) -> int:
    """Count pages one by one, for a file may claim any number, and return to the first."""
    pages = 1
    try:
        while pages <= MOST_FRAMES:
            image.seek(pages)
            pages += 1
    except EOFError:
        image.seek(0)
        return pages
    raise TooLarge


def depth_of(image: Image.Image, head: bytes) -> int | None:
    """Return the bits of a channel as they are stored."""
    kind = image.format
    if kind in EIGHT:
        return int(getattr(image, "bits", 8)) if kind in ("JPEG", "MPO") else 8
    if kind == "PNG":
        return 8 if image.mode in ("P", "PA") else head[24]
    if kind == "TIFF":
        bits = image.tag_v2.get(BITS, (1,))  # type: ignore[attr-defined]
        return int(max(bits if isinstance(bits, tuple) else (bits,)))
    if kind == "HEIF":
        return int(image.info["bit_depth"])
    if kind == "AVIF":
        return depth_of_av1(head)
    if kind == "JPEG2000" and (found := _SIZ.search(head)):
        return (found[1][0] & 0x7F) + 1
    return None


def depth_of_av1(head: bytes) -> int | None:
    """Read AV1CodecConfigurationRecord: high_bitdepth and twelve_bit behind the tier."""
    found = _DEPTH.search(head)
    if found is None:
        return None
    high, twelve = found[2][0] >> 6 & 1, found[2][0] >> 5 & 1
    return 8 + 2 * high + 2 * (high and twelve)


def colour_space_of(image: Image.Image, head: bytes) -> str | None:
    """Return what is declared beside a profile, in one way to say it."""
    info = image.info
    if image.format in BOXED:
        found = _NCLX.search(head)
        return f"nclx:{found[1].hex()}" if found else None
    if image.format == "PNG" and (cicp := _CICP.search(head)):
        return f"cicp:{cicp[1].hex()}"
    if "srgb" in info:
        return SRGB
    if image.format == "PNG" and ("gamma" in info or "chromaticity" in info):
        return f"gamma:{info.get('gamma')};chromaticity:{info.get('chromaticity')}"
    return declared(image.getexif())


def declared(exif: Image.Exif) -> str | None:
    """Return the colour space that Exif declares: 1 is sRGB, 65535 with R03 Adobe's."""
    space = exif.get_ifd(EXIF).get(COLOUR_SPACE)
    index: Any = exif.get_ifd(INTEROP).get(1)
    if space == 1 and index in (None, "R98"):
        return SRGB
    said = [f"exif:{space}"] if space is not None else []
    return ";".join(said + ([f"interop:{index}"] if index is not None else [])) or None


def auxiliary_of(image: Image.Image, head: bytes) -> int | None:
    """Count the images beside the main one that a reader would lose: None, where nobody looked."""
    kind = image.format
    if kind in ("JPEG", "MPO"):
        try:
            beside = beside_in(head_of(head)[1])
        except Malformed:  # its head is longer than what is looked at
            return None
        return max(beside, int(getattr(image, "n_frames", 1)) - 1)
    if kind == "TIFF":
        below = image.tag_v2.get(SUB_IFDS, ())  # type: ignore[attr-defined]
        return len(below) if isinstance(below, tuple) else 1
    if kind in BOXED:
        return len(_AUXILIARY.findall(head)) + len(_DERIVED.findall(head))
    if kind == "PSD":
        return len(image.layers)  # type: ignore[attr-defined]
    return 0 if kind in ("PNG", "GIF", "BMP", "WEBP", "JPEG2000") else None
