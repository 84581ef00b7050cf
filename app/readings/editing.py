"""What XMP's media management says: how the file came to be as it is, from what, by which names.

XMP specification, part 2: xmpMM. Only the history enters the record; identifiers of files, and of
what they were made from, stay with the reading for rooms that tell derivatives apart.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from app.readings.dates import to_edtf
from app.readings.extraction import Extracted
from app.readings.tags import Tags
from app.readings.texts import read_text

HISTORY = "XMP:XMP-xmpMM:History"
DERIVED_FROM = "XMP:XMP-xmpMM:DerivedFrom"
SEVERAL = "several may be true"
MOST_STEPS = 100  # the last ones: each "save" of a program is one
_LONGEST_TEXT = 500
_STEP = {
    "action": "Action",
    "when": "When",
    "software": "SoftwareAgent",
    "parameters": "Parameters",
    "changed": "Changed",
    "instance_id": "InstanceID",
}
_ORIGIN = {
    "document_id": "DocumentID",
    "instance_id": "InstanceID",
    "original_document_id": "OriginalDocumentID",
    "file_path": "FilePath",
}
_NAMES = (
    "XMP:XMP-xmpMM:DocumentID",
    "XMP:XMP-xmpMM:InstanceID",
    "XMP:XMP-xmpMM:OriginalDocumentID",
    "XMP:XMP-xmpMM:PreservedFileName",
    "XMP:XMP-plus:ImageSupplierImageID",
    "XMP:XMP-iptcExt:DigitalImageGUID",
)


def edit_statement(tags: Tags, *, known: bool) -> Iterator[Extracted]:
    """Tell the steps of XMP's history, the last MOST_STEPS of them, each with what is said of it.

    Args:
        tags: of the file.
        known: whether Content Credentials, which are signed, tell of it already.
    """
    steps = [step for one in tags.structure(HISTORY) if (step := _said(one, _STEP))]
    if not steps:
        return
    for step in steps[-MOST_STEPS:]:
        if date := to_edtf(step.get("when", "")):
            step["when"] = date
    value: dict[str, Any] = {"actions": steps[-MOST_STEPS:]}
    if len(steps) > MOST_STEPS:
        value["omitted"] = len(steps) - MOST_STEPS
    yield Extracted("edit_history", value, HISTORY, not known)


def identity_statements(tags: Tags) -> Iterator[Extracted]:
    """Tell what the file was made from, and by which names programs know it."""
    origins = [said for one in tags.structure(DERIVED_FROM)[:1] if (said := _said(one, _ORIGIN))]
    if origins:
        value = [{"type": "derived_from", **one} for one in origins]
        yield Extracted("relationships", value, DERIVED_FROM, True)
    found = {place: _text(tags.text(place)) for place in _NAMES}
    named = {place: text for place, text in found.items() if text}
    if named:
        names = [{"type": at.rpartition(":")[2], "value": text} for at, text in named.items()]
        yield Extracted("other_identifiers", names, "+".join(named), False, note=SEVERAL)


def _said(structure: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    """Return the parts of a structure that are known and say something, under our names."""
    texts = {ours: structure.get(theirs) for ours, theirs in names.items()}
    said = {ours: _text(text) for ours, text in texts.items() if isinstance(text, str)}
    return {ours: text for ours, text in said.items() if text}


def _text(text: str) -> str:
    return read_text(text, None, "utf-8").value[:_LONGEST_TEXT]
