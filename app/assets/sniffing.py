"""Whether an XML document is a METS document: by its first bytes, without an XML parser.

So nothing is expanded, resolved or fetched, and the cost is bounded by the bytes that are given.
"""

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE

BEGINNING = 8 << 10  # bytes that are looked at
_ENCODINGS = (  # XML 1.0, appendix F: what a document without another protocol begins with
    (BOM_UTF8, "utf-8-sig"),
    (BOM_UTF16_LE, "utf-16"),
    (BOM_UTF16_BE, "utf-16"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_BEFORE_ROOT = re.compile(
    r"\s+|<\?(?:(?!\?>).)*\?>|<!--(?:(?!-->).)*-->"
    r"""|<!DOCTYPE(?:[^"'\[>]|"[^"]*"|'[^']*'|\[(?:[^"'\]]|"[^"]*"|'[^']*')*\])*>""",
    re.DOTALL,
)
_ROOT = re.compile(r"<([^\s/>!?][^\s/>]*)[\s/>]")


def is_mets(beginning: bytes, *, whole: bool) -> bool | None:
    """Tell whether the root element is METS's; None: it lies beyond what was given.

    By its local name: a document of another namespace that calls its root so is no image's
    neighbour that anybody has seen, and a wrong yes keeps a file.

    Args:
        beginning: the first bytes, BEGINNING of them or all that there are.
        whole: these are all.
    """
    encoding = next((name for mark, name in _ENCODINGS if beginning.startswith(mark)), "latin-1")
    text = beginning.decode(encoding, "replace")
    at = 0
    while found := _BEFORE_ROOT.match(text, at):
        at = found.end()
    if root := _ROOT.match(text, at):
        return root[1].rpartition(":")[2] == "mets"
    unclear = text.startswith(("<!", "<?"), at)
    cut_off = not whole and (at == len(text) or text.startswith("<", at))
    return None if cut_off or unclear else False
