"""The fields of a provenance record, named and typed (domain: the provenance record)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a field's values are written and compared."""

    TEXT = "text"  # one text, or one a language
    AGENTS = "agents"  # names; a text is split at semicolons
    DATE = "date"  # EDTF
    CODE = "code"  # a term; of a URI the last segment counts
    CODES = "codes"  # a set of terms
    OBJECT = "object"  # JSON


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `asserted_only`: extraction never decides about it."""

    name: str
    kind: Kind
    asserted_only: bool = False
    settable: bool = True  # False: known from the registration or the file alone


_WRITTEN = {
    Kind.TEXT: "title description event_name subject production_title digitisation_batch"
    " credit_line usage_terms rights_notice contract_reference donor_agreement disposal_class",
    Kind.AGENTS: "custodian creator people rights_holder supplier",
    Kind.DATE: "acquisition_date date_created date_digitised date_modified"
    " retention_trigger_date retention_until",
    Kind.CODE: "custodian_kind acquisition_method genre digital_source_type still_type"
    " archival_appraisal security_classification access_rights rights_statement model_release"
    " property_release data_mining personal_data_status c2pa_status published litigation_check",
    Kind.CODES: "legal_status legal_basis",
    Kind.OBJECT: "other_identifiers container place digitisation_source capture_device"
    " edit_history publication_links",
}
_KNOWN_ALREADY = {
    Kind.TEXT: "source_system source_identifier original_name department",
    Kind.OBJECT: "locations format technical capture_instant",
}
_ASSERTED_ONLY = {"legal_status", "legal_basis", "disposal_class", "rights_holder"}
# What only a records manager decides about (domain: roles and separation of duties).
LAW = frozenset({*_ASSERTED_ONLY, "retention_trigger_date", "retention_until"})

FIELDS: Mapping[str, Field] = {
    name: Field(name, kind, name in _ASSERTED_ONLY, settable)
    for table, settable in ((_WRITTEN, True), (_KNOWN_ALREADY, False))
    for kind, names in table.items()
    for name in names.split()
}
SCANS = frozenset({"negativeFilm", "positiveFilm", "print"})  # of IPTC digitalsourcetype
