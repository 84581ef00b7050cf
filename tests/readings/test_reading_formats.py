"""Dates as EDTF, formats by content."""

import pytest

from app.readings.dates import to_edtf
from app.readings.extensions import extension_lies
from app.readings.formats import fallback_reads, is_image, sniff, why_unreadable


@pytest.mark.parametrize(
    ("text", "edtf"),
    [
        ("2014:05:02 10:11:12", "2014-05-02T10:11:12"),
        ("2014:05:02 10:11:12.345", "2014-05-02T10:11:12"),
        ("2014-05-02T10:11:12Z", "2014-05-02T10:11:12Z"),
        ("2014:05:02 10:11:12+0800", "2014-05-02T10:11:12+08:00"),
        ("2014:05:02 10:11", "2014-05-02T10:11:00"),
        ("2014:05:02", "2014-05-02"),
        ("2014:05", "2014-05"),
        ("2014", "2014"),
        ("2014:00:00", "2014"),
        ("2014:05:00", "2014-05"),
        ("2014:00:05", None),
        ("2014:13:00", None),
        ("2014:02:30", None),
        ("2014:05:02 24:00:00", None),
        ("2014:05:02 10:11:12+99:00", "2014-05-02T10:11:12"),
        ("2002: 1: 8 10: 5: 3", "2002-01-08T10:05:03"),
        ("1999:  :     :  :  ", "1999"),
        ("    :  :     :  :  ", None),
        ("1967?", "1967?"),
        ("1967-05~", "1967-05~"),
        ("196X", "196X"),
        ("19XX", "19XX"),
        ("1967-13?", None),
        ("0000:00:00 00:00:00", None),
        ("", None),
        ("٢٠١٤:05:02", None),
    ],
)
def test_a_date_becomes_edtf_or_nothing(text: str, edtf: str | None) -> None:
    assert to_edtf(text) == edtf


@pytest.mark.parametrize(
    ("mime", "image"),
    [
        ("image/jpeg", True),
        ("image/x-canon-cr2", True),
        ("application/vnd.adobe.photoshop", True),
        ("image/svg+xml", False),
        ("text/html", False),
        ("video/mp4", False),
        ("", False),
    ],
)
def test_what_counts_as_an_image(mime: str, image: bool) -> None:
    assert is_image(mime) is image


@pytest.mark.parametrize(
    ("head", "mime", "why"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg", "truncated_header"),
        (b"RIFF....WEBPVP8 ", "image/webp", "truncated_header"),
        (b"\0\0\0\x18ftypheic", "image/heic", "truncated_header"),
        (b"\0\0\0\x18ftypisom", "video/mp4", "not_an_image"),
        (b"\xef\xbb\xbf <!doctype html>", "text/html", "not_an_image"),
        (b"PK\x03\x04", "application/zip", "not_an_image"),
        (b"\x01\x02", None, "unknown_format"),
    ],
)
def test_the_first_bytes_are_a_second_opinion(head: bytes, mime: str | None, why: str) -> None:
    assert sniff(head) == mime
    assert why_unreadable(head) == why


def test_the_fallback_never_sees_boxes() -> None:
    assert fallback_reads(b"II*\0....")
    assert fallback_reads(b"\xff\xd8\xff\xdb")
    assert not fallback_reads(b"\0\0\0\x18ftypheic")
    assert not fallback_reads(b"\xff\x0a")


@pytest.mark.parametrize(
    ("name", "mime", "lies"),
    [
        ("tram.jpg", "image/jpeg", False),
        ("tram.JPEG", "image/jpeg", False),
        ("tram.heic", "image/jpeg", True),
        ("tram.jpg", "image/heic", True),
        ("tram.png", "image/webp", True),
        ("tram.pdf", "image/png", True),
        ("tram.nef", "image/x-nikon-nef", False),
        ("tram.tif", "image/x-nikon-nef", False),
        ("tram.jpg", "image/x-nikon-nef", True),
        ("tram.tif", "image/x-adobe-dng", False),
        ("tram", "image/jpeg", False),
        ("tram.2004", "image/jpeg", False),
        (".jpg", "image/png", False),
        ("", "image/png", False),
    ],
)
def test_an_extension_lies_where_it_names_another_format(name: str, mime: str, lies: bool) -> None:
    assert extension_lies(name, mime) is lies
