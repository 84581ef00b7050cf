"""`q=`: Lucene's syntax over named fields, as SQL. What would cost too much is refused."""

import re
from collections.abc import Callable, Sequence

from luqum import tree  # type: ignore[import-untyped]
from luqum.thread import parse  # type: ignore[import-untyped]
from sqlalchemy import ColumnElement, and_, or_

from app.catalogue.errors import QueryMalformed
from app.catalogue.searching.parts import Part, Plain, Words, asks_words, negated, sql_of
from app.catalogue.searching.terms import range_of, term_of

DEEPEST = 20  # levels of groups
MOST_TERMS = 50
TOO_DEEP = f"Groups stand in each other at most {DEEPEST} deep"
PLACE = re.compile(r"at position (\d+)")
REFUSED = {
    tree.Regex: "Regular expressions are not searched for; a word may end in `*`.",
    tree.Fuzzy: "Words are compared as they are written: `~` is not known.",
    tree.Proximity: "The words of a phrase stand next to each other: `~` is not known.",
    tree.Boost: "What is found is not ranked: `^` is not known.",
}
NOT_READ = "From here on it cannot be read: a word or an end is missing, or out of place"


def read_query(text: str) -> list[Part]:
    """Read a question: parts all of which must hold, so that each may be answered by its index.

    Raises:
        QueryMalformed: it cannot be read or is not answered; the refusal tells the place.
    """
    prove_shallow(text)
    try:
        root = parse(text)
    except (ValueError, ArithmeticError) as error:  # the latter of the numbers behind ~ and ^
        found = PLACE.search(str(error))
        place = int(found[1]) if found else len(text)
        raise QueryMalformed(NOT_READ, place) from None
    reader = Reader()
    every = isinstance(root, tree.AndOperation | tree.UnknownOperation)
    return [reader.part(one, None) for one in (root.children if every else [root])]


def prove_shallow(text: str) -> None:
    """Refuse groups within groups before anything walks through them."""
    depth = 0
    for place, sign in enumerate(text):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if depth > DEEPEST:
            raise QueryMalformed(TOO_DEEP, place)


class Reader:
    """One question being read; it counts the terms, and how deep it stands."""

    def __init__(self) -> None:
        """Begin with none."""
        self.terms = 0
        self.depth = 0

    def part(self, node: tree.Item, field: str | None) -> Part:
        """Return what a node and all below it ask for; `field` is what a group was put to."""
        self.depth += 1
        if self.depth > 3 * DEEPEST:  # a group in a field, and what stands in it: three steps
            raise QueryMalformed(TOO_DEEP, node.pos or 0)
        found = self.of(node, field, node.pos or 0)
        self.depth -= 1
        return found

    def of(self, node: tree.Item, field: str | None, place: int) -> Part:
        """Return what a node asks for by its kind."""
        match node:
            case tree.SearchField():
                if field is not None:
                    raise QueryMalformed("A field stands within a field", place)
                return self.part(node.expr, node.name)
            case tree.Group() | tree.FieldGroup() | tree.Plus():
                return self.part(node.children[0], field)
            case tree.Not() | tree.Prohibit():
                return negated(self.part(node.children[0], field))
            case tree.OrOperation():
                return either([self.part(one, field) for one in node.children])
            case tree.AndOperation() | tree.UnknownOperation():
                return both([self.part(one, field) for one in node.children])
            case _:
                return self.leaf(node, field, place)

    def leaf(self, node: tree.Item, field: str | None, place: int) -> Part:
        """Return what one term, phrase or range asks for."""
        self.terms += 1
        if self.terms > MOST_TERMS:
            raise QueryMalformed(f"At most {MOST_TERMS} terms are searched for at once", place)
        match node:
            case tree.Word() | tree.Phrase():
                return term_of(node, field, place)
            case tree.Range() | tree.From() | tree.To():
                return range_of(node, field, place)
            case _:
                why = REFUSED.get(type(node), "This is not searched for.")
                raise QueryMalformed(why.rstrip("."), place)


def both(parts: Sequence[Part]) -> Part:
    """Ask that all hold: by the index at once as far as it can."""
    return together(parts, " & ", and_)


def either(parts: Sequence[Part]) -> Part:
    """Ask that one holds."""
    return together(parts, " | ", or_)


def together(parts: Sequence[Part], sign: str, by: Callable[..., ColumnElement[bool]]) -> Part:
    """Join parts; those that are all words stay one question to the index."""
    words = [one for one in parts if isinstance(one, Words)]
    rest = [one for one in parts if not isinstance(one, Words)]
    joined = [Words(f"({sign.join(one.query for one in words)})")] if words else []
    every: list[Part] = [*joined, *rest]
    if len(every) == 1:
        return every[0]
    return Plain(by(*map(sql_of, every)), words=any(map(asks_words, every)))
