"""Opening beneath a root: the very file, read-only, and never anything else."""

import errno
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.kit.refusals import Refusal
from app.storage.errors import NotAFile, NotThere, OutsideRoots, Unreachable
from app.storage.files import check_root, open_beneath, walk_files
from app.storage.tokens import FileToken


@pytest.fixture
def root(tmp_path: Path) -> bytes:
    place = tmp_path / "root"
    (place / "1962").mkdir(parents=True)
    (place / "1962" / "typhoon.jpg").write_bytes(b"inside")
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "typhoon.jpg").write_bytes(b"outside")
    return os.fsencode(place.resolve())


def path_of(root: bytes, *parts: str) -> Path:
    return Path(os.fsdecode(root), *parts)


def content(root: bytes, *segments: bytes) -> bytes:
    with open_beneath(root, segments) as file:
        return os.read(file.descriptor, 100)


def nobody(_here: tuple[bytes, ...], error: OSError) -> None:
    raise error


def test_a_file_beneath_the_root_is_opened_with_its_token(root: bytes) -> None:
    with open_beneath(root, (b"1962", b"typhoon.jpg")) as file:
        assert os.read(file.descriptor, 100) == b"inside"
        assert file.token == FileToken.of(path_of(root, "1962", "typhoon.jpg").stat())
        assert file.current_token() == file.token
        assert str(file.token).startswith(f"{file.token.object_key}:6:")
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.write(file.descriptor, b"x")
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(file.descriptor)


def test_a_write_while_it_is_open_changes_the_token(root: bytes) -> None:
    with open_beneath(root, (b"1962", b"typhoon.jpg")) as file:
        path_of(root, "1962", "typhoon.jpg").write_bytes(b"changed")
        assert file.current_token() != file.token
        assert file.current_token().object_key == file.token.object_key


def test_two_names_of_one_file_are_one_object(root: bytes) -> None:
    path_of(root, "again.jpg").hardlink_to(path_of(root, "1962", "typhoon.jpg"))
    keys = []
    for segments in ((b"1962", b"typhoon.jpg"), (b"again.jpg",)):
        with open_beneath(root, segments) as file:
            keys.append(file.token.object_key)
    assert keys[0] == keys[1]


@pytest.mark.parametrize(
    "name", [b"a\nb.jpg", b"-rf --help.jpg", b"@args.jpg", b"big5\xa6r.jpg", b"..jpg", b" ", b"\\"]
)
def test_a_strange_name_is_only_a_name(root: bytes, name: bytes) -> None:
    with open(os.path.join(root, name), "wb") as file:  # noqa: PTH118, PTH123 - bytes
        file.write(b"strange")
    assert content(root, name) == b"strange"
    assert (name,) in set(walk_files(root, unreadable=nobody))


@pytest.mark.parametrize(
    "segments",
    [
        pytest.param((b"none.jpg",), id="no such file"),
        pytest.param((b"none", b"typhoon.jpg"), id="no such folder"),
        pytest.param((b"1962", b"typhoon.jpg", b"x"), id="a file on the way"),
        pytest.param((b"x" * 300,), id="a name no disk takes"),
    ],
)
def test_what_the_storage_denies_is_not_there(root: bytes, segments: tuple[bytes, ...]) -> None:
    with pytest.raises(NotThere):
        content(root, *segments)


def test_a_link_is_refused_wherever_it_stands(root: bytes) -> None:
    path_of(root, "link.jpg").symlink_to(path_of(root, "1962", "typhoon.jpg"))
    path_of(root, "linked").symlink_to(path_of(root).parent / "secret")
    path_of(root, "proc").symlink_to("/proc/self")
    for segments in ((b"link.jpg",), (b"linked", b"typhoon.jpg"), (b"proc", b"environ")):
        with pytest.raises(NotAFile):
            content(root, *segments)


def test_what_is_no_regular_file_is_refused_without_waiting_for_it(
    root: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(path_of(root, "fifo"))
    with socket.socket(socket.AF_UNIX) as listener:
        monkeypatch.chdir(path_of(root))  # a socket's path is short
        listener.bind("socket")
        for name in (b"fifo", b"socket", b"1962"):
            with pytest.raises(NotAFile):
                content(root, name)


def test_a_device_is_refused() -> None:
    with pytest.raises(NotAFile):
        content(b"/dev", b"null")


def test_a_parent_segment_that_slipped_through_opens_nothing(root: bytes) -> None:
    with pytest.raises(NotAFile):
        content(root, b"..")


def test_a_root_that_is_gone_is_unreachable_and_never_a_missing_file(root: bytes) -> None:
    path_of(root).rename(path_of(root).with_name("moved"))
    with pytest.raises(Unreachable):
        content(root, b"1962", b"typhoon.jpg")
    with pytest.raises(Unreachable):
        list(walk_files(root, unreadable=nobody))


def test_a_folder_above_the_root_swapped_for_a_link_is_unreachable(root: bytes) -> None:
    above = path_of(root).parent
    above.rename(above.with_name("elsewhere"))
    above.symlink_to(above.with_name("elsewhere"))
    with pytest.raises(Unreachable):
        content(root, b"1962", b"typhoon.jpg")


@pytest.mark.parametrize(
    "number", [errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EACCES, errno.EMFILE]
)
def test_a_storage_that_fails_is_unreachable(
    root: bytes, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def failing(path: bytes, *rest: int, **options: int) -> int:
        if path == b"typhoon.jpg":
            raise OSError(number, os.strerror(number))
        return real(path, *rest, **options)

    monkeypatch.setattr(os, "open", failing)
    with pytest.raises(Unreachable):
        content(root, b"1962", b"typhoon.jpg")


def test_a_file_swapped_for_a_link_in_the_last_moment_is_refused(
    root: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def swapped(path: bytes, *rest: int, **options: int) -> int:
        if path == b"typhoon.jpg":
            raise OSError(errno.ELOOP, "too many links")
        return real(path, *rest, **options)

    monkeypatch.setattr(os, "open", swapped)
    with pytest.raises(NotAFile):
        content(root, b"1962", b"typhoon.jpg")


def test_who_may_not_keep_the_access_time_reads_all_the_same(
    root: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def strict(path: bytes, flags: int, **options: int) -> int:
        if flags & os.O_NOATIME:
            raise PermissionError(errno.EPERM, "not the owner")
        return real(path, flags, **options)

    monkeypatch.setattr(os, "open", strict)
    assert content(root, b"1962", b"typhoon.jpg") == b"inside"


def test_a_file_swapped_for_another_thing_between_looking_and_opening_is_refused(
    root: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(path_of(root, "fifo"))
    regular = path_of(root, "1962", "typhoon.jpg").stat()
    monkeypatch.setattr(os, "stat", lambda *_place, **_options: regular)
    with pytest.raises(NotAFile):
        content(root, b"fifo")


def test_a_folder_that_vanished_before_it_was_looked_at_is_not_there(
    root: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_place: object, **_options: object) -> os.stat_result:
        raise FileNotFoundError(errno.ENOENT, "gone")

    monkeypatch.setattr(os, "stat", gone)
    with pytest.raises(NotThere):
        content(root, b"1962", b"typhoon.jpg", b"x")


def test_swapping_folders_for_links_never_leads_outside(root: bytes) -> None:
    folder, aside = path_of(root, "1962"), path_of(root, "aside")
    secret, stop = path_of(root).parent / "secret", threading.Event()

    def swap() -> None:
        while not stop.is_set():
            folder.rename(aside)
            folder.symlink_to(secret)
            folder.unlink()
            aside.rename(folder)

    swapping = threading.Thread(target=swap)
    swapping.start()
    seen: list[bytes] = []
    refused = 0
    try:
        for attempt in range(200_000):
            if attempt >= 3000 and seen and refused:
                break
            try:
                seen.append(content(root, b"1962", b"typhoon.jpg"))
            except Refusal:
                refused += 1
    finally:
        stop.set()
        swapping.join()
    assert set(seen) <= {b"inside"}
    assert seen
    assert refused


def test_a_root_must_lie_in_an_allowed_folder(tmp_path: Path) -> None:
    (tmp_path / "in" / "dept").mkdir(parents=True)
    (tmp_path / "out").mkdir()
    (tmp_path / "in" / "sly").symlink_to(tmp_path / "out")
    (tmp_path / "in" / "fine").symlink_to(tmp_path / "in" / "dept")
    (tmp_path / "in" / "file").touch()
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in" / "loop")
    allowed = [tmp_path / "in"]
    real = os.fsencode((tmp_path / "in" / "dept").resolve())
    assert check_root(os.fsencode(tmp_path / "in" / "dept"), allowed) == real
    assert check_root(os.fsencode(tmp_path / "in" / "fine"), allowed) == real
    for inside, refusal in {
        "sly": OutsideRoots,
        "../out": OutsideRoots,
        "none": NotThere,
        "file": NotThere,
        "loop": NotThere,
        "file/x": NotThere,
    }.items():
        with pytest.raises(refusal):
            check_root(os.fsencode(tmp_path / "in" / inside), allowed)
    with pytest.raises(OutsideRoots):
        check_root(os.fsencode(tmp_path / "in" / "dept"), [])


def test_a_root_that_does_not_answer_is_unreachable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_place: object, **_options: object) -> Path:
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(Path, "resolve", fails)
    with pytest.raises(Unreachable):
        check_root(os.fsencode(tmp_path), [tmp_path])


def test_a_walk_finds_regular_files_in_the_order_of_their_bytes(root: bytes) -> None:
    path_of(root, "B.jpg").touch()
    path_of(root, "a.jpg").touch()
    path_of(root, "1962", "deep").mkdir()
    path_of(root, "1962", "deep", "x.tif").touch()
    path_of(root, "link.jpg").symlink_to(path_of(root, "a.jpg"))
    path_of(root, "linked").symlink_to(path_of(root, "1962"))
    os.mkfifo(path_of(root, "fifo"))
    assert list(walk_files(root, unreadable=nobody)) == [
        (b"1962", b"deep", b"x.tif"),
        (b"1962", b"typhoon.jpg"),
        (b"B.jpg",),
        (b"a.jpg",),
    ]


def test_a_folder_that_cannot_be_listed_is_told_and_the_walk_goes_on(
    root: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path_of(root, "closed").mkdir()
    path_of(root, "z.jpg").touch()
    real = os.open

    def closed(path: bytes, *rest: int, **options: int) -> int:
        if path == b"closed":
            raise PermissionError(errno.EACCES, "closed")
        return real(path, *rest, **options)

    monkeypatch.setattr(os, "open", closed)
    told: list[tuple[bytes, ...]] = []
    found = list(walk_files(root, unreadable=lambda here, _error: told.append(here)))
    assert told == [(b"closed",)]
    assert found == [(b"1962", b"typhoon.jpg"), (b"z.jpg",)]


def test_a_root_that_cannot_be_listed_is_unreachable(
    root: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_folder: int) -> Iterator[object]:
        raise PermissionError(errno.EACCES, "closed")

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(Unreachable):
        list(walk_files(root, unreadable=nobody))


def test_reading_leaves_bytes_and_times_as_they_were(root: bytes) -> None:
    path = path_of(root, "1962", "typhoon.jpg")
    os.utime(path, ns=(10**18, 11 * 10**17))
    before = path.stat()
    assert content(root, b"1962", b"typhoon.jpg") == b"inside"
    after = path.stat()
    assert (before.st_atime_ns, before.st_mtime_ns, before.st_ctime_ns) == (
        after.st_atime_ns,
        after.st_mtime_ns,
        after.st_ctime_ns,
    )
