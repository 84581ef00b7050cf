"""The sample pictures say of themselves what they are meant to say."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from app.cli import pictures
from app.readings.exiftool import find_tool

FAIR = "library/2016/書展開幕.jpg"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn") / "with a\nnewline" / "pictures"
    folder.parent.mkdir()
    pictures.lay_out(folder)
    return folder


def tags(folder: Path, path: str, *wanted: str) -> Mapping[str, Any]:
    command = ["perl", str(find_tool(None)), "-config", "", "-json", "-G1", "-n", "-a", *wanted]
    told = subprocess.run([*command, path], cwd=folder, capture_output=True, check=True)  # noqa: S603
    [found] = json.loads(told.stdout)
    result: Mapping[str, Any] = found
    return result


def test_a_caption_in_chinese_stands_in_exif_iptc_and_xmp_alike(drawn: Path) -> None:
    found = tags(drawn, FAIR, "-EXIF:all", "-IPTC:all", "-XMP:all")
    caption = "香港書展開幕典禮,主禮嘉賓剪綵"
    assert found["IFD0:ImageDescription"] == caption
    assert found["IPTC:Caption-Abstract"] == caption
    assert found["IPTC:CodedCharacterSet"] == "\x1b%G"
    assert found["XMP-dc:Description"] == caption


def test_camera_date_place_creator_and_copyright_stand_in_the_file(drawn: Path) -> None:
    found = tags(drawn, FAIR, "-EXIF:all", "-XMP:all")
    assert (found["IFD0:Make"], found["IFD0:Model"]) == ("Canon", "Canon EOS 5D Mark III")
    assert found["ExifIFD:DateTimeOriginal"] == "2016:07:09 10:30:00"
    assert found["IFD0:Artist"] == found["XMP-dc:Creator"] == "陳大文"
    assert found["IFD0:Copyright"] == "© 示範公共圖書館"
    assert found["GPS:GPSLatitude"] == pytest.approx(22.2819, abs=1e-4)


def test_copies_are_exact_inside_a_department_and_across_the_two(drawn: Path) -> None:
    for copy, original in pictures.COPIES:
        assert (drawn / copy).read_bytes() == (drawn / original).read_bytes()
    departments = [(copy.split("/")[0], of.split("/")[0]) for copy, of in pictures.COPIES]
    assert ("library", "library") in departments
    assert ("film-archive", "library") in departments


def test_no_two_other_pictures_have_the_same_bytes(drawn: Path) -> None:
    originals = [(drawn / picture.path).read_bytes() for picture in pictures.PICTURES]
    assert len(set(originals)) == len(originals)


def test_one_file_is_no_picture_any_more(drawn: Path) -> None:
    assert "ExifTool:Warning" in tags(drawn, pictures.DAMAGED, "-all")


def test_a_picture_without_caption_says_nothing_at_all(drawn: Path) -> None:
    silent = [p.path for p in pictures.PICTURES if not p.caption]
    assert silent
    for path in silent:
        assert set(tags(drawn, path, "-EXIF:all", "-IPTC:all", "-XMP:all")) == {"SourceFile"}


def test_the_same_bytes_are_drawn_every_time(drawn: Path, tmp_path: Path) -> None:
    pictures.lay_out(tmp_path / "again")
    for path in files_beneath(drawn):
        assert (tmp_path / "again" / path).read_bytes() == (drawn / path).read_bytes()
    assert files_beneath(tmp_path / "again") == files_beneath(drawn)


def test_what_is_there_keeps_its_bytes_and_what_is_not_comes_back(tmp_path: Path) -> None:
    pictures.lay_out(tmp_path / "kept")
    kept, lost = tmp_path / "kept" / FAIR, tmp_path / "kept" / pictures.DAMAGED
    kept.write_bytes(b"another's")
    pictures.lay_out(tmp_path / "kept")
    lost.unlink()
    pictures.lay_out(tmp_path / "kept")
    assert kept.read_bytes() == b"another's"
    assert lost.is_file()


def files_beneath(folder: Path) -> list[Path]:
    return sorted(p.relative_to(folder) for p in folder.rglob("*") if p.is_file())
