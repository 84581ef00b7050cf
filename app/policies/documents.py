"""Reading documents, each fault and each loosened rule named by JSON Pointer."""

from collections.abc import Mapping
from typing import Any, Literal, TypeVar

import rfc8785
import yaml
from pydantic import ValidationError

from app.ledger.canonical import canonical
from app.policies.errors import PolicyLoosens, PolicyMalformed
from app.policies.rules import strict_yaml
from app.policies.rules.instruments import LegalInstruments
from app.policies.rules.legal import LegalStatuses
from app.policies.rules.model import DocumentHeader, Frozen
from app.policies.rules.policy import Policy, PolicyHeader
from app.policies.rules.retention import RetentionSchedules
from app.policies.rules.tightening import joined, stated

Document = Mapping[str, Any]
Kind = Literal["policy", "legal_status", "legal_instruments", "retention_schedules"]
KINDS: Mapping[str, Kind] = {
    "policy": "policy",
    "legal_status": "legal_status",
    "instruments": "legal_instruments",
    "retention_schedules": "retention_schedules",
}
Model = TypeVar("Model", bound=Frozen)


def read_yaml(name: str, text: str) -> dict[str, Any]:
    """Read one document from YAML.

    Raises:
        PolicyMalformed: no YAML, no object, or a key that stands twice.
    """
    try:
        document = strict_yaml.read(text)
    except yaml.YAMLError as error:
        raise PolicyMalformed(name, {"": " ".join(str(error).split())}) from error
    if not isinstance(document, dict):
        raise PolicyMalformed(name, {"": "a document is an object"})
    return document


def kind_of(document: Document) -> Kind:
    """Tell a policy from a register by what it holds.

    Raises:
        PolicyMalformed: neither.
    """
    for key, kind in KINDS.items():
        if key in document:
            return kind
    raise PolicyMalformed(_name(document), {"": f"one of {', '.join(KINDS)} must stand in it"})


def header_in(document: Document) -> tuple[str, dict[str, Any]]:
    """Return where a document's header stands, and the header, unread.

    Raises:
        PolicyMalformed: it has none.
    """
    for at in ("policy", "register"):
        if isinstance(header := document.get(at), dict):
            return f"/{at}", header
    fault = "a document has a header: `policy`, or `register`"
    raise PolicyMalformed(_name(document), {"": fault})


def header_of(document: Document) -> PolicyHeader:
    """Read only what names a policy, of a base and of an overlay alike."""
    return _read(PolicyHeader, document.get("policy"), _name(document), at="/policy")


def parse_policy(document: Document) -> Policy:
    """Read a base policy in full.

    Raises:
        PolicyMalformed: naming each fault; an overlay, too, for it says nothing without its base.
    """
    policy = _read(Policy, document, _name(document))
    if policy.header.extends is not None:
        fault = f"an overlay is read over its base, {policy.header.extends}"
        raise PolicyMalformed(_name(document), {"/policy/extends": fault})
    return policy


def parse_legal_statuses(document: Document) -> LegalStatuses:
    """Read the register of legal statuses."""
    return _read(LegalStatuses, document, _name(document))


def parse_instruments(document: Document) -> LegalInstruments:
    """Read the register of legal instruments."""
    return _read(LegalInstruments, document, _name(document))


def parse_retention_schedules(document: Document) -> RetentionSchedules:
    """Read the register of retention schedules."""
    return _read(RetentionSchedules, document, _name(document))


def tighten(base: Policy, overlay_document: Document) -> Policy:
    """Return what holds of base and overlay together.

    Raises:
        PolicyMalformed: the overlay is not one of this base, or does not have its form.
        PolicyLoosens: naming every rule that loosens, and how.
    """
    name, base_name = _name(overlay_document), versioned(base.header)
    header = header_of(overlay_document)
    if header.extends != base_name:
        fault = f"extends {header.extends or 'nothing'}, not {base_name}"
        raise PolicyMalformed(name, {"/policy/extends": fault})
    whole = stated(base.model_dump(mode="json"), dict(overlay_document))
    effective, loosenings = joined(base, _read(Policy, whole, name))
    if loosenings:
        raise PolicyLoosens(name, base_name, {one.pointer: one.why for one in loosenings})
    return effective


def versioned(header: DocumentHeader) -> str:
    """Name a version as `extends` does: id@version."""
    return f"{header.id}@{header.version}"


def _name(document: Document) -> str:
    header = document.get("policy", document.get("register"))
    named = header.get("id") if isinstance(header, dict) else None
    return named if isinstance(named, str) else "a document without a name"


def _read(model: type[Model], document: object, name: str, *, at: str = "") -> Model:
    try:
        return model.model_validate_json(canonical(document))
    except (rfc8785.CanonicalizationError, RecursionError) as error:
        raise PolicyMalformed(name, {at: f"JSON cannot say it: {error}"}) from error
    except ValidationError as error:
        faults = {at + _pointer(e["loc"]): e["msg"] for e in error.errors(include_url=False)}
        raise PolicyMalformed(name, faults) from error


def _pointer(place: tuple[int | str, ...]) -> str:
    # Pydantic's own marks ("<in>", "[key]") are no part of the document.
    steps = [step for step in map(str, place) if step[:1] not in {"<", "["}]
    return "".join(f"/{step.replace('~', '~0').replace('/', '~1')}" for step in steps)
