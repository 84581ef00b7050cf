"""A whole policy: the city's, or an overlay's as it holds over its base."""

from typing import Annotated

from pydantic import Field

from app.policies.rules.completeness import Completeness
from app.policies.rules.disposal import Disposal
from app.policies.rules.joins import AUTHORITY, FREE
from app.policies.rules.model import DocumentHeader, Frozen, Label, Slug
from app.policies.rules.standard import DuplicateStandard


class PolicyHeader(DocumentHeader):
    """What names a policy, what it extends, and the instruments it rests on.

    Only `published` can authorise, and only while every instrument in `authority` does
    (none: nothing is authorised). Of an effective overlay the status is the weaker of its own and
    its base's, the authority both together or, if either has none, none.
    """

    extends: Annotated[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*@[0-9.]+$")] | None, FREE]
    label: Annotated[Label, FREE]
    authority: Annotated[tuple[Slug, ...], AUTHORITY]


class Policy(Frozen):
    """Completeness, the duplicate standard and disposal, as one immutable document."""

    header: PolicyHeader = Field(alias="policy")
    completeness: Completeness
    duplicate_standard: DuplicateStandard
    disposal: Disposal
