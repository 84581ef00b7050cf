"""An ExifTool of yesterday, for readings that today's makes anew."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.kit.settings import settings
from app.readings import tasks as reading_tasks
from app.readings.exiftool import VENDORED

OLDER = "13.01"
SCRIPT = """#!/usr/bin/env perl
# Yesterday's ExifTool: it knows no artist, and cuts a caption after ten letters.
use strict;
use warnings;
my ($script, $library);
BEGIN { ($script, $library) = ('%s', '%s'); }
use lib $library;
use Image::ExifTool;
if (@ARGV and $ARGV[-1] eq '-ver') { print '%s'; exit; }
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
$0 = $script;
"""


def older_tool(folder: Path) -> Path:
    """Write yesterday's ExifTool."""
    path = folder / "exiftool-of-yesterday"
    whole = SCRIPT % (VENDORED, VENDORED.parent / "lib", OLDER) + VENDORED.read_text("utf-8")
    path.write_text(whole)
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
