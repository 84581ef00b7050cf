"""Where in a request something is."""


def pointer(place: tuple[int | str, ...]) -> str:
    """Turn a place of an error into a JSON Pointer (RFC 6901), safe to print and to store."""
    steps = [str(step).replace("~", "~0").replace("/", "~1") for step in place]
    written = "".join(f"/{step}" for step in steps).encode("ascii", "backslashreplace").decode()
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in written)
