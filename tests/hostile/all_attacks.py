"""Every attack by its name, and the folder of names and files that are no files."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path

from hostile import boxed, jpegs, pngs, tiffs
from hostile.parts import Attacks, jpeg

FAMILIES: tuple[Callable[[], Attacks], ...] = (
    *(jpegs.of_segments, jpegs.of_exif, jpegs.of_blocks, jpegs.of_xmp),
    *(tiffs.of_tiff, tiffs.of_big_tiff, tiffs.of_raw),
    *(pngs.of_png, pngs.of_chunks, pngs.of_gif, pngs.of_webp),
    *(boxed.of_boxes, boxed.of_items, boxed.of_others, boxed.of_polyglots),
)
LARGE = 2 << 20  # bytes of a file that is for the drill alone
# Each would do something if a name ever became part of a command, an option or a path.
NAMES = (
    *(b"-config", b"-if\nsystem('touch owned')", b"-@ args", b"-stay_open\nFalse\n", b"-o owned"),
    *(b"a\n-execute\n.jpg", b"|touch owned", b"touch owned|", b"$(touch owned).jpg", b"`id`.jpg"),
    *(b"-tagsFromFile\nx.jpg", b"..%2f..%2fetc%2fpasswd", b"%00.jpg", b"a;b&c.jpg"),
    *(b"\xff\xfe\x80.jpg", "\u202egpj.exe".encode(), b"-", b"--", b"~", b"*.jpg", b"%d%f%e.jpg"),
    *(b"con.jpg", b"a" * 251 + b".jpg", b" leading and trailing ", b"\x1b[2J.jpg", b"\\..\\x.jpg"),
)
DEVICES = ("/dev/zero", "/dev/random", "/dev/full", "/dev/tty", "/proc/self/environ", "/etc/passwd")


def generated() -> Attacks:
    """Yield every attack that is bytes."""
    yield from chain.from_iterable(family() for family in FAMILIES)


def small() -> Iterator[tuple[str, bytes]]:
    """Yield those that take a test no second each."""
    yield from ((name, content) for name, content in generated() if len(content) <= LARGE)


def write_names(folder: Path) -> list[bytes]:
    """Put a sound picture under every hostile name; return the names."""
    for name in NAMES:
        (folder / os.fsdecode(name)).write_bytes(jpeg())
    return list(NAMES)


def write_no_files(folder: Path) -> list[bytes]:
    """Put links, pipes, devices and folders where files are expected; return their names."""
    made = []
    for number, device in enumerate(DEVICES):
        (folder / f"link {number}.jpg").symlink_to(device)
        made.append(f"link {number}.jpg")
    (folder / "loop.jpg").symlink_to("loop.jpg")
    (folder / "up.jpg").symlink_to("..")
    os.mkfifo(folder / "pipe.jpg")
    (folder / "folder.jpg").mkdir()
    with suppress(PermissionError):  # only root makes devices
        os.mknod(folder / "device.jpg", 0o600 | 0o020000, os.makedev(1, 5))
        made.append("device.jpg")
    made += ["loop.jpg", "up.jpg", "pipe.jpg", "folder.jpg"]
    return [os.fsencode(name) for name in made]
