"""Folding and cutting texts: what no search tells apart, and words without spaces."""

import pytest

from app.kit.chinese import to_simplified
from app.kit.tokens import LONGEST, asked_tokens, fold, tokens, unspaced


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("圖書館", "图书馆"),
        ("香港文化博物館", "香港文化博物馆"),
        ("\uff34\uff32\uff21\uff2d", "tram"),
        ("Straße", "STRASSE"),
        ("①", "1"),
        ("一目瞭然", "一目了然"),
        ("ｶﾒﾗ", "カメラ"),
    ],
    ids=str,
)
def test_texts_that_no_search_tells_apart_fold_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_a_part_of_a_text_folds_as_the_whole_does() -> None:
    # By words 乾隆 keeps its character and 乾 alone does not.
    assert to_simplified("乾隆") == "乾隆"
    assert to_simplified("乾") == "干"
    assert fold("乾") in fold("乾隆皇帝")


def test_text_without_spaces_is_cut_by_twos_and_ends_alone() -> None:
    assert list(tokens("香港文化")) == ["香港", "港文", "文化", "化"]
    assert list(tokens("Tram 12, 香港!")) == ["tram", "12", "香港", "港"]
    assert list(tokens("DSC_0001.JPG")) == ["dsc", "0001", "jpg"]
    assert list(tokens("…_-")) == []
    assert list(tokens("x" * 100)) == ["x" * LONGEST]


def test_a_question_keeps_the_places_of_its_words() -> None:
    assert asked_tokens("香港文化") == [("香港", 0), ("港文", 1), ("文化", 2)]
    assert asked_tokens("香港 tram") == [("香港", 0), ("tram", 2)]
    assert asked_tokens("橋") == [("桥", 0)]
    assert asked_tokens("!") == []


def test_scripts_without_spaces_are_told_from_words() -> None:
    assert [unspaced(one) for one in ("桥", "カ", "한", "a", "1", "")] == [True] * 3 + [False] * 3
