"""How the store is reached is said by settings alone, and shows no secret."""

from urllib.parse import parse_qs, urlsplit

import pytest
from buckets import reading_buckets
from pydantic import ValidationError

from app.kit.settings import Settings
from app.storage.s3 import access, signed

TOLD = {
    "CATALOGUE_S3_ACCESS_KEY_ID": "key-id",
    "CATALOGUE_S3_SECRET_ACCESS_KEY": "secret-4711",
    "CATALOGUE_S3_SESSION_TOKEN": "token-4712",
    "CATALOGUE_S3_REGION": "ap-east-1",
}


@pytest.mark.parametrize(
    ("said", "host"),
    [
        ("https://Objects.Example.org", "https://objects.example.org"),
        ("https://objects.example.org:443/", "https://objects.example.org"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("https://objects.example.org:8443", "https://objects.example.org:8443"),
        ("", "https://s3.ap-east-1.amazonaws.com"),
    ],
)
@pytest.mark.parametrize("key", ["a/b c+.jpg", "new\nline"])
def test_an_endpoint_is_kept_as_it_is_signed(said: str, host: str, key: str) -> None:
    with reading_buckets(TOLD, "photos", s3_endpoint=said):
        url = signed(access(), "GET", "photos", key)
    assert url.startswith(f"{host}/photos/")
    asked = parse_qs(urlsplit(url).query)
    assert asked["X-Amz-Security-Token"] == ["token-4712"]
    assert asked["X-Amz-Credential"][0].endswith("/ap-east-1/s3/aws4_request")


def test_a_bucket_may_stand_in_the_host_name() -> None:
    told = {"s3_endpoint": "https://objects.example.org:8443", "s3_path_style": "false"}
    with reading_buckets(TOLD, "photos", **told):
        url = signed(access(), "GET", "photos", "a/b.jpg")
    assert url.startswith("https://photos.objects.example.org:8443/a/b.jpg?")


@pytest.mark.parametrize(
    "said",
    [
        *("ftp://host", "https://key:secret@host", "https://host/path", "https://host?x=y"),
        *("host:9000", "https://", "https://host:port"),
    ],
)
def test_an_endpoint_that_says_more_than_a_host_is_refused(said: str) -> None:
    with pytest.raises(ValidationError, match="scheme, host and port only"):
        Settings(s3_endpoint=said)


def test_a_secret_is_not_shown() -> None:
    with reading_buckets(TOLD, "photos"):
        shown = f"{access()!r} {access()} {Settings()!r}"
    assert "secret-4711" not in shown
    assert "token-4712" not in shown


@pytest.mark.parametrize("said", ["photos, negatives", '["photos", "negatives"]'])
def test_buckets_are_a_list_or_parted_by_commas(said: str) -> None:
    assert Settings(allowed_buckets=said).allowed_buckets == [
        "photos",
        "negatives",
    ]
