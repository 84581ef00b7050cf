"""METS documents that no name betrays: the first bytes of the XML files of a folder."""

from collections.abc import Iterable

from app.assets.containers import may_be_mets
from app.assets.sniffing import BEGINNING, is_mets
from app.kit.refusals import Refusal
from app.storage.beside import beginning_of
from app.storage.errors import NotAFile, NotThere

MOST_SNIFFED = 1000  # files of one folder: a volume's pages have one each


def sniffed(
    root: str, folder: tuple[bytes, ...], names: Iterable[bytes]
) -> tuple[str, bytes] | None:
    """Find the METS document of a folder among its files, or what may be one.

    An object store is not asked: it would have to list all that a folder holds.

    Returns:
        (`mets`, its name); (`unknown`, the first that could not be looked at, or is one too many).
    """
    if root.startswith("s3:"):
        return None
    asked = sorted(name for name in names if may_be_mets(name))
    unknown = asked[MOST_SNIFFED:]
    for name in asked[:MOST_SNIFFED]:
        try:
            beginning = beginning_of(root, (*folder, name), BEGINNING)
        except (NotThere, NotAFile):
            continue  # it went meanwhile, or a link came
        except Refusal:
            unknown.append(name)
            continue
        told = is_mets(beginning, whole=len(beginning) < BEGINNING)
        if told:
            return "mets", name
        if told is None:
            unknown.append(name)
    return ("unknown", min(unknown)) if unknown else None
