"""Short texts of no declared charset: the right one, or none; never a wrong one in silence."""

from collections import Counter

import captions
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.readings.charsets.candidates import CHARSETS, RIVALS
from app.readings.charsets.guess import Guess, guess, readings
from app.readings.charsets.undoing import undo_misreading

HELD = captions.held()
# The least share of the held-out texts that must be decided right, by language and charset.
SHARES = {
    ("zh-Hant", "big5"): 0.90,
    ("zh-Hant", "big5hkscs"): 0.90,
    ("zh-Hant", "gbk"): 0.90,
    ("zh-Hant", "gb18030"): 0.90,
    ("yue", "big5hkscs"): 0.80,
    ("zh-Hans", "gbk"): 0.92,
    ("zh-Hans", "gb18030"): 0.92,
    ("ja", "shift_jis"): 0.94,
    ("ja", "euc_jp"): 0.88,
    ("ja", "iso2022_jp"): 1.0,
    ("ko", "euc_kr"): 0.92,
    ("mixed", "big5"): 0.60,
    ("french", "cp1252"): 0.60,
    ("german", "cp1252"): 0.80,
    ("zh-Hant", "utf-16-be"): 0.85,
    ("zh-Hans", "utf-16-le"): 0.90,
    ("zh-Hant", "utf-8"): 0.98,
    ("ko", "utf-8"): 0.98,
}
CHOSEN = {codec for charset in CHARSETS for codec in charset.codecs}


def verdict(raw: bytes, others: list[bytes] | None = None) -> Guess:
    found = guess(raw, others or [])
    assert found
    return found


@pytest.fixture(scope="module")
def outcomes() -> Counter[tuple[str, str, str]]:
    """How the held-out texts came out."""
    found: Counter[tuple[str, str, str]] = Counter()
    for one in HELD:
        said = guess(one.raw)
        outcome = "undecided" if said is None or not said.decided else "right"
        if outcome == "right" and said and said.text != one.text:
            outcome = f"wrong: {said.text!r} for {one.text!r}"
        found[one.language, one.codec, outcome] += 1
    return found


def test_no_text_is_silently_wrong(outcomes: Counter[tuple[str, str, str]]) -> None:
    assert [key for key in outcomes if key[2].startswith("wrong")] == []
    assert outcomes.total() > 3000


@pytest.mark.parametrize("which", SHARES, ids=" in ".join)
def test_most_texts_are_decided(
    outcomes: Counter[tuple[str, str, str]], which: tuple[str, str]
) -> None:
    right, undecided = outcomes[(*which, "right")], outcomes[(*which, "undecided")]
    assert right / (right + undecided) >= SHARES[which]


def test_the_halves_share_no_whole_sentence() -> None:
    tuned = {one.text for one in captions.tuned() if len(one.text) > 14}
    assert tuned.isdisjoint(one.text for one in HELD)


@pytest.mark.parametrize("codec", sorted({codec for one in RIVALS for codec in one.codecs}))
def test_a_charset_that_only_casts_doubt_is_never_chosen(codec: str) -> None:
    of_it = [one.raw for one in HELD if one.codec == codec]
    found = [said for raw in of_it if (said := guess(raw)) and said.decided]
    assert {said.codec for said in found} <= CHOSEN


def test_a_name_alone_is_undecided_and_its_block_decides_it() -> None:
    name = "丘鶴".encode("big5")
    block = ["香港公共圖書館 版權所有".encode("big5"), "銅鑼灣避風塘的漁民".encode("big5")]
    assert not verdict(name).decided
    found = verdict(name, block)
    assert (found.text, found.decided, found.codec) == ("丘鶴", True, "cp950")


def test_a_block_in_another_charset_does_not_outvote_a_text_s_own_bytes() -> None:
    caption = "昭和三十四年、上野駅に到着した集団就職列車。".encode("shift_jis")
    block = ["香港公共圖書館 版權所有".encode("big5"), "銅鑼灣避風塘的漁民".encode("big5")]
    assert verdict(caption, block).text == "昭和三十四年、上野駅に到着した集団就職列車。"


def test_what_stands_elsewhere_in_the_file_for_certain_is_recognised() -> None:
    name = "丘鶴"
    assert not verdict(name.encode("big5")).decided
    found = guess(name.encode("big5"), known=[name])
    assert found
    assert (found.text, found.decided) == (name, True)


def test_undecided_bytes_still_say_how_sure_the_best_guess_is() -> None:
    found = verdict("茅台".encode("gbk"))
    assert not found.decided
    assert 0 < found.certainty < 1


def test_a_text_cut_inside_its_last_letter_loses_that_letter_only() -> None:
    whole = "一九六二年颱風溫黛過後的銅鑼灣避風塘，舢舨翻沉，居民在岸邊尋找親人。"
    for codec in ("utf-8", "cp950", "gbk"):
        found = verdict(whole.encode(codec)[:-1])
        assert (found.text, found.cut, found.decided) == (whole[:-1], True, True)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("日本".encode("iso2022_jp"), "日本"),
        ("한국".encode("iso2022_kr"), "한국"),
        ("中環".encode("utf-16"), "中環"),
        (b"\xfe\xff" + "中環".encode("utf-16-be"), "中環"),
        ("中環".encode("utf-8-sig"), "中環"),
    ],
    ids=["ISO-2022-JP", "ISO-2022-KR", "UTF-16 with its mark", "the other order", "UTF-8's mark"],
)
def test_a_charset_that_signs_is_believed(raw: bytes, text: str) -> None:
    found = verdict(raw)
    assert (found.text, found.decided, found.certainty) == (text, True, 1.0)


def test_kana_of_big5_stand_where_hong_kong_has_them() -> None:
    text = "旺角街市の風景，香港公共圖書館"
    assert verdict(text.encode("big5hkscs")).text == text


@settings(max_examples=300)
@given(st.binary(min_size=1, max_size=40))
def test_a_decided_text_gives_its_bytes_back(raw: bytes) -> None:
    found = guess(raw)
    if found and found.decided and found.certainty < 1:
        back = found.text.encode(found.codec)
        assert raw.startswith(back)
        assert found.cut or back == raw


@settings(max_examples=100)
@given(st.binary(max_size=30), st.lists(st.binary(max_size=20), max_size=3))
def test_any_bytes_have_a_verdict(raw: bytes, others: list[bytes]) -> None:
    found = guess(raw, others, ["真"])
    assert found is None or 0 <= found.certainty <= 1
    assert all(one.codec for one in readings(raw))


@pytest.mark.parametrize("wrong", ["latin-1", "cp1252"])
@pytest.mark.parametrize("codec", ["utf-8", "big5", "gbk"])
def test_a_text_that_was_misread_before_it_was_written_is_undone(codec: str, wrong: str) -> None:
    text = "香港公共圖書館版權所有，銅鑼灣避風塘的漁民"
    misread = "".join(_latin(byte, wrong) for byte in text.encode(codec))
    found = undo_misreading(misread)
    assert found
    assert found.text == text


def _latin(byte: int, wrong: str) -> str:
    try:
        return bytes([byte]).decode(wrong)
    except UnicodeDecodeError:
        return chr(byte)


@pytest.mark.parametrize(
    "text", ["Übergrößenträger", "L'été à Besançon", "© 2004 Ångström", "中環", "plain", "é"]
)
def test_a_text_that_is_right_is_left_alone(text: str) -> None:
    assert undo_misreading(text) is None
