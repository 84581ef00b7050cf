"""Why a document is not taken, or none is there."""

from collections.abc import Mapping
from typing import ClassVar

from app.kit.refusals import Refusal


class PolicyMalformed(Refusal):
    """The document does not have the form of a policy or a register."""

    code: ClassVar[str] = "policy-malformed"
    status: ClassVar[int] = 422

    def __init__(self, document: str, faults: Mapping[str, str]) -> None:
        """Name the document and, by JSON Pointer, each fault in it."""
        each = "; ".join(
            f"{pointer or 'the document'}: {fault}" for pointer, fault in faults.items()
        )
        super().__init__(f"{document} is malformed: {each}.", pointers=dict(faults))


class PolicyLoosens(Refusal):
    """An overlay may only tighten its base, and this one loosens it."""

    code: ClassVar[str] = "policy-loosens"

    def __init__(self, overlay: str, base: str, loosened: Mapping[str, str]) -> None:
        """Name every rule that loosens, by JSON Pointer, and how."""
        each = "; ".join(f"{rule} {how}" for rule, how in loosened.items())
        super().__init__(f"{overlay} loosens {base}: {each}.", pointers=dict(loosened))
        self.loosened = dict(loosened)


class NoPolicyInForce(Refusal):
    """No published or example version is in force today."""

    code: ClassVar[str] = "no-policy-in-force"

    def __init__(self, kind: str, document_id: str) -> None:
        """Name what was looked for."""
        super().__init__(
            f"No published or example version of the {kind} {document_id} is in force today;"
            " record one whose effective_from is not in the future."
        )
        self.document_id = document_id


class VersionImmutable(Refusal):
    """A version that was recorded can never say anything else."""

    code: ClassVar[str] = "policy-version-immutable"

    def __init__(self, document: str, stored: str, given: str) -> None:
        """Name the version and both digests."""
        super().__init__(
            f"{document} is recorded with the digest {stored}, not {given}; give it a new version."
        )
