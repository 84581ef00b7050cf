"""What is carried over from a source catalogue: where it stands there, and what may not be."""

from app.provenance.errors import MustBeAsserted
from app.provenance.fields import LAW
from app.provenance.fitting import Assertion
from app.provenance.weighing import Weighing


def place_in(catalogue: str, record: str) -> str:
    """Return the locator of a catalogue's record; no catalogue's name holds a `#`."""
    return f"catalogue:{catalogue}#{record}"


def prove_carried(one: Assertion, pointer: str, weighing: Weighing) -> None:
    """Refuse to carry over what the law or the policy leaves to a role's own word.

    Raises:
        MustBeAsserted: with what would mend it (HTTP 422).
    """
    if one.kind != "imported" or not (one.field in LAW or one.field in weighing.reserved):
        return
    role = weighing.role(one.field).replace("_", " ")
    why = f"leave `source` out, as a {role}, and name the old catalogue as evidence"
    raise MustBeAsserted(
        f"{one.field} is asserted, not carried over: {why}.", pointers={pointer: why}
    )
