"""Photographs drawn in code: scenes rich in detail, grain and light; a number draws one scene."""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Plane = npt.NDArray[np.float32]
SIGNS = [
    "TRAM",
    "MARKET",
    "LIBRARY",
    "HARBOUR",
    "CLINIC",
    "SCHOOL",
    "PIER",
    "TEA",
    "BOOKS",
    "NOTICE",
    "EXIT",
    "24",
    "1962",
    "QUEEN",
]


@dataclass(frozen=True, slots=True)
class Easel:
    """What a scene is drawn on, and the chance that decides about it."""

    chance: np.random.Generator
    size: tuple[int, int]
    canvas: Image.Image

    @property
    def pen(self) -> ImageDraw.ImageDraw:
        """Return what draws on the canvas."""
        return ImageDraw.Draw(self.canvas)

    def between(self, low: float, high: float) -> int:
        """Return a whole number from `low` to below `high`; equal ones are taken as one."""
        return int(self.chance.integers(int(low), max(int(high), int(low) + 1)))

    def colour(self, low: int = 20, high: int = 235) -> tuple[int, int, int]:
        """Return a colour with channels in these bounds."""
        red, green, blue = (int(one) for one in self.chance.integers(low, high, 3))
        return red, green, blue


def photograph(number: int, size: tuple[int, int] = (1200, 800)) -> Image.Image:
    """Draw a scene in RGB: a street, shelves, or a garden, by the number; never two alike."""
    chance = np.random.default_rng([20260901, number])
    easel = Easel(chance, size, Image.new("RGB", size))
    scenes: tuple[Callable[[Easel], None], ...] = (a_street, shelves, a_garden)
    scenes[number % len(scenes)](easel)
    return as_exposed(easel.canvas, chance)


def jpeg(picture: Image.Image, quality: int = 90, **told: Any) -> bytes:  # noqa: ANN401 - Pillow's
    """Write a picture as JPEG."""
    return encoded(picture.convert("RGB"), "JPEG", quality=quality, **told)


def encoded(picture: Image.Image, kind: str, **told: Any) -> bytes:  # noqa: ANN401 - Pillow's
    """Write a picture in a format that Pillow knows."""
    written = BytesIO()
    picture.save(written, kind, **told)
    return written.getvalue()


def cloudy(chance: np.random.Generator, size: tuple[int, int], coarsest: int = 3) -> Plane:
    """Return noise in which coarse forms weigh most, as in nature: HxW, about -1 to 1."""
    width, height = size
    total, cells, weight = np.zeros((height, width), np.float32), coarsest, 1.0
    while cells < max(size) / 2:
        grid = chance.random((cells, cells), np.float32) * 2 - 1
        layer = Image.fromarray(grid, "F").resize(size, Image.Resampling.BICUBIC)
        total += np.asarray(layer) * weight
        cells, weight = cells * 2, weight * 0.62
    return total / 1.8


def washed(easel: Easel, top: tuple[int, int, int], bottom: tuple[int, int, int]) -> None:
    """Cover the canvas with a slope of colour, clouded."""
    height = easel.size[1]
    slope = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    ground = np.array(top, np.float32) * (1 - slope) + np.array(bottom, np.float32) * slope
    clouds = cloudy(easel.chance, easel.size)[:, :, None] * 38
    washes = np.clip(ground + clouds, 0, 255).astype(np.uint8)
    easel.canvas.paste(Image.fromarray(washes))


def a_street(easel: Easel) -> None:
    """Draw houses with windows and signs under a sky, and people before them."""
    width, height = easel.size
    washed(easel, easel.colour(120, 240), easel.colour(150, 250))
    at, ground = 0, int(height * easel.chance.uniform(0.72, 0.86))
    while at < width:
        wide = easel.between(width * 0.08, width * 0.24)
        high = easel.between(height * 0.12, height * 0.55)
        a_house(easel, (at, high, at + wide, ground))
        at += wide
    easel.pen.rectangle((0, ground, width, height), fill=easel.colour(60, 130))
    for _ in range(easel.between(5, 14)):
        a_person(easel, ground)
    for _ in range(easel.between(3, 7)):
        a_tree(easel, ground)


def a_house(easel: Easel, box: tuple[int, int, int, int]) -> None:
    """Draw a wall, its windows, each lit in its own way, and perhaps a sign."""
    left, top, right, bottom = box
    pen = easel.pen
    pen.rectangle(box, fill=easel.colour(50, 220), outline=easel.colour(10, 80))
    step_x = max(12, (right - left) // easel.between(3, 8))
    step_y = max(14, (bottom - top) // easel.between(4, 11))
    inner_x, inner_y = easel.between(3, step_x * 0.4), easel.between(3, step_y * 0.4)
    for y in range(top + inner_y, bottom - step_y, step_y):
        for x in range(left + inner_x, right - step_x // 2, step_x):
            corner = (x + step_x - 2 * inner_x, y + step_y - 2 * inner_y)
            if corner[0] > x + 2 and corner[1] > y + 2:
                pen.rectangle((x, y, *corner), fill=easel.colour(), outline=easel.colour(0, 90))
                if easel.chance.random() < 0.4:
                    pen.line((x, corner[1] - 1, *corner), fill=easel.colour(), width=2)
    if easel.chance.random() < 0.8:
        words = " ".join(easel.chance.choice(SIGNS, easel.between(1, 3)))
        tall = easel.between((right - left) * 0.1, (right - left) * 0.22)
        place = (left + 4, easel.between(top, bottom - tall))
        font = ImageFont.load_default(max(10, tall))
        pen.text(place, words, fill=easel.colour(200, 255), font=font)


def a_person(easel: Easel, ground: int) -> None:
    """Draw somebody standing."""
    width, height = easel.size
    tall = easel.between(height * 0.1, height * 0.24)
    x, feet = easel.between(0, width), easel.between(ground, height)
    pen, head = easel.pen, tall // 7
    pen.ellipse((x - tall // 6, feet - tall + head, x + tall // 6, feet), fill=easel.colour())
    middle = feet - tall + head // 2
    pen.ellipse((x - head, middle - head, x + head, middle + head), fill=easel.colour(90, 220))
    pen.line((x, feet - tall // 2, x + head * 2, feet - tall // 3), fill=easel.colour(), width=3)


def a_tree(easel: Easel, ground: int) -> None:
    """Draw a trunk and leaves, each by itself."""
    width, height = easel.size
    x, tall = easel.between(0, width), easel.between(height * 0.15, height * 0.4)
    pen = easel.pen
    pen.line((x, ground, x, ground - tall), fill=easel.colour(30, 90), width=max(3, tall // 18))
    for _ in range(160):
        across, up = easel.chance.normal(0, tall / 5, 2)
        leaf = easel.between(2, 3 + tall / 25)
        lx, ly = x + across, ground - tall + up
        green = (easel.between(20, 120), easel.between(80, 200), easel.between(20, 110))
        pen.ellipse((lx - leaf, ly - leaf, lx + leaf, ly + leaf), fill=green)


def shelves(easel: Easel) -> None:
    """Draw rows of books, no two of the same width, height and colour."""
    width, height = easel.size
    washed(easel, easel.colour(40, 110), easel.colour(60, 140))
    rows = easel.between(3, 6)
    for row in range(rows):
        floor, x = (row + 1) * height // rows - 8, easel.between(2, 30)
        while x < width:
            wide = easel.between(width * 0.01, width * 0.045) + 3
            top = floor - easel.between(height / rows * 0.5, height / rows * 0.9)
            a_book(easel, (x, top, x + wide, floor))
            x += wide + (easel.between(5, 60) if easel.chance.random() < 0.08 else 1)
        easel.pen.rectangle((0, floor, width, floor + 7), fill=easel.colour(60, 130))


def a_book(easel: Easel, box: tuple[int, int, int, int]) -> None:
    """Draw a spine with bands and a label."""
    left, top, right, floor = box
    pen = easel.pen
    pen.rectangle(box, fill=easel.colour(), outline=easel.colour(0, 60))
    for _ in range(easel.between(1, 5)):
        y = easel.between(top + 4, floor - 6)
        pen.rectangle((left, y, right, y + easel.between(1, 6)), fill=easel.colour())
    label = easel.between(top + 6, max(top + 7, floor - 30))
    pen.rectangle((left + 2, label, right - 2, label + 18), fill=easel.colour(180, 250))
    font = ImageFont.load_default(10)
    pen.text((left + 3, label + 3), str(easel.between(1, 999)), fill=(20, 20, 20), font=font)


def a_garden(easel: Easel) -> None:
    """Draw a hillside of trees and flowers around a few people."""
    width, height = easel.size
    washed(easel, easel.colour(130, 240), (60, 110, 50))
    for hill in range(3):
        line = cloudy(easel.chance, (width, 8), 4)[0] * height * 0.12
        base = height * (0.35 + 0.18 * hill)
        ridge = [(x, float(base + line[x])) for x in range(0, width, 4)]
        green = (easel.between(30, 110), easel.between(80, 160), easel.between(30, 100))
        easel.pen.polygon([(0, height), *ridge, (width, height)], fill=green)
        for _ in range(easel.between(3, 7)):
            a_tree(easel, int(base + height * 0.1))
    for _ in range(easel.between(500, 900)):
        x, y = easel.between(0, width), easel.between(height * 0.5, height)
        petal = easel.between(1, 2 + y / height * 6)
        easel.pen.ellipse((x, y, x + 2 * petal, y + 2 * petal), fill=easel.colour(60, 255))
    for _ in range(easel.between(2, 8)):
        a_person(easel, int(height * 0.7))


def as_exposed(drawn: Image.Image, chance: np.random.Generator) -> Image.Image:
    """Let light fall on it unevenly, blur it as a lens does, and add a sensor's grain."""
    soft = drawn.filter(ImageFilter.GaussianBlur(0.7))
    surface = cloudy(chance, drawn.size, 6)[:, :, None] * 16
    width, height = drawn.size
    across, down = np.linspace(-1, 1, width)[None, :], np.linspace(-1, 1, height)[:, None]
    fall = (1.06 - 0.2 * (across**2 + down**2))[:, :, None].astype(np.float32)
    lit = np.asarray(soft, np.float32) * fall + surface
    grain = chance.normal(0, 2.5, lit.shape).astype(np.float32)
    return Image.fromarray(np.clip(lit + grain, 0, 255).astype(np.uint8))
