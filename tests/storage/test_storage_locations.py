"""How a file is named: every name on disk can be said, nothing outside can."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.storage.errors import LocationMalformed
from app.storage.locations import decode_location, display_name, encode_location, parse_root

NAMES = st.binary(min_size=1, max_size=40).filter(
    lambda name: name not in (b".", b"..") and not set(name) & set(b"\0/")
)


@given(st.lists(NAMES, min_size=1, max_size=6))
def test_every_file_name_can_be_said_and_comes_back(segments: list[bytes]) -> None:
    location = encode_location(b"/".join(segments))
    assert decode_location(location) == tuple(segments)
    assert location.isascii()


def test_a_percent_encoded_name_may_be_no_text() -> None:
    assert decode_location("a%20b/%A7.jpg") == (b"a b", b"\xa7.jpg")
    assert encode_location(b"a b/\xa7.jpg") == "a%20b/%A7.jpg"


def test_plain_text_in_a_location_is_utf_8() -> None:
    assert decode_location("一九六七.jpg") == ("一九六七.jpg".encode(),)


@pytest.mark.parametrize(
    "location",
    [
        *("", "/etc/passwd", "..", "a/../b", "a//b", "a/", ".", "a/./b", "%2e%2e/x"),
        *("a%2Fb", "a%00b", "50%", "a%zz", "\udc80.jpg", "x" * 5000),
    ],
)
def test_a_location_that_could_lead_elsewhere_is_refused(location: str) -> None:
    with pytest.raises(LocationMalformed):
        decode_location(location)


@pytest.mark.parametrize("path", [b"", b"/abs", b"a//b", b"../x", b"a\0b", b"x" * 5000])
def test_a_path_that_is_no_location_is_refused(path: bytes) -> None:
    with pytest.raises(LocationMalformed):
        encode_location(path)


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///srv/photos/", b"/srv/photos"),
        ("file:///srv/photos", b"/srv/photos"),
        ("FILE:///srv/%A7/", b"/srv/\xa7"),
        ("file:///", b"/"),
    ],
)
def test_a_root_is_a_file_uri(uri: str, path: bytes) -> None:
    assert parse_root(uri) == path


@pytest.mark.parametrize(
    "uri", ["/srv", "s3://bucket/", "file://host/srv", "file:srv", "file:///a/../b", ""]
)
def test_another_root_is_refused(uri: str) -> None:
    with pytest.raises(LocationMalformed) as refused:
        parse_root(uri)
    assert refused.value.status == 422


@given(st.binary(max_size=60))
def test_a_name_is_always_shown_as_text_a_database_can_keep(name: bytes) -> None:
    shown = display_name(name)
    assert "\0" not in shown
    assert shown.encode("utf-8").decode("utf-8") == shown


def test_bytes_that_are_no_text_are_shown_escaped() -> None:
    assert display_name(b"big5 \xa6r.jpg") == "big5 \\xa6r.jpg"
