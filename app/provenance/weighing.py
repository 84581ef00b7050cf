"""How a policy weighs what is said: whose word confirms a field, how far apart moments agree."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.policies.rules.completeness import Completeness

LEGAL_STATUS = "legal_status"
# What held before a policy says otherwise (domain: roles; conflicts).
RECORDS_MANAGER = "records_manager"
TOLERANCE_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Weighing:
    """What a policy says of weighing one record's statements.

    `confirming` is the role whose word is the weightiest; `named` holds the fields for which the
    policy names another. `tolerance_seconds` is how far apart two moments still say the same.
    `reserved` are the fields of which the policy wants a role's own word; it weighs nothing, so it
    is not kept with a record.
    """

    tolerance_seconds: int = TOLERANCE_SECONDS
    confirming: str = RECORDS_MANAGER
    named: Mapping[str, str] = field(default_factory=dict)
    reserved: frozenset[str] = field(default=frozenset(), compare=False)

    @classmethod
    def by(cls, complete: Completeness) -> "Weighing":
        """Read it off a policy.

        The role that confirms the legal status confirms whatever no rule names a role for.
        """
        roles = {
            part: rule.confirmed_by_role
            for name, rule in complete.fields.items()
            if rule.confirmed_by_role is not None
            for part in rule.any_of or (name,)
        }
        usual = roles.get(LEGAL_STATUS, RECORDS_MANAGER)
        named = {part: role for part, role in sorted(roles.items()) if role != usual}
        tolerance = complete.conflicts.date_tolerance_seconds
        return cls(tolerance, usual, named, frozenset(roles))

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Weighing":
        """Read it back; of a record written before it was kept, what held then."""
        return cls(**document)

    def document(self) -> dict[str, Any]:
        """Write it as JSON."""
        return {
            "tolerance_seconds": self.tolerance_seconds,
            "confirming": self.confirming,
            "named": dict(self.named),
        }

    def role(self, field: str) -> str:
        """Return the role whose assertion of a field counts as confirmed."""
        return self.named.get(field, self.confirming)


USUAL = Weighing()
