"""What the demo does when things do not go as they should."""

import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from demonstration import answering

from app.cli import demo_answers, demo_backlog, demo_folder, demo_records, demo_tables, scanning
from app.cli.demo_answers import Counted, await_processed
from app.cli.demo_people import add_system
from app.cli.remote import NotDone
from app.cli.scanning import Folder
from app.cli.sending import Told

Answer = Callable[[httpx2.Request], httpx2.Response]


def catalogue_with(reasons: dict[str, int], answered: list[str]) -> Answer:
    """A catalogue of one department with one image that nobody has assessed."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/v1/eligibility/check":
            body = json.loads(request.content)
            found = [{"asset_id": one, "reasons": answered} for one in body["asset_ids"]]
            return httpx2.Response(200, json={"answers": found})
        if request.url.path == "/v1/assets":
            return httpx2.Response(200, json={"items": [{"asset_id": "1"}], "next": None})
        by = request.url.params.get_list("group_by")[1]
        counts = {"not_assessed": 1} if by == "status" else reasons
        groups = [{"department": "d", by: key, "assets": n} for key, n in counts.items()]
        others = [{"department": "another", by: "x", "assets": 7}]
        return httpx2.Response(200, json={"groups": groups + others, "log_index": 3})

    return answer


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_answers, "QUIET_SECONDS", 0.0)
    monkeypatch.setattr(demo_answers, "PATIENCE_SECONDS", 0.2)


@pytest.mark.usefixtures("hasty")
def test_an_image_that_is_not_where_it_should_be_has_a_stated_outcome() -> None:
    reasons = {"processing:unread": 1, "processing:missing": 1}
    with answering(catalogue_with(reasons, list(reasons))) as reader:
        counted = await_processed(reader, ["d"], lambda: None)
    assert counted == Counted(Counter(reasons), 3)


@pytest.mark.usefixtures("hasty")
def test_an_image_without_outcome_is_not_waited_for_without_end() -> None:
    reasons = {"processing:unread": 1}
    said = pytest.raises(NotDone, match="1 of 1 images have no stated outcome")
    with answering(catalogue_with(reasons, list(reasons))) as reader, said:
        await_processed(reader, ["d"], lambda: None)


def test_another_images_absence_does_not_excuse_one_that_nobody_has_read() -> None:
    reasons = {"processing:unread": 1, "processing:changed": 1}
    with answering(catalogue_with(reasons, ["processing:unread"])) as reader:
        assert demo_answers.unfinished(reader, ["d"]) == ["1"]


def changing(statuses: list[int]) -> Answer:
    """A record whose changes are answered by these statuses, one after the other."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            return httpx2.Response(200, json={}, headers={"ETag": '"1"'})
        problem = {"code": "c", "detail": "No."}
        return httpx2.Response(statuses.pop(0), json=problem)

    return answer


def test_a_record_that_changed_meanwhile_is_read_and_changed_again() -> None:
    with answering(changing([412, 200])) as speaker:
        assert demo_records.change(speaker, "1", lambda _: {"assert": []})


def test_a_record_that_never_holds_still_is_given_up() -> None:
    with answering(changing([412] * 5)) as speaker, pytest.raises(NotDone, match="changes faster"):
        demo_records.change(speaker, "1", lambda _: {"assert": []})


def test_a_change_that_is_refused_is_not_tried_again() -> None:
    with answering(changing([409])) as speaker, pytest.raises(NotDone, match="No"):
        demo_records.change(speaker, "1", lambda _: {"assert": []})


def test_a_system_that_is_refused_is_named() -> None:
    said = pytest.raises(NotDone, match="Source system films: No")
    with answering(changing([409])) as operator, said:
        add_system(operator, {"code": "films"})


@pytest.mark.parametrize(
    ("name", "code"),
    [(b"Stills_1962", "stills-1962"), ("圖".encode(), "folder"), (b"\xa4\xa4", "xa4-xa4")],
    ids=["plain", "no letter that a code may have", "not UTF-8"],
)
def test_a_folders_name_becomes_a_code(name: bytes, code: str) -> None:
    assert demo_folder.code_of(name) == code


def test_a_sub_folder_that_cannot_be_listed_is_told_and_the_others_are_registered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "shut").mkdir()
    listed = os.scandir

    def closed(path: bytes) -> Any:  # noqa: ANN401
        if path.endswith(b"shut"):
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(os, "scandir", closed)
    told: list[str] = []
    found = demo_folder.places(tmp_path, told.append)
    assert found == [(os.fsencode(tmp_path / "open"), "open")]
    assert told == ["shut cannot be listed: Permission denied."]


def test_a_code_that_is_taken_gets_a_number() -> None:
    assert demo_folder.first_free("a", {"a", "a-2"}) == "a-3"


def test_a_folder_that_cannot_be_listed_is_told() -> None:
    with pytest.raises(NotDone, match="cannot be entered"):
        list(scanning.files_of(Folder("s", b"/nowhere/at/all", ()), print))
    with pytest.raises(NotDone, match="cannot be listed"):
        list(scanning.files_of(Folder("s", b"/nowhere/at/all", (), only_direct=True), print))


def test_a_location_too_long_for_a_name_is_written_as_people_see_it() -> None:
    path = "圖".encode() * 300
    assert scanning.identifier_of("%E5%9C%96" * 300, path) == "圖" * 300


def test_a_sample_picture_that_is_refused_stops_the_demo(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = Told()
    told.refused.append({"name": "a.jpg", "code": "c", "detail": "No."})
    monkeypatch.setattr(demo_backlog, "register_place", lambda *_, **__: told)
    monkeypatch.setattr(demo_backlog, "place_of", lambda *_: None)

    class Cast:
        operator = answering(lambda _: httpx2.Response(201, json={}))

        def give(self, *_: str) -> None:
            return None

    cast: Any = Cast()
    with pytest.raises(NotDone, match="A picture was refused"):
        demo_backlog.register(cast, tmp_path)
    cast.operator.close()


def test_files_without_outcome_and_reasons_are_counted_apart() -> None:
    assets: list[dict[str, Any]] = [
        {"source_system": "s", "reading": None, "reading_reason": None},
        {"source_system": "s", "reading": "unreadable", "reading_reason": "empty_file"},
    ]
    assert demo_folder.outcomes(assets) == {
        "s": Counter({"not there or not reachable": 1, "unreadable": 1})
    }
    assert demo_folder.why_unreadable(assets) == Counter({"empty_file": 1})


def test_a_keeper_that_another_run_registered_is_named_by_its_id() -> None:
    assert demo_tables.name_of("0a", {}) == "asset 0a"
