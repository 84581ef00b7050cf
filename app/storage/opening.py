"""Open an asset's bytes wherever its root says that they lie."""

from contextlib import AbstractContextManager

from app.storage.files import OpenFile, open_beneath
from app.storage.locations import decode_location, parse_root


def open_located(root: str, path: str) -> AbstractContextManager[OpenFile]:
    """Open what lies at a location beneath a root URI, for reading only.

    Raises:
        NotThere: the reachable storage says that nothing has this name.
        NotAFile, LocationMalformed, Unreachable: as the storage of that root has it.
    """
    return open_beneath(parse_root(root), decode_location(path))
