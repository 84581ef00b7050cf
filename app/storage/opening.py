"""Open an asset's bytes wherever its root says that they lie."""

from contextlib import AbstractContextManager

from app.kit.settings import settings
from app.storage.buckets import is_bucket_root, parse_bucket_root
from app.storage.files import OpenFile, check_root, open_beneath
from app.storage.listing import prove_bucket
from app.storage.locations import decode_location, encode_location, parse_root
from app.storage.objects import OpenObject, open_object, prove_object
from app.storage.tokens import ByteToken

OpenBytes = OpenFile | OpenObject
LOOK_SECONDS = 10.0


def open_located(root: str, path: str) -> AbstractContextManager[OpenBytes]:
    """Open what lies at a location beneath a root URI, for reading only.

    Raises:
        NotThere: the reachable storage says that nothing has this name.
        NotAFile, LocationMalformed, OutsideRoots, Unreachable: as the storage of that root has it.
    """
    segments = decode_location(path)
    if is_bucket_root(root):
        return open_object(parse_bucket_root(root), segments)
    return open_beneath(parse_root(root), segments)


def prove_there(root: str, path: str) -> ByteToken:
    """Look whether something lies at a location, and in what state; nothing of it is fetched.

    Raises:
        NotThere: the reachable storage says that nothing has this name.
        NotAFile, LocationMalformed, OutsideRoots, Unreachable: as the storage of that root has it.
    """
    segments = decode_location(path)
    if is_bucket_root(root):
        return prove_object(parse_bucket_root(root), segments, LOOK_SECONDS)
    with open_beneath(parse_root(root), segments) as file:
        return file.token


def settle_root(uri: str) -> str:
    """Return the one way to say a root, once its storage answered that it is there.

    Raises:
        LocationMalformed: no root at all.
        NotThere: no such folder.
        OutsideRoots: this installation may not read there.
        Unreachable: the storage did not answer, has no such bucket, or does not let us look.
    """
    if is_bucket_root(uri):
        root = parse_bucket_root(uri)
        prove_bucket(root)
        return root.uri
    real = check_root(parse_root(uri), settings().allowed_roots)
    inner = real.strip(b"/")
    return f"file:///{encode_location(inner)}/" if inner else "file:///"


def check_location(root: str, segments: tuple[bytes, ...]) -> None:
    """Refuse a location that can name nothing beneath this root.

    Raises:
        LocationMalformed: no bucket can hold such a key.
    """
    if is_bucket_root(root):
        parse_bucket_root(root).key_of(segments)
