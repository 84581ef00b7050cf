"""Pages for people: in three languages, each whole, each in its own script."""

import re
from collections.abc import Iterator

import httpx2
import opencc
import pytest
from served import Server

from app.catalogue.contract_page import texts
from app.kit.chinese import to_simplified
from app.kit.languages import LANGUAGES, preferred, read_tag
from app.kit.problem_pages import Explained, explanations

SCRIPTS = {"zh-Hant": "big5", "zh-Hans": "gb2312"}  # of what only the other writes they hold little
BOTH = set("准游")  # also words of traditional Chinese: 獲准, 游標
TO_TRADITIONAL = opencc.OpenCC("s2t")
HAN = re.compile("[\u4e00-\u9fff]")


@pytest.fixture
def visitor(server: Server) -> Iterator[httpx2.Client]:
    """Somebody without a key; these pages ask no database."""
    with httpx2.Client(base_url=server.address) as client:
        yield client


def said(one: Explained) -> str:
    return f"{one.title}\n{one.text}"


@pytest.mark.parametrize("language", SCRIPTS)
def test_every_refusal_is_explained_in_each_language(language: str) -> None:
    english, other = explanations("en").by_code, explanations(language).by_code
    assert list(other) == list(english)
    assert len(english) > 80
    for code, one in english.items():
        assert other[code].status == one.status, code
        assert HAN.search(other[code].title), code
        assert HAN.search(other[code].text), code
        # What is typed or read as it stands is the same in every language.
        for words in re.findall("`[^`]+`", one.text):
            assert words in other[code].text, (code, words)


@pytest.mark.parametrize(("language", "charset"), SCRIPTS.items())
def test_each_language_is_written_in_its_own_script(language: str, charset: str) -> None:
    every = explanations(language)
    written = [said(one) for one in every.by_code.values()] + [every.heading, every.introduction]
    written += [text[language] for group in texts().values() for text in group.values()]
    for text in written:
        text.encode(charset)
        if language == "zh-Hans":
            assert to_simplified(text) == text
        else:
            assert not [han for han in {*text} - BOTH if TO_TRADITIONAL.convert(han) != han], text


def test_no_text_stands_twice() -> None:
    for code, one in explanations("en").by_code.items():
        others = [explanations(language).by_code[code] for language in SCRIPTS]
        assert len({said(one), *map(said, others)}) == 3, code
    for group in texts().values():
        for name, text in group.items():
            assert set(text) == set(LANGUAGES), name
            assert text["en"] not in (text["zh-Hant"], text["zh-Hans"]), name


@pytest.mark.parametrize("path", ["/problems", "/problems/cursor-unknown", "/docs"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_says_its_language_and_offers_the_others(
    visitor: httpx2.Client, path: str, language: str
) -> None:
    page = visitor.get(path, params={"lang": language}, headers={"Accept-Language": "de, zh-TW"})
    assert page.status_code == 200
    assert f'<html lang="{language}">' in page.text
    assert (page.headers["Content-Language"], page.headers["Vary"]) == (language, "Accept-Language")
    assert set(re.findall(r'href="\?lang=([\w-]+)"', page.text)) == set(LANGUAGES) - {language}
    assert ("拒絕" in page.text) is (language == "zh-Hant")
    assert ("拒绝" in page.text) is (language == "zh-Hans")


def test_the_list_of_refusals_leads_to_each_in_the_same_language(visitor: httpx2.Client) -> None:
    page = visitor.get("/problems", headers={"Accept-Language": "zh-HK"})
    found = re.findall(r'href="/problems/([a-z-]+)\?lang=zh-Hant"', page.text)
    assert found == sorted(explanations("en").by_code)
    one = visitor.get(f"/problems/{found[0]}?lang=zh-Hant")
    assert explanations("zh-Hant").by_code[found[0]].title in one.text


def test_the_bare_address_keeps_the_language(visitor: httpx2.Client) -> None:
    assert visitor.get("/?lang=zh-Hant").headers["Location"] == "/docs?lang=zh-Hant"
    assert visitor.get("/").headers["Location"] == "/docs"


def test_the_page_of_the_contract_names_each_of_its_parts(visitor: httpx2.Client) -> None:
    contract = visitor.get("/openapi.json").json()
    every = [one for item in contract["paths"].values() for one in item.values()]
    used = {tag for one in every for tag in one["tags"]}
    assert used == {one["name"] for one in contract["tags"]} == set(texts()["parts"])
    page = visitor.get("/docs?lang=zh-Hans").text
    assert all(text["zh-Hans"] in page for text in texts()["parts"].values())
    assert '<div id="swagger-ui" lang="en">' in page


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        *(("en", "en"), ("en-GB", "en"), ("EN", "en")),
        *((tag, "zh-Hant") for tag in ("zh-Hant", "zh-HK", "zh-tw", "zh-MO", "zh-Hant-CN", "yue")),
        *((tag, "zh-Hans") for tag in ("zh-Hans", "zh-CN", "zh", "zh-SG", "zh-Hans-HK")),
        *((tag, None) for tag in ("", "de", "english", "xx-Hant", "*")),
    ],
)
def test_a_tag_names_one_of_our_languages(tag: str, language: str | None) -> None:
    assert read_tag(tag) == language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de", "en"),
        ("zh-HK,zh;q=0.9,en;q=0.8", "zh-Hant"),
        ("en;q=0.5, zh-CN;q=0.7", "zh-Hans"),
        ("en;q=0.8, zh-TW; q=0.8", "en"),
        ("zh-TW;q=0, zh-CN;q=0.1", "zh-Hans"),
        ("zh-TW;q=nonsense, fr", "en"),
        ("de, zh-Hans;q=1.000, en;q=0.9", "zh-Hans"),
    ],
)
def test_a_browsers_best_language_of_ours_is_taken(header: str, language: str) -> None:
    assert preferred(header) == language
