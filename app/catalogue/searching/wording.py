"""Words and phrases as questions to the index of words."""

from collections.abc import Collection

from app.catalogue.searching.parts import Words
from app.kit.tokens import asked_tokens, unspaced
from app.provenance.lexemes import exact, quoted
from app.provenance.searched import LETTERS

SHORTEST_BEGINNING = 2  # letters before a `*`


def holding(text: str, fields: Collection[str], *, beginning: bool = False) -> Words | None:
    """Ask for records that hold a text, its words next to each other, in one of these fields.

    `beginning`: the last word may go on. None where the text holds no word at all.
    """
    wanted = asked_tokens(text)
    if not wanted:
        return None
    last = len(wanted) - 1
    chains = []
    for field in fields:
        chain, before = "", 0
        for at, (token, place) in enumerate(wanted):
            open_ended = (beginning and at == last) or (len(token) == 1 and unspaced(token))
            step = "" if at == 0 else f" <{place - before}> "
            chain += step + quoted(LETTERS[field] + token) + (":*" if open_ended else "")
            before = place
        chains.append(f"({chain})" if last else chain)
    return Words(chains[0] if len(chains) == 1 else f"({' | '.join(chains)})")


def whole(field: str, value: str) -> Words:
    """Ask for records of which a field says just this."""
    return Words(quoted(exact(field, value)))


def anything(field: str) -> Words:
    """Ask for records with any whole value of a field."""
    return Words(quoted(exact(field, "")) + ":*")


def too_short(text: str) -> bool:
    """Tell whether so many words begin like this that looking for them is no search."""
    wanted = asked_tokens(text)
    token = wanted[-1][0] if wanted else ""
    return len(token) < SHORTEST_BEGINNING and not unspaced(token)
