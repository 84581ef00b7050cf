"""The vocabularies that conditions ask by, and what in a document could never have an effect."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from app.policies.rules.bodies import BODY_KINDS

# Whole vocabularies: conditions of law and policy ask for these words, and one that nobody asks
# for would count as "no" (domain: fields).
TERMS: Mapping[str, frozenset[str]] = {
    "custodian_kind": frozenset(
        {"archive", "library_or_museum_repository", "department", "contracted_platform"}
    ),
    "acquisition_method": frozenset(
        {
            *("created", "transfer", "donation", "deposit", "purchase"),
            *("licence", "digitisation", "legal_deposit", "harvested"),
        }
    ),
    "personal_data_status": frozenset({"none", "present", "sensitive", "unknown"}),
}
VERSION = re.compile(r"\d+(\.\d+)+")


def last_segment(term: str) -> str:
    """Return what a URI of a vocabulary ends in; a plain term is itself.

    A version is no term: of `.../InC/1.0/` it is `InC`, of `.../by-nc/4.0/` it is `by-nc/4.0`.
    """
    steps = [step for step in term.split("/") if step]
    if len(steps) > 1 and VERSION.fullmatch(steps[-1]):
        return steps[-2] if steps[-1] == "1.0" else "/".join(steps[-2:])
    return steps[-1] if steps else term


def without_effect(document: Mapping[str, Any]) -> dict[str, str]:
    """Return, by JSON Pointer, what a document says in vain and why; the form is proved before.

    A word that no vocabulary has would turn its condition off without a sound. Only what is new is
    asked: a version recorded before this was looked at is read as ever.
    """
    found = {
        f"{at}/{place}": f"{word!r} is no term of {field}; known: {', '.join(sorted(TERMS[field]))}"
        for field, at, words in asked_of(document, "")
        for place, word in enumerate(words)
        if last_segment(word) not in TERMS[field]
    } | foreign_bodies(document)
    freshness = (document.get("completeness") or {}).get("freshness") or {}
    if freshness.get("reading_must_match_current_bytes") is False:
        at = "/completeness/freshness/reading_must_match_current_bytes"
        found[at] = "every image is asked for this; a policy cannot do without it"
    return found


def foreign_bodies(document: Mapping[str, Any]) -> dict[str, str]:
    """Return, by JSON Pointer, the kinds of body that no department can be."""
    known = ", ".join(sorted(BODY_KINDS))
    return {
        f"/instruments/{number}/applies_to/body_kinds/{place}": f"{kind!r} is no kind of body;"
        f" known: {known}"
        for number, one in enumerate(document.get("instruments", ()))
        for place, kind in enumerate(one["applies_to"].get("body_kinds", ()))
        if kind not in BODY_KINDS
    }


def asked_of(part: Any, at: str) -> Iterator[tuple[str, str, list[str]]]:  # noqa: ANN401 - JSON
    """Yield each list of words that is compared with a closed vocabulary: field, place, words."""
    if isinstance(part, dict):
        if part.keys() == {"field", "in"} and part["field"] in TERMS:
            yield part["field"], f"{at}/in", part["in"]
        for key, inner in part.items():
            if key in TERMS and isinstance(inner, dict):
                yield from (
                    (key, f"{at}/{key}/{list_}", inner[list_])
                    for list_ in ("values", "not_values")
                    if inner.get(list_)
                )
            yield from asked_of(inner, f"{at}/{key}")
    elif isinstance(part, list):
        for place, inner in enumerate(part):
            yield from asked_of(inner, f"{at}/{place}")
