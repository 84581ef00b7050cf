"""Why something is not proposed, signed or put into force."""

from typing import ClassVar

from app.kit.refusals import Refusal


class SecondPersonNeeded(Refusal):
    """Whoever proposed it cannot sign it too: two different persons must."""

    code: ClassVar[str] = "second-person-needed"


class AlreadyProposed(Refusal):
    """This was proposed before; it waits for another person, or has been signed."""

    code: ClassVar[str] = "already-proposed"


class AlreadySigned(Refusal):
    """Two persons have signed this; it is in force or will be from its day on."""

    code: ClassVar[str] = "already-signed"


class VersionNotHigher(Refusal):
    """A version as high or higher was published, so this one would never hold."""

    code: ClassVar[str] = "policy-version-not-higher"


class EffectiveInThePast(Refusal):
    """A version holds from the day of its publication on at the earliest."""

    code: ClassVar[str] = "policy-effective-in-past"


class AssignmentOvertaken(Refusal):
    """The department is judged by that policy already, or a later proposal stands."""

    code: ClassVar[str] = "assignment-overtaken"
