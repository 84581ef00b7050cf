"""Draw one pair of each class for docs/standard.md, by `make pictures`.

Every pair is drawn in code, registered with a catalogue that really runs, and shown as it came out:
both sides, the crop box, the difference map where there is one, the class and its reasons.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import rawpy  # type: ignore[import-untyped]
from catalogues import Running, catalogue_over
from derivations import derived, original, record_card, taken
from easel import jpeg, photograph
from negatives import dng
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

ROOT = Path(__file__).parents[1]
SHOWN = ROOT / "docs" / "pictures"
HOME = ROOT / "build" / "docs-pictures"
SIZE = (960, 640)
CELL = (228, 152)  # pixels of each side as it is shown
MARGIN, CAPTION = 6, 42
LARGEST = 60_000  # bytes: the repository keeps them
Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Example:
    """A class, and how a pair of it is drawn: two files of one folder."""

    class_: str
    draw: Callable[[], Files]


def main() -> None:
    """Draw, register, work off, ask, and write the pictures."""
    folder = HOME / "pairs"
    drawn = {one.class_: one.draw() for one in EXAMPLES}
    for class_, files in drawn.items():
        for name, data in files.items():
            path = folder / class_.replace("_", "-") / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    with catalogue_over(folder, HOME / "catalogue") as catalogue:
        catalogue.register()
        catalogue.work_off()
        found = dict(answers(catalogue))
    SHOWN.mkdir(exist_ok=True)
    for class_, files in drawn.items():
        said, difference = found.get(class_, (None, None))
        given = said["proposed_class"] if said else "not found"
        sys.stderr.write(f"{class_}: {given}\n")
        if given == class_ and said is not None:
            write(class_, picture_of(class_, list(files.values()), said, difference))


def answers(catalogue: Running) -> Iterator[tuple[str, tuple[dict[str, Any], bytes | None]]]:
    """Yield what was proposed for each folder's pair, and its difference map."""
    names = catalogue.assets()
    reader = catalogue.cast.give("Bench auditor", "auditor")
    every = [one.class_ for one in EXAMPLES]
    for asset_id, name in names.items():
        if not Path(name).stem.endswith("1"):  # seen from its first side
            continue
        path = f"/v1/assets/{asset_id}/likenesses"
        for one in reader.pages(path, **{"class": every}):
            difference = one["measurement"] and one["measurement"]["difference"]
            png = reader.call("GET", difference).content if difference else None
            if Path(names[one["other_asset_id"]]).parent == Path(name).parent:
                yield Path(name).parts[0].replace("-", "_"), (one, png)


def picture_of(
    class_: str, sides: list[bytes], said: Mapping[str, Any], difference: bytes | None
) -> Image.Image:
    """Put both sides and the difference map side by side above the words."""
    looks = [seen(data) for data in sides]
    measured = (said["measurement"] or {}).get("measured") or {}
    if class_ == "crop" and "crop_box" in measured:
        outlined(looks[0], measured["crop_box"])
    if difference is not None:
        looks.append(Image.open(BytesIO(difference)).convert("RGB"))
    width = 3 * CELL[0] + 4 * MARGIN
    sheet = Image.new("RGB", (width, CELL[1] + 2 * MARGIN + CAPTION), "white")
    for at, look in enumerate(looks):
        small = ImageOps.contain(look, CELL, Image.Resampling.LANCZOS)
        left = MARGIN + at * (CELL[0] + MARGIN) + (CELL[0] - small.width) // 2
        sheet.paste(small, (left, MARGIN + (CELL[1] - small.height) // 2))
    pen = ImageDraw.Draw(sheet)
    below = CELL[1] + 2 * MARGIN
    pen.text((MARGIN, below), heading(class_, said), fill="black", font=ImageFont.load_default(15))
    words = in_words(said)
    pen.text((MARGIN, below + 22), words, fill=(70, 70, 70), font=ImageFont.load_default(11))
    return sheet


def seen(data: bytes) -> Image.Image:
    """Return a side as people see it."""
    if data.startswith(b"II*\0"):
        with rawpy.imread(BytesIO(data)) as raw:
            return Image.fromarray(raw.postprocess(half_size=True))
    return ImageOps.exif_transpose(Image.open(BytesIO(data))).convert("RGB")


def outlined(look: Image.Image, box: list[int]) -> None:
    """Draw the crop's box onto the picture that it was cut from."""
    left, top, wide, high = box
    pen = ImageDraw.Draw(look)
    pen.rectangle((left, top, left + wide, top + high), outline=(230, 40, 30), width=8)


def heading(class_: str, said: Mapping[str, Any]) -> str:
    """Name the class, its score and its direction."""
    parts = [class_]
    if said["score"] is not None:
        parts.append(f"score {said['score']:.2f}")
    directions = {"this_is_the_copy": "left is the copy", "other_is_the_copy": "right is the copy"}
    if said["direction"]:
        parts.append(directions[said["direction"]])
    return ", ".join(parts)


def in_words(said: Mapping[str, Any]) -> str:
    """Write the last reasons of the evidence, which decided."""
    reasons = said["evidence"].get("reasons") or []
    told = list(dict.fromkeys(map(reason_in_words, reasons)))
    if not told and "sha256" in said["evidence"]:
        told = [f"sha256 {said['evidence']['sha256'][:16]}... of both"]
    while len(words := "; ".join(told)) > 118:
        told = told[1:]
    return words


def reason_in_words(reason: Mapping[str, Any]) -> str:
    """Write one reason: a comparison with its threshold, or what was found."""
    if "limit" in reason:
        against = "meets" if reason["holds"] else "misses"
        return f"{reason['code']} {reason['value']} {against} {reason['limit']}"
    told = {k: v for k, v in reason.items() if k != "code" and isinstance(v, str | int | float)}
    return " ".join((reason["code"], *(f"{key} {value}" for key, value in told.items())))


def write(class_: str, sheet: Image.Image) -> None:
    """Write a picture in as many colours as fit."""
    soft = sheet.quantize(256, dither=Image.Dither.NONE)
    for colours in (128, 64, 40, 24, 16):
        soft = sheet.quantize(colours, dither=Image.Dither.NONE)
        written = BytesIO()
        soft.save(written, "PNG", optimize=True)
        if len(written.getvalue()) < LARGEST:
            break
    (SHOWN / f"{class_}.png").write_bytes(written.getvalue())


def made(number: int, how: str) -> Files:
    """Return a photograph and what was made of it in one way."""
    stored = original(photograph(number, SIZE), number)
    [one] = [one for one in derived(stored, number) if one.how == how]
    return {"a1.jpg": stored, f"b2.{one.suffix}": one.data}


def cropped() -> Files:
    """Return a photograph and a part of it."""
    return made(3, "keeps 0.6 of each side")


def raw_and_developed() -> Files:
    """Return what a camera writes for one release of its shutter."""
    picture = photograph(9, SIZE)
    soft = picture.filter(ImageFilter.GaussianBlur(0.6))
    developed = jpeg(soft, 90, exif=taken(9).tobytes())
    return {"IMG_0001.dng": dng(picture), "IMG_0001.jpg": developed}


def scanned_twice() -> Files:
    """Return two scans of one print."""
    print_ = photograph(6, SIZE).convert("L").convert("RGB")
    return {"a1.jpg": scan(print_, 1, 0.2, 1.0), "b2.jpg": scan(print_, 2, -0.25, 0.9)}


def scan(print_: Image.Image, number: int, degrees: float, gain: float) -> bytes:
    """Lay a print on the glass a little askew, by hand, and add the scanner's own grain."""
    chance = np.random.default_rng([13, number])
    lain = print_.rotate(degrees, Image.Resampling.BICUBIC)
    inner = (24, 18, lain.width - 24 - 7 * number, lain.height - 18 - 5 * number)
    glass = np.asarray(lain.crop(inner), np.float32) * gain
    values = glass + chance.normal(0, 3, (*glass.shape[:2], 1))
    return jpeg(Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)), 95)


def turned() -> Files:
    """Return a photograph and its mirror image."""
    picture = photograph(7, SIZE)
    mirrored = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return {"a1.jpg": original(picture, 7), "b2.jpg": jpeg(mirrored, 92)}


def two_cards() -> Files:
    """Return two cards of one form."""
    return {"a1.jpg": record_card(1), "b2.jpg": record_card(2)}


EXAMPLES = (
    Example("exact_bytes", lambda: made(0, "copy")),
    Example("identical_image_data", lambda: made(1, "without metadata")),
    Example("derivative_reduced", lambda: made(2, "scale 0.25")),
    Example("derivative_converted", lambda: made(5, "avif")),
    Example("crop", cropped),
    Example("tonal_variant", lambda: made(8, "sepia")),
    Example("retouched_or_composite", lambda: made(12, "a part painted over")),
    Example("sequence", lambda: made(15, "1 s later")),
    Example("capture_pair", raw_and_developed),
    Example("re_digitisation", scanned_twice),
    Example("undetermined", turned),
    Example("unrelated", two_cards),
)


if __name__ == "__main__":
    main()
