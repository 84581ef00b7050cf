"""From statements to the columns that are filtered, sorted and judged.

The facts are computed here; what they amount to under a policy is judged by SQL alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.policies.rules.terms import last_segment
from app.provenance.agreement import contradict, merged, said_before, sources, values_of
from app.provenance.fields import FIELDS, SCANS, Kind
from app.provenance.latest import DATED, latest_days
from app.provenance.normalise import names, terms
from app.provenance.statements import Resolution, SourceKind, Statement
from app.provenance.weighing import USUAL, Weighing

BITS: dict[SourceKind, int] = {"extracted": 1, "imported": 2, "asserted": 4, "derived": 8}
UNKNOWN_SHIFT = 4
CONFLICT = 256
BY_WEIGHT: tuple[SourceKind, ...] = ("asserted", "imported", "extracted", "derived")


@dataclass(frozen=True)
class Record:
    """The statements and resolutions of one version, and the policy's way of weighing them."""

    statements: tuple[Statement, ...]
    resolutions: tuple[Resolution, ...]
    weighing: Weighing = USUAL  # writing a version puts that of the policy in force here

    def next_number(self, version: int) -> int:
        """Return the number after those that statements of a version bear or followed."""
        said = [name for s in self.statements for name in (s.id, s.supersedes) if name]
        mine = [name for name in said if name.startswith(f"{version}.")]
        return 1 + max((int(name.partition(".")[2]) for name in mine), default=0)

    def of(self, field: str) -> list[Statement]:
        """Return the statements that count for a field.

        An asset's own assertion beats a series', unless the series' alone is confirmed; embedded
        dates of a scan tell when it was scanned; what a person called a device default is none.
        """
        found = self.offered(field)
        defaults = self.defaults(field)
        if not defaults:
            return found
        return [s for s in found if s.source_kind == "asserted" or not self.said(s, defaults)]

    def offered(self, field: str) -> list[Statement]:
        """Return the statements that would count if nobody had called any a device default."""
        found = [s for s in self.statements if s.field == field and not s.undecoded]
        if FIELDS[field].asserted_only:
            found = [s for s in found if s.source_kind == "asserted"]
        if field == "date_created" and self.scanned():
            found = [s for s in found if s.source_kind != "extracted"]
        others = [s for s in found if s.source_kind != "asserted"]
        return others + asserted(found, self.weighing.role(field))

    def defaults(self, field: str) -> list[str]:
        """Return the values that people called device defaults."""
        told = [r for r in self.resolutions if r.field == field and not r.settles]
        return [value for r in told for value in r.said]

    def scanned(self) -> bool:
        """Tell whether the image is a scan of something physical."""
        said = self.displayed("digital_source_type")
        return isinstance(said, str) and last_segment(said) in SCANS

    def shown(self, field: str) -> Statement | None:
        """Return the statement to show: a person's choice, else the weightiest, confirmed first."""
        said = [s for s in self.of(field) if s.unknown_reason is None]
        settled = [r for r in self.resolutions if r.field == field and r.settles]
        chosen = [value for r in settled for value in r.said]
        confirming = self.weighing.role(field)

        def weight(s: Statement) -> tuple[bool, int, bool]:
            by_choice = self.said(s, chosen)
            return not by_choice, BY_WEIGHT.index(s.source_kind), confirming not in s.roles

        return min(said, key=weight, default=None)

    def displayed(self, field: str) -> Any:  # noqa: ANN401 - any JSON value
        """Return the value to show; all of those that are true; None where nobody says one."""
        statement = self.shown(field)
        if statement is None:
            return None
        both = [r for r in self.resolutions if r.field == field and r.kind == "both_true"]
        true = [value for r in both for value in r.said]
        also = [s for s in self.of(field) if s.unknown_reason is None and self.said(s, true)]
        return (
            merged(field, [statement.value, *(s.value for s in also)])
            if also
            else (statement.value)
        )

    def in_conflict(self, field: str) -> bool:
        """Tell whether two sources disagree and no person has settled these very values."""
        said = [s for s in self.of(field) if s.unknown_reason is None]
        if not contradict(field, sources(said), within=self.weighing.tolerance_seconds):
            return False
        settled = [r for r in self.resolutions if r.field == field and r.settles]
        return not any(all(self.said(s, r.values) for s in counted(said)) for r in settled)

    def said(self, statement: Statement, values: Iterable[str]) -> bool:
        """Tell whether a statement says one of these normalised values."""
        return said_before(statement, values, within=self.weighing.tolerance_seconds)

    def values(self, field: str) -> tuple[str, ...]:
        """Return everything that is said of a field and counts, normalised."""
        return values_of(counted(s for s in self.of(field) if s.unknown_reason is None))


def counted(said: Iterable[Statement]) -> list[Statement]:
    """Leave out what is derived: it contradicts nobody."""
    return [s for s in said if s.source_kind != "derived"]


def asserted(found: Iterable[Statement], confirming: str) -> list[Statement]:
    """Return the assertions that count: the asset's own, or the series' where it is stronger."""
    said = [s for s in found if s.source_kind == "asserted"]
    own, series = [s for s in said if not s.of_series], [s for s in said if s.of_series]
    confirmed_series = any(confirming in s.roles for s in series)
    if own and not (confirmed_series and not any(confirming in s.roles for s in own)):
        return own
    return series


def answer_of(record: Record, field: str) -> int:
    """Return a field's bits: who answered, who said a reasoned unknown, an open conflict."""
    bits = CONFLICT if record.in_conflict(field) else 0
    for s in record.of(field):
        bits |= bit_of(s)
    return bits


def bit_of(said: Statement) -> int:
    """Return the bit of one statement: the kind of its source, and whether it is an unknown."""
    bit = BITS[said.source_kind]
    return bit << UNKNOWN_SHIFT if said.unknown_reason is not None else bit


def project(record: Record) -> dict[str, Any]:
    """Return a version's columns beside its document."""
    alone, several = by_field(record)  # fields that nobody speaks of say nothing
    chosen = {field: s if s.unknown_reason is None else None for field, s in alone.items()}
    chosen |= {field: record.shown(field) for field in several}
    shown = {
        field: record.displayed(field) if field in several else s.value
        for field, s in chosen.items()
        if s is not None
    }
    rights, creator = shown.get("rights_statement"), shown.get("creator")
    return {
        "legal_status": terms(shown["legal_status"]) if shown.get("legal_status") else [],
        "legal_basis": terms(shown["legal_basis"]) if shown.get("legal_basis") else [],
        "rights_statement": rights and last_segment(rights.strip()),
        "title": shown.get("title"),
        "creator": "; ".join(names(creator)) if creator else None,
        "date_created": shown.get("date_created"),
        **{
            f"extracted_{name}": extracted(record, name) if name in several else None
            for name in EXTRACTED_TEXTS
        },
        "extracted_software": software(record),
        "codes": codes(shown),
        "latest_days": latest_days(settled(record, chosen)),
        "confirmed": confirmations(chosen),
        "asserted_count": sum(s.source_kind == "asserted" for s in record.statements),
        **SILENT,
        **{f"{field}_answer": bit_of(s) for field, s in alone.items()},
        **{f"{field}_answer": answer_of(record, field) for field in several},
    }


def weighs_alike(one: Record, other: Record) -> bool:
    """Tell whether two ways of weighing the same statements come to the same answers."""
    return project(one) == project(other)


def settled(record: Record, chosen: Mapping[str, Statement | None]) -> dict[str, Statement | None]:
    """Return the dates that a period may be counted from or end on: nobody contradicts them."""
    dated = {field: chosen[field] for field in DATED if field in chosen}
    return {field: s for field, s in dated.items() if not record.in_conflict(field)}


def by_field(record: Record) -> tuple[dict[str, Statement], set[str]]:
    """Tell fields of which one statement stands alone, and counts, from those to be weighed."""
    alone: dict[str, Statement] = {}
    several: set[str] = set()
    for s in record.statements:
        weighed = s.field in alone or s.source_kind != "asserted"
        if s.field not in FIELDS:
            continue
        if weighed or s.field in several:
            alone.pop(s.field, None)
            several.add(s.field)
        else:
            alone[s.field] = s
    return alone, several


SILENT = {f"{field}_answer": 0 for field in FIELDS}
EXTRACTED_TEXTS = ("title", "description", "creator", "date_created")


def extracted(record: Record, field: str) -> str | None:
    """Return the file's own candidate as text, for the policy's list of device defaults."""
    found = next((s for s in record.of(field) if s.source_kind == "extracted"), None)
    if found is None:
        return None
    return "; ".join(names(found.value)) if field == "creator" else str(found.value)


def software(record: Record) -> str | None:
    """Return the software that wrote the file, which some tools enter as the creator."""
    device = record.displayed("capture_device")
    return str(device["software"]) if isinstance(device, dict) and device.get("software") else None


def codes(shown: dict[str, Any]) -> list[str]:
    """Return `field=term` for each answered field that has terms, so that conditions can ask."""
    found = {
        f"{field}={last_segment(term.strip())}"
        for field, value in shown.items()
        if value is not None and FIELDS[field].kind in (Kind.CODE, Kind.CODES)
        for term in terms(value)
    }
    if shown.get("disposal_class"):  # an item of a schedule, whatever signs its name is made of
        found.add(f"disposal_class={str(shown['disposal_class']).strip()}")
    return sorted(found)


def confirmations(shown: Mapping[str, Statement | None]) -> list[str]:
    """Return `field:role` for each assertion that is shown and the roles of who made it."""
    return sorted(
        f"{field}:{role}"
        for field, s in shown.items()
        if s is not None and s.source_kind == "asserted"
        for role in s.roles
    )
