"""What lies in one folder of a source: names, and how a file begins."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from app.kit.settings import settings
from app.storage.buckets import BucketRoot, is_bucket_root, parse_bucket_root
from app.storage.errors import Unreachable
from app.storage.files import list_folder, open_beneath
from app.storage.listing import keys_that_begin
from app.storage.locations import display_name, parse_root


def names_in(root: str, folder: tuple[bytes, ...], starts: Sequence[bytes]) -> Mapping[bytes, bool]:
    """Name what lies directly in a folder beneath a root, and tell which are regular files.

    A file system tells all of them; an object store, which has no folders, those that begin with
    one of `starts`, of each at most a page.

    Raises:
        NotThere, NotAFile, Unreachable, LocationMalformed, OutsideRoots: as its storage has it.
    """
    if not is_bucket_root(root):
        return list_folder(parse_root(root), folder)
    bucket = parse_bucket_root(root)
    prefix = bucket.key_of((*folder, b"")) if folder else bucket.prefix
    beginnings = [prefix + start.decode("utf-8", "ignore") for start in starts if start]
    keys = keys_that_begin(BucketRoot(bucket.bucket, prefix), beginnings)
    names = (key[len(prefix) :].encode() for key in keys)
    return dict.fromkeys((name for name in names if name.startswith(tuple(starts))), True)


def beginning_of(root: str, segments: tuple[bytes, ...], most: int) -> bytes:
    """Return the first bytes of a file beneath a folder's root, at most so many.

    Raises:
        NotThere, NotAFile, Unreachable: as its storage has it.
    """
    where = display_name(b"/".join(segments))
    with open_beneath(parse_root(root), segments) as file:
        try:
            return os.pread(file.descriptor, most, 0)
        except OSError as error:
            raise Unreachable(f"{where} cannot be read: {error.strerror}.") from error


def folders_above(root: str) -> list[str]:
    """Return the roots of the folders above a root that this installation may read, upwards.

    What a system calls its root may itself lie in a package. Of a bucket only what lies beneath the
    root is looked at: its key may be good for nothing else.
    """
    if is_bucket_root(root):
        return []
    here = Path(parse_root(root).decode("utf-8", "surrogateescape"))
    allowed = [folder.resolve() for folder in settings().allowed_roots]
    return [
        f"{folder.as_uri()}/" if folder != Path("/") else "file:///"
        for folder in here.parents
        if any(folder.is_relative_to(one) for one in allowed)
    ]
