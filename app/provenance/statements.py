"""Statements: one value of one field from one source; never changed, only followed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from operator import attrgetter
from typing import Any, Literal

from app.readings.sidecars import PREFIX
from app.readings.texts import NO_ANSWER

SourceKind = Literal["extracted", "imported", "asserted", "derived"]


@dataclass(frozen=True, slots=True)
class Statement:
    """One value of one field, with who or what said it and where it stands."""

    id: str
    field: str
    value: Any  # JSON; None with an unknown_reason
    source_kind: SourceKind
    locator: str  # EXIF:ExifIFD:DateTimeOriginal, api, series:<id>, catalogue:<name>#<record>
    agent: str
    since_version: int
    lang: str | None = None
    roles: tuple[str, ...] = ()  # that the speaker held
    person: str | None = None
    unknown_reason: str | None = None
    certainty: str | None = None
    evidence: Any = None  # a text, or a list of documents
    tool: str | None = None
    tool_version: str | None = None
    reading: str | None = None
    raw: str | list[str] | None = None  # base64 of the exact bytes, of a list's items one each
    raw_charset: str | None = None
    charset_origin: str | None = None  # declared, guessed or unknown
    charset_certainty: float | None = None  # of a guess, 0 to 1
    rule: str | None = None  # of a derived value
    inputs: tuple[str, ...] = ()  # the statements it was made from; a locator where none stands
    shown_as: Any = None  # the value with letters written out that could deceive the eye
    note: str | None = None
    supersedes: str | None = None
    series_statements: str | None = None  # the row that said it for a whole series

    def document(self) -> dict[str, Any]:
        """Write it as JSON, without what it does not say."""
        said = zip(SAID, _all_of(self), strict=True)
        return {name: value for name, value in said if value is not None and value != ()}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Statement":
        """Read it back."""
        said: dict[str, Any] = {"value": None, **document}
        lists = {name: tuple(said.get(name, ())) for name in ("roles", "inputs")}
        return cls(**(said | lists))

    @property
    def undecoded(self) -> bool:
        """Tell whether it holds a text that nobody could read: kept, and no answer."""
        return self.source_kind in ("extracted", "derived") and self.note in NO_ANSWER

    @property
    def of_people(self) -> bool:
        """Tell whether a person or a system said it or carried it over, and may take it back."""
        return self.source_kind in ("asserted", "imported")

    @property
    def of_series(self) -> bool:
        """Tell whether it was made once for a whole series."""
        return self.locator.startswith("series:")

    @property
    def of_sidecar(self) -> bool:
        """Tell whether it stands in a file beside the image."""
        return self.source_kind in ("extracted", "derived") and self.locator.startswith(PREFIX)


SAID = tuple(field.name for field in fields(Statement))
_all_of = attrgetter(*SAID)


ResolutionKind = Literal["choice", "both_true", "device_default"]


@dataclass(frozen=True, slots=True)
class Resolution:
    """A person's answer about values that differ; holds while no other value turns up."""

    field: str
    kind: ResolutionKind
    statements: tuple[str, ...]  # the ids of those that it is about
    said: tuple[str, ...]  # what they said, normalised: a later reading bears other ids
    values: tuple[str, ...]  # everything that was said, normalised, as it stood
    reason: str
    agent: str
    person: str | None
    since_version: int

    @property
    def settles(self) -> bool:
        """Tell whether it says what holds; that something is a device default does not."""
        return self.kind != "device_default"

    def document(self) -> dict[str, Any]:
        """Write it as JSON."""
        return asdict(self)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Resolution":
        """Read it back, also as it was written when a choice was the only kind."""
        told = dict(document)
        if "chosen" in told:
            told["kind"] = "choice"
            told["statements"], told["said"] = [told.pop("chosen")], [told.pop("chosen_value")]
        lists = {name: tuple(told[name]) for name in ("statements", "said", "values")}
        return cls(**{**told, **lists})
