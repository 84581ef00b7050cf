"""The words of a record as the index holds them."""

from collections.abc import Iterable, Iterator
from typing import Any

from app.kit.tokens import fold, tokens
from app.provenance.fields import FIELDS
from app.provenance.normalise import names
from app.provenance.searched import EXACT, LETTERS
from app.provenance.statements import Statement

# The fields that are searched under another name, or several under one.
UNDER = {
    "source_identifier": "identifier",
    "other_identifiers": "identifier",
    "rights_statement": "rights",
    "rights_notice": "rights",
    "rights_holder": "rights",
    "credit_line": "rights",
    "usage_terms": "rights",
}
LETTER_OF = {
    field: LETTERS[UNDER.get(field, field)]
    for field in FIELDS
    if UNDER.get(field, field) in LETTERS
}
GAP = 10  # places between two values, so that no phrase reaches from one into the next
MOST_A_VALUE = 4_000  # tokens; a longer text is found by its beginning
LAST_PLACE = 16_383  # PostgreSQL counts no further
LONGEST_EXACT = 2_000  # bytes of a lexeme


def written(lexemes: dict[str, list[int]]) -> str:
    """Write lexemes with their places as PostgreSQL reads them."""
    return " ".join(
        f"{quoted(lexeme)}:{','.join(map(str, places[:256]))}" if places else quoted(lexeme)
        for lexeme, places in lexemes.items()
    )


def quoted(lexeme: str) -> str:
    """Quote a lexeme for a tsvector or a tsquery."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


def exact(field: str, value: str) -> str:
    """Return the lexeme that says a whole value of a field."""
    whole = f"{EXACT}{field}/{value}".encode()[:LONGEST_EXACT]
    return whole.decode("utf-8", "ignore")


def lexemes_of(statements: Iterable[Statement], conflicts: Iterable[str]) -> dict[str, list[int]]:
    """Return what a record is found by: the words that anybody said, and its terms as a whole."""
    found: dict[str, list[int]] = {exact("conflict", field): [] for field in conflicts}
    place = 1
    for said in statements:
        letter = LETTER_OF.get(said.field)
        if letter is not None and said.unknown_reason is None:
            for text in texts_of(said.value):
                place = add_words(found, letter, text, place) + GAP
        for value in wholes_of(said):
            found.setdefault(value, [])
    return found


def add_words(found: dict[str, list[int]], letter: str, text: str, place: int) -> int:
    """Add a text's tokens from a place on; return the place behind the last."""
    for at, token in enumerate(tokens(text)):
        if at == MOST_A_VALUE or place > LAST_PLACE:
            break
        found.setdefault(letter + token, []).append(place)
        place += 1
    return place


def texts_of(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    """Yield every text of a value: of a list, and of an object whatever its keys."""
    match value:
        case str():
            yield value
        case list():
            for part in value:
                yield from texts_of(part)
        case dict():
            for part in value.values():
                yield from texts_of(part)
        case _:  # a number says nothing that is searched for by words
            pass


def wholes_of(said: Statement) -> Iterator[str]:
    """Yield what of a statement is asked for as a whole."""
    if said.unknown_reason is not None:
        return
    if said.field == "creator":
        yield from (exact("creator", folded_name(name)) for name in names(said.value))
    elif UNDER.get(said.field) == "identifier":
        yield from (exact("identifier", text) for text in texts_of(said.value))


def folded_name(name: str) -> str:
    """Fold a name for comparison as a whole."""
    return " ".join(fold(name).split())
