"""Lines that change records: what one may say, and what becomes of a chunk of them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, ValidationError, model_validator
from sqlalchemy.orm import Session

from app.assets.service import registered_as
from app.catalogue.models import ImportRow
from app.catalogue.reading_lines import Line, each_key_once, malformed, unreadable
from app.kit.errors import Malformed, NoSuchResource
from app.kit.refusals import Refusal
from app.kit.text import Line as Text
from app.kit.text import Name
from app.people.roles import Principal
from app.policies.service import registers_in_force
from app.provenance.bulk import Edit, Edited, edit_records
from app.provenance.changes import Change
from app.provenance.schemas import ChangeIn, RecordStatementIn

SAMPLE = 20  # records whose values before and after are shown
Revision = Annotated[int | None, Field(ge=1, le=2**31 - 1)]


class ChangeLine(ChangeIn):
    """One line: which record, at which version, and what changes of it."""

    asset_id: UUID | None = None
    source_system: Annotated[Text | None, Field(max_length=63)] = None
    source_identifier: Name | None = None
    revision: Annotated[Revision, Field(description="Refused where the record moved on.")] = None

    @model_validator(mode="after")
    def named_once(self) -> "ChangeLine":
        """Refuse a line that names no record, or one twice."""
        by_name = (self.source_system is not None, self.source_identifier is not None)
        if (self.asset_id is None) != all(by_name) or (self.asset_id is not None and any(by_name)):
            message = "name an asset_id, or a source_system with a source_identifier"
            raise ValueError(message)
        return self


class Cell(RecordStatementIn):
    """A statement that a cell of a table makes."""

    column: str


class TableRow(ChangeLine):
    """A row of a table as it was translated when it came."""

    cells: list[Cell]
    fault: str | None = None  # why it says nothing


@dataclass(frozen=True, slots=True)
class Told:
    """What a line says, before anybody looked which asset it names."""

    line: int
    said: ChangeLine
    change: Change
    locator: str


def change_lines(
    db: Session, caller: Principal, row: ImportRow, lines: Sequence[Line]
) -> list[Edited | Refusal]:
    """Change the records that lines name; a bad line refuses itself only."""
    statuses = frozenset(registers_in_force(db).legal_statuses.statuses)
    told = [tell(row, line, statuses) for line in lines]
    edits, outcomes = named(db, told)
    instructions = row.instructions or {}
    done = edit_records(
        db, caller, list(edits.values()), operation=row.id, preview=instructions["preview"]
    )
    outcomes |= dict(zip(edits, done, strict=True))
    keep_sample(row, done)
    return [outcomes[at] for at in range(len(lines))]


def tell(row: ImportRow, line: Line, statuses: frozenset[str]) -> Told | Refusal:
    """Read one line in the way that its body was announced."""
    if line.content is None:
        return unreadable()
    instructions = row.instructions or {}
    table = instructions.get("mapping") is not None
    kind: type[ChangeLine] = TableRow if table else ChangeLine
    try:
        said = kind.model_validate(json.loads(line.content, object_pairs_hook=each_key_once))
        if instructions.get("change") is not None:
            alike = ChangeIn.model_validate(instructions["change"])
            return Told(line.number, said, alike.change(statuses), "api")
    except ValidationError as error:
        return malformed(error, "The line is no change")
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
        return Malformed("The line is no change: it cannot be read as JSON.")
    if isinstance(said, TableRow):
        return of_table(line.number, said, statuses)
    return Told(line.number, said, said.change(statuses), f"ndjson line {line.number}")


def of_table(number: int, said: TableRow, statuses: frozenset[str]) -> Told | Refusal:
    """Read one row of a table: each cell says where it stands."""
    if said.fault is not None:
        return Malformed(f"Row {number} cannot be read: {said.fault}.")
    where = f"csv row {number}"
    assertions = [cell.assertion(f"{where} col {cell.column}") for cell in said.cells]
    pointers = [f"/{cell.column}{number}" for cell in said.cells]
    choices = [one.choice() for one in said.resolve]
    change = Change(assertions, (), choices, statuses, pointers)
    return Told(number, said, change, where)


def named(
    db: Session, told: Sequence[Told | Refusal]
) -> tuple[dict[int, Edit], dict[int, Edited | Refusal]]:
    """Find the asset that each line names; what is not there is refused as what is not seen."""
    names = [
        (one.said.source_system, one.said.source_identifier)
        for one in told
        if isinstance(one, Told) and one.said.asset_id is None
    ]
    found = {
        (row.source_system, row.source_identifier): row.id
        for row in registered_as(db, [(s, i) for s, i in names if s and i])
    }
    edits: dict[int, Edit] = {}
    outcomes: dict[int, Edited | Refusal] = {}
    for at, one in enumerate(told):
        if isinstance(one, Refusal):
            outcomes[at] = one
            continue
        name = (one.said.source_system, one.said.source_identifier)
        asset_id = one.said.asset_id or found.get(name)
        called = str(one.said.asset_id or f"{name[1]!r} of {name[0]}")
        if asset_id is None:
            outcomes[at] = NoSuchResource(f"There is no asset {called}.")
        else:
            revision = one.said.revision
            edits[at] = Edit(asset_id, revision, one.change, one.line, one.locator, called)
    return edits, outcomes


def keep_sample(row: ImportRow, done: Sequence[Edited | Refusal]) -> None:
    """Keep what the first records show before and after."""
    room = SAMPLE - len(row.sample)
    changed = [one for one in done if isinstance(one, Edited) and one.changed]
    if room > 0 and changed:
        row.sample = [*row.sample, *(shown(one) for one in changed[:room])]


def shown(one: Edited) -> dict[str, Any]:
    """Show a record's values before and after."""
    return {"asset_id": str(one.asset_id), "before": one.before, "after": one.after}
