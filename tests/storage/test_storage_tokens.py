"""What a token of an object is made of: every mark counts, and the object is its key."""

from dataclasses import replace

import pytest

from app.storage.tokens import ObjectToken

ONE = ObjectToken("photos", "1967/a:b.jpg", 5, 1795640295, "v1", '"mark"')


@pytest.mark.parametrize(
    "other",
    [
        replace(ONE, bucket="photos-2"),
        replace(ONE, key="1967/a:b.jp"),
        replace(ONE, size=6),
        replace(ONE, modified=None),
        replace(ONE, modified=1795640296),
        replace(ONE, version="v2"),
        replace(ONE, e_tag='"mark2"'),
        replace(ONE, version='v1:"mark"', e_tag=""),
    ],
    ids=str,
)
def test_every_mark_of_an_object_counts(other: ObjectToken) -> None:
    assert other != ONE
    assert str(other) != str(ONE)


def test_an_object_is_its_bucket_and_key_at_whatever_version() -> None:
    later = replace(ONE, size=9, modified=None, version="v2", e_tag="")
    assert later.object_key == ONE.object_key == "s3:photos/1967/a:b.jpg"
    assert replace(ONE, bucket="other").object_key != ONE.object_key


def test_a_token_of_an_object_is_never_that_of_a_file() -> None:
    assert str(replace(ONE, bucket="fs", key="1:2:3")).startswith("s3:")
