"""The keep: created once, durable when it answers, cleanly refused when it is full."""

import os
import resource
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from buckets import reading_buckets
from swift import Swift

from app.storage.errors import KeepFull, KeepUnavailable
from app.storage.keep_bucket import PART
from app.storage.keeping import FolderKeep, Keep, open_keep, path_of


@pytest.fixture(params=["folder", "bucket"])
def keep(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Keep]:
    if request.param == "folder":
        yield FolderKeep(tmp_path)
    else:
        swift: Swift = request.getfixturevalue("swift")
        bucket = f"keep-{uuid4()}"
        swift.a_bucket(bucket)
        with reading_buckets(swift.settings("owner")):
            yield open_keep(f"s3://{bucket}/inner/prefix/")


def test_an_object_is_read_back_whole_and_in_stretches(keep: Keep) -> None:
    key = uuid4()
    assert keep.put(key, [b"abc", b"", b"defg"]) == 7
    assert b"".join(keep.read(key, 0, 7)) == b"abcdefg"
    assert b"".join(keep.read(key, 2, 3)) == b"cde"


def test_an_empty_object_is_one_too(keep: Keep) -> None:
    key = uuid4()
    assert keep.put(key, []) == 0
    assert list(keep.list_keys()) == [key]


def test_a_long_object_comes_in_parts(keep: Keep) -> None:
    key, piece = uuid4(), os.urandom(1 << 20)
    count = PART // len(piece) + 2
    assert keep.put(key, (piece for _ in range(count))) == count * len(piece)
    assert b"".join(keep.read(key, 0, count * len(piece))) == piece * count


def test_a_key_is_written_once(keep: Keep) -> None:
    key = uuid4()
    keep.put(key, [b"first"])
    with pytest.raises(KeepUnavailable):
        keep.put(key, [b"other"])
    assert b"".join(keep.read(key, 0, 5)) == b"first"


def test_what_is_removed_may_be_removed_again(keep: Keep) -> None:
    one, two = uuid4(), uuid4()
    for key in (one, two):
        keep.put(key, [b"content"])
    for _ in range(2):
        keep.remove(one)
    assert list(keep.list_keys()) == [two]
    with pytest.raises(KeepUnavailable):
        list(keep.read(one, 0, 7))


def test_bytes_and_names_are_on_disk_before_it_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, int]] = []
    really = os.fsync

    def watched(descriptor: int) -> None:
        really(descriptor)
        found = os.fstat(descriptor)
        folder = stat.S_ISDIR(found.st_mode)
        synced.append(
            (str(Path(f"/proc/self/fd/{descriptor}").readlink()), 0 if folder else found.st_size)
        )

    monkeypatch.setattr(os, "fsync", watched)
    key = uuid4()
    FolderKeep(tmp_path).put(key, [b"content"])
    path = tmp_path / path_of(key)
    assert synced == [(str(tmp_path), 0), (str(path), 7), (str(path.parent), 0)]


def test_an_absent_mount_is_no_empty_keep(tmp_path: Path) -> None:
    keep = open_keep(f"{(tmp_path / 'mount').as_uri()}/")
    with pytest.raises(KeepUnavailable):
        keep.put(uuid4(), [b"content"])
    assert not (tmp_path / "mount").exists()
    assert list(keep.list_keys()) == []


def test_names_that_are_no_keys_are_passed_over(tmp_path: Path) -> None:
    keep, key = FolderKeep(tmp_path), uuid4()
    keep.put(key, [b"content"])
    (tmp_path / path_of(key)).with_name("notes.txt").write_bytes(b"by hand")
    (tmp_path / "lost+found").mkdir()
    assert list(keep.list_keys()) == [key]


FULL = """
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID
from app.storage.errors import KeepFull
from app.storage.keeping import FolderKeep
keep = FolderKeep(Path(sys.argv[1]))
try:
    keep.put(UUID(sys.argv[2]), [b"x" * 50_000] * 3)
except KeepFull:
    keep.put(UUID(sys.argv[3]), [b"x" * 50_000])
    print("full")
"""


def test_a_full_disk_is_refused_and_leaves_nothing_half_done(tmp_path: Path) -> None:
    """A limit on a file's size stands for the disk: the kernel refuses the same write."""
    large, small = uuid4(), uuid4()

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    code = [sys.executable, "-B", "-c", FULL, str(tmp_path), str(large), str(small)]
    done = subprocess.run(code, capture_output=True, check=True, preexec_fn=limited)  # noqa: S603
    assert done.stdout.strip() == b"full"
    keep = FolderKeep(tmp_path)
    assert list(keep.list_keys()) == [small]
    assert keep.put(large, [b"x" * 150_000]) == 150_000
    assert KeepFull.status == 507
    assert UUID(path_of(large).partition("/")[2]) == large
