"""Pairs as measured and judged, without anything being decoded."""

from typing import Literal
from uuid import UUID

from images import draw
from world import World

from app.comparisons.judging import Judged
from app.comparisons.measuring import Measured
from app.comparisons.pairing import files_of, in_order
from app.comparisons.recording import enter_measurements, write_likenesses
from app.fingerprints.registration.aligner import METHOD as MEASURING
from app.fingerprints.registration.aligner import Measurement
from app.fingerprints.tasks import fingerprint_files
from app.kit.jobs import bind
from app.provenance.book import open_book
from app.readings.tasks import read_files

NEWEST = "SELECT id FROM fingerprints WHERE asset_id = :id ORDER BY id DESC LIMIT 1"
MAP = draw(1, kind="PNG")


def hashed(world: World, *assets: UUID) -> None:
    """Read and hash these, and lose the jobs that would look any further."""
    bind(world.worker)
    read_files(assets)
    fingerprint_files(assets)
    world.find("DELETE FROM procrastinate_jobs", "catalogue_owner")


def a_likeness(
    world: World,
    one: UUID,
    other: UUID,
    class_: str = "tonal_variant",
    *,
    copy: UUID | None = None,
    outcome: str = "measured",
    method: int = MEASURING,
) -> UUID:
    """Write that a pair was measured and judged so, and return the likeness."""
    prints = [world.find(NEWEST, id=asset_id)[0][0] for asset_id in (one, other)]
    told = {"mean": 1.0} if outcome == "measured" else None
    with world.worker.transaction() as db:
        files = files_of(db, prints)
        pair = in_order(files[prints[0]], files[prints[1]], {"phash": 3})
        measurement = Measurement(outcome, told, MAP if told else None, {"test": "1"})
        [row] = enter_measurements(db, [Measured(pair, measurement)], method)
        side: Literal["a", "b"] | None = (
            None if copy is None else ("a" if copy == pair.a.asset_id else "b")
        )
        judged = Judged(class_, side, 0.9, [{"test": "by hand"}])
        write_likenesses(db, open_book(db), [(row, judged, 1)], {})
        measurement_id = row.id
    asked = "SELECT id FROM likenesses WHERE measurement_id = :id"
    found: UUID = world.find(asked, id=measurement_id)[0][0]
    return found
