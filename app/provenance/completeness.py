"""A policy's completeness as SQL: what is missing comes from here and never from Python."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import (
    ColumnElement,
    DateTime,
    SmallInteger,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    literal_column,
    not_,
    null,
    or_,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.types import Text

from app.policies.compile import compile_condition
from app.policies.rules.completeness import Completeness, DeviceDefaults, FieldRule
from app.policies.rules.in_force import PolicyInForce, Registers
from app.policies.rules.terms import last_segment
from app.provenance.fields import FIELDS, Kind
from app.provenance.models import VERSIONS
from app.provenance.projection import BITS, CONFLICT, EXTRACTED_TEXTS, UNKNOWN_SHIFT

Code = ColumnElement[str | None]
Tier = Literal["not_assessed", "blocked_incomplete", "blocked_legal", "blocked_no_keeper"]


@dataclass(frozen=True)
class Demand:
    """One rule: a code where it fails, NULL where it passes; `?` before the code says unknown."""

    rule: str
    tier: Tier
    code: Code


class Answers:
    """A record's answers as conditions ask for them."""

    def among(self, field: str, values: Collection[str]) -> ColumnElement[bool]:
        """Tell whether a field's answer is among these; NULL when nothing was answered."""
        return case((any_bits(field, 15), has_code(field, values)))


CODED = {name for name, one in FIELDS.items() if one.kind in (Kind.CODE, Kind.CODES)}
CODED.add("disposal_class")


def texts(values: Collection[str]) -> ColumnElement[Sequence[str]]:
    """Write a list of texts as SQL, also an empty one."""
    return cast(array([literal(v) for v in sorted(values)], type_=Text), ARRAY(Text))


def any_bits(field: str, mask: int) -> ColumnElement[bool]:
    """Tell whether any of these bits is set."""
    # The mask is as small as the column: widening each answer would cost as much as testing it.
    return VERSIONS.c[f"{field}_answer"].bitwise_and(cast(mask, SmallInteger)) != 0


def has_code(field: str, values: Collection[str]) -> ColumnElement[bool]:
    """Tell whether a coded field says one of these terms."""
    told: ColumnElement[bool] = VERSIONS.c.codes.overlap(
        texts([f"{field}={last_segment(v)}" for v in values])
    )
    return told


AGE_RULE, AGE_CODE = "fresh:reading", "reading:too_old"
# By name, as whoever asks about records joins the newest reading beside them.
READ_AT: ColumnElement[datetime] = literal_column("reading.read_at", DateTime(timezone=True))
LONGEST = 36_500  # days; PostgreSQL has no moment before its calendar begins


def completeness_demands(
    policy: PolicyInForce, registers: Registers, read_at: ColumnElement[datetime] = READ_AT
) -> list[Demand]:
    """Return a demand for each required field, each material conflict, and the reading's age.

    `read_at` is when the newest reading was made; only a policy that limits its age looks at it.
    """
    complete = policy.effective.completeness
    demands = [
        Demand(
            f"complete:{name}", "blocked_incomplete", field_code(name, rule, complete, registers)
        )
        for name, rule in complete.fields.items()
        if rule.level != "recommended"
    ]
    demands += [
        Demand(f"floor:{name}", "blocked_incomplete", floor_code(name))
        for name in (*CORE_FACTS, TITLE_OR_DESCRIPTION)
        if not strict(name, complete.fields.get(name))
    ]
    if complete.conflicts.unresolved_material_conflict_blocks:
        demands += [
            Demand(
                f"agreed:{name}",
                "blocked_incomplete",
                conflict_code(name, parts_of(name, complete)),
            )
            for name in complete.conflicts.material_fields
        ]
    if (most := complete.freshness.max_extractor_age_days) is not None:
        demands.append(Demand(AGE_RULE, "blocked_incomplete", age_code(read_at, most)))
    return demands


def age_code(read_at: ColumnElement[datetime], most: int) -> Code:
    """Return the code of a reading made more days ago than these, at the moment of asking.

    Of an image that nobody has read, no reading is too old.
    """
    since = func.statement_timestamp() - func.make_interval(0, 0, 0, min(most, LONGEST))
    return case((read_at < since, AGE_CODE))


# What no seal may lack, whatever a policy asks: the same list as the trigger on seals.
TITLE_OR_DESCRIPTION = "title_or_description"
CORE_FACTS = (
    *("source_system", "source_identifier", "original_name", "locations", "department"),
    *("custodian", "custodian_kind", "format", "technical", "legal_status", "legal_basis"),
    *("rights_statement", "personal_data_status"),
)


def strict(name: str, rule: FieldRule | None) -> bool:
    """Tell whether a policy by itself asks for a core fact, with no unknown as an answer."""
    if rule is None or rule.level != "required" or rule.unknown_allowed:
        return False
    return name != "legal_status" or "undetermined" in rule.not_values


def floor_code(name: str) -> Code:
    """Return a code where a core fact is not known; `undetermined` is no legal status here."""
    parts = ("title", "description") if name == TITLE_OR_DESCRIPTION else (name,)
    known = or_(*(any_bits(part, 15) for part in parts))
    if name == "legal_status":
        known = and_(known, not_(has_code(name, ["undetermined"])))
    return case((not_(known), f"missing:{name}"))


def parts_of(name: str, complete: Completeness) -> Sequence[str]:
    """Return the fields that answer a rule: itself, or any of those it lists."""
    rule = complete.fields.get(name)
    return (rule.any_of if rule else None) or (name,)


def conflict_code(name: str, parts: Sequence[str]) -> Code:
    """Return the code of an open conflict on a material field."""
    return case((or_(*(any_bits(part, CONFLICT) for part in parts)), f"conflict:{name}"))


def field_code(name: str, rule: FieldRule, complete: Completeness, registers: Registers) -> Code:
    """Return why a required field is not answered: missing, of the wrong source, or unknown."""
    parts = parts_of(name, complete)
    met = or_(*(accepted(part, rule, complete.device_defaults, registers) for part in parts))
    # Anything said at all, though not by whom or as the policy asks.
    said = or_(*(any_bits(part, 15 | 15 << UNKNOWN_SHIFT) for part in parts))
    needed: ColumnElement[bool] = true()
    if rule.when is not None:
        # An unknown condition means required.
        needed = func.coalesce(compile_condition(rule.when, Answers()), true())
    return case(
        (not_(needed), null()),
        (met, null()),
        (said, f"source:{name}"),
        else_=f"missing:{name}",
    )


def accepted(
    field: str, rule: FieldRule, defaults: DeviceDefaults, registers: Registers
) -> ColumnElement[bool]:
    """Tell whether a field's answer counts: its source, its values, who confirmed it."""
    firm = sum(BITS[source] for source in rule.sources if source != "extracted")
    parts = [any_bits(field, firm)]
    if "extracted" in rule.sources:
        own = any_bits(field, BITS["extracted"])
        parts.append(and_(own, not_(device_default(field, defaults))))
    known = and_(or_(*parts), *restrictions(field, rule, registers))
    if rule.unknown_allowed:
        unknown = sum(BITS[source] for source in rule.sources) << UNKNOWN_SHIFT
        return or_(known, any_bits(field, unknown))
    return known


def restrictions(field: str, rule: FieldRule, registers: Registers) -> list[ColumnElement[bool]]:
    """Return what a known answer must also satisfy."""
    found: list[ColumnElement[bool]] = []
    if rule.values is not None:
        found.append(has_code(field, rule.values))
    if rule.not_values:
        # A text has no terms: what cannot be looked for is not taken for absent.
        found.append(not_(has_code(field, rule.not_values)) if field in CODED else false())
    if rule.confirmed_by_role is not None:
        found.append(VERSIONS.c.confirmed.contains(texts([f"{field}:{rule.confirmed_by_role}"])))
    if rule.vocabulary is not None:
        allowed = (
            [one.id for one in registers.instruments.instruments]
            if rule.vocabulary == "legal_instruments"
            else list(registers.legal_statuses.statuses)
        )
        found.append(VERSIONS.c[field].contained_by(texts(allowed)))
    return found


def device_default(field: str, defaults: DeviceDefaults) -> ColumnElement[bool]:
    """Tell whether the file's own value is one that devices write by themselves."""
    if field not in EXTRACTED_TEXTS:
        return false()
    own = func.coalesce(VERSIONS.c[f"extracted_{field}"], "")
    if FIELDS[field].kind is Kind.DATE:
        return or_(false(), *(own.startswith(start, autoescape=True) for start in defaults.dates))
    told = [
        own.startswith(text.removesuffix("*"), autoescape=True)
        if text.endswith("*")
        else own == text
        for text in defaults.text
    ]
    if field == "creator" and defaults.creator_is_software_name:
        told.append(own == VERSIONS.c.extracted_software)
    return func.coalesce(or_(false(), *told), false())
