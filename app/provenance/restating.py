"""What a record says of its asset's name and place, after the asset moved."""

from dataclasses import replace
from typing import Any

from app.provenance.changes import add_assertions
from app.provenance.fitting import Assertion
from app.provenance.projection import Record
from app.provenance.speaking import Speaker
from app.provenance.statements import Statement


def restate(
    record: Record,
    names: dict[str, str],
    where: list[dict[str, Any]] | None,
    speaker: Speaker,
    *,
    version: int,
) -> Record:
    """Say names, and the place where it is another, anew; the earlier statements are followed."""
    told = [Assertion(field, value) for field, value in names.items()]
    record = add_assertions(record, told, speaker, version=version)
    if where is None:
        return record
    earlier = [s for s in record.statements if s.field == "locations" and s.locator == "location"]
    placed = Statement(
        id=f"{version}.{record.next_number(version)}",
        field="locations",
        value=where,
        source_kind="derived",
        locator="location",
        agent=speaker.agent,
        since_version=version,
        supersedes=earlier[-1].id if earlier else None,
    )
    kept = [s for s in record.statements if s not in earlier]
    return replace(record, statements=(*kept, placed))
