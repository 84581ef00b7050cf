"""A table (CSV) as lines of changes: translated row by row while it comes, in little memory."""

import csv
import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from app.catalogue.receiving import LONGEST_LINE
from app.kit.errors import Malformed
from app.kit.problems import pointer
from app.kit.text import Line
from app.provenance.fields import FIELDS, LAW, Kind
from app.provenance.schemas import Catalogue, Certainty, Lang

BOM = b"\xef\xbb\xbf"
Column = Annotated[Line, Field(max_length=200, description="As the first row calls it.")]
TOO_LONG = f"it is longer than {LONGEST_LINE} bytes; perhaps a quotation mark is missing"


class ColumnIn(BaseModel):
    """What a column says."""

    model_config = ConfigDict(extra="forbid")
    column: Column
    field: Annotated[Line, Field(max_length=63)]
    lang: Lang | None = None
    certainty: Certainty | None = None
    unknown: Annotated[
        list[Line], Field(max_length=20, description="Cells that mean a reasoned unknown.")
    ] = []
    unknown_reason: Annotated[Line, Field(description="Said with the cell's own words.")] = (
        "so in the table"
    )

    @model_validator(mode="after")
    def fit_a_cell(self) -> "ColumnIn":
        """Refuse a field that nobody asserts, or that no cell can hold."""
        known = FIELDS.get(self.field)
        if known is None or not known.settable or known.kind is Kind.OBJECT:
            message = f"no cell asserts a field {self.field!r}"
            raise ValueError(message)
        return self


class ResolvingIn(BaseModel):
    """What a column answers about values that differ: its cells name statements by their ids."""

    model_config = ConfigDict(extra="forbid")
    column: Column
    field: Annotated[Line, Field(max_length=63)]
    answer: Annotated[
        Literal["choose", "both_true", "device_default"],
        Field(description="Of `both_true` a cell names several, split by semicolons."),
    ] = "choose"
    reason: Annotated[Line | None, Field(description="For every row alike.")] = None
    reason_column: Column | None = None

    @model_validator(mode="after")
    def give_one_reason(self) -> "ResolvingIn":
        """Refuse none and two."""
        if (self.reason is None) == (self.reason_column is None):
            message = "give a reason or a reason_column"
            raise ValueError(message)
        return self

    def choice(self, written: str, reason: str) -> dict[str, Any]:
        """Write a cell as an answer."""
        several = [part.strip() for part in written.split(";") if part.strip()]
        named = several if self.answer == "both_true" else written
        return {"field": self.field, self.answer: named, "reason": self.reason or reason}


class SourceColumnIn(BaseModel):
    """The source catalogue that a table is carried over from."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal["imported"] = "imported"
    catalogue: Catalogue
    record: Annotated[Column, Field(description="The column of its record numbers.")]


class MappingIn(BaseModel):
    """What the columns of a table mean. The first row names them."""

    model_config = ConfigDict(extra="forbid")
    asset_id: Column | None = None
    source_system: Annotated[
        Line | None, Field(max_length=63, description="The code itself, one for every row.")
    ] = None
    source_identifier: Column | None = None
    revision: Column | None = None
    columns: Annotated[list[ColumnIn], Field(max_length=100)] = []
    resolve: Annotated[list[ResolvingIn], Field(max_length=100)] = []
    source: SourceColumnIn | None = None
    delimiter: Annotated[str, Field(pattern="^[,;\t|]$")] = ","
    encoding: Literal["utf-8", "big5", "big5hkscs", "gb18030", "gbk"] = "utf-8"

    @model_validator(mode="after")
    def name_records(self) -> "MappingIn":
        """Refuse a mapping by which no row names its record."""
        if (self.asset_id is None) == (self.source_identifier is None) or (
            (self.source_system is None) != (self.source_identifier is None)
        ):
            message = "name the column asset_id, or source_system and the column source_identifier"
            raise ValueError(message)
        if not self.columns and not self.resolve:
            message = "name a column that says something, or one that resolves"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def carry_over_no_law(self) -> "MappingIn":
        """Refuse before a row is read what each row would be refused for."""
        law = sorted({one.field for one in self.columns} & LAW)
        if self.source is not None and law:
            message = f"{', '.join(law)}: asserted, by a table of its own without `source`"
            raise ValueError(message)
        return self

    def wanted(self) -> list[str]:
        """Return the columns that must be there, each once."""
        named = [self.asset_id, self.source_identifier, self.revision]
        named += [one.column for one in self.columns]
        named += [self.source.record] if self.source else []
        named += [name for one in self.resolve for name in (one.column, one.reason_column)]
        return list(dict.fromkeys(name for name in named if name))


MAPPING = TypeAdapter(MappingIn)


def read_mapping(written: str) -> MappingIn:
    """Read a mapping as it stands in the address.

    Raises:
        Malformed: it is none, pointing at what is wrong (HTTP 422).
    """
    try:
        return MAPPING.validate_json(written)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        places = {f"/mapping{pointer(one['loc'])}": one["msg"] for one in found}
        raise Malformed("`mapping` does not say what the columns mean.", pointers=places) from error


class AsIs:
    """A body that is lines already."""

    def feed(self, part: bytes) -> Iterator[bytes]:
        """Pass on what came."""
        yield part

    def finish(self) -> Iterator[bytes]:
        """Nothing was held back."""
        yield from ()


class TableLines:
    """Translates rows to lines, one a row: a row's number in the table is its line's."""

    def __init__(self, mapping: MappingIn) -> None:
        """Begin before the first row."""
        self._mapping = mapping
        self._held: list[bytes] = []  # of a row whose end has not come
        self._held_bytes = 0
        self._quoted = False
        self._places: dict[str, int] | None = None  # None: the first row has not come
        self._width = 0  # columns
        self._rest = b""

    def feed(self, part: bytes) -> Iterator[bytes]:
        """Take what came next; yield the lines of the rows that it ends.

        Raises:
            Malformed: the first row does not name the columns of the mapping (HTTP 422).
        """
        *whole, self._rest = (self._rest + part).split(b"\n")
        for physical in whole:
            yield from self._take(physical)
        if len(self._rest) > LONGEST_LINE:  # it is refused already; only its quotes still matter
            self._held_bytes += len(self._rest)
            self._quoted ^= self._rest.count(b'"') % 2 == 1
            self._rest = b""

    def finish(self) -> Iterator[bytes]:
        """Yield the line of a last row without an end."""
        if self._rest or self._held:
            yield from self._take(self._rest)
        if self._held:
            yield self._line({"fault": "a quotation mark has no end"})

    def _take(self, physical: bytes) -> Iterator[bytes]:
        self._held.append(physical)
        self._held_bytes += len(physical) + 1
        self._quoted ^= physical.count(b'"') % 2 == 1
        if self._held_bytes > LONGEST_LINE:
            self._forget()
            yield self._line({"fault": TOO_LONG})
        elif not self._quoted:
            row = b"\n".join(self._held)
            self._forget()
            yield self._translated(row)

    def _forget(self) -> None:
        self._held, self._held_bytes, self._quoted = [], 0, False

    def _translated(self, row: bytes) -> bytes:
        try:
            text = row.removeprefix(BOM).decode(self._mapping.encoding)
            cells = next(csv.reader([text], delimiter=self._mapping.delimiter, strict=True), [])
        except UnicodeDecodeError as error:
            return self._unread(
                f"it is not written in {self._mapping.encoding}, from byte {error.start} on;"
                " `encoding` in the mapping names another"
            )
        except csv.Error as error:
            return self._unread(str(error)[:200])
        if self._places is None:
            self._places = self._named(cells)
            return b"\n"  # the first row is the first line, and says nothing
        if not any(cell.strip() for cell in cells):
            return b"\n"
        if any(cell.strip() for cell in cells[self._width :]):
            return self._unread(
                f"it has {len(cells)} cells, and the first row names {self._width} columns;"
                f" a cell that holds a {self._mapping.delimiter!r} stands in quotation marks"
            )
        return self._line(self._said(cells, self._places))

    def _unread(self, why: str) -> bytes:
        """Refuse a row, or all of them where it is the first."""
        if self._places is None:
            raise Malformed(f"The first row, which names the columns, cannot be read: {why}.")
        return self._line({"fault": why})

    def _named(self, cells: list[str]) -> dict[str, int]:
        names = [cell.strip() for cell in cells]
        for wanted in self._mapping.wanted():
            if names.count(wanted) != 1:
                raise Malformed(
                    f"The first row names {names.count(wanted)} columns {wanted!r}, not one. Parted"
                    f" by {self._mapping.delimiter!r} it names {', '.join(map(repr, names))[:500]};"
                    " `delimiter` in the mapping says by what else they are parted."
                )
        self._width = len(names)
        return {name: at for at, name in enumerate(names)}

    def _said(self, cells: list[str], places: dict[str, int]) -> dict[str, Any]:
        def cell(column: str) -> str:
            at = places[column]
            return cells[at].strip() if at < len(cells) else ""

        told: dict[str, Any] = {"cells": []}
        mapping = self._mapping
        for name, column in (("asset_id", mapping.asset_id), ("revision", mapping.revision)):
            if column is not None and cell(column):
                told[name] = cell(column)
        if mapping.source_identifier is not None:
            told["source_system"] = mapping.source_system
            told["source_identifier"] = cell(mapping.source_identifier)
        for one in mapping.columns:
            if written := cell(one.column):
                told["cells"].append(statement(one, written, letters(places[one.column])))
        if mapping.source is not None and told["cells"]:
            told |= carried(told["cells"], mapping.source, cell(mapping.source.record))
        told["resolve"] = [
            one.choice(written, cell(one.reason_column) if one.reason_column else "")
            for one in mapping.resolve
            if (written := cell(one.column))
        ]
        return told

    @staticmethod
    def _line(told: dict[str, Any]) -> bytes:
        nobody = {"asset_id": "00000000-0000-0000-0000-000000000000", "cells": []}
        document = nobody | told if "fault" in told else told
        return json.dumps(document, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def carried(cells: list[dict[str, Any]], source: SourceColumnIn, record: str) -> dict[str, Any]:
    """Say of a row's statements which record they are carried over from, or what is lacking."""
    if not record:
        return {"fault": f"its cell of {source.record!r}, the catalogue's record number, is empty"}
    there = {"kind": source.kind, "catalogue": source.catalogue, "record": record}
    return {"cells": [one | {"source": there} for one in cells]}


def statement(column: ColumnIn, written: str, place: str) -> dict[str, Any]:
    """Write a cell as a statement."""
    said: dict[str, Any] = {"field": column.field, "column": place}
    if column.lang is not None:
        said["lang"] = column.lang
    if column.certainty is not None:
        said["certainty"] = column.certainty
    if written in column.unknown:
        return said | {"unknown_reason": f"{column.unknown_reason}: {written}"}
    listed = FIELDS[column.field].kind is Kind.CODES
    value = [part.strip() for part in written.split(";") if part.strip()] if listed else written
    return said | {"value": value}


def letters(place: int) -> str:
    """Name a column as a spreadsheet does: A, B, ... Z, AA."""
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
