"""What text and JSON the house can store."""

from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, TypeAdapter, ValidationError

from app.kit.errors import Malformed, RevisionRequired
from app.kit.revisions import etag, required_revision
from app.kit.text import DEEPEST, LARGEST, Label, Line, Storable, storable_json

LINE: TypeAdapter[str] = TypeAdapter(Line)
VALUE: TypeAdapter[Any] = TypeAdapter(Annotated[Any, AfterValidator(storable_json)])


def nested(levels: int) -> object:
    """Put a number so many levels down."""
    value: object = 1
    for _ in range(levels - 1):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [None, True, 0, 2**53 - 1, -1.5, "", "颱風 \U0001f4f7", [], {}, nested(DEEPEST), "x" * LARGEST],
    ids=lambda value: str(value)[:20],
)
def test_these_values_are_stored_as_they_are(value: object) -> None:
    assert VALUE.validate_python(value) == value


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("a\0", "NUL"),
        ({"\0": 1}, "NUL"),
        ("\ud800", "surrogates"),
        ({"\udfff": 1}, "surrogates"),
        (nested(DEEPEST + 1), "12 levels deep"),
        ("x" * (LARGEST + 1), "20000 characters"),
        (["x" * 100] * 200, "20000 characters"),
        (float("inf"), "finite"),
        ([float("nan")], "finite"),
        ({"a": float("-inf")}, "finite"),
        (10**5000, "below 2"),
    ],
    ids=lambda value: ascii(value)[:30] if not isinstance(value, int) else "long number",
)
def test_these_are_refused(value: object, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        VALUE.validate_python(value)


@pytest.mark.parametrize("text", ["", "\0", "a\0b", "x" * 2001, "\ud800"], ids=ascii)
def test_a_line_is_short_and_storable(text: str) -> None:
    with pytest.raises(ValidationError):
        LINE.validate_python(text)


@pytest.mark.parametrize("text", [" ", "a\nb", "檔" * 2000], ids=["blank", "two lines", "long"])
def test_a_line_holds_any_letters(text: str) -> None:
    assert LINE.validate_python(text) == text


def test_a_label_speaks_the_houses_languages() -> None:
    label: TypeAdapter[dict[str, str]] = TypeAdapter(Label)
    assert label.validate_python({"zh-Hant": "檔案", "en": "Records"})
    with pytest.raises(ValidationError):
        label.validate_python({"fr": "Archives"})
    assert TypeAdapter(Storable).validate_python("") == ""


@pytest.mark.parametrize(("written", "revision"), [('"3"', 3), (' "12" ', 12)])
def test_a_revision_is_read_as_it_was_written(written: str, revision: int) -> None:
    assert required_revision(written) == revision
    assert required_revision(etag(revision)) == revision


@pytest.mark.parametrize("written", ["3", 'W/"3"', "*", '"3', '"x"', '"3","4"', ""])
def test_nothing_else_is_a_revision(written: str) -> None:
    with pytest.raises(Malformed):
        required_revision(written)


def test_a_change_without_a_revision_is_refused() -> None:
    with pytest.raises(RevisionRequired):
        required_revision(None)
