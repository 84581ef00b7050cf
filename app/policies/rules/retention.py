"""The register of retention schedules: how long records of a class stay, and what comes then."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, field_validator

from app.policies.rules.instruments import LegalInstruments
from app.policies.rules.model import DocumentHeader, Frozen, Label, Slug, Text, Version

# The fields of a record that a period can be counted from.
Trigger = Literal[
    "retention_trigger_date", "date_created", "acquisition_date", "date_digitised", "date_modified"
]
Action = Literal["retain_permanently", "review", "destroy", "transfer"]
# Years or months, as law counts them; three digits, so that every sum is still a date.
Duration = Annotated[str, Field(pattern=r"^P(0|[1-9]\d{0,2})[YM]$")]


class RetentionSchedule(Frozen):
    """One item of a schedule: which records, counted from what, for how long, and then what."""

    id: Slug
    version: Version
    title: Label
    mandate: tuple[Slug, ...] = Field(min_length=1)  # ids of legal instruments
    scope_notes: Label
    series: Text | None
    subject: Text | None
    disposal_classes: tuple[Text, ...] = Field(min_length=1)
    cut_off: Label
    trigger_field: Trigger
    duration: Duration
    action: Action
    storage_place: Text | None
    kind: Literal["administrative", "programme"]

    def may_authorise(self, register_status: str, instruments: LegalInstruments, on: date) -> bool:
        """Tell whether it can say that a period is over; otherwise it may only say that it is not.

        Every instrument of its mandate must be verified and in effect, and the register published.
        """
        firm = {one.id for one in instruments.instruments if one.may_authorise(on)}
        return register_status == "published" and firm.issuperset(self.mandate)


class RetentionSchedulesHeader(DocumentHeader):
    """The register's name; there is one such register, so that one answer is in force."""

    id: Literal["retention-schedules"]


class RetentionSchedules(Frozen):
    """The register of retention schedules."""

    header: RetentionSchedulesHeader = Field(alias="register")
    schedules: tuple[RetentionSchedule, ...] = Field(alias="retention_schedules")

    @field_validator("schedules")
    @classmethod
    def name_each_once(
        cls, schedules: tuple[RetentionSchedule, ...]
    ) -> tuple[RetentionSchedule, ...]:
        """Refuse two schedules of one name."""
        ids = [one.id for one in schedules]
        if twice := sorted({name for name in ids if ids.count(name) > 1}):
            message = f"named more than once: {', '.join(twice)}"
            raise ValueError(message)
        return schedules

    def by_class(self) -> Mapping[str, tuple[RetentionSchedule, ...]]:
        """Return the schedules of each disposal class; where there are several, all must hold."""
        found: dict[str, tuple[RetentionSchedule, ...]] = {}
        for one in self.schedules:
            for name in dict.fromkeys(one.disposal_classes):
                found[name] = (*found.get(name, ()), one)
        return found


def months(duration: str) -> int:
    """Return a duration in months."""
    number, unit = re.fullmatch(r"P(\d+)([YM])", duration).groups()  # type: ignore[union-attr]
    return int(number) * (12 if unit == "Y" else 1)
