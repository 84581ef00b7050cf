"""Provenance as the contract has it."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from app.kit.text import Line, storable_json
from app.provenance.carrying import place_in
from app.provenance.changes import Assertion, Change, Choice, Retraction
from app.provenance.fitting import is_line
from app.provenance.taking_back import TakenBack

Value = Annotated[
    Any,
    AfterValidator(storable_json),
    Field(description="A text, a list of texts, or an object, as the field asks."),
]
Certainty = Literal["confirmed", "probable", "uncertain"]


Lang = Annotated[
    Line,
    Field(max_length=35, pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", description="BCP 47."),
]
StatementId = Annotated[Line, Field(max_length=40, description="The statement's id.")]


class EvidenceIn(BaseModel):
    """A document that a statement rests on."""

    model_config = ConfigDict(extra="forbid")
    document: Annotated[Line, Field(description="Its id or title, such as a register or a deed.")]
    sha256: Annotated[str | None, Field(pattern=r"^[0-9a-f]{64}$")] = None
    page: Annotated[Line | None, Field(max_length=100)] = None
    url: Line | None = None


class StatementIn(BaseModel):
    """A value that you vouch for, or a reasoned unknown, which is an answer too."""

    model_config = ConfigDict(extra="forbid")
    field: Annotated[Line, Field(max_length=63)]
    value: Value = None
    lang: Lang | None = None
    unknown_reason: Line | None = None
    certainty: Certainty | None = None
    evidence: Line | Annotated[list[EvidenceIn], Field(min_length=1, max_length=20)] | None = None

    def assertion(self, locator: str | None = None) -> Assertion:
        """Return it as the domain has it; `locator` where it stands in something sent."""
        evidence: Any = self.evidence
        if isinstance(self.evidence, list):
            evidence = [one.model_dump(exclude_none=True) for one in self.evidence]
        return Assertion(
            self.field,
            self.value,
            self.lang,
            self.unknown_reason,
            self.certainty,
            evidence,
            locator,
        )


def _seen(value: str) -> str:
    if not is_line(value):
        message = "must have something in it to be seen"
        raise ValueError(message)
    return value


TRIMMED = StringConstraints(strip_whitespace=True, max_length=200)
Catalogue = Annotated[
    Line,
    TRIMMED,
    Field(pattern="^[^#]+$", description="What the catalogue is called, always alike."),
    AfterValidator(_seen),
]


class SourceIn(BaseModel):
    """The record of a source catalogue whose words are carried over."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal["imported"] = "imported"
    catalogue: Catalogue
    record: Annotated[Line, TRIMMED, Field(description="Its number there."), AfterValidator(_seen)]


class RecordStatementIn(StatementIn):
    """A statement about one record: your own word, or, with `source`, a catalogue's.

    The law's fields, and those that the policy leaves to a role, are asserted and have no `source`.
    """

    source: SourceIn | None = None

    def assertion(self, locator: str | None = None) -> Assertion:
        """Return it as the domain has it; what is carried over stands in its catalogue."""
        said = super().assertion(locator)
        if self.source is None:
            return said
        place = place_in(self.source.catalogue, self.source.record)
        return replace(said, locator=place, kind="imported")


class RetractionIn(BaseModel):
    """An assertion, or what was carried over, to take back."""

    model_config = ConfigDict(extra="forbid")
    statement: Annotated[Line, Field(max_length=40)]
    reason: Line


class ChoiceIn(BaseModel):
    """An answer about differing values: one holds, several are true, or one is no value at all."""

    model_config = ConfigDict(extra="forbid")
    field: Annotated[Line, Field(max_length=63)]
    choose: StatementId | None = None
    both_true: Annotated[
        list[StatementId] | None,
        Field(min_length=2, max_length=20, description="As two creators are."),
    ] = None
    device_default: Annotated[
        StatementId | None, Field(description="What a device wrote by itself; it counts no more.")
    ] = None
    reason: Line

    @model_validator(mode="after")
    def answer_once(self) -> "ChoiceIn":
        """Refuse none and several answers."""
        given = [self.choose, self.both_true, self.device_default]
        if sum(one is not None for one in given) != 1:
            message = "give one of choose, both_true and device_default"
            raise ValueError(message)
        return self

    def choice(self) -> Choice:
        """Return it as the domain has it."""
        if self.both_true is not None:
            first, *also = dict.fromkeys(self.both_true)
            return Choice(self.field, first, self.reason, "both_true", tuple(also))
        if self.device_default is not None:
            return Choice(self.field, self.device_default, self.reason, "device_default")
        return Choice(self.field, self.choose or "", self.reason)


class ChangeIn(BaseModel):
    """What to assert, to retract and to resolve, all at once or not at all."""

    model_config = ConfigDict(extra="forbid")
    assert_: Annotated[list[RecordStatementIn], Field(alias="assert", max_length=200)] = []
    retract: Annotated[list[RetractionIn], Field(max_length=200)] = []
    resolve: Annotated[list[ChoiceIn], Field(max_length=200)] = []

    def change(self, legal_statuses: frozenset[str]) -> Change:
        """Return it as the domain has it."""
        return Change(
            [one.assertion() for one in self.assert_],
            [Retraction(one.statement, one.reason) for one in self.retract],
            [one.choice() for one in self.resolve],
            legal_statuses,
        )


class SeriesRetractionIn(BaseModel):
    """What the series says of a field no more."""

    model_config = ConfigDict(extra="forbid")
    field: Annotated[Line, Field(max_length=63)]
    lang: Lang | None = None
    reason: Line


class SeriesIn(BaseModel):
    """What holds for every asset of the series, and what holds no more; at least one of both."""

    model_config = ConfigDict(extra="forbid")
    assert_: Annotated[list[StatementIn], Field(alias="assert", max_length=200)] = []
    retract: Annotated[list[SeriesRetractionIn], Field(max_length=200)] = []

    @model_validator(mode="after")
    def say_something(self) -> "SeriesIn":
        """Refuse to write a million versions that say nothing."""
        if not self.assert_ and not self.retract:
            message = "assert something, or retract something"
            raise ValueError(message)
        return self

    def change(self, legal_statuses: frozenset[str]) -> Change:
        """Return it as the domain has it."""
        return Change([one.assertion() for one in self.assert_], legal_statuses=legal_statuses)

    def taken_back(self) -> list[TakenBack]:
        """Return what holds no more."""
        return [TakenBack(one.field, one.lang, one.reason) for one in self.retract]


class FieldOut(BaseModel):
    """One field: what is shown, whether sources disagree, and every statement about it."""

    field: str
    displayed: Any
    shown_as: Annotated[
        Any,
        Field(
            description="As displayed, but letters that turn, hide or command are written out as"
            " ⟨U+202E⟩: what a screen should show."
        ),
    ]
    conflict: bool
    statements: list[dict[str, Any]]


class ReadingOut(BaseModel):
    """What the file said, all sources, the picked ones marked."""

    id: str
    ordinal: int
    outcome: Literal["read", "nothing_found", "unreadable"]
    reason: str | None
    format: str | None
    tool: str
    tool_version: str
    limited: bool
    read_at: datetime
    statements: list[dict[str, Any]]


class ProvenanceOut(BaseModel):
    """A record as it stands: fields with their statements, what is missing, the file's words."""

    asset_id: str
    version: int
    recorded_at: datetime
    recorded_by: str
    complete: bool
    missing: list[str]
    policy: str
    fields: list[FieldOut]
    resolutions: list[dict[str, Any]]
    reading: ReadingOut | None


class VersionOut(BaseModel):
    """One version of a record: what changed, by whom, when, under which number of the log."""

    version: int
    recorded_at: datetime
    recorded_by: str
    event_id: str
    log_index: int | None
    change: dict[str, Any]
    statements: list[dict[str, Any]]
    resolutions: list[dict[str, Any]]


class SeriesOut(BaseModel):
    """The operation that enters the statements in every record of the series."""

    operation_id: str
    series: str
