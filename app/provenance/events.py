"""What happens to provenance."""

from dataclasses import dataclass

from app.kit.facts import Fact


@dataclass(frozen=True, slots=True)
class SeriesStated(Fact):
    """Something was said once for all of these assets and is still to be entered in each."""

    series_statements_id: str


@dataclass(frozen=True, slots=True)
class CaptureRestated(Fact):
    """People said, took back or settled when or how these images were made, after registration."""
