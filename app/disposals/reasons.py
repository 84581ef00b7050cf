"""Which words a reason can be: fixed ones, those of policies and registers, and two shapes."""

import re
from collections.abc import Iterator
from typing import get_args

from app.disposals.binding import asked_by
from app.disposals.eligibility import Question
from app.disposals.legal import conditions_asked
from app.policies.rules.model import Status as PolicyStatus
from app.provenance.completeness import AGE_CODE
from app.provenance.fields import FIELDS

FIXED = frozenset(
    {
        *(f"processing:{state}" for state in ("unread", "awaiting_content", "unreadable")),
        *(f"processing:{state}" for state in ("unreachable", "missing", "changed", "refused")),
        *(f"processing:not_{done}" for done in ("fingerprinted", "compared")),
        *(f"processing:{found}" for found in ("claim_differs", "struck_out", "withdrawn")),
        *("alarm:repetition", "seal:stale", AGE_CODE, "awaiting:verdict", "last_copy"),
        *("legal:unknown_status", "legal:rejected_citation", "personal_data:unknown"),
        "body_kind:unknown",
        *("retention:permanent", "policy:no_authority", "policy:unverified_instrument"),
        *(f"policy:{status}" for status in get_args(PolicyStatus) if status != "published"),
        *(f"keeper:{why}" for why in ("ranked_first", "not_present", "fixity_stale")),
        *(f"keeper:{why}" for why in ("not_sealed", "custody_ending", "removable_location")),
        *(f"keeper:{why}" for why in ("legal_weaker", "no_direct_pair", "none_passes")),
        "location:shared",
        *(f"container:{kind}" for kind in ("bag", "mets", "ocfl", "unknown")),
        *(f"companion:{kind}" for kind in ("live_photo", "raw_jpeg", "sidecar", "sides")),
        "companion:unknown",
    }
)
FILLED_IN = re.compile(r"retention:\d{4,}-\d\d-\d\d|copies:\d+<\d+")  # by the row itself
EXAMPLES = frozenset({"retention:2031-04-01", "copies:1<2"})
OF_FIELDS = ("missing", "source", "conflict")


def is_reason(question: Question, word: str) -> bool:
    """Tell whether any image could be kept for this reason today."""
    return word in FIXED or FILLED_IN.fullmatch(word) is not None or word in {*reasons_of(question)}


def known_reasons(question: Question) -> frozenset[str]:
    """Return every reason of today, with an example of those that a row fills in."""
    return FIXED | EXAMPLES | frozenset(reasons_of(question))


def reasons_of(question: Question) -> Iterator[str]:
    """Yield the reasons that are about fields, and those of today's registers."""
    for kind in OF_FIELDS:
        yield from (f"{kind}:{name}" for name in fields_asked(question))
    registers, today = question.book.registers, question.today
    yield from (f"legal:{status}" for status in registers.legal_statuses.statuses)
    asked = conditions_asked(registers).keys() | asked_by(registers, today).keys()
    yield from (f"legal:{condition}" for condition in asked)
    yield from (f"instrument:{one.id}" for one in registers.instruments.asking(today))


def fields_asked(question: Question) -> frozenset[str]:
    """Return every field, and what else the policies ask by a name of their own."""
    asked = {name for one in question.book.every for name in one.effective.completeness.fields}
    return frozenset(asked.union(FIELDS))
