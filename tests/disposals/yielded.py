"""Every code that the one statement can yield, read off the statement itself."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy.sql import functions, operators
from sqlalchemy.sql.elements import (
    BinaryExpression,
    BindParameter,
    Case,
    Cast,
    ClauseElement,
    Grouping,
    Label,
    Null,
)
from sqlalchemy.sql.selectable import ScalarSelect

from app.disposals.demands import Demands, pair_codes
from app.disposals.eligibility import Question, judge, with_status
from app.disposals.legal import common_demands
from app.disposals.sets import beside_keepers, rank_in_sets
from app.disposals.surroundings import code_of, place
from app.policies.rules.in_force import PolicyInForce

ANY = "*"  # a part of a code that the row itself fills in
SIGHTED = ("unreachable", "missing", "changed", "refused")  # as the table's own check has them
TIES = ("container:none", "companion:none_left_behind")
KINDS = {
    "container": ("bag", "mets", "ocfl"),
    "companion": ("live_photo", "raw_jpeg", "sidecar", "sides"),
}
WAITING = ("processing:unread", "processing:awaiting_content")


def codes_of(found: Any) -> set[str]:  # noqa: ANN401 - any expression
    """Return the texts that an expression can come to; `*` stands for what a row fills in."""
    match found:
        case Null():
            return set()
        case BindParameter():
            return {str(found.value)} if found.value is not None else set()
        case Case():
            results = [result for _, result in found.whens] + [found.else_]
            return set().union(*(codes_of(one) for one in results if one is not None))
        case Cast() | Label() | Grouping():
            inner = found.clause if isinstance(found, Cast) else found.element
            return codes_of(inner)
        case ScalarSelect():
            [column] = found.element.selected_columns
            return codes_of(column)
        case functions.concat():
            return joined(list(found.clauses))
        case BinaryExpression() if found.operator is operators.concat_op:
            return joined([found.left, found.right])
        case _:
            return {ANY}


def joined(parts: list[Any]) -> set[str]:
    """Return what several texts after each other can come to."""
    told = {""}
    for part in parts:
        told = {one + other for one in told for other in codes_of(part) or {ANY}}
    return told


def yielded(question: Question) -> dict[str, tuple[str, PolicyInForce]]:
    """Return each code that the statement can yield, with the first rule and policy that does."""
    found: dict[str, tuple[str, PolicyInForce]] = {}
    for policy in question.book.every:
        for rule, code in sorted(rules_with_codes(question, policy)):
            found.setdefault(code, (rule, policy))
    return found


def rules_with_codes(question: Question, policy: PolicyInForce) -> Iterator[tuple[str, str]]:
    """Yield rule and code of every demand, of pairs too."""
    coded = with_status(question, judge(question, None))
    rows = beside_keepers(coded, rank_in_sets(question.book, coded))
    law = {one.rule: one.code for one in common_demands(question.book.registers, question.today)}
    demands: Demands = question.demands(policy)
    said: dict[str, Any] = {one.rule: one.code for one in demands.alone} | law
    said |= pair_codes(policy, rows, coded.alias("keeper"))
    said |= {rule: code_of(place(), rule.partition(":")[0]) for rule in TIES}
    for rule, code in said.items():
        assert isinstance(code, ClauseElement)
        for one in codes_of(code):
            yield from ((rule, whole) for whole in filled(one))
    yield "keeper:not_itself", "keeper:ranked_first"
    yield "verdict:duplicate", "awaiting:verdict"


def filled(code: str) -> Iterator[str]:
    """Yield what a code with a gap can be, or an example where it can be anything."""
    if code == f"processing:{ANY}":
        yield from (f"processing:{state}" for state in SIGHTED)
    elif code == f"?{ANY}":
        yield from (f"?{code}" for code in WAITING)
    elif code == ANY:
        yield from WAITING
    elif code.endswith(f":{ANY}") and code[:-2] in KINDS:
        yield from (f"{code[:-1]}{kind}" for kind in KINDS[code[:-2]])
    else:
        yield code.replace("retention:*", "retention:2031-04-01").replace("copies:*", "copies:1")
