"""Which fields an image's record must answer, and what counts as an answer."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from app.policies.rules.conditions import ADDED_CASE, WrittenCondition
from app.policies.rules.joins import (
    ADD,
    FALL,
    FREE,
    GROW,
    NARROW,
    NARROW_GIVEN,
    RISE,
    rise_in,
)
from app.policies.rules.model import Frozen, Label, Name, Text

Level = Literal["recommended", "required_when", "required"]
Source = Literal["asserted", "derived", "extracted", "imported"]
# Extraction never decides about law.
ASSERTED_ONLY = ("legal_status", "legal_basis", "disposal_class", "rights_holder")


class FieldRule(Frozen):
    """When a field must be answered, from which kinds of statement and with which values."""

    level: Annotated[Level, rise_in("recommended", "required_when", "required")]
    when: Annotated[WrittenCondition | None, ADDED_CASE] = None
    sources: Annotated[tuple[Source, ...], Field(min_length=1), NARROW]
    unknown_allowed: Annotated[bool | None, FALL] = None  # absent only where nothing is required
    values: Annotated[tuple[Text, ...] | None, Field(min_length=1), NARROW] = None
    not_values: Annotated[tuple[Text, ...], GROW] = ()
    any_of: Annotated[tuple[Name, ...] | None, Field(min_length=1), NARROW_GIVEN] = None
    vocabulary: Annotated[Literal["legal_status", "legal_instruments"] | None, ADD] = None
    type: Annotated[Literal["edtf"] | None, ADD] = None
    confirmed_by_role: Annotated[Name | None, ADD] = None
    label: Annotated[Label, FREE]

    @model_validator(mode="after")
    def agree(self) -> "FieldRule":
        """Refuse a condition without its level, a level without its condition."""
        if (self.level == "required_when") != (self.when is not None):
            message = "`when` and level required_when go together"
            raise ValueError(message)
        if self.level != "recommended" and self.unknown_allowed is None:
            message = "say by unknown_allowed whether a reasoned unknown is an answer"
            raise ValueError(message)
        return self


class Conflicts(Frozen):
    """Which differing values block the record until a person has chosen."""

    unresolved_material_conflict_blocks: Annotated[bool, RISE]
    material_fields: Annotated[tuple[Name, ...], GROW]
    date_tolerance_seconds: Annotated[int, Field(ge=0), FALL]


class DeviceDefaults(Frozen):
    """What devices write of themselves, which never answers a required field."""

    text: Annotated[tuple[Text, ...], GROW]
    dates: Annotated[tuple[Text, ...], GROW]
    creator_is_software_name: Annotated[bool, RISE]


class Freshness(Frozen):
    """Which reading of a file counts.

    `reading_must_match_current_bytes`: the newest reading is of the bytes that were hashed and that
    were seen last. The product asks this of every image (`processing:present`,
    `processing:fingerprinted`, the seal of the newest reading), so `true` is what holds and a
    document that says `false` is not taken.
    `max_extractor_age_days`: days since the newest reading was made (`read_at`), whatever tool
    made it; judged when the question is asked. One day more and the record is incomplete
    (`reading:too_old`), until the image is read again. None: any age.
    """

    reading_must_match_current_bytes: Annotated[bool, RISE]
    max_extractor_age_days: Annotated[int | None, Field(ge=1), FALL]


class Completeness(Frozen):
    """What makes a provenance record complete."""

    fields: Annotated[Mapping[Name, FieldRule], Field(min_length=1)]
    conflicts: Conflicts
    device_defaults: DeviceDefaults
    # A zone of the IANA database: a fixed offset is wrong for every summer before 1980.
    default_time_zone: Annotated[str, Field(pattern=r"^(?:[A-DF-Z]|E[a-su-z])\w+(/[\w+-]+)+$")]
    freshness: Freshness

    @model_validator(mode="after")
    def leave_law_to_people(self) -> "Completeness":
        """Refuse a legal field that anything but an assertion may answer."""
        for name in ASSERTED_ONLY:
            if name in self.fields and self.fields[name].sources != ("asserted",):
                message = f"{name} is a legal field: its sources can only be [asserted]"
                raise ValueError(message)
        return self
