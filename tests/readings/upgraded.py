"""An ExifTool of yesterday, for readings that today's makes anew."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.kit.settings import settings
from app.readings import tasks as reading_tasks
from app.readings.exiftool import VENDORED

OLDER = "13.01"
# Put before the modules of today's script, so that it is built as that is.
YESTERDAY = """
# Yesterday's ExifTool: it knows no artist, and cuts a caption after ten letters.
use lib '%s';
use Image::ExifTool;
$Image::ExifTool::VERSION = $version = '%s';
{
    no warnings 'redefine';
    my $found = \\&Image::ExifTool::FoundTag;
    *Image::ExifTool::FoundTag = sub {
        my $name = ref $_[1] ? $_[1]{Name} : $_[1];
        return undef if $name eq 'Artist';
        $_[2] = substr $_[2], 0, 10 if $name eq 'ImageDescription';
        goto &$found;
    };
}
"""
FIRST_USE = "\nuse Image::ExifTool qw{:Public};"


def older_tool(folder: Path) -> Path:
    """Write yesterday's ExifTool."""
    path = folder / "exiftool-of-yesterday"
    before, first, after = VENDORED.read_text("latin-1").partition(FIRST_USE)
    assert first
    added = YESTERDAY % (VENDORED.parent / "lib", OLDER)
    path.write_text(before + added + first + after, "latin-1")
    path.chmod(0o755)
    return path


@contextmanager
def reading_by(tool: Path) -> Iterator[None]:
    """Let workers read by another ExifTool, as after an upgrade and a start anew."""
    end_warm_readers()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CATALOGUE_EXIFTOOL", str(tool))
        settings.cache_clear()
        yield
        end_warm_readers()
    settings.cache_clear()


def end_warm_readers() -> None:
    """End the readers that this process keeps between jobs."""
    while reading_tasks._warm:
        reading_tasks._warm.pop().__exit__(None, None, None)
