"""What law makes of an asset, as SQL: forbids, conditions, authority, citations."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Text,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    literal_column,
    not_,
    null,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.sql.selectable import LateralFromClause

from app.disposals.binding import asked_by, binds, surely, unclear_demands
from app.disposals.retention import ELAPSED, kept_by_itself, retention_codes
from app.people.models import DepartmentRow
from app.policies.rules.in_force import PolicyInForce, Registers
from app.policies.rules.instruments import Instrument, RejectedCitation
from app.policies.rules.legal import EFFECTS
from app.policies.rules.terms import TERMS
from app.provenance.completeness import Code, Demand, any_bits, has_code, texts
from app.provenance.models import VERSIONS, ProvenanceVersionRow
from app.provenance.projection import BITS

STATUSES = VERSIONS.c.legal_status
# What shows that a condition is met. The others wait for the room that collects their documents:
# until then they are unknown, which is never "met".
EVIDENCE: Mapping[str, ColumnElement[bool]] = {
    "disposal_class_assigned": any_bits("disposal_class", BITS["asserted"]),
    "appraised_no_archival_value": has_code("archival_appraisal", ["no_archival_value"]),
    "contract_terms_recorded": any_bits("contract_reference", BITS["asserted"]),
}
Bound = Callable[[Instrument], ColumnElement[bool]]
CONDITIONS: ColumnElement[Any] = literal_column("law.conditions", ARRAY(Text))  # beside `law`
BESIDE = (ProvenanceVersionRow, DepartmentRow)  # what the law looks at
MET_BY_APPROVAL = "external_authority_agreement"  # the only one still open when a case starts


def legal_demands(policy: PolicyInForce, registers: Registers, today: date) -> list[Demand]:
    """Return the demands of law, of the policy's own authority and of personal data."""
    return [*found_in_law(registers, today), *authority_demands(policy, registers, today)]


def found_in_law(registers: Registers, today: date) -> list[Demand]:
    """Return the demands of law in a statement beside which `law` stands and has found them out."""
    return [
        replace(demand, code=literal_column(f"law.codes[{at}]", Text))
        for at, demand in enumerate(common_demands(registers, today), start=1)
    ]


def common_demands(registers: Registers, today: date, bound: Bound = binds) -> list[Demand]:
    """Return the demands of law that are the same under every policy.

    `bound` tells whether an instrument binds, where a statement has found that out before.
    """
    return [
        *status_demands(registers),
        *condition_demands(registers, today),
        *instrument_demands(registers, today, bound),
        *unclear_demands(registers, today),
        Demand(
            "legal:personal_data",
            "blocked_legal",
            case((personal_data_unknown(), "personal_data:unknown")),
        ),
        Demand("legal:citation", "blocked_legal", rejected_citation(registers)),
    ]


def personal_data_unknown() -> ColumnElement[bool]:
    """Tell whether the answer is none that says what there is, an older word included."""
    known = TERMS["personal_data_status"] - {"unknown"}
    return and_(any_bits("personal_data_status", 15), not_(has_code("personal_data_status", known)))


def law(registers: Registers, today: date) -> LateralFromClause:
    """Return what the law says of an asset, once, whichever policies are in force."""
    asking = registers.instruments.asking(today)
    found: list[Any] = [binds(one).label(f"i{number}") for number, one in enumerate(asking)]
    # Fenced, so that each instrument is looked at once and not once for each of its conditions.
    looked_at = select(*(found or [null().label("none")])).correlate(*BESIDE)
    bound = looked_at.offset(0).subquery("bound")
    by_id: dict[str, ColumnElement[bool]] = {
        one.id: bound.c[column.name] for one, column in zip(asking, found, strict=True)
    }

    def known(one: Instrument) -> ColumnElement[bool]:
        return by_id[one.id]

    demands = common_demands(registers, today, known)
    codes: array[Any] = array([demand.code for demand in demands], type_=Text)
    conditions = conditions_of(registers, today, known)
    said = select(codes.label("codes"), conditions.label("conditions")).select_from(bound)
    return said.correlate(*BESIDE).offset(0).lateral("law")


def status_demands(registers: Registers) -> Iterator[Demand]:
    """Yield a demand for each status that forbids or diverts, and for one nobody knows."""
    for code, status in registers.legal_statuses.statuses.items():
        if status.effect in ("forbids", "diverts"):
            said = case((STATUSES.contains(texts([code])), f"legal:{code}"))
            yield Demand(f"legal:not_{code}", "blocked_legal", said)
    known = texts(list(registers.legal_statuses.statuses))
    unknown = case((not_(STATUSES.contained_by(known)), "legal:unknown_status"))
    yield Demand("legal:status_known", "blocked_legal", unknown)


def condition_demands(registers: Registers, today: date) -> Iterator[Demand]:
    """Yield a demand for each condition that a status puts: met by evidence, never by silence."""
    retention = retention_codes(registers, today)
    asked = conditions_asked(registers)
    for condition in dict.fromkeys((*asked, ELAPSED)):
        if condition == MET_BY_APPROVAL:
            continue
        # A day that the record itself names is kept to, whatever its status asks for.
        otherwise = kept_by_itself(today) if condition == ELAPSED else null()
        applies = STATUSES.overlap(texts(asked.get(condition, [])))
        code = case((applies, unmet(condition, retention)), else_=otherwise)
        yield Demand(f"legal:{condition}", "blocked_legal", code)


def instrument_demands(registers: Registers, today: date, bound: Bound) -> Iterator[Demand]:
    """Yield a demand for each condition that an instrument puts, as a status would, named by it."""
    retention = retention_codes(registers, today)
    for one in registers.instruments.asking(today):
        for condition in dict.fromkeys(one.requires):
            if condition != MET_BY_APPROVAL:
                code = case((bound(one), unmet(condition, retention)))
                yield Demand(f"instrument:{one.id}:{condition}", "blocked_legal", code)


def unmet(condition: str, retention: Mapping[str, Code]) -> Code:
    """Return the code of a condition: failed where evidence could meet it, else unknown."""
    if (said := retention.get(condition)) is not None:
        return said
    met = EVIDENCE.get(condition)
    return (
        literal(f"?legal:{condition}", Text) if met is None else case((~met, f"legal:{condition}"))
    )


def conditions_asked(registers: Registers) -> dict[str, list[str]]:
    """Return each condition with the statuses that put it."""
    asked: dict[str, list[str]] = {}
    for code, status in registers.legal_statuses.statuses.items():
        for condition in status.conditions:
            asked.setdefault(condition, []).append(code)
    return asked


def authority_demands(policy: PolicyInForce, registers: Registers, today: date) -> Iterator[Demand]:
    """Yield what the policy itself lacks to authorise anything; the same for every asset."""
    authority = policy.effective.header.authority
    firm = {one.id for one in registers.instruments.instruments if one.may_authorise(today)}
    named_unverified = not_(VERSIONS.c.legal_basis.contained_by(texts(firm)))
    unverified = or_(literal(not firm.issuperset(authority)), named_unverified)
    for rule, failed, code in (
        ("policy:published", literal(policy.status != "published"), f"policy:{policy.status}"),
        ("policy:authority", literal(not authority), "policy:no_authority"),
        ("policy:verified_instruments", unverified, "policy:unverified_instrument"),
    ):
        yield Demand(rule, "blocked_legal", case((failed, code)))


def rejected_citation(registers: Registers) -> ColumnElement[str | None]:
    """Return a code where the record cites what is known to be wrong."""
    cited = (
        func.unnest(VERSIONS.c.legal_basis).table_valued("citation", name="cited").render_derived()
    )
    # NFKC makes full-width digits and brackets plain; spaces carry no meaning in a citation.
    plain = func.normalize(cited.c.citation.cast(Text), literal_column("NFKC"))
    text = func.regexp_replace(plain, r"\s+", "", "g", type_=Text)
    # Fenced, so that each citation is made plain once and not once for each pattern.
    made = select(text.label("text")).offset(0).subquery("plain")
    wrong = [names_wrong(one, made.c.text) for one in registers.instruments.rejected_citations]
    cites_wrong = exists(select(made.c.text).where(or_(false(), *wrong)))
    return case((cites_wrong, "legal:rejected_citation"))


def names_wrong(one: RejectedCitation, text: ColumnElement[str]) -> ColumnElement[bool]:
    """Tell whether a plain citation holds any of these words and none of those."""
    return and_(
        or_(*(text.bool_op("~*")(pattern(words)) for words in one.match_any)),
        *(not_(text.bool_op("~*")(pattern(words))) for words in one.unless_any),
    )


def pattern(words: str) -> str:
    """Write words as a PostgreSQL pattern: without spaces, and no digit after a number."""
    bare = "".join(unicodedata.normalize("NFKC", words).split())
    escaped = re.sub(r"([^\w\s])", r"\\\1", bare)
    return escaped + (r"(?!\d)" if bare[-1:].isdigit() else "")


def effect_rank(registers: Registers) -> ColumnElement[int]:
    """Return how strict the strictest of an asset's statuses is: 0 permits to 3 diverts."""
    by_effect: dict[int, list[str]] = {}
    for code, status in registers.legal_statuses.statuses.items():
        by_effect.setdefault(EFFECTS.index(status.effect), []).append(code)
    known = texts(list(registers.legal_statuses.statuses))
    forbidding = EFFECTS.index("forbids")
    told = {rank: STATUSES.overlap(texts(codes)) for rank, codes in by_effect.items()}
    nobody_knows = not_(STATUSES.contained_by(known))
    told[forbidding] = or_(told.get(forbidding, nobody_knows), nobody_knows)
    ranks = sorted(told.items(), reverse=True)
    return case(*((said, rank) for rank, said in ranks), else_=forbidding)


def conditions_of(
    registers: Registers, today: date, bound: Bound = binds
) -> ColumnElement[Sequence[str]]:
    """Return the conditions that an asset's statuses and the instruments put together."""
    by_status, by_instrument = conditions_asked(registers), asked_by(registers, today)
    said = [
        case((surely(STATUSES.overlap(texts(codes)), *map(bound, instruments)), condition))
        for condition in sorted({*by_status, *by_instrument})
        for codes in [by_status.get(condition, [])]
        for instruments in [by_instrument.get(condition, [])]
    ]
    told: array[Any] = array(said, type_=Text)
    return cast(func.array_remove(told, null()), ARRAY(Text))
