"""The register of legal instruments, and the citations that are known to be wrong."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from app.policies.rules.conditions import WrittenCondition
from app.policies.rules.model import DocumentHeader, Frozen, Label, Name, Slug, Text


class Verified(Frozen):
    """Who at the institution checked citation and text, and when."""

    by: Text
    on: date
    note: Text


class AppliesTo(Frozen):
    """Whom an instrument binds, or which images; both given: either.

    Neither: nobody by itself, but whoever cites it as the legal basis, as every other does too.
    """

    body_kinds: tuple[Name, ...] = ()  # of BODY_KINDS, where the document is new
    when: WrittenCondition | None = None


class Instrument(Frozen):
    """One text that a legal status may rest on."""

    id: Slug
    kind: Literal[
        "statute",
        "subsidiary_legislation",
        "administrative_circular",
        "code",
        "contract",
        "deed",
        "court_order",
        "policy",
        "standard",
    ]
    jurisdiction: Annotated[str, Field(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")]
    citation: Label
    applies_to: AppliesTo
    requires: tuple[Name, ...]
    effective_from: date | None  # none: since before anyone asks
    effective_to: date | None  # its last day; none: until further notice
    document_digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None
    verified: Verified | None

    @model_validator(mode="after")
    def begin_before_it_ends(self) -> "Instrument":
        """Refuse an instrument that is never in effect."""
        if self.effective_from and self.effective_to and self.effective_to < self.effective_from:
            message = f"effective_to {self.effective_to} is before {self.effective_from}"
            raise ValueError(message)
        return self

    def begun(self, on: date) -> bool:
        """Tell whether its first day has come; what has not begun asks nothing yet."""
        return self.effective_from is None or self.effective_from <= on

    def may_authorise(self, on: date) -> bool:
        """Tell whether it is verified and in effect; otherwise it may only block."""
        ended = self.effective_to is not None and self.effective_to < on
        return self.verified is not None and self.begun(on) and not ended


class RejectedCitation(Frozen):
    """A citation that is wrong: any of these words, unless one of those stands beside them."""

    cites: Text
    match_any: tuple[Text, ...] = Field(min_length=1)
    unless_any: tuple[Text, ...] = ()
    why: Label


class LegalInstrumentsHeader(DocumentHeader):
    """The register's name; there is one such register, so that one answer is in force."""

    id: Literal["legal-instruments"]


class LegalInstruments(Frozen):
    """The register of instruments."""

    header: LegalInstrumentsHeader = Field(alias="register")
    instruments: tuple[Instrument, ...]
    rejected_citations: tuple[RejectedCitation, ...]

    def asking(self, on: date) -> list[Instrument]:
        """Return those that ask for something and have begun.

        Nobody need have verified them, and one that ended asks on until an edition of the register
        drops it: what may not authorise may still block.
        """
        return [one for one in self.instruments if one.requires and one.begun(on)]

    @field_validator("instruments")
    @classmethod
    def name_each_once(cls, instruments: tuple[Instrument, ...]) -> tuple[Instrument, ...]:
        """Refuse two instruments of one name."""
        ids = [instrument.id for instrument in instruments]
        if twice := sorted({name for name in ids if ids.count(name) > 1}):
            message = f"named more than once: {', '.join(twice)}"
            raise ValueError(message)
        return instruments
