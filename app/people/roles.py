"""Who may do what; duties are separated by person (domain: roles and separation of duties)."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from app.ledger.agents import Agent


class Role(StrEnum):
    """What a key was given for."""

    REGISTRAR = "registrar"
    CATALOGUER = "cataloguer"
    RECORDS_MANAGER = "records_manager"
    CURATOR = "curator"
    CONSERVATOR = "conservator"
    PICTURE_EDITOR = "picture_editor"
    LEGAL_OFFICER = "legal_officer"
    POLICY_OFFICER = "policy_officer"
    AUDITOR = "auditor"
    DASHBOARD = "dashboard"
    OPERATOR = "operator"


CITYWIDE = frozenset({Role.POLICY_OFFICER, Role.AUDITOR, Role.DASHBOARD, Role.OPERATOR})
REGISTERING = frozenset({Role.REGISTRAR})
DESCRIBING = frozenset({Role.REGISTRAR, Role.CATALOGUER, Role.RECORDS_MANAGER, Role.CURATOR})
# A legal officer speaks of the fields alone for which the policy names one: provenance/duties.py.
SPEAKING = DESCRIBING | {Role.LEGAL_OFFICER}
# Whose signature a policy may ask for. Whoever signs reads; what each may do beyond stands below. A
# legal officer's own acts, sign-offs and holds, are of rooms to come.
SIGNING = frozenset({Role.CURATOR, Role.CONSERVATOR, Role.PICTURE_EDITOR, Role.LEGAL_OFFICER})
READING = DESCRIBING | SIGNING | {Role.AUDITOR}
COUNTING = READING | {Role.DASHBOARD, Role.OPERATOR, Role.POLICY_OFFICER}
OPERATING = frozenset({Role.OPERATOR})
PUBLISHING = frozenset({Role.POLICY_OFFICER})
WATCHING = READING | OPERATING  # what was set aside for people
WITHDRAWING = frozenset({Role.REGISTRAR, Role.RECORDS_MANAGER})
# What is shown of likenesses; verdicts are a room to come.
REVIEWING = frozenset({Role.CURATOR, Role.CONSERVATOR, Role.PICTURE_EDITOR})
TENDING = frozenset({Role.OPERATOR, Role.RECORDS_MANAGER})


@dataclass(frozen=True, slots=True)
class Principal:
    """A person acting through a proved key; minted by the check of the key alone."""

    key_id: str
    person_id: UUID
    department: str | None
    roles: frozenset[Role]

    @property
    def agent(self) -> Agent:
        """Name this principal in events."""
        return Agent(f"key:{self.key_id}", self.person_id, self.department)

    def sees(self, department: str) -> bool:
        """Tell whether rows of that department exist for this principal."""
        return self.department is None or self.department == department
