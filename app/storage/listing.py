"""What lies beneath a prefix: page by page, so that memory does not grow with the bucket."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote, unquote_plus

from app.storage.asking import Question, asked, persistently
from app.storage.buckets import BucketRoot, Place, parse_bucket_root
from app.storage.errors import LocationMalformed, Unreachable
from app.storage.locations import decode_location, encode_location
from app.storage.s3 import access
from app.storage.tokens import ListingMark

PAGE = 1000  # the most that S3 answers at once
LONGEST_PAGE = 16 << 20  # bytes
PAGE_SECONDS = 120.0
_LAST_BEFORE_THEM, _SURROGATE = 0xD7FF, 0xDFFF  # the last of those that are no characters
_LATE = "\U0010fffd"  # no name of a file has it
_NAMESPACE = re.compile(r"^\{[^}]*\}")


@dataclass(frozen=True, slots=True)
class ListedObject:
    """One object as a listing tells of it."""

    segments: tuple[bytes, ...]  # of its location beneath the root
    key: str
    mark: ListingMark


@dataclass(frozen=True, slots=True)
class _Page:
    objects: list[tuple[str, int, str]]  # key, size, ETag
    following: str | None
    folders: tuple[str, ...] = ()  # what is beneath them was left out

    @property
    def names(self) -> list[str]:
        return [*(key for key, _, _ in self.objects), *self.folders]

    @property
    def first(self) -> str:
        return min(self.names, default="")

    @property
    def last(self) -> str:
        return max(self.names, default="")


@dataclass(frozen=True, slots=True)
class _From:
    """A folder without those beneath it, from the first key behind this one on."""

    key: str


def walk_objects(root: str, *, unnameable: Callable[[str], None]) -> Iterator[ListedObject]:
    """Yield the objects beneath a root, in the store's order; keys that end with a slash are none.

    A key that no location can say (an empty, `.` or `..` segment) is told to `unnameable`.

    Raises:
        LocationMalformed, OutsideRoots: as parse_bucket_root.
        Unreachable: at any page; what was not yielded by then is not known to be gone.
    """
    within = parse_bucket_root(root)
    for key, size, e_tag in keys_beneath(within):
        if key.endswith("/"):
            continue
        try:
            segments = decode_location(encode_location(key[len(within.prefix) :].encode()))
        except LocationMalformed:
            unnameable(key)
        else:
            yield ListedObject(segments, key, ListingMark(size, e_tag))


def keys_beneath(root: BucketRoot) -> Iterator[tuple[str, int, str]]:
    """Yield key, size and ETag of everything beneath a root, in the store's order.

    Raises:
        Unreachable: at any page.
    """
    following: str | None = None
    while True:
        page = _page(root, PAGE, following)
        if following is not None and page.following == following:
            raise Unreachable(f"The store lists the same page of {root.uri} again and again.")
        yield from page.objects
        if page.following is None:
            return
        following = page.following


def keys_that_begin(folder: BucketRoot, starts: Iterable[str]) -> Iterator[str]:
    """Yield the keys directly in a folder that begin with one of these, of each at most a page.

    What begins alike lies side by side in a store's order: one page answers for all of them that it
    reaches, and the next is asked from the first that it does not. Others may come between.

    Args:
        folder: a prefix that ends with a slash, or the whole bucket.
        starts: beginnings of keys, the folder's own among them.

    Raises:
        Unreachable: at any page.
    """
    wanted = sorted(set(starts))
    while wanted:
        begin = wanted.pop(0)
        page = _page(folder, PAGE, _From(_just_before(begin)))
        if page.last and page.first <= _just_before(begin):  # it lists otherwise than S3's order
            yield from (key for one in (begin, *wanted) for key in _first_keys(folder.bucket, one))
            return
        yield from (key for key, _, _ in page.objects)
        if page.following is None:
            return
        while wanted and wanted[0] < page.last and not page.last.startswith(wanted[0]):
            wanted.pop(0)


def _just_before(begin: str) -> str:
    """Return what sorts before all keys that begin so and behind hardly any other."""
    if begin[-1:] <= " ":
        return begin[:-1]
    before = ord(begin[-1]) - 1
    return begin[:-1] + chr(before if before != _SURROGATE else _LAST_BEFORE_THEM) + _LATE


def _first_keys(bucket: str, begin: str) -> Iterator[str]:
    """Yield the first keys that begin so, a page at most, whatever the store's order."""
    page = _page(BucketRoot(bucket, begin), PAGE)
    yield from (key for key, _, _ in page.objects if "/" not in key[len(begin) :])


def prove_bucket(root: BucketRoot, seconds: float = 15.0) -> None:
    """Ask for one name beneath a root: it may have none, but the bucket must answer.

    Raises:
        Unreachable: the bucket is not there, may not be listed, or the store fails.
    """
    _page(root, 1, seconds=seconds)


def _page(
    root: BucketRoot,
    most: int,
    after: "str | _From | None" = None,
    seconds: float = PAGE_SECONDS,
) -> _Page:
    """Ask for a page: the first, the one that follows a token, or of one folder from a key on."""
    query = f"encoding-type=url&list-type=2&max-keys={most}&prefix={quote(root.prefix, safe='')}"
    match after:
        case str():
            query = f"continuation-token={quote(after, safe='')}&{query}"
        case _From(key):
            query = f"delimiter=%2F&{query}&start-after={quote(key, safe='')}"
        case None:
            pass
    return persistently(partial(_page_once, root, query), seconds)


def _page_once(root: BucketRoot, query: str) -> _Page:
    body = bytearray()
    with asked(access(), Question(Place(root.bucket, "", root.uri), query=query)) as answer:
        for piece in answer.iter_stream():
            body += piece
            if len(body) > LONGEST_PAGE:
                raise Unreachable(f"The store's listing of {root.uri} is too long.")
    try:
        page = _parsed(bytes(body))
    except (ET.ParseError, ValueError, AttributeError) as error:
        raise Unreachable(f"The store's listing of {root.uri} is none.") from error
    if not all(name.startswith(root.prefix) for name in page.names):
        raise Unreachable(f"The store lists what does not lie in {root.uri}.")
    return page


def _parsed(body: bytes) -> _Page:
    """Read a page.

    Raises:
        ParseError, ValueError, AttributeError: it is none, or declares entities.
    """
    if b"<!" in body:  # S3 has neither; entities could multiply
        raise ValueError
    tree = ET.fromstring(body)  # noqa: S314 - bounded, and without entities
    for element in tree.iter():
        element.tag = _NAMESPACE.sub("", element.tag)
    if tree.tag != "ListBucketResult":
        raise ValueError
    encoded = tree.findtext("EncodingType") == "url"
    said = unquote_plus if encoded else str
    objects = [
        (said(one.findtext("Key", "")), int(one.findtext("Size", "")), one.findtext("ETag", ""))
        for one in tree.findall("Contents")
    ]
    truncated = tree.findtext("IsTruncated") == "true"
    following = tree.findtext("NextContinuationToken")
    if truncated and not following:
        raise ValueError
    folders = (said(one.findtext("Prefix", "")) for one in tree.findall("CommonPrefixes"))
    return _Page(objects, following if truncated else None, tuple(folders))
