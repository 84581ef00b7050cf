"""Looks of images as the tables hold them, drawn by chance or told, for tests of near search."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert, select
from sqlalchemy.orm import Session
from world import AGENT, World

from app.comparisons.near.index import LOOK, Looks
from app.fingerprints.models import FingerprintRow, VisualFingerprintRow
from app.fingerprints.tasks import fingerprint_files
from app.kit.db import new_ids
from app.kit.jobs import bind
from app.ledger.service import Event, record
from app.readings.tasks import read_files

METHOD = 1000  # above what the product itself writes, so that tests and product do not meet
Bytes = NDArray[np.uint8]


def drawn_bits(chance: np.random.Generator, bits: int, count: int = 1) -> NDArray[np.uint64]:
    """Draw hashes, shape (count, bits / 64)."""
    return chance.integers(0, 2**64, (count, bits // 64), dtype=np.uint64)


def flipped(
    chance: np.random.Generator, hashed: NDArray[np.uint64], count: int
) -> NDArray[np.uint64]:
    """Return a hash, shape (words,), that differs in exactly so many bits."""
    bits = np.unpackbits(hashed.view(np.uint8))
    bits[chance.choice(len(bits), count, replace=False)] ^= 1
    return np.packbits(bits).view(np.uint64)


def some_looks(
    phashes: NDArray[np.uint64],
    pdqs: NDArray[np.uint64] | None = None,
    quality: int = 100,
    first: int = 0,
) -> Looks:
    """Return looks, as the index takes them; each is of a file and a fingerprint of its own."""
    looks = np.zeros(len(phashes), LOOK)
    numbers = np.arange(first + 1, first + len(phashes) + 1)
    looks["fingerprint"] = [int(number).to_bytes(16, "big") for number in numbers]
    looks["digest"] = numbers
    looks["phash"] = phashes[:, 0]
    if pdqs is not None:
        looks["pdq"] = pdqs
    looks["quality"] = quality if pdqs is not None else 0
    return looks


def turned(chance: np.random.Generator, hashed: NDArray[np.uint64], form: int = 0) -> bytes:
    """Return eight forms, one of them this hash and the others drawn."""
    forms = drawn_bits(chance, 64 * len(hashed), 8)
    forms[form] = hashed
    return forms.tobytes()


def a_look(
    db: Session,
    asset_id: UUID,
    phash: NDArray[np.uint64],
    *,
    form: int = 0,
    pdq: NDArray[np.uint64] | None = None,
    method: int = METHOD,
    words: Sequence[int] = (),
    **told: object,
) -> VisualFingerprintRow:
    """Write how an asset looks, in the caller's transaction; `form`: where it stands in the
    turned ones; all that is not told is drawn."""
    chance = np.random.default_rng(asset_id.int)
    pdq = drawn_bits(chance, 256)[0] if pdq is None else pdq
    upright = phash if form == 0 else drawn_bits(chance, 64)[0]
    values: dict[str, Any] = {
        "outcome": "decoded",
        "width": 640,
        "height": 480,
        "frames": 1,
        "colour": "RGB",
        "alpha": False,
        "orientation": 1,
        "auxiliary": 0,
        "phash": upright.tobytes(),
        "dhash": bytes(8),
        "pdq": (pdq if form == 0 else drawn_bits(chance, 256)[0]).tobytes(),
        "pdq_quality": 100,
        "turned_phash": turned(chance, phash, form),
        "turned_pdq": turned(chance, pdq, form),
        "words": list(words),
        "measures": {},
        "tools": {},
    }
    own = select(FingerprintRow.id).where(FingerprintRow.asset_id == asset_id)
    fingerprint_id = db.scalars(own.order_by(FingerprintRow.id.desc()).limit(1)).one()
    [row_id] = new_ids(db, 1)
    event_id = record(db, AGENT, Event("ffa", {}, asset_id))
    db.execute(
        insert(VisualFingerprintRow).values(
            id=row_id,
            asset_id=asset_id,
            fingerprint_id=fingerprint_id,
            method=method,
            event_id=event_id,
            **(values | told),
        )
    )
    return db.get_one(VisualFingerprintRow, row_id)


def some_assets(world: World, count: int) -> list[UUID]:
    """Register, read and fingerprint images that nobody has looked at."""
    system = world.a_source_system()
    assets = [world.an_asset(system) for _ in range(count)]
    ready(world, assets)
    return assets


def ready(world: World, assets: Sequence[UUID]) -> None:
    """Read and fingerprint images."""
    bind(world.worker)
    read_files(assets)
    fingerprint_files(assets)
