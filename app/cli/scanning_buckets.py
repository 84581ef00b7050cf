"""From a bucket's listing to what a scan says; no object is asked for, let alone fetched."""

import json
import tempfile
from collections.abc import Callable, Iterator

from app.cli.progress import following
from app.cli.remote import NotDone
from app.kit.refusals import Refusal
from app.storage.buckets import BucketRoot, is_bucket_root, parse_bucket_root
from app.storage.listing import walk_objects
from app.storage.locations import decode_location, encode_location


class Prefix:
    """A prefix of a bucket to register: listed once, before anything of it is sent.

    So a store that falls silent half-way changes nothing. The listing is kept on disk: there may be
    millions.
    """

    left_out = "keys left out"

    def __init__(self, system: str, uri: str, beneath: str) -> None:
        """List nothing yet; `beneath` is the location of the prefix in its system's root."""
        self.system = system
        self.beneath = beneath
        self._uri = uri
        self._above = decode_location(beneath) if beneath else ()
        self._listed = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as this
        self._unnameable: list[str] = []

    def count(self) -> int:
        """List the objects, and say how many can be named.

        Raises:
            NotDone: the bucket cannot be listed, or not to its end.
        """
        self._unnameable.clear()
        self._listed.seek(0)
        self._listed.truncate()
        with following(f"Listing {self._uri}", 0) as track:
            try:
                for one in walk_objects(self._uri, unnameable=self._unnameable.append):
                    path = encode_location(b"/".join((*self._above, *one.segments)))
                    self._listed.write(json.dumps([path, str(one.mark)]).encode() + b"\n")
                    track.advance(1)
            except Refusal as refusal:
                raise NotDone(f"{refusal.detail} Nothing was sent.") from refusal
        return track.done

    def seen(
        self, tell: Callable[[str], None], no_file: Callable[[str], None]
    ) -> Iterator[tuple[bytes, str]]:
        """Yield what was listed: the way from the system's root, and what the listing says.

        A bucket holds objects only, so nothing is told to `no_file`.
        """
        for key in self._unnameable:
            tell(f"{key!r} is left out: no location can name it.")
        self._listed.seek(0)
        for line in self._listed:
            location, mark = json.loads(line)
            yield b"/".join(decode_location(location)), mark

    def close(self) -> None:
        """Forget the listing."""
        self._listed.close()


def prefix_at(system: str, root_uri: str, where: str) -> Prefix:
    """Find the way from a system's root to a prefix of the same bucket.

    Raises:
        NotDone: no prefix, one that this machine may not read, or it lies outside the root.
    """
    if not is_bucket_root(where):
        raise NotDone(f"{where} is no prefix: {system} lies in {root_uri}.")
    try:
        root, place = parse_bucket_root(root_uri), parse_bucket_root(where)
    except Refusal as refusal:
        raise NotDone(refusal.detail) from refusal
    return Prefix(system, place.uri, way_beneath(system, root, place))


def way_beneath(system: str, root: BucketRoot, place: BucketRoot) -> str:
    """Return the location of a prefix beneath a root; empty: it is the root."""
    if place.bucket != root.bucket or not place.prefix.startswith(root.prefix):
        raise NotDone(
            f"{place.uri} is neither {root.uri}, the root of {system}, nor does it lie beneath it."
        )
    inner = place.prefix[len(root.prefix) :].rstrip("/").encode()
    return encode_location(inner) if inner else ""
