"""What law or deed makes of an image: statuses and their effects."""

from collections.abc import Mapping
from typing import Literal, get_args

from pydantic import Field, field_validator, model_validator

from app.policies.rules.model import DocumentHeader, Frozen, Label, Name

# From weak to strict. What diverts stops disposal as what forbids does, and opens an erasure case.
Effect = Literal["permits", "conditions", "forbids", "diverts"]
EFFECTS: tuple[Effect, ...] = get_args(Effect)


class LegalStatus(Frozen):
    """One status: its effect and what has to be recorded, each never met by silence."""

    effect: Effect
    conditions: tuple[Name, ...] = ()
    release: Name | None = None  # to be recorded before the status is taken off; authorises nothing
    to: Literal["erasure_case"] | None = None
    label: Label

    @model_validator(mode="after")
    def agree(self) -> "LegalStatus":
        """Refuse what its effect gives no meaning to."""
        for said, effect in (
            (self.conditions, "conditions"),
            (self.release, "forbids"),
            (self.to, "diverts"),
        ):
            if said and self.effect != effect:
                message = f"{said} has a meaning only where the effect is {effect}"
                raise ValueError(message)
        if self.effect == "conditions" and not self.conditions:
            message = "the effect is conditions, but none is named; say permits or name them"
            raise ValueError(message)
        return self


class LegalStatusesHeader(DocumentHeader):
    """The register's name; there is one such register, so that one answer is in force."""

    id: Literal["legal-status"]


class LegalStatuses(Frozen):
    """The register of legal statuses."""

    header: LegalStatusesHeader = Field(alias="register")
    statuses: Mapping[Name, LegalStatus] = Field(alias="legal_status")

    @field_validator("statuses")
    @classmethod
    def keep_undetermined(cls, statuses: Mapping[str, LegalStatus]) -> Mapping[str, LegalStatus]:
        """Refuse a register without the status that every image may start from."""
        if "undetermined" not in statuses or statuses["undetermined"].effect != "forbids":
            message = "the register needs `undetermined`, with the effect forbids"
            raise ValueError(message)
        return statuses
