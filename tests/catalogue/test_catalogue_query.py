"""The syntax of questions: what is refused, and where it stands."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import and_, true
from sqlalchemy.dialects import postgresql

from app.catalogue.errors import QueryMalformed
from app.catalogue.searching.lucene import DEEPEST, MOST_TERMS, read_query
from app.catalogue.searching.parts import Words, sql_of


@pytest.mark.parametrize(
    ("q", "place", "why"),
    [
        ("(tram", 5, "cannot be read"),
        ("tram)", 4, "cannot be read"),
        ("AND tram", 0, "cannot be read"),
        ("tram AND", 8, "cannot be read"),
        ('a "b', 2, "cannot be read"),
        ("tram~2", 0, "`~`"),
        ('"a b"~2', 0, "`~`"),
        ("tram^2", 0, "`^`"),
        ("/tr.m/", 0, "Regular"),
        ("tr?m", 2, "end of a word"),
        ("a *ram", 2, "end of a word"),
        ("t*m", 1, "end of a word"),
        ("*", 0, "letters"),
        ("t*", 0, "letters"),
        ("!!", 0, "No word"),
        ("a ...", 2, "No word"),
        ("a colour:red", 9, "no field `colour`"),
        ("title:[a TO b]", 6, "range"),
        ("a title:>b", 8, "range"),
        ("date_created:soon", 13, "no date"),
        ("date_created:[soon TO 1970]", 13, "no date"),
        ("format:JP*", 7, "as a whole"),
        ("title:(a subject:b)", 9, "within a field"),
        ("10:30", 3, "no field `10`"),
    ],
)
def test_what_is_not_answered_is_refused_with_its_place(q: str, place: int, why: str) -> None:
    with pytest.raises(QueryMalformed) as refused:
        read_query(q)
    assert why in refused.value.detail
    assert refused.value.place == place
    assert f"position {place}" in refused.value.pointers["/query/q"]


def test_questions_have_bounds() -> None:
    read_query("(" * DEEPEST + "a" + ")" * DEEPEST)
    with pytest.raises(QueryMalformed, match="deep"):
        read_query("(" * (DEEPEST + 1) + "a" + ")" * (DEEPEST + 1))
    read_query(" ".join("a" for _ in range(MOST_TERMS)))
    with pytest.raises(QueryMalformed, match="terms"):
        read_query(" ".join("a" for _ in range(MOST_TERMS + 1)))
    with pytest.raises(QueryMalformed, match="deep"):
        read_query("NOT " * (4 * DEEPEST) + "a")


def test_signs_behind_a_backslash_are_themselves() -> None:
    assert read_query(r"title:10\:30") == [Words("('t10' <1> 't30')")]
    assert read_query(r"title:it's") == [Words("('tit' <1> 'ts')")]


def test_words_stay_one_question_to_the_index() -> None:
    [found] = read_query("title:((a OR b) AND NOT c)")
    assert found == Words("(('ta' | 'tb') & !('tc'))")


@settings(max_examples=300)
@given(st.text(alphabet='ab香港 ()[]{}:"*?~^/\\-+!&|<>=.TOANDR19', max_size=40))
def test_whatever_is_asked_is_answered_or_refused(q: str) -> None:
    try:
        parts = read_query(q)
    except QueryMalformed as refusal:
        place = refusal.place
    else:
        place = 0
        and_(true(), *map(sql_of, parts)).compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]
    assert 0 <= place <= len(q)
