"""The sample pictures: drawn here, described inside by ExifTool, the same bytes every time."""

import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

from app.kit.settings import settings
from app.readings.exiftool import find_tool

SIZE = (960, 720)  # with enough in them to be told apart by
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/"
SURROUNDINGS = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: what its file says of itself; without a caption it says nothing at all.

    A rendition is drawn by the number of the picture that it is made of.
    """

    path: str
    seed: int
    title: str = ""
    caption: str = ""
    creator: str = "陳大文"
    taken: str = "2016:07:09 10:30:00"
    camera: tuple[str, str] = ("Canon", "Canon EOS 5D Mark III")
    place: tuple[float, float] | None = None
    source_type: str = "digitalCapture"
    rights: str = "© 示範公共圖書館"
    rendition: str = ""  # how it was made of another: resized, cropped, retouched


LIBRARY, FILM_ARCHIVE = "library", "film-archive"
KOWLOON, CENTRAL = (22.3193, 114.1694), (22.2819, 114.1576)
FILM_RIGHTS = "© 示範電影資料館"
PICTURES = (
    Picture(
        f"{LIBRARY}/2016/reading-room.jpg", 1, "閱覽室", "中央圖書館閱覽室開放首日", place=KOWLOON
    ),
    Picture(
        f"{LIBRARY}/2016/書展開幕.jpg",
        2,
        "書展開幕",
        "香港書展開幕典禮,主禮嘉賓剪綵",
        place=CENTRAL,
    ),
    Picture(f"{LIBRARY}/2017/poster-wall.jpg", 3, "海報牆", "電影海報展覽之海報牆", "何小芳"),
    Picture(f"{LIBRARY}/2017/harbour.png", 4, "維多利亞港", "從圖書館天台遠眺維多利亞港"),
    Picture(f"{LIBRARY}/2018/storytelling.tif", 5, "親子故事時間", "義工為兒童講故事", "李小明"),
    Picture(f"{LIBRARY}/press/opening-night.jpg", 6, "開幕之夜", "新翼開幕酒會", "Photo Desk"),
    Picture(f"{LIBRARY}/unsorted/scan0001.jpg", 7),
    Picture(
        f"{FILM_ARCHIVE}/stills/女主角.jpg",
        8,
        "女主角劇照",
        "片場拍攝之女主角劇照",
        "黃志強",
        "2009:03:14 15:09:26",
        ("NIKON CORPORATION", "NIKON D700"),
        rights=FILM_RIGHTS,
    ),
    Picture(
        f"{FILM_ARCHIVE}/stills/1962-street-scene.jpg",
        9,
        "街景",
        "一九六二年外景街道,底片掃描",
        "黃志強",
        "2011:05:02 09:00:00",
        ("EPSON", "Perfection V750"),
        source_type="negativeFilm",
        rights=FILM_RIGHTS,
    ),
    Picture(
        f"{FILM_ARCHIVE}/stills/studio-backlot.webp",
        10,
        "片場外景",
        "清水灣片場外景地",
        "黃志強",
        "2012:11:20 11:11:11",
        ("SONY", "ILCE-7"),
        rights=FILM_RIGHTS,
    ),
    Picture(
        f"{FILM_ARCHIVE}/press/premiere.jpg",
        11,
        "首映禮",
        "首映禮紅地毯",
        "Stringer",
        "2013:09:01 20:15:00",
        rights=FILM_RIGHTS,
    ),
    Picture(f"{FILM_ARCHIVE}/unidentified/still-07.jpg", 12),
    Picture(
        f"{LIBRARY}/web/reading-room-small.jpg",
        1,
        "閱覽室",
        "中央圖書館閱覽室開放首日",
        place=KOWLOON,
        rendition="resized",
    ),
    Picture(
        f"{LIBRARY}/web/harbour-banner.jpg",
        4,
        "維多利亞港",
        "從圖書館天台遠眺維多利亞港",
        rendition="cropped",
    ),
    Picture(
        f"{LIBRARY}/web/storytelling-poster.jpg",
        5,
        "親子故事時間",
        "義工為兒童講故事",
        "李小明",
        rendition="retouched",
    ),
)
# A copy and what it is an exact copy of: inside one department, and across the two.
COPIES = (
    (f"{LIBRARY}/backup/書展開幕 (1).jpg", f"{LIBRARY}/2016/書展開幕.jpg"),
    (f"{FILM_ARCHIVE}/exchange/poster-wall.jpg", f"{LIBRARY}/2017/poster-wall.jpg"),
    (f"{FILM_ARCHIVE}/stills/duplicates/女主角-2.jpg", f"{FILM_ARCHIVE}/stills/女主角.jpg"),
)
DAMAGED = f"{LIBRARY}/damaged/IMG_0042.jpg"


def lay_out(folder: Path) -> None:
    """Make the pictures that are not in the folder yet; what is there keeps bytes and times."""
    wanted = [*(p.path for p in PICTURES), *(copy for copy, _ in COPIES), DAMAGED]
    if all((folder / path).is_file() for path in wanted):
        return
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as made:
        make_all(Path(made))
        for path in wanted:
            if not (folder / path).is_file():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (Path(made) / path).replace(folder / path)


def make_all(folder: Path) -> None:
    """Draw every picture, write what it says of itself, and copy what there are copies of."""
    for picture in PICTURES:
        target = folder / picture.path
        target.parent.mkdir(parents=True, exist_ok=True)
        rendered(draw(picture.seed), picture.rendition).save(target)
    describe(folder, [picture for picture in PICTURES if picture.caption])
    for copy, original in COPIES:
        (folder / copy).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / original, folder / copy)
    # Cut off within the first segments: it has the name of an image and is none any more.
    rest = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(random.Random(42).randbytes(900))  # noqa: S311
    (folder / DAMAGED).parent.mkdir(parents=True, exist_ok=True)
    (folder / DAMAGED).write_bytes(rest)


def draw(seed: int) -> Image.Image:
    """Draw shapes on a slope of colour, with grain; the same seed draws the same."""
    chance = random.Random(seed)  # noqa: S311 - a drawing is no secret
    slope = Image.linear_gradient("L").resize(SIZE).rotate(chance.choice((0, 180)))
    turned = slope.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    flat = Image.new("L", SIZE, chance.randrange(60, 200))
    picture = Image.merge("RGB", (slope, flat, turned))
    pen = ImageDraw.Draw(picture)
    for _ in range(70):
        x, y = chance.randrange(SIZE[0]), chance.randrange(SIZE[1])
        w, h = chance.randrange(20, 190), chance.randrange(20, 190)
        colour = (chance.randrange(256), chance.randrange(256), chance.randrange(256))
        shape = chance.choice((pen.rectangle, pen.ellipse))
        shape((x, y, x + w, y + h), fill=colour)
    small = (SIZE[0] // 3, SIZE[1] // 3)
    grain = Image.frombytes("L", small, chance.randbytes(small[0] * small[1])).resize(SIZE)
    return Image.blend(picture, grain.convert("RGB"), 0.07)


def rendered(picture: Image.Image, rendition: str) -> Image.Image:
    """Return what was made of a picture for the web, or the picture itself."""
    width, height = picture.size
    match rendition:
        case "resized":
            return picture.resize((width // 2, height // 2), Image.Resampling.LANCZOS)
        case "cropped":
            return picture.crop(
                (width // 10, height // 6, width - width // 12, height - height // 8)
            )
        case "retouched":
            printed = picture.copy()
            pen = ImageDraw.Draw(printed)
            pen.rectangle((0, height * 4 // 5, width * 3 // 5, height), fill=(250, 250, 240))
            pen.text((12, height * 5 // 6), "STORY TIME", fill=(20, 20, 90), font_size=height // 10)
            return printed
        case _:
            return picture


def describe(folder: Path, pictures: Sequence[Picture]) -> None:
    """Write every picture's EXIF, IPTC and XMP, all by one ExifTool."""
    script = find_tool(settings().exiftool)
    told = ("\n".join([*arguments(one), one.path]) for one in pictures)
    # Without a configuration file of its own: it would be Perl that somebody else wrote.
    common = ["-config", "", "-@", "-", "-common_args", "-q", "-q", "-overwrite_original"]
    subprocess.run(  # noqa: S603 - our own script and constants
        ["perl", str(script), *common, "-codedcharacterset=utf8"],  # noqa: S607
        input="\n-execute\n".join(told).encode(),
        cwd=folder,  # names in lines must be ours: a folder may be called anything
        env=SURROUNDINGS | {"HOME": str(folder)},
        check=True,
        timeout=120,
    )


def arguments(picture: Picture) -> Iterator[str]:
    """Yield ExifTool's arguments, one a line: each statement in each standard that has it."""
    said = {
        picture.caption: ("EXIF:ImageDescription", "IPTC:Caption-Abstract", "XMP-dc:Description"),
        picture.title: ("IPTC:ObjectName", "XMP-dc:Title"),
        picture.creator: ("EXIF:Artist", "IPTC:By-line", "XMP-dc:Creator"),
        picture.rights: ("EXIF:Copyright", "IPTC:CopyrightNotice", "XMP-dc:Rights"),
    }
    takes_iptc = picture.path.endswith((".jpg", ".tif"))  # elsewhere IPTC is out of place
    for text, tags in said.items():
        yield from (f"-{t}={text}" for t in tags if takes_iptc or not t.startswith("IPTC"))
    yield f"-EXIF:Make={picture.camera[0]}"
    yield f"-EXIF:Model={picture.camera[1]}"
    yield f"-EXIF:DateTimeOriginal={picture.taken}"
    yield "-EXIF:OffsetTimeOriginal=+08:00"
    yield f"-XMP-photoshop:DateCreated={picture.taken}+08:00"
    yield f"-XMP-iptcExt:DigitalSourceType={SOURCE_TYPE}{picture.source_type}"
    if picture.place is not None:
        yield f"-EXIF:GPSLatitude={picture.place[0]}"
        yield "-EXIF:GPSLatitudeRef=N"
        yield f"-EXIF:GPSLongitude={picture.place[1]}"
        yield "-EXIF:GPSLongitudeRef=E"
