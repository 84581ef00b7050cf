"""Which files travel together, by their names alone: pure, and the same whoever of them asks.

A wrong relation keeps a file that might have gone; a missed one could part what belongs together.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

RAW = frozenset(
    {
        *(
            "3fr",
            "arw",
            "cr2",
            "cr3",
            "crw",
            "dng",
            "erf",
            "fff",
            "iiq",
            "k25",
            "kdc",
            "mef",
            "mos",
        ),
        *(
            "mrw",
            "nef",
            "nrw",
            "orf",
            "pef",
            "raf",
            "raw",
            "rw2",
            "rwl",
            "sr2",
            "srf",
            "srw",
            "x3f",
        ),
    }
)
DEVELOPED = frozenset({"jpg", "jpeg", "jpe", "heic", "heif", "hif", "tif", "tiff"})
STILL = frozenset({"heic", "heif", "hif", "jpg", "jpeg", "jpe"})
MOVING = frozenset({"mov", "mp4"})
READ = "xmp"
SIDECARS = frozenset({"xmp", "aae", "thm", "pp3", "dop", "arp"})


@dataclass(frozen=True, slots=True)
class Companion:
    """A file beside another one, what ties them, and by what that was found."""

    kind: str  # sidecar, raw_jpeg, live_photo, sides
    name: bytes
    found_by: str

    @property
    def is_read(self) -> bool:
        """Tell whether what it says is read with the image: XMP, of a file that is none itself."""
        return self.kind == "sidecar" and parted(self.name)[1] == READ


def sides_in(pattern: str) -> re.Pattern[str]:
    """Read the pattern by which the two sides of one sheet are told apart, in any case."""
    return re.compile(pattern, re.IGNORECASE)


def companions_of(
    name: bytes, beside: Collection[bytes], sides: re.Pattern[str]
) -> tuple[Companion, ...]:
    """Find a file's companions among the names in its folder; by name, each once.

    Args:
        name: of the file.
        beside: names of files in the same folder; its own among them does no harm.
        sides: with a group `stem`, and a group `side` for every word that tells two sides apart.
    """
    found = {
        other: tie for other in beside if other != name and (tie := tie_between(name, other, sides))
    }
    return tuple(Companion(kind, other, by) for other, (kind, by) in sorted(found.items()))


def tie_between(one: bytes, other: bytes, sides: re.Pattern[str]) -> tuple[str, str] | None:
    """Tell what ties two names of one folder, if anything does."""
    (stem, suffix), (stem2, suffix2) = parted(one), parted(other)
    if is_sidecar(one, stem2, suffix2) or is_sidecar(other, stem, suffix):
        return "sidecar", f"{stem.partition('.')[0]}.*"
    if stem == stem2:
        pair = {suffix, suffix2}
        if pair & RAW and pair & DEVELOPED:
            return "raw_jpeg", f"{stem}.*"
        if pair & STILL and pair & MOVING:
            return "live_photo", f"{stem}.*"
    first, second = sides.fullmatch(stem), sides.fullmatch(stem2)
    if first and second and first["stem"] == second["stem"] and first["side"] != second["side"]:
        return "sides", sides.pattern
    return None


def is_sidecar(whole: bytes, stem: str, suffix: str) -> bool:
    """Tell whether a name with this stem and suffix is the sidecar of a whole name."""
    said = shown(whole)
    image_stem, image_suffix = parted(whole)
    if suffix not in SIDECARS or image_suffix in SIDECARS:
        return False
    return stem in (said, image_stem)


def starts_of(name: bytes, sides: re.Pattern[str]) -> tuple[bytes, ...]:
    """Return what the names of all possible companions begin with, for stores that list by it.

    A store compares bytes, so there a companion written in other case is not found.
    """
    first = name.partition(b".")[0] if not name.startswith(b".") else name
    stem = name.rpartition(b".")[0] or name
    found = sides.fullmatch(stem.decode("utf-8", "surrogateescape"))
    common = found["stem"].encode("utf-8", "surrogateescape") if found else b""
    return tuple(filter(None, dict.fromkeys((first + b".", stem + b".", common))))


def parted(name: bytes) -> tuple[str, str]:
    """Part a name at its last dot, in lower case; bytes that are no text stay apart from text."""
    stem, dot, suffix = shown(name).rpartition(".")
    return (stem, suffix) if dot and stem else (suffix, "")


def shown(name: bytes) -> str:
    """Return a name for comparing: cameras and card readers do not agree on case."""
    return name.decode("utf-8", "surrogateescape").lower()
