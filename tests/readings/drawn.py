"""Pictures drawn in code and told about by ExifTool; the corpus where there is one."""

import os
import subprocess
import tempfile
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from PIL import Image

from app.readings.exiftool import VENDORED

CORPUS = Path(
    os.environ.get("CATALOGUE_CORPUS", Path(__file__).parents[2] / "../shared/corpus")  # noqa: TID251
).resolve()

SCRIPT = """#!/usr/bin/env perl
# ExifTool that does what the first bytes of a file tell it to: hang, die or eat memory.
use strict;
use warnings;
use lib '%s';
use Image::ExifTool;
{
    no warnings 'redefine';
    my $extract = \\&Image::ExifTool::ExtractInfo;
    *Image::ExifTool::ExtractInfo = sub {
        my $head = '';
        if (open my $file, '<', $_[0]{FILENAME}) { read $file, $head, 400; close $file; }
        sleep 1000 if $head =~ /PLEASE HANG/;
        kill 9, $$ if $head =~ /PLEASE DIE/;
        if ($head =~ /PLEASE CONNECT (\\d+)/) {
            require IO::Socket::INET;
            my $there = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $1);
            print STDERR $there ? "connected" : "kept in";
        }
        system('touch', $1) if $head =~ /PLEASE RUN ([^\\0\\xff]+)\\xff/;
        my @eaten = map { 'x' x 1e8 } 1 .. 50 if $head =~ /PLEASE EAT/;
        my $bytes = "caf\\xe9 \\e[2J \\x{e2}\\x80\\xae a\\\\b";
        warn $bytes, \\$head, " pid $$" if $head =~ /PLEASE WARN/;
        print STDERR 'x' x 1e7 if $head =~ /PLEASE SHOUT/;
        do { print STDERR "at my end\\n"; kill 9, $$ } if $head =~ /PLEASE SIGH/;
        if ($head =~ /PLEASE BABBLE/) { print '{' x 100; return 0; }
        goto &$extract;
    };
}
"""


def draw(path: Path, *tags: str, size: tuple[int, int] = (32, 24)) -> Path:
    """Draw a small picture in the format of the name; each tag is ExifTool's -TAG=VALUE."""
    path.write_bytes(drawn(path.suffix, tags, size))
    return path


@lru_cache
def drawn(suffix: str, tags: tuple[str, ...], size: tuple[int, int]) -> bytes:
    """Return the bytes of such a picture, each drawn once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"drawn{suffix}"
        Image.new("RGB", size, (200, 120, 40)).save(path)
        if tags:
            command = ["perl", str(VENDORED), "-config", "", "-q", "-n", "-overwrite_original"]
            subprocess.run([*command, *tags, str(path)], check=True)  # noqa: S603
        return path.read_bytes()


def obeying(folder: Path, order: str, name: str = "order.jpg") -> Path:
    """Draw a JPEG with a caption whose comment, near its start, is an order to obedient_tool."""
    path = draw(folder / name, "-IFD0:ImageDescription=still here", "-IFD0:Make=Maker")
    drawn = path.read_bytes()
    comment = f"PLEASE {order}".encode()
    segment = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
    path.write_bytes(drawn[:2] + segment + drawn[2:])
    return path


def obedient_tool(folder: Path) -> Path:
    """Write an ExifTool that can be told to misbehave."""
    path = folder / "exiftool"
    path.write_text(SCRIPT % (VENDORED.parent / "lib") + VENDORED.read_text("utf-8"))
    path.chmod(0o755)
    return path


def opened(paths: Iterable[Path]) -> list[int]:
    """Open files as the worker does."""
    return [os.open(path, os.O_RDONLY | os.O_CLOEXEC) for path in paths]
