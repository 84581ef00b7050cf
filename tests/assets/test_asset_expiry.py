"""What is abandoned goes, in two steps; what is referred to never does, wherever we are killed."""

import os
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Barrier, Thread
from uuid import UUID

import pytest
from contents import Uploader
from images import draw
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from working import until
from world import World

from app.assets import keep, tasks
from app.assets.finishing import draw_key
from app.assets.locks import lock_decisions
from app.kit.clock import now
from app.kit.jobs import bind, in_transaction
from app.kit.settings import settings
from app.storage.keeping import FolderKeep, path_of

CONTENT = draw(3, size=(80, 60))
WHOLE_LONG_AGO = (
    "UPDATE uploads SET total_bytes = received_bytes,"
    " last_part_at = last_part_at - interval '1 hour'"
)
DAY_MS = 24 * 3600 * 1000


@pytest.fixture
def someone(server: object, world: World) -> Iterator[Uploader]:
    bind(world.worker)
    with server.client(world.urls("catalogue_api")) as http:  # type: ignore[attr-defined]
        yield Uploader.of(world, http)


def folder() -> Path:
    return Path(str(settings().keep).removeprefix("file://"))


def lying() -> set[UUID]:
    return set(FolderKeep(folder()).list_keys())


def age(world: World, days: int) -> None:
    """Let the last piece of every open upload have come so long ago."""
    aged = "UPDATE uploads SET last_part_at = last_part_at - make_interval(days => :days)"
    world.find(f"{aged} WHERE state = 'open'", "catalogue_owner", days=days)


def key_of(days_ago: float) -> UUID:
    """Make a key as the database would have drawn it then."""
    then = int(now().timestamp() * 1000 - days_ago * DAY_MS)
    return UUID(bytes=then.to_bytes(6) + b"\x70\x01" + b"\x80\x02" + os.urandom(6))


def test_an_abandoned_upload_expires_with_its_parts_and_may_begin_anew(
    world: World, someone: Uploader
) -> None:
    asset_id = someone.registers()
    for start, end in ((0, 100), (100, 300)):
        assert someone.sends_part(asset_id, CONTENT, start, end).status_code == 202
    for days, left in ((6, 2), (2, 0)):
        age(world, days)
        tasks.tend_uploads()
        assert len(lying()) == left
    assert someone.stands(asset_id) == ("0", "?0")
    assert someone.sees(asset_id)["content"] == "awaited"
    [kind, detail] = someone.events(asset_id)[-1]
    assert (kind, detail["received_bytes"]) == ("x:upload-expired", 300)
    late = someone.sends_part(asset_id, CONTENT, 300, 400)
    assert (late.status_code, late.headers["Upload-Offset"]) == (409, "0")
    assert someone.sends(asset_id, CONTENT).status_code == 201


def test_between_every_two_steps_a_crash_delays_and_never_loses(
    world: World, someone: Uploader
) -> None:
    kept, abandoned = someone.registers(), someone.registers()
    assert someone.sends(kept, CONTENT).status_code == 201
    before = lying()
    assert someone.sends_part(abandoned, CONTENT, 0, 100).status_code == 202
    age(world, 8)
    [upload] = in_transaction(tasks.abandoned)
    in_transaction(partial(tasks.expire, upload=upload))
    assert len(lying()) == 2  # killed here: marked, not removed
    [(key, root)] = in_transaction(partial(keep.to_remove, most=10))
    FolderKeep(folder()).remove(key)  # killed here: removed, not known to be
    assert root == settings().keep
    tasks.tend_uploads()
    assert lying() == before
    assert in_transaction(partial(keep.to_remove, most=10)) == []
    world.work()
    assert someone.sees(kept)["reading"] is not None


def test_a_client_that_comes_back_just_in_time_keeps_what_it_sent(
    world: World, someone: Uploader
) -> None:
    asset_id = someone.registers()
    assert someone.sends_part(asset_id, CONTENT, 0, 100).status_code == 202
    age(world, 8)
    [upload] = in_transaction(tasks.abandoned)
    assert someone.sends_part(asset_id, CONTENT, 100, 200).status_code == 202
    in_transaction(partial(tasks.expire, upload=upload))
    assert someone.stands(asset_id) == ("200", "?0")


WAITS = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE :on"


def test_a_part_that_is_being_entered_is_waited_for_before_its_upload_expires(
    world: World, someone: Uploader
) -> None:
    asset_id = someone.registers()
    assert someone.sends_part(asset_id, CONTENT, 0, 100).status_code == 202
    age(world, 8)
    [upload] = in_transaction(tasks.abandoned)
    expiring = Thread(target=in_transaction, args=(partial(tasks.expire, upload=upload),))
    with world.api.transaction() as entering:
        lock_decisions(entering, [asset_id])
        expiring.start()
        until(lambda: world.find(WAITS, "postgres", on="%decision_locks%"))
        come = text("UPDATE uploads SET last_part_at = clock_timestamp() WHERE id = :id")
        entering.execute(come, {"id": upload.id})
    expiring.join()
    assert someone.stands(asset_id) == ("100", "?0")


def test_a_part_that_comes_while_its_upload_expires_is_told_so(
    world: World, someone: Uploader
) -> None:
    asset_id = someone.registers()
    assert someone.sends_part(asset_id, CONTENT, 0, 100).status_code == 202
    age(world, 8)
    tasks.tend_uploads()
    again = someone.sends_part(asset_id, CONTENT, 100, 200)
    assert (again.status_code, again.json()["code"]) == (409, "upload-offset")
    assert lying() == set()


def test_what_a_dying_process_left_whole_is_finished_by_the_sweep(
    world: World, someone: Uploader
) -> None:
    asset_id = someone.registers()
    for start, end in ((0, 100), (100, len(CONTENT))):
        assert someone.sends_part(asset_id, CONTENT, start, end, "*").status_code == 202
    said = (
        "UPDATE uploads SET total_bytes = :total, last_part_at = last_part_at - interval '1 hour'"
    )
    world.find(said, "catalogue_owner", total=len(CONTENT))
    tasks.tend_uploads()
    assert someone.stands(asset_id) == (str(len(CONTENT)), "?1")
    tasks.tend_uploads()
    assert len(lying()) == 1
    world.work()
    assert someone.sees(asset_id)["size_bytes"] == len(CONTENT)


def test_whoever_asks_finishes_what_a_dying_process_left_whole(
    world: World, someone: Uploader
) -> None:
    asset_id = someone.registers()
    for start, end in ((0, 100), (100, len(CONTENT))):
        assert someone.sends_part(asset_id, CONTENT, start, end, "*").status_code == 202
    world.find("UPDATE uploads SET total_bytes = :t", "catalogue_owner", t=len(CONTENT))
    asked = someone.sends(asset_id, b"", Content_Range=f"bytes */{len(CONTENT)}")
    assert (asked.status_code, asked.json()["state"]) == (201, "kept")


def test_objects_in_no_book_are_removed_when_they_are_old(world: World, someone: Uploader) -> None:
    asset_id, waiting = someone.registers(), someone.registers()
    assert someone.sends(asset_id, CONTENT).status_code == 201
    assert someone.sends_part(waiting, CONTENT, 0, 100).status_code == 202
    known = lying()
    store = FolderKeep(folder())
    old, young, today = key_of(31), key_of(29), draw_key(world.worker.run)
    entered = key_of(400)
    for key in (old, young, today, entered):
        store.put(key, [b"written by a process that died"])
    switched = "ALTER TABLE kept_objects {} TRIGGER kept_objects_young_key"
    world.find(switched.format("DISABLE"), "catalogue_owner")
    world.find(
        "INSERT INTO kept_objects (key, keep, size_bytes) VALUES (:key, :keep, 30)",
        key=entered,
        keep=settings().keep,
    )
    world.find(switched.format("ENABLE ALWAYS"), "catalogue_owner")
    (folder() / path_of(old)).with_name("not-a-key").write_bytes(b"by hand")
    tasks.remove_orphans()
    assert lying() == known | {young, today, entered}
    assert (folder() / path_of(old)).with_name("not-a-key").exists()


def test_an_object_enters_the_books_soon_after_its_key_was_drawn(world: World) -> None:
    """Else a process that slept for weeks would refer to what the sweep took away."""
    at = str(settings().keep)
    for key in (key_of(1), UUID(int=1)):
        with pytest.raises(DBAPIError, match="soon after its key"):
            in_transaction_of(world, key, at)
    in_transaction_of(world, draw_key(world.worker.run), at)


def in_transaction_of(world: World, key: UUID, at: str) -> None:
    with world.worker.transaction() as db:
        keep.enter_object(db, key, keep=at, size_bytes=1)


def test_the_database_itself_gives_no_content_up(world: World, someone: Uploader) -> None:
    asset_id = someone.registers()
    assert someone.sends(asset_id, CONTENT).status_code == 201
    give_up = "UPDATE kept_objects SET given_up_at = clock_timestamp()"
    for role in ("catalogue_api", "catalogue_worker", "catalogue_owner"):
        with pytest.raises(DBAPIError, match="is not given up"):
            world.find(give_up, role)
    with pytest.raises(DBAPIError, match="stays so"):
        world.find("UPDATE uploads SET state = 'expired', content_key = NULL", "catalogue_owner")


def test_the_database_itself_takes_no_content_that_was_given_up(
    world: World, someone: Uploader
) -> None:
    asset_id = someone.registers()
    assert someone.sends_part(asset_id, CONTENT, 0, len(CONTENT), "*").status_code == 202
    world.find("UPDATE kept_objects SET given_up_at = clock_timestamp()", "catalogue_worker")
    whole = someone.sends(asset_id, b"", Content_Range=f"bytes */{len(CONTENT)}")
    assert whole.status_code == 202  # its total is not known
    world.find("UPDATE uploads SET total_bytes = received_bytes", "catalogue_worker")
    refused = someone.sends(asset_id, b"", Content_Range=f"bytes */{len(CONTENT)}")
    assert (refused.status_code, refused.json()["code"]) == (409, "refused-by-database")


def test_contents_set_aside_are_let_go_of_after_a_while(
    world: World, someone: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = someone.registers()
    claim = "sha-256=:" + "A" * 43 + "=:"
    assert someone.sends(asset_id, CONTENT, Repr_Digest=claim).status_code == 201
    world.work()
    assert someone.sees(asset_id)["content"] == "refused"
    tasks.tend_uploads()
    assert len(lying()) == 1
    monkeypatch.setattr(tasks, "SET_ASIDE_FOR", timedelta(0))
    tasks.tend_uploads()
    assert lying() == set()


def test_two_who_finish_the_same_content_at_once_finish_it_once(
    world: World, someone: Uploader
) -> None:
    asset_id = someone.registers()
    for start, end in ((0, 100), (100, len(CONTENT))):
        assert someone.sends_part(asset_id, CONTENT, start, end, "*").status_code == 202
    said = (
        "UPDATE uploads SET total_bytes = :total, last_part_at = last_part_at - interval '1 hour'"
    )
    world.find(said, "catalogue_owner", total=len(CONTENT))
    told = f"bytes */{len(CONTENT)}"
    barrier, answers = Barrier(4), []

    def ask() -> None:
        barrier.wait()
        answers.append(someone.sends(asset_id, b"", Content_Range=told).status_code)

    threads = [Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    barrier.wait()
    tasks.tend_uploads()
    for thread in threads:
        thread.join()
    tasks.tend_uploads()
    assert set(answers) <= {201, 202, 503}  # the parts may be gone while one reads them
    assert someone.stands(asset_id) == (str(len(CONTENT)), "?1")
    assert [kind for kind, _ in someone.events(asset_id)] == ["ing", "acc"]
    assert len(lying()) == 1


def test_a_full_keep_does_not_stop_what_makes_room(
    world: World, someone: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, abandoned = someone.registers(), someone.registers()
    for start, end in ((0, 100), (100, len(CONTENT))):
        assert someone.sends_part(whole, CONTENT, start, end, "*").status_code == 202
    assert someone.sends_part(abandoned, CONTENT, 0, 50).status_code == 202
    whole_one = "UPDATE uploads SET total_bytes = received_bytes WHERE asset_id = :id"
    world.find(whole_one, "catalogue_owner", id=whole)
    aged = "UPDATE uploads SET last_part_at = last_part_at - make_interval(days => 8, hours => :h)"
    world.find(f"{aged} WHERE asset_id = :id", "catalogue_owner", h=1, id=abandoned)
    hours = aged.replace("days => 8", "days => 0")
    world.find(f"{hours} WHERE asset_id = :id", "catalogue_owner", h=1, id=whole)
    monkeypatch.setattr(settings(), "keep", f"{(folder() / 'absent').as_uri()}/")
    tasks.tend_uploads()
    assert someone.stands(whole) == (str(len(CONTENT)), "?0")
    assert someone.sees(abandoned)["content"] == "awaited"


def test_a_keep_with_nothing_in_it_has_no_orphans(town: World) -> None:
    with town.worker.transaction() as db:
        assert keep.orphans(db, keys=[]) == []
