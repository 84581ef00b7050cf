"""Every rule an asset must pass, in the order of the statuses they lead to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select
from sqlalchemy.sql.selectable import CTE

from app.assets.models import AssetRow
from app.assets.queries import has_content
from app.assets.setting_aside import is_set_aside
from app.assets.withdrawing import is_withdrawn
from app.comparisons.facts import COMPARED, FINGERPRINT, READING, SEAL_STANDS, SIGHTING, days
from app.comparisons.models import RepetitionRow
from app.disposals.legal import legal_demands
from app.fingerprints.models import ClaimCheckRow
from app.policies.rules.in_force import PolicyInForce
from app.provenance.book import Book
from app.provenance.completeness import Code, Demand, Tier, completeness_demands

# Rules of the design whose facts no room collects yet: they are not in the statement, and every
# answer says so.
NOT_YET_BUILT = (
    "hold:none",
    "in_use:nowhere",
    "likeness:other_than_exact",
    "verdict:given",
    "fate:free",
)


@dataclass(frozen=True)
class Demands:
    """One policy's rules on an asset by itself, grouped by the status that a failure leads to."""

    policy: PolicyInForce
    alone: Sequence[Demand]

    def spans(self) -> Mapping[Tier, tuple[int, int]]:
        """Return where each status' rules stand among the codes, from 1, both ends included."""
        spans: dict[Tier, tuple[int, int]] = {}
        start = 1
        for tier, group in groupby(self.alone, key=lambda demand: demand.tier):
            count = len(list(group))
            spans[tier] = (start, start + count - 1)
            start += count
        return spans


def demands_of(book: Book, policy: PolicyInForce, today: date) -> Demands:
    """Return a policy's rules on an asset by itself."""
    return Demands(
        policy,
        [
            *processing_demands(),
            *completeness_demands(policy, book.registers),
            # No seal of today's version, or a series' statement on its way.
            Demand("complete:sealed", "blocked_incomplete", case((~SEAL_STANDS, "seal:stale"))),
            *legal_demands(policy, book.registers, today),
        ],
    )


def processing_demands() -> list[Demand]:
    """Return what must be before a record counts: read, readable, present, hashed, compared."""
    seen = func.coalesce(SIGHTING.c.state, "present")
    unread = case((has_content(), "processing:unread"), else_="processing:awaiting_content")
    rules: dict[str, Code] = {
        "registered": case((is_withdrawn(AssetRow.id), "processing:withdrawn")),
        "read": case((READING.c.id.is_(None), unread)),
        "readable": case(
            (READING.c.outcome == "unreadable", "processing:unreadable"),
            (READING.c.id.is_(None), literal("?") + unread),
        ),
        "present": case((seen != "present", literal("processing:") + seen)),
        "fingerprinted": case((FINGERPRINT.c.id.is_(None), "processing:not_fingerprinted")),
        "as_claimed": case((claimed_otherwise(), "processing:claim_differs")),
        "compared": case((~COMPARED, "processing:not_compared")),
        "not_struck_out": case((is_set_aside(AssetRow.id), "processing:struck_out")),
    }
    return [
        *(Demand(f"processing:{name}", "not_assessed", code) for name, code in rules.items()),
        # Too many identical images in a sequence: one may stand where a page is missing.
        Demand("alarm:repetition", "not_assessed", case((repeated(), "alarm:repetition"))),
    ]


def claimed_otherwise() -> ColumnElement[bool]:
    """Tell whether somebody named another digest for these bytes than they have."""
    wrong = select(ClaimCheckRow.fingerprint_id).where(
        ClaimCheckRow.fingerprint_id == FINGERPRINT.c.id, ClaimCheckRow.outcome == "differs"
    )
    return wrong.exists()


def repeated() -> ColumnElement[bool]:
    """Tell whether the image was found to be one of too many identical ones in its sequence."""
    found = select(RepetitionRow.id).where(
        RepetitionRow.asset_id == AssetRow.id, RepetitionRow.fingerprint_id == FINGERPRINT.c.id
    )
    return found.exists()


PAIR_RULES = (
    "keeper:exists",
    "keeper:present",
    "keeper:fixity_fresh",
    "keeper:sealed",
    "keeper:custody_not_ending",
    "keeper:not_removable_location",
    "keeper:legal_not_weaker",
    "keeper:direct_pair",
    "keeper:passes_in_its_set",
    "location:own_object",
    "container:none",
    "companion:none_left_behind",
    "copies:enough",
)
FALSE = literal(value=False)


def pair_codes(policy: PolicyInForce, row: CTE, keeper: Any) -> Mapping[str, Code]:  # noqa: ANN401
    """Return, by rule, what fails of an asset and the keeper that it would have."""
    standard, disposal = policy.effective.duplicate_standard, policy.effective.disposal
    there = keeper.c.asset_id.is_not(None)
    since = func.statement_timestamp() - days(standard.keeper_fixity_max_age_days)
    ends = keeper.c.custody_ends_on <= func.current_date() + disposal.recovery_window_days
    weaker = or_(
        keeper.c.effect_rank < row.c.effect_rank,
        ~keeper.c.conditions.contains(row.c.conditions),
        keeper.c.rights_statement.is_distinct_from(row.c.rights_statement),
    )
    wanted = standard.min_verified_copies

    def unless(failed: ColumnElement[bool], code: str | ColumnElement[str]) -> Code:
        return case((and_(there, failed), code))

    return {
        # Without a fingerprint nobody knows whether there is another copy.
        "keeper:exists": case(
            (and_(~there, row.c.fingerprint_id.is_(None)), "?last_copy"), (~there, "last_copy")
        ),
        "keeper:present": unless(keeper.c.sighted != "present", "keeper:not_present"),
        "keeper:fixity_fresh": unless(
            ~func.coalesce(keeper.c.verified_at > since, FALSE), "keeper:fixity_stale"
        ),
        "keeper:sealed": unless(~keeper.c.sealed, "keeper:not_sealed"),
        "keeper:custody_not_ending": unless(func.coalesce(ends, FALSE), "keeper:custody_ending"),
        "keeper:not_removable_location": unless(keeper.c.removable, "keeper:removable_location"),
        "keeper:legal_not_weaker": unless(weaker, "keeper:legal_weaker"),
        "keeper:direct_pair": unless(~row.c.paired, "keeper:no_direct_pair"),
        # By the city's own measure: otherwise two policies could each call the other's copy keeper.
        "keeper:passes_in_its_set": unless(~row.c.set_has_keeper, "keeper:none_passes"),
        "location:own_object": case((row.c.shared, "location:shared")),
        "container:none": row.c.container,
        "companion:none_left_behind": row.c.companion,
        "copies:enough": unless(
            row.c.survivors < wanted, func.concat("copies:", row.c.survivors, f"<{wanted}")
        ),
    }
