"""The one statement: who may go and why not. Never a flag, never Python."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    Text,
    and_,
    any_,
    case,
    cast,
    func,
    literal,
    null,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.orm import InstrumentedAttribute, aliased

from app.assets.models import AssetRow
from app.assets.surrounding_models import SurroundingsRow
from app.comparisons.facts import facts
from app.comparisons.ranking import CRITERIA, may_keep
from app.disposals.binding import binding
from app.disposals.demands import PAIR_RULES, Demands, demands_of, pair_codes
from app.disposals.legal import CONDITIONS, effect_rank, law
from app.disposals.retention import DATED
from app.disposals.sets import beside_keepers, rank_in_sets
from app.disposals.surroundings import code_of, place
from app.fingerprints.models import FingerprintRow
from app.ledger.queries import newest_log_index
from app.policies.rules.in_force import PolicyInForce
from app.provenance.book import Book
from app.provenance.queries import per_policy


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked under: the policies of today, and each policy's rules."""

    book: Book
    today: date

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Question) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    @cached_property
    def key(self) -> tuple[object, ...]:
        """Tell one question from another: equal keys ask the same of every asset."""
        return (*self.book.key, self.today)

    def demands(self, policy: PolicyInForce) -> Demands:
        """Return a policy's rules on an asset by itself."""
        return demands_of(self.book, policy, self.today)

    def rules(self, policy: PolicyInForce) -> list[str]:
        """Name the rules in the order of an answer's codes."""
        alone = [demand.rule for demand in self.demands(policy).alone]
        return [*alone, "keeper:not_itself", *PAIR_RULES, "verdict:duplicate"]


TOLD = ("instruments", *DATED)
Only = Sequence[UUID] | ColumnElement[Any] | None  # ids, or an array of them in SQL


def eligibility(question: Question, only: Only = None) -> Select[Any]:
    """Select status, codes and keeper of every asset, or only of these, at one moment.

    `codes` holds one place for each rule: NULL where it passes, a code where it fails, a code
    after `?` where nothing is known, which is a failure too.
    """
    asked = None if only is None else asked_about(only)
    coded = with_status(question, judge(question, asked))
    return select(
        confront(question, coded, asked),
        newest_log_index().label("log_index"),
        func.statement_timestamp().label("as_of"),
    )


def asked_about(only: Sequence[UUID] | ColumnElement[Any]) -> CTE:
    """Select the assets asked about; what stands later in the statement looks them up here.

    Compared row by row with an array that is read out of a text, the text was read for each row.
    """
    return select(AssetRow.id.label("asset_id")).where(among(AssetRow.id, only)).cte("asked")


def among(
    column: ColumnElement[UUID] | InstrumentedAttribute[UUID],
    only: Sequence[UUID] | ColumnElement[Any],
) -> ColumnElement[bool]:
    """Tell whether an id is one of these."""
    return column == any_(only) if isinstance(only, ColumnElement) else column.in_(only)


def judge(question: Question, asked: CTE | None) -> CTE:
    """Judge each asset by itself, and every asset of equal bytes, for they compete to stay."""
    registers = question.book.registers

    def codes(policy: PolicyInForce) -> ColumnElement[Any]:
        return array([demand.code for demand in question.demands(policy).alone], type_=Text)

    # Told of those asked about alone: counting everything has no use for it.
    told: dict[str, ColumnElement[Any]] = {}
    if asked is not None:
        told = {"instruments": binding(registers, question.today), **DATED}
    wanted, lies = None if asked is None else with_twins(asked), place()
    statement = (
        facts(question.book, wanted, complete=true())
        .add_columns(
            effect_rank(registers).label("effect_rank"),
            CONDITIONS.label("conditions"),
            cast(per_policy(question.book, codes), ARRAY(Text)).label("codes"),
            code_of(lies, "container").label("container"),
            code_of(lies, "companion").label("companion"),
            *(one.label(name) for name, one in told.items()),
        )
        .outerjoin(law(registers, question.today), true())
        .outerjoin(lies, true())
        .outerjoin(SurroundingsRow, SurroundingsRow.asset_id == AssetRow.id)
    )
    return fenced(statement).cte("judged")


def with_twins(asked: CTE) -> CTE:
    """Select these assets and all of equal bytes, each once; every table is entered by them.

    As `id = ANY (...) OR id IN (...)` PostgreSQL reads all assets for the answer about one.
    """
    mine, other = aliased(FingerprintRow), aliased(FingerprintRow)
    twins = (
        select(other.asset_id)
        .join(mine, and_(mine.sha256 == other.sha256, mine.size_bytes == other.size_bytes))
        .join(asked, asked.c.asset_id == mine.asset_id)
    )
    return select(asked.c.asset_id).union(twins).cte("wanted")


def fenced(statement: Select[Any]) -> Select[Any]:
    """Have each column computed once, though it is used many times by what stands around it.

    Pulled up, the list of codes was written out for each of its uses: 90 subplans instead of 15.
    """
    return statement.offset(0)


def with_status(question: Question, judged: CTE) -> CTE:
    """Add the first status that an asset by itself comes to; NULL where every rule passes."""

    def first_failing(policy: PolicyInForce) -> ColumnElement[str | None]:
        spans = question.demands(policy).spans().items()
        return case(*((failing(judged.c.codes, *span), tier) for tier, span in spans))

    def incomplete(policy: PolicyInForce) -> ColumnElement[bool]:
        first, last = question.demands(policy).spans()["blocked_incomplete"]
        return failing(judged.c.codes, first, last - 1)  # the last asks for the seal itself

    def by_policy(value: Callable[[PolicyInForce], ColumnElement[Any]]) -> ColumnElement[Any]:
        ours = judged.c.policy_version_id
        return case(*((ours == one.version_id, value(one)) for one in question.book.every))

    facts_known: dict[str, ColumnElement[Any]] = dict(judged.c.items())
    facts_known["sealed"] = and_(judged.c.sealed, ~by_policy(incomplete))
    return select(
        *(fact.label(name) for name, fact in facts_known.items()),
        by_policy(first_failing).label("own_status"),
        may_keep(question.book, facts_known).label("may_keep"),
    ).cte("coded")


def failing(codes: ColumnElement[Any], first: int, last: int) -> ColumnElement[bool]:
    """Tell whether any code stands between two places."""
    return func.cardinality(func.array_remove(codes[first:last], null())) > 0


def confront(question: Question, coded: CTE, asked: CTE | None) -> CTE:
    """Put each asset asked about before the keeper it would have and say what comes of it."""
    rows = beside_keepers(coded, rank_in_sets(question.book, coded), asked)
    keeper = coded.alias("keeper")

    def codes(policy: PolicyInForce) -> ColumnElement[Any]:
        found = pair_codes(policy, rows, keeper)
        return array([found[rule] for rule in PAIR_RULES], type_=Text)

    chosen = [
        (rows.c.policy_version_id == policy.version_id, codes(policy))
        for policy in question.book.every
    ]
    paired = select(
        rows,
        case(*chosen).label("pair_codes"),
        facts_of(rows).label("own_facts"),
        case((keeper.c.asset_id.is_not(None), facts_of(keeper))).label("keeper_facts"),
    ).outerjoin(keeper, keeper.c.asset_id == rows.c.keeper_id)
    return conclude(fenced(paired).cte("paired"))


def conclude(paired: CTE) -> CTE:
    """Give every asset its status and its codes."""
    p = paired.c
    pair = cast(p.pair_codes, ARRAY(Text))
    blocked = func.cardinality(func.array_remove(pair, null())) > 0
    awaiting = case((and_(p.keeper_id.is_not(None), ~p.ranked_first), "awaiting:verdict"))
    status = func.coalesce(
        p.own_status,
        case(
            (p.ranked_first, "retained_keeper"), (blocked, "blocked_no_keeper"), else_="candidate"
        ),
    )
    first = case((p.ranked_first, "keeper:ranked_first"))
    codes = func.array_cat(
        func.array_append(cast(p.codes, ARRAY(Text)), cast(first, Text)),
        func.array_append(pair, cast(awaiting, Text)),
    )
    return select(
        p.asset_id,
        p.department,
        p.source_system,
        p.policy_version_id,
        p.registered_at,
        func.coalesce(p.size_bytes, 0).label("size_bytes"),
        status.label("status"),
        cast(codes, ARRAY(Text)).label("codes"),
        p.keeper_id,
        p.own_facts,
        p.keeper_facts,
        p.conditions,
        *(p[name] for name in TOLD if name in p),
    ).cte("answers")


def facts_of(side: Any) -> ColumnElement[Any]:  # noqa: ANN401 - a CTE or its alias
    """Return what the ranking compares, to be shown."""
    said = [part for one in CRITERIA for part in (literal(one.fact), side.c[one.fact])]
    return func.jsonb_build_object(*said)
