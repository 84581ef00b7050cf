"""Words of a vocabulary in a question: known, or refused with those that are."""

from collections.abc import Collection, Mapping
from difflib import get_close_matches

from app.kit.errors import Malformed

FEW = 24  # words that are all told
NEAREST = 6


def fault_of_word(word: str, known: Collection[str]) -> str:
    """Say that a vocabulary has no such word, and which it has: all, or of many the nearest."""
    unknown = f"there is no word {word!r} here; "
    if len(known) <= FEW:
        return unknown + f"known are {', '.join(sorted(known)) or 'none'}"
    near = get_close_matches(word, sorted(known), n=NEAREST, cutoff=0.5)
    if not near:  # as one begins to write it: what begins like it, else the first of all
        begins = word.partition(":")[0]
        near = sorted(one for one in known if one.startswith(begins)) or sorted(known)
    return unknown + f"of {len(known)} the nearest are {', '.join(near[:NEAREST])}"


def refuse_unknown(faults: Mapping[str, str]) -> None:
    """Refuse a question by its parameters' faults, if there are any.

    Raises:
        Malformed: each parameter with the word and those that are known (HTTP 422).
    """
    if faults:
        told = {f"/query/{name}": why for name, why in faults.items()}
        said = "; ".join(f"`{name}`: {why}" for name, why in faults.items())
        raise Malformed(f"Nothing can be found by a word that nobody uses: {said}.", pointers=told)
