"""Provenance as the contract has it."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.kit.text import Line, storable_json
from app.provenance.changes import Assertion, Change, Choice, Retraction

Value = Annotated[
    Any,
    AfterValidator(storable_json),
    Field(description="A text, a list of texts, or an object, as the field asks."),
]
Certainty = Literal["confirmed", "probable", "uncertain"]


class StatementIn(BaseModel):
    """A value that you vouch for, or a reasoned unknown, which is an answer too."""

    model_config = ConfigDict(extra="forbid")
    field: Annotated[Line, Field(max_length=63)]
    value: Value = None
    lang: Annotated[Line | None, Field(max_length=35, description="BCP 47.")] = None
    unknown_reason: Line | None = None
    certainty: Certainty | None = None
    evidence: Line | None = None

    def assertion(self) -> Assertion:
        """Return it as the domain has it."""
        return Assertion(
            self.field,
            self.value,
            self.lang,
            self.unknown_reason,
            self.certainty,
            self.evidence,
        )


class RetractionIn(BaseModel):
    """An assertion to take back."""

    model_config = ConfigDict(extra="forbid")
    statement: Annotated[Line, Field(max_length=40)]
    reason: Line


class ChoiceIn(BaseModel):
    """Which of several differing values holds."""

    model_config = ConfigDict(extra="forbid")
    field: Annotated[Line, Field(max_length=63)]
    choose: Annotated[Line, Field(max_length=40, description="The statement's id.")]
    reason: Line


class ChangeIn(BaseModel):
    """What to assert, to retract and to settle, all at once or not at all."""

    model_config = ConfigDict(extra="forbid")
    assert_: Annotated[list[StatementIn], Field(alias="assert", max_length=200)] = []
    retract: Annotated[list[RetractionIn], Field(max_length=200)] = []
    resolve: Annotated[list[ChoiceIn], Field(max_length=200)] = []

    def change(self, legal_statuses: frozenset[str]) -> Change:
        """Return it as the domain has it."""
        return Change(
            [one.assertion() for one in self.assert_],
            [Retraction(one.statement, one.reason) for one in self.retract],
            [Choice(one.field, one.choose, one.reason) for one in self.resolve],
            legal_statuses,
        )


class SeriesIn(BaseModel):
    """What holds for every asset of the series."""

    model_config = ConfigDict(extra="forbid")
    assert_: Annotated[list[StatementIn], Field(alias="assert", min_length=1, max_length=200)]

    def change(self, legal_statuses: frozenset[str]) -> Change:
        """Return it as the domain has it."""
        return Change([one.assertion() for one in self.assert_], legal_statuses=legal_statuses)


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
    """One version of a record: what changed, by whom, when."""

    version: int
    recorded_at: datetime
    recorded_by: str
    change: dict[str, Any]
    statements: list[dict[str, Any]]


class SeriesOut(BaseModel):
    """The operation that enters the statements in every record of the series."""

    operation_id: str
    series: str
