"""What lies beneath a prefix: page by page, so that memory does not grow with the bucket."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
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
        yield from page.objects
        if page.following is None:
            return
        following = page.following


def first_keys(beginning: BucketRoot) -> list[str]:
    """Return the first keys that begin so, a page at most, in the store's order.

    Raises:
        Unreachable: the store did not say.
    """
    return [key for key, _, _ in _page(beginning, PAGE, None).objects]


def prove_bucket(root: BucketRoot, seconds: float = 15.0) -> None:
    """Ask for one name beneath a root: it may have none, but the bucket must answer.

    Raises:
        Unreachable: the bucket is not there, may not be listed, or the store fails.
    """
    _page(root, 1, None, seconds)


def _page(
    root: BucketRoot, most: int, following: str | None, seconds: float = PAGE_SECONDS
) -> _Page:
    query = f"encoding-type=url&list-type=2&max-keys={most}&prefix={quote(root.prefix, safe='')}"
    if following is not None:
        query = f"continuation-token={quote(following, safe='')}&{query}"
    page = persistently(partial(_page_once, root, query), seconds)
    if following is not None and page.following == following:
        raise Unreachable(f"The store lists the same page of {root.uri} again and again.")
    return page


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
    if not all(key.startswith(root.prefix) for key, _, _ in page.objects):
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
    return _Page(objects, following if truncated else None)
