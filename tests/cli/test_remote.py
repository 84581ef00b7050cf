"""What a command makes of a catalogue that refuses, is silent, or is none."""

import httpx2
import pytest
from demonstration import answering

from app.cli.remote import NotDone, Refused, Remote, local_url
from app.cli.sending import follow
from app.kit.settings import settings


def test_a_problem_is_told_with_code_status_and_each_place() -> None:
    problem = {
        "code": "malformed",
        "detail": "It is wrong.",
        "errors": [{"pointer": "/a", "detail": "no"}],
    }
    said = r"It is wrong\. \[/a: no\] \(malformed, 422\)"
    answer = httpx2.Response(422, json=problem)
    with answering(lambda _: answer) as asked, pytest.raises(Refused, match=said) as told:
        asked.get("/v1/assets")
    assert (told.value.code, told.value.status) == ("malformed", 422)


@pytest.mark.parametrize(
    "answer",
    [httpx2.Response(502, text="<html>"), httpx2.Response(404, json=[]), httpx2.Response(302)],
    ids=["no JSON", "no problem", "a redirection"],
)
def test_something_that_is_no_catalogue_is_named_so(answer: httpx2.Response) -> None:
    with answering(lambda _: answer) as asked, pytest.raises(Refused, match="is no catalogue"):
        asked.get("/v1/assets")


def test_an_address_that_is_none_is_told_in_one_line() -> None:
    with pytest.raises(NotDone, match="does not answer"), Remote("nonsense", "key") as asked:
        asked.get("/v1/assets")


def test_an_operation_that_nobody_works_on_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.cli.sending.PATIENCE_SECONDS", 0.0)
    waiting = {"state": "waiting", "done": 0, "total": 5}
    answer, said = httpx2.Response(200, json=waiting), "stands at 0 of 5: does a worker run"
    with answering(lambda _: answer) as asked, pytest.raises(NotDone, match=said):
        follow(asked, "1")


def test_pages_are_followed_to_the_last() -> None:
    def page(request: httpx2.Request) -> httpx2.Response:
        first = "cursor" not in request.url.params
        return httpx2.Response(
            200, json={"items": [{"first": first}], "next": "more" if first else None}
        )

    with answering(page) as asked:
        assert list(asked.pages("/v1/assets")) == [{"first": True}, {"first": False}]


def test_without_an_address_this_machines_catalogue_is_meant() -> None:
    assert local_url() == f"http://{settings().host}:{settings().port}"
