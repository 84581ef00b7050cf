"""From the statement's codes to an answer: every rule, what fails, what would mend it."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import yaml

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


def outcome_of(code: str | None) -> str:
    """Say how a rule came out: pass, fail, or unknown, which stops a disposal as a failure does."""
    if code is None:
        return "pass"
    return "unknown" if code.startswith(UNKNOWN) else "fail"


def plain(codes: Sequence[str | None]) -> list[str]:
    """Return the reason codes of an answer, once each, in the order of the rules."""
    return list(dict.fromkeys(code.removeprefix(UNKNOWN) for code in codes if code is not None))
