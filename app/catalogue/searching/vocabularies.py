"""Filters by words of a vocabulary: one that nobody knows or uses is refused, not searched for."""

from collections.abc import Collection, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.assets.models import AssetRow
from app.catalogue.searching.asked import AssetQuery
from app.catalogue.searching.wording import whole
from app.disposals.reasons import fields_asked, is_reason, known_reasons
from app.disposals.service import ask
from app.kit.words import fault_of_word, refuse_unknown
from app.people.roles import Principal
from app.policies.rules.terms import TERMS
from app.policies.service import registers_in_force
from app.provenance.fields import FIELDS
from app.provenance.searched import SearchWordsRow

ANY = "any"


def prove_words(db: Session, caller: Principal, asked: AssetQuery) -> None:
    """Refuse words that no vocabulary has.

    Raises:
        Malformed: each parameter with what is known (HTTP 422).
        NoPolicyInForce: nothing says what reasons there are.
    """
    faults = {name: fault_of_word(word, known) for name, word, known in unknown(db, caller, asked)}
    refuse_unknown(faults)


def unknown(
    db: Session, caller: Principal, asked: AssetQuery
) -> Iterator[tuple[str, str, Collection[str]]]:
    """Yield each filter by a word that is not known, with those that are."""
    if asked.conflict is not None and asked.conflict not in {ANY, *FIELDS}:
        yield "conflict", asked.conflict, {ANY, *FIELDS}
    yield from unknown_of_policies(db, asked)
    for name in ("legal_status", "custodian_kind"):
        word = getattr(asked, name)
        if word is None or word in (known := terms_of(db, name)):
            continue
        if not in_use(db, caller, name, word):
            yield name, word, known


def unknown_of_policies(
    db: Session, asked: AssetQuery
) -> Iterator[tuple[str, str, Collection[str]]]:
    """Yield what neither the policies nor the registers of today can come to."""
    if asked.missing in FIELDS and asked.reason is None:
        return
    if asked.missing is None and asked.reason is None:
        return
    question = ask(db)
    if asked.missing is not None and asked.missing not in (known := fields_asked(question)):
        yield "missing", asked.missing, known
    if asked.reason is not None and not is_reason(question, asked.reason):
        yield "reason", asked.reason, known_reasons(question)


def terms_of(db: Session, name: str) -> Collection[str]:
    """Return the terms of a field, as they are today."""
    return registers_in_force(db).legal_statuses.statuses if name not in TERMS else TERMS[name]


def in_use(db: Session, caller: Principal, name: str, word: str) -> bool:
    """Tell whether a record says a word that was known once, or was entered before anyone asked."""
    said = select(SearchWordsRow.asset_id).where(whole(name, word).condition())
    if caller.department is not None:
        said = said.join(AssetRow, AssetRow.id == SearchWordsRow.asset_id)
        said = said.where(AssetRow.department == caller.department)
    return db.scalars(said.limit(1)).first() is not None
