"""What pictures of different things have in common: a mark, a target, a strip, a frame, a head."""

from collections.abc import Callable

import numpy as np
from easel import photograph
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

INK, PAPER, BOARD = (24, 24, 30), (243, 241, 236), (58, 58, 60)
PATCHES = 24  # of a colour target, in four rows


def dusk(number: int, size: tuple[int, int] = (640, 427)) -> Image.Image:
    """Draw a scene in little light and out of focus, beside which a mark stands out."""
    soft = photograph(number, size).filter(ImageFilter.GaussianBlur(2))
    return soft.point(lambda level: level * 0.35)


def laid_anew(picture: Image.Image, number: int) -> Image.Image:
    """Return it as photographed once more: cut and reduced a little otherwise."""
    chance = np.random.default_rng(number)
    left, top, right, bottom = (int(edge) for edge in chance.integers(0, 30, 4))
    cut = picture.crop((left, top, picture.width - right, picture.height - bottom))
    share = float(chance.uniform(0.9, 0.95))
    size = (round(cut.width * share), round(cut.height * share))
    return cut.resize(size, Image.Resampling.LANCZOS)


def letters(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return Pillow's own letters at a size in pixels."""
    return ImageFont.load_default(max(10, round(size)))


def watermarked(picture: Image.Image) -> Image.Image:
    """Lay pale words over the middle."""
    marked = picture.copy()
    place = (picture.width * 0.08, picture.height * 0.44)
    pen = ImageDraw.Draw(marked, "RGBA")
    pen.text(place, "PROOF ONLY", fill=(255, 255, 255, 120), font=letters(picture.width / 8))
    return marked


def stamped(picture: Image.Image) -> Image.Image:
    """Put an owner's round stamp into a corner."""
    marked = picture.copy()
    pen, side = ImageDraw.Draw(marked), min(picture.size) / 3
    left, top = picture.width - 1.1 * side, picture.height - 1.1 * side
    for inset in (0.0, 0.08 * side):
        box = (left + inset, top + inset, left + side - inset, top + side - inset)
        pen.ellipse(box, outline=(150, 30, 40), width=max(2, round(side / 40)))
    for line, word in enumerate(("HARBOUR", "BOARD", "No. 7", "LIBRARY")):
        place = (left + 0.2 * side, top + (0.2 + 0.16 * line) * side)
        pen.text(place, word, fill=(150, 30, 40), font=letters(side / 7))
    return marked


def with_target(picture: Image.Image) -> Image.Image:
    """Photograph it on a board, beside the colour target and the ruler that always lie there."""
    board = Image.new("RGB", (1200, 900), BOARD)
    shown = ImageOps.contain(picture, (940, 740))
    board.paste(shown, (30 + (940 - shown.width) // 2, 30 + (740 - shown.height) // 2))
    pen, chance = ImageDraw.Draw(board), np.random.default_rng(24)
    for patch in range(PATCHES):
        x, y = 1000 + 44 * (patch % 4), 60 + 44 * (patch // 4)
        colour = tuple(int(level) for level in chance.integers(10, 245, 3))
        pen.rectangle((x, y, x + 38, y + 38), fill=colour)
    pen.rectangle((60, 800, 1140, 880), fill=PAPER)
    for tick in range(101):
        at, long = 70 + 10.6 * tick, 34 if tick % 10 == 0 else 18
        pen.line((at, 800, at, 800 + long), fill=INK, width=2)
        if tick % 10 == 0:
            pen.text((at - 6, 842), str(tick // 10), fill=INK, font=letters(26))
    return board


def captioned(picture: Image.Image) -> Image.Image:
    """Put the house's strip under it."""
    high = max(48, picture.height // 7)
    page = Image.new("RGB", (picture.width, picture.height + high), PAPER)
    page.paste(picture, (0, 0))
    pen, top = ImageDraw.Draw(page), picture.height
    pen.rectangle((high / 4, top + high / 4, high, top + high * 0.8), fill=(30, 70, 140))
    pen.ellipse((high / 3, top + high / 3, high * 0.9, top + high * 0.7), fill=(220, 180, 40))
    said = "HARBOUR BOARD  Photographic Section, Queen's Pier"
    pen.text((high * 1.3, top + high / 4), said, fill=INK, font=letters(picture.width / 32))
    return page


def framed(picture: Image.Image) -> Image.Image:
    """Hang it into a carved frame, always the same one."""
    wide, chance = 90, np.random.default_rng(9)
    inner = ImageOps.fit(picture, (1020, 720))
    frame = Image.new("RGB", (1200, 900), (120, 84, 40))
    pen = ImageDraw.Draw(frame)
    for _ in range(900):
        x, y, r = (int(chance.integers(0, most)) for most in (1200, 900, 16))
        level = int(chance.integers(40, 220))
        pen.ellipse((x - r, y - r, x + r, y + r), outline=(level, level * 3 // 4, level // 3))
    frame.paste(inner, (wide, wide))
    return frame


def letter(picture: Image.Image) -> Image.Image:
    """Paste it on a page with the house's head and foot."""
    page = Image.new("RGB", (900, 1200), PAPER)
    pen = ImageDraw.Draw(page)
    pen.ellipse((40, 30, 140, 130), outline=INK, width=6)
    pen.polygon([(60, 110), (90, 45), (120, 110)], fill=(140, 30, 30))
    pen.text((170, 40), "HARBOUR BOARD", fill=INK, font=letters(54))
    pen.text((170, 104), "Queen's Pier, Central. Telephone 24", fill=INK, font=letters(24))
    pen.line((40, 150, 860, 150), fill=INK, width=3)
    pen.text((40, 1150), "Form 7 (revised) - to be returned", fill=INK, font=letters(22))
    shown = ImageOps.contain(picture, (780, 900))
    page.paste(shown, (60 + (780 - shown.width) // 2, 200 + (900 - shown.height) // 2))
    return page


MARKS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "watermark": watermarked,
    "stamp": stamped,
    "target": with_target,
    "caption": captioned,
    "frame": framed,
    "letterhead": letter,
}
