"""How an object is named: a root is a bucket and a prefix, a location the rest of the key."""

from dataclasses import dataclass
from typing import Self

from app.kit.settings import settings
from app.storage.errors import LocationMalformed, OutsideRoots
from app.storage.locations import decode_location, display_name, encode_location
from app.storage.s3 import check_bucket

SCHEME = "s3://"
LONGEST_KEY = 1024  # bytes of UTF-8, of every S3


@dataclass(frozen=True, slots=True)
class BucketRoot:
    """A prefix that ends with a slash, or the whole bucket."""

    bucket: str
    prefix: str

    @property
    def uri(self) -> str:
        """Say the root in the one way that it is kept and compared."""
        inner = self.prefix.rstrip("/").encode()
        return f"{SCHEME}{self.bucket}/{encode_location(inner) + '/' if inner else ''}"

    def key_of(self, segments: tuple[bytes, ...]) -> str:
        """Return the key of what lies at a location beneath this root.

        Raises:
            LocationMalformed: no bucket can hold such a key.
        """
        key = self.prefix + _text(b"/".join(segments))
        if len(key.encode()) > LONGEST_KEY:
            raise LocationMalformed(f"An object's key is at most {LONGEST_KEY} bytes long.")
        return key


@dataclass(frozen=True, slots=True)
class Place:
    """One object: where it is asked for, and how it is shown to people."""

    bucket: str
    key: str
    shown: str

    @classmethod
    def beneath(cls, root: BucketRoot, segments: tuple[bytes, ...]) -> Self:
        """Name an object beneath a root."""
        return cls(root.bucket, root.key_of(segments), display_name(b"/".join(segments)))


def is_bucket_root(uri: str) -> bool:
    """Tell whether a root is one of an object store; if so it may still be malformed."""
    return uri[: len(SCHEME)].lower() == SCHEME


def parse_bucket_root(uri: str) -> BucketRoot:
    """Return the bucket and prefix that a source root such as `s3://photos/1962/` names.

    Raises:
        LocationMalformed: no bucket's name, or a prefix that is no location.
        OutsideRoots: the installation may not read this bucket.
    """
    if not is_bucket_root(uri):
        raise LocationMalformed("The root of an object store is written s3://bucket/prefix/.")
    bucket, _, rest = uri[len(SCHEME) :].partition("/")
    check_bucket(bucket)
    if bucket not in settings().allowed_buckets and uri != settings().keep:
        raise OutsideRoots(f"{bucket} is no bucket that this installation may read.")
    inner = rest if rest == "/" else rest.removesuffix("/")
    root = BucketRoot(bucket, "")
    return BucketRoot(bucket, f"{root.key_of(decode_location(inner))}/") if inner else root


def _text(name: bytes) -> str:
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError as error:
        raise LocationMalformed("The key of an object is UTF-8 text.") from error
