"""From the statement's codes to an answer: every rule, what fails, what would mend it."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from uuid import UUID

import yaml

from app.disposals.naming import ASSET, basis_of, facts_of_rule, label_of
from app.disposals.schemas import RuleOut
from app.policies.rules.in_force import PolicyInForce, Registers

UNKNOWN = "?"
MENDS = Path(__file__).with_name("data") / "mends.yaml"


@lru_cache
def mends() -> Mapping[str, Mapping[str, str]]:
    """Return what mends a failure, by the beginning of its code, in three scripts."""
    found: dict[str, dict[str, str]] = yaml.safe_load(MENDS.read_text("utf-8"))
    return found


def mend_of(code: str) -> Mapping[str, str]:
    """Return what would mend a code: the longest beginning that is known."""
    known = mends()
    return known[code] if code in known else known[code.partition(":")[0]]


def told(rule: str, code: str | None, policy: PolicyInForce, registers: Registers) -> RuleOut:
    """Explain one rule: what failed, by which document, where to look, what would mend it."""
    if code is None:
        silent = dict.fromkeys(("reason", "label", "basis", "evidence", "mend"))
        return RuleOut(rule=rule, outcome="pass", **silent)
    reason = code.removeprefix(UNKNOWN)
    return RuleOut(
        rule=rule,
        outcome="unknown" if code.startswith(UNKNOWN) else "fail",
        reason=reason,
        label=label_of(rule, policy, registers),
        basis=basis_of(rule, policy, registers),
        evidence=facts_of_rule(rule),
        mend=mend_of(reason),
    )


def addressed(rule: RuleOut, asset_id: UUID, closed: frozenset[str]) -> RuleOut:
    """Say a rule of one image: addresses name it, and one that is closed to the caller goes."""
    if rule.mend is None:
        return rule
    own = ASSET.format(id=asset_id)
    told = None if rule.evidence in closed else (rule.evidence or "").replace(ASSET, own)
    mend = {script: words.replace(ASSET, own) for script, words in rule.mend.items()}
    return rule.model_copy(update={"evidence": told, "mend": mend})


def plain(codes: Sequence[str | None]) -> list[str]:
    """Return the reason codes of an answer, once each, in the order of the rules."""
    return list(dict.fromkeys(code.removeprefix(UNKNOWN) for code in codes if code is not None))
