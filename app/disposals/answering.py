"""From a row of the one statement to the answer, as a value and as its JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from pydantic_core import to_json

from app.comparisons.ranking import CRITERIA
from app.disposals.demands import NOT_YET_BUILT
from app.disposals.eligibility import Question
from app.disposals.explaining import addressed, plain, told
from app.disposals.naming import at, periods
from app.disposals.retention import retained_until
from app.disposals.schemas import (
    AskingOut,
    EligibilityOut,
    KeeperOut,
    ReasonOut,
    RetentionReasonOut,
    RuleOut,
)
from app.policies.rules.in_force import PolicyInForce

RULES = TypeAdapter(list[RuleOut])
ASKING = TypeAdapter(list[AskingOut])
DELETABLE = False  # true only while a permit is open, and no room issues permits yet
Codes = tuple[str | None, ...]
# Stands for the image in what is written once for all images of the same codes.
SOME_ASSET = UUID("3f0cbe5c-1d1f-4a51-a5a4-0a2f9f6d7c1e")


@dataclass(frozen=True, slots=True)
class Explained:
    """What a policy's codes mean: the same for every asset that has them, but for its name."""

    policy: PolicyInForce
    reasons: list[str]
    rules: list[RuleOut]  # of any image
    before_keeper: Sequence[bytes]  # JSON from `deletable` up to the keeper; between, the image
    after_keeper: bytes  # from there up to the log index


@lru_cache(maxsize=64)
def rules_under(question: Question, policy_version_id: UUID) -> tuple[str, ...]:
    """Name the rules of one of the policies in force, in the order of an answer's codes."""
    return tuple(question.rules(policy_of(question, policy_version_id)))


def policy_of(question: Question, version_id: UUID) -> PolicyInForce:
    """Return the policy that judged a row."""
    return next(p for p in question.book.every if p.version_id == version_id)


@lru_cache(maxsize=4096)
def explained(
    question: Question, policy_version_id: UUID, codes: Codes, closed: frozenset[str]
) -> Explained:
    """Say rule by rule what a row's codes mean to whom these addresses are closed."""
    policy = policy_of(question, policy_version_id)
    rules = [
        told(rule, code, policy, question.book.registers)
        for rule, code in zip(rules_under(question, policy_version_id), codes, strict=True)
    ]
    reasons = plain(codes)
    before = (
        *(b'"deletable":', to_json(DELETABLE), b',"reasons":', to_json(reasons)),
        *(b',"rules":', RULES.dump_json([addressed(r, SOME_ASSET, closed) for r in rules])),
        *(b',"rules_not_yet_built":', to_json(NOT_YET_BUILT), b',"keeper":'),
    )
    after = (
        *(b',"policy":', to_json(named(policy)), b',"policy_digest":', to_json(policy.digest)),
        b',"log_index":',
    )
    parts = b"".join(before).split(str(SOME_ASSET).encode())
    return Explained(policy, reasons, rules, parts, b"".join(after))


def named(policy: PolicyInForce) -> str:
    """Name a policy's version."""
    return f"{policy.id}@{policy.version}"


@lru_cache(maxsize=512)
def asking(question: Question, ids: tuple[str, ...]) -> list[AskingOut]:
    """Say of these instruments what they ask for."""
    known = {one.id: one for one in question.book.registers.instruments.instruments}
    return [
        AskingOut(id=one, verified=known[one].verified is not None, requires=[*known[one].requires])
        for one in ids
    ]


def retention_of(question: Question, row: Any) -> tuple[date | None, RetentionReasonOut]:  # noqa: ANN401
    """Say until when a record is kept and why, as the statement found it."""
    registers = question.book.registers
    schedules, found = registers.retention_schedules.by_class(), (row.record_codes, row.latest_days)
    reason, day = retained_until(schedules, *found, names_a_day=row.names_a_day)
    basis = at(registers.retention_schedules_version, "/retention_schedules")
    return day, RetentionReasonOut(code=reason, label=periods()[reason], basis=basis)


def explain(
    question: Question,
    row: Any,  # noqa: ANN401 - of any driver
    closed: frozenset[str],
) -> EligibilityOut:
    """Say everything that the statement found about one asset, without closed addresses."""
    meaning = explained(question, row.policy_version_id, tuple(row.codes), closed)
    until, because = retention_of(question, row)
    return EligibilityOut(
        asset_id=row.asset_id,
        department=row.department,
        source_system=row.source_system,
        status=row.status,
        deletable=DELETABLE,
        reasons=meaning.reasons,
        rules=[addressed(rule, row.asset_id, closed) for rule in meaning.rules],
        rules_not_yet_built=list(NOT_YET_BUILT),
        keeper=keeper_of(row),
        conditions=row.conditions,
        instruments=asking(question, tuple(row.instruments)),
        retention_until=until,
        retention_reason=because,
        policy=named(meaning.policy),
        policy_digest=meaning.policy.digest,
        log_index=row.log_index,
        as_of=row.as_of,
    )


def written(
    question: Question,
    row: Any,  # noqa: ANN401 - of any driver
    closed: frozenset[str],
) -> bytes:
    """Write the JSON of what `explain` says, byte for byte, without making it first.

    Of its 15 kB all but some 300 bytes are those of every asset with the same codes.
    """
    meaning = explained(question, row.policy_version_id, tuple(row.codes), closed)
    of_it = str(row.asset_id).encode().join(meaning.before_keeper)
    keeper = keeper_of(row)
    stays = keeper.model_dump_json().encode() if keeper else b"null"
    until, because = retention_of(question, row)
    return b"".join(
        (
            *(b'{"asset_id":', to_json(row.asset_id), b',"department":', to_json(row.department)),
            *(b',"source_system":', to_json(row.source_system), b',"status":', to_json(row.status)),
            *(b",", of_it, stays),
            *(b',"conditions":', to_json(row.conditions)),
            *(b',"instruments":', ASKING.dump_json(asking(question, tuple(row.instruments)))),
            *(b',"retention_until":', to_json(until)),
            *(b',"retention_reason":', because.model_dump_json().encode()),
            *(meaning.after_keeper, to_json(row.log_index), b',"as_of":', to_json(row.as_of), b"}"),
        )
    )


def keeper_of(row: Any) -> KeeperOut | None:  # noqa: ANN401 - of any driver
    """Show the copy that would stay, and what ranks it first."""
    if row.keeper_id is None or "keeper:ranked_first" in row.codes:
        return None
    sides = [(c.name, row.own_facts[c.fact], row.keeper_facts[c.fact]) for c in CRITERIA]
    # Ids differ, so something always decides.
    deciding = next(at for at, (_, this, keeper) in enumerate(sides) if this != keeper)
    reasons = [
        ReasonOut(criterion=name, this=this, keeper=keeper, decides=at == deciding)
        for at, (name, this, keeper) in enumerate(sides[: deciding + 1])
    ]
    return KeeperOut(asset_id=row.keeper_id, reasons=reasons)


def written_check(answers: Sequence[bytes], not_found: Sequence[UUID]) -> bytes:
    """Write the answers about many, and which of them do not exist for the caller."""
    parts = (b'{"answers":[', b",".join(answers), b'],"not_found":', to_json(not_found), b"}")
    return b"".join(parts)
