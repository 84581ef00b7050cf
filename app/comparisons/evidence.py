"""What was measured of a pair, by name, and each comparison with a threshold as a reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.comparisons.sides import Side
from app.policies.rules.standard import Thresholds

Reason = dict[str, Any]


@dataclass(slots=True)
class Evidence:
    """A measurement read for judging; what it looked at is kept in `reasons`, in its order."""

    measured: Mapping[str, Any]
    standard: Thresholds
    reasons: list[Reason] = field(default_factory=list)

    @property
    def reference(self) -> Side:
        """The side with more pixels."""
        return "b" if self.measured["reference"] == "b" else "a"

    @property
    def other(self) -> Side:
        """The side with fewer."""
        return "a" if self.reference == "b" else "b"

    @property
    def finest(self) -> Mapping[str, Any]:
        """The numbers of the finest look."""
        found: Mapping[str, Any] = self.measured.get("fine") or self.measured["coarse"]
        return found

    @property
    def exact(self) -> bool:
        """Whole frame lies on whole frame."""
        return bool(self.measured["by"] == "frame")

    @property
    def coverages(self) -> tuple[float, float]:
        """How much of the reference and of the other lies in both, in percent."""
        found = self.measured["coverage_percent"]
        return float(found["reference"]), float(found["other"])

    @property
    def sizes(self) -> tuple[Sequence[int], Sequence[int]]:
        """Widths and heights of the reference and of the other."""
        return self.measured["sizes"]["reference"], self.measured["sizes"]["other"]

    def at_most(self, code: str, value: float, name: str) -> bool:
        """Compare with an upper threshold and keep the comparison."""
        return self._told(code, value, name, holds=value <= getattr(self.standard, name))

    def at_least(self, code: str, value: float, name: str) -> bool:
        """Compare with a lower threshold and keep the comparison."""
        return self._told(code, value, name, holds=value >= getattr(self.standard, name))

    def tell(self, code: str, **said: Any) -> None:  # noqa: ANN401 - any JSON
        """Keep what decides without a threshold."""
        self.reasons.append({"code": code, **said})

    def _told(self, code: str, value: float, name: str, *, holds: bool) -> bool:
        limit = getattr(self.standard, name)
        self.reasons.append(
            {"code": code, "value": value, "threshold": name, "limit": limit, "holds": holds}
        )
        return holds
