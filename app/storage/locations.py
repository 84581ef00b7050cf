"""How a file is named: a root is a file URI, a location a relative URI path beneath it.

Names on disk are bytes, not text; percent-encoding (RFC 3986) lets every byte string be said.
"""

import re
from urllib.parse import quote_from_bytes, unquote_to_bytes

from app.storage.errors import LocationMalformed

# RFC 3986 pchar, all but the letters and digits that quote_from_bytes never touches.
SAFE = "!$&'()*+,;=:@-._~"
LONGEST = 4096  # PATH_MAX of Linux; the kernel refuses longer ones in one call anyway
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def decode_location(location: str) -> tuple[bytes, ...]:
    """Split a relative URI path into its file name segments.

    Raises:
        LocationMalformed: absolute, empty, with `.` or `..`, NUL or an escaped slash.
    """
    if not location or location.startswith("/"):
        raise LocationMalformed("A location is a relative path, such as 1962/typhoon%20wanda.jpg.")
    if _BAD_ESCAPE.search(location):
        raise LocationMalformed("A percent sign in a location is written %25.")
    try:
        segments = tuple(unquote_to_bytes(part) for part in location.split("/"))
    except UnicodeEncodeError as bad:
        raise LocationMalformed("A location is text without lone surrogates.") from bad
    _refuse_traps(segments)
    return segments


def encode_location(path: bytes) -> str:
    """Say a relative path of this disk as a location: the inverse of decode_location."""
    segments = tuple(path.split(b"/"))
    _refuse_traps(segments)
    return "/".join(quote_from_bytes(segment, safe=SAFE) for segment in segments)


def parse_root(uri: str) -> bytes:
    """Return the absolute path that a source root such as `file:///srv/photos/` names.

    Raises:
        LocationMalformed: another scheme, a host, a relative path, `..`, NUL.
    """
    scheme, _, rest = uri.partition("://")
    if scheme.lower() != "file" or not rest.startswith("/"):
        raise LocationMalformed("A source root is a file URI, such as file:///srv/photos/.")
    inner = rest.strip("/")
    return b"/" + b"/".join(decode_location(inner)) if inner else b"/"


def display_name(name: bytes) -> str:
    """Show a file name to people: a byte that is not UTF-8 becomes backslash, x, two digits."""
    return name.decode("utf-8", "backslashreplace").replace("\0", "\\x00")


def _refuse_traps(segments: tuple[bytes, ...]) -> None:
    for segment in segments:
        if segment in (b"", b".", b".."):
            raise LocationMalformed("A location has no empty, `.` or `..` segment.")
        if b"\0" in segment or b"/" in segment:
            raise LocationMalformed("A file name holds neither NUL nor a slash.")
    if sum(map(len, segments)) + len(segments) > LONGEST:
        raise LocationMalformed(f"A location is at most {LONGEST} bytes long.")
