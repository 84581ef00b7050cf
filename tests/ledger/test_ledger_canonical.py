"""The fast way to canonical JSON writes the bytes of RFC 8785, or leaves the document to it."""

from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from app.ledger.canonical import canonical

TEXTS = st.text(st.characters(), max_size=20)
NUMBERS = st.integers(-(2**60), 2**60) | st.floats() | st.booleans() | st.none()
DOCUMENTS = st.recursive(
    NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=20,
)


def attempt(write: Any, document: Any) -> bytes | type[Exception]:  # noqa: ANN401
    try:
        return bytes(write(document))
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        return type(error)


@settings(max_examples=200)
@given(DOCUMENTS)
def test_both_ways_write_the_same_bytes_or_refuse_alike(document: Any) -> None:  # noqa: ANN401
    assert attempt(canonical, document) == attempt(rfc8785.dumps, document)


@pytest.mark.parametrize(
    "document",
    [
        {"\ufb33": 1, "\U0001f600": 2},  # sorted by UTF-16 units, not by code points
        "".join(map(chr, range(0x100))),
        "\ud800",
        {"\udc00": 1},
        1e21,
        -0.0,
        2**53,
        2**53 - 1,
        float("nan"),
        {"a": (1, "b", None, True)},
        {1: "a"},
        {"tab\t": "\u2028"},
    ],
    ids=repr,
)
def test_where_readers_differ_the_standard_decides(document: Any) -> None:  # noqa: ANN401
    assert attempt(canonical, document) == attempt(rfc8785.dumps, document)
