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


def test_no_mark_can_be_written_so_that_it_looks_like_another() -> None:
    one = replace(ONE, version="v", e_tag="e", bucket="bbb", key="x:f:ccc/y")
    other = replace(ONE, version="v:e:bbb/x", e_tag="f", bucket="ccc", key="y")
    third = replace(ONE, version="v", e_tag="e:bbb/x:f", bucket="ccc", key="y")
    assert len({str(one), str(other), str(third)}) == 3


def test_an_object_is_its_bucket_and_key_at_whatever_version() -> None:
    later = replace(ONE, size=9, modified=None, version="v2", e_tag="")
    assert later.object_key == ONE.object_key == "s3:photos/1967/a:b.jpg"
    assert replace(ONE, bucket="other").object_key != ONE.object_key


def test_a_token_of_an_object_is_never_that_of_a_file() -> None:
    assert str(replace(ONE, bucket="fs", key="1:2:3")).startswith("s3:")
